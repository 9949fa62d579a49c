// SPDX-License-Identifier: Apache-2.0
//
// What the agent does around the engine: alerts for the eye, the pid file, loading policies.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/os/pid_file.h"
#include "security-agent/app/format.h"
#include "security-agent/app/policy_manager.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::app;

namespace {

namespace fs = std::filesystem;

struct Directory {
    std::string path;
    Directory() {
        char name[] = "/tmp/vedette-app-XXXXXX";
        path = mkdtemp(name);
    }
    ~Directory() { fs::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path + "/" + name) << text;
    }
};

struct Lines final : engine::AlertSink {
    void write(std::string line) override { lines.push_back(std::move(line)); }
    std::vector<std::string> lines;
};

/// A policy manager with all it needs.
struct Manager {
    explicit Manager(const std::string& directory, const std::string& emulated_version = {}) {
        LogOptions options;
        options.name = "test";
        options.console = false;
        logger = *make_logger(options);
        engine::EngineOptions engine_options;
        engine_options.steady_ns = [] { return int64_t{0}; };
        engine_options.wall_ns = [] { return int64_t{0}; };
        engine = std::make_unique<engine::Engine>(engine_options, sink, metrics, *logger);
        PolicyOptions policy_options;
        policy_options.directory = directory;
        if (!emulated_version.empty())
            policy_options.emulated_version = emulated_version;
        manager = std::make_unique<PolicyManager>(
            std::move(policy_options), *engine, metrics, *logger,
            health.add("policies", Health::Kind::kReadiness, std::chrono::seconds(0)));
    }
    std::vector<std::string> rules() const {
        std::vector<std::string> ids;
        for (const policy::PolicyReport& policy : engine->policies()->policies)
            for (const policy::RuleReport& rule : policy.rules)
                if (rule.status == policy::RuleStatus::kLoaded)
                    ids.push_back(rule.id);
        return ids;
    }
    Lines sink;
    Metrics metrics;
    Health health;
    std::shared_ptr<Logger> logger;
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<PolicyManager> manager;
};

using Strings = std::vector<std::string>;

std::string policy_with(const std::string& id, const std::string& expression = "open.retval == 0") {
    return "version: 1.0.0\nrules:\n  - {id: " + id + ", expression: '" + expression + "'}\n";
}

constexpr char kAlert[] =
    R"({"agent":{"rule_id":"shadow"},"evt":{"name":"open","outcome":"Refused"},)"
    R"("date":"2026-09-21T14:13:20.123456789Z","file":{"path":"/etc/a\u001b[31m\uf7ff"},)"
    R"("process":{"pid":7,"comm":"cat","user":"bob","argv0":"cat","args":["/etc/\nx"],)"
    R"("ancestors":[{"comm":"cat"},{"comm":"bash"},{"comm":"bash"},{"comm":"sshd"}]}})";

}  // namespace

TEST_CASE("format: one line, with nothing that a terminal would obey") {
    CHECK(format_alert(kAlert, false) ==
          "14:13:20.123  shadow  open /etc/a\\x1b[31m\\xff [Refused]  cat /etc/\\x0ax (pid 7) <- "
          "bash "
          "<- sshd  user bob");
    const std::string coloured = format_alert(kAlert, true);
    CHECK(coloured.find("\x1b[1;31mshadow\x1b[0m") != std::string::npos);
    CHECK(coloured.find("a\x1b[31m") == std::string::npos);
}

TEST_CASE("format: what an event of each kind is about") {
    const auto format = [](const std::string& event, const std::string& members) {
        return format_alert(fmt::format(R"({{"agent":{{"rule_id":"r"}},"evt":{{"name":"{}",)"
                                        R"("outcome":"Success"}},"process":{{"pid":7}},{}}})",
                                        event, members),
                            false);
    };
    CHECK_THAT(format("rename", R"("file":{"path":"/a","destination":{"path":"/b"}})"),
               ContainsSubstring("rename /a /b "));
    CHECK_THAT(
        format("signal", R"("signal":{"type":"SIGKILL","pid":9,"target":{"comm":"x\u001b"}})"),
        ContainsSubstring("signal SIGKILL x\\x1b 9 "));
    CHECK_THAT(format("bpf", R"("bpf":{"cmd":"BPF_PROG_LOAD"})"),
               ContainsSubstring("bpf BPF_PROG_LOAD "));
    CHECK_THAT(format("signal", R"("signal":[1])"), ContainsSubstring("r  signal "));
    CHECK_THAT(format("chmod", R"("file":{"path":"/a"})"), ContainsSubstring("chmod /a "));
}

TEST_CASE("format: what is no alert passes through, harmless") {
    CHECK(format_alert("plain \x1b[2J text", false) == "plain \\x1b[2J text");
    CHECK(format_alert("{\"a\":1}", false) == "{\"a\":1}");
    CHECK(format_alert("", false).empty());
    CHECK(format_alert("[1", false) == "[1");
    CHECK(format_alert(R"({"agent":1,"process":[],"evt":"x"})", false) != "");
    CHECK_THAT(format_alert(R"({"agent":{"rule_id":"lost_events"},"title":"t","total":5})", false),
               ContainsSubstring("5 events were lost"));
    std::istringstream in(std::string(kAlert) + "\nnoise\n");
    std::ostringstream out;
    CHECK(run_format(in, out, false) == 0);
    CHECK(out.str() == format_alert(kAlert, false) + "\nnoise\n");
}

