// SPDX-License-Identifier: Apache-2.0
//
// The stages of a load before compiling: read every file, then decide between them: policies, macros, rules.
#include "security-agent/policy/loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "security-agent/policy/conditions.h"
#include "security-agent/policy/files.h"
#include "security-agent/policy/macros.h"
#include "security-agent/policy/policy_file.h"
#include "security-agent/policy/replacements.h"
#include "security-agent/policy/rules.h"
#include "security-agent/policy/yaml_fields.h"

namespace vedette::policy {
namespace {

using secl::Severity;

// A file's definitions; its report is appended.
PolicyFile read_input(InputFile input, LoadedPolicies& out) {
    PolicyReport report;
    report.name = std::move(input.name);
    report.path = input.path;
    PolicyFile file;
    if (!input.text) {
        report.message = input.text.error().message;
        secl::Diagnostic diagnostic;
        diagnostic.file = input.path;
        diagnostic.message = report.message;
        out.diagnostics.add(std::move(diagnostic));
    } else {
        const auto source = std::make_shared<secl::SourceFile>(input.path, std::move(*input.text));
        file = read_policy(source, out.diagnostics);
        report.message = file.error;
        if (file.readable && file.rules.empty() && file.macros.empty() && file.keys_ok) {
            report.message = "the policy is empty";
            out.diagnostics.add(Severity::kError, place_in(source, 0), {0, 1}, report.message,
                                "a policy has 'rules:' or 'macros:'");
            file.readable = false;
        }
    }
    report.version = file.version;
    report.type = file.type;
    report.status = !file.readable ? PolicyStatus::kError
                    : file.keys_ok ? PolicyStatus::kLoaded
                                   : PolicyStatus::kPartiallyLoaded;
    out.policies.push_back(std::move(report));
    return file;
}

LoadedPolicies load(std::vector<InputFile> inputs, const LoadOptions& options) {
    LoadedPolicies out;
    std::vector<PolicyFile> files;
    for (InputFile& input : inputs) {
        files.push_back(read_input(std::move(input), out));
    }
    const auto replaced = find_replacements(files, out.policies, out.diagnostics);
    Conditions conditions(options.agent_version, options.host);
    MacroCollector macros(conditions, out.diagnostics);
    for (size_t i = 0; i < files.size(); ++i) {
        for (MacroDefinition& macro : files[i].macros) {
            if (!replaced[i]) {
                macros.add(std::move(macro), out.policies[i]);
            }
        }
    }
    out.macros = macros.take();
    RuleCollector rules(conditions, out);
    for (uint32_t i = 0; i < files.size(); ++i) {
        if (replaced[i]) {
            out.policies[i].message =
                fmt::format("replaced by {}", out.policies[*replaced[i]].name);
        }
        for (RuleDefinition& rule : files[i].rules) {
            if (replaced[i]) {
                rules.leave_out(rule, i, out.policies[i].message);
            } else {
                rules.add(std::move(rule), i);
            }
        }
    }
    rules.finish();
    return out;
}

}  // namespace

Result<LoadedPolicies> load_policies(const std::string& path, const LoadOptions& options) {
    auto files = read_policy_files(path);
    if (!files) {
        return forward_error(files);
    }
    return load(std::move(*files), options);
}

LoadedPolicies load_policy_text(std::string name, std::string text, const LoadOptions& options) {
    std::vector<std::pair<std::string, std::string>> files;
    files.emplace_back(std::move(name), std::move(text));
    return load_policy_texts(std::move(files), options);
}

LoadedPolicies load_policy_texts(std::vector<std::pair<std::string, std::string>> files,
                                 const LoadOptions& options) {
    std::vector<InputFile> inputs;
    for (auto& [name, text] : files) {
        inputs.push_back({name, name, std::move(text)});
    }
    sort_policies(inputs);
    return load(std::move(inputs), options);
}

}  // namespace vedette::policy
