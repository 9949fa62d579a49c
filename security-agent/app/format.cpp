// SPDX-License-Identifier: Apache-2.0
#include "security-agent/app/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <istream>
#include <ostream>

#include "common/json_text.h"
#include "common/log.h"

namespace vedette::app {
namespace {

using boost::json::object;
using boost::json::value;

constexpr size_t kMaxArguments = 80;  // bytes of a command line that are shown
constexpr size_t kMaxChain = 4;       // ancestors that are shown

const object& child(const object& parent, std::string_view name) {
    static const object kNone;
    const value* found = parent.if_contains(name);
    return found && found->is_object() ? found->get_object() : kNone;
}

/// The member as it should stand on a terminal: bytes that are no text, and control characters, as \xNN.
std::string text(const object& parent, std::string_view name) {
    const value* found = parent.if_contains(name);
    if (!found)
        return {};
    if (found->is_string())
        return printable(bytes_of(found->get_string()));
    if (found->is_int64())
        return std::to_string(found->get_int64());
    if (found->is_uint64())
        return std::to_string(found->get_uint64());
    return {};
}

/// What one line has room for: the members of an alert that tell most, by event type. Others show the file's path.
struct Shown {
    std::string_view event;
    std::string_view members;
};
constexpr Shown kShown[] = {
    {"accept", "accept.addr.ip accept.addr.port"},
    {"bind", "bind.addr.ip bind.addr.port"},
    {"bpf", "bpf.cmd bpf.program.name bpf.map.name"},
    {"cgroup_write", "file.path cgroup_write.pid"},
    {"dns", "dns.question.type dns.question.name"},
    {"exit", "exit.cause exit.code"},
    {"imds", "imds.cloud_provider imds.type imds.url"},
    {"link", "file.path file.destination.path"},
    {"load_module", "module.name file.path"},
    {"mmap", "mmap.protection file.path"},
    {"mount", "mount.fs_type mount.mountpoint.path"},
    {"mprotect", "mprotect.req_protection"},
    {"network_flow_monitor", "network_flow_monitor.device.ifname"},
    {"ondemand", "ondemand.name"},
    {"packet", "packet.filter"},
    {"prctl", "prctl.option prctl.new_name"},
    {"ptrace", "ptrace.request ptrace.tracee.comm ptrace.tracee.pid"},
    {"rename", "file.path file.destination.path"},
    {"selinux", "selinux.bool.name selinux.bool.state selinux.enforce.status"},
    {"setrlimit", "setrlimit.resource setrlimit.rlim_cur setrlimit.target.comm"},
    {"setsockopt", "setsockopt.level setsockopt.optname"},
    {"signal", "signal.type signal.target.comm signal.pid"},
    {"socket", "socket.domain socket.type"},
    {"sysctl", "sysctl.action sysctl.name sysctl.value"},
    {"unload_module", "module.name"},
};

/// Of "mount.mountpoint.path".
std::string member_text(const object& alert, std::string_view path) {
    const size_t dot = path.find('.');
    return dot == std::string_view::npos
               ? text(alert, path)
               : member_text(child(alert, path.substr(0, dot)), path.substr(dot + 1));
}

std::string joined_members(const object& alert, std::string_view paths) {
    std::string out;
    while (!paths.empty()) {
        const size_t end = std::min(paths.find(' '), paths.size());
        const std::string member = member_text(alert, paths.substr(0, end));
        if (!member.empty())
            out += (out.empty() ? "" : " ") + member;
        paths.remove_prefix(std::min(end + 1, paths.size()));
    }
    return out;
}

struct Style {
    bool colour;
    std::string operator()(std::string_view code, std::string_view content) const {
        return colour && !content.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, content)
                                          : std::string(content);
    }
};

std::string what(const object& alert, const std::string& event) {
    if (event == "connect") {
        const object& addr = child(child(alert, "connect"), "addr");
        const std::string ip = text(addr, "ip");
        return ip.empty() ? text(addr, "family")
                          : fmt::format("{} port {}", ip, text(addr, "port"));
    }
    if (event == "setuid" || event == "setgid") {
        const object& to = child(child(child(alert, "process"), "credentials"), "destination");
        return event == "setuid" ? fmt::format("uid {} euid {}", text(to, "uid"), text(to, "euid"))
                                 : fmt::format("gid {} egid {}", text(to, "gid"), text(to, "egid"));
    }
    for (const Shown& shown : kShown)
        if (shown.event == event)
            return joined_members(alert, shown.members);
    const object& file = child(alert, "file");
    const std::string path = text(file, "path");
    return path.empty() ? text(file, "name") : path;
}

std::string arguments(const object& process) {
    std::string out = text(process, "argv0");
    const value* list = process.if_contains("args");
    if (list && list->is_array())
        for (const value& argument : list->get_array())
            if (argument.is_string())
                out += ' ' + printable(bytes_of(argument.get_string()));
    if (out.size() > kMaxArguments)
        out = out.substr(0, kMaxArguments - 3) + "...";
    return out;
}

std::string chain(const object& process) {
    std::string out;
    const value* list = process.if_contains("ancestors");
    if (!list || !list->is_array())
        return out;
    size_t shown = 0;
    std::string last = text(process, "comm");
    for (const value& ancestor : list->get_array()) {
        if (!ancestor.is_object() || shown == kMaxChain)
            break;
        const std::string comm = text(ancestor.get_object(), "comm");
        if (comm.empty() || comm == last)
            continue;  // an earlier image of the same program
        out += " <- " + comm;
        last = comm;
        ++shown;
    }
    return out;
}

/// "2026-11-22T12:04:31.120000000Z" -> "12:04:31.120"
std::string clock(const std::string& date) {
    return date.size() >= 23 && date[10] == 'T' ? date.substr(11, 12) : date;
}

/// What the agent says about itself.
std::string format_internal(const object& alert, const std::string& rule, const Style& style) {
    std::string detail = text(alert, "title");
    if (rule == "lost_events")
        detail = fmt::format("{} events were lost", text(alert, "total"));
    if (const value* policies = alert.if_contains("policies"); policies && policies->is_array()) {
        detail = "rules loaded:";
        for (const value& policy : policies->get_array())
            if (policy.is_object())
                detail += fmt::format(" {} ({})", text(policy.get_object(), "name"),
                                      text(policy.get_object(), "status"));
    }
    return fmt::format("{}  {}  {}", style("2", clock(text(alert, "date"))),
                       style(rule == "lost_events" ? "33" : "2", rule), style("2", detail));
}

}  // namespace

