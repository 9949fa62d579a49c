// SPDX-License-Identifier: Apache-2.0
//
// The generated table against facts: the names and types that existing policies rely on
// (tests/data/reference-fields.tsv), and what it says of each field. What accessors read: field_values_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "fields.gen.h"
#include "security-agent/secl/constants.h"
#include "security-agent/secl/field_names.h"
#include "tests/unit/catch.h"

using namespace vedette;
using namespace vedette::engine;

namespace {

struct ReferenceField {
    std::string events;
    std::string type;
    bool iterated = false;
};

std::string type_of(const secl::FieldDef& field) {
    static const char* const kNames[] = {"int", "bool", "string", "cidr"};
    return std::string(kNames[static_cast<int>(field.type)]) + (field.is_list ? "[]" : "");
}

std::map<std::string, ReferenceField> reference() {
    std::ifstream in(VEDETTE_SOURCE_DIR "/tests/data/reference-fields.tsv");
    std::map<std::string, ReferenceField> out;
    std::string line;
    std::getline(in, line);  // titles
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::string name, note;
        ReferenceField field;
        words >> field.events >> name >> field.type;
        std::getline(words, note);
        // The list calls the copies of a process so, not the flows.
        field.iterated = note == "\titerator" || (name.starts_with("network_flow_monitor.flows.") &&
                                                  name != "network_flow_monitor.flows.length");
        out[name] = field;
    }
    return out;
}

std::string event_names(const secl::FieldDef& field, const secl::FieldNames& names) {
    std::string out;
    for (const secl::EventTypeId event : field.events)
        out += (out.empty() ? "" : ",") + std::string(names.event_name(event));
    if (!out.empty())
        return out;
    return field.event == secl::kAnyEvent ? "*" : std::string(names.event_name(field.event));
}

const secl::FieldDef& field(std::string_view name) {
    const secl::NamedRead named = secl::FieldNames(field_table()).resolve(name);
    INFO(name);
    REQUIRE(named.read.field != nullptr);
    return *named.read.field;
}

/// Whether "process.parent.file.path" and its like end the name.
bool is_file_path(std::string_view name) {
    return name.ends_with("file.path") || name.ends_with("file.destination.path");
}

}  // namespace

TEST_CASE("fields: every name of the reference resolves with its type and event types") {
    const secl::FieldNames names(field_table());
    size_t resolved = 0;
    size_t iterated = 0;
    for (const auto& [name, expected] : reference()) {
        INFO(name);
        const secl::NamedRead named = names.resolve(name);
        REQUIRE(named.error.empty());
        const secl::FieldDef& found = *named.read.field;
        REQUIRE(named.read.kind == secl::FieldRead::Kind::kValue);
        CHECK(type_of(found) == expected.type);
        CHECK(event_names(found, names) == expected.events);
        CHECK(secl::is_iterated(found.subject) == expected.iterated);
        ++resolved;
        iterated += expected.iterated ? 1 : 0;
    }
    CHECK(resolved == 2314);
    std::cout << "fields of the reference: " << resolved << " of 2314 resolve, " << iterated
              << " on iterators\n";
}

TEST_CASE("fields: the table has no name that the reference lacks") {
    const auto known = reference();
    for (const secl::FieldDef& ours : field_table().fields()) {
        INFO(ours.name);
        CHECK(known.contains(std::string(ours.name)));
    }
}

TEST_CASE("fields: the table keeps its contract") {
    const auto fields = field_table().fields();
    std::set<std::string_view> names;
    for (size_t i = 0; i < fields.size(); ++i) {
        INFO(fields[i].name);
        if (i)
            CHECK(fields[i - 1].name < fields[i].name);
        CHECK_FALSE(fields[i].doc.empty());
        const bool is_text =
            fields[i].type == secl::ValueType::kString || fields[i].type == secl::ValueType::kIp;
        const size_t getter = fields[i].is_list                          ? (is_text ? 3U : 4U)
                              : is_text                                  ? 2U
                              : fields[i].type == secl::ValueType::kBool ? 1U
                                                                         : 0U;
        CHECK(fields[i].get.index() == getter);
        if (!fields[i].constants.empty())
            CHECK(secl::find_constant_family(fields[i].constants) != nullptr);
        names.insert(fields[i].name);
    }
    for (const secl::AliasDef& alias : field_table().aliases()) {
        INFO(alias.name);
        CHECK(names.contains(alias.field));
        CHECK_FALSE(names.contains(alias.name));
    }
}

