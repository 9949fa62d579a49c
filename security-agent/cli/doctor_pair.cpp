// SPDX-License-Identifier: Apache-2.0
//
// What `doctor` finds by asking: the agent, the probe, or the kernel through `system-probe check`.
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <utility>

#include "common/config/paths.h"
#include "common/log.h"
#include "common/os/fd.h"
#include "security-agent/app/status_sections.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/doctor_checks.h"
#include "security-agent/cli/json_read.h"
#include "security-agent/cli/session.h"

namespace vedette::cli {
namespace {

using boost::json::object;

constexpr size_t kMaxReport = 4U << 20;

/// Beside this program, as installed or as built.
std::string find_probe() {
    char path[4096] = {};
    if (readlink("/proc/self/exe", path, sizeof path - 1) <= 0)
        return {};
    std::string directory(path);
    directory.resize(directory.rfind('/'));
    for (const char* place :
         {"/system-probe", "/../system-probe/system-probe", "/../sbin/system-probe"})
        if (const std::string found = directory + place; access(found.c_str(), X_OK) == 0) {
            struct stat facts{};
            if (stat(found.c_str(), &facts) == 0 && S_ISREG(facts.st_mode))
                return found;
        }
    return {};
}

/// What the program writes to standard output.
Result<std::string> output_of(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail_errno(errno, "pipe");
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, writer.get(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int error = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return fail_errno(error, "'{}'", words[0]);
    writer.reset();
    auto text = read_all(reader.get(), kMaxReport, words[0]);
    waitpid(pid, nullptr, 0);
    return text;
}

std::string lost_text(const object& lost, uint64_t& total) {
    std::string out;
    for (const auto& [name, value] : lost) {
        const uint64_t count = number(lost, name);
        total += count;
        if (count > 0)
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count,
                               printable(std::string_view(name)));
    }
    return out;
}

void report_kernel(const object& facts, Findings& out) {
    const std::string lockdown = text(facts, "lockdown");
    out.ok("kernel", fmt::format("Linux {} {}, lockdown {}", text(facts, "kernel"),
                                 text(facts, "arch"), lockdown.empty() ? "unknown" : lockdown));
}

void report_hooks(const HookStates& hooks, const std::string& backend, Findings& out) {
    size_t full = 0;
    for (const auto& [type, hook] : hooks) {
        // What no rule is about hurts nobody: check_rules() says where it does.
        if (hook.state == "missing")
            out.warn("kernel", fmt::format("{} events cannot be seen here", type), hook.reason);
        else if (hook.state == "partial")
            out.warn("kernel", fmt::format("{} events are seen in part", type), hook.reason);
        else
            ++full;
    }
    out.ok("kernel", fmt::format("{} of {} event types are seen in full{}", full, hooks.size(),
                                 backend.empty() ? "" : " (" + backend + ")"));
}

}  // namespace

std::optional<object> ask_agent(const SettingsArguments& arguments, Findings& out) {
    const auto body = call(arguments, "GET", "/agent/status?format=json");
    if (!body) {
        if (body.error().exit_code == kExitNotRunning)
            out.warn("agent", body.error().message,
                     "start it: systemctl start vedette-security-agent");
        else
            out.fail("agent", body.error().message, "ask as the agent's user, or as root");
        return std::nullopt;
    }
    boost::system::error_code error;
    auto parsed = boost::json::parse(*body, error);
    if (error || !parsed.is_object()) {
        out.fail("agent", "the agent's status is no JSON object",
                 "security-agent version --remote");
        return std::nullopt;
    }
    out.ok("agent", "the agent answers");
    return std::move(parsed.get_object());
}

std::optional<object> ask_probe(const Settings& settings, const object* status, Findings& out) {
    std::string problem;
    if (status) {
        const object& section = child(*status, "probe");
        problem = text(section, "error");
        if (problem.empty() && !section.empty())
            return section;
    } else {
        try {
            return app::probe_section(command_socket_path(settings));
        } catch (const std::exception& error) {
            problem = error.what();
        }
    }
    out.warn("probe", problem.empty() ? "the probe does not answer" : problem,
             "start it: systemctl start vedette-system-probe; only root and the agent's user may "
             "ask it");
    return std::nullopt;
}

std::optional<HookStates> try_hooks(const SettingsArguments& arguments, Findings& out) {
    if (geteuid() != 0) {
        out.warn("kernel", "what this kernel offers is not known: only root may try",
                 "run doctor as root");
        return std::nullopt;
    }
    std::vector<std::string> words = {find_probe()};
    if (words[0].empty()) {
        out.warn("kernel", "there is no system-probe beside this program to try the hooks with",
                 "install it");
        return std::nullopt;
    }
    for (const std::string& file : arguments.config_files)
        words.insert(words.end(), {"-c", file});
    for (const std::string& assignment : arguments.assignments)
        words.insert(words.end(), {"--set", assignment});
    words.insert(words.end(), {"check", "--json"});
    const auto said = output_of(words);
    boost::system::error_code error;
    const auto parsed = said ? boost::json::parse(*said, error) : boost::json::value();
    const object& report = as_object(parsed);
    if (!said || error || report.empty()) {
        out.fail("kernel", said ? "system-probe check says nothing" : said.error().message,
                 "run it by hand: " + words[0] + " check");
        return std::nullopt;
    }
    report_kernel(report, out);
    if (const std::string problem = text(report, "problem"); !problem.empty()) {
        out.fail("kernel", "nothing can be watched here: " + problem,
                 "system-probe check says more");
        return std::nullopt;
    }
    HookStates hooks;
    for (const auto& row : list(report, "events"))
        hooks[text(as_object(row), "type")] = {text(as_object(row), "status"),
                                               text(as_object(row), "reason")};
    report_hooks(hooks, text(report, "backend"), out);
    return hooks;
}

HookStates check_probe(const object& probe, Findings& out) {
    out.ok("probe", fmt::format("the probe answers: version {}, records from {}",
                                text(probe, "version"), text(probe, "source")));
    report_kernel(probe, out);
    HookStates hooks;
    std::string backend;
    for (const auto& row : list(probe, "hooks")) {
        const object& hook = as_object(row);
        hooks[text(hook, "eventType")] = {text(hook, "state"), text(hook, "reason")};
        if (backend.empty())
            backend = text(hook, "backend");
    }
    if (!hooks.empty())
        report_hooks(hooks, backend, out);
    for (const auto& warning : list(probe, "warnings"))
        if (warning.is_string())
            out.warn("probe", std::string(warning.get_string()), "");
    uint64_t total = 0;
    std::string by_type;
    for (const auto& row : list(probe, "events")) {
        uint64_t lost = 0;
        const std::string reasons = lost_text(child(as_object(row), "lost"), lost);
        total += lost;
        if (lost > 0)
            by_type += fmt::format("{}{} ({})", by_type.empty() ? "" : "; ",
                                   text(as_object(row), "eventType"), reasons);
    }
    if (total > 0)
        out.warn("losses",
                 fmt::format("{} events were lost since the probe started: {}", total, by_type),
                 "system_probe_config.ring_buffer_size, rules that want fewer events; "
                 "security-agent top shows where they come from");
    else
        out.ok("losses", "no event was lost since the probe started");
    return hooks;
}

void check_agent(const object& status, Findings& out) {
    const object& runtime = child(status, "runtimeSecurityStatus");
    if (flag(runtime, "connected"))
        out.ok("agent", "it is connected to the probe");
    else
        out.fail("agent", "it is not connected to the probe",
                 "the agent's log says why; is the probe running?");
    if (list(runtime, "endpoints").empty())
        out.warn("outputs", "the running agent has no output",
                 "outputs.file.path or outputs.stdout");
    const object& test = child(runtime, "selfTests");
    const std::string problem = text(test, "Error");
    if (number(test, "LastTimestamp") == 0)
        out.warn("self-test", "none has run yet", "security-agent runtime self-test");
    else if (!problem.empty())
        out.fail("self-test", "the last one failed: " + problem,
                 "security-agent runtime self-test runs it again");
    else
        out.ok("self-test", fmt::format("the last one passed: {} kinds of event arrived",
                                        list(test, "Success").size()));
    const object& health = child(status, "health");
    for (const auto& name : list(health, "Unhealthy"))
        if (name.is_string())
            out.fail("agent", fmt::format("'{}' is not healthy", std::string(name.get_string())),
                     "security-agent status -v");
    for (const auto& row : list(runtime, "policiesStatus")) {
        const object& policy = as_object(row);
        for (const auto& entry : list(policy, "status"))
            if (text(as_object(entry), "status") == "error")
                out.fail("agent",
                         fmt::format("rule '{}' is not in force: {}", text(as_object(entry), "id"),
                                     text(as_object(entry), "error")),
                         "security-agent runtime policy check shows the place");
    }
}

}  // namespace vedette::cli
