// SPDX-License-Identifier: Apache-2.0
#include "security-agent/policy/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "security-agent/policy/literals.h"
#include "security-agent/secl/constants.h"
#include "security-agent/secl/suggest.h"

namespace vedette::policy {
namespace {

using File = YamlFields::File;
using secl::Scope;

constexpr int64_t kMaxListSize = 1'000'000;

bool is_identifier(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    return !text.empty() && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Scope scope_named(std::string_view word) {
    return word == "process"     ? Scope::kProcess
           : word == "container" ? Scope::kContainer
           : word == "cgroup"    ? Scope::kCgroup
                                 : Scope::kGlobal;
}

void read_name(const File& file, YamlFields& fields, SetDefinition& set) {
    const auto name = fields.text("name");
    set.place = place_in(file, fields.offset_of("name"));
    if (!name) {
        fields.error(fields.offset_of(""), "a 'set' action needs a 'name'");
    } else if (!is_identifier(*name)) {
        fields.error(fields.offset_of("name"), fmt::format("'{}' is no variable name", *name),
                     "letters, digits and '_'; the scope is a key of its own");
    } else {
        set.name = *name;
    }
}

// What the value comes from, and what its type is taken from.
void read_value(const File& file, YamlFields& fields, SetDefinition& set) {
    const int sources = (fields.has("value") ? 1 : 0) + (fields.has("field") ? 1 : 0) +
                        (fields.has("expression") ? 1 : 0);
    if (sources != 1) {
        fields.error(fields.offset_of("name"),
                     "a 'set' action needs exactly one of 'value', 'field' and 'expression'");
    }
    if (fields.has("value")) {
        set.value = read_literal(file, fields, "value");
    }
    set.field = fields.source("field");
    set.expression = fields.source("expression");
    if (fields.has("default_value")) {
        set.default_value = read_literal(file, fields, "default_value");
    } else if (set.expression) {
        fields.error(fields.offset_of("expression"),
                     "'expression' needs a 'default_value' of its type");
    }
    set.append = fields.boolean("append").value_or(false);
}

SetDefinition read_set(const File& file, YamlFields& fields) {
    SetDefinition set;
    read_name(file, fields, set);
    read_value(file, fields, set);
    set.scope = scope_named(fields.word("scope", {"process", "container", "cgroup"}).value_or(""));
    set.scope_field = fields.source("scope_field");
    if (set.scope_field && set.scope != Scope::kProcess) {
        fields.error(fields.offset_of("scope_field"), "'scope_field' is for scope: process only");
    }
    set.size = fields.integer("size");
    if (set.size && (*set.size <= 0 || *set.size > kMaxListSize)) {
        fields.error(fields.offset_of("size"),
                     fmt::format("'size' must be between 1 and {}", kMaxListSize));
    }
    set.ttl_ns = fields.duration("ttl");
    set.is_private = fields.boolean("private").value_or(false);
    set.inherited = fields.boolean("inherited").value_or(false);
    if (set.inherited && set.scope != Scope::kProcess) {
        fields.error(fields.offset_of("inherited"), "'inherited' is for scope: process only");
    }
    return set;
}

// Null after an error.
const secl::Constant* read_signal(YamlFields& fields) {
    const auto signal = fields.text("signal");
    if (!signal) {
        fields.error(fields.offset_of(""), "a 'kill' action needs a 'signal'", "signal: SIGKILL");
        return nullptr;
    }
    secl::Suggestion suggestion(*signal);
    const secl::ConstantFamily* family = secl::find_constant_family("signal");
    for (const secl::Constant& known :
         family != nullptr ? family->constants : std::span<const secl::Constant>()) {
        if (known.name == *signal) {
            return &known;
        }
        suggestion.consider(known.name);
    }
    fields.error(fields.offset_of("signal"), fmt::format("'{}' is no signal", *signal),
                 suggestion.best().empty() ? "signal: SIGKILL" : suggestion.hint(),
                 static_cast<uint32_t>(signal->size()));
    return nullptr;
}

KillAction read_kill(YamlFields& fields) {
    KillAction kill;
    if (const secl::Constant* signal = read_signal(fields)) {
        kill.signal = static_cast<int>(signal->value);
    }
    const auto scope = fields.word("scope", {"process", "container", "cgroup"});
    kill.scope = scope_named(scope.value_or("process"));
    kill.disable_container_disarmer = fields.boolean("disable_container_disarmer").value_or(false);
    kill.disable_executable_disarmer =
        fields.boolean("disable_executable_disarmer").value_or(false);
    return kill;
}

HashDefinition read_hash(YamlFields& fields) {
    HashDefinition hash;
    hash.field = fields.source("field");
    const int64_t size = fields.integer("max_file_size").value_or(0);
    if (size < 0) {
        fields.error(fields.offset_of("max_file_size"), "'max_file_size' must not be negative");
    }
    hash.max_file_size = static_cast<uint64_t>(std::max<int64_t>(size, 0));
    return hash;
}

CoreDumpAction read_coredump(YamlFields& fields) {
    CoreDumpAction dump;
    dump.process = fields.boolean("process").value_or(false);
    dump.mount = fields.boolean("mount").value_or(false);
    dump.dentry = fields.boolean("dentry").value_or(false);
    dump.no_compression = fields.boolean("no_compression").value_or(false);
    if (!dump.process && !dump.mount && !dump.dentry) {
        fields.error(fields.offset_of(""),
                     "a 'coredump' action needs one of 'process', 'mount' and 'dentry'");
    }
    return dump;
}

LogAction read_log(YamlFields& fields) {
    LogAction log;
    const auto level = fields.word("level", {"debug", "info", "warning", "error"});
    if (!fields.has("level")) {
        fields.error(fields.offset_of(""), "a 'log' action needs a 'level'", "level: info");
    }
    log.level = level == "debug"     ? LogAction::Level::kDebug
                : level == "warning" ? LogAction::Level::kWarning
                : level == "error"   ? LogAction::Level::kError
                                     : LogAction::Level::kInfo;
    log.message = fields.text("message").value_or("");
    return log;
}

NetworkFilterAction read_network_filter(YamlFields& fields) {
    NetworkFilterAction out;
    out.filter = fields.text("filter").value_or("");
    if (out.filter.find_first_not_of(" \t\r\n") == std::string::npos) {
        fields.error(fields.offset_of("filter"), "a 'network_filter' action needs a 'filter'",
                     "a packet filter, like: filter: port 53");
    }
    fields.word("policy", {"drop"});
    out.scope = scope_named(fields.word("scope", {"process", "cgroup"}).value_or("process"));
    return out;
}

constexpr std::array<std::string_view, 6> kKinds = {"set",      "kill", "hash",
                                                    "coredump", "log",  "network_filter"};

void read_kind(std::string_view kind, const File& file, YamlFields& fields,
               ActionDefinition& action) {
    if (kind == "set") {
        action.what = read_set(file, fields);
    } else if (kind == "kill") {
        action.what = read_kill(fields);
    } else if (kind == "hash") {
        action.what = read_hash(fields);
    } else if (kind == "coredump") {
        action.what = read_coredump(fields);
    } else if (kind == "log") {
        action.what = read_log(fields);
    } else {
        action.what = read_network_filter(fields);
    }
}

// One entry of the list; the first complaint about it, empty when there is none.
std::string read_action(const File& file, const YamlNode& node, std::string_view rule_id,
                        secl::Diagnostics& diagnostics, ActionDefinition& out) {
    YamlFields action(file, node, "an action", diagnostics);
    action.set_subject(std::string(rule_id));
    action.source("filter").swap(out.filter);
    size_t kinds = 0;
    std::string error;
    for (const std::string_view kind : kKinds) {
        const YamlNodePtr body = action.node(kind);
        if (!body) {
            continue;
        }
        ++kinds;
        YamlNode empty;  // "hash:" alone is a hash action
        empty.kind = YamlNode::Kind::kMap;
        empty.offset = node.offset;
        YamlFields fields(file, body->kind == YamlNode::Kind::kNull ? empty : *body,
                          fmt::format("a '{}' action", kind), diagnostics);
        fields.set_subject(std::string(rule_id));
        if (fields.ok()) {
            read_kind(kind, file, fields, out);
            fields.finish();
        }
        error = error.empty() ? fields.first_error() : error;
    }
    if (node.kind == YamlNode::Kind::kMap && kinds != 1) {
        action.error(node.offset,
                     "an action is exactly one of set, kill, hash, coredump, log, network_filter");
    }
    action.finish();
    return error.empty() ? action.first_error() : error;
}

}  // namespace

std::vector<ActionDefinition> read_actions(const File& file, YamlFields& rule,
                                           std::string_view rule_id,
                                           secl::Diagnostics& diagnostics) {
    std::vector<ActionDefinition> out;
    for (const YamlNodePtr& item : rule.list("actions")) {
        ActionDefinition action;
        action.node = item;
        action.place = place_in(file, item->offset);
        const std::string error = read_action(file, *item, rule_id, diagnostics, action);
        if (!error.empty()) {
            rule.fail(error);
        }
        out.push_back(std::move(action));
    }
    return out;
}

}  // namespace vedette::policy