// Reference section 1.9.
TEST_CASE("fields: legacy names stand for those of today") {
    std::vector<std::pair<std::string, std::string>> known = {
        {"async", "event.async"},
        {"chown.uid", "chown.file.destination.uid"},
        {"chown.user", "chown.file.destination.user"},
        {"chown.gid", "chown.file.destination.gid"},
        {"chown.group", "chown.file.destination.group"},
        {"rename.old.filename", "rename.file.path"},
        {"rename.old.basename", "rename.file.name"},
        {"rename.new.filename", "rename.file.destination.path"},
        {"rename.new.basename", "rename.file.destination.name"},
        {"link.source.filename", "link.file.path"},
        {"link.source.basename", "link.file.name"},
        {"link.target.filename", "link.file.destination.path"},
        {"link.target.basename", "link.file.destination.name"},
        {"exec.name", "exec.comm"},
        {"process.name", "process.comm"},
        {"process.ancestors.name", "process.ancestors.comm"},
        {"container.id", "process.container.id"},
        {"container.created_at", "process.container.created_at"},
        {"container.tags", "process.container.tags"},
        {"cgroup.id", "process.cgroup.id"},
        {"cgroup.file.inode", "process.cgroup.file.inode"},
        {"cgroup.file.mount_id", "process.cgroup.file.mount_id"},
        {"cgroup.version", "process.cgroup.version"},
        {"process.user_session.ssh_username", "process.user_session.identity"},
        {"process.user_session.ssh_port", "process.user_session.ssh_client_port"},
    };
    for (const char* of : {"chmod", "chown", "open", "mkdir", "rmdir", "unlink", "utimes",
                           "setxattr", "removexattr", "exec", "process", "process.ancestors"}) {
        known.emplace_back(fmt::format("{}.filename", of), fmt::format("{}.file.path", of));
        known.emplace_back(fmt::format("{}.basename", of), fmt::format("{}.file.name", of));
    }
    for (const char* of : {"chmod", "open", "mkdir"})
        known.emplace_back(fmt::format("{}.mode", of), fmt::format("{}.file.destination.mode", of));
    for (const char* of : {"setxattr", "removexattr"})
        for (const char* part : {"namespace", "name"})
            known.emplace_back(fmt::format("{}.{}", of, part),
                               fmt::format("{}.file.destination.{}", of, part));
    for (const auto& [legacy, today] : known)
        CHECK(field(legacy).name == today);
}

TEST_CASE("fields: path matching is for the 46 file paths alone") {
    std::set<std::string> own;  // without the copies that the parent and the ancestors have
    for (const secl::FieldDef& found : field_table().fields()) {
        INFO(found.name);
        CHECK((found.matching == secl::Matching::kPath) == is_file_path(found.name));
        if (is_file_path(found.name))
            own.insert(std::string(found.name));
    }
    CHECK(own.size() == 46);
    CHECK(field("mount.mountpoint.path").matching == secl::Matching::kPlain);
    CHECK(field("open.syscall.path").matching == secl::Matching::kPlain);
    CHECK(field("dns.question.name").matching == secl::Matching::kCaseInsensitive);
    CHECK(field("open.file.extension").matching == secl::Matching::kCaseInsensitive);
}

TEST_CASE("fields: times compare by age, nothing else does") {
    for (const secl::FieldDef& found : field_table().fields()) {
        INFO(found.name);
        const bool is_time =
            found.name.ends_with(".created_at") || found.name.ends_with(".change_time") ||
            found.name.ends_with(".modification_time") || found.name == "event.timestamp";
        CHECK(found.is_time == is_time);
    }
}

TEST_CASE("fields: what the probe leaves out says why, what it fills does not") {
    for (const char* filled :
         {"process.pid", "process.ancestors.file.path", "exec.envp", "exit.code", "open.flags",
          "connect.addr.ip", "setuid.euid", "setgid.group", "process.container.id",
          "process.container.created_at", "process.container.tags", "event.hostname",
          "process.ancestors.length"}) {
        CHECK(field(filled).not_filled.empty());
    }
    CHECK(field("event.signature").not_filled == "events are not signed");
    for (const secl::EventTypeDef& event : field_table().events()) {
        INFO(event.name);
        CHECK(event.not_filled.empty());
    }
}