std::string format_alert(std::string_view json_line, bool colour) {
    boost::json::error_code error;
    const value parsed = boost::json::parse(json_line, error);
    const Style style{colour};
    if (error || !parsed.is_object() ||
        !(parsed.get_object().contains("agent") || parsed.get_object().contains("evt")))
        return printable(json_line);
    const object& alert = parsed.get_object();
    const std::string rule = text(child(alert, "agent"), "rule_id");
    const object& process = child(alert, "process");
    if (process.empty())
        return format_internal(alert, rule, style);
    const std::string event = text(child(alert, "evt"), "name");
    const std::string outcome = text(child(alert, "evt"), "outcome");
    const std::string container = text(child(alert, "container"), "id");
    std::string user = text(process, "user");
    if (user.empty())
        user = text(process, "uid");
    std::string line =
        fmt::format("{}  {}  {} {}{}  {}{}{}  {}", style("2", clock(text(alert, "date"))),
                    rule.empty() ? style("2", "event") : style("1;31", rule), style("36", event),
                    style("1", what(alert, event)),
                    outcome == "Success" ? "" : style("33", " [" + outcome + "]"),
                    arguments(process), style("2", fmt::format(" (pid {})", text(process, "pid"))),
                    style("2", chain(process)), style("2", "user " + user));
    if (!container.empty())
        line += style("35", "  container " + container.substr(0, 12));
    return line;
}

int run_format(std::istream& in, std::ostream& out, bool colour) {
    std::string line;
    while (std::getline(in, line)) {
        out << format_alert(line, colour) << std::endl;
        if (!out)
            return 1;
    }
    return 0;
}

}  // namespace vedette::app
