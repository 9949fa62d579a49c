// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "security-agent/policy/loader.h"
#include "tests/unit/catch.h"
#include "tests/unit/secl/fake_fields.h"

namespace vedette::policy::test {

using secl::test::fake_table;

/// A Debian 12 host with kernel 6.1.0-18-amd64.
LoadOptions options();

/// One file "test.policy", with fake_fields.h.
CompiledPolicies compile(std::string text);
using Files = std::vector<std::pair<std::string, std::string>>;
CompiledPolicies compile_files(Files files);

/// What `policy check` would print of the file.
std::string diagnostics(const std::string& text);

/// A directory of its own, gone at the end.
class Folder {
   public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const;
    std::string path() const { return path_.string(); }

   private:
    std::filesystem::path path_;
};

CompiledPolicies compile_folder(const Folder& folder);

/// Fails the test when there is none.
const RuleReport& report(const CompiledPolicies& compiled, std::string_view policy,
                         std::string_view id);
const RuleInfo& rule(const CompiledPolicies& compiled, std::string_view id);

std::vector<std::string> rule_ids(const CompiledPolicies& compiled);

}  // namespace vedette::policy::test
