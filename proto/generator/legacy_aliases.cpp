// SPDX-License-Identifier: Apache-2.0
#include "proto/generator/legacy_aliases.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace vedette::generator {
namespace {

constexpr std::array kFileEvents = {"chmod",  "chown",  "open",     "mkdir",      "rmdir",
                                    "unlink", "utimes", "setxattr", "removexattr"};

std::vector<Alias> candidates(const Model& model) {
    std::vector<Alias> all;
    const auto add = [&all](const std::string& name, const std::string& field) {
        all.push_back({name, field});
    };
    const auto add_file = [&](const std::string& event, const std::string& old_prefix,
                              const std::string& file) {
        add(event + "." + old_prefix + "filename", event + "." + file + ".path");
        add(event + "." + old_prefix + "basename", event + "." + file + ".name");
    };
    for (const std::string event : kFileEvents)
        add_file(event, "", "file");
    for (const std::string event : {"chmod", "open", "mkdir"})
        add(event + ".mode", event + ".file.destination.mode");
    for (const std::string part : {"uid", "user", "gid", "group"})
        add("chown." + part, "chown.file.destination." + part);
    for (const std::string event : {"setxattr", "removexattr"})
        for (const std::string part : {"namespace", "name"})
            add(event + "." + part, event + ".file.destination." + part);
    add_file("rename", "old.", "file");
    add_file("rename", "new.", "file.destination");
    add_file("link", "source.", "file");
    add_file("link", "target.", "file.destination");
    for (const std::string process : {"exec", "process", "process.ancestors"}) {
        add_file(process, "", "file");
        add(process + ".name", process + ".comm");
    }
    // Workload fields once stood at the top.
    for (const Field& field : model.fields)
        for (const std::string group : {"container.", "cgroup."})
            if (field.name.starts_with("process." + group))
                add(field.name.substr(sizeof("process.") - 1), field.name);
    // Names of the first releases with ssh sessions.
    for (const Field& field : model.fields)
        for (const auto& [today, old] : {std::pair{".user_session.identity", ".ssh_username"},
                                         std::pair{".user_session.ssh_client_port", ".ssh_port"}})
            if (field.name.ends_with(today))
                add(field.name.substr(0, field.name.rfind('.')) + old, field.name);
    return all;
}

}  // namespace

void add_legacy_aliases(Model& model) {
    std::set<std::string> fields;
    for (const Field& field : model.fields)
        fields.insert(field.name);
    for (Alias& alias : candidates(model))
        if (fields.contains(alias.field) && !fields.contains(alias.name))
            model.aliases.push_back(std::move(alias));
}

}  // namespace vedette::generator
