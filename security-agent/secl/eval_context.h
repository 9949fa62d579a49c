// SPDX-License-Identifier: Apache-2.0
//
// One event as the evaluator sees it: pointers to the objects that getters read, and who answers for what no event
// holds.
#pragma once

#include <span>
#include <string_view>

#include "security-agent/secl/field.h"

namespace vedette::secl {

struct EvalContext;

/// What event.* says of this host and agent.
struct HostIdentity {
    std::string_view os = "linux";
    std::string_view origin = "ebpf";
    std::string_view source = "runtime";  ///< runtime, snapshot or replay
    std::string_view hostname;
    std::string_view service;
};

/// Values of variables as the current event sees them (whose process, whose container).
class VariableReader {
   public:
    virtual ~VariableReader() = default;
    /// Appends the value of the variable at this place of the VariableTable: exactly one for a scalar (its default
    /// when it is not set), any number for a list. Strings and addresses (IpBytes, or a network as IpBytes and one
    /// byte of prefix length) go to `strings`, the rest to `ints`; they stay valid until a variable is set.
    virtual void read(uint32_t number, const EvalContext& context, StringList& strings,
                      IntList& ints) const = 0;
};

/// Values from elsewhere than the getters: event files, tests.
class ValueSource {
   public:
    static constexpr size_t kNoElement = ~size_t{0};

    virtual ~ValueSource() = default;
    /// Appends the value of a field, of one element of an iterated one. Exactly one for a scalar.
    virtual void read(const FieldDef& field, size_t element, StringList& strings,
                      IntList& ints) const = 0;
    /// How many elements an iterator has.
    virtual size_t elements(Subject subject) const = 0;
};

/// Made per event by the engine, for itself. Missing objects are pointers to empty messages, never null.
struct EvalContext {
    EventTypeId type = kAnyEvent;
    const void* event = nullptr;          ///< v1::Event
    const void* process = nullptr;        ///< v1::ProcessNode
    const void* parent = nullptr;         ///< v1::ProcessNode
    const void* target = nullptr;         ///< v1::ProcessNode
    const void* target_parent = nullptr;  ///< v1::ProcessNode
    /// Objects that an iterator runs over, nearest first; ancestors include earlier images of the same pid. Computed
    /// by the engine on the first call for an event; valid until the event is done.
    std::span<const void* const> (*elements)(const EvalContext& context,
                                             Subject iterator) = nullptr;
    void* owner = nullptr;  ///< for `elements`
    const HostIdentity* host = nullptr;
    std::span<const std::string_view>
        rule_tags;                              ///< "key:value" of the rule whose action is at work
    const VariableReader* variables = nullptr;  ///< null: every variable has its zero value
    const ValueSource* source = nullptr;        ///< null: values come from the getters
    bool settle =
        false;  ///< what is not known yet counts as its zero value: there is no more time to wait
    Scratch* scratch = nullptr;
    int64_t now_ns = 0;  ///< nanoseconds since 1970, for age comparisons
};

/// Objects an iterator runs over; with a ValueSource null pointers, as many as it has elements.
std::span<const void* const> elements_of(const EvalContext& context, Subject iterator);

}  // namespace vedette::secl
