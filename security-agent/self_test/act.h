// SPDX-License-Identifier: Apache-2.0
//
// What a self-test does, each by a program of its own, as anybody's program would do it, and the rule that has to see it
// (reference section 5.5; exec and connect are ours).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"
#include "security-agent/policy/loader.h"

namespace vedette::self_test {

/// Subcommand of the agent's own executable that connects a socket; arguments after it are ignored.
inline constexpr const char* kConnectCommand = "self-test-connect";

struct Act {
    std::string name;  ///< "open"
    std::string rule;  ///< id
    std::string expression;
    std::vector<std::string>
        command;  ///< the first is a path, or a name that is looked for in kProgramDirs
};

inline constexpr const char* kProgramDirs[] = {"/usr/bin", "/bin", "/usr/local/bin"};

/// In the order to perform them. `target`: absolute path of a file that is not there yet, in a directory of ours;
/// `executable`: the agent's.
std::vector<Act> make_acts(const std::string& target,
                           const std::string& executable = "/proc/self/exe");

/// The rules of all acts, compiled. Errors: never, unless this program is wrong.
Result<policy::CompiledPolicies> compile_rules(const std::vector<Act>& acts);

/// Runs the command to its end, without input, output or environment; kills it when that takes longer. Errors: the
/// program is not there, failed, or was killed.
Result<> perform(const Act& act, std::chrono::milliseconds patience);

/// What kConnectCommand does: a UDP socket connected to 127.0.0.1 sends nothing. Returns the exit code.
int connect_once();

}  // namespace vedette::self_test
