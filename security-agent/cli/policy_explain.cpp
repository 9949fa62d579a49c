// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_explain.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include "fields.gen.h"
#include "security-agent/secl/diagnostics_json.h"
#include "security-agent/secl/explain.h"
#include "security-agent/secl/filter_plan.h"
#include "security-agent/secl/filter_plan_fields.h"

namespace vedette::cli {
namespace {

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
    const char* stage = secl::tested_by_probe(event) ? "probe filter" : "kernel filter";
    if (filter == nullptr)
        return {stage, "drops",
                fmt::format("no rule is for {} events: they are not collected", event)};
    if (!filter->deny()) {
        const secl::AcceptReason& first = filter->accept_rules.front();
        const size_t more = filter->accept_rules.size() - 1;
        return {stage, "passes",
                fmt::format("all {} events are collected because of {}{}: {}", event, first.id,
                            more > 0 ? fmt::format(" and {} more", more) : "", first.reason)};
    }
    const secl::Approver* approver = approving(*filter, context);
    if (approver == nullptr)
        return {stage, "drops",
                fmt::format("none of the {} approvers of {} events holds", filter->approvers.size(),
                            event)};
    return {stage, "passes",
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

/// Nothing after an error.
std::optional<Explanation> explain_rule(const RuleQuestion& question, QuestionReader& reader,
                                        const secl::EvalContext& context) {
    Explanation out;
    out.title = fmt::format("rule {}", question.rule_id);
    if (const policy::RuleReport* filtered = filtered_rule(reader.policies(), question.rule_id);
        filtered && !find_rule(reader.policies(), question.rule_id)) {
        out.not_asked = "the rule is not in force";
        out.stages.push_back({"host filter", "drops", filtered->message});
        return out;
    }
    const policy::RuleInfo* rule = reader.rule();
    if (!rule)
        return std::nullopt;
    const policy::CompiledPolicies& policies = reader.policies();
    std::vector<std::string> ids;
    for (const policy::RuleInfo& each : policies.rules)
        ids.push_back(each.id);
    const auto number = static_cast<uint32_t>(rule - policies.rules.data());
    std::string other_events;
    for (const secl::NumberedRule& bound : policies.bound) {
        if (bound.number != number)
            continue;
        if (bound.rule.event == context.type)
            out.tree = secl::explain(bound.rule, context);
        else
            other_events += fmt::format("{}{}", other_events.empty() ? "" : ", ",
                                        reader.names().event_name(bound.rule.event));
    }
    if (!out.tree)
        out.not_asked = fmt::format("the rule is for {} events", other_events);
    const secl::FilterPlan plan = plan_filters(policies.bound, ids, engine::field_table());
    out.stages.push_back(kernel_stage(plan, context, reader.event()->type().name));
    out.stages.push_back({"host filter", "passes", "the rule is in force on this host"});
    return out;
}

std::optional<Explanation> explain_expression(QuestionReader& reader,
                                              const secl::EvalContext& context) {
    const auto compiled = reader.expression();
    if (!compiled)
        return std::nullopt;
    Explanation out;
    out.title = "the expression";
    const secl::BoundValue& bound = compiled->bound();
    out.tree =
        secl::explain(std::get<secl::Condition>(bound.value), bound.registers.size(), context);
    // By itself it may be no rule: one is for events of one type.
    const secl::CompiledRules alone = reader.compiler().rules({&reader.source(), 1});
    if (alone.outcomes.front().ok) {
        const auto plan = plan_filters(alone.bound, {&out.title, 1}, engine::field_table());
        out.stages.push_back(kernel_stage(plan, context, reader.event()->type().name));
    }
    return out;
}

std::optional<Explanation> explain(const RuleQuestion& question, QuestionReader& reader) {
    if (!reader.read())
        return std::nullopt;
    const secl::EvalContext context = reader.context();
    auto out = question.rule_id.empty() ? explain_expression(reader, context)
                                        : explain_rule(question, reader, context);
    if (out)
        out->stages.push_back(
            {"rate limiter", "unknown", "it counts events, of which this is only one"});
    return out;
}

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

void write_json(const RuleQuestion& question, const QuestionReader& reader,
                const std::optional<Explanation>& explanation, std::ostream& out) {
    boost::json::object report;
    if (!question.rule_id.empty())
        report["rule"] = secl::valid_utf8(question.rule_id);
    if (reader.event())
        report["event"] = reader.event()->to_json();
    if (!explanation) {
        report["error"] = secl::valid_utf8(reader.message());
        report["diagnostics"] = secl::to_json(reader.diagnostics());
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

int run_policy_explain(const RuleQuestion& question, bool colour, std::ostream& out,
                       std::ostream& err) {
    QuestionReader reader(question);
    const std::optional<Explanation> explanation = explain(question, reader);
    if (question.json)
        write_json(question, reader, explanation, out);
    if (!explanation) {
        err << secl::render(reader.diagnostics()) << "error: " << secl::valid_utf8(reader.message())
            << '\n';
        return kExitInvalidQuestion;
    }
    if (!question.json)
        write_text(*explanation, reader.event()->type().name, colour, out);
    return 0;
}

void add_policy_explain(CLI::App& policy, int& exit_code) {
    const auto question = std::make_shared<RuleQuestion>();
    CLI::App* explain = policy.add_subcommand(
        "explain", "Why does a rule match an event that is written in a file, or not?");
    add_rule_question(*explain, *question);
    explain->callback([question, &exit_code] {
        exit_code = run_policy_explain(*question, isatty(STDOUT_FILENO) == 1, std::cout, std::cerr);
    });
}

}  // namespace vedette::cli
