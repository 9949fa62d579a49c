// SPDX-License-Identifier: Apache-2.0
//
// The client commands against a real server: what they print and how they end.
#include "security-agent/cli/client_commands.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/parse.hpp>

#include "common/os/fd.h"
#include "common/version.h"
#include "tests/unit/face/agent.h"

using namespace vedette;

namespace {

/// What a stream got while it lived.
class Capture {
   public:
    Capture(const test::TemporaryDirectory& directory, FILE* stream)
        : stream_(stream), path_(directory / fmt::format("capture{}", fileno(stream))) {
        fflush(stream_);
        saved_ = UniqueFd(dup(fileno(stream_)));
        const auto file = open_file(path_, O_RDWR | O_CREAT | O_TRUNC, 0600);
        dup2(file->get(), fileno(stream_));
    }
    std::string text() {
        restore();
        return test::slurp(path_);
    }
    ~Capture() { restore(); }

   private:
    void restore() {
        if (!saved_)
            return;
        fflush(stream_);
        dup2(saved_.get(), fileno(stream_));
        saved_.reset();
    }
    FILE* stream_;
    std::string path_;
    UniqueFd saved_;
};

struct Outcome {
    int exit_code;
    std::string out;
    std::string err;
};

Outcome run(const test::TemporaryDirectory& directory, uint16_t port,
            std::vector<std::string> words) {
    SettingsArguments arguments;
    CLI::App app("test");
    cli::add_settings_options(app, arguments);
    int exit_code = -1;
    cli::add_client_commands(app, arguments, exit_code);
    for (const auto& assignment :
         {"state_dir=" + directory.path(), fmt::format("security_agent.cmd_port={}", port),
          std::string("server_timeout=5s")}) {
        words.push_back("--set");
        words.push_back(assignment);
    }
    std::reverse(words.begin(), words.end());
    Capture out(directory, stdout);
    Capture err(directory, stderr);
    app.parse(words);
    return {exit_code, out.text(), err.text()};
}

}  // namespace

TEST_CASE("commands of a running agent", "[cli]") {
    test::RunningAgent agent;
    const auto command = [&](std::vector<std::string> words) {
        return run(agent.directory, agent.server.port(), std::move(words));
    };
    SECTION("version") {
        CHECK_THAT(command({"version"}).out,
                   StartsWith("Vedette agent " + std::string(version().text)));
        CHECK(
            boost::json::parse(command({"version", "--remote"}).out).as_object().contains("Major"));
    }
    SECTION("hostname") {
        CHECK(command({"hostname"}).out == "node-7\n");
    }
    SECTION("health") {
        auto healthy = command({"health"});
        CHECK(healthy.exit_code == cli::kExitOk);
        CHECK(healthy.out == "healthy: engine\n");
        agent.component->fail();
        healthy = command({"health", "-j"});
        CHECK(healthy.exit_code == cli::kExitFailed);
        CHECK(healthy.out == "{\"Healthy\":[],\"Unhealthy\":[\"engine\"]}\n");
    }
    SECTION("status") {
        CHECK_THAT(command({"status"}).out, ContainsSubstring("Runtime security"));
        const auto compact = command({"status", "-j"}).out;
        CHECK(std::count(compact.begin(), compact.end(), '\n') == 1);
        const auto pretty = command({"status", "-p"}).out;
        CHECK_THAT(pretty, StartsWith("{\n  \"agent\": {\n    \"version\""));
        CHECK(boost::json::parse(pretty).as_object().contains("health"));
        const auto file = agent.directory / "status.json";
        CHECK(command({"status", "-j", "-o", file}).out.empty());
        CHECK(boost::json::parse(test::slurp(file)).as_object().contains("agent"));
    }
    SECTION("config") {
        CHECK_THAT(command({"config"}).out, ContainsSubstring("log_level: info"));
        CHECK(command({"config", "get", "log_level"}).out == "{\n  \"value\": \"info\"\n}\n");
        CHECK(command({"config", "set", "log_level", "debug"}).out == "log_level is now debug\n");
        CHECK(agent.settings.string("log_level") == "debug");
        CHECK_THAT(command({"config", "list-runtime"}).out, ContainsSubstring("log_level"));
        CHECK_THAT(command({"config", "by-source"}).out, ContainsSubstring("\"runtime\""));
        const auto wrong = command({"config", "set", "log_level", "a&b=c d"});
        CHECK(wrong.exit_code == cli::kExitFailed);
        CHECK_THAT(wrong.err, ContainsSubstring("answered 400") && ContainsSubstring("a&b=c d"));
    }
    SECTION("flare") {
        const auto made = command({"flare"});
        CHECK(made.exit_code == cli::kExitOk);
        CHECK(std::filesystem::exists(made.out.substr(0, made.out.size() - 1)));
    }
    SECTION("stop") {
        CHECK(command({"stop"}).out == "the agent is stopping\n");
        for (int i = 0; i < 100 && agent.stops == 0; ++i)
            usleep(10'000);
        CHECK(agent.stops == 1);
    }
}

TEST_CASE("when there is no agent", "[cli]") {
    test::Agent agent;  // its files are there, nothing listens
    const auto away = run(agent.directory, 1, {"status"});
    CHECK(away.exit_code == cli::kExitNotRunning);
    CHECK(away.out.empty());
    CHECK(away.err == "the agent is not running: nothing listens on 127.0.0.1:1\n");

    setenv("TMPDIR", agent.directory.path().c_str(), 1);
    const auto flare = run(agent.directory, 1, {"flare"});
    unsetenv("TMPDIR");
    CHECK(flare.exit_code == cli::kExitOk);
    CHECK_THAT(flare.err, ContainsSubstring("making the flare without it"));
    CHECK(std::filesystem::exists(flare.out.substr(0, flare.out.size() - 1)));

    const test::TemporaryDirectory empty;
    const auto never = run(empty, 1, {"health"});
    CHECK(never.exit_code == cli::kExitNotRunning);
    CHECK_THAT(never.err, ContainsSubstring("has not run here yet"));

    chmod((agent.directory / "auth_token").c_str(), 0644);
    const auto open = run(agent.directory, 1, {"health"});
    CHECK(open.exit_code == cli::kExitFailed);
    CHECK_THAT(open.err, ContainsSubstring("chmod 0600"));
}

TEST_CASE("wrong settings are usage errors", "[cli]") {
    const test::TemporaryDirectory directory;
    const auto wrong = run(directory, 1, {"status", "--set", "log_levle=info"});
    CHECK(wrong.exit_code == cli::kExitUsage);
    CHECK_THAT(wrong.err, ContainsSubstring("did you mean 'log_level'"));
    CHECK(run(directory, 1, {"status", "--set", "nonsense"}).exit_code == cli::kExitUsage);
    CHECK(run(directory, 1, {"version"}).exit_code == cli::kExitOk);
}

TEST_CASE("an impostor on the agent's port learns nothing", "[cli]") {
    // Another process took the port with a certificate of its own: it must not get the token.
    test::RunningAgent impostor;
    test::Agent real;
    const auto refused = run(real.directory, impostor.server.port(), {"hostname"});
    CHECK(refused.exit_code == cli::kExitFailed);
    CHECK_THAT(refused.err, ContainsSubstring("another certificate"));
    CHECK(test::slurp(impostor.directory / "agent.log").empty());
}