TEST_CASE("fields: further values count for a process, not for its ancestors") {
    for (const char* name : {"exec.file.path", "exec.file.name", "process.file.path",
                             "process.file.name", "process.parent.file.path", "open.file.path",
                             "rename.file.destination.path", "process.interpreter.file.path"}) {
        INFO(name);
        CHECK(field(name).alternatives != nullptr);
    }
    for (const char* name :
         {"process.ancestors.file.path", "process.ancestors.file.name", "open.file.name",
          "signal.target.ancestors.file.path", "process.interpreter.file.name"}) {
        INFO(name);
        CHECK(field(name).alternatives == nullptr);
    }
    for (const secl::FieldDef& found : field_table().fields()) {
        const bool asked_for = found.name.ends_with(".container.tags") ||
                               found.name.ends_with(".hashes") ||
                               found.name.find(".package.") != found.name.npos ||
                               found.name.find(".file.metadata.") != found.name.npos;
        CHECK((found.pending != nullptr) == asked_for);
    }
}

TEST_CASE("fields: the five iterators, the targets and the network context have their subjects") {
    using secl::Subject;
    CHECK(field("process.ancestors[A].file.path").subject == Subject::kAncestor);
    CHECK(field("signal.target.pid").subject == Subject::kTarget);
    CHECK(field("ptrace.tracee.parent.comm").subject == Subject::kTargetParent);
    CHECK(field("setrlimit.target.ancestors[A].comm").subject == Subject::kTargetAncestor);
    CHECK(field("network_flow_monitor.flows[A].ingress.data_size").subject == Subject::kFlow);
    CHECK(field("network_flow_monitor.flows.length").subject == Subject::kContext);
    CHECK(field("event.rule.tags").subject == Subject::kContext);
    const secl::FieldDef& source = field("network.source.ip");
    const secl::FieldDef& dns = field("dns.id");
    CHECK(source.exists_for(dns.event));
    CHECK_FALSE(source.exists_for(field("open.flags").event));
    CHECK(field("packet.source.ip").exists_for(field("packet.filter").event));
    CHECK_FALSE(field("packet.source.ip").exists_for(dns.event));
}

TEST_CASE("fields: older names") {
    const std::pair<const char*, const char*> names[] = {
        {"async", "event.async"},
        {"open.filename", "open.file.path"},
        {"removexattr.basename", "removexattr.file.name"},
        {"chmod.mode", "chmod.file.destination.mode"},
        {"chown.uid", "chown.file.destination.uid"},
        {"rename.old.filename", "rename.file.path"},
        {"rename.new.basename", "rename.file.destination.name"},
        {"link.target.filename", "link.file.destination.path"},
        {"setxattr.namespace", "setxattr.file.destination.namespace"},
        {"exec.name", "exec.comm"},
        {"process.ancestors[A].filename", "process.ancestors.file.path"},
        {"container.id", "process.container.id"},
        {"container.tags", "process.container.tags"},
        {"container.created_at", "process.container.created_at"},
        {"cgroup.file.inode", "process.cgroup.file.inode"},
        {"cgroup.file.mount_id", "process.cgroup.file.mount_id"},
        {"cgroup.version", "process.cgroup.version"},
        {"process.user_session.ssh_username", "process.user_session.identity"},
        {"exec.user_session.ssh_port", "exec.user_session.ssh_client_port"}};
    for (const auto& [old, today] : names) {
        INFO(old);
        CHECK(&field(old) == &field(today));
    }
}

TEST_CASE("fields: 43 event types carry the reference's categories") {
    static const std::map<std::string_view, std::set<std::string_view>> kCategories = {
        {"Process Activity", {"exec", "exit", "setrlimit", "signal"}},
        {"Kernel Activity",
         {"accept", "bind", "bpf", "connect", "mmap", "mprotect", "ptrace", "selinux", "sysctl",
          "unload_module"}},
        {"Network Activity", {"dns", "imds", "network_flow_monitor", "packet"}},
        {"File Activity", {"capabilities", "capset", "cgroup_write", "chdir",       "chmod",
                           "chown",        "link",   "load_module",  "mkdir",       "mount",
                           "ondemand",     "open",   "prctl",        "removexattr", "rename",
                           "rmdir",        "setgid", "setsockopt",   "setuid",      "setxattr",
                           "socket",       "splice", "unlink",       "unshare",     "utimes"}}};
    std::map<std::string_view, std::set<std::string_view>> categories;
    size_t named = 0;
    for (const secl::EventTypeDef& event : field_table().events()) {
        if (event.name.empty())
            continue;
        categories[event.category].insert(event.name);
        ++named;
    }
    CHECK(named == 43);
    CHECK(categories == kCategories);
}
