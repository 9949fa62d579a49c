// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a policy file. What it asserts: whatever fails says so, every diagnostic lies within the file, and what
// is loaded can be evaluated and reported.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "security-agent/policy/loader.h"
#include "security-agent/policy/report_json.h"
#include "tests/unit/secl/fake_fields.h"

namespace {

using namespace vedette;

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

// Every action of every rule, on an event where nothing is set.
void evaluate(const policy::CompiledPolicies& compiled) {
    secl::test::FakeEvent event;
    const secl::test::FakeContext fake(event);
    secl::EvalContext context = fake.get();
    context.variables = nullptr;
    secl::EvalState state;
    for (const uint32_t rule : compiled.rule_set->evaluate(context, state).matched) {
        require(rule < compiled.rules.size(), "a rule that is not there matches");
    }
    for (const policy::RuleInfo& rule : compiled.rules) {
        for (const policy::Action& action : rule.actions) {
            if (action.filter) {
                action.filter->test(context);
            }
            const auto* set = std::get_if<policy::SetAction>(&action.what);
            if (set == nullptr) {
                continue;
            }
            require(set->variable < compiled.variables->size(),
                    "a variable that is not there is set");
            if (set->source) {
                secl::SlotValues values;
                set->source->value(context, values);
                require(set->source->type() == compiled.variables->at(set->variable).type,
                        "a variable is set to another type");
            }
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto lines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    policy::LoadOptions options;
    const policy::CompiledPolicies compiled = policy::compile_policies(
        policy::load_policy_text("fuzz.policy", text, options), secl::test::fake_table());
    require(compiled.policies.size() == 1, "one file gives one report");
    for (const secl::Diagnostic& diagnostic : compiled.diagnostics.items()) {
        require(diagnostic.line <= lines, "a diagnostic points past the file");
        require(!diagnostic.message.empty(), "a diagnostic says nothing");
    }
    for (const policy::RuleReport& rule : compiled.policies[0].rules) {
        require(rule.status == policy::RuleStatus::kLoaded || !rule.message.empty(),
                "a rule fails without a reason");
    }
    require(!compiled.ok() || compiled.diagnostics.ok(), "a policy is in order in spite of errors");
    secl::render(compiled.diagnostics);
    evaluate(compiled);
    require(policy::policies_json(compiled.policies).size() == 1, "one file gives one report");
    return 0;
}
