// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/client_commands.h"

#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <memory>

#include "common/log.h"
#include "common/os/fd.h"
#include "common/version.h"
#include "security-agent/cli/json_text.h"
#include "security-agent/cli/session.h"
#include "security-agent/flare/flare.h"

namespace vedette::cli {
namespace {

namespace json = boost::json;
using CLI::App;

int say(const Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    return failure.exit_code;
}

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (!text.ends_with('\n'))
        std::fputc('\n', stdout);
    std::fflush(stdout);
}

Outcome<json::value> parse(const std::string& body) {
    boost::system::error_code error;
    auto value = json::parse(body, error);
    if (error)
        return tl::unexpected<Failure>(
            Failure{"the agent's answer is no JSON: " + error.message(), kExitFailed});
    return value;
}

struct StatusFlags {
    bool json = false;
    bool pretty = false;
    bool verbose = false;
    std::string file;
};

int run_status(const SettingsArguments& arguments, const StatusFlags& flags) {
    const bool json_wanted = flags.json || flags.pretty;
    auto body = call(arguments, "GET",
                     fmt::format("/agent/status?format={}{}", json_wanted ? "json" : "text",
                                 flags.verbose ? "&verbose=true" : ""));
    if (!body)
        return say(body.error());
    if (flags.pretty) {
        const auto value = parse(*body);
        if (!value)
            return say(value.error());
        *body = pretty_json(*value);
    }
    if (flags.file.empty()) {
        print(*body);
        return kExitOk;
    }
    if (auto written = write_file_atomic(flags.file, *body + "\n", 0600); !written)
        return say({written.error().message, kExitFailed});
    return kExitOk;
}

/// One line that is written over, where somebody watches.
void show_progress(size_t number, size_t of, const std::string& name) {
    std::fprintf(stderr, "\r\033[K%zu/%zu %s", number, of, printable(name).c_str());
    if (number == of)
        std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
}

int local_flare(const SettingsArguments& arguments) {
    const auto settings = settings_for_client(arguments);
    if (!settings)
        return say(settings.error());
    flare::FlareOptions options;
    if (const auto log = settings->string("log_file"); !log.empty())
        options.log_files = {log};
    if (isatty(STDERR_FILENO))
        options.progress = show_progress;
    flare::FlareMaker maker(*settings, options);
    const auto path = maker.make();
    if (!path)
        return say({path.error().message, kExitFailed});
    print(*path);
    return kExitOk;
}

int run_flare(const SettingsArguments& arguments, bool local) {
    if (local)
        return local_flare(arguments);
    const bool watched = isatty(STDERR_FILENO) != 0;
    if (watched)
        std::fputs("the agent collects...", stderr);
    const auto body = call(arguments, "POST", "/agent/flare");
    if (watched)
        std::fputs("\r\033[K", stderr);
    if (body) {
        print(*body);
        return kExitOk;
    }
    if (body.error().exit_code != kExitNotRunning)
        return say(body.error());
    say({body.error().message + "; making the flare without it", kExitOk});
    return local_flare(arguments);
}

int run_version(const SettingsArguments& arguments, bool remote) {
    if (!remote) {
        const Version& v = version();
        print(fmt::format("Vedette agent {}{}", v.text,
                          v.commit.empty() ? "" : fmt::format(" (commit {})", v.commit)));
        return kExitOk;
    }
    const auto body = call(arguments, "GET", "/agent/version");
    if (!body)
        return say(body.error());
    print(*body);
    return kExitOk;
}

int run_hostname(const SettingsArguments& arguments) {
    const auto body = call(arguments, "GET", "/agent/hostname");
    if (!body)
        return say(body.error());
    const auto value = parse(*body);
    if (!value)
        return say(value.error());
    print(value->is_string() ? printable(std::string_view(value->get_string())) : *body);
    return kExitOk;
}

int run_stop(const SettingsArguments& arguments) {
    const auto body = call(arguments, "POST", "/agent/stop");
    if (!body)
        return say(body.error());
    print("the agent is stopping");
    return kExitOk;
}

int run_health(const SettingsArguments& arguments, bool as_json) {
    const auto body = call(arguments, "GET", "/agent/status/health");
    if (!body)
        return say(body.error());
    const auto value = parse(*body);
    if (!value)
        return say(value.error());
    size_t unhealthy = 0;
    std::string page;
    for (const char* kind : {"Unhealthy", "Healthy"}) {
        const auto* names = value->is_object() ? value->get_object().if_contains(kind) : nullptr;
        if (!names || !names->is_array())
            return say({"the agent's answer is no health report", kExitFailed});
        if (kind[0] == 'U')
            unhealthy = names->get_array().size();
        for (const auto& name : names->get_array())
            page += fmt::format("{}: {}\n", kind[0] == 'U' ? "unhealthy" : "healthy",
                                name.is_string() ? printable(std::string_view(name.get_string()))
                                                 : json::serialize(name));
    }
    print(as_json ? *body : page);
    return unhealthy == 0 ? kExitOk : kExitFailed;
}

/// Prints a JSON answer for eyes, or any other as it is.
int run_get(const SettingsArguments& arguments, const std::string& target) {
    const auto body = call(arguments, "GET", target);
    if (!body)
        return say(body.error());
    boost::system::error_code error;
    const auto value = json::parse(*body, error);
    print(error ? *body : pretty_json(value));
    return kExitOk;
}

int run_set(const SettingsArguments& arguments, const std::string& key, const std::string& value) {
    const auto body = call(arguments, "POST", "/agent/config/" + api::percent_encode(key),
                           "value=" + api::percent_encode(value));
    if (!body)
        return say(body.error());
    print(fmt::format("{} is now {}", key, value));
    return kExitOk;
}

/// A subcommand whose callback leaves what `run` returns in `exit_code`.
template <typename Run>
App* command(App& parent, const char* name, const char* help, int& exit_code, Run run) {
    App* sub = parent.add_subcommand(name, help);
    sub->fallthrough();
    sub->callback([&exit_code, run] { exit_code = run(); });
    return sub;
}

void add_config(App& app, const SettingsArguments& arguments, int& exit_code) {
    App* config = app.add_subcommand("config", "Show the running agent's settings, or change one");
    config->fallthrough();
    config->require_subcommand(0, 1);
    config->callback([config, &arguments, &exit_code] {
        if (config->get_subcommands().empty())
            exit_code = run_get(arguments, "/agent/config");
    });
    command(*config, "list-runtime", "Settings that can be changed while the agent runs", exit_code,
            [&arguments] { return run_get(arguments, "/agent/config/list-runtime"); });
    command(*config, "by-source", "Every setting by where its value comes from", exit_code,
            [&arguments] { return run_get(arguments, "/agent/config/by-source"); });

    struct Flags {
        std::string key;
        std::string value;
        bool sources = false;
    };
    const auto flags = std::make_shared<Flags>();
    App* get = command(*config, "get", "One setting", exit_code, [&arguments, flags] {
        return run_get(arguments, fmt::format("/agent/config/{}{}", api::percent_encode(flags->key),
                                              flags->sources ? "?sources=true" : ""));
    });
    get->add_option("key", flags->key, "Name, as log_level")->required();
    get->add_flag("--sources", flags->sources, "Also what each source says");
    App* set =
        command(*config, "set", "Change a setting until the next start", exit_code,
                [&arguments, flags] { return run_set(arguments, flags->key, flags->value); });
    set->add_option("key", flags->key, "Name, as log_level")->required();
    set->add_option("value", flags->value, "New value")->required();
}

}  // namespace

