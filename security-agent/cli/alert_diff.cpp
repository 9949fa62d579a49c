// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/alert_diff.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <string_view>
#include <utility>

#include "security-agent/engine/alert_sink.h"
#include "security-agent/replay/replay.h"

namespace vedette::cli {
namespace {

namespace json = boost::json;

/// Members that depend on the policies and not on the event.
void keep_event(json::object& alert) {
    alert.erase("agent");
    alert.erase("title");
    alert.erase("variables");
    if (json::value* event = alert.if_contains("evt"); event && event->is_object()) {
        event->get_object().erase("matched_rules");
        event->get_object().erase("variables");
    }
    for (const char* scope : {"process", "container", "cgroup"})
        if (json::value* object = alert.if_contains(scope); object && object->is_object())
            object->get_object().erase("variables");
}

std::string text_at(const json::object& object, std::initializer_list<std::string_view> path) {
    const json::object* at = &object;
    for (const std::string_view key : path) {
        const json::value* value = at->if_contains(key);
        if (!value)
            return {};
        if (value->is_object())
            at = &value->get_object();
        else
            return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
    }
    return {};
}

std::string line_about(const json::object& alert) {
    const std::string name = text_at(alert, {"evt", "name"});
    std::string what = text_at(alert, {"file", "path"});
    if (name == "exec" || what.empty())
        what = text_at(alert, {"process", "cmdline"});
    return fmt::format(
        "{} {}{}{} by {} (pid {})", text_at(alert, {"date"}), name, what.empty() ? "" : " ", what,
        text_at(alert, {"process", "executable", "path"}), text_at(alert, {"process", "pid"}));
}

/// Alerts by (rule, event), in the stream's order of keys; equal ones are counted.
class Collector final : public engine::AlertSink {
   public:
    struct Entry {
        AlertOf alert;
        size_t count = 0;
        size_t order = 0;
    };

    void write(std::string line) override {
        boost::system::error_code error;
        json::value value = json::parse(line, error);
        if (error || !value.is_object() || !value.get_object().contains("evt"))
            return;
        json::object alert = std::move(value.get_object());
        std::string rule = text_at(alert, {"agent", "original_rule_id"});
        if (rule.empty())
            rule = text_at(alert, {"agent", "rule_id"});
        json::object event = alert;
        keep_event(event);
        Entry& entry = entries[rule + '\0' + json::serialize(event)];
        if (entry.count++ == 0) {
            entry.order = entries.size();
            entry.alert.text = line_about(alert);
            entry.alert.rule = std::move(rule);
            entry.alert.alert = std::move(alert);
        }
    }

    std::map<std::string, Entry> entries;
};

/// What `one` has more of than `other`, in the order of the stream.
std::vector<AlertOf> more_in(const Collector& one, const Collector& other, uint64_t& same) {
    std::map<size_t, std::pair<const AlertOf*, size_t>> found;
    same = 0;
    for (const auto& [key, entry] : one.entries) {
        const auto counterpart = other.entries.find(key);
        const size_t there = counterpart == other.entries.end() ? 0 : counterpart->second.count;
        same += std::min(there, entry.count);
        if (entry.count > there)
            found[entry.order] = {&entry.alert, entry.count - there};
    }
    std::vector<AlertOf> out;
    for (const auto& [order, more] : found)
        out.insert(out.end(), more.second, *more.first);
    return out;
}

}  // namespace

Result<AlertDiff> diff_alerts(const std::string& recording,
                              const std::shared_ptr<const policy::CompiledPolicies>& before,
                              const std::shared_ptr<const policy::CompiledPolicies>& after) {
    Collector alerts[2];
    for (const bool second : {false, true}) {
        replay::ReplayOptions options;
        options.limited = false;
        const Result<replay::ReplaySummary> summary =
            replay::replay_stream(recording, second ? after : before, alerts[second], options);
        if (!summary)
            return tl::unexpected<Error>(summary.error());
        if (!summary->error.empty())
            return fail(ErrorCode::kInvalid, "{}", summary->error);
    }
    AlertDiff out;
    out.gone = more_in(alerts[0], alerts[1], out.same);
    out.appeared = more_in(alerts[1], alerts[0], out.same);
    return out;
}

}  // namespace vedette::cli
