// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <utility>

#include "common/log.h"
#include "security-agent/cli/client_commands.h"

namespace vedette::cli {
namespace {

struct LevelText {
    const char* name;
    const char* colour;
};
constexpr std::array<LevelText, 3> kLevels = {{{"ok", "32"}, {"warn", "33"}, {"fail", "1;31"}}};

const LevelText& text_of(Finding::Level level) {
    return kLevels[static_cast<size_t>(level)];
}

}  // namespace

void Findings::ok(std::string area, std::string what) {
    all_.push_back({Finding::Level::kOk, std::move(area), printable(what), {}});
}

void Findings::warn(std::string area, std::string what, std::string fix) {
    all_.push_back({Finding::Level::kWarn, std::move(area), printable(what), printable(fix)});
}

void Findings::fail(std::string area, std::string what, std::string fix) {
    all_.push_back({Finding::Level::kFail, std::move(area), printable(what), printable(fix)});
}

size_t Findings::count(Finding::Level level) const {
    return static_cast<size_t>(std::ranges::count(all_, level, &Finding::level));
}

int Findings::exit_code() const {
    if (count(Finding::Level::kFail) > 0)
        return kExitFailed;
    return count(Finding::Level::kWarn) > 0 ? kExitWarnings : kExitOk;
}

std::string findings_text(const Findings& findings, const Style& style) {
    std::vector<std::string> areas;
    for (const Finding& finding : findings.all())
        if (std::ranges::find(areas, finding.area) == areas.end())
            areas.push_back(finding.area);
    std::string out;
    for (const std::string& area : areas) {
        out += style("1", area) + "\n";
        for (const Finding& finding : findings.all()) {
            if (finding.area != area)
                continue;
            const LevelText& level = text_of(finding.level);
            out += fmt::format("  {}  {}\n", style(level.colour, fmt::format("{:<4}", level.name)),
                               finding.what);
            if (!finding.fix.empty())
                out += style("2", "        -> " + finding.fix) + "\n";
        }
    }
    return out + fmt::format(
                     "\n{} ok, {} warnings, {} failures\n", findings.count(Finding::Level::kOk),
                     findings.count(Finding::Level::kWarn), findings.count(Finding::Level::kFail));
}

boost::json::object findings_json(const Findings& findings) {
    boost::json::array list;
    for (const Finding& finding : findings.all())
        list.push_back(boost::json::object{{"level", text_of(finding.level).name},
                                           {"area", finding.area},
                                           {"what", finding.what},
                                           {"fix", finding.fix}});
    return {{"ok", findings.count(Finding::Level::kOk)},
            {"warn", findings.count(Finding::Level::kWarn)},
            {"fail", findings.count(Finding::Level::kFail)},
            {"findings", std::move(list)}};
}

}  // namespace vedette::cli
