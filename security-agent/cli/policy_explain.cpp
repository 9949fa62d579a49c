// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_explain.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>
#include <memory_resource>
#include <optional>
#include <utility>
#include <vector>

#include "fields.gen.h"
#include "security-agent/replay/event_file.h"
#include "security-agent/replay/event_variables.h"
#include "security-agent/replay/json_tree.h"
#include "security-agent/secl/compiler.h"
#include "security-agent/secl/diagnostics_json.h"
#include "security-agent/secl/explain.h"
#include "security-agent/secl/filter_plan.h"

namespace vedette::cli {
namespace {

constexpr int kExitInvalid = 2;

/// What may come between an event and an alert.
struct Stage {
    std::string_view name;
    std::string_view result;  ///< "passes", "drops", "unknown"
    std::string why;
};

struct Explanation {
    std::string title;
    std::optional<secl::Explained> tree;  ///< none: the rule was not asked
    std::string not_asked;                ///< why
    std::vector<Stage> stages;

    std::string_view verdict() const {
        if (!tree || tree->truth == secl::Truth::kFalse)
            return "not matched";
        return tree->truth == secl::Truth::kTrue ? "matched" : "undecided";
    }
};

Stage kernel_stage(const secl::FilterPlan& plan, const secl::EvalContext& context,
                   std::string_view event) {
    const secl::EventFilter* filter = plan.find(context.type);
    if (filter == nullptr)
        return {"kernel filter", "drops",
                fmt::format("no rule is for {} events: they are not collected", event)};
    if (!filter->deny()) {
        const secl::AcceptReason& first = filter->accept_rules.front();
        const size_t more = filter->accept_rules.size() - 1;
        return {"kernel filter", "passes",
                fmt::format("all {} events are collected because of {}{}: {}", event, first.id,
                            more > 0 ? fmt::format(" and {} more", more) : "", first.reason)};
    }
    const secl::Approver* approver = approving(*filter, context);
    if (approver == nullptr)
        return {"kernel filter", "drops",
                fmt::format("none of the {} approvers of {} events holds", filter->approvers.size(),
                            event)};
    return {"kernel filter", "passes",
            fmt::format("{} is {} ({})", approver->field->name, value_text(*approver),
                        type_name(*approver))};
}

const policy::RuleReport* filtered_rule(const policy::CompiledPolicies& policies,
                                        const std::string& id) {
    for (const policy::PolicyReport& policy : policies.policies)
        for (const policy::RuleReport& rule : policy.rules)
            if (rule.id == id && rule.status == policy::RuleStatus::kFiltered)
                return &rule;
    return nullptr;
}

class Explainer {
   public:
    explicit Explainer(const PolicyExplainOptions& options)
        : options_(options), names_(engine::field_table()) {}

    /// Nothing after an error.
    std::optional<Explanation> run() {
        if (!read_event() || !read_policies())
            return std::nullopt;
        const replay::EventVariables set(*event_, *variables(), diagnostics);
        if (!diagnostics.ok())
            return refuse("the variables of the event are not valid");
        std::pmr::monotonic_buffer_resource scratch;
        secl::EvalContext context = replay::context_of(*event_, scratch);
        context.variables = &set;
        auto out = options_.rule_id.empty() ? expression(context) : rule(context);
        if (out)
            out->stages.push_back(
                {"rate limiter", "unknown", "it counts events, of which this is only one"});
        return out;
    }

    const replay::EventFile* event() const { return event_.get(); }

    std::string message;            ///< what was wrong
    secl::Diagnostics diagnostics;  ///< more of it

   private:
    std::nullopt_t refuse(std::string why) {
        message = std::move(why);
        return std::nullopt;
    }

    bool read_event() {
        Result<std::string> text = read_input(options_.event_file, replay::kMaxJsonBytes);
        if (!text) {
            message = text.error().message;
            return false;
        }
        const auto file = std::make_shared<secl::SourceFile>(
            options_.event_file == "-" ? "standard input" : options_.event_file, std::move(*text));
        event_ = replay::parse_event(file, names_, diagnostics);
        if (!event_)
            message = "the event is not valid";
        return event_ != nullptr;
    }

