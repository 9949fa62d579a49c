// SPDX-License-Identifier: Apache-2.0
//
// What the language knows about a field: its name, type and how to read it. The table itself is generated
// from the .proto files (proto/generator); this header is the contract between the two, so that secl/ can be
// tested with a table of its own and depends on no event type.
#pragma once

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <variant>

namespace vedette::secl {

enum class ValueType : uint8_t { kInt, kBool, kString, kIp };

/// How a string is compared with a pattern; reference section 1.4.
enum class Matching : uint8_t { kPlain, kPath, kCaseInsensitive };

/// Which object a field is read from. The engine turns it into the getter's `base` pointer.
enum class Subject : uint8_t {
    kEvent,     ///< v1::Event
    kProcess,   ///< v1::ProcessNode of the acting process
    kParent,    ///< v1::ProcessNode of its parent process (not an earlier image of the same pid)
    kAncestor,  ///< v1::ProcessNode of each ancestor in turn
    kTarget,    ///< v1::ProcessNode of signal.target, ptrace.tracee or setrlimit.target
    kTargetParent,    ///< v1::ProcessNode of its parent
    kTargetAncestor,  ///< v1::ProcessNode of each of its ancestors in turn
    kFlow,            ///< v1::Flow of each of network_flow_monitor.flows in turn
    kContext,  ///< the EvalContext itself: what no message holds (process.ancestors.length, event.hostname)
    kVariable,  ///< ${name}: FieldDef::number is its place in the VariableTable
    kTemplate,  ///< a string with ${name} or %{field} in it: the FieldDef is a Template (bound.h)
};

/// Read from several objects in turn: "any of them" without a register.
constexpr bool is_iterated(Subject subject) {
    return subject == Subject::kAncestor || subject == Subject::kTargetAncestor ||
           subject == Subject::kFlow;
}

/// Number of an event type: the field number of its member in v1::Event.payload. 0: any event.
using EventTypeId = uint16_t;
inline constexpr EventTypeId kAnyEvent = 0;

/// Memory of values computed while one event is evaluated; released after it.
using Scratch = std::pmr::memory_resource;

/// An IP address as 4 or 16 bytes in network order; empty: none.
using IpBytes = std::string_view;
using StringList = boost::container::small_vector<std::string_view, 16>;
using IntList = boost::container::small_vector<int64_t, 16>;

using IntGetter = int64_t (*)(const void* base);
using BoolGetter = bool (*)(const void* base);
using StringGetter = std::string_view (*)(const void* base, Scratch& scratch);
using StringListGetter = void (*)(const void* base, Scratch& scratch, StringList& out);
using IntListGetter = void (*)(const void* base, Scratch& scratch, IntList& out);
using Getter = std::variant<IntGetter, BoolGetter, StringGetter, StringListGetter, IntListGetter>;

struct FieldDef {
    std::string_view name;  ///< as a rule writes it
    std::string_view doc;
    ValueType type = ValueType::kInt;
    bool is_list = false;  ///< several values by itself (argv), not by being on an iterator
    bool is_time = false;  ///< compares by age with a duration
    Matching matching = Matching::kPlain;
    Subject subject = Subject::kEvent;
    /// The only event it exists for; kAnyEvent: all, or those of `events`.
    EventTypeId event = kAnyEvent;
    std::string_view constants;  ///< constant family, "" when none
    Getter get;
    /// More values that a comparison accepts instead of the first (the other paths of a program); null: none.
    StringListGetter alternatives = nullptr;
    /// The value is not known yet (metadata of a container that has just started); null: it always is.
    BoolGetter pending = nullptr;
    /// Why it has its zero value in every event of this version; "" when the probe fills it.
    std::string_view not_filled = {};
    uint32_t number = 0;  ///< of a kVariable or kTemplate
    /// The event types it exists for when they are several (network.*), ascending; `event` is kAnyEvent then: such a
    /// field does not say what type a rule is for, the rule's type must be one of them.
    std::span<const EventTypeId> events = {};

    /// It can be read from an event of this type; kAnyEvent: of some type.
    bool exists_for(EventTypeId event_type) const {
        return event_type == kAnyEvent ||
               (events.empty()
                    ? event == kAnyEvent || event == event_type
                    : std::find(events.begin(), events.end(), event_type) != events.end());
    }
};

struct EventTypeDef {
    EventTypeId id = kAnyEvent;
    std::string_view name;  ///< "" when no rule can name it
    std::string_view category;
    std::string_view doc;
    /// Why no such event arrives in this version; "" when they do.
    std::string_view not_filled = {};
};

struct AliasDef {
    std::string_view name;
    std::string_view field;
};

/// All that a policy can name. Immutable, usable from any thread.
class FieldTable {
   public:
    virtual ~FieldTable() = default;
    /// Sorted by name.
    virtual std::span<const FieldDef> fields() const = 0;
    virtual std::span<const EventTypeDef> events() const = 0;
    virtual std::span<const AliasDef> aliases() const = 0;
};

}  // namespace vedette::secl
