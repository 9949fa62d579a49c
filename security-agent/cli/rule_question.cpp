// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/rule_question.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <utility>

#include "fields.gen.h"
#include "security-agent/replay/json_tree.h"

namespace vedette::cli {

void add_rule_question(CLI::App& command, RuleQuestion& question) {
    add_policy_source(command, question.policies);
    CLI::Option_group* what = command.add_option_group("what");
    what->add_option("--rule-id", question.rule_id, "Rule of the policies")->type_name("ID");
    what->add_option("--expression", question.expression,
                     "Expression instead of a rule; macros and variables are those of the "
                     "policies, when some are named")
        ->type_name("EXPR");
    what->require_option(1);
    command
        .add_option("--event-file", question.event_file, "The event as JSON; - for standard input")
        ->type_name("FILE")
        ->required();
    command.add_flag("--json", question.json, "The answer as JSON");
}

QuestionReader::QuestionReader(const RuleQuestion& question)
    : question_(question),
      names_(engine::field_table()),
      source_{"expression", secl::source_from_string("expression", question.expression)} {
    use_default_private_ranges();
}

bool QuestionReader::read() {
    return read_event() && read_policies() && read_variables();
}

bool QuestionReader::refuse(std::string why) {
    message_ = std::move(why);
    return false;
}

bool QuestionReader::read_event() {
    Result<std::string> text = read_input(question_.event_file, replay::kMaxJsonBytes);
    if (!text)
        return refuse(text.error().message);
    const auto file = std::make_shared<secl::SourceFile>(
        question_.event_file == "-" ? "standard input" : question_.event_file, std::move(*text));
    event_ = replay::parse_event(file, names_, diagnostics_);
    return event_ || refuse("the event is not valid");
}

bool QuestionReader::read_policies() {
    if (question_.rule_id.empty() && question_.policies.path.empty()) {
        policies_ = std::make_shared<const policy::CompiledPolicies>(
            policy::compile_policies({}, engine::field_table()));
        return true;
    }
    auto compiled = compile(question_.policies);
    if (!compiled)
        return refuse(compiled.error().message);
    policies_ = std::move(*compiled);
    return true;
}

// Variables are those of the policies; where none are named, what the event sets.
bool QuestionReader::read_variables() {
    variables_ = policies_->variables;
    if (question_.rule_id.empty() && question_.policies.path.empty()) {
        auto declared = std::make_shared<secl::VariableTable>();
        replay::declare_variables(*event_, *declared);
        variables_ = std::move(declared);
    }
    values_.emplace(*event_, *variables_, diagnostics_);
    compiler_.emplace(engine::field_table(), policies_->sources->macros, *variables_);
    return diagnostics_.ok() || refuse("the variables of the event are not valid");
}

secl::EvalContext QuestionReader::context() {
    secl::EvalContext context = replay::context_of(*event_, scratch_);
    context.variables = &*values_;
    return context;
}

const policy::RuleInfo* QuestionReader::rule() {
    const policy::RuleInfo* rule = find_rule(*policies_, question_.rule_id);
    if (rule)
        return rule;
    for (const secl::Diagnostic& item : policies_->diagnostics.items())
        if (item.subject == question_.rule_id)
            diagnostics_.add(item);
    refuse(why_not_loaded(*policies_, question_.rule_id));
    return nullptr;
}

std::shared_ptr<const secl::Expression> QuestionReader::expression() {
    auto expression = compiler_->condition(source_, event_->type().id, diagnostics_);
    if (!expression)
        refuse("the expression is not valid");
    return expression;
}

}  // namespace vedette::cli
