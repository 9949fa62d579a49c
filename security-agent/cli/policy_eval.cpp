// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_eval.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>
#include <memory_resource>
#include <optional>
#include <utility>
#include <vector>

#include "fields.gen.h"
#include "security-agent/cli/runtime_commands.h"
#include "security-agent/replay/event_file.h"
#include "security-agent/replay/event_variables.h"
#include "security-agent/replay/json_tree.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/diagnostics_json.h"

namespace vedette::cli {
namespace {

using replay::EventFile;

constexpr int kExitInvalid = 2;

/// What was wrong: a sentence, or diagnostics.
struct Complaint {
    std::string message;
    secl::Diagnostics diagnostics;
};

class Evaluation {
   public:
    explicit Evaluation(const PolicyEvalOptions& options)
        : options_(options), names_(engine::field_table()) {}

    bool read_event() {
        Result<std::string> text = read_input(options_.event_file, replay::kMaxJsonBytes);
        if (!text)
            return refuse(text.error().message);
        const auto file = std::make_shared<secl::SourceFile>(
            options_.event_file == "-" ? "standard input" : options_.event_file, std::move(*text));
        event_ = replay::parse_event(file, names_, complaint_.diagnostics);
        return event_ || refuse("the event is not valid");
    }

    bool read_policies() {
        if (options_.rule_id.empty() && options_.policies.path.empty())
            return true;
        auto compiled = compile(options_.policies);
        if (!compiled)
            return refuse(compiled.error().message);
        policies_ = std::move(*compiled);
        if (policies_->variables)
            variables_ = policies_->variables;
        return true;
    }

    /// Nothing after an error.
    std::optional<bool> evaluate() {
        const replay::EventVariables set(*event_, *variables(), complaint_.diagnostics);
        if (!complaint_.diagnostics.ok()) {
            refuse("the variables of the event are not valid");
            return std::nullopt;
        }
        std::pmr::monotonic_buffer_resource scratch;
        secl::EvalContext context = replay::context_of(*event_, scratch);
        context.variables = &set;
        return options_.rule_id.empty() ? evaluate_expression(context) : evaluate_rule(context);
    }

    const EventFile* event() const { return event_.get(); }
    const Complaint& complaint() const { return complaint_; }

   private:
    bool refuse(std::string message) {
        complaint_.message = std::move(message);
        return false;
    }

    /// Those of the policies; without any, what the event sets.
    const secl::VariableTable* variables() {
        if (!variables_) {
            auto declared = std::make_shared<secl::VariableTable>();
            replay::declare_variables(*event_, *declared);
            variables_ = std::move(declared);
        }
        return variables_.get();
    }

    std::optional<bool> evaluate_rule(const secl::EvalContext& context) {
        const policy::RuleInfo* rule = find_rule(*policies_, options_.rule_id);
        if (!rule) {
            for (const secl::Diagnostic& item : policies_->diagnostics.items())
                if (item.subject == options_.rule_id)
                    complaint_.diagnostics.add(item);
            refuse(why_not_loaded(*policies_, options_.rule_id));
            return std::nullopt;
        }
        secl::EvalState state;
        const auto number = static_cast<uint32_t>(rule - policies_->rules.data());
        const auto matched = policies_->rule_set->evaluate(context, state).matched;
        return std::find(matched.begin(), matched.end(), number) != matched.end();
    }

    std::optional<bool> evaluate_expression(const secl::EvalContext& context) {
        policy::LoadedPolicies loaded;
        if (!options_.policies.path.empty())
            if (auto again =
                    policy::load_policies(options_.policies.path, load_options(options_.policies)))
                loaded = std::move(*again);
        secl::Compiler compiler(engine::field_table(), loaded.macros, *variables());
        const secl::RuleSource source{"",
                                      secl::source_from_string("expression", options_.expression)};
        const auto expression =
            compiler.condition(source, event_->type().id, complaint_.diagnostics);
        if (!expression) {
            refuse("the expression is not valid");
            return std::nullopt;
        }
        return expression->test(context) == secl::Truth::kTrue;
    }

    const PolicyEvalOptions& options_;
    secl::FieldNames names_;
    std::shared_ptr<const EventFile> event_;
    std::shared_ptr<const policy::CompiledPolicies> policies_;
    std::shared_ptr<const secl::VariableTable> variables_;
    Complaint complaint_;
};

void write_json(const Evaluation& evaluation, std::optional<bool> matched, std::ostream& out) {
    boost::json::object report;
    report["Succeeded"] = matched.value_or(false);
    if (evaluation.event())
        report["Event"] = evaluation.event()->to_json();
    if (!matched) {
        report["Error"] = secl::valid_utf8(evaluation.complaint().message);
        report["Diagnostics"] = secl::to_json(evaluation.complaint().diagnostics);
    }
    out << boost::json::serialize(report) << '\n';
}

}  // namespace

int run_policy_eval(const PolicyEvalOptions& options, std::ostream& out, std::ostream& err) {
    use_default_private_ranges();
    Evaluation evaluation(options);
    std::optional<bool> matched;
    if (evaluation.read_event() && evaluation.read_policies())
        matched = evaluation.evaluate();
    if (options.json)
        write_json(evaluation, matched, out);
    if (!matched) {
        err << secl::render(evaluation.complaint().diagnostics)
            << "error: " << secl::valid_utf8(evaluation.complaint().message) << '\n';
        return kExitInvalid;
    }
    if (!options.json)
        out << fmt::format("{} {}\n", options.rule_id.empty() ? "the expression" : options.rule_id,
                           *matched ? "matches" : "does not match");
    return 0;
}

void add_policy_eval(CLI::App& policy, int& exit_code) {
    const auto options = std::make_shared<PolicyEvalOptions>();
    CLI::App* eval =
        policy.add_subcommand("eval", "Does a rule match an event that is written in a file?");
    add_policy_source(*eval, options->policies);
    CLI::Option* rule =
        eval->add_option("--rule-id", options->rule_id, "Rule of the policies")->type_name("ID");
    eval->add_option("--expression", options->expression,
                     "Expression instead of a rule; macros and variables are those of the "
                     "policies, when some are named")
        ->type_name("EXPR")
        ->excludes(rule);
    eval->add_option("--event-file", options->event_file, "The event as JSON; - for standard input")
        ->type_name("FILE")
        ->required();
    eval->add_flag("--json", options->json, "The result as JSON");
    eval->callback([options, &exit_code] {
        if (options->rule_id.empty() && options->expression.empty())
            throw CLI::RequiredError("--rule-id or --expression");
        exit_code = run_policy_eval(*options, std::cout, std::cerr);
    });
}

}  // namespace vedette::cli
