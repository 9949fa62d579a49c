// SPDX-License-Identifier: Apache-2.0
//
// What each event type adds to an alert, against tests/golden/engine/events/TYPE.json: the alert without the process
// and the rest that is the same in all (alert_test.cpp has whole ones). The events are in protobuf's text form. When a
// change is wanted, look at TYPE.actual.json that the failing test leaves in the build directory and copy it by hand.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "fields.gen.h"
#include "security-agent/engine/alert.h"
#include "tests/unit/catch.h"
#include "tests/unit/engine/fixture.h"
#include "tests/unit/engine/golden.h"

using namespace vedette;
using namespace vedette::engine;
using namespace vedette::engine::test;

namespace {

constexpr char kFile[] =
    R"(path: "/etc/shadow" inode: 77 mode: 33184 gid: 42 user: "root" group: "shadow" filesystem: "ext4" )";

/// FILE stands for kFile.
const std::map<std::string_view, std::string> kEvents = {
    {"open", R"(open { retval: -13 file { FILE } flags: 0x241 mode: 384
                       syscall { path: "../etc/shadow" flags: 0x241 mode: 384 } })"},
    {"chmod", R"(chmod { file { FILE } mode: 35309 syscall { path: "shadow" mode: 2541 } })"},
    {"chown", R"(chown { retval: -1 file { FILE } uid: 0 user: "root" gid: -1
                         syscall { path: "shadow" uid: 0 gid: -1 } })"},
    {"mkdir", R"(mkdir { file { path: "/tmp/d" inode: 5 } mode: 16877
                         syscall { path: "/tmp/d" mode: 511 } })"},
    {"rmdir", R"(rmdir { retval: -39 file { path: "/tmp/d" } syscall { path: "d" } })"},
    {"unlink",
     R"(unlink { file { FILE } flags: 0x200 syscall { dirfd: -100 path: "x" flags: 512 } })"},
    {"rename", R"(rename { file { FILE } destination { path: "/tmp/a\n\xff" inode: 77 }
                           syscall { path: "a" destination_path: "b" } })"},
    {"link", R"(link { file { FILE } destination { path: "/tmp/l" inode: 77 }
                       syscall { path: "a" destination_path: "l" } })"},
    {"utimes", R"(utimes { file { FILE } access_time: 1000000001 modification_time: 2000000002
                           syscall { path: "a" } })"},
    {"setxattr", R"(setxattr { file { FILE } attribute_namespace: "security"
                               attribute_name: "security.capability" })"},
    {"removexattr", R"(removexattr { retval: -61 file { FILE } attribute_namespace: "user"
                                     attribute_name: "user.\xfe" })"},
    {"chdir", R"(chdir { file { path: "/root" inode: 2 } syscall { path: ".." } })"},
    {"mount", R"(mount { fs_type: "tmpfs" detached: false visible: true mountpoint_path: "/mnt"
                         source_path: "/srv" root_path: "/" mount_id: 31 parent_mount_id: 28 device: 45
                         syscall { source_path: "none" mountpoint_path: "mnt" fs_type: "tmpfs" } })"},
    {"splice", R"(splice { retval: 4096 file { FILE } pipe_entry_flag: 0 pipe_exit_flag: 0x11 })"},
    {"cgroup_write", R"(cgroup_write { file { path: "/sys/fs/cgroup/x" inode: 9 } pid: 4711 })"},
    {"exec", R"(exec { syscall { path: "./cat" }
                       metadata { size: 35000 type: 7 is_executable: true architecture: 2 abi: 2
                                  is_upx_packed: true compression: 1 } })"},
    {"exit", R"(exit { cause: COREDUMPED code: 11 })"},
    {"setuid", R"(setuid { uid: 1000 user: "alice" euser: "root" fsuser: "root" })"},
    {"setgid", R"(setgid { gid: 1000 group: "alice" egroup: "root" })"},
    {"capset", R"(capset { cap_effective: 0x200001 cap_permitted: 0x8000000000000001 })"},
    {"capabilities", R"(capabilities { attempted: 0x3000 used: 0x1000 })"},
    {"prctl", R"(prctl { option: 15 new_name: "kworker/0:1" is_name_truncated: true })"},
    {"setrlimit", R"(setrlimit { retval: -1 resource: 4 rlim_cur: 0 rlim_max: 18446744073709551615
                                 target_key: 2 })"},
    {"signal", R"(signal { retval: -1 type: 9 pid: -4002 target_key: 2 })"},
    {"ptrace", R"(ptrace { request: 16 address: 0x7fff12345678 target_key: 2 })"},
    {"mmap", R"(mmap { retval: 140737488351232 file { FILE } protection: 5 flags: 0x02
                       address: 0x7ffff7dd0000 offset: 4096 length: 8192 })"},
    {"mprotect", R"(mprotect { vm_protection: 0x100073 req_protection: 7 vm_start: 0x7ffff7dd0000
                               vm_end: 0x7ffff7dd2000 })"},
    {"unshare", R"(unshare { flags: 0x10020000 })"},
    {"load_module", R"(load_module { file { FILE } name: "wireguard"
                                     args: "debug=1 password=hunter2  x=\xff" args_truncated: true })"},
    {"unload_module", R"(unload_module { retval: -11 name: "wireguard" })"},
    {"bpf", R"(bpf { retval: 5 cmd: 5 map { name: "events" type: 27 }
                     program { name: "spy" type: 2 attach_type: 24 tag: "0123456789abcdef"
                               helpers: 6 helpers: 112 helpers: 9999 } })"},
    {"selinux", R"(selinux { bool_name: "httpd_can_network_connect" bool_state: "on"
                             bool_commit_state: true enforce_status: "permissive" })"},
    {"sysctl", R"(sysctl { action: 2 name: "kernel/core_pattern" value: "|/tmp/x" old_value: "core"
                           old_value_truncated: true file_position: 0 })"},
    {"ondemand",
     R"(ondemand { name: "syscall:reboot" arg1 { uint: 4276215469 } arg4 { str: "now\x01" } })"},
    {"connect",
     R"(connect { retval: -115 protocol: 6 hostnames: "example.com" hostnames: "\xff.test"
                             addr { family: 2 port: 443 ip: "\x01\x02\x03\x04" } })"},
    {"bind", R"(bind { protocol: 17
                       addr { family: 10 port: 53 ip: "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" } })"},
    {"accept", R"(accept { retval: 7 addr { family: 2 port: 50000 ip: "\x0a\0\0\x01" }
                           hostnames: "db.internal" })"},
    {"socket", R"(socket { retval: -97 domain: 16 type: 3 protocol: 15 })"},
    {"setsockopt", R"(setsockopt { socket_type: 3 socket_family: 17 socket_protocol: 768 level: 1
                                   optname: 26 filter_len: 2 filter_instructions: "ld [0]\nret 1"
                                   filter_hash: "ab12" used_immediates: 21139 used_immediates: 1 })"},
    {"dns",
     R"(network { device { ifname: "eth0" netns: 4026531840 } l3_protocol: 0x800 l4_protocol: 17
                         source { ip: "\x7f\0\0\x35" port: 53 }
                         destination { ip: "\x7f\0\0\x01" port: 40000 }
                         network_direction: 2 size: 120 }
               dns { id: 7 question { name: "evil\xff.example.com" type: 28 qclass: 1 size: 20 count: 1 }
                     response { code: 0 ips: "\x01\x02\x03\x04" ips: "odd" cnames: "a.example.com" } })"},
    {"imds", R"(network { l3_protocol: 0x800 l4_protocol: 6 network_direction: 1 size: 300 }
                imds { type: "request" cloud_provider: "aws" url: "/latest/meta-data/"
                       host: "169.254.169.254" user_agent: "curl" server: "EC2ws"
                       aws { is_imds_v2: true security_credentials_type: "AWS-HMAC" } })"},
    {"packet", R"(network { l3_protocol: 0x800 l4_protocol: 1 size: 84 type: 8 }
                  packet { filter: "icmp" tls_version: 0x303 })"},
    {"network_flow_monitor",
     R"(network_flow_monitor { device { ifname: "eth0" netns: 4026531840 }
          flows { l3_protocol: 0x800 l4_protocol: 6 source { ip: "\x0a\0\0\x01" port: 5000 }
                  destination { ip: "\x0a\0\0\x02" port: 443 }
                  ingress { data_size: 1000 packet_count: 10 } egress { data_size: 20 packet_count: 2 } } })"},
};

