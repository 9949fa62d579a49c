// SPDX-License-Identifier: Apache-2.0
//
// Loaded rules to rules in force. A rule is refused as a whole: when its variables clash with another's, when its
// expression does not compile, when one of its actions does not. What is left is compiled once more, so that numbers
// have no holes.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "security-agent/policy/compile_actions.h"
#include "security-agent/policy/declare.h"
#include "security-agent/policy/loader.h"
#include "security-agent/policy/not_filled.h"
#include "security-agent/secl/parser.h"

namespace vedette::policy {
namespace {

using secl::Diagnostics;

class PolicyCompiler {
   public:
    PolicyCompiler(LoadedPolicies loaded, const secl::FieldTable& fields)
        : fields_(fields),
          sources_(std::make_shared<PolicySources>()),
          parts_(std::move(loaded.parts)),
          failed_(loaded.rules.size(), false) {
        sources_->rules = std::move(loaded.rule_sources);
        sources_->macros = std::move(loaded.macros);
        out_.rules = std::move(loaded.rules);
        out_.policies = std::move(loaded.policies);
        out_.diagnostics = std::move(loaded.diagnostics);
    }

    CompiledPolicies run() {
        const secl::FieldNames names(fields_);
        declare_variables(names);
        drop_failed();
        secl::Compiler compiler(fields_, sources_->macros, *out_.variables);
        secl::CompiledRules compiled = compiler.rules(sources_->rules);
        out_.diagnostics.append(compiled.diagnostics);
        check_outcomes(compiled);
        compile_actions(compiler, names, compiled);
        if (drop_failed()) {
            compiled = compiler.rules(sources_->rules);
        }
        out_.rule_set = std::move(compiled.rules);
        out_.bound = std::move(compiled.bound);
        out_.sources = sources_;
        warn_of_missing();
        sort_diagnostics();
        std::for_each(out_.policies.begin(), out_.policies.end(), settle_status);
        return std::move(out_);
    }

   private:
    // The default policy's rules say first what a variable is, then the others by id: where a rule stands in its file
    // plays no part.
    void declare_variables(const secl::FieldNames& names) {
        VariableDeclarations variables(names, sources_->macros, out_.diagnostics);
        std::vector<size_t> order(out_.rules.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
            return std::forward_as_tuple(!parts_[a].is_default, out_.rules[a].id) <
                   std::forward_as_tuple(!parts_[b].is_default, out_.rules[b].id);
        });
        for (const size_t rule : order) {
            for (const ActionDefinition& action : parts_[rule].actions) {
                if (const auto* set = std::get_if<SetDefinition>(&action.what)) {
                    const std::string error = variables.declare(*set, out_.rules[rule].id);
                    if (!error.empty()) {
                        fail(rule, RuleError::kOther, error);
                    }
                }
            }
        }
        out_.variables = variables.finish();
    }

    void check_outcomes(const secl::CompiledRules& compiled) {
        for (size_t rule = 0; rule < compiled.outcomes.size(); ++rule) {
            if (compiled.outcomes[rule].ok) {
                continue;
            }
            const secl::RuleSource& source = sources_->rules[rule];
            Diagnostics again;
            const bool parsed = secl::parse_expression(source.expression, again) != nullptr;
            fail(rule, parsed ? RuleError::kOther : RuleError::kSyntax,
                 compiled.outcomes[rule].message);
        }
    }

    void compile_actions(secl::Compiler& compiler, const secl::FieldNames& names,
                         const secl::CompiledRules& compiled) {
        ActionCompiler actions(compiler, names, *out_.variables, sources_->actions,
                               out_.diagnostics);
        std::vector<size_t> meanings(out_.rules.size(),
                                     0);  // events of each: fim.write has several
        for (const secl::NumberedRule& rule : compiled.bound) {
            ++meanings[rule.number];
        }
        for (size_t rule = 0; rule < out_.rules.size(); ++rule) {
            if (failed_[rule]) {
                continue;
            }
            const auto event = meanings[rule] > 1 ? secl::kAnyEvent : compiled.outcomes[rule].event;
            const std::string error = actions.compile(out_.rules[rule], parts_[rule], event);
            if (!error.empty()) {
                fail(rule, RuleError::kOther, error);
            }
        }
    }

