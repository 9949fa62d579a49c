// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/variable_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace vedette::engine {
namespace {

constexpr size_t kScopeCost = 192;  // list node, index entry, vector
constexpr size_t kMaxGenerations = 256;

bool is_text(const secl::Variable& variable) {
    return variable.type == secl::ValueType::kString || variable.type == secl::ValueType::kIp;
}

std::string_view number_bytes(const int64_t& number) {
    return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

void append(const secl::Variable& variable, std::string_view stored, secl::StringList& strings,
            secl::IntList& ints) {
    if (is_text(variable)) {
        strings.push_back(stored);
        return;
    }
    int64_t number = 0;
    std::memcpy(&number, stored.data(), std::min(stored.size(), sizeof(number)));
    ints.push_back(number);
}

}  // namespace

std::string_view VariableStore::to_string(Reason reason) {
    static constexpr std::array<std::string_view, kReasons> kNames = {
        "expired", "list_full", "memory", "scope_end", "reload", "no_scope", "text_cut"};
    return kNames[static_cast<size_t>(reason)];
}

size_t VariableStore::Value::bytes() const {
    return sizeof(Value) + (scalar.size() > 15 ? scalar.size() + 1 : 0) + list.bytes();
}

bool VariableStore::Value::expired(int64_t now_ns) const {
    return is_list ? list.empty() : expires_ns <= now_ns;
}

VariableStore::VariableStore(Limits limits, Metrics& metrics) : limits_(limits) {
    for (size_t reason = 0; reason < kReasons; ++reason)
        counters_[reason] = &metrics.counter(
            "vedette_agent_variables_dropped_total",
            "Values of variables that went, were cut, or were not taken, by reason.",
            {{"reason", std::string(to_string(static_cast<Reason>(reason)))}});
}

VariableStore::BindingPtr VariableStore::bind(std::shared_ptr<const secl::VariableTable> table) {
    auto out = std::make_shared<Binding>();
    boost::unordered_flat_map<std::string_view, uint32_t> by_name;
    for (const auto& [number, slot] : slots_)
        by_name.emplace(slot.name, number);
    boost::unordered_flat_map<uint32_t, Slot> kept;
    for (uint32_t number = 0; number < table->size(); ++number) {
        const secl::Variable& variable = table->at(number);
        const auto known = by_name.find(variable.name);
        const Slot* slot = known == by_name.end() ? nullptr : &slots_.at(known->second);
        const bool same = slot && slot->scope == variable.scope && slot->type == variable.type &&
                          slot->is_list == variable.is_list;
        const uint32_t id = same ? known->second : next_slot_++;
        kept.emplace(
            id,
            same ? *slot : Slot{variable.name, variable.scope, variable.type, variable.is_list});
        out->slots.push_back(id);
    }
    out->table = std::move(table);
    drop_others(kept);
    slots_ = std::move(kept);
    return out;
}

void VariableStore::drop_others(const boost::unordered_flat_map<uint32_t, Slot>& kept) {
    for (Kind& kind : kinds_) {
        for (auto scope = kind.order.begin(); scope != kind.order.end();) {
            const auto here = scope++;
            for (size_t at = here->values.size(); at-- > 0;)
                if (!kept.contains(here->values[at].slot))
                    erase_value(kind, *here, at, Reason::kReload);
            if (here->values.empty())
                erase_scope(kind, here, Reason::kReload);
        }
    }
}

bool VariableStore::read(const Binding& binding, uint32_t number, const ScopeSource& source,
                         int64_t now_ns, secl::StringList& strings, secl::IntList& ints) {
    const auto slot = slots_.find(binding.slots[number]);
    if (slot == slots_.end() || slot->second.holders == 0)
        return false;
    const secl::Variable& variable = binding.table->at(number);
    if (variable.scope == secl::Scope::kGlobal)
        return read_scope(binding, number, {}, now_ns, strings, ints);
    std::string_view key = source.scope_key(variable.scope);
    if (!key.empty() && read_scope(binding, number, key, now_ns, strings, ints))
        return true;
    if (!variable.inherited)
        return false;
    for (size_t up = 1; up <= kMaxGenerations; ++up) {
        key = source.ancestor_key(up);
        if (key.empty())
            return false;
        if (read_scope(binding, number, key, now_ns, strings, ints))
            return true;
    }
    return false;
}

bool VariableStore::read_scope(const Binding& binding, uint32_t number, std::string_view key,
                               int64_t now_ns, secl::StringList& strings, secl::IntList& ints) {
    const secl::Variable& variable = binding.table->at(number);
    Kind& kind = kinds_[static_cast<size_t>(variable.scope)];
    const auto found = kind.index.find(key);
    if (found == kind.index.end())
        return false;
    ScopeState& scope = *found->second;
    kind.order.splice(kind.order.end(), kind.order, found->second);
    const auto value = std::find_if(scope.values.begin(), scope.values.end(), [&](const Value& v) {
        return v.slot == binding.slots[number];
    });
    if (value == scope.values.end())
        return false;
    if (value->is_list) {
        const size_t before = value->bytes();
        drop(Reason::kExpired, value->list.expire(now_ns));
        account(kind, scope, before, value->bytes());
    }
    if (value->expired(now_ns)) {
        erase_value(kind, scope, static_cast<size_t>(value - scope.values.begin()),
                    Reason::kExpired);
        if (scope.values.empty())
            erase_scope(kind, found->second, Reason::kExpired);
        return false;
    }
    if (!value->is_list)
        append(variable, value->scalar, strings, ints);
    for (const TtlSet::Element& element : value->list.elements())
        append(variable, element.value, strings, ints);
    return true;
}

void VariableStore::set(const Binding& binding, uint32_t number, const ScopeSource& source,
                        const secl::SlotValues& values, int64_t now_ns) {
    const secl::Scope scope = binding.table->at(number).scope;
    if (scope == secl::Scope::kGlobal)
        return write(binding, number, {}, {}, values, now_ns);
    const std::string_view key = source.scope_key(scope);
    if (key.empty())
        return drop(Reason::kNoScope, 1);
    write(binding, number, key, source.scope_label(scope), values, now_ns);
}

void VariableStore::set_for_process(const Binding& binding, uint32_t number, std::string_view key,
                                    const std::string& label, const secl::SlotValues& values,
                                    int64_t now_ns) {
    if (key.empty())
        return drop(Reason::kNoScope, 1);
    write(binding, number, key, label, values, now_ns);
}

/// As values are kept. Copied before anything changes: what is set may be what a variable holds.
std::vector<std::string> VariableStore::stored(const secl::Variable& variable,
                                               const secl::SlotValues& values) {
    std::vector<std::string> out;
    if (!is_text(variable))
        for (const int64_t& value : values.ints)
            out.emplace_back(number_bytes(value));
    else
        for (const std::string_view text : values.strings) {
            if (text.size() > limits_.max_text)
                drop(Reason::kTextCut, 1);
            out.emplace_back(text.substr(0, limits_.max_text));
        }
    return out;
}

void VariableStore::write(const Binding& binding, uint32_t number, std::string_view key,
                          const std::string& label, const secl::SlotValues& values,
                          int64_t now_ns) {
    const secl::Variable& variable = binding.table->at(number);
    const auto slot = slots_.find(binding.slots[number]);
    std::vector<std::string> added = stored(variable, values);
    if (slot == slots_.end() || added.empty())  // of a rule set that is no longer in force
        return;
    Kind& kind = kinds_[static_cast<size_t>(variable.scope)];
    auto found = kind.index.find(key);
    if (found == kind.index.end()) {
        ScopeState& begun = kind.order.emplace_back(std::string(key), label);
        account(kind, begun, 0, kScopeCost + key.size() + label.size());
        found = kind.index.emplace(begun.key, std::prev(kind.order.end())).first;
    }
    const Scopes::iterator place = found->second;
    kind.order.splice(kind.order.end(), kind.order, place);
    ScopeState& scope = *place;
    auto value = std::find_if(scope.values.begin(), scope.values.end(),
                              [&](const Value& v) { return v.slot == slot->first; });
    if (value == scope.values.end()) {
        scope.values.emplace_back();
        value = std::prev(scope.values.end());
        value->slot = slot->first;
        value->is_list = variable.is_list;
        account(kind, scope, 0, value->bytes());
        ++slot->second.holders;
        ++values_;
    }
    const size_t before = value->bytes();
    if (variable.is_list) {
        write_list(*value, variable, added, now_ns);
    } else {
        value->scalar = std::move(added.front());
        value->expires_ns = expiry(now_ns, variable.ttl_ns);
    }
    account(kind, scope, before, value->bytes());
    if (!make_room(scope))
        erase_value(kind, scope, static_cast<size_t>(value - scope.values.begin()),
                    Reason::kMemory);
    if (scope.values.empty())
        erase_scope(kind, place, Reason::kMemory);
}

void VariableStore::write_list(Value& value, const secl::Variable& variable,
                               std::span<const std::string> added, int64_t now_ns) {
    TtlSet& list = value.list;
    drop(Reason::kExpired, list.expire(now_ns));
    for (const std::string& element : added) {
        list.set(element, expiry(now_ns, variable.ttl_ns));
        while (list.size() > std::max<size_t>(variable.size, 1)) {
            list.drop_oldest();
            drop(Reason::kListFull, 1);
        }
        while (list.size() > 1 && list.bytes() > limits_.max_bytes / 8) {
            list.drop_oldest();
            drop(Reason::kMemory, 1);
        }
    }
}

/// Other scopes make room for what is set in `keep`; false when that is not enough.
bool VariableStore::make_room(const ScopeState& keep) {
    while (bytes_ > limits_.max_bytes) {
        Kind* largest = nullptr;
        for (Kind& kind : kinds_) {
            const bool has_victim =
                !kind.order.empty() && (&kind.order.front() != &keep || kind.order.size() > 1);
            if (has_victim && (!largest || kind.bytes > largest->bytes))
                largest = &kind;
        }
        if (!largest)
            return false;
        auto victim = largest->order.begin();
        if (&*victim == &keep)
            ++victim;
        erase_scope(*largest, victim, Reason::kMemory);
    }
    return true;
}

void VariableStore::end(secl::Scope scope, std::string_view key) {
    Kind& kind = kinds_[static_cast<size_t>(scope)];
    const auto found = kind.index.find(key);
    if (found != kind.index.end())
        erase_scope(kind, found->second, Reason::kScopeEnd);
}

void VariableStore::end_all(secl::Scope scope) {
    Kind& kind = kinds_[static_cast<size_t>(scope)];
    while (!kind.order.empty())
        erase_scope(kind, kind.order.begin(), Reason::kScopeEnd);
}

void VariableStore::end_unless(
    const std::function<bool(secl::Scope scope, std::string_view key)>& lives) {
    for (const secl::Scope scope :
         {secl::Scope::kProcess, secl::Scope::kContainer, secl::Scope::kCgroup}) {
        Kind& kind = kinds_[static_cast<size_t>(scope)];
        for (auto at = kind.order.begin(); at != kind.order.end();) {
            const auto here = at++;
            if (!lives(scope, here->key))
                erase_scope(kind, here, Reason::kScopeEnd);
        }
    }
}

void VariableStore::erase_scope(Kind& kind, Scopes::iterator scope, Reason reason) {
    while (!scope->values.empty())
        erase_value(kind, *scope, scope->values.size() - 1, reason);
    account(kind, *scope, scope->bytes, 0);
    kind.index.erase(scope->key);
    kind.order.erase(scope);
}

void VariableStore::erase_value(Kind& kind, ScopeState& scope, size_t at, Reason reason) {
    Value& value = scope.values[at];
    account(kind, scope, value.bytes(), 0);
    drop(reason, value.is_list ? value.list.size() : 1);
    if (const auto slot = slots_.find(value.slot); slot != slots_.end())
        --slot->second.holders;
    --values_;
    if (&value != &scope.values.back())
        value = std::move(scope.values.back());
    scope.values.pop_back();
}

void VariableStore::account(Kind& kind, ScopeState& scope, size_t before, size_t after) {
    scope.bytes += after - before;
    kind.bytes += after - before;
    bytes_ += after - before;
}

void VariableStore::drop(Reason reason, size_t count) {
    if (count == 0)
        return;
    dropped_[static_cast<size_t>(reason)] += count;
    counters_[static_cast<size_t>(reason)]->Increment(static_cast<double>(count));
}

size_t VariableStore::scopes() const {
    size_t count = 0;
    for (const Kind& kind : kinds_)
        count += kind.order.size();
    return count;
}

void VariableStore::show(const Binding& binding, int64_t now_ns, size_t max,
                         const std::function<void(const Shown&)>& use) const {
    boost::unordered_flat_map<uint32_t, uint32_t> numbers;
    for (uint32_t number = 0; number < binding.slots.size(); ++number)
        if (!binding.table->at(number).is_private)
            numbers.emplace(binding.slots[number], number);
    for (const Kind& kind : kinds_) {
        for (auto scope = kind.order.rbegin(); scope != kind.order.rend(); ++scope) {
            for (const Value& value : scope->values) {
                const auto number = numbers.find(value.slot);
                if (number == numbers.end() || value.expired(now_ns))
                    continue;
                if (max-- == 0)
                    return;
                const secl::Variable& variable = binding.table->at(number->second);
                Shown shown{variable, scope->label, {}, {}};
                if (!value.is_list)
                    append(variable, value.scalar, shown.strings, shown.ints);
                for (const TtlSet::Element& element : value.list.elements())
                    if (element.expires_ns > now_ns)
                        append(variable, element.value, shown.strings, shown.ints);
                use(shown);
            }
        }
    }
}

}  // namespace vedette::engine
