// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/secl/support.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "security-agent/secl/binder.h"
#include "security-agent/secl/bound_eval.h"
#include "security-agent/secl/parser.h"
#include "tests/unit/catch.h"
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
    TemplateTable templates;
    const ast::NodePtr root = parse_expression(source.expression, diagnostics);
    return root ? bind_rule(source, *root, {table, names, fake_variables(), templates}, {},
                            diagnostics)
                : std::nullopt;
}

Outcome evaluate(const std::string& expression, const FakeEvent& event,
                 std::span<const MacroSource> macros) {
    Outcome out;
    const RuleSource source = rule("rule", expression);
    Compiler compiler(fake_table(), macros, fake_variables());
    const CompiledRules compiled = compiler.rules({&source, 1});
    out.compiled = compiled.outcomes[0].ok;
    out.diagnostics = render(compiled.diagnostics);
    if (!out.compiled) {
        return out;
    }
    EvalState state;
    FakeContext context(event);
    const Matches found = compiled.rules->evaluate(context.get(), state);
    out.indexed = !found.matched.empty();
    out.undecided = !found.undecided.empty();
    for (const NumberedRule& bound : compiled.bound) {
        if (bound.rule.event == event.type) {
            out.naive = std::max(out.naive, naive_truth(bound.rule, context.get()));
            out.walked = std::max(out.walked, secl::evaluate(bound.rule, context.get()));
        }
    }
    return out;
}

std::string diagnose(const std::string& expression, std::span<const MacroSource> macros) {
    const RuleSource source = rule("rule", expression);
    return render(Compiler(fake_table(), macros, fake_variables()).rules({&source, 1}).diagnostics);
}

void check_golden(const std::string& name, size_t at_least,
                  const std::function<std::string(const std::string& expression)>& print) {
    std::ifstream file(VEDETTE_SOURCE_DIR "/tests/golden/secl/" + name + ".txt");
    REQUIRE(file);
    std::string expected;
    std::string actual;
    std::string expression;
    bool in_expression = false;
    size_t cases = 0;
    for (std::string line; std::getline(file, line);) {
        if (line == "---") {
            expression.clear();
            in_expression = true;
            actual += line + "\n";
        } else if (line == "=>") {
            in_expression = false;
            actual += expression + "=>\n" + print(expression.substr(0, expression.size() - 1));
            ++cases;
        } else if (in_expression) {
            expression += line + "\n";
        }
        expected += line + "\n";
    }
    CHECK(cases >= at_least);
    if (actual != expected) {
        const auto shown = std::filesystem::temp_directory_path() / ("vedette-" + name + ".txt");
        std::ofstream(shown) << actual;
        FAIL("what is printed differs from the golden file; it is in " << shown);
    }
}

}  // namespace vedette::secl::test
