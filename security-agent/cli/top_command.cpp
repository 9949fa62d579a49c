// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/top_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/session.h"
#include "security-agent/cli/terminal.h"
#include "security-agent/cli/top_frame.h"

namespace vedette::cli {
namespace {

using boost::json::object;

Outcome<object> ask(const SettingsArguments& settings) {
    const auto body = call(settings, "GET", "/agent/activity");
    if (!body)
        return tl::unexpected<Failure>(body.error());
    boost::system::error_code error;
    auto parsed = boost::json::parse(*body, error);
    if (error || !parsed.is_object())
        return tl::unexpected<Failure>(
            Failure{"the agent's answer is no JSON object", kExitFailed});
    return std::move(parsed.get_object());
}

int complain(const Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    return failure.exit_code;
}

int run_lines(const SettingsArguments& settings, const TopOptions& options, object before) {
    leave_on_signals();
    while (true) {
        std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
        auto after = ask(settings);
        if (!after)
            return complain(after.error());
        const object frame = make_frame(before, *after);
        WindowSize size = window_size();
        size.rows = 0;
        if (!put_out(options.json
                         ? boost::json::serialize(frame) + "\n"
                         : frame_text(frame, size, Style{colour_wanted(options.no_color)})))
            return kExitOk;
        if (options.once)
            return kExitOk;
        before = std::move(*after);
    }
}

/// A key, a signal or a new size of the window ends the wait early; then the same picture is drawn again.
int run_screen(const SettingsArguments& settings, const TopOptions& options, object before) {
    FullScreen screen;
    const Style style{colour_wanted(options.no_color)};
    using Clock = std::chrono::steady_clock;
    const auto interval =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
    auto next = Clock::now() + std::min<Clock::duration>(interval, std::chrono::milliseconds(500));
    std::string footer = "q leaves";
    object frame = make_frame(before, before);
    while (true) {
        WindowSize size = window_size();
        --size.rows;
        std::string page = "\x1b[H";
        for (const char c : frame_text(frame, size, style))
            page += c == '\n' ? std::string("\x1b[K\r\n") : std::string(1, c);
        page +=
            fmt::format("\x1b[J\x1b[{};1H{}\x1b[K", size.rows + 1, style("7", " " + footer + " "));
        if (!put_out(page))
            return kExitOk;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
        if (!screen.wait(static_cast<int>(std::max<int64_t>(left.count(), 0))))
            return kExitOk;
        if (Clock::now() < next)
            continue;
        next = Clock::now() + interval;
        auto after = ask(settings);
        footer = after ? "q leaves" : "q leaves; " + after.error().message;
        if (!after)
            continue;
        frame = make_frame(before, *after);
        before = std::move(*after);
    }
}

}  // namespace

int run_top(const SettingsArguments& settings, const TopOptions& options) {
    auto before = ask(settings);
    if (!before)
        return complain(before.error());
    if (options.json || options.once)
        return run_lines(settings, options, std::move(*before));
    if (isatty(STDOUT_FILENO))
        return run_screen(settings, options, std::move(*before));
    TopOptions once = options;
    once.once = true;
    return run_lines(settings, once, std::move(*before));
}

void add_top(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    const auto options = std::make_shared<TopOptions>();
    CLI::App* command = top.add_subcommand("top",
                                           "Events a second by type, rule, container and program; "
                                           "what hooks and rules cost; queues and losses");
    command->fallthrough();
    command->add_option("-d,--delay", options->seconds, "Seconds between two pictures")
        ->check(CLI::Range(0.1, 3600.0))
        ->type_name("SECONDS");
    command->add_flag("--once", options->once, "One picture as text, then end");
    command->add_flag("-j,--json", options->json, "Pictures as JSON, one a line");
    command->add_flag("--no-color,--no-colour", options->no_color, "Plain text also on a terminal");
    command->callback(
        [&settings, &exit_code, options] { exit_code = run_top(settings, *options); });
}

}  // namespace vedette::cli
