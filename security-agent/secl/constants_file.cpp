// SPDX-License-Identifier: Apache-2.0
//
// Files and memory. The kernel's headers, not libc's: libc calls O_LARGEFILE 0 on 64-bit hosts.
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/stat.h>

#include "security-agent/secl/constant_tables.h"

namespace vedette::secl::tables {
namespace {

#define V(name) {#name, static_cast<int64_t>(name)}

// Names made of several bits stand before their parts: alerts take the first that fits.
constexpr Entry kOpenFlags[] = {
    V(O_RDONLY),
    V(O_WRONLY),
    V(O_RDWR),
    V(O_ACCMODE),
    V(O_CREAT),
    V(O_EXCL),
    V(O_NOCTTY),
    V(O_TRUNC),
    V(O_APPEND),
    V(O_NONBLOCK),
    {"O_NDELAY", O_NONBLOCK},
    V(O_SYNC),
    {"O_FSYNC", O_SYNC},
    {"O_RSYNC", O_SYNC},
    V(O_DSYNC),
    V(O_TMPFILE),
    V(O_DIRECTORY),
    V(O_NOFOLLOW),
    V(O_CLOEXEC),
    {"O_ASYNC", FASYNC},
    V(O_DIRECT),
    V(O_LARGEFILE),
    V(O_NOATIME),
    V(O_PATH),
};

constexpr Entry kFileMode[] = {
    V(S_ISUID), V(S_ISGID), V(S_ISVTX), V(S_IRWXU), V(S_IRUSR), V(S_IWUSR), V(S_IXUSR), V(S_IRWXG),
    V(S_IRGRP), V(S_IWGRP), V(S_IXGRP), V(S_IRWXO), V(S_IROTH), V(S_IWOTH), V(S_IXOTH),
};

constexpr Entry kInodeMode[] = {
    V(S_IFMT),
    V(S_IFSOCK),
    V(S_IFLNK),
    V(S_IFREG),
    V(S_IFBLK),
    V(S_IFDIR),
    V(S_IFCHR),
    V(S_IFIFO),
    V(S_ISUID),
    V(S_ISGID),
    V(S_ISVTX),
    V(S_IRWXU),
    V(S_IRUSR),
    V(S_IWUSR),
    V(S_IXUSR),
    V(S_IRWXG),
    V(S_IRGRP),
    V(S_IWGRP),
    V(S_IXGRP),
    V(S_IRWXO),
    V(S_IROTH),
    V(S_IWOTH),
    V(S_IXOTH),
    {"S_IREAD", S_IRUSR},
    {"S_IWRITE", S_IWUSR},
    {"S_IEXEC", S_IXUSR},
};

constexpr Entry kUnlinkFlags[] = {
    V(AT_REMOVEDIR),
};

constexpr Entry kProt[] = {
    V(PROT_NONE), V(PROT_READ), V(PROT_WRITE), V(PROT_EXEC), V(PROT_GROWSDOWN), V(PROT_GROWSUP),
};

constexpr Entry kMapFlags[] = {
    V(MAP_SHARED),     V(MAP_PRIVATE),         V(MAP_SHARED_VALIDATE),
    V(MAP_FIXED),      V(MAP_ANONYMOUS),       {"MAP_ANON", MAP_ANONYMOUS},
#ifdef MAP_32BIT
    V(MAP_32BIT),
#endif
    V(MAP_GROWSDOWN),  V(MAP_DENYWRITE),       V(MAP_EXECUTABLE),
    V(MAP_LOCKED),     V(MAP_NORESERVE),       V(MAP_POPULATE),
    V(MAP_NONBLOCK),   V(MAP_STACK),           V(MAP_HUGETLB),
    V(MAP_SYNC),       V(MAP_FIXED_NOREPLACE), V(MAP_UNINITIALIZED),
    V(MAP_HUGE_16KB),  V(MAP_HUGE_64KB),       V(MAP_HUGE_512KB),
    V(MAP_HUGE_1MB),   V(MAP_HUGE_2MB),        V(MAP_HUGE_8MB),
    V(MAP_HUGE_16MB),  V(MAP_HUGE_32MB),       V(MAP_HUGE_256MB),
    V(MAP_HUGE_512MB), V(MAP_HUGE_1GB),        V(MAP_HUGE_2GB),
    V(MAP_HUGE_16GB),
};

#undef V

// include/linux/mm.h: no header for programs has them.
constexpr Entry kVmFlags[] = {
    {"VM_NONE", 0x0},
    {"VM_READ", 0x1},
    {"VM_WRITE", 0x2},
    {"VM_EXEC", 0x4},
    {"VM_SHARED", 0x8},
    {"VM_MAYREAD", 0x10},
    {"VM_MAYWRITE", 0x20},
    {"VM_MAYEXEC", 0x40},
    {"VM_MAYSHARE", 0x80},
    {"VM_GROWSDOWN", 0x100},
    {"VM_UFFD_MISSING", 0x200},
    {"VM_PFNMAP", 0x400},
    {"VM_UFFD_WP", 0x1000},
    {"VM_LOCKED", 0x2000},
    {"VM_IO", 0x4000},
    {"VM_SEQ_READ", 0x8000},
    {"VM_RAND_READ", 0x10000},
    {"VM_DONTCOPY", 0x20000},
    {"VM_DONTEXPAND", 0x40000},
    {"VM_LOCKONFAULT", 0x80000},
    {"VM_ACCOUNT", 0x100000},
    {"VM_NORESERVE", 0x200000},
    {"VM_HUGETLB", 0x400000},
    {"VM_SYNC", 0x800000},
    {"VM_ARCH_1", 0x1000000},
    {"VM_WIPEONFORK", 0x2000000},
    {"VM_DONTDUMP", 0x4000000},
    {"VM_SOFTDIRTY", 0x8000000},
    {"VM_MIXEDMAP", 0x10000000},
    {"VM_HUGEPAGE", 0x20000000},
    {"VM_NOHUGEPAGE", 0x40000000},
    {"VM_MERGEABLE", 0x80000000},
};

// include/linux/pipe_fs_i.h
constexpr Entry kPipeBufferFlags[] = {
    {"PIPE_BUF_FLAG_LRU", 0x1},    {"PIPE_BUF_FLAG_ATOMIC", 0x2},     {"PIPE_BUF_FLAG_GIFT", 0x4},
    {"PIPE_BUF_FLAG_PACKET", 0x8}, {"PIPE_BUF_FLAG_CAN_MERGE", 0x10}, {"PIPE_BUF_FLAG_WHOLE", 0x20},
    {"PIPE_BUF_FLAG_LOSS", 0x40},
};

constexpr Family kFamilies[] = {
    {"open_flags", "Flags of open", kOpenFlags},
    {"file_mode", "Permission bits of files", kFileMode},
    {"inode_mode", "Types and permission bits of files", kInodeMode},
    {"unlink_flags", "Flags of unlinkat", kUnlinkFlags},
    {"prot", "Protection of memory that is mapped", kProt},
    {"map_flags", "Flags of mmap", kMapFlags},
    {"vm_flags", "Protection of mapped memory in the kernel", kVmFlags},
    {"pipe_buffer_flags", "Flags of pipe buffers", kPipeBufferFlags},
};

}  // namespace

std::span<const Family> file_families() {
    return kFamilies;
}

}  // namespace vedette::secl::tables
