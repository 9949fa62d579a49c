// SPDX-License-Identifier: Apache-2.0
#include "common/cli/generate.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

#include "common/cli/completion.h"
#include "common/config/settings_pages.h"
#include "common/version.h"

namespace vedette::cli {
namespace {

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

/// Today, or the day a package was made (SOURCE_DATE_EPOCH, reproducible-builds.org).
std::string date() {
    const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
    const time_t when =
        epoch ? static_cast<time_t>(std::strtoll(epoch, nullptr, 10)) : time(nullptr);
    tm utc{};
    gmtime_r(&when, &utc);
    char text[16] = {};
    std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
    return text;
}

}  // namespace

void add_generate(CLI::App& program, ManualText text) {
    text.version = version().text;
    text.date = date();
    CLI::App* generate =
        program.add_subcommand("generate", "Completion scripts and manual pages")->group("");
    generate->require_subcommand(1);
    CLI::App* completion = generate->add_subcommand("completion", "A completion script");
    const auto shell = std::make_shared<std::string>();
    completion->add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completion->callback([&program, shell] {
        const CommandModel model = read_commands(program);
        print(*shell == "bash"  ? bash_completion(model)
              : *shell == "zsh" ? zsh_completion(model)
                                : fish_completion(model));
    });
    generate->add_subcommand("man", "The manual page")->callback([&program, text] {
        print(manual_page(read_commands(program), text));
    });
    generate->add_subcommand("settings-man", "vedette.yaml(5)")->callback([] {
        print(settings_manual(std::string(version().text), date()));
    });
}

}  // namespace vedette::cli
