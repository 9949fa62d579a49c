// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a rule: lexer, parser, printer, binder, compiler, and one evaluation. What it asserts: a tree that
// was printed parses again to the same text, and errors are said.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <string>

#include "security-agent/secl/bound_eval.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/parser.h"
#include "security-agent/secl/printer.h"

namespace {

using namespace vedette;
using namespace vedette::secl;

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

int64_t zero(const void*) {
    return 0;
}
std::string_view text(const void*, Scratch&) {
    return "/tmp/a";
}
void texts(const void*, Scratch&, StringList& out) {
    out = {"a", "bc"};
}

class Table : public FieldTable {
   public:
    std::span<const FieldDef> fields() const override { return fields_; }
    std::span<const EventTypeDef> events() const override { return events_; }
    std::span<const AliasDef> aliases() const override { return {}; }

   private:
    static FieldDef field(std::string_view name, ValueType type, Subject subject, Getter get) {
        FieldDef out;
        out.name = name;
        out.type = type;
        out.subject = subject;
        out.get = get;
        out.event = subject == Subject::kEvent ? 1 : kAnyEvent;
        out.is_list = std::holds_alternative<StringListGetter>(get);
        out.matching = name.ends_with(".path") ? Matching::kPath : Matching::kPlain;
        return out;
    }
    std::array<FieldDef, 6> fields_ = {
        field("open.addr", ValueType::kIp, Subject::kEvent, &text),
        field("open.file.path", ValueType::kString, Subject::kEvent, &text),
        field("open.flags", ValueType::kInt, Subject::kEvent, &zero),
        field("process.ancestors.file.name", ValueType::kString, Subject::kAncestor, &text),
        field("process.ancestors.pid", ValueType::kInt, Subject::kAncestor, &zero),
        field("process.argv", ValueType::kString, Subject::kProcess, &texts),
    };
    std::array<EventTypeDef, 1> events_ = {EventTypeDef{1, "open", "", ""}};
};

std::span<const void* const> two_ancestors(const EvalContext& context, Subject) {
    return {static_cast<const void* const*>(context.owner), 2};
}

void check_printing(const SourceText& source) {
    Diagnostics diagnostics;
    const ast::NodePtr tree = parse_macro(source, diagnostics);
    require((tree == nullptr) == (diagnostics.errors() > 0),
            "a parse fails if and only if it says an error");
    require(render(diagnostics).find('\x1b') == std::string::npos,
            "a diagnostic writes an escape sequence");
    if (!tree) {
        return;
    }
    const std::string printed = print(*tree);
    Diagnostics again;
    const ast::NodePtr second = parse_macro(source_from_string("printed", printed), again);
    require(second != nullptr, "what was printed does not parse");
    require(print(*second) == printed, "printing is not stable");
}

const VariableTable& variables() {
    struct Declared : VariableTable {
        Declared() {
            for (const ValueType type : {ValueType::kInt, ValueType::kString, ValueType::kIp}) {
                for (const bool list : {false, true}) {
                    Variable variable;
                    variable.name = std::string(list ? "process.v" : "v") +
                                    std::to_string(static_cast<int>(type));
                    variable.type = type;
                    variable.is_list = list;
                    add(std::move(variable));
                }
            }
        }
    };
    static const Declared kDeclared;
    return kDeclared;
}

void check_value(Compiler& compiler, const RuleSource& source, const EvalContext& context) {
    Diagnostics diagnostics;
    const auto value = compiler.value(source, kAnyEvent, diagnostics);
    require((value == nullptr) == (diagnostics.errors() > 0),
            "a value fails if and only if it says an error");
    if (value) {
        SlotValues values;
        value->value(context, values);
        require(value->is_list() || values.strings.size() + values.ints.size() == 1,
                "what is no list has one value");
    }
}

bool holds(const CompiledRules& compiled, uint32_t number, const EvalContext& context) {
    return std::any_of(compiled.bound.begin(), compiled.bound.end(), [&](const NumberedRule& r) {
        return r.number == number && r.rule.event == context.type &&
               secl::evaluate(r.rule, context) == Truth::kTrue;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Table kTable;
    static EvalState state;
    const std::string input(reinterpret_cast<const char*>(data), size);
    const SourceText source = source_from_string("fuzz", input);
    check_printing(source);

    std::array<MacroSource, 2> macros;
    macros[0].id = "M";
    macros[0].body = source;
    macros[1].id = "LIST";
    macros[1].body = std::vector<std::string>{"a", "/b"};
    const std::array<RuleSource, 2> rules = {
        RuleSource{"direct", source},
        RuleSource{"macro", source_from_string("m", "open.flags in M || !M")}};
    Compiler compiler(kTable, macros, variables());
    const CompiledRules compiled = compiler.rules(rules);
    for (const RuleOutcome& outcome : compiled.outcomes) {
        require(outcome.ok == outcome.message.empty(), "a rule fails if and only if it says why");
    }
    std::pmr::monotonic_buffer_resource scratch;
    const std::array<const void*, 2> ancestors = {&kTable, &kTable};
    EvalContext context;
    context.type = 1;
    context.elements = &two_ancestors;
    context.owner = const_cast<void*>(static_cast<const void*>(ancestors.data()));
    context.scratch = &scratch;
    const Matches found = compiled.rules->evaluate(context, state);
    for (uint32_t number = 0; number < rules.size(); ++number) {
        const bool matched = std::binary_search(found.matched.begin(), found.matched.end(), number);
        require(matched == holds(compiled, number, context),
                "the index and the tree walk say the same");
    }
    check_value(compiler, rules[0], context);
    return 0;
}
