// SPDX-License-Identifier: Apache-2.0
#include "common/config/sources.h"

#include <unistd.h>

namespace vedette {
namespace {

/// Duplicates are kept in order: the last one wins, as in a shell.
Result<> add_assignment(const std::string& text, std::map<std::string, std::string>& out) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        return fail(ErrorCode::kInvalid, "--set {}: expected KEY=VALUE", text);
    out[text.substr(0, equals)] = text.substr(equals + 1);
    return {};
}

std::map<std::string, std::string> environment() {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text(*entry);
        const size_t equals = text.find('=');
        if (equals != std::string_view::npos &&
            (text.starts_with("VEDETTE_") || text.starts_with("DD_")))
            variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

}  // namespace

void log_warnings(const Settings& settings, Logger& logger) {
    for (const auto& warning : settings.warnings())
        logger.warn("settings: {}", warning);
    for (const auto& name : settings.ignored_variables())
        logger.debug("settings: the variable {} is no setting of Vedette", printable(name));
}

Result<Settings> load_settings(std::string_view daemon, const SettingsArguments& arguments) {
    Settings::Sources sources;
    sources.files = arguments.config_files;
    if (sources.files.empty())
        sources.optional_files = {"/etc/vedette/vedette.yaml",
                                  fmt::format("/etc/vedette/{}.yaml", daemon)};
    sources.environment = environment();
    for (const auto& assignment : arguments.assignments)
        if (auto added = add_assignment(assignment, sources.command_line); !added)
            return forward_error(added);
    return Settings::load(sources);
}

}  // namespace vedette
