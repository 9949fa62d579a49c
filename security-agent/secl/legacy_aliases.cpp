// SPDX-License-Identifier: Apache-2.0
#include "security-agent/secl/legacy_aliases.h"

#include <algorithm>
#include <array>

namespace vedette::secl {
namespace {

struct Alias {
    std::string_view from;
    std::string_view to;
};

constexpr std::array kAliases = {
    Alias{"async", "event.async"},
    Alias{"open.mode", "open.file.destination.mode"},
    Alias{"chmod.mode", "chmod.file.destination.mode"},
    Alias{"mkdir.mode", "mkdir.file.destination.mode"},
    Alias{"chown.uid", "chown.file.destination.uid"},
    Alias{"chown.user", "chown.file.destination.user"},
    Alias{"chown.gid", "chown.file.destination.gid"},
    Alias{"chown.group", "chown.file.destination.group"},
    Alias{"rename.old.filename", "rename.file.path"},
    Alias{"rename.old.basename", "rename.file.name"},
    Alias{"rename.new.filename", "rename.file.destination.path"},
    Alias{"rename.new.basename", "rename.file.destination.name"},
    Alias{"link.source.filename", "link.file.path"},
    Alias{"link.source.basename", "link.file.name"},
    Alias{"link.target.filename", "link.file.destination.path"},
    Alias{"link.target.basename", "link.file.destination.name"},
    Alias{"setxattr.namespace", "setxattr.file.destination.namespace"},
    Alias{"setxattr.name", "setxattr.file.destination.name"},
    Alias{"removexattr.namespace", "removexattr.file.destination.namespace"},
    Alias{"removexattr.name", "removexattr.file.destination.name"},
    Alias{"exec.filename", "exec.file.path"},
    Alias{"exec.basename", "exec.file.name"},
    Alias{"exec.name", "exec.comm"},
    Alias{"process.filename", "process.file.path"},
    Alias{"process.basename", "process.file.name"},
    Alias{"process.name", "process.comm"},
    Alias{"process.ancestors.filename", "process.ancestors.file.path"},
    Alias{"process.ancestors.basename", "process.ancestors.file.name"},
    Alias{"process.ancestors.name", "process.ancestors.comm"},
};

// `<event>.filename` and `<event>.basename`.
constexpr std::array<std::string_view, 9> kFileEvents = {
    "chmod", "chown", "open", "mkdir", "rmdir", "unlink", "utimes", "setxattr", "removexattr"};

}  // namespace

std::string legacy_field_name(std::string_view name) {
    const auto* alias = std::find_if(kAliases.begin(), kAliases.end(),
                                     [&](const Alias& a) { return a.from == name; });
    if (alias != kAliases.end()) {
        return std::string(alias->to);
    }
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) {
        return {};
    }
    const std::string_view head = name.substr(0, dot);
    const std::string_view rest = name.substr(dot + 1);
    if (head == "container" || head == "cgroup") {
        return "process." + std::string(name);
    }
    if (std::find(kFileEvents.begin(), kFileEvents.end(), head) != kFileEvents.end()) {
        if (rest == "filename") {
            return std::string(head) + ".file.path";
        }
        if (rest == "basename") {
            return std::string(head) + ".file.name";
        }
    }
    return {};
}

}  // namespace vedette::secl
