// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/rehearsal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory_resource>
#include <utility>

#include "fields.gen.h"
#include "security-agent/engine/actions.h"
#include "security-agent/engine/field_text.h"
#include "security-agent/engine/variable_view.h"
#include "security-agent/replay/event_values.h"
#include "security-agent/replay/event_variables.h"
#include "security-agent/secl/ip.h"

namespace vedette::replay {
namespace {

// The same in every run.
const std::function<std::string()> kUuid = [] { return "00000000-0000-4000-8000-000000000000"; };

/// Process ids stand for processes: the same pid in two events is the same process.
std::string key_of(int64_t pid) {
    const engine::ProcessScopeKey key = engine::process_scope_key(static_cast<uint64_t>(pid));
    return std::string(engine::view(key));
}

engine::ProcessScope process_of(int64_t pid) {
    return {key_of(pid), fmt::format("pid {}", pid)};
}

std::string shown(const secl::Variable& variable, const secl::VariableValue& value) {
    std::vector<std::string> parts;
    for (const std::string& text : value.strings)
        parts.push_back(variable.type == secl::ValueType::kIp
                            ? secl::ip_text(text)
                            : fmt::format("\"{}\"", printable_text(text)));
    for (const int64_t number : value.ints)
        parts.push_back(variable.type == secl::ValueType::kBool ? (number ? "true" : "false")
                                                                : std::to_string(number));
    const std::string joined = fmt::format("{}", fmt::join(parts, ", "));
    return variable.is_list ? fmt::format("[{}]", joined) : joined;
}

}  // namespace

/// Where an event file stands among the scopes.
class Rehearsal::Scopes final : public engine::ScopeSource {
   public:
    explicit Scopes(const EventFile& event)
        : pid_(integer_of(event, "process.pid")),
          container_(text_of(event, "process.container.id")),
          cgroup_(text_of(event, "process.cgroup.id")) {
        keys_.push_back(key_of(pid_));
        const secl::FieldDef* field =
            engine::find_field(engine::field_table(), "process.ancestors.pid");
        for (size_t i = 0; field && i < event.elements(secl::Subject::kAncestor); ++i) {
            const EventValue* pid = event.find(*field, i);
            std::string key = key_of(pid && !pid->ints.empty() ? pid->ints.front() : 0);
            if (key != keys_.back())  // not an earlier image of the same process
                keys_.push_back(std::move(key));
        }
    }

    std::string_view scope_key(secl::Scope scope) const override {
        switch (scope) {
            case secl::Scope::kProcess:
                return keys_.front();
            case secl::Scope::kContainer:
                return container_;
            case secl::Scope::kCgroup:
                return cgroup_;
            case secl::Scope::kGlobal:
                break;
        }
        return {};
    }
    std::string scope_label(secl::Scope scope) const override {
        return scope == secl::Scope::kProcess ? fmt::format("pid {}", pid_)
                                              : std::string(scope_key(scope));
    }
    std::string_view ancestor_key(size_t generation) const override {
        return generation < keys_.size() ? std::string_view(keys_[generation]) : std::string_view();
    }
    uint32_t pid() const override { return static_cast<uint32_t>(pid_); }

   private:
    int64_t pid_;
    std::string container_;
    std::string cgroup_;
    std::vector<std::string> keys_;  ///< of the process and those above it
};

Rehearsal::Rehearsal(std::shared_ptr<const policy::CompiledPolicies> policies)
    : policies_(std::move(policies)),
      store_({}, metrics_),
      books_(store_, metrics_, {}),
      book_(books_.make(policies_, nullptr)) {}

Rehearsal::~Rehearsal() = default;

bool Rehearsal::set_variables(const EventFile& event, secl::Diagnostics& diagnostics) {
    const secl::VariableTable& table = *book_->variables->table;
    for (const EventVariable& variable : event.variables()) {
        const auto value = value_for(variable, table, diagnostics);
        if (!value)
            return false;
        const uint32_t number = *table.find(variable.name);
        const secl::Scope scope = table.at(number).scope;
        if (scope != secl::Scope::kGlobal && scopes_->scope_key(scope).empty()) {
            diagnostics.add(secl::Severity::kError, variable.place, {0, 0},
                            fmt::format("the event is in no {0}, '{1}' belongs to one",
                                        to_string(scope), variable.name),
                            fmt::format("give it a value for process.{}.id", to_string(scope)));
            return false;
        }
        secl::SlotValues values;
        values.strings.assign(value->strings.begin(), value->strings.end());
        values.ints.assign(value->ints.begin(), value->ints.end());
        store_.set(*book_->variables, number, *scopes_, values, event.time_ns());
    }
    return true;
}

std::optional<std::vector<std::string>> Rehearsal::play(
    const std::shared_ptr<const EventFile>& event, secl::Diagnostics& diagnostics) {
    if (event_ && event_->type().name == "exit")  // what the last event ended
        store_.end(secl::Scope::kProcess, scopes_->scope_key(secl::Scope::kProcess));
    event_ = event;
    scopes_ = std::make_unique<Scopes>(*event);
    if (!set_variables(*event, diagnostics))
        return std::nullopt;
    std::pmr::monotonic_buffer_resource scratch;
    const engine::VariableView view(store_, *book_->variables, *scopes_, kUuid);
    secl::EvalContext context = context_of(*event, scratch);
    context.variables = &view;
    context.settle = true;
    const auto matched = policies_->rule_set->evaluate(context, state_).matched;
    const engine::FindProcess find_process = process_of;
    std::vector<std::string> ids;
    for (const uint32_t rule : matched) {
        ids.push_back(book_->info(rule).id);
        context.rule_tags = book_->rules[rule].tags;
        engine::perform_sets(book_->info(rule),
                             {store_, *book_->variables, *scopes_, find_process, context});
    }
    return ids;
}

std::optional<std::string> Rehearsal::differs(const EventVariable& expected,
                                              secl::Diagnostics& diagnostics) {
    const secl::VariableTable& table = *book_->variables->table;
    const auto wanted = value_for(expected, table, diagnostics);
    if (!wanted || !event_)
        return "not valid";
    const uint32_t number = *table.find(expected.name);
    std::pmr::monotonic_buffer_resource scratch;
    const engine::VariableView view(store_, *book_->variables, *scopes_, kUuid);
    secl::StringList strings;
    secl::IntList ints;
    view.read(number, context_of(*event_, scratch), strings, ints);
    secl::VariableValue actual;
    actual.strings.assign(strings.begin(), strings.end());
    actual.ints.assign(ints.begin(), ints.end());
    secl::VariableValue sorted_wanted = *wanted;
    secl::VariableValue sorted_actual = actual;
    for (secl::VariableValue* value : {&sorted_wanted, &sorted_actual}) {
        std::sort(value->strings.begin(), value->strings.end());
        std::sort(value->ints.begin(), value->ints.end());
    }
    if (sorted_wanted == sorted_actual)
        return std::nullopt;
    return fmt::format("{} is {}, expected {}", expected.name, shown(table.at(number), actual),
                       shown(table.at(number), *wanted));
}

}  // namespace vedette::replay
