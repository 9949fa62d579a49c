// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/event_variables.h"

#include "fields.gen.h"
#include "security-agent/engine/field_text.h"

namespace vedette::replay {
namespace {

const EventValue* value_of(const EventFile& event, std::string_view name) {
    const secl::FieldDef* field = engine::find_field(engine::field_table(), name);
    return field ? event.find(*field) : nullptr;
}

// What a version 4 UUID looks like, and the same in every run.
constexpr std::string_view kUuid = "00000000-0000-4000-8000-000000000000";

}  // namespace

secl::EvalContext context_of(const EventFile& event, secl::Scratch& scratch) {
    secl::EvalContext context;
    context.type = event.type().id;
    context.host = &event.host();
    context.source = &event;
    context.scratch = &scratch;
    context.now_ns = event.time_ns();
    return context;
}

EventVariables::EventVariables(const EventFile& event, const secl::VariableTable& table,
                               secl::Diagnostics& diagnostics)
    : event_(event), table_(table) {
    for (const EventVariable& variable : event.variables())
        if (auto value = value_for(variable, table, diagnostics))
            values_.emplace(*table.find(variable.name), std::move(*value));
}

void EventVariables::read(uint32_t number, const secl::EvalContext& /*context*/,
                          secl::StringList& strings, secl::IntList& ints) const {
    const secl::Variable& variable = table_.at(number);
    if (variable.builtin == secl::Variable::Builtin::kProcessPid) {
        ints.push_back(integer_of(event_, "process.pid"));
    } else if (variable.builtin == secl::Variable::Builtin::kUuid4) {
        strings.push_back(kUuid);
    } else {
        const auto found = values_.find(number);
        const secl::VariableValue& value =
            found == values_.end() ? variable.default_value : found->second;
        if (found == values_.end() && variable.is_list)
            return;
        strings.insert(strings.end(), value.strings.begin(), value.strings.end());
        ints.insert(ints.end(), value.ints.begin(), value.ints.end());
    }
}

int64_t integer_of(const EventFile& event, std::string_view field) {
    const EventValue* value = value_of(event, field);
    return value && !value->ints.empty() ? value->ints.front() : 0;
}

std::string text_of(const EventFile& event, std::string_view field) {
    const EventValue* value = value_of(event, field);
    return value && !value->strings.empty() ? value->strings.front() : std::string();
}

}  // namespace vedette::replay