void add_settings_options(App& app, SettingsArguments& arguments) {
    app.add_option("-c,--cfgpath", arguments.config_files,
                   "Settings file, instead of those in /etc/vedette")
        ->type_name("FILE")
        ->allow_extra_args(false);
    app.add_option("--set", arguments.assignments, "Set a value; wins over files and environment")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void add_client_commands(App& app, const SettingsArguments& arguments, int& exit_code) {
    const auto status = std::make_shared<StatusFlags>();
    App* sub = command(app, "status", "State of the running agent and its probe", exit_code,
                       [&arguments, status] { return run_status(arguments, *status); });
    sub->add_flag("-j,--json", status->json, "The whole document as JSON");
    sub->add_flag("-p,--pretty-json", status->pretty, "The same, indented");
    sub->add_flag("-v,--verbose", status->verbose, "Every rule and hook");
    sub->add_option("-o,--file", status->file, "Write to a file instead")->type_name("FILE");

    const auto local = std::make_shared<bool>(false);
    sub = command(app, "flare", "Collect a scrubbed archive for support; prints its path",
                  exit_code, [&arguments, local] { return run_flare(arguments, *local); });
    sub->add_flag("--local", *local, "Do not ask the running agent");

    const auto remote = std::make_shared<bool>(false);
    sub = command(app, "version", "Version of this program", exit_code,
                  [&arguments, remote] { return run_version(arguments, *remote); });
    sub->add_flag("--remote", *remote, "Of the running agent, as JSON");

    command(app, "hostname", "Name of this host as the agent knows it", exit_code,
            [&arguments] { return run_hostname(arguments); });
    command(app, "stop", "Stop the running agent", exit_code,
            [&arguments] { return run_stop(arguments); });

    const auto as_json = std::make_shared<bool>(false);
    sub = command(app, "health", "Health of the agent's components; fails when one is unhealthy",
                  exit_code, [&arguments, as_json] { return run_health(arguments, *as_json); });
    sub->add_flag("-j,--json", *as_json, "As JSON");

    add_config(app, arguments, exit_code);
}

}  // namespace vedette::cli
