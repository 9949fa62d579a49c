// SPDX-License-Identifier: Apache-2.0
//
// Tests of rules as they are written: NAME.test.yaml (docs/reference/policies.md, "Tests").
//
//   policies: ..                          # what is tested; a path from this file
//   tests:
//     - name: a web server starts a shell
//       events:
//         - type: exec
//           values: {exec.file.path: /bin/sh, process.parent.file.name: nginx}
//           expect: [service_spawned_shell]
//         - {after: 90s, type: exit, expect: [], variables_after: {seen: true}}
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "security-agent/replay/event_file.h"

namespace vedette::replay {

/// One event of a test, and what it must lead to.
struct TestStep {
    std::shared_ptr<const EventFile> event;  ///< its time is that of the test's clock
    secl::SourceText place;
    std::optional<std::vector<std::string>> expect;  ///< exactly these rules match, in any order
    std::vector<std::string> includes;               ///< these match, others may
    std::vector<std::string> excludes;               ///< these do not
    std::vector<EventVariable> variables_after;      ///< as this event sees them after its actions
};

struct RuleTest {
    std::string name;
    secl::SourceText place;
    std::vector<TestStep> steps;
};

struct TestFile {
    std::string path;
    std::string policies;  ///< as written, may be empty
    std::vector<RuleTest> tests;
};

/// All mistakes are in `diagnostics`; what is returned is then not to be used.
TestFile read_test_file(const std::shared_ptr<const secl::SourceFile>& file,
                        const secl::FieldNames& names, secl::Diagnostics& diagnostics);

}  // namespace vedette::replay
