// SPDX-License-Identifier: Apache-2.0
//
// What `doctor` can find without asking anybody.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <map>

#include "common/config/paths.h"
#include "common/ipc/certificate.h"
#include "common/ipc/token.h"
#include "common/os/fd.h"
#include "fields.gen.h"
#include "security-agent/cli/doctor_checks.h"
#include "security-agent/cli/policy_source.h"

namespace vedette::cli {
namespace {

constexpr uint64_t kLittleSpace = 256ULL << 20;
constexpr auto kSoon = std::chrono::hours(24 * 14);
constexpr size_t kMaxNamed = 10;  // rules of one event type that are named

std::string parent_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// "a, b and 3 more"
std::string named(const std::vector<std::string>& names) {
    std::string out;
    for (size_t i = 0; i < names.size() && i < kMaxNamed; ++i)
        out += (i ? ", " : "") + names[i];
    if (names.size() > kMaxNamed)
        out += fmt::format(" and {} more", names.size() - kMaxNamed);
    return out;
}

bool port_is_free(uint16_t port) {
    const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
           errno != EADDRINUSE;
}

void check_space(const std::string& what, const std::string& directory, Findings& out) {
    struct statvfs facts{};
    if (statvfs(directory.c_str(), &facts) != 0)
        return out.warn("host", fmt::format("'{}': {}", directory, std::strerror(errno)),
                        fmt::format("it is the place for {}: make it, or choose another", what));
    const uint64_t free = uint64_t{facts.f_bavail} * facts.f_frsize;
    const std::string text = fmt::format("{} MiB free for {} in '{}'", free >> 20, what, directory);
    if (free < kLittleSpace)
        out.warn("host", text, "make room, or move it by its setting");
    else
        out.ok("host", text);
}

void report_secret(const char* what, const Error* error, Findings& out) {
    if (!error)
        return out.ok("access",
                      fmt::format("the {} is there, and only its owner can read it", what));
    if (error->code == ErrorCode::kNotFound)
        return out.warn("access", fmt::format("no {} yet: {}", what, error->message),
                        "the agent makes it when it starts");
    if (error->sys_errno == EACCES || error->sys_errno == EPERM)
        return out.warn("access", error->message, "ask as the agent's user, or as root");
    out.fail("access", error->message,
             fmt::format("mend or remove the file; the agent makes a new {}", what));
}

}  // namespace

void check_secrets(const Settings& settings, Findings& out) {
    const auto token = ipc::Token::load(auth_token_path(settings));
    report_secret("session token", token ? nullptr : &token.error(), out);
    const auto certificate = ipc::load_certificate(ipc_cert_path(settings));
    report_secret("certificate", certificate ? nullptr : &certificate.error(), out);
    if (!certificate)
        return;
    const auto left = certificate->expires - std::chrono::system_clock::now();
    const auto days = std::chrono::duration_cast<std::chrono::hours>(left).count() / 24;
    if (left.count() <= 0)
        out.fail("access", "the certificate has expired", "remove it and start the agent again");
    else if (left < kSoon)
        out.warn("access", fmt::format("the certificate expires in {} days", days),
                 "remove it and start the agent again");
}

void check_ports(const Settings& settings, bool running, Findings& out) {
    struct Port {
        const char* setting;
        const char* what;
    };
    for (const Port& port : {Port{"security_agent.cmd_port", "API"},
                             Port{"security_agent.expvar_port", "telemetry"}}) {
        const auto number = static_cast<uint16_t>(settings.integer(port.setting));
        if (number == 0)
            continue;
        const bool free = port_is_free(number);
        if (running && !free)
            out.ok("ports", fmt::format("{} on port {}", port.what, number));
        else if (!running && free)
            out.ok("ports", fmt::format("port {} ({}) is free", number, port.what));
        else if (!running)
            out.fail("ports",
                     fmt::format("port {} ({}) is in use, and not by an agent that answers here",
                                 number, port.what),
                     fmt::format("ss -ltnp 'sport = :{}' names who it is; {} chooses another port",
                                 number, port.setting));
    }
}

void check_outputs(const Settings& settings, Findings& out) {
    const std::string path = settings.string("outputs.file.path");
    if (!settings.boolean("outputs.stdout") && path.empty())
        return out.warn("outputs", "no output is on: alerts are only counted",
                        "outputs.file.path or outputs.stdout");
    if (settings.boolean("outputs.stdout"))
        out.ok("outputs", "alerts go to standard output");
    if (path.empty())
        return;
    struct stat facts{};
    const bool there = stat(path.c_str(), &facts) == 0;
    // As whoever asks: for root everything is writable, so it is the agent's log that knows.
    if (access(there ? path.c_str() : parent_of(path).c_str(), W_OK) != 0)
        return out.fail(
            "outputs",
            fmt::format("alerts cannot be written to '{}': {}", path, std::strerror(errno)),
            "outputs.file.path names another place; the directory must let the agent's user write");
    out.ok("outputs", fmt::format("alerts go to '{}'", path));
    check_space("alerts", parent_of(path), out);
}

void check_host(const Settings& settings, Findings& out) {
    check_space("what the agent keeps", settings.string("state_dir"), out);
    timex clock{};
    const int state = adjtimex(&clock);
    // Before this was written: a clock that was never set.
    if (std::time(nullptr) < 1'700'000'000)
        out.fail("host", "the clock is wrong: it shows a time before 2023",
                 "set it: alerts carry its time, and certificates depend on it");
    else if (state < 0)
        out.ok("host", "the clock shows a plausible time");
    else if ((clock.status & STA_UNSYNC) != 0)
        out.warn(
            "host",
            "the clock is not synchronised: times of alerts may differ from those of other hosts",
            "run an NTP client (systemd-timesyncd, chrony)");
    else
        out.ok("host", "the clock is synchronised");
}

void check_rules(const Settings& settings, const HookStates* hooks, Findings& out) {
    use_default_private_ranges();
    PolicySource source;
    source.path = settings.string("runtime_security_config.policies.dir");
    source.agent_version = settings.string("runtime_security_config.emulated_version");
    const auto compiled = compile(source);
    if (!compiled)
        return out.fail("rules", compiled.error().message,
                        "runtime_security_config.policies.dir names the directory");
    const policy::CompiledPolicies& policies = **compiled;
    for (const policy::PolicyReport& file : policies.policies)
        for (const policy::RuleReport& rule : file.rules)
            if (rule.status == policy::RuleStatus::kError)
                out.fail("rules",
                         fmt::format("rule '{}' of '{}' does not load: {}", rule.id, file.name,
                                     rule.message),
                         "security-agent runtime policy check shows the place");
    for (const policy::PolicyReport& file : policies.policies)
        if (file.status == policy::PolicyStatus::kError && file.rules.empty())
            out.fail("rules", fmt::format("'{}' does not load: {}", file.name, file.message),
                     "security-agent runtime policy check shows the place");
    if (policies.rules.empty())
        return out.warn("rules", fmt::format("no rule in '{}'", source.path),
                        "put policies there, or reload: nothing is alerted about");
    out.ok("rules", fmt::format("{} rules of {} policies load", policies.rules.size(),
                                policies.policies.size()));
    if (!hooks)
        return;
    std::map<std::string, std::vector<std::string>> rules;  // by event type
    for (const secl::NumberedRule& bound : policies.bound)
        for (const secl::EventTypeDef& type : engine::field_table().events())
            if (type.id == bound.rule.event && bound.rule.event != secl::kAnyEvent)
                rules[std::string(type.name)].push_back(policies.rules[bound.number].id);
    for (auto& [type, ids] : rules) {
        const auto hook = hooks->find(type);
        if (hook == hooks->end() || hook->second.state == "full" || hook->second.state == "off")
            continue;
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        if (hook->second.state == "missing")
            out.fail(
                "rules",
                fmt::format("no {} events here, so these rules never match: {}", type, named(ids)),
                hook->second.reason);
        else
            out.warn("rules",
                     fmt::format("{} events are seen in part, which weakens: {}", type, named(ids)),
                     hook->second.reason);
    }
}

}  // namespace vedette::cli
