// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/field_text.h"

#include <algorithm>

namespace vedette::engine {
namespace {

const void* base_of(const secl::FieldDef& field, const secl::EvalContext& context) {
    switch (field.subject) {
        case secl::Subject::kEvent:
            return context.event;
        case secl::Subject::kProcess:
            return context.process;
        case secl::Subject::kParent:
            return context.parent;
        case secl::Subject::kContext:
            return &context;
        case secl::Subject::kTarget:
            return context.target;
        case secl::Subject::kTargetParent:
            return context.target_parent;
        default:
            break;
    }
    const auto elements = secl::elements_of(context, field.subject);
    return elements.empty() ? nullptr : elements.front();
}

struct ToText {
    const void* base;
    secl::Scratch& scratch;

    std::string operator()(secl::IntGetter get) const { return std::to_string(get(base)); }
    std::string operator()(secl::BoolGetter get) const { return get(base) ? "true" : "false"; }
    std::string operator()(secl::StringGetter get) const { return std::string(get(base, scratch)); }
    std::string operator()(secl::StringListGetter get) const {
        secl::StringList values;
        get(base, scratch, values);
        std::string out;
        for (const std::string_view value : values)
            (out += value) += ',';
        return out;
    }
    std::string operator()(secl::IntListGetter get) const {
        secl::IntList values;
        get(base, scratch, values);
        std::string out;
        for (const int64_t value : values)
            (out += std::to_string(value)) += ',';
        return out;
    }
};

}  // namespace

const secl::FieldDef* find_field(const secl::FieldTable& table, std::string_view name) {
    for (const secl::AliasDef& alias : table.aliases())
        if (alias.name == name)
            name = alias.field;
    const auto fields = table.fields();
    const auto found = std::lower_bound(
        fields.begin(), fields.end(), name,
        [](const secl::FieldDef& field, std::string_view wanted) { return field.name < wanted; });
    return found != fields.end() && found->name == name ? &*found : nullptr;
}

std::string field_text(const secl::FieldDef& field, const secl::EvalContext& context) {
    const void* base = base_of(field, context);
    return base ? std::visit(ToText{base, *context.scratch}, field.get) : std::string();
}

}  // namespace vedette::engine
