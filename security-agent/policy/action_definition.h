// SPDX-License-Identifier: Apache-2.0
//
// A rule's actions as they were written: keys and shapes are checked, names of the language are not yet looked up.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "security-agent/policy/action.h"
#include "security-agent/secl/source.h"
#include "security-agent/secl/variables.h"

namespace vedette::policy {

struct YamlNode;

/// A `value` or `default_value`.
struct Literal {
    secl::ValueType type = secl::ValueType::kInt;
    bool is_list = false;
    secl::VariableValue value;
    secl::SourceText place;
};

struct SetDefinition {
    std::string name;        ///< without its scope
    secl::SourceText place;  ///< of the name
    std::optional<Literal> value;
    std::optional<secl::SourceText> field;
    std::optional<secl::SourceText> expression;
    std::optional<Literal> default_value;
    bool append = false;
    secl::Scope scope = secl::Scope::kGlobal;
    std::optional<secl::SourceText> scope_field;
    std::optional<int64_t> size;
    std::optional<int64_t> ttl_ns;
    bool is_private = false;
    bool inherited = false;
};

struct HashDefinition {
    std::optional<secl::SourceText> field;
    uint64_t max_file_size = 0;
};

struct ActionDefinition {
    std::shared_ptr<const YamlNode> node;  ///< as written
    secl::SourceText place;
    std::optional<secl::SourceText> filter;
    std::variant<SetDefinition, LogAction, KillAction, HashDefinition, CoreDumpAction,
                 NetworkFilterAction>
        what;
};

}  // namespace vedette::policy
