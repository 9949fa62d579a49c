// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/top_frame.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "security-agent/cli/json_read.h"

namespace vedette::cli {
namespace {

using boost::json::array;
using boost::json::object;

using Rows = std::map<std::string, const object*, std::less<>>;

Rows by_name(const array& list, std::string_view name) {
    Rows out;
    for (const auto& row : list)
        out.emplace(text(as_object(row), name), &as_object(row));
    return out;
}

/// Differences of a counter that may have begun anew.
class Rate {
   public:
    Rate(const object* before, const object& after, double seconds)
        : before_(before), after_(after), seconds_(seconds) {}
    double of(std::string_view counter) const { return delta(counter) / seconds_; }
    double delta(std::string_view counter) const {
        const uint64_t now = number(after_, counter);
        const uint64_t then = before_ ? number(*before_, counter) : 0;
        return static_cast<double>(now >= then ? now - then : now);
    }

   private:
    const object* before_;
    const object& after_;
    double seconds_;
};

double round2(double value) {
    return static_cast<double>(static_cast<int64_t>(value * 100 + 0.5)) / 100;
}

/// Rows of `list` in both answers with what `make` says of them, greatest `key` first; those with nothing left out.
array rates(const object& before, const object& after, std::string_view list_name,
            std::string_view name, double seconds, std::string_view key,
            const std::function<object(const Rate&, const object&)>& make) {
    const Rows old = by_name(list(before, list_name), name);
    std::vector<std::pair<double, object>> rows;
    for (const auto& value : list(after, list_name)) {
        const object& row = as_object(value);
        const auto found = old.find(text(row, name));
        object out = {{"name", text(row, name)}};
        for (auto& member : make({found == old.end() ? nullptr : found->second, row, seconds}, row))
            out[member.key()] = member.value();
        const auto* rank = out.if_contains(key);
        const double by = rank && rank->is_double() ? rank->get_double() : 0;
        if (by > 0)
            rows.emplace_back(by, std::move(out));
    }
    std::ranges::stable_sort(rows, [](const auto& a, const auto& b) { return a.first > b.first; });
    array out;
    for (auto& [by, row] : rows)
        out.push_back(std::move(row));
    return out;
}

void add_notes(const object& after, object& frame) {
    const object& probe = child(after, "probe");
    array notes;
    if (const std::string problem = text(probe, "error"); !problem.empty())
        notes.emplace_back("the probe: " + problem);
    else if (!flag(probe, "costsCounted"))
        notes.emplace_back(
            "cost per hook is not counted; sysctl kernel.bpf_stats_enabled=1 turns it on until the "
            "next boot, "
            "system_probe_config.bpf_stats: true while the probe runs");
    if (const std::string problem = text(probe, "costsProblem"); !problem.empty())
        notes.emplace_back(problem);
    if (!flag(after, "connected"))
        notes.emplace_back("the agent is not connected to the probe");
    frame["notes"] = std::move(notes);
}

std::string amount(double value) {
    if (value >= 1e6)
        return fmt::format("{:.1f}M", value / 1e6);
    if (value >= 1e4)
        return fmt::format("{:.1f}k", value / 1e3);
    return value >= 100 || value == static_cast<double>(static_cast<int64_t>(value))
               ? fmt::format("{:.0f}", value)
               : fmt::format("{:.1f}", value);
}

std::string mib(double bytes) {
    return fmt::format("{:.1f} MiB", bytes / (1 << 20));
}

double real(const object& row, std::string_view name) {
    const auto* found = row.if_contains(name);
    return found && found->is_number() ? found->to_number<double>() : 0;
}

struct Column {
    const char* title;
    const char* member;
    size_t width;
    const char* unit = "";
};

/// A table of at most `rows` lines below its title.
std::string table(const object& frame, std::string_view list_name, const char* title,
                  const std::vector<Column>& columns, size_t rows, WindowSize size,
                  const Style& style) {
    size_t taken = 0;
    std::string head;
    for (const Column& column : columns) {
        taken += column.width;
        head += fmt::format("{:>{}}", column.title, column.width);
    }
    const size_t room = std::max<size_t>(size.columns, taken + 20) - taken;
    const size_t name_width = std::min<size_t>(room, 100);
    std::string out = style("1;4", fitted(title, name_width) + head) + "\n";
    size_t shown = 0;
    for (const auto& value : list(frame, list_name)) {
        if (shown++ == rows)
            break;
        const object& row = as_object(value);
        std::string name = text(row, "name");
        if (name.empty())
            name = list_name == "containers" ? "(the host)" : "(unknown)";
        std::string line = fitted(name, name_width);
        for (const Column& column : columns)
            line +=
                fmt::format("{:>{}}", amount(real(row, column.member)) + column.unit, column.width);
        const bool loss = real(row, "lost") > 0;
        out += (loss ? style("31", line) : line) + "\n";
    }
    if (shown == 0)
        out += style("2", "(nothing)") + "\n";
    return out;
}

std::string header(const object& frame, const Style& style) {
    const object& totals = child(frame, "totals");
    const object& queues = child(frame, "queues");
    std::string out = fmt::format(
        "{}  events {}/s seen, {}/s delivered, {}  alerts {}/s{}\n", style("1", "vedette top"),
        amount(real(totals, "seen")), amount(real(totals, "delivered")),
        style(real(totals, "lost") > 0 ? "1;31" : "32",
              fmt::format("{}/s lost ({} so far)", amount(real(totals, "lost")),
                          amount(real(totals, "lostSoFar")))),
        amount(real(totals, "alerts")),
        real(totals, "limited") > 0
            ? fmt::format(" ({}/s held back)", amount(real(totals, "limited")))
            : "");
    out += fmt::format(
        "queues: probe {} events in {} of {}, {} wait for metadata   memory: probe {}, "
        "agent {}\n",
        amount(real(queues, "heldEvents")), mib(real(queues, "heldBytes")),
        mib(real(queues, "maxBytes")), amount(real(queues, "parked")),
        mib(real(queues, "probeRss")), mib(real(queues, "agentRss")));
    return out;
}

}  // namespace

object make_frame(const object& before, const object& after) {
    const double seconds = std::max(0.001, Rate(&before, after, 1).delta("timeNs") / 1e9);
    const object& probe_before = child(before, "probe");
    const object& probe = child(after, "probe");
    object frame = {{"seconds", round2(seconds)}};
    double seen = 0;
    double delivered = 0;
    double lost = 0;
    double lost_so_far = 0;
    frame["types"] =
        rates(probe_before, probe, "types", "type", seconds, "seen",
              [&](const Rate& rate, const object& row) -> object {
                  seen += rate.of("seen");
                  delivered += rate.of("delivered");
                  lost += rate.of("lost");
                  lost_so_far += static_cast<double>(number(row, "lost"));
                  return {{"seen", round2(rate.of("seen"))},
                          {"filtered", round2(rate.of("filtered") + rate.of("discarded"))},
                          {"delivered", round2(rate.of("delivered"))},
                          {"lost", round2(rate.of("lost"))}};
              });
    const auto every = static_cast<double>(number(after, "timedEvery"));
    frame["rules"] = rates(before, after, "rules", "id", seconds, "rank",
                           [&](const Rate& rate, const object& row) -> object {
                               // costNs is a mean over all that were timed so far, one event in `timedEvery`.
                               const double ns = rate.of("timed") *
                                                 static_cast<double>(number(row, "costNs")) * every;
                               return {{"hits", round2(rate.of("hits"))},
                                       {"alerts", round2(rate.of("alerts"))},
                                       {"limited", round2(rate.of("limited"))},
                                       {"costNs", static_cast<double>(number(row, "costNs"))},
                                       {"cpuPercent", round2(ns / 1e7)},
                                       {"rank", rate.of("hits") * 1e6 + ns}};
                           });
    for (auto& row : frame["rules"].as_array())
        row.as_object().erase("rank");
    const auto events = [](const Rate& rate, const object&) -> object {
        return {{"events", round2(rate.of("events"))}};
    };
    frame["containers"] = rates(before, after, "containers", "name", seconds, "events", events);
    frame["programs"] = rates(before, after, "programs", "name", seconds, "events", events);
    frame["hooks"] = rates(probe_before, probe, "programs", "name", seconds, "runs",
                           [](const Rate& rate, const object& row) -> object {
                               const double runs = rate.of("runs");
                               return {{"type", text(row, "type")},
                                       {"runs", round2(runs)},
                                       {"ns", runs > 0 ? round2(rate.of("ns") / runs) : 0.0},
                                       {"cpuPercent", round2(rate.of("ns") / 1e7)}};
                           });
    const Rate agent(&before, after, seconds);
    frame["totals"] = object{{"seen", round2(seen)},
                             {"delivered", round2(delivered)},
                             {"lost", round2(lost)},
                             {"lostSoFar", lost_so_far},
                             {"evaluated", round2(agent.of("events"))},
                             {"alerts", round2(agent.of("alerts"))},
                             {"limited", round2(agent.of("limited"))}};
    frame["queues"] = object{
        {"heldEvents", number(probe, "heldEvents")}, {"heldBytes", number(probe, "heldBytes")},
        {"maxBytes", number(probe, "maxBytes")},     {"parked", number(after, "parked")},
        {"probeRss", number(probe, "rssBytes")},     {"agentRss", number(after, "rssBytes")}};
    add_notes(after, frame);
    return frame;
}

std::string frame_text(const object& frame, WindowSize size, const Style& style) {
    const bool whole = size.rows == 0;
    // Two lines of head, five tables of two lines beside their rows, and the notes.
    const size_t fixed = 2 + 5 * 2 + list(frame, "notes").size();
    const size_t rows =
        whole ? 20 : std::max<size_t>(1, (std::max(size.rows, fixed + 5) - fixed) / 5);
    std::string out = header(frame, style);
    out += "\n" + table(frame, "types", "EVENT TYPE",
                        {{"seen/s", "seen", 10},
                         {"filtered/s", "filtered", 12},
                         {"delivered/s", "delivered", 13},
                         {"lost/s", "lost", 9}},
                        rows, size, style);
    out += table(frame, "rules", "RULE",
                 {{"hits/s", "hits", 10},
                  {"alerts/s", "alerts", 12},
                  {"ns each", "costNs", 13},
                  {"CPU", "cpuPercent", 9, "%"}},
                 rows, size, style);
    out += table(frame, "containers", "CONTAINER", {{"events/s", "events", 10}}, rows, size, style);
    out += table(frame, "programs", "PROGRAM", {{"events/s", "events", 10}}, rows, size, style);
    if (!list(frame, "hooks").empty())
        out += table(frame, "hooks", "HOOK",
                     {{"runs/s", "runs", 10}, {"ns each", "ns", 12}, {"CPU", "cpuPercent", 9, "%"}},
                     rows, size, style);
    for (const auto& note : list(frame, "notes"))
        if (note.is_string())
            out += style("33", fitted(std::string_view(note.get_string()),
                                      whole ? 500 : size.columns, false)) +
                   "\n";
    if (whole)
        return out;
    std::string page;
    size_t lines = 0;
    for (size_t at = 0; at < out.size() && lines < size.rows; ++lines) {
        const size_t end = std::min(out.find('\n', at), out.size() - 1);
        page += out.substr(at, end + 1 - at);
        at = end + 1;
    }
    if (page.ends_with('\n'))
        page.pop_back();
    return page;
}

}  // namespace vedette::cli
