// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/runtime_commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "security-agent/cli/discarders_command.h"
#include "security-agent/cli/language_commands.h"
#include "security-agent/cli/policy_commands.h"
#include "security-agent/cli/policy_diff.h"
#include "security-agent/cli/policy_eval.h"
#include "security-agent/cli/policy_explain.h"
#include "security-agent/cli/policy_test.h"
#include "security-agent/cli/self_test_command.h"
#include "security-agent/cli/stream_record.h"
#include "security-agent/cli/stream_replay.h"

namespace vedette::cli {

void add_runtime_commands(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    CLI::App* runtime = top.add_subcommand("runtime", "Policies and rules");
    runtime->require_subcommand(1);
    runtime->fallthrough();
    CLI::App* policy = runtime->add_subcommand("policy", "Policies");
    policy->require_subcommand(1);
    policy->fallthrough();
    add_language_commands(*policy, exit_code);
    add_policy_check(*policy, settings, exit_code);
    add_policy_reload(*policy, settings, exit_code);
    add_policy_eval(*policy, exit_code);
    add_policy_explain(*policy, exit_code);
    add_policy_test(*policy, exit_code);
    add_policy_diff(*policy, exit_code);
    add_discarders(*runtime, settings, exit_code);
    add_self_test(*runtime, settings, exit_code);
    add_record(*runtime, settings, exit_code);
    add_replay(*runtime, exit_code);
}

}  // namespace vedette::cli
