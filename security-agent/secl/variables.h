// SPDX-License-Identifier: Apache-2.0
//
// Which variables there are: builtins and what the `set` actions of a rule set declare. Values live in the engine
// (engine/variable_store.h); the language only names and types them.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "security-agent/secl/field.h"

namespace vedette::secl {

enum class Scope : uint8_t { kGlobal, kProcess, kContainer, kCgroup };

/// "", "process", "container", "cgroup": as in a `set` action.
std::string_view to_string(Scope scope);

/// A scalar is one element; booleans are 0 and 1; addresses are IpBytes, networks IpBytes and one byte of prefix
/// length.
struct VariableValue {
    std::vector<std::string> strings;
    std::vector<int64_t> ints;
    bool operator==(const VariableValue&) const = default;
};

struct Variable {
    std::string name;  ///< as rules write it between the braces: "seen", "process.seen"
    Scope scope = Scope::kGlobal;
    ValueType type = ValueType::kInt;
    bool is_list = false;
    bool inherited =
        false;  ///< kProcess: the nearest ancestor's value counts when the process has none
    bool is_private = false;  ///< never part of an alert
    size_t size = 100;        ///< of a list: the least recently set elements go first
    int64_t ttl_ns =
        0;  ///< of a scalar, or of each element of a list, from when it was last set; 0: for ever
    VariableValue default_value;  ///< of a scalar: always one element
    /// ${process.pid} and ${builtins.uuid4}: not stored.
    enum class Builtin : uint8_t { kNone, kProcessPid, kUuid4 } builtin = Builtin::kNone;
    bool operator==(const Variable&) const = default;
};

/// Immutable once filled; a variable's number is its place.
class VariableTable {
   public:
    /// With the builtins alone.
    VariableTable();
    VariableTable(const VariableTable&) = delete;
    VariableTable& operator=(const VariableTable&) = delete;

    /// The name must be new.
    uint32_t add(Variable variable);
    std::optional<uint32_t> find(std::string_view name) const;
    const Variable& at(uint32_t number) const { return entries_[number].variable; }
    size_t size() const { return entries_.size(); }
    /// The variable as something a rule reads: kVariable, `number` set; lives as long as the table.
    const FieldDef& field(uint32_t number) const { return entries_[number].field; }

   private:
    struct Entry {
        Variable variable;
        FieldDef field;
    };
    std::deque<Entry> entries_;  // stays where it is: fields point into variables
};

}  // namespace vedette::secl
