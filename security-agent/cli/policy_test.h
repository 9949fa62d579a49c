// SPDX-License-Identifier: Apache-2.0
//
// `security-agent runtime policy test`: runs the tests that live beside rules.
#pragma once

#include <iosfwd>
#include <string>

#include "security-agent/cli/policy_source.h"

namespace vedette::cli {

struct PolicyTestOptions {
    std::string path =
        ".";  ///< a *.test.yaml, or a directory with such files or with a folder `tests` of them
    PolicySource
        policies;  ///< path empty: what the file names, else the directory it is in or its `tests` is in
    enum class Format : uint8_t { kTap, kJunit, kJson } format = Format::kTap;
    bool coverage = false;
};

/// Exit code: 0 every test passes; 1 one failed, or with `coverage` a rule has no positive or no negative test; 2 there
/// is no test, or a test file or the policies are not valid.
int run_policy_test(const PolicyTestOptions& options, std::ostream& out, std::ostream& err);

/// Adds `test` to `policy`.
void add_policy_test(CLI::App& policy, int& exit_code);

}  // namespace vedette::cli