    void fail(size_t rule, RuleError error, const std::string& message) {
        if (failed_[rule]) {
            return;
        }
        failed_[rule] = true;
        auto places = out_.rules[rule].changed_by;
        places.emplace_back(out_.rules[rule].policy, out_.rules[rule].report);
        for (const auto& [policy, report] : places) {
            RuleReport& out = out_.policies[policy].rules[report];
            out.status = RuleStatus::kError;
            out.error = error;
            out.message = message;
        }
    }

    // False when there are none.
    bool drop_failed() {
        size_t kept = 0;
        for (size_t rule = 0; rule < failed_.size(); ++rule) {
            if (failed_[rule]) {
                continue;
            }
            if (kept != rule) {
                out_.rules[kept] = std::move(out_.rules[rule]);
                parts_[kept] = std::move(parts_[rule]);
                sources_->rules[kept] = std::move(sources_->rules[rule]);
            }
            ++kept;
        }
        const bool any = kept != failed_.size();
        out_.rules.resize(kept);
        parts_.resize(kept);
        sources_->rules.resize(kept);
        failed_.assign(kept, false);
        return any;
    }

    void warn_of_missing() {
        std::map<uint32_t, std::vector<size_t>> by_rule;
        const auto& bound = out_.bound;
        for (size_t first = 0; first < bound.size();) {
            size_t end = first + 1;
            while (end < bound.size() && bound[end].number == bound[first].number) {
                ++end;
            }
            const uint32_t rule = bound[first].number;
            const std::string missing =
                missing_here(std::span(bound).subspan(first, end - first), fields_);
            if (!missing.empty()) {
                out_.diagnostics.add(secl::Severity::kWarning, sources_->rules[rule].expression,
                                     {0, 1}, missing, "the rule is loaded and waits for it",
                                     out_.rules[rule].id);
            }
            first = end;
        }
    }

    // As the files are read: by file, line and column. What is only counted cannot be sorted in.
    void sort_diagnostics() {
        if (out_.diagnostics.dropped() > 0) {
            return;
        }
        std::map<std::string_view, size_t> order;
        for (const PolicyReport& policy : out_.policies) {
            order.emplace(policy.path, order.size());
        }
        std::vector<secl::Diagnostic> items = out_.diagnostics.items();
        std::stable_sort(items.begin(), items.end(),
                         [&](const secl::Diagnostic& a, const secl::Diagnostic& b) {
                             return std::make_tuple(order[a.file], a.line, a.column) <
                                    std::make_tuple(order[b.file], b.line, b.column);
                         });
        Diagnostics sorted;
        for (secl::Diagnostic& item : items) {
            sorted.add(std::move(item));
        }
        out_.diagnostics = std::move(sorted);
    }

    // A policy is as good as its rules: known once they are compiled.
    static void settle_status(PolicyReport& policy) {
        const auto failed =
            std::count_if(policy.rules.begin(), policy.rules.end(),
                          [](const RuleReport& rule) { return rule.status == RuleStatus::kError; });
        if (failed == 0 || policy.status == PolicyStatus::kError) {
            return;
        }
        const bool all = failed == static_cast<std::ptrdiff_t>(policy.rules.size());
        policy.status = all ? PolicyStatus::kError : PolicyStatus::kPartiallyLoaded;
        policy.message = fmt::format("{} of {} rules failed", failed, policy.rules.size());
    }

    const secl::FieldTable& fields_;
    std::shared_ptr<PolicySources> sources_;
    std::vector<RuleParts> parts_;
    std::vector<bool> failed_;
    CompiledPolicies out_;
};

}  // namespace

bool CompiledPolicies::ok() const {
    return diagnostics.ok() &&
           std::all_of(policies.begin(), policies.end(), [](const PolicyReport& policy) {
               return policy.status == PolicyStatus::kLoaded;
           });
}

CompiledPolicies compile_policies(LoadedPolicies loaded, const secl::FieldTable& fields) {
    return PolicyCompiler(std::move(loaded), fields).run();
}

}  // namespace vedette::policy