v1::Event parse(std::string text) {
    for (size_t at = text.find("FILE"); at != std::string::npos; at = text.find("FILE"))
        text.replace(at, 4, kFile);
    v1::Event event;
    REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &event));
    event.set_timestamp(kTime);
    event.set_process_key(kBash);
    return event;
}

const secl::EventTypeDef& type_of(std::string_view name) {
    for (const secl::EventTypeDef& type : field_table().events())
        if (type.name == name)
            return type;
    FAIL("no event type " << name);
    std::abort();
}

/// The process is in every alert: only what the event adds to it stays.
void drop_the_common(boost::json::object& alert) {
    boost::json::object& credentials = alert.at("process").at("credentials").as_object();
    boost::json::value destination = nullptr;
    if (const auto* found = credentials.if_contains("destination"))
        destination = *found;
    for (const char* name : {"date", "process", "usr", "cgroup"})
        alert.erase(name);
    if (!destination.is_null())
        alert["process"] = {{"credentials", {{"destination", std::move(destination)}}}};
}

boost::json::object part_of(const std::string_view name, const v1::Event& event) {
    const v1::ProcessNode bash = node(kBash), sshd = node(kSshd), systemd = node(kSystemd);
    const std::vector<const void*> ancestors = {&systemd};
    const ProcessLineage target = kEvents.at(name).find("target_key") == std::string::npos
                                      ? ProcessLineage{}
                                      : ProcessLineage{&sshd, &systemd, ancestors};
    const secl::EventTypeDef& type = type_of(name);
    const AlertSubject subject{event, type.name, type.category, bash, nullptr, {}, target, {}, {}};
    ProcessTexts texts(nullptr);
    return boost::json::parse(AlertEvent(subject, texts).text()).as_object();
}

}  // namespace

