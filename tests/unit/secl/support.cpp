// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/support.h"

#include "security-agent/secl/binder.h"
#include "security-agent/secl/parser.h"
#include "tests/unit/secl/naive.h"

namespace vedette::secl::test {

RuleSource rule(std::string id, std::string expression) {
    return {std::move(id), source_from_string("test", std::move(expression))};
}

MacroSource macro(std::string id, std::string expression) {
    MacroSource out;
    out.body = source_from_string("macro_" + id, std::move(expression));
    out.id = std::move(id);
    return out;
}

std::optional<BoundRule> bind_text(const std::string& expression,
                                   std::span<const MacroSource> macros) {
    Diagnostics diagnostics;
    const RuleSource source = rule("rule", expression);
    const MacroTable table(macros, diagnostics);
    const FieldNames names(fake_table());
    const VariableTable variables;
    TemplateTable templates;
    const ast::NodePtr root = parse_expression(source.expression, diagnostics);
    return root ? bind_rule(source, *root, {table, names, variables, templates}, {}, diagnostics)
                : std::nullopt;
}

Outcome evaluate(const std::string& expression, const FakeEvent& event,
                 std::span<const MacroSource> macros) {
    Outcome out;
    const RuleSource source = rule("rule", expression);
    const CompiledRules compiled = compile_rules({&source, 1}, macros, fake_table());
    out.compiled = compiled.outcomes[0].ok;
    out.diagnostics = render(compiled.diagnostics);
    if (!out.compiled) {
        return out;
    }
    EvalState state;
    FakeContext context(event);
    out.indexed = !compiled.rules->evaluate(context.get(), state).empty();
    const auto bound = bind_text(expression, macros);
    out.naive = bound && naive_matches(*bound, context.get());
    return out;
}

std::string diagnose(const std::string& expression, std::span<const MacroSource> macros) {
    const RuleSource source = rule("rule", expression);
    return render(compile_rules({&source, 1}, macros, fake_table()).diagnostics);
}

}  // namespace vedette::secl::test
