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
#include <optional>

#include "security-agent/secl/diagnostics_json.h"

namespace vedette::cli {
namespace {

/// Nothing after an error.
std::optional<bool> evaluate(const RuleQuestion& question, QuestionReader& reader) {
    if (!reader.read())
        return std::nullopt;
    const secl::EvalContext context = reader.context();
    if (question.rule_id.empty()) {
        const auto expression = reader.expression();
        return expression ? std::optional(expression->test(context) == secl::Truth::kTrue)
                          : std::nullopt;
    }
    const policy::RuleInfo* rule = reader.rule();
    if (!rule)
        return std::nullopt;
    secl::EvalState state;
    const auto number = static_cast<uint32_t>(rule - reader.policies().rules.data());
    const auto matched = reader.policies().rule_set->evaluate(context, state).matched;
    return std::find(matched.begin(), matched.end(), number) != matched.end();
}

void write_json(const QuestionReader& reader, std::optional<bool> matched, std::ostream& out) {
    boost::json::object report;
    report["Succeeded"] = matched.value_or(false);
    if (reader.event())
        report["Event"] = reader.event()->to_json();
    if (!matched) {
        report["Error"] = secl::valid_utf8(reader.message());
        report["Diagnostics"] = secl::to_json(reader.diagnostics());
    }
    out << boost::json::serialize(report) << '\n';
}

}  // namespace

int run_policy_eval(const RuleQuestion& question, std::ostream& out, std::ostream& err) {
    QuestionReader reader(question);
    const std::optional<bool> matched = evaluate(question, reader);
    if (question.json)
        write_json(reader, matched, out);
    if (!matched) {
        err << secl::render(reader.diagnostics()) << "error: " << secl::valid_utf8(reader.message())
            << '\n';
        return kExitInvalidQuestion;
    }
    if (!question.json)
        out << fmt::format("{} {}\n",
                           question.rule_id.empty() ? "the expression" : question.rule_id,
                           *matched ? "matches" : "does not match");
    return 0;
}

void add_policy_eval(CLI::App& policy, int& exit_code) {
    const auto question = std::make_shared<RuleQuestion>();
    CLI::App* eval =
        policy.add_subcommand("eval", "Does a rule match an event that is written in a file?");
    add_rule_question(*eval, *question);
    eval->callback(
        [question, &exit_code] { exit_code = run_policy_eval(*question, std::cout, std::cerr); });
}

}  // namespace vedette::cli