TEST_CASE("alert of each event type: there is a golden one") {
    for (const secl::EventTypeDef& type : field_table().events()) {
        INFO(type.name);
        CHECK((type.name.empty() || kEvents.contains(type.name)));
    }
}

TEST_CASE("alert of each event type: its own part") {
    for (const auto& [name, text] : kEvents) {
        INFO(name);
        boost::json::object part = part_of(name, parse(text));
        drop_the_common(part);
        check_golden("events/" + std::string(name), boost::json::serialize(part));
    }
}

TEST_CASE("alert of each event type: an empty event gives a valid line and its category") {
    for (const auto& [name, text] : kEvents) {
        INFO(name);
        v1::Event event;
        const auto* field = v1::Event::descriptor()->FindFieldByName(std::string(name));
        REQUIRE(field);
        event.GetReflection()->MutableMessage(&event, field);
        const boost::json::object part = part_of(name, event);
        CHECK(part.at("evt").at("name").as_string() == boost::json::string_view(name));
        CHECK(part.at("evt").at("outcome").as_string() == "Success");
        CHECK(part.at("evt").as_object().contains("category"));
    }
}

TEST_CASE("alert: outcome of every call that returns something") {
    for (const auto& [name, text] : kEvents) {
        INFO(name);
        v1::Event event;
        const auto* field = v1::Event::descriptor()->FindFieldByName(std::string(name));
        auto* payload = event.GetReflection()->MutableMessage(&event, field);
        const auto* retval = field->message_type()->FindFieldByName("retval");
        if (!retval)
            continue;
        const auto outcome_of = [&](int64_t value) {
            payload->GetReflection()->SetInt64(payload, retval, value);
            return outcome(event);
        };
        CHECK(outcome_of(0) == "Success");
        CHECK(outcome_of(3) == "Success");
        CHECK(outcome_of(-EPERM) == "Refused");
        CHECK(outcome_of(-EACCES) == "Refused");
        CHECK(outcome_of(-ENOENT) == "Error");
        CHECK(outcome_of(-EINPROGRESS) == (name == "connect" ? "Success" : "Error"));
    }
}

TEST_CASE("alert: a signal says who was to be killed, with its family") {
    World world;
    world.set_rules("rules: [{id: kill, expression: signal.type == SIGKILL}]");
    v1::Batch batch = batch_with_tree();
    v1::Signal& signal = *add_event(batch, kCat).mutable_signal();
    signal.set_type(9);
    signal.set_pid(4003);
    signal.set_target_key(kBash);
    add_event(batch, kCat).mutable_signal()->set_type(9);  // to nobody that is known
    world.run(batch);
    const auto alerts = world.sink.of("kill");
    REQUIRE(alerts.size() == 2);
    const auto& target = alerts[0].at("signal").at("target").as_object();
    CHECK(target.at("comm").as_string() == "bash");
    CHECK(target.at("parent").at("comm").as_string() == "sshd");
    CHECK(target.at("ancestors").as_array().size() == 3);
    CHECK(alerts[0].at("process").at("comm").as_string() == "cat");
    CHECK_FALSE(alerts[1].at("signal").as_object().contains("target"));
}
