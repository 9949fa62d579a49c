// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "security-agent/secl/constants.h"

namespace vedette::policy {
namespace {

bool is_identifier(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

void read_set(YamlFields& set, std::vector<ActionExpression>& expressions) {
    const auto name = set.text("name");
    if (!name) {
        set.error(set.offset_of(""), "a 'set' action needs a 'name'");
    } else if (!is_identifier(*name)) {
        set.error(set.offset_of("name"), fmt::format("'{}' is no variable name", *name),
                  "letters, digits and '_'");
    }
    const bool has_value = set.node("value") != nullptr;
    const auto field = set.text("field");
    const auto expression = set.source("expression");
    const int sources = (has_value ? 1 : 0) + (field ? 1 : 0) + (expression ? 1 : 0);
    if (sources != 1) {
        set.error(set.offset_of("name"),
                  "a 'set' action needs exactly one of 'value', 'field' and 'expression'");
    }
    const bool has_default = set.node("default_value") != nullptr;
    if (expression && !has_default) {
        set.error(set.offset_of("expression"), "'expression' needs a 'default_value' of its type");
    }
    if (expression) {
        expressions.push_back({*expression});
    }
    set.boolean("append");
    const auto scope = set.word("scope", {"process", "container", "cgroup"});
    const auto scope_field = set.text("scope_field");
    if (scope_field && scope != "process") {
        set.error(set.offset_of("scope_field"), "'scope_field' is for scope: process only");
    }
    if (const auto size = set.integer("size"); size && *size <= 0) {
        set.error(set.offset_of("size"), "'size' must be greater than 0");
    }
    set.duration("ttl");
    set.boolean("private");
    if (set.boolean("inherited").value_or(false) && scope != "process") {
        set.error(set.offset_of("inherited"), "'inherited' is for scope: process only");
    }
}

void read_kill(YamlFields& kill) {
    const auto signal = kill.text("signal");
    const secl::Constant* constant = signal ? secl::find_constant(*signal) : nullptr;
    if (!signal) {
        kill.error(kill.offset_of(""), "a 'kill' action needs a 'signal'", "signal: SIGKILL");
    } else if (constant == nullptr || constant->family != "signal") {
        kill.error(kill.offset_of("signal"), fmt::format("'{}' is no signal", *signal),
                   "signal: SIGKILL");
    }
    kill.word("scope", {"process", "container", "cgroup"});
    kill.boolean("disable_container_disarmer");
    kill.boolean("disable_executable_disarmer");
}

void read_hash(YamlFields& hash) {
    hash.text("field");
    if (const auto size = hash.integer("max_file_size"); size && *size < 0) {
        hash.error(hash.offset_of("max_file_size"), "'max_file_size' must not be negative");
    }
}

void read_coredump(YamlFields& dump) {
    const bool process = dump.boolean("process").value_or(false);
    const bool mount = dump.boolean("mount").value_or(false);
    const bool dentry = dump.boolean("dentry").value_or(false);
    dump.boolean("no_compression");
    if (!process && !mount && !dentry) {
        dump.error(dump.offset_of(""),
                   "a 'coredump' action needs one of 'process', 'mount' and 'dentry'");
    }
}

void read_log(YamlFields& log) {
    if (!log.word("level", {"debug", "info", "warning", "error"}) && log.ok()) {
        log.error(log.offset_of(""), "a 'log' action needs a 'level'", "level: info");
    }
    log.text("message");
}

void read_network_filter(YamlFields& filter) {
    if (!filter.text("filter")) {
        filter.error(filter.offset_of(""), "a 'network_filter' action needs a 'filter'");
    }
    filter.word("policy", {"drop"});
    filter.word("scope", {"process", "cgroup"});
}

constexpr std::array<std::string_view, 6> kKinds = {"set",      "kill", "hash",
                                                    "coredump", "log",  "network_filter"};

void read_kind(std::string_view kind, YamlFields& fields,
               std::vector<ActionExpression>& expressions) {
    if (kind == "set") {
        read_set(fields, expressions);
    } else if (kind == "kill") {
        read_kill(fields);
    } else if (kind == "hash") {
        read_hash(fields);
    } else if (kind == "coredump") {
        read_coredump(fields);
    } else if (kind == "log") {
        read_log(fields);
    } else {
        read_network_filter(fields);
    }
}

}  // namespace

void read_actions(const YamlFields::File& file, YamlFields& rule, std::string_view rule_id,
                  secl::Diagnostics& diagnostics, std::vector<ActionExpression>& expressions) {
    for (const YamlNodePtr& item : rule.list("actions")) {
        YamlFields action(file, *item, "an action", diagnostics);
        action.set_subject(std::string(rule_id));
        if (const auto filter = action.source("filter")) {
            expressions.push_back({*filter});
        }
        size_t kinds = 0;
        for (const std::string_view kind : kKinds) {
            const YamlNodePtr body = action.node(kind);
            if (!body) {
                continue;
            }
            ++kinds;
            const YamlNode empty{.kind = YamlNode::Kind::kMap,
                                 .plain = false,
                                 .offset = item->offset,
                                 .scalar = {},
                                 .items = {},
                                 .entries = {}};
            YamlFields fields(file, body->kind == YamlNode::Kind::kNull ? empty : *body, kind,
                              diagnostics);
            fields.set_subject(std::string(rule_id));
            read_kind(kind, fields, expressions);
            fields.finish();
            if (!fields.ok()) {
                rule.error(item->offset, fmt::format("the '{}' action has an error", kind));
            }
            action.warning(item->offset, fmt::format("'{}' actions are not performed yet", kind));
        }
        if (item->kind == YamlNode::Kind::kMap && kinds != 1) {
            action.error(
                item->offset,
                "an action is exactly one of set, kill, hash, coredump, log, network_filter");
        }
        action.finish();
        if (!action.ok()) {
            rule.error(item->offset, "an action of the rule has an error");
        }
    }
}

}  // namespace vedette::policy
