// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/variables.h"

#include <utility>

namespace vedette::secl {

std::string_view to_string(Scope scope) {
    switch (scope) {
        case Scope::kGlobal:
            return "";
        case Scope::kProcess:
            return "process";
        case Scope::kContainer:
            return "container";
        case Scope::kCgroup:
            return "cgroup";
    }
    return "";
}

VariableTable::VariableTable() {
    Variable pid;
    pid.name = "process.pid";
    pid.scope = Scope::kProcess;
    pid.builtin = Variable::Builtin::kProcessPid;
    pid.default_value.ints = {0};
    add(std::move(pid));
    Variable uuid;
    uuid.name = "builtins.uuid4";
    uuid.type = ValueType::kString;
    uuid.builtin = Variable::Builtin::kUuid4;
    uuid.default_value.strings = {""};
    add(std::move(uuid));
}

uint32_t VariableTable::add(Variable variable) {
    const auto number = static_cast<uint32_t>(entries_.size());
    Entry& entry = entries_.emplace_back();
    entry.variable = std::move(variable);
    entry.field.name = entry.variable.name;
    entry.field.type = entry.variable.type;
    entry.field.is_list = entry.variable.is_list;
    entry.field.subject = Subject::kVariable;
    entry.field.number = number;
    return number;
}

std::optional<uint32_t> VariableTable::find(std::string_view name) const {
    for (uint32_t number = 0; number < entries_.size(); ++number) {
        if (entries_[number].variable.name == name) {
            return number;
        }
    }
    return std::nullopt;
}

}  // namespace vedette::secl
