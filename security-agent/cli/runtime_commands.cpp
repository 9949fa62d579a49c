// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/runtime_commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>

#include "fields.gen.h"
#include "security-agent/cli/policy_check.h"
#include "security-agent/cli/policy_eval.h"
#include "security-agent/cli/policy_test.h"

namespace vedette::cli {
namespace {

void add_policy_check(CLI::App& policy, int& exit_code) {
    const auto options = std::make_shared<PolicyCheckOptions>();
    CLI::App* check =
        policy.add_subcommand("check", "Compile policies without an agent; exit code 1 on errors");
    auto* directory =
        check->add_option("--policies-dir", options->path, "Directory of *.policy files");
    check->add_option("--file", options->path, "One policy file")->excludes(directory);
    check->add_option("--agent-version", options->agent_version,
                      "Version that agent_version constraints are tested against");
    check->add_flag("--json", options->json, "Diagnostics as JSON");
    check->callback([options, &exit_code] {
        if (options->path.empty())
            options->path = "/etc/vedette/runtime-security.d";
        options->host = policy::current_host_facts();
        exit_code = run_policy_check(*options, engine::field_table(), std::cout, std::cerr);
    });
}

}  // namespace

void add_runtime_commands(CLI::App& top, const SettingsArguments& /*settings*/, int& exit_code) {
    CLI::App* runtime = top.add_subcommand("runtime", "Policies and rules");
    runtime->require_subcommand(1);
    runtime->fallthrough();
    CLI::App* policy = runtime->add_subcommand("policy", "Policies");
    policy->require_subcommand(1);
    policy->fallthrough();
    add_policy_check(*policy, exit_code);
    add_policy_eval(*policy, exit_code);
    add_policy_test(*policy, exit_code);
}

}  // namespace vedette::cli
