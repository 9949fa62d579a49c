// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/filter_plan_fields.h"

#include <algorithm>
#include <array>

namespace vedette::secl {
namespace {

struct Entry {
    std::string_view field;
    FilterField use;
};

constexpr int kBasenameWeight = 300;
constexpr int kParentNameWeight =
    320;  // who starts a program says more than which: most start shells
constexpr int kLongWordWeight = 310;
constexpr int kShortWordWeight = 200;
constexpr size_t kLongWord = 6;
constexpr int kAuidWeight = 100;

constexpr std::array<std::string_view, 14> kFileEvents = {
    "chdir",       "chmod",  "chown", "link",     "mkdir",  "mmap",   "open",
    "removexattr", "rename", "rmdir", "setxattr", "splice", "unlink", "utimes"};
constexpr std::array<std::string_view, 2> kTwoFileEvents = {"link", "rename"};

constexpr Entry kFields[] = {
    {"open.flags", {FilterUse::kFlags, 100}},
    {"open.file.in_upper_layer", {FilterUse::kValues, 50}},
    {"mmap.protection", {FilterUse::kFlags, 100}},
    {"mmap.flags", {FilterUse::kFlags, 100}},
    {"mprotect.vm_protection", {FilterUse::kFlags, 100}},
    {"mprotect.req_protection", {FilterUse::kFlags, 100}},
    {"splice.pipe_entry_flag", {FilterUse::kFlags, 100}},
    {"splice.pipe_exit_flag", {FilterUse::kFlags, 100}},
    {"bpf.cmd", {FilterUse::kValues, 100}},
    {"sysctl.action", {FilterUse::kValues, 50}},
    {"sysctl.name", {FilterUse::kText, 100}},
    {"connect.addr.family", {FilterUse::kValues, 50}},
    {"bind.addr.family", {FilterUse::kValues, 50}},
    {"socket.domain", {FilterUse::kValues, 50}},
    {"socket.type", {FilterUse::kBits, 60}},
    {"socket.protocol", {FilterUse::kValues, 70}},
    {"setsockopt.level", {FilterUse::kValues, 50}},
    {"setsockopt.optname", {FilterUse::kValues, 60}},
    {"prctl.option", {FilterUse::kValues, 50}},
    {"unshare.flags", {FilterUse::kFlags, 50}},
    // More than a condition: without a filter there is no packet.
    {"packet.filter", {FilterUse::kText, 1000}},
};

// The weight of the family that they stand for in the kernel: a rule that also names the family is more exact there.
constexpr FilterField kAddressField = {FilterUse::kAddress, 50};

template <typename List>
bool has(const List& list, std::string_view name) {
    return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

FilterField exec_field(std::string_view field) {
    constexpr std::array<std::string_view, 5> kWords = {"exec.args", "exec.argv", "exec.argv0",
                                                        "exec.envp", "exec.envs"};
    if (has(kWords, field)) {
        return {FilterUse::kWords, kShortWordWeight};
    }
    return field == "exec.file.path"             ? FilterField{FilterUse::kPath, kBasenameWeight}
           : field == "exec.file.name"           ? FilterField{FilterUse::kName, kBasenameWeight}
           : field == "process.parent.file.path" ? FilterField{FilterUse::kPath, kParentNameWeight}
           : field == "process.parent.file.name" ? FilterField{FilterUse::kName, kParentNameWeight}
                                                 : FilterField{};
}

FilterField file_field(std::string_view event, std::string_view rest) {
    if (!has(kFileEvents, event) || !rest.starts_with("file.")) {
        return {};
    }
    rest.remove_prefix(5);
    if (rest.starts_with("destination.") && has(kTwoFileEvents, event)) {
        rest.remove_prefix(12);
    }
    return rest == "path"   ? FilterField{FilterUse::kPath, kBasenameWeight}
           : rest == "name" ? FilterField{FilterUse::kName, kBasenameWeight}
                            : FilterField{};
}

}  // namespace

FilterField filter_field(std::string_view event, std::string_view field) {
    if (!always_collected(event).empty()) {
        return {};
    }
    if (tested_by_probe(event)) {
        return exec_field(field);
    }
    if (field == "process.auid") {
        return {FilterUse::kAuid, kAuidWeight};
    }
    if (!field.starts_with(event) || field.size() <= event.size() || field[event.size()] != '.') {
        return {};
    }
    const std::string_view rest = field.substr(event.size() + 1);
    if ((event == "connect" || event == "bind") &&
        (rest == "addr.port" || rest == "addr.ip" || rest == "addr.is_public" ||
         (rest == "addr.hostname" && event == "connect"))) {
        return kAddressField;
    }
    const auto entry = std::find_if(std::begin(kFields), std::end(kFields),
                                    [&](const Entry& e) { return e.field == field; });
    return entry != std::end(kFields) ? entry->use : file_field(event, rest);
}

int word_weight(size_t bytes) {
    return bytes < kLongWord ? kShortWordWeight : kLongWordWeight;
}

bool tested_by_probe(std::string_view event) {
    return event == "exec";
}

std::string_view always_collected(std::string_view event) {
    constexpr std::string_view kTree = "all are collected: they keep the process tree";
    constexpr std::string_view kIdentity = "all are collected: they keep what processes may do";
    constexpr std::string_view kMounts = "all are collected: they keep the mounts";
    constexpr std::string_view kPackets = "packets are not tied to a process in the kernel";
    struct Always {
        std::string_view event;
        std::string_view why;
    };
    constexpr Always kAlways[] = {
        {"exit", kTree},
        {"fork", kTree},
        {"setuid", kIdentity},
        {"setgid", kIdentity},
        {"capset", kIdentity},
        {"login_uid_write", kIdentity},
        {"cgroup_write", kIdentity},
        {"mount", kMounts},
        {"umount", kMounts},
        {"dns", kPackets},
        {"imds", kPackets},
        {"network_flow_monitor", kPackets},
    };
    const auto entry = std::find_if(std::begin(kAlways), std::end(kAlways),
                                    [&](const Always& a) { return a.event == event; });
    return entry != std::end(kAlways) ? entry->why : std::string_view();
}

}  // namespace vedette::secl
