// SPDX-License-Identifier: Apache-2.0
//
// Short ways to do what every test of the language does.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "security-agent/secl/bound.h"
#include "security-agent/secl/compiler.h"
#include "tests/unit/secl/fake_fields.h"

namespace vedette::secl::test {

struct Outcome {
    bool compiled = false;
    bool indexed = false;  ///< what the rule set says
    bool undecided = false;
    Truth naive = Truth::kFalse;   ///< what the definition says
    Truth walked = Truth::kFalse;  ///< what an Expression says
    std::string diagnostics;
};

/// One rule against one event.
Outcome evaluate(const std::string& expression, const FakeEvent& event,
                 std::span<const MacroSource> macros = {});

/// For the naive evaluator; nothing when it does not compile.
std::optional<BoundRule> bind_text(const std::string& expression,
                                   std::span<const MacroSource> macros = {});

RuleSource rule(std::string id, std::string expression);
MacroSource macro(std::string id, std::string expression);

/// Rendered diagnostics of compiling one rule named "rule" from a file "test".
std::string diagnose(const std::string& expression, std::span<const MacroSource> macros = {});

/// tests/golden/secl/NAME.txt holds expressions, each after a line "---", followed by "=>" and what `print` makes of it.
/// A difference fails the test and says where the new text is, to compare with and, after reading it, to copy.
void check_golden(const std::string& name, size_t at_least,
                  const std::function<std::string(const std::string& expression)>& print);

}  // namespace vedette::secl::test
