// SPDX-License-Identifier: Apache-2.0
#include "security-agent/cli/tree_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json/parse.hpp>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

#include "common/json_text.h"
#include "common/log.h"
#include "security-agent/cli/client_commands.h"
#include "security-agent/cli/json_read.h"
#include "security-agent/cli/json_text.h"
#include "security-agent/cli/session.h"

namespace vedette::cli {
namespace {

using boost::json::object;

std::string today_utc() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char out[16] = {};
    std::strftime(out, sizeof out, "%Y-%m-%d", &parts);
    return out;
}

/// "2026-11-22T12:04:31.120000000Z" -> "12:04:31", of another day "2026-11-20 12:04:31"
std::string clock(const std::string& date, const std::string& today) {
    if (date.size() < 19 || date[10] != 'T')
        return date;
    const std::string time = date.substr(11, 8);
    return date.starts_with(today) ? time : date.substr(0, 10) + " " + time;
}

std::string command_line(const object& process) {
    std::string out = text(process, "argv0");
    for (const auto& argument : list(process, "args"))
        if (argument.is_string())
            out += ' ' + printable(bytes_of(argument.get_string()));
    if (out.empty())
        out = text(child(process, "executable"), "path");
    return out;
}

/// Two texts at once: as it is shown, and how wide that is; a colour takes no room.
std::string process_line(const object& process, const std::string& branch, bool asked_for,
                         const Style& style, size_t columns, const std::string& today) {
    std::string user = text(process, "user");
    if (user.empty())
        user = fmt::format("uid {}", number(process, "uid"));
    const std::string begun = text(process, "exec_time").empty() ? text(process, "fork_time")
                                                                 : text(process, "exec_time");
    const std::string exited = text(process, "exit_time");
    const std::string container = text(child(process, "container"), "id");
    const std::string name = fmt::format("{}({})", text(process, "comm"), number(process, "pid"));
    std::string facts = "  " + user;
    if (!begun.empty())
        facts += "  since " + clock(begun, today);
    if (!exited.empty())
        facts += "  exited " + clock(exited, today);
    if (!container.empty())
        facts += "  container " + container.substr(0, 12);
    const std::string command = "  " + command_line(process);
    size_t room = columns == 0 ? std::string::npos : columns;
    const auto cut = [&room](const std::string& part) {
        if (room == std::string::npos)
            return part;
        std::string shown = fitted(part, room, false);
        size_t width = 0;
        for (const char c : shown)
            width += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
        room -= width;
        return shown;
    };
    std::string line = style("2", cut(branch));
    line += style(asked_for ? "1;32" : exited.empty() ? "1" : "2", cut(name));
    line += style("2", cut(facts));
    return line + cut(command) + "\n";
}

std::string repeated(std::string_view part, size_t times) {
    std::string out;
    for (size_t i = 0; i < times; ++i)
        out += part;
    return out;
}

/// Whether a line of the same depth follows before a lesser one.
bool has_sibling(const boost::json::array& lines, size_t at, uint64_t depth) {
    for (size_t i = at + 1; i < lines.size(); ++i) {
        const uint64_t next = number(as_object(lines[i]), "depth");
        if (next <= depth)
            return next == depth;
    }
    return false;
}

int run_tree(const SettingsArguments& settings, uint32_t pid, bool as_json, bool plain) {
    const auto answer = call(settings, "GET", fmt::format("/agent/processes/{}", pid));
    if (!answer) {
        std::fprintf(stderr, "%s\n", answer.error().message.c_str());
        return answer.error().exit_code;
    }
    boost::system::error_code error;
    const auto parsed = boost::json::parse(*answer, error);
    if (error || !parsed.is_object()) {
        std::fprintf(stderr, "the agent's answer is no JSON object\n");
        return kExitFailed;
    }
    const bool terminal = isatty(STDOUT_FILENO);
    put_out(as_json ? pretty_json(parsed) + "\n"
                    : tree_text(parsed.get_object(), Style{colour_wanted(plain)},
                                terminal ? window_size().columns : 0, today_utc()));
    return kExitOk;
}

int run_dump(const SettingsArguments& settings, const std::string& format, bool with_args) {
    const auto answer =
        call(settings, "POST", "/agent/process-cache/dump",
             fmt::format("format={}&with_args={}", format, with_args ? "true" : "false"));
    if (!answer) {
        std::fprintf(stderr, "%s\n", answer.error().message.c_str());
        return answer.error().exit_code;
    }
    boost::system::error_code error;
    const auto parsed = boost::json::parse(*answer, error);
    const object& outcome = error ? child({}, "") : as_object(parsed);
    const std::string problem = text(outcome, "Error");
    const std::string filename = text(outcome, "Filename");
    if (filename.empty()) {
        std::fprintf(stderr, "%s\n",
                     problem.empty() ? "the agent's answer is not understood" : problem.c_str());
        return kExitFailed;
    }
    std::printf("Process dump file: %s\n", filename.c_str());
    return kExitOk;
}

}  // namespace

