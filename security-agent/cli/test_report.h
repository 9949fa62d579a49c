// SPDX-License-Identifier: Apache-2.0
//
// Results of rule tests for people and for machines: TAP 13, JUnit XML, JSON.
#pragma once

#include <string>
#include <vector>

#include "security-agent/replay/test_run.h"

namespace vedette::cli {

struct TestReport {
    std::vector<replay::TestResult> results;
    bool coverage = false;  ///< was asked for
    std::vector<replay::Untested> untested;

    size_t failures() const;
    bool ok() const { return failures() == 0 && untested.empty(); }
};

std::string to_tap(const TestReport& report);
std::string to_junit(const TestReport& report);
/// {"tests": [{"name", "file", "line", "ok", "failures": [{"event", "line", "message"}]}], "passed", "failed",
/// "untested": [{"rule", "positive", "negative"}]}
std::string to_json_text(const TestReport& report);

}  // namespace vedette::cli
