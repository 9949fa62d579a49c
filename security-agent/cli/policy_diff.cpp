// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "common/log.h"
#include "security-agent/cli/alert_diff.h"
#include "security-agent/policy/report_json.h"
#include "security-agent/secl/diagnostics_json.h"

namespace vedette::cli {
namespace {

namespace json = boost::json;
using Policies = std::shared_ptr<const policy::CompiledPolicies>;
using Rules = std::map<std::string, json::object>;  // by id

constexpr int kExitInvalid = 2;

struct Change {
    std::string rule;
    std::vector<std::string> keys;  ///< that differ
    const json::object* before = nullptr;
    const json::object* after = nullptr;
};

struct Difference {
    std::vector<std::string> added;
    std::vector<std::string> removed;
    std::vector<Change> changed;
    AlertDiff alerts;
    bool empty() const {
        return added.empty() && removed.empty() && changed.empty() && alerts.empty();
    }
};

/// Rules as the report has them; of several definitions of one id the one that is loaded.
Rules rules_of(const policy::CompiledPolicies& policies) {
    Rules rules;
    for (const json::value& policy : policy::policies_json(policies.policies)) {
        for (const json::value& value : policy.at("rules").as_array()) {
            json::object rule = value.as_object();
            const std::string id(rule.at("id").as_string());
            rule.erase("id");
            const bool loaded = rule.at("status").as_string() == "loaded";
            if (loaded)
                rules.insert_or_assign(id, std::move(rule));
            else
                rules.try_emplace(id, std::move(rule));
        }
    }
    return rules;
}

std::vector<std::string> differing_keys(const json::object& before, const json::object& after) {
    std::set<std::string> keys;
    const auto compare = [&keys](const json::object& one, const json::object& other) {
        for (const auto& [key, value] : one) {
            const json::value* counterpart = other.if_contains(key);
            if (!counterpart || *counterpart != value)
                keys.insert(std::string(key));
        }
    };
    compare(before, after);
    compare(after, before);
    return {keys.begin(), keys.end()};
}

Difference compare_rules(const Rules& before, const Rules& after) {
    Difference out;
    for (const auto& [id, rule] : before)
        if (!after.contains(id))
            out.removed.push_back(id);
    for (const auto& [id, rule] : after) {
        const auto old = before.find(id);
        if (old == before.end())
            out.added.push_back(id);
        else if (auto keys = differing_keys(old->second, rule); !keys.empty())
            out.changed.push_back({id, std::move(keys), &old->second, &rule});
    }
    return out;
}

std::string shown(const json::object* rule, const std::string& key) {
    const json::value* value = rule->if_contains(key);
    if (!value)
        return "(none)";
    if (!value->is_string())
        return json::serialize(*value);
    std::string text(value->get_string());  // an expression of several lines
    std::replace(text.begin(), text.end(), '\n', ' ');
    return printable(text.substr(0, text.find_last_not_of(' ') + 1));
}

void write_alerts(const AlertDiff& alerts, std::ostream& out) {
    const auto list = [&out](char sign, const std::vector<AlertOf>& some) {
        for (const AlertOf& alert : some)
            out << fmt::format("{} alert {}: {}\n", sign, printable(alert.rule),
                               printable(alert.text));
    };
    list('-', alerts.gone);
    list('+', alerts.appeared);
}

void write_text(const Difference& difference, bool replayed, std::ostream& out) {
    for (const std::string& id : difference.removed)
        out << fmt::format("- rule {}\n", printable(id));
    for (const std::string& id : difference.added)
        out << fmt::format("+ rule {}\n", printable(id));
    for (const Change& change : difference.changed) {
        out << fmt::format("~ rule {}: {}\n", printable(change.rule), fmt::join(change.keys, ", "));
        for (const std::string& key : change.keys)
            out << fmt::format("    - {}: {}\n    + {}: {}\n", key, shown(change.before, key), key,
                               shown(change.after, key));
    }
    write_alerts(difference.alerts, out);
    out << fmt::format("{} rules added, {} removed, {} changed", difference.added.size(),
                       difference.removed.size(), difference.changed.size());
    if (replayed)
        out << fmt::format("; {} alerts appear, {} disappear, {} stay",
                           difference.alerts.appeared.size(), difference.alerts.gone.size(),
                           difference.alerts.same);
    out << '\n';
}

json::array alerts_json(const std::vector<AlertOf>& alerts) {
    json::array out;
    for (const AlertOf& alert : alerts)
        out.push_back({{"rule", secl::valid_utf8(alert.rule)}, {"alert", alert.alert}});
    return out;
}

void write_json(const Difference& difference, bool replayed, std::ostream& out) {
    const auto names = [](const std::vector<std::string>& ids) {
        json::array list;
        for (const std::string& id : ids)
            list.push_back(json::string(secl::valid_utf8(id)));
        return list;
    };
    json::array changed;
    for (const Change& change : difference.changed) {
        json::object before;
        json::object after;
        for (const std::string& key : change.keys) {
            if (const json::value* value = change.before->if_contains(key))
                before[key] = *value;
            if (const json::value* value = change.after->if_contains(key))
                after[key] = *value;
        }
        changed.push_back({{"rule", secl::valid_utf8(change.rule)},
                           {"before", std::move(before)},
                           {"after", std::move(after)}});
    }
    json::object report;
    report["same"] = difference.empty();
    report["added"] = names(difference.added);
    report["removed"] = names(difference.removed);
    report["changed"] = std::move(changed);
    if (replayed)
        report["alerts"] = {{"appeared", alerts_json(difference.alerts.appeared)},
                            {"disappeared", alerts_json(difference.alerts.gone)},
                            {"same", difference.alerts.same}};
    out << json::serialize(report) << '\n';
}

int complain(const std::string& message, std::ostream& err) {
    err << "error: " << message << '\n';
    return kExitInvalid;
}

}  // namespace

int run_policy_diff(const PolicyDiffOptions& options, std::ostream& out, std::ostream& err) {
    use_default_private_ranges();
    Policies policies[2];
    for (const bool after : {false, true}) {
        PolicySource source;
        source.path = after ? options.after : options.before;
        source.agent_version = options.agent_version;
        auto compiled = compile(source);
        if (!compiled)
            return complain(compiled.error().message, err);
        policies[after] = std::move(*compiled);
    }
    const Rules before = rules_of(*policies[0]);
    const Rules after = rules_of(*policies[1]);
    Difference difference = compare_rules(before, after);
    if (!options.recording.empty()) {
        Result<AlertDiff> alerts = diff_alerts(options.recording, policies[0], policies[1]);
        if (!alerts)
            return complain(alerts.error().message, err);
        difference.alerts = std::move(*alerts);
    }
    const bool replayed = !options.recording.empty();
    if (options.json)
        write_json(difference, replayed, out);
    else
        write_text(difference, replayed, out);
    return difference.empty() ? 0 : 1;
}

void add_policy_diff(CLI::App& policy, int& exit_code) {
    const auto options = std::make_shared<PolicyDiffOptions>();
    CLI::App* diff = policy.add_subcommand(
        "diff", "What changed between two sets of policies; exit code 1 when something did");
    diff->add_option("old", options->before, "Directory of *.policy files, or one file")
        ->required();
    diff->add_option("new", options->after, "The same, later")->required();
    diff->add_option("--replay", options->recording,
                     "A recording of `runtime record`: also compare the alerts it leads to")
        ->type_name("FILE");
    diff->add_option("--agent-version", options->agent_version,
                     "Version that agent_version constraints are tested against")
        ->type_name("VERSION");
    diff->add_flag("--json", options->json, "The difference as JSON");
    diff->callback(
        [options, &exit_code] { exit_code = run_policy_diff(*options, std::cout, std::cerr); });
}

}  // namespace vedette::cli
