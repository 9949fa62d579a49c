// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a policy file. What it asserts: whatever fails says so, and every diagnostic lies within the file.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "security-agent/policy/loader.h"

namespace {

using namespace vedette;

void require(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "%s\n", what);
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto lines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    policy::LoadOptions options;
    const policy::CompiledPolicies compiled = policy::compile_policies(
        policy::load_policy_text("fuzz.policy", text, options), policy::host_field_table());
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
    return 0;
}
