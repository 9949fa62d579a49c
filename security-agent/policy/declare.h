// SPDX-License-Identifier: Apache-2.0
//
// The variables of a rule set, from all its `set` actions, before any rule is compiled: a rule may read what another,
// further down or in another file, sets.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/policy/action_definition.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/diagnostics.h"
#include "security-agent/secl/field_names.h"
#include "security-agent/secl/variables.h"

namespace vedette::policy {

/// Of one rule set; each has values of its own per process, container or cgroup.
inline constexpr size_t kMaxVariables = 4096;

/// "seen", "process.seen": as rules write it between the braces.
std::string full_name(const SetDefinition& set);

/// More than one value, as against one with further names (FieldDef::alternatives).
bool has_several_values(const secl::FieldRead& read);

class VariableDeclarations {
   public:
    /// All must outlive it.
    VariableDeclarations(const secl::FieldNames& names, std::span<const secl::MacroSource> macros,
                         secl::Diagnostics& diagnostics);

    /// The first declaration says what a variable is, the others must agree with it. Returns what is wrong, empty when
    /// nothing is.
    std::string declare(const SetDefinition& set, const std::string& rule_id);

    std::shared_ptr<const secl::VariableTable> finish();

   private:
    struct Declared {
        secl::Variable variable;
        const SetDefinition* first = nullptr;
        std::string rule_id;
        const Literal* default_value = nullptr;
        std::optional<int64_t> size;
        std::optional<int64_t> ttl_ns;
    };
    struct Type {
        secl::ValueType type = secl::ValueType::kInt;
        bool is_list = false;
    };

    std::optional<Type> type_of(const SetDefinition& set);
    std::optional<Type> type_of_field(const secl::SourceText& field, bool append);
    bool name_is_free(const SetDefinition& set, const std::string& name);
    void agree(Declared& known, const SetDefinition& set, Type type, const std::string& name);
    template <typename T>
    void settle(std::optional<T>& known, const std::optional<T>& other, std::string_view key,
                const Declared& first, const SetDefinition& set);
    void fail(const secl::SourceText& place, std::string message, std::string hint = {});
    void warn(const secl::SourceText& place, std::string message, std::string hint = {});

    const secl::FieldNames& names_;
    boost::unordered_flat_map<std::string_view, const secl::MacroSource*> macros_;
    secl::Diagnostics& diagnostics_;
    boost::unordered_flat_map<std::string, size_t> index_;
    std::vector<Declared> declared_;
    std::string rule_id_;  // of the declaration at hand
    std::string error_;
};

}  // namespace vedette::policy
