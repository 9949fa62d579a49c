// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_source.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "common/config/settings.h"
#include "fields.gen.h"
#include "security-agent/engine/handlers.h"
#include "security-agent/secl/suggest.h"

namespace vedette::cli {

void add_policy_source(CLI::App& command, PolicySource& source) {
    CLI::Option* directory =
        command.add_option("--policies-dir", source.path, "Directory of *.policy files")
            ->type_name("DIR");
    command.add_option("--file", source.path, "One policy file")
        ->type_name("FILE")
        ->excludes(directory);
    command
        .add_option("--agent-version", source.agent_version,
                    "Version that agent_version constraints are tested against")
        ->type_name("VERSION");
}

policy::LoadOptions load_options(const PolicySource& source) {
    policy::LoadOptions options;
    options.agent_version = source.agent_version;
    options.host = policy::current_host_facts();
    return options;
}

Result<std::shared_ptr<const policy::CompiledPolicies>> compile(const PolicySource& source,
                                                                const std::string& path) {
    const std::string& named = path.empty() ? source.path : path;
    auto loaded =
        policy::load_policies(named.empty() ? kDefaultPoliciesDir : named, load_options(source));
    if (!loaded)
        return forward_error(loaded);
    return std::make_shared<const policy::CompiledPolicies>(
        policy::compile_policies(std::move(*loaded), engine::field_table()));
}

const policy::RuleInfo* find_rule(const policy::CompiledPolicies& policies, const std::string& id) {
    for (const policy::RuleInfo& rule : policies.rules) {
        const policy::RuleReport& report = policies.policies[rule.policy].rules[rule.report];
        if (rule.id == id && report.status == policy::RuleStatus::kLoaded)
            return &rule;
    }
    return nullptr;
}

std::string why_not_loaded(const policy::CompiledPolicies& policies, const std::string& id) {
    secl::Suggestion suggestion(id);
    for (const policy::PolicyReport& policy : policies.policies) {
        for (const policy::RuleReport& rule : policy.rules) {
            if (rule.id == id)
                return fmt::format("rule '{}' of '{}' is not loaded ({}): {}", id, policy.name,
                                   to_string(rule.status), rule.message);
            suggestion.consider(rule.id);
        }
    }
    const std::string hint = suggestion.hint();
    return fmt::format("no rule has the id '{}'{}", id, hint.empty() ? "" : "; " + hint);
}

Result<std::string> read_input(const std::string& path, size_t max_bytes) {
    const bool standard = path == "-";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
        standard ? stdin : std::fopen(path.c_str(), "re"),
        [](std::FILE* f) { return f == stdin ? 0 : std::fclose(f); });
    if (!file)
        return fail_errno(errno, "'{}'", path);
    std::string text;
    char block[65536];
    while (const size_t size = std::fread(block, 1, sizeof block, file.get())) {
        text.append(block, size);
        if (text.size() > max_bytes)
            return fail(ErrorCode::kLimit, "'{}' has more than {} bytes", path, max_bytes);
    }
    if (std::ferror(file.get()))
        return fail_errno(errno, "'{}'", path);
    return text;
}

void use_default_private_ranges() {
    if (const Result<Settings> defaults = Settings::load({}))
        std::ignore = engine::handlers::use_private_ranges(
            defaults->list("event_monitoring_config.network.private_ip_ranges"));
}

}  // namespace vedette::cli
