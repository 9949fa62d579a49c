// SPDX-License-Identifier: Apache-2.0
//
// Values of variables (reference section 1.7), by scope: one process, one container, one cgroup, or the host. Rules
// name a variable by its place in their VariableTable; values are kept under its name, so that they outlive a reload.
// The clock is the events' own, so that the same events give the same values.
//
// A scope ends when the mirror holds no image of it any more. The probe keeps an exited process for as long as a living
// descendant names it as an ancestor, so an inherited value is there for as long as somebody can inherit it, and a rule on
// the exit of a process still sees its variables. Events that come in later find the default.
//
// Bounded as a whole: what an event can set is chosen by whoever causes events. When memory runs short the scope that
// was used longest ago goes, of the kind that takes most: a flood of processes costs other processes their values,
// not the containers. Nothing goes uncounted. Under the engine's lock.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics.h"
#include "security-agent/engine/scopes.h"
#include "security-agent/engine/ttl_set.h"
#include "security-agent/secl/read_values.h"
#include "security-agent/secl/variables.h"

namespace vedette::engine {

class VariableStore {
   public:
    struct Limits {
        size_t max_bytes = 16U << 20;
        size_t max_text =
            4096;  ///< longer strings are cut; one list may take an eighth of max_bytes
    };
    /// Why a value went, or was not taken.
    enum class Reason : uint8_t {
        kExpired,   ///< its ttl was over
        kListFull,  ///< set longest ago in a list of its `size`
        kMemory,    ///< the bound of all variables, or of one list
        kScopeEnd,  ///< its process, container or cgroup is gone
        kReload,    ///< the new policies have no variable of that name, scope and type
        kNoScope,   ///< not set: the event is in no container, or there is no such process
        kTextCut,   ///< set, but not in full
    };
    static constexpr size_t kReasons = 7;
    static std::string_view to_string(Reason reason);

    /// The numbers of one VariableTable as this store knows them.
    struct Binding {
        std::shared_ptr<const secl::VariableTable> table;
        std::vector<uint32_t> slots;  ///< by number
    };
    using BindingPtr = std::shared_ptr<const Binding>;

    VariableStore(Limits limits, Metrics& metrics);

    /// Values that another table's variable of the same name, scope and type had are kept, all others dropped.
    BindingPtr bind(std::shared_ptr<const secl::VariableTable> table);

    /// Appends what is set and has not expired, for the event or by inheritance; false when nothing is. Views are
    /// valid until a variable is set. Not for builtins.
    bool read(const Binding& binding, uint32_t number, const ScopeSource& source, int64_t now_ns,
              secl::StringList& strings, secl::IntList& ints);

    /// Sets a scalar to the first of `values`, adds all of them to a list.
    void set(const Binding& binding, uint32_t number, const ScopeSource& source,
             const secl::SlotValues& values, int64_t now_ns);
    /// The same for another process than the event's; an empty key: there is none.
    void set_for_process(const Binding& binding, uint32_t number, std::string_view key,
                         const std::string& label, const secl::SlotValues& values, int64_t now_ns);

    /// The scope is over. Cheap when it has no values.
    void end(secl::Scope scope, std::string_view key);
    /// Every scope of that kind is over.
    void end_all(secl::Scope scope);
    /// Every scope is over, but the host's and those for which `lives` is true.
    void end_unless(const std::function<bool(secl::Scope scope, std::string_view key)>& lives);

    /// @name Figures.
    /// @{
    size_t bytes() const { return bytes_; }
    size_t scopes() const;
    size_t values() const { return values_; }
    uint64_t dropped(Reason reason) const { return dropped_[static_cast<size_t>(reason)]; }
    /// One scope's variable, for the status page: views are valid during the call.
    struct Shown {
        const secl::Variable& variable;
        std::string_view scope_label;
        secl::StringList strings;
        secl::IntList ints;
    };
    /// Variables that are set and not private, scope by scope, most recently used first, at most `max`.
    void show(const Binding& binding, int64_t now_ns, size_t max,
              const std::function<void(const Shown&)>& use) const;
    /// @}

   private:
    struct Value {
        uint32_t slot = 0;
        std::string scalar;  ///< text, or the eight bytes of a number
        int64_t expires_ns = kForEver;
        TtlSet list;
        bool is_list = false;
        size_t bytes() const;
        bool expired(int64_t now_ns) const;
    };
    struct ScopeState {
        std::string key;
        std::string label;
        std::vector<Value> values;
        size_t bytes = 0;
    };
    using Scopes = std::list<ScopeState>;
    struct Kind {
        Scopes order;  ///< least recently used first
        boost::unordered_flat_map<std::string_view, Scopes::iterator> index;
        size_t bytes = 0;
    };
    struct Slot {
        std::string name;
        secl::Scope scope;
        secl::ValueType type;
        bool is_list;
        size_t holders = 0;  ///< scopes with a value
    };

    void drop_others(const boost::unordered_flat_map<uint32_t, Slot>& kept);
    bool read_scope(const Binding& binding, uint32_t number, std::string_view key, int64_t now_ns,
                    secl::StringList& strings, secl::IntList& ints);
    void write(const Binding& binding, uint32_t number, std::string_view key,
               const std::string& label, const secl::SlotValues& values, int64_t now_ns);
    void write_list(Value& value, const secl::Variable& variable,
                    std::span<const std::string> added, int64_t now_ns);
    std::vector<std::string> stored(const secl::Variable& variable, const secl::SlotValues& values);
    bool make_room(const ScopeState& keep);
    void erase_scope(Kind& kind, Scopes::iterator scope, Reason reason);
    void erase_value(Kind& kind, ScopeState& scope, size_t at, Reason reason);
    void account(Kind& kind, ScopeState& scope, size_t before, size_t after);
    void drop(Reason reason, size_t count);

    Limits limits_;
    std::array<Kind, 4> kinds_;  ///< by secl::Scope
    boost::unordered_flat_map<uint32_t, Slot> slots_;
    uint32_t next_slot_ = 0;
    size_t bytes_ = 0;
    size_t values_ = 0;
    std::array<uint64_t, kReasons> dropped_{};
    std::array<Counter*, kReasons> counters_{};
};

}  // namespace vedette::engine