    bool read_policies() {
        if (options_.rule_id.empty() && options_.policies.path.empty())
            return true;
        auto compiled = compile(options_.policies);
        if (!compiled) {
            message = compiled.error().message;
            return false;
        }
        policies_ = std::move(*compiled);
        variables_ = policies_->variables;
        return true;
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

    std::optional<Explanation> rule(const secl::EvalContext& context) {
        Explanation out;
        out.title = fmt::format("rule {}", options_.rule_id);
        const policy::RuleInfo* rule = find_rule(*policies_, options_.rule_id);
        if (!rule) {
            if (const policy::RuleReport* filtered = filtered_rule(*policies_, options_.rule_id)) {
                out.not_asked = "the rule is not in force";
                out.stages.push_back({"host filter", "drops", filtered->message});
                return out;
            }
            for (const secl::Diagnostic& item : policies_->diagnostics.items())
                if (item.subject == options_.rule_id)
                    diagnostics.add(item);
            return refuse(why_not_loaded(*policies_, options_.rule_id));
        }
        std::vector<std::string> ids;
        for (const policy::RuleInfo& each : policies_->rules)
            ids.push_back(each.id);
        const auto number = static_cast<uint32_t>(rule - policies_->rules.data());
        std::string other_events;
        for (const secl::NumberedRule& bound : policies_->bound) {
            if (bound.number != number)
                continue;
            if (bound.rule.event == context.type)
                out.tree = secl::explain(bound.rule, context);
            else
                other_events += fmt::format("{}{}", other_events.empty() ? "" : ", ",
                                            names_.event_name(bound.rule.event));
        }
        if (!out.tree)
            out.not_asked = fmt::format("the rule is for {} events", other_events);
        const secl::FilterPlan plan = plan_filters(policies_->bound, ids, engine::field_table());
        out.stages.push_back(kernel_stage(plan, context, event_->type().name));
        out.stages.push_back({"host filter", "passes", "the rule is in force on this host"});
        return out;
    }

    std::optional<Explanation> expression(const secl::EvalContext& context) {
        policy::LoadedPolicies loaded;
        if (!options_.policies.path.empty())
            if (auto again =
                    policy::load_policies(options_.policies.path, load_options(options_.policies)))
                loaded = std::move(*again);
        secl::Compiler compiler(engine::field_table(), loaded.macros, *variables());
        const secl::RuleSource source{"expression",
                                      secl::source_from_string("expression", options_.expression)};
        const auto compiled = compiler.condition(source, context.type, diagnostics);
        if (!compiled)
            return refuse("the expression is not valid");
        Explanation out;
        out.title = "the expression";
        const secl::BoundValue& bound = compiled->bound();
        out.tree =
            secl::explain(std::get<secl::Condition>(bound.value), bound.registers.size(), context);
        // By itself it may be no rule: one is for events of one type.
        const secl::CompiledRules alone = compiler.rules({&source, 1});
        if (alone.outcomes.front().ok) {
            const std::string id = "the expression";
            const auto plan = plan_filters(alone.bound, {&id, 1}, engine::field_table());
            out.stages.push_back(kernel_stage(plan, context, event_->type().name));
        }
        return out;
    }

    const PolicyExplainOptions& options_;
    secl::FieldNames names_;
    std::shared_ptr<const replay::EventFile> event_;
    std::shared_ptr<const policy::CompiledPolicies> policies_;
    std::shared_ptr<const secl::VariableTable> variables_;
};

void write_text(const Explanation& explanation, std::string_view event, bool colour,
                std::ostream& out) {
    out << fmt::format("{} on this {} event: {}\n", secl::valid_utf8(explanation.title), event,
                       explanation.verdict());
    out << '\n'
        << (explanation.tree ? secl::render(*explanation.tree, colour)
                             : "  " + explanation.not_asked + "\n")
        << '\n';
    for (const Stage& stage : explanation.stages)
        out << fmt::format("{} ({}): {}\n", stage.name, stage.result, secl::valid_utf8(stage.why));
}

void write_json(const Explainer& explainer, const std::optional<Explanation>& explanation,
                const PolicyExplainOptions& options, std::ostream& out) {
    boost::json::object report;
    if (!options.rule_id.empty())
        report["rule"] = secl::valid_utf8(options.rule_id);
    if (explainer.event())
        report["event"] = explainer.event()->to_json();
    if (!explanation) {
        report["error"] = secl::valid_utf8(explainer.message);
        report["diagnostics"] = secl::to_json(explainer.diagnostics);
        out << boost::json::serialize(report) << '\n';
        return;
    }
    report["result"] = explanation->verdict();
    if (explanation->tree)
        report["tree"] = secl::to_json(*explanation->tree);
    else
        report["not_asked"] = explanation->not_asked;
    boost::json::array stages;
    for (const Stage& stage : explanation->stages)
        stages.push_back({{"stage", stage.name},
                          {"result", stage.result},
                          {"reason", secl::valid_utf8(stage.why)}});
    report["stages"] = std::move(stages);
    out << boost::json::serialize(report) << '\n';
}

}  // namespace

int run_policy_explain(const PolicyExplainOptions& options, std::ostream& out, std::ostream& err) {
    use_default_private_ranges();
    Explainer explainer(options);
    const std::optional<Explanation> explanation = explainer.run();
    if (options.json)
        write_json(explainer, explanation, options, out);
    if (!explanation) {
        err << secl::render(explainer.diagnostics)
            << "error: " << secl::valid_utf8(explainer.message) << '\n';
        return kExitInvalid;
    }
    if (!options.json)
        write_text(*explanation, explainer.event()->type().name, options.colour, out);
    return 0;
}

void add_policy_explain(CLI::App& policy, int& exit_code) {
    const auto options = std::make_shared<PolicyExplainOptions>();
    CLI::App* explain = policy.add_subcommand(
        "explain", "Why does a rule match an event that is written in a file, or not?");
    add_policy_source(*explain, options->policies);
    CLI::Option* rule =
        explain->add_option("--rule-id", options->rule_id, "Rule of the policies")->type_name("ID");
    explain
        ->add_option("--expression", options->expression,
                     "Expression instead of a rule; macros and variables are those of the "
                     "policies, when some are named")
        ->type_name("EXPR")
        ->excludes(rule);
    explain
        ->add_option("--event-file", options->event_file, "The event as JSON; - for standard input")
        ->type_name("FILE")
        ->required();
    explain->add_flag("--json", options->json, "The explanation as JSON");
    explain->callback([options, &exit_code] {
        if (options->rule_id.empty() && options->expression.empty())
            throw CLI::RequiredError("--rule-id or --expression");
        options->colour = isatty(STDOUT_FILENO) == 1;
        exit_code = run_policy_explain(*options, std::cout, std::cerr);
    });
}

}  // namespace vedette::cli