TEST_CASE("pid file: one process holds it, it goes with the process") {
    const Directory directory;
    const std::string path = directory.path + "/agent.pid";
    {
        const Result<PidFile> file = PidFile::create(path);
        REQUIRE(file);
        std::ifstream in(path);
        pid_t pid = 0;
        in >> pid;
        CHECK(pid == getpid());
        const Result<PidFile> second = PidFile::create(path);
        REQUIRE_FALSE(second);
        CHECK(second.error().code == ErrorCode::kExists);
        CHECK_THAT(second.error().message, ContainsSubstring(std::to_string(getpid())));
    }
    CHECK_FALSE(fs::exists(path));
    directory.write("agent.pid", "123456\n");  // left behind by a process that was killed
    CHECK(PidFile::create(path));
    CHECK_FALSE(PidFile::create(directory.path + "/no/agent.pid"));
}

TEST_CASE("policies: loaded, reloaded, and a broken file leaves the last good rules in force") {
    const Directory directory;
    directory.write("a.policy", policy_with("one"));
    Manager agent(directory.path);
    agent.manager->load("test");
    CHECK(agent.rules() == Strings{"one"});
    CHECK(agent.health.readiness().ok());
    directory.write("a.policy", policy_with("two"));
    agent.manager->load("test");
    CHECK(agent.rules() == Strings{"two"});
    directory.write("a.policy", "rules: [\n");
    agent.manager->load("test");
    CHECK(agent.rules() == Strings{"two"});
    fs::remove_all(directory.path);
    agent.manager->load("test");
    CHECK(agent.rules() == Strings{"two"});
    CHECK(agent.metrics.counter("vedette_agent_policy_load_failures_total", "").Value() == 2);
    CHECK(agent.health.readiness().ok());
}

TEST_CASE("policies: what a load came to is told to whoever asks") {
    const Directory directory;
    directory.write("a.policy", policy_with("one") +
                                    "  - {id: win, expression: open.retval == 0, "
                                    "filters: ['os == \"windows\"']}\n");
    Manager agent(directory.path);
    CHECK(agent.manager->status().last.time_ns == 0);
    const LoadOutcome first = agent.manager->load("start");
    CHECK(first.in_force);
    CHECK(first.loaded == 1);
    CHECK(first.filtered == 1);
    CHECK(first.failed == 0);
    directory.write("b.policy", "rules: [\n");
    const LoadOutcome second = agent.manager->load("SIGHUP");
    CHECK_FALSE(second.in_force);
    CHECK(second.kept_previous);
    CHECK(second.trigger == "SIGHUP");
    CHECK_THAT(second.message, ContainsSubstring("policy 'b.policy' cannot be loaded: not YAML"));
    CHECK(second.compiled != nullptr);
    const PolicyManagerStatus status = agent.manager->status();
    CHECK(status.last.message == second.message);
    CHECK(status.last.time_ns >= first.time_ns);
    CHECK(status.in_force_since_ns == first.time_ns);
    CHECK(status.rules_in_force == 1);
    CHECK(status.loads == 1);
    CHECK(status.refused == 1);
    CHECK(agent.metrics.gauge("vedette_agent_policy_last_load_ok", "").Value() == 0);
    fs::remove(directory.path + "/b.policy");
    CHECK(agent.manager->load("API").in_force);
    CHECK(agent.metrics.gauge("vedette_agent_policy_last_load_ok", "").Value() == 1);
}

TEST_CASE("policies: a refused load is said in a ruleset_loaded event, with what was wrong") {
    const Directory directory;
    directory.write("a.policy", policy_with("one"));
    Manager agent(directory.path);
    agent.manager->load("start");
    agent.engine->tick();
    directory.write("a.policy", "rules: [\n");
    agent.manager->load("SIGHUP");
    agent.engine->tick();
    REQUIRE(agent.sink.lines.size() >= 2);
    const std::string& line = agent.sink.lines.back();
    CHECK_THAT(line, ContainsSubstring("\"rule_id\":\"ruleset_loaded\""));
    CHECK_THAT(line, ContainsSubstring("policy 'a.policy' cannot be loaded"));
    CHECK_THAT(line, ContainsSubstring("\"status\":\"error\""));
    CHECK(agent.rules() == Strings{"one"});
}

TEST_CASE("policies: constraints are tested against the version we are taken for") {
    const Directory directory;
    directory.write("a.policy",
                    "rules:\n  - {id: old, expression: open.retval == 0, agent_version: '< 7.50'}\n"
                    "  - {id: new, expression: open.retval == 0, agent_version: '>= 7.50'}\n");
    Manager ours(directory.path);
    ours.manager->load("test");
    CHECK(ours.rules() == Strings{"new"});
    Manager older(directory.path, "7.46.0");
    older.manager->load("test");
    CHECK(older.rules() == Strings{"old"});
}

TEST_CASE("policies: a bad rule is left out, the others are in force") {
    const Directory directory;
    directory.write("a.policy", policy_with("good"));
    directory.write("b.policy", policy_with("bad", "open.nothing == 1"));
    Manager agent(directory.path);
    agent.manager->load("test");
    CHECK(agent.rules() == Strings{"good"});
}

TEST_CASE("policies: without any rule the agent is not ready") {
    const Directory directory;
    Manager agent(directory.path + "/missing");
    agent.manager->load("test");
    CHECK(agent.rules().empty());
    CHECK_FALSE(agent.health.readiness().ok());
}
