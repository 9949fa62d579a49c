// SPDX-License-Identifier: Apache-2.0
//
// Runs the tests of a file, and says which rules they leave untested.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "security-agent/policy/loader.h"
#include "security-agent/replay/test_file.h"

namespace vedette::replay {

struct TestFailure {
    size_t step = 0;  ///< from 1
    std::string file;
    uint32_t line = 0;
    std::string message;
};

struct TestResult {
    std::string file;
    std::string name;
    uint32_t line = 0;
    std::vector<TestFailure> failures;
    bool ok() const { return failures.empty(); }
};

/// A rule is tested when some event is expected to match it (expect, includes) and some event is named as one that must
/// not (excludes).
struct Coverage {
    std::set<std::string> positive;
    std::set<std::string> negative;
};

/// Rules of the policies without a positive or without a negative test, by id.
struct Untested {
    std::string rule;
    bool positive = false;
    bool negative = false;
};
std::vector<Untested> untested(const policy::CompiledPolicies& policies, const Coverage& coverage);

/// Every test starts with no variable set. What the tests that pass cover is added to `coverage`.
std::vector<TestResult> run_tests(const TestFile& file,
                                  const std::shared_ptr<const policy::CompiledPolicies>& policies,
                                  Coverage& coverage);

/// A rule id in the tests that the policies do not load, as a complaint each: a misspelt rule is never matched.
void check_rule_ids(const TestFile& file, const policy::CompiledPolicies& policies,
                    secl::Diagnostics& diagnostics);

}  // namespace vedette::replay