std::string tree_text(const object& lineage, const Style& style, size_t columns,
                      const std::string& today) {
    std::string out;
    const auto& line = list(lineage, "lineage");
    for (size_t i = 0; i < line.size(); ++i)
        out += process_line(as_object(line[i]), i == 0 ? "" : repeated("   ", i - 1) + "└─ ",
                            i + 1 == line.size(), style, columns, today);
    const auto& below = list(lineage, "descendants");
    const size_t indent = line.empty() ? 0 : line.size() - 1;
    std::vector<bool> open;  // by depth: a later line belongs there, too
    for (size_t i = 0; i < below.size(); ++i) {
        const uint64_t depth = number(as_object(below[i]), "depth");
        if (depth == 0 || depth > open.size() + 1)
            continue;
        open.resize(depth);
        open[depth - 1] = has_sibling(below, i, depth);
        std::string branch = repeated("   ", indent);
        for (size_t up = 0; up + 1 < depth; ++up)
            branch += open[up] ? "│  " : "   ";
        branch += open[depth - 1] ? "├─ " : "└─ ";
        out += process_line(as_object(below[i]), branch, false, style, columns, today);
    }
    if (flag(lineage, "truncated"))
        out += "(more processes below are not shown)\n";
    return out;
}

void add_tree(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    struct Flags {
        uint32_t pid = 0;
        bool json = false;
        bool plain = false;
    };
    const auto flags = std::make_shared<Flags>();
    CLI::App* tree = top.add_subcommand(
        "tree", "Where a process comes from and what it started, also of one that has ended");
    tree->fallthrough();
    tree->add_option("pid", flags->pid, "Its number")->required()->check(CLI::Range(1U, 1U << 22));
    tree->add_flag("-j,--json", flags->json, "All that is known of them, as JSON");
    tree->add_flag("--no-color,--no-colour", flags->plain, "Plain text also on a terminal");
    tree->callback([&settings, &exit_code, flags] {
        exit_code = run_tree(settings, flags->pid, flags->json, flags->plain);
    });
}

void add_process_cache(CLI::App& top, const SettingsArguments& settings, int& exit_code) {
    struct Flags {
        std::string format = "dot";
        bool with_args = false;
    };
    const auto flags = std::make_shared<Flags>();
    CLI::App* cache = top.get_subcommand("runtime")->add_subcommand("process-cache",
                                                                    "Processes known to the probe");
    cache->require_subcommand(1);
    cache->fallthrough();
    CLI::App* dump = cache->add_subcommand(
        "dump", "Have the probe write them to a file, which only root can read");
    dump->fallthrough();
    dump->add_flag("--with-args", flags->with_args,
                   "With their arguments: passwords among them are not hidden");
    dump->add_option("--format", flags->format, "dot or json")
        ->check(CLI::IsMember({"dot", "json"}));
    dump->callback([&settings, &exit_code, flags] {
        exit_code = run_dump(settings, flags->format, flags->with_args);
    });
}

}  // namespace vedette::cli
