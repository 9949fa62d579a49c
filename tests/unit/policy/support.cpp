// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/policy/support.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace vedette::policy::test {

LoadOptions options() {
    LoadOptions out;
    out.host.os_id = "debian";
    out.host.os_version_id = "12";
    out.host.hostname = "here";
    out.host.envs = {"A=1", "B=2"};
    parse_kernel_release("6.1.0-18-amd64", out.host);
    return out;
}

CompiledPolicies compile(std::string text) {
    return compile_policies(load_policy_text("test.policy", std::move(text), options()),
                            fake_table());
}

CompiledPolicies compile_files(Files files) {
    return compile_policies(load_policy_texts(std::move(files), options()), fake_table());
}

std::string diagnostics(const std::string& text) {
    return secl::render(compile(text).diagnostics);
}

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vedette-policy-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
}

Folder::~Folder() {
    std::filesystem::remove_all(path_);
}

void Folder::write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
}

CompiledPolicies compile_folder(const Folder& folder) {
    auto loaded = load_policies(folder.path(), options());
    REQUIRE(loaded.has_value());
    return compile_policies(std::move(*loaded), fake_table());
}

const RuleReport& report(const CompiledPolicies& compiled, std::string_view policy,
                         std::string_view id) {
    for (const PolicyReport& p : compiled.policies) {
        for (const RuleReport& r : p.rules) {
            if (p.name == policy && r.id == id) {
                return r;
            }
        }
    }
    FAIL("no report of " << policy << "/" << id);
    std::abort();
}

const RuleInfo& rule(const CompiledPolicies& compiled, std::string_view id) {
    const auto it = std::find_if(compiled.rules.begin(), compiled.rules.end(),
                                 [&](const RuleInfo& r) { return r.id == id; });
    if (it == compiled.rules.end()) {
        FAIL("rule " << id << " is not in force: " << secl::render(compiled.diagnostics));
    }
    return *it;
}

std::vector<std::string> rule_ids(const CompiledPolicies& compiled) {
    std::vector<std::string> out;
    for (const RuleInfo& info : compiled.rules) {
        out.push_back(info.id);
    }
    return out;
}

}  // namespace vedette::policy::test
