// SPDX-License-Identifier: Apache-2.0
//
// Constants: spot values of every family, those that differ by architecture, and that a name means one number.
#include "security-agent/secl/constants.h"

#include <map>
#include <set>
#include <string>

#include "tests/unit/catch.h"

using namespace vedette::secl;

namespace {

int64_t value(std::string_view name) {
    INFO(name);
    const Constant* constant = find_constant(name);
    REQUIRE(constant != nullptr);
    return constant->value;
}

}  // namespace

TEST_CASE("constants: one of each family") {
    const std::map<std::string_view, std::pair<std::string_view, int64_t>> kSpots = {
        {"address_family", {"AF_INET6", 10}},
        {"auid", {"AUDIT_AUID_UNSET", 4294967295}},
        {"boolean", {"true", 1}},
        {"bpf_attach_type", {"BPF_LSM_MAC", 27}},
        {"bpf_cmd", {"BPF_PROG_LOAD", 5}},
        {"bpf_helper", {"BPF_PROBE_WRITE_USER", 36}},
        {"bpf_map_type", {"BPF_MAP_TYPE_RINGBUF", 27}},
        {"bpf_prog_type", {"BPF_PROG_TYPE_KPROBE", 2}},
        {"capabilities", {"CAP_SYS_ADMIN", 1 << 21}},
        {"clone_flags", {"CLONE_NEWUSER", 0x10000000}},
        {"dns_qclass", {"CLASS_CHAOS", 3}},
        {"dns_qtype", {"AAAA", 28}},
        {"dns_rcode", {"NXDOMAIN", 3}},
        {"errno", {"EACCES", -13}},
        {"exit_cause", {"SIGNALED", 2}},
        {"file_abi", {"BIT64", 2}},
        {"file_architecture", {"ARM64", 4}},
        {"file_compression", {"NONE", 0}},
        {"file_linkage", {"DYNAMIC", 2}},
        {"file_mode", {"S_ISUID", 04000}},
        {"file_type", {"LINUX_EXECUTABLE", 7}},
        {"icmp_type", {"ICMPV6_ECHO_REQUEST", 128}},
        {"inode_mode", {"S_IFREG", 0100000}},
        {"l3_protocol", {"ETH_P_IPV6", 0x86DD}},
        {"l4_protocol", {"IP_PROTO_UDP", 17}},
        {"map_flags", {"MAP_HUGE_2MB", 21 << 26}},
        {"network_direction", {"INGRESS", 2}},
        {"open_flags", {"O_CREAT", 0100}},
        {"pipe_buffer_flags", {"PIPE_BUF_FLAG_CAN_MERGE", 0x10}},
        {"prctl", {"PR_SET_NAME", 15}},
        {"prot", {"PROT_EXEC", 4}},
        {"ptrace", {"PTRACE_ATTACH", 16}},
        {"rlimit", {"RLIMIT_NOFILE", 7}},
        {"session_type", {"ssh", 2}},
        {"signal", {"SIGKILL", 9}},
        {"socket_level", {"SOL_SOCKET", 1}},
        {"socket_option", {"SO_ATTACH_FILTER", 26}},
        {"socket_type", {"SOCK_STREAM", 1}},
        {"ssh_auth_method", {"publickey", 2}},
        {"sysctl_action", {"SYSCTL_WRITE", 2}},
        {"tls_version", {"TLS_1_3", 0x0304}},
        {"unlink_flags", {"AT_REMOVEDIR", 0x200}},
        {"vm_flags", {"VM_EXEC", 4}},
    };
    for (const ConstantFamily& family : constant_families()) {
        INFO(family.name);
        REQUIRE(kSpots.contains(family.name));
        const auto& [name, expected] = kSpots.at(family.name);
        CHECK(value(name) == expected);
        CHECK(constant_name(family.name, expected) == name);
        CHECK_FALSE(family.doc.empty());
    }
    CHECK(constant_families().size() == kSpots.size());
}

TEST_CASE("constants: sizes of families that are closed") {
    const std::map<std::string_view, size_t> kSizes = {{"capabilities", 41}, {"errno", 134},
                                                       {"exit_cause", 3},    {"file_mode", 15},
                                                       {"rlimit", 16},       {"vm_flags", 32}};
    for (const auto& [name, size] : kSizes) {
        INFO(name);
        REQUIRE(find_constant_family(name) != nullptr);
        CHECK(find_constant_family(name)->constants.size() == size);
    }
    CHECK(find_constant_family("open_flags")->constants.size() >= 20);
    CHECK(find_constant_family("nonesuch") == nullptr);
    CHECK(constant_name("nonesuch", 1).empty());
    CHECK(constant_name("signal", 4711).empty());
}

TEST_CASE("constants: a name means one number, in whatever family it stands") {
    std::map<std::string_view, int64_t> values;
    for (const ConstantFamily& family : constant_families()) {
        std::set<std::string_view> names;
        for (const Constant& constant : family.constants) {
            INFO(family.name << " " << constant.name);
            CHECK(names.insert(constant.name).second);
            CHECK(values.emplace(constant.name, constant.value).first->second == constant.value);
            CHECK(value(constant.name) == constant.value);
        }
    }
    CHECK(values.size() == constants().size());
    CHECK(value("BPF_MAP_LOOKUP_ELEM") == 1);  // a command and a helper
    CHECK(value("IPPROTO_TCP") == 6);          // a protocol and a level
}

TEST_CASE("constants: several spellings of one number") {
    CHECK(value("ETH_P_8021_Q") == value("ETH_P_8021Q"));
    CHECK(value("IP_PROTO_TCP") == value("IPPROTO_TCP"));
    CHECK(value("PTRACE_PEEKUSER") == value("PTRACE_PEEKUSR"));
    CHECK(value("O_FSYNC") == value("O_SYNC"));
    CHECK(value("ENOTSUP") == value("EOPNOTSUPP"));
    CHECK(constant_name("l4_protocol", 6) == "IP_PROTO_TCP");  // what alerts say
    CHECK(constant_name("address_family", 1) == "AF_UNIX");
}

TEST_CASE("constants: what differs by architecture is this one's") {
#if defined(__x86_64__)
    CHECK(value("O_DIRECT") == 040000);
    CHECK(value("O_DIRECTORY") == 0200000);
    CHECK(value("O_NOFOLLOW") == 0400000);
    CHECK(value("O_LARGEFILE") == 0100000);
    CHECK(value("O_TMPFILE") == 020200000);
    CHECK(value("MAP_32BIT") == 0x40);
    CHECK(value("PTRACE_GETREGS") == 12);
    CHECK(value("PTRACE_ARCH_PRCTL") == 30);
    CHECK(find_constant("PTRACE_PEEKMTETAGS") == nullptr);
#elif defined(__aarch64__)
    CHECK(value("O_DIRECT") == 0200000);
    CHECK(value("O_DIRECTORY") == 040000);
    CHECK(value("O_NOFOLLOW") == 0100000);
    CHECK(value("O_LARGEFILE") == 0400000);
    CHECK(value("O_TMPFILE") == 020040000);
    CHECK(find_constant("MAP_32BIT") == nullptr);
    CHECK(value("PTRACE_PEEKMTETAGS") == 33);
    CHECK(find_constant("PTRACE_GETREGS") == nullptr);
#endif
    CHECK(value("MAP_SYNC") == 0x80000);
    CHECK(value("O_CLOEXEC") == 02000000);
}
