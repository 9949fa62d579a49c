// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/policy_test.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <utility>

#include "fields.gen.h"
#include "security-agent/cli/test_report.h"
#include "security-agent/replay/test_run.h"

namespace vedette::cli {
namespace {

namespace fs = std::filesystem;
using Policies = std::shared_ptr<const policy::CompiledPolicies>;

constexpr int kExitInvalid = 2;
constexpr std::string_view kSuffix = ".test.yaml";
constexpr size_t kMaxFiles = 1000;

class TestCommand {
   public:
    TestCommand(const PolicyTestOptions& options, std::ostream& err)
        : options_(options), err_(err), names_(engine::field_table()) {}

    bool run() {
        const std::vector<std::string> files = find_files();
        if (files.empty())
            return refuse(fmt::format("'{}' has no *{} file, neither has its folder 'tests'",
                                      options_.path, kSuffix));
        std::vector<std::pair<replay::TestFile, Policies>> runnable;
        for (const std::string& file : files)  // all mistakes of all files at once
            if (auto [tests, policies] = read(file); policies)
                runnable.emplace_back(std::move(tests), std::move(policies));
        if (failed_)
            return false;
        for (const auto& [tests, policies] : runnable) {
            auto results = replay::run_tests(tests, policies, coverage_[policies]);
            report_.results.insert(report_.results.end(), results.begin(), results.end());
        }
        report_.coverage = options_.coverage;
        for (const auto& [policies, coverage] : coverage_) {
            if (!options_.coverage)
                break;
            const auto untested = replay::untested(*policies, coverage);
            report_.untested.insert(report_.untested.end(), untested.begin(), untested.end());
        }
        return true;
    }

    const TestReport& report() const { return report_; }

   private:
    bool refuse(const std::string& message) {
        err_ << "error: " << message << '\n';
        failed_ = true;
        return false;
    }

    std::vector<std::string> find_files() const {
        std::error_code error;
        if (!fs::is_directory(options_.path, error))
            return {options_.path};
        std::vector<std::string> files;
        for (const fs::path& directory :
             {fs::path(options_.path), fs::path(options_.path) / "tests"})
            for (fs::directory_iterator at(directory, error), end; !error && at != end;
                 at.increment(error))
                if (at->path().native().ends_with(kSuffix) && files.size() < kMaxFiles)
                    files.push_back(at->path().lexically_normal());
        std::sort(files.begin(), files.end());
        return files;
    }

    std::pair<replay::TestFile, Policies> read(const std::string& path) {
        Result<std::string> text = read_input(path, policy::kMaxPolicyBytes);
        if (!text) {
            refuse(text.error().message);
            return {};
        }
        secl::Diagnostics diagnostics;
        const auto file = std::make_shared<secl::SourceFile>(path, std::move(*text));
        replay::TestFile tests = replay::read_test_file(file, names_, diagnostics);
        Policies policies = policies_of(tests);
        if (policies)
            replay::check_rule_ids(tests, *policies, diagnostics);
        err_ << secl::render(diagnostics);
        if (!diagnostics.ok())
            failed_ = true;
        return {std::move(tests), std::move(policies)};
    }

    Policies policies_of(const replay::TestFile& tests) {
        const fs::path directory = fs::path(tests.path).parent_path();
        std::string path = options_.policies.path;
        if (path.empty() && !tests.policies.empty())
            path = directory / tests.policies;
        else if (path.empty())
            path = directory.filename() == "tests" ? directory / ".." : directory;
        if (path.empty())
            path = ".";
        path = fs::path(path).lexically_normal();
        Policies& policies = compiled_[path];
        if (policies)
            return policies;
        auto compiled = compile(options_.policies, path);
        if (!compiled) {
            refuse(compiled.error().message);
        } else if (!(*compiled)->diagnostics.ok()) {
            err_ << secl::render((*compiled)->diagnostics);
            refuse(fmt::format("the policies in '{}' have errors", path));
        } else {
            policies = std::move(*compiled);
        }
        return policies;
    }

    const PolicyTestOptions& options_;
    std::ostream& err_;
    secl::FieldNames names_;
    std::map<std::string, Policies> compiled_;
    std::map<Policies, replay::Coverage> coverage_;
    TestReport report_;
    bool failed_ = false;
};

}  // namespace

int run_policy_test(const PolicyTestOptions& options, std::ostream& out, std::ostream& err) {
    use_default_private_ranges();
    TestCommand command(options, err);
    if (!command.run())
        return kExitInvalid;
    switch (options.format) {
        case PolicyTestOptions::Format::kTap:
            out << to_tap(command.report());
            break;
        case PolicyTestOptions::Format::kJunit:
            out << to_junit(command.report());
            break;
        case PolicyTestOptions::Format::kJson:
            out << to_json_text(command.report());
            break;
    }
    return command.report().ok() ? 0 : 1;
}

void add_policy_test(CLI::App& policy, int& exit_code) {
    const auto options = std::make_shared<PolicyTestOptions>();
    CLI::App* test = policy.add_subcommand("test", "Run the tests that live beside rules");
    test->add_option("path", options->path,
                     "A *.test.yaml, or a directory with such files or with a folder 'tests' of "
                     "them; by default the current one")
        ->type_name("DIR|FILE");
    add_policy_source(*test, options->policies);
    CLI::Option* junit = test->add_flag_callback(
        "--junit", [options] { options->format = PolicyTestOptions::Format::kJunit; },
        "JUnit XML instead of TAP");
    test->add_flag_callback(
            "--json", [options] { options->format = PolicyTestOptions::Format::kJson; },
            "JSON instead of TAP")
        ->excludes(junit);
    test->add_flag("--coverage", options->coverage,
                   "Also fail for rules without a positive and a negative test");
    test->callback(
        [options, &exit_code] { exit_code = run_policy_test(*options, std::cout, std::cerr); });
}

}  // namespace vedette::cli
