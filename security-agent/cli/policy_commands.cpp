// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_commands.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <iostream>
#include <memory>

#include "common/log.h"
#include "fields.gen.h"
#include "security-agent/cli/policy_check.h"
#include "security-agent/cli/policy_source.h"
#include "security-agent/cli/session.h"
#include "security-agent/policy/loader.h"

namespace vedette::cli {
namespace {

constexpr const char* kReload = "/agent/policies/reload";

// What no option says is as the agent has it.
void complete(PolicyCheckOptions& options, const SettingsArguments& arguments) {
    const auto settings = settings_for_client(arguments);
    if (!settings)
        std::cerr << "note: settings are not used: " << settings.error().message << '\n';
    if (options.path.empty())
        options.path = settings ? settings->string("runtime_security_config.policies.dir")
                                : kDefaultPoliciesDir;
    if (options.agent_version.empty())
        options.agent_version = settings
                                    ? settings->string("runtime_security_config.emulated_version")
                                    : policy::kEmulatedVersion;
}

uint64_t number(const boost::json::object& in, const char* key) {
    const auto* value = in.if_contains(key);
    return value && value->is_int64() ? static_cast<uint64_t>(value->get_int64()) : 0;
}

}  // namespace

void add_policy_check(CLI::App& policy, const SettingsArguments& settings, int& exit_code) {
    const auto options = std::make_shared<PolicyCheckOptions>();
    options->agent_version.clear();
    CLI::App* check =
        policy.add_subcommand("check", "Compile policies without an agent; exit code 1 on errors");
    auto* directory =
        check->add_option("--policies-dir", options->path, "Directory of *.policy files");
    check->add_option("--file", options->path, "One policy file")->excludes(directory);
    check->add_option("--agent-version", options->agent_version,
                      "Version that agent_version constraints are tested against");
    check->add_flag("--json", options->json, "The payload of ruleset_loaded, with diagnostics");
    check->callback([options, &settings, &exit_code] {
        if (options->path.empty() || options->agent_version.empty())
            complete(*options, settings);
        options->host = policy::current_host_facts();
        exit_code = run_policy_check(*options, engine::field_table(), std::cout, std::cerr);
    });
}

void add_policy_reload(CLI::App& policy, const SettingsArguments& settings, int& exit_code) {
    CLI::App* reload = policy.add_subcommand(
        "reload",
        "Let the running agent load its policies again; exit code 1 when it refuses them");
    reload->callback([&settings, &exit_code] {
        const auto answer = call(settings, "POST", kReload);
        if (!answer) {
            std::cerr << "error: " << answer.error().message << '\n';
            exit_code = answer.error().exit_code;
            return;
        }
        exit_code = print_reload(*answer, std::cout, std::cerr);
    });
}

int print_reload(const std::string& answer, std::ostream& out, std::ostream& err) {
    boost::system::error_code error;
    const auto value = boost::json::parse(answer, error);
    const auto* outcome = value.if_object();
    if (error || !outcome) {
        err << "error: the agent's answer is not understood\n";
        return 1;
    }
    const auto* in_force = outcome->if_contains("in_force");
    if (!in_force || in_force->if_bool() == nullptr || !*in_force->if_bool()) {
        const auto* message = outcome->if_contains("message");
        err << "refused, the rules of before stay in force: "
            << (message && message->is_string() ? printable(std::string(message->get_string()))
                                                : "")
            << '\n';
        return 1;
    }
    const auto* counts = outcome->if_contains("rules");
    const boost::json::object rules =
        counts && counts->is_object() ? counts->get_object() : boost::json::object();
    out << fmt::format(
        "{} rules are in force, {} are filtered, {} failed; {} errors, {} warnings\n",
        number(rules, "loaded"), number(rules, "filtered"), number(rules, "failed"),
        number(*outcome, "errors"), number(*outcome, "warnings"));
    return 0;
}

}  // namespace vedette::cli
