// SPDX-License-Identifier: Apache-2.0
#include "security-agent/engine/names.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <iterator>

namespace vedette::engine {
namespace {

struct Name {
    uint32_t value;
    std::string_view name;
};

// The kernel's O_LARGEFILE; glibc's is 0 on 64-bit hosts (asm-generic/fcntl.h).
#ifdef __aarch64__
constexpr uint32_t kLargeFile = 0400000;
#else
constexpr uint32_t kLargeFile = 0100000;
#endif

// Those made of several bits stand before their parts.
constexpr Name kOpenFlags[] = {
    {O_CREAT, "O_CREAT"},         {O_EXCL, "O_EXCL"},         {O_NOCTTY, "O_NOCTTY"},
    {O_TRUNC, "O_TRUNC"},         {O_APPEND, "O_APPEND"},     {O_NONBLOCK, "O_NONBLOCK"},
    {O_SYNC, "O_SYNC"},           {O_DSYNC, "O_DSYNC"},       {O_TMPFILE, "O_TMPFILE"},
    {O_DIRECTORY, "O_DIRECTORY"}, {O_NOFOLLOW, "O_NOFOLLOW"}, {O_CLOEXEC, "O_CLOEXEC"},
    {O_ASYNC, "O_ASYNC"},         {O_DIRECT, "O_DIRECT"},     {kLargeFile, "O_LARGEFILE"},
    {O_NOATIME, "O_NOATIME"},     {O_PATH, "O_PATH"},
};

// By number: linux/capability.h, CAP_CHOWN is 0.
constexpr std::array<std::string_view, CAP_LAST_CAP + 1> kCapabilities = {"CHOWN",
                                                                          "DAC_OVERRIDE",
                                                                          "DAC_READ_SEARCH",
                                                                          "FOWNER",
                                                                          "FSETID",
                                                                          "KILL",
                                                                          "SETGID",
                                                                          "SETUID",
                                                                          "SETPCAP",
                                                                          "LINUX_IMMUTABLE",
                                                                          "NET_BIND_SERVICE",
                                                                          "NET_BROADCAST",
                                                                          "NET_ADMIN",
                                                                          "NET_RAW",
                                                                          "IPC_LOCK",
                                                                          "IPC_OWNER",
                                                                          "SYS_MODULE",
                                                                          "SYS_RAWIO",
                                                                          "SYS_CHROOT",
                                                                          "SYS_PTRACE",
                                                                          "SYS_PACCT",
                                                                          "SYS_ADMIN",
                                                                          "SYS_BOOT",
                                                                          "SYS_NICE",
                                                                          "SYS_RESOURCE",
                                                                          "SYS_TIME",
                                                                          "SYS_TTY_CONFIG",
                                                                          "MKNOD",
                                                                          "LEASE",
                                                                          "AUDIT_WRITE",
                                                                          "AUDIT_CONTROL",
                                                                          "SETFCAP",
                                                                          "MAC_OVERRIDE",
                                                                          "MAC_ADMIN",
                                                                          "SYSLOG",
                                                                          "WAKE_ALARM",
                                                                          "BLOCK_SUSPEND",
                                                                          "AUDIT_READ",
                                                                          "PERFMON",
                                                                          "BPF",
                                                                          "CHECKPOINT_RESTORE"};

constexpr Name kFamilies[] = {
    {AF_UNSPEC, "AF_UNSPEC"}, {AF_UNIX, "AF_UNIX"},       {AF_INET, "AF_INET"},
    {AF_INET6, "AF_INET6"},   {AF_NETLINK, "AF_NETLINK"}, {AF_PACKET, "AF_PACKET"},
    {AF_ALG, "AF_ALG"},       {AF_VSOCK, "AF_VSOCK"},     {AF_BLUETOOTH, "AF_BLUETOOTH"},
    {AF_XDP, "AF_XDP"},       {AF_KEY, "AF_KEY"},         {AF_CAN, "AF_CAN"},
};

constexpr Name kProtocols[] = {
    {IPPROTO_IP, "IP_PROTO_IP"},     {IPPROTO_ICMP, "IP_PROTO_ICMP"},
    {IPPROTO_IGMP, "IP_PROTO_IGMP"}, {IPPROTO_TCP, "IP_PROTO_TCP"},
    {IPPROTO_UDP, "IP_PROTO_UDP"},   {IPPROTO_IPV6, "IP_PROTO_IPV6"},
    {IPPROTO_GRE, "IP_PROTO_GRE"},   {IPPROTO_ESP, "IP_PROTO_ESP"},
    {IPPROTO_AH, "IP_PROTO_AH"},     {IPPROTO_ICMPV6, "IP_PROTO_ICMPV6"},
    {IPPROTO_SCTP, "IP_PROTO_SCTP"}, {IPPROTO_UDPLITE, "IP_PROTO_UDPLITE"},
    {IPPROTO_RAW, "IP_PROTO_RAW"},
};

template <size_t N>
std::string name_of(const Name (&names)[N], uint32_t value) {
    for (const Name& entry : names)
        if (entry.value == value)
            return std::string(entry.name);
    return std::to_string(value);
}

}  // namespace

std::vector<std::string> open_flag_names(uint32_t flags) {
    static constexpr std::string_view kAccess[] = {"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"};
    std::vector<std::string> names = {std::string(kAccess[flags & O_ACCMODE])};
    flags &= ~static_cast<uint32_t>(O_ACCMODE);
    for (const Name& flag : kOpenFlags) {
        if ((flags & flag.value) != flag.value)
            continue;
        names.emplace_back(flag.name);
        flags &= ~flag.value;
    }
    // "O_RDONLY" says nothing beside another flag.
    if (names.size() > 1 && names.front() == "O_RDONLY")
        names.erase(names.begin());
    if (flags)
        names.push_back(fmt::format("{:#x}", flags));
    return names;
}

std::vector<std::string> capability_names(uint64_t mask) {
    std::vector<std::string> names;
    for (unsigned bit = 0; bit < 64; ++bit) {
        if (!(mask >> bit & 1))
            continue;
        names.push_back(bit < kCapabilities.size() ? fmt::format("CAP_{}", kCapabilities[bit])
                                                   : fmt::format("CAP_{}", bit));
    }
    return names;
}

std::string address_family_name(uint32_t family) {
    return name_of(kFamilies, family);
}

std::string l4_protocol_name(uint32_t protocol) {
    return name_of(kProtocols, protocol);
}

std::string exit_cause_name(int cause) {
    static constexpr Name kCauses[] = {{0, "EXITED"}, {1, "COREDUMPED"}, {2, "SIGNALED"}};
    return name_of(kCauses, static_cast<uint32_t>(cause));
}

}  // namespace vedette::engine
