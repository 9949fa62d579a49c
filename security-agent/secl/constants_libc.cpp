// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "security-agent/secl/constant_tables.h"

namespace vedette::secl::tables {
namespace {

#define V(name) {#name, static_cast<int64_t>(name)}

constexpr Entry kOpenFlags[] = {
    V(O_RDONLY),    V(O_WRONLY),   V(O_RDWR),      V(O_APPEND), V(O_CREAT),   V(O_EXCL),
    V(O_SYNC),      V(O_TRUNC),    V(O_ACCMODE),   V(O_ASYNC),  V(O_CLOEXEC), V(O_DIRECT),
    V(O_DIRECTORY), V(O_DSYNC),    V(O_LARGEFILE), V(O_NDELAY), V(O_NOATIME), V(O_NOCTTY),
    V(O_NOFOLLOW),  V(O_NONBLOCK), V(O_RSYNC),     V(O_PATH),   V(O_TMPFILE),
};

constexpr Entry kInodeMode[] = {
    V(S_ISUID), V(S_ISGID), V(S_ISVTX),  V(S_IRWXU), V(S_IRUSR), V(S_IWUSR),  V(S_IXUSR),
    V(S_IRWXG), V(S_IRGRP), V(S_IWGRP),  V(S_IXGRP), V(S_IRWXO), V(S_IROTH),  V(S_IWOTH),
    V(S_IXOTH), V(S_IREAD), V(S_IWRITE), V(S_IEXEC), V(S_IFMT),  V(S_IFSOCK), V(S_IFLNK),
    V(S_IFREG), V(S_IFBLK), V(S_IFDIR),  V(S_IFCHR), V(S_IFIFO),
};

constexpr Entry kProt[] = {
    V(PROT_NONE), V(PROT_READ), V(PROT_WRITE), V(PROT_EXEC), V(PROT_GROWSDOWN), V(PROT_GROWSUP),
};

constexpr Entry kMapFlags[] = {
    V(MAP_SHARED),          V(MAP_PRIVATE),
    V(MAP_SHARED_VALIDATE), V(MAP_ANON),
    V(MAP_ANONYMOUS),       V(MAP_32BIT),
    V(MAP_DENYWRITE),       V(MAP_EXECUTABLE),
    V(MAP_FIXED),           V(MAP_FIXED_NOREPLACE),
    V(MAP_GROWSDOWN),       V(MAP_HUGETLB),
    V(MAP_LOCKED),          V(MAP_NONBLOCK),
    V(MAP_NORESERVE),       V(MAP_POPULATE),
    V(MAP_STACK),           V(MAP_SYNC),
};

constexpr Entry kAddressFamily[] = {
    V(AF_UNSPEC),    V(AF_UNIX),   V(AF_LOCAL),      V(AF_INET),      V(AF_AX25),   V(AF_IPX),
    V(AF_APPLETALK), V(AF_NETROM), V(AF_BRIDGE),     V(AF_ATMPVC),    V(AF_X25),    V(AF_INET6),
    V(AF_ROSE),      V(AF_DECnet), V(AF_NETBEUI),    V(AF_SECURITY),  V(AF_KEY),    V(AF_NETLINK),
    V(AF_ROUTE),     V(AF_PACKET), V(AF_ASH),        V(AF_ECONET),    V(AF_ATMSVC), V(AF_RDS),
    V(AF_SNA),       V(AF_IRDA),   V(AF_PPPOX),      V(AF_WANPIPE),   V(AF_LLC),    V(AF_IB),
    V(AF_MPLS),      V(AF_CAN),    V(AF_TIPC),       V(AF_BLUETOOTH), V(AF_IUCV),   V(AF_RXRPC),
    V(AF_ISDN),      V(AF_PHONET), V(AF_IEEE802154), V(AF_CAIF),      V(AF_ALG),    V(AF_NFC),
    V(AF_VSOCK),     V(AF_KCM),    V(AF_QIPCRTR),    V(AF_SMC),       V(AF_XDP),    V(AF_MAX),
};

constexpr Entry kSocketType[] = {
    V(SOCK_STREAM), V(SOCK_DGRAM),  V(SOCK_RAW),     V(SOCK_RDM),      V(SOCK_SEQPACKET),
    V(SOCK_DCCP),   V(SOCK_PACKET), V(SOCK_CLOEXEC), V(SOCK_NONBLOCK),
};

constexpr Entry kL4Protocol[] = {
    V(IPPROTO_IP),   V(IPPROTO_ICMP),   V(IPPROTO_IGMP), V(IPPROTO_IPIP),    V(IPPROTO_TCP),
    V(IPPROTO_EGP),  V(IPPROTO_PUP),    V(IPPROTO_UDP),  V(IPPROTO_IDP),     V(IPPROTO_TP),
    V(IPPROTO_DCCP), V(IPPROTO_IPV6),   V(IPPROTO_RSVP), V(IPPROTO_GRE),     V(IPPROTO_ESP),
    V(IPPROTO_AH),   V(IPPROTO_ICMPV6), V(IPPROTO_MTP),  V(IPPROTO_BEETPH),  V(IPPROTO_ENCAP),
    V(IPPROTO_PIM),  V(IPPROTO_COMP),   V(IPPROTO_SCTP), V(IPPROTO_UDPLITE), V(IPPROTO_MPLS),
    V(IPPROTO_RAW),
};

constexpr Entry kCloneFlags[] = {
    V(CLONE_NEWNS),  V(CLONE_NEWCGROUP), V(CLONE_NEWUTS), V(CLONE_NEWIPC), V(CLONE_NEWUSER),
    V(CLONE_NEWPID), V(CLONE_NEWNET),    V(CLONE_FILES),  V(CLONE_FS),     V(CLONE_SYSVSEM),
    V(CLONE_THREAD), V(CLONE_SIGHAND),   V(CLONE_VM),
};

constexpr Entry kRlimit[] = {
    V(RLIMIT_CPU),      V(RLIMIT_FSIZE), V(RLIMIT_DATA),   V(RLIMIT_STACK),
    V(RLIMIT_CORE),     V(RLIMIT_RSS),   V(RLIMIT_NPROC),  V(RLIMIT_NOFILE),
    V(RLIMIT_MEMLOCK),  V(RLIMIT_AS),    V(RLIMIT_LOCKS),  V(RLIMIT_SIGPENDING),
    V(RLIMIT_MSGQUEUE), V(RLIMIT_NICE),  V(RLIMIT_RTPRIO), V(RLIMIT_RTTIME),
};

constexpr Entry kUnlinkFlags[] = {
    V(AT_REMOVEDIR),
};

constexpr Entry kSocketLevel[] = {
    V(SOL_SOCKET),
};

constexpr Entry kPtrace[] = {
    V(PTRACE_TRACEME),
    V(PTRACE_PEEKTEXT),
    V(PTRACE_PEEKDATA),
    V(PTRACE_PEEKUSER),
    V(PTRACE_POKETEXT),
    V(PTRACE_POKEDATA),
    V(PTRACE_POKEUSER),
    V(PTRACE_CONT),
    V(PTRACE_KILL),
    V(PTRACE_SINGLESTEP),
    V(PTRACE_ATTACH),
    V(PTRACE_DETACH),
    V(PTRACE_SYSCALL),
    V(PTRACE_SETOPTIONS),
    V(PTRACE_GETEVENTMSG),
    V(PTRACE_GETSIGINFO),
    V(PTRACE_SETSIGINFO),
    V(PTRACE_GETREGSET),
    V(PTRACE_SETREGSET),
    V(PTRACE_SEIZE),
    V(PTRACE_INTERRUPT),
    V(PTRACE_LISTEN),
    V(PTRACE_PEEKSIGINFO),
    V(PTRACE_GETSIGMASK),
    V(PTRACE_SETSIGMASK),
    V(PTRACE_SECCOMP_GET_FILTER),
    V(PTRACE_SECCOMP_GET_METADATA),
    V(PTRACE_GET_SYSCALL_INFO),
};

#undef V

// What a process died of: vedette.v1.Exit.Cause.
constexpr Entry kExitCause[] = {{"EXITED", 0}, {"COREDUMPED", 1}, {"SIGNALED", 2}};
// include/linux/mm.h: no header for user space has them.
constexpr Entry kVmFlags[] = {
    {"VM_NONE", 0x0},      {"VM_READ", 0x1},        {"VM_WRITE", 0x2},     {"VM_EXEC", 0x4},
    {"VM_SHARED", 0x8},    {"VM_MAYREAD", 0x10},    {"VM_MAYWRITE", 0x20}, {"VM_MAYEXEC", 0x40},
    {"VM_MAYSHARE", 0x80}, {"VM_GROWSDOWN", 0x100}, {"VM_LOCKED", 0x2000},
};
// include/linux/pipe_fs_i.h
constexpr Entry kPipeBufferFlags[] = {
    {"PIPE_BUF_FLAG_LRU", 0x1},    {"PIPE_BUF_FLAG_ATOMIC", 0x2},     {"PIPE_BUF_FLAG_GIFT", 0x4},
    {"PIPE_BUF_FLAG_PACKET", 0x8}, {"PIPE_BUF_FLAG_CAN_MERGE", 0x10}, {"PIPE_BUF_FLAG_WHOLE", 0x20},
    {"PIPE_BUF_FLAG_LOSS", 0x40},
};
// The kernel's shorter spelling, which rules use.
constexpr Entry kPtraceKernelNames[] = {{"PTRACE_PEEKUSR", PTRACE_PEEKUSER},
                                        {"PTRACE_POKEUSR", PTRACE_POKEUSER}};
// (uid_t)-1: no login session (audit).
constexpr Entry kAuid[] = {{"AUDIT_AUID_UNSET", 4294967295}};

constexpr Family kFamilies[] = {
    {"open_flags", kOpenFlags},
    {"inode_mode", kInodeMode},
    {"prot", kProt},
    {"map_flags", kMapFlags},
    {"address_family", kAddressFamily},
    {"socket_type", kSocketType},
    {"l4_protocol", kL4Protocol},
    {"clone_flags", kCloneFlags},
    {"rlimit", kRlimit},
    {"unlink_flags", kUnlinkFlags},
    {"socket_level", kSocketLevel},
    {"ptrace", kPtrace},
    {"exit_cause", kExitCause},
    {"vm_flags", kVmFlags},
    {"pipe_buffer_flags", kPipeBufferFlags},
    {"auid", kAuid},
    {"ptrace", kPtraceKernelNames},
};

}  // namespace

std::span<const Family> libc_families() {
    return kFamilies;
}

}  // namespace vedette::secl::tables
