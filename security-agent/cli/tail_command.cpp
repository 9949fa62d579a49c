// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/tail_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "common/log.h"
#include "security-agent/app/format.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/json_read.h"
#include "security-agent/cli/session.h"
#include "security-agent/cli/sse_reader.h"
#include "security-agent/cli/terminal.h"

namespace vedette::cli {
namespace {

/// More than two heartbeats of the stream.
constexpr auto kSilence = std::chrono::seconds(40);
constexpr auto kBetweenAttempts = std::chrono::seconds(1);

std::string gap_text(const std::string& data) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(data, error);
    const auto& gap = error ? boost::json::object() : as_object(parsed);
    const uint64_t missed = number(gap, "missed");
    const std::string of = text(gap, "of");
    const std::string reason = text(gap, "reason");
    if (reason == "restart")
        return fmt::format(
            "-- the agent was started anew: what it said in between, before the end and after the "
            "start, "
            "may be missing here{}",
            missed ? fmt::format(" (at least {} {})", missed, of) : "");
    if (reason == "rate")
        return fmt::format(
            "-- {} {} are not shown: too many at once (--pid and --container show fewer)", missed,
            of);
    return fmt::format("-- {} {} are missing here: this reader was too slow or away too long",
                       missed, of);
}

class Tail {
   public:
    Tail(const SettingsArguments& settings, const TailOptions& options)
        : settings_(settings), options_(options), colour_(colour_wanted(options.no_color)) {}

    int run() {
        while (true) {
            const Outcome<bool> ended = follow();
            if (!open_)
                return kExitOk;
            if (!ended && !greeted_) {
                std::fprintf(stderr, "%s\n", ended.error().message.c_str());
                return ended.error().exit_code;
            }
            if (!std::exchange(away_, true))
                note(fmt::format("-- the agent has gone{}; waiting for it",
                                 ended ? "" : ": " + ended.error().message));
            std::this_thread::sleep_for(kBetweenAttempts);
        }
    }

   private:
    /// Until the stream ends. Settings are read anew: a new agent may have another token.
    Outcome<bool> follow() {
        const auto settings = settings_for_client(settings_);
        if (!settings)
            return tl::unexpected<Failure>(settings.error());
        auto client = client_options(*settings);
        if (!client)
            return tl::unexpected<Failure>(client.error());
        client->timeout = kSilence;
        reader_.restart();
        const auto answer =
            api::read_stream(*client, tail_target(options_, !greeted_), reader_.last_id(),
                             [this](std::string_view piece) { return take(piece); });
        if (!answer)
            return tl::unexpected<Failure>(Failure{
                answer.error().message,
                answer.error().code == ErrorCode::kUnavailable ? kExitNotRunning : kExitFailed});
        if (answer->status != 200)
            return tl::unexpected<Failure>(
                Failure{fmt::format("the agent answered {}: {}", answer->status, error_of(*answer)),
                        kExitFailed});
        return true;
    }

    bool take(std::string_view piece) {
        std::string out;
        const bool sound =
            reader_.feed(piece, [&](const ServerEvent& event) { out += line_of(event); });
        open_ = open_ && put_out(out);
        return sound && open_;
    }

    std::string line_of(const ServerEvent& event) {
        if (event.name == "hello") {
            if (std::exchange(away_, false))
                note("-- the agent is back");
            else if (!greeted_ && isatty(STDERR_FILENO))
                note(options_.events ? "-- alerts and events as they happen; Ctrl-C ends"
                                     : "-- alerts as they happen; Ctrl-C ends");
            greeted_ = true;
            return {};
        }
        if (event.name == "gap")
            return (options_.json ? fmt::format("{{\"gap\":{}}}", event.data)
                                  : Style{colour_}("33", gap_text(event.data))) +
                   "\n";
        if (event.name != "alert" && event.name != "event")
            return {};
        return (options_.json ? harmless_json(event.data)
                              : app::format_alert(event.data, colour_)) +
               "\n";
    }

    static void note(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

    const SettingsArguments& settings_;
    const TailOptions& options_;
    const bool colour_;
    SseReader reader_;
    bool greeted_ = false;
    bool away_ = false;
    bool open_ = true;  ///< somebody reads what we write
};

}  // namespace

std::string tail_target(const TailOptions& options, bool first) {
    std::string out =
        fmt::format("/agent/events/stream?kind={}", options.events ? "all" : "alerts");
    if (first && options.newest > 0)
        out += fmt::format("&newest={}", options.newest);
    if (!options.rule.empty())
        out += "&rule=" + api::percent_encode(options.rule);
    if (!options.container.empty())
        out += "&container=" + api::percent_encode(options.container);
    if (options.pid != 0)
        out += fmt::format("&pid={}", options.pid);
    return out;
}

std::string harmless_json(std::string json) {
    std::string out;
    for (size_t i = 0; i < json.size(); ++i) {
        const auto c = static_cast<unsigned char>(json[i]);
        const unsigned char next =
            i + 1 < json.size() ? static_cast<unsigned char>(json[i + 1]) : 0;
        if (c == 0xC2 && next >= 0x80 && next < 0xA0) {
            out += fmt::format("\\u{:04x}", next);
            ++i;
        } else if (c < 0x20 || c == 0x7F) {
            out += fmt::format("\\u{:04x}", c);
        } else {
            out += json[i];
        }
    }
    return out;
}

int run_tail(const SettingsArguments& settings, const TailOptions& options) {
    leave_on_signals();
    return Tail(settings, options).run();
}

void add_tail(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    const auto options = std::make_shared<TailOptions>();
    CLI::App* tail =
        top.add_subcommand("tail", "Alerts as they happen, one line each; Ctrl-C ends");
    tail->fallthrough();
    tail->add_flag("--events", options->events, "Events, too, whether or not a rule matches them");
    tail->add_option("--rule", options->rule, "Only alerts of this rule")->type_name("ID");
    tail->add_option("--pid", options->pid, "Only what this process does")
        ->check(CLI::Range(1U, 1U << 22))
        ->type_name("PID");
    tail->add_option("--container", options->container,
                     "Only what happens in the container whose id begins so")
        ->type_name("ID");
    tail->add_option("-n,--lines", options->newest, "Begin with so many alerts of the past")
        ->check(CLI::Range(0U, 1000U))
        ->type_name("N");
    tail->add_flag("-j,--json", options->json, "Each as JSON on a line");
    tail->add_flag("--no-color,--no-colour", options->no_color, "Plain text also on a terminal");
    tail->callback([&settings, &exit_code, options] { exit_code = run_tail(settings, *options); });
}

}  // namespace vedette::cli
