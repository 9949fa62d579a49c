// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/stream_record.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <memory>
#include <thread>

#include "common/os/fd.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/session.h"
#include "security-agent/policy/yaml_fields.h"

namespace vedette::cli {
namespace {

namespace json = boost::json;

constexpr auto kPoll = std::chrono::milliseconds(250);
/// The agent's clock looks about once a second; this long after the end something is wrong.
constexpr auto kPatience = std::chrono::seconds(15);
constexpr mode_t kMode = 0600;

int say(const Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    return failure.exit_code;
}

Outcome<json::object> status_of(const std::string& body) {
    boost::system::error_code error;
    json::value value = json::parse(body, error);
    if (error || !value.is_object() || !value.get_object().contains("state"))
        return tl::unexpected<Failure>(Failure{"the agent's answer is no status", kExitFailed});
    return std::move(value.get_object());
}

bool is_done(const json::object& status) {
    const json::value& state = status.at("state");
    return state.is_string() && state.get_string() == "done";
}

/// Waits until the agent has finished.
Outcome<json::object> wait_for_end(const SettingsArguments& settings,
                                   std::chrono::nanoseconds duration) {
    const auto deadline = std::chrono::steady_clock::now() + duration + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kPoll);
        auto body = call(settings, "GET", "/agent/record");
        if (!body)
            return tl::unexpected<Failure>(body.error());
        auto status = status_of(*body);
        if (!status || is_done(*status))
            return status;
    }
    return tl::unexpected<Failure>(Failure{"the agent does not finish the recording", kExitFailed});
}

Outcome<std::string> fetch(const SettingsArguments& settings) {
    std::string data;
    while (true) {
        auto chunk =
            call(settings, "GET", fmt::format("/agent/record/data?offset={}", data.size()));
        if (!chunk)
            return chunk;
        if (chunk->empty())
            return data;
        data += *chunk;
    }
}

}  // namespace

int run_record(const SettingsArguments& settings, const RecordOptions& options) {
    const auto duration = policy::parse_duration(options.duration);
    if (!duration || *duration <= 0)
        return say(
            {fmt::format("'{}' is no duration, such as 10s or 2m", options.duration), kExitUsage});
    const std::string form =
        fmt::format("duration={}&max_bytes={}", *duration, options.max_mib << 20);
    if (const auto started = call(settings, "POST", "/agent/record", form); !started)
        return say(started.error());
    const auto status = wait_for_end(settings, std::chrono::nanoseconds(*duration));
    if (!status)
        return say(status.error());
    const auto data = fetch(settings);
    if (!data)
        return say(data.error());
    if (const auto written = write_file_atomic(options.output, *data, kMode); !written)
        return say({written.error().message, kExitFailed});
    if (const auto stopped = call(settings, "POST", "/agent/record/stop"); !stopped)
        return say(stopped.error());
    if (options.json) {
        json::object report = *status;
        report.erase("state");
        report["file"] = options.output;
        std::printf("%s\n", json::serialize(report).c_str());
    } else {
        std::printf("%s: %s events in %zu bytes, ended by %s\n", options.output.c_str(),
                    json::serialize(status->at("events")).c_str(), data->size(),
                    json::serialize(status->at("ended")).c_str());
    }
    return kExitOk;
}

void add_record(CLI::App& runtime, const SettingsArguments& settings, int& exit_code) {
    const auto options = std::make_shared<RecordOptions>();
    CLI::App* record = runtime.add_subcommand(
        "record", "Record the event stream of the running agent, to replay it elsewhere");
    record->fallthrough();
    record->add_option("--output", options->output, "Where to; mode 0600")
        ->type_name("FILE")
        ->required();
    record->add_option("--duration", options->duration, "How long, up to 10m")->type_name("TIME");
    record->add_option("--max-size", options->max_mib, "At most this many MiB, up to 128")
        ->type_name("MIB");
    record->add_flag("--json", options->json, "The result as JSON");
    record->callback(
        [options, &settings, &exit_code] { exit_code = run_record(settings, *options); });
}

}  // namespace vedette::cli
