// SPDX-License-Identifier: Apache-2.0
#include "security-agent/replay/test_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "security-agent/replay/event_values.h"
#include "security-agent/replay/rehearsal.h"
#include "security-agent/secl/suggest.h"

namespace vedette::replay {
namespace {

using Ids = std::vector<std::string>;

uint32_t line_of(const secl::SourceText& place) {
    return place.file->position(place.file_offset(0)).line;
}

bool has(const Ids& ids, const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string list_of(const Ids& ids) {
    return ids.empty() ? "no rule" : fmt::format("{}", fmt::join(ids, ", "));
}

class Run {
   public:
    Run(const RuleTest& test, Rehearsal& rehearsal, TestResult& result)
        : test_(test), rehearsal_(rehearsal), result_(result) {}

    void run() {
        for (const TestStep& step : test_.steps) {
            ++number_;
            if (!play(step))
                return;  // what follows would fail for the same reason
        }
    }

   private:
    bool play(const TestStep& step) {
        secl::Diagnostics diagnostics;
        const auto matched = rehearsal_.play(step.event, diagnostics);
        if (!matched) {
            for (const secl::Diagnostic& item : diagnostics.items())
                fail(step, item.message);
            return false;
        }
        if (step.expect) {
            const std::set<std::string> wanted(step.expect->begin(), step.expect->end());
            if (wanted != std::set<std::string>(matched->begin(), matched->end()))
                fail(step, fmt::format("expected {} to match, it was {}", list_of(*step.expect),
                                       list_of(*matched)));
        }
        for (const std::string& id : step.includes)
            if (!has(*matched, id))
                fail(step, fmt::format("{} does not match", id));
        for (const std::string& id : step.excludes)
            if (has(*matched, id))
                fail(step, fmt::format("{} matches", id));
        for (const EventVariable& variable : step.variables_after) {
            const auto difference = rehearsal_.differs(variable, diagnostics);
            if (!diagnostics.ok())
                fail(step, diagnostics.items().back().message);
            else if (difference)
                fail(step, *difference);
        }
        return true;
    }

    void fail(const TestStep& step, std::string message) {
        result_.failures.push_back(
            {number_, step.place.file->name(), line_of(step.place), std::move(message)});
    }

    const RuleTest& test_;
    Rehearsal& rehearsal_;
    TestResult& result_;
    size_t number_ = 0;
};

void cover(const RuleTest& test, Coverage& coverage) {
    for (const TestStep& step : test.steps) {
        if (step.expect)
            coverage.positive.insert(step.expect->begin(), step.expect->end());
        coverage.positive.insert(step.includes.begin(), step.includes.end());
        coverage.negative.insert(step.excludes.begin(), step.excludes.end());
    }
}

}  // namespace

std::vector<TestResult> run_tests(const TestFile& file,
                                  const std::shared_ptr<const policy::CompiledPolicies>& policies,
                                  Coverage& coverage) {
    std::vector<TestResult> results;
    for (const RuleTest& test : file.tests) {
        TestResult result;
        result.file = file.path;
        result.name = test.name;
        result.line = line_of(test.place);
        Rehearsal rehearsal(policies);
        Run(test, rehearsal, result).run();
        if (result.ok())
            cover(test, coverage);
        results.push_back(std::move(result));
    }
    return results;
}

std::vector<Untested> untested(const policy::CompiledPolicies& policies, const Coverage& coverage) {
    std::vector<Untested> out;
    for (const policy::PolicyReport& policy : policies.policies) {
        for (const policy::RuleReport& rule : policy.rules) {
            if (rule.status != policy::RuleStatus::kLoaded)
                continue;
            const Untested found{rule.id, coverage.positive.contains(rule.id),
                                 coverage.negative.contains(rule.id)};
            const bool known = std::any_of(out.begin(), out.end(), [&](const Untested& other) {
                return other.rule == rule.id;
            });
            if (!known && !(found.positive && found.negative))
                out.push_back(found);
        }
    }
    std::sort(out.begin(), out.end(),
              [](const Untested& a, const Untested& b) { return a.rule < b.rule; });
    return out;
}

void check_rule_ids(const TestFile& file, const policy::CompiledPolicies& policies,
                    secl::Diagnostics& diagnostics) {
    std::map<std::string, const policy::RuleReport*> known;
    for (const policy::PolicyReport& policy : policies.policies)
        for (const policy::RuleReport& rule : policy.rules)
            if (const auto [at, added] = known.emplace(rule.id, &rule);
                !added && rule.status == policy::RuleStatus::kLoaded)
                at->second = &rule;
    const auto check = [&](const TestStep& step, const Ids& ids) {
        for (const std::string& id : ids) {
            const auto found = known.find(id);
            if (found != known.end() && found->second->status == policy::RuleStatus::kLoaded)
                continue;
            secl::Suggestion suggestion(id);
            for (const auto& [name, rule] : known)
                suggestion.consider(name);
            diagnostics.add(
                secl::Severity::kError, step.place, {0, 0},
                found == known.end()
                    ? fmt::format("no rule has the id '{}'", printable_text(id))
                    : fmt::format("rule '{}' is not loaded: {}", id, found->second->message),
                found == known.end() ? suggestion.hint() : "");
        }
    };
    for (const RuleTest& test : file.tests)
        for (const TestStep& step : test.steps) {
            check(step, step.expect.value_or(Ids()));
            check(step, step.includes);
            check(step, step.excludes);
        }
}

}  // namespace vedette::replay
