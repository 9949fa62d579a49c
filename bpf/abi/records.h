/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel ABI: what a BPF program writes into the ring and system-probe reads. Plain C, included
 * by both sides. A record is
 *
 *	struct vdt_header | fixed part of its type | variable part
 *
 * The variable part is a run of items, each `struct vdt_item` followed by `len` bytes (no NUL, no
 * padding). An item kind that a reader does not know is skipped by its length. Every struct has its
 * padding written out and is zeroed by the program, so that no kernel memory leaks. Numbers are in host
 * byte order except where a field says otherwise. Times are CLOCK_BOOTTIME nanoseconds.
 */
#ifndef VEDETTE_BPF_ABI_RECORDS_H
#define VEDETTE_BPF_ABI_RECORDS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#ifdef __cplusplus
#define VDT_ASSERT(cond) static_assert(cond, #cond)
extern "C" {
#else
#define VDT_ASSERT(cond) _Static_assert(cond, #cond)
#endif

/* Raised when a record changes so that an older reader would misread it. */
#define VDT_ABI_VERSION 1

#define VDT_PATH_MAX 4096 /* bytes of a path that are kept: its tail, see VDT_FILE_TRUNCATED */
#define VDT_ARGS_MAX 8192 /* bytes of argv that are kept */
#define VDT_ENVS_MAX 4096 /* bytes of environment that are kept */
#define VDT_NAME_MAX 256  /* bytes of NAME, VALUE and OLD_VALUE that are kept */
#define VDT_BYTES_MAX 16384
#define VDT_COMM_LEN 16
#define VDT_TTY_LEN 64 /* tty_struct.name, Linux 2.6 on */

enum vdt_type {
	VDT_NONE = 0,
	VDT_FORK = 1,	  /* a process (not a thread) was created */
	VDT_EXEC = 2,	  /* execve succeeded */
	VDT_EXIT = 3,	  /* the last thread of a process is gone */
	VDT_SNAPSHOT = 4, /* a process that was there at start, from the task iterator */
	VDT_OPEN = 5,
	VDT_CONNECT = 6,
	VDT_SETUID = 7,
	VDT_SETGID = 8,
	VDT_CGROUP = 9, /* a process was moved to another cgroup */
	/* file_records.h */
	VDT_CHMOD = 10,
	VDT_CHOWN = 11,
	VDT_MKDIR = 12,
	VDT_RMDIR = 13,
	VDT_UNLINK = 14,
	VDT_RENAME = 15,
	VDT_LINK = 16,
	VDT_UTIMES = 17,
	VDT_SETXATTR = 18,
	VDT_REMOVEXATTR = 19,
	VDT_CHDIR = 20,
	VDT_MOUNT = 21,
	VDT_SPLICE = 22,
	/* process_records.h */
	VDT_CAPSET = 23,
	VDT_PRCTL = 24,
	VDT_SETRLIMIT = 25,
	VDT_SIGNAL = 26,
	VDT_PTRACE = 27,
	VDT_UNSHARE = 28,
	VDT_CGROUP_WRITE = 29,
	VDT_MMAP = 30,
	VDT_MPROTECT = 31,
	/* kernel_records.h */
	VDT_LOAD_MODULE = 32,
	VDT_UNLOAD_MODULE = 33,
	VDT_BPF = 34,
	VDT_SYSCTL = 35,
	VDT_SELINUX = 36,
	/* network_records.h */
	VDT_BIND = 37,
	VDT_ACCEPT = 38,
	VDT_SOCKET = 39,
	VDT_SETSOCKOPT = 40,
	VDT_DNS = 41,
	VDT_IMDS = 42,
	VDT_CAPABILITIES = 43, /* process_records.h */
	VDT_NAMESPACES = 44,   /* process_records.h; no event of its own */
	VDT_ONDEMAND = 45,     /* kernel_records.h */
	VDT_PACKET = 46,
	VDT_NETWORK_FLOW_MONITOR = 47, /* made in user space, from map `flows_*` */
	VDT_COMM = 48,		       /* process_records.h; no event of its own */
	VDT_TYPE_MAX = 49
};

/* Why a record was not delivered; index of the counters in struct vdt_counters. */
enum vdt_loss {
	VDT_LOSS_RING_FULL = 0,
	VDT_LOSS_SCRATCH = 1,	 /* no free scratch buffer on this CPU */
	VDT_LOSS_BUDGET = 2,	 /* the ring was half full, and this cgroup had its share of it */
	VDT_LOSS_LIMIT = 3,	 /* more than a rate limit lets through */
	VDT_LOSS_TABLE_FULL = 4, /* no room for one flow more */
	VDT_LOSS_MAX = 5
};

/*
 * Types that an attacker would want lost: few on a healthy host, and in a ring of their own, which no flood of the others
 * can fill. What a process used is among them, so that it comes before the exec or exit that ends its image.
 */
#define VDT_RESERVED_TYPES                                                                         \
	(1ull << VDT_FORK | 1ull << VDT_EXEC | 1ull << VDT_EXIT | 1ull << VDT_CGROUP |             \
	 1ull << VDT_SETUID | 1ull << VDT_SETGID | 1ull << VDT_CAPSET | 1ull << VDT_MOUNT |        \
	 1ull << VDT_SIGNAL | 1ull << VDT_PTRACE | 1ull << VDT_UNSHARE |                           \
	 1ull << VDT_CGROUP_WRITE | 1ull << VDT_LOAD_MODULE | 1ull << VDT_UNLOAD_MODULE |          \
	 1ull << VDT_BPF | 1ull << VDT_SELINUX | 1ull << VDT_NAMESPACES |                          \
	 1ull << VDT_CAPABILITIES | 1ull << VDT_COMM)
VDT_ASSERT(VDT_TYPE_MAX <= 64);

/* A read that failed inside a program; the record still goes out, with the part missing. */
enum vdt_miss {
	VDT_MISS_PATH = 0,
	VDT_MISS_ARGS = 1,
	VDT_MISS_ENVS = 2,
	VDT_MISS_ADDR = 3,
	VDT_MISS_CGROUP = 4,
	VDT_MISS_SYSCALL = 5, /* raw user-space argument */
	VDT_MISS_MAX = 6
};

/* One per CPU in map `counters`; user space adds the CPUs up. */
struct vdt_counters {
	__u64 seen[VDT_TYPE_MAX];     /* reached the hook of a type that is wanted */
	__u64 filtered[VDT_TYPE_MAX]; /* no rule could have matched */
	__u64 discarded
		[VDT_TYPE_MAX];	  /* an event with the same value matched no rule, nor could any */
	__u64 sent[VDT_TYPE_MAX]; /* committed to the ring */
	__u64 lost[VDT_TYPE_MAX][VDT_LOSS_MAX]; /* seen = filtered + discarded + sent + sum(lost) */
	__u64 miss[VDT_MISS_MAX];
};

/*
 * Whose records were lost, and until when: the same losses as in struct vdt_counters, but only as far as there was a slot
 * for them. A slot that had nothing to count for VDT_GAP_STALE_NS may be given to another key.
 */
struct vdt_gap {
	__u64 cgroup_id;
	__u16 type;   /* enum vdt_type */
	__u16 reason; /* enum vdt_loss */
	__u32 pad;
	__u64 count;
	__u64 last_ns;
};
VDT_ASSERT(sizeof(struct vdt_gap) == 32);

#define VDT_GAP_SLOTS 32
#define VDT_GAP_STALE_NS 10000000000ull

/* One per CPU in map `gaps`. */
struct vdt_gaps {
	struct vdt_gap slot[VDT_GAP_SLOTS];
};

/* header.flags */
#define VDT_F_COMPAT (1u << 0)	   /* 32-bit system call entry */
#define VDT_F_ASYNC (1u << 1)	   /* io_uring or another kernel worker acted for the process */
#define VDT_F_TRAMPOLINE (1u << 2) /* filled by the trampoline backend */

/* Identity of a process image: start_ns survives exec, exec_id (task_struct.self_exec_id) does not. */
struct vdt_image_id {
	__u32 pid; /* tgid, initial pid namespace */
	__u32 pad;
	__u64 start_ns; /* group leader's start_boottime */
	__u64 exec_id;
};
VDT_ASSERT(sizeof(struct vdt_image_id) == 24);

struct vdt_header {
	__u32 size;  /* whole record */
	__u16 type;  /* enum vdt_type */
	__u16 flags; /* VDT_F_* */
	__u64 time_ns;
	__u32 cpu;
	__u32 tid;
	struct vdt_image_id image; /* who acted; for FORK the creator */
	__u64 cgroup_id;	   /* cgroup v2 (default hierarchy) id of who acted */
};
VDT_ASSERT(sizeof(struct vdt_header) == 56);

/* Variable items. */
enum vdt_item_kind {
	VDT_ITEM_PATH = 1,	 /* path of file[0], see vdt_file */
	VDT_ITEM_FILESYSTEM = 2, /* file_system_type.name of file[0] */
	VDT_ITEM_ARGV = 3,	 /* argv strings, each ended by NUL, argv[0] first */
	VDT_ITEM_ENVP = 4,	 /* NAME=value strings, each ended by NUL */
	VDT_ITEM_SYSCALL_PATH =
		5,	     /* the path as the process passed it; may be racy, never decided on */
	VDT_ITEM_CGROUP = 6, /* cgroup v2 path from the root of the hierarchy, begins with '/' */
	VDT_ITEM_SCRIPT_PATH = 7, /* EXEC of a script: bprm->filename */
	VDT_ITEM_CWD =
		8, /* where a relative SYSCALL_PATH starts, when it is all there is of a file */
	VDT_ITEM_INTERPRETER_PATH =
		9, /* EXEC of a script, trampoline: file is the script, this the program */
	VDT_ITEM_INTERPRETER_FILESYSTEM = 10,
	/* Of events with two files (rename, link, mount): the second one. */
	VDT_ITEM_PATH2 = 11,
	VDT_ITEM_FILESYSTEM2 = 12,
	VDT_ITEM_SYSCALL_PATH2 = 13,
	VDT_ITEM_CWD2 = 14,
	VDT_ITEM_NAME = 15,  /* a word of the event: attribute, module, program, device ... */
	VDT_ITEM_VALUE = 16, /* another one */
	VDT_ITEM_OLD_VALUE = 17,
	VDT_ITEM_BYTES = 18,	 /* what user space parses: packet, instructions */
	VDT_ITEM_ROOT_PATH = 19, /* MOUNT: what of its file system the mount shows */
	VDT_ITEM_MAX = 20
};

struct vdt_item {
	__u16 kind;
	__u16 len; /* bytes that follow */
};
VDT_ASSERT(sizeof(struct vdt_item) == 4);

/* vdt_file.flags */
#define VDT_FILE_TRUNCATED (1u << 0)   /* the path's front is missing: only its tail is here */
#define VDT_FILE_DELETED (1u << 1)     /* unlinked (nlink 0 or d_unhashed) */
#define VDT_FILE_MEMFD (1u << 2)       /* memfd_create or another file that never had a name */
#define VDT_FILE_DETACHED (1u << 3)    /* its mount is in no mount namespace */
#define VDT_FILE_UNREACHABLE (1u << 4) /* outside the process's root */
#define VDT_FILE_NO_INODE (1u << 5) /* there is no kernel object: path string only (failed open) */
#define VDT_FILE_UPPER (1u << 6)    /* overlayfs: has an upper dentry */
#define VDT_FILE_LOWER (1u << 7)    /* overlayfs: has no upper dentry */
#define VDT_FILE_LINK                                                                              \
	(1u << 8) /* NO_INODE: a symbolic link that the name ends in is meant itself */

struct vdt_file {
	__u64 inode;
	__u64 ctime_ns; /* CLOCK_REALTIME */
	__u64 mtime_ns; /* CLOCK_REALTIME */
	__u32 mount_id;
	__u32 dev; /* super_block.s_dev */
	__u32 uid;
	__u32 gid;
	__u32 flags; /* VDT_FILE_* */
	__u32 nlink;
	__u16 mode;
	__u16 pad[3];
};
VDT_ASSERT(sizeof(struct vdt_file) == 56);

struct vdt_cred {
	__u32 uid, gid, euid, egid, fsuid, fsgid;
	__u32 auid;    /* 4294967295: unset */
	__u32 session; /* audit session id */
	__u64 cap_effective;
	__u64 cap_permitted;
};
VDT_ASSERT(sizeof(struct vdt_cred) == 48);

/* What FORK, EXEC and SNAPSHOT say of the process that appears. */
struct vdt_process {
	struct vdt_image_id image;  /* of the process itself (FORK: the child) */
	struct vdt_image_id parent; /* real_parent at that time; pid 0 when none */
	struct vdt_cred cred;
	__u64 cgroup_id;
	__u32 netns, mntns, pidns, userns; /* inode numbers */
	__u32 ns_pid;			   /* pid inside its own pid namespace */
	__u32 sid;			   /* session id (getsid), initial pid namespace */
	char comm[VDT_COMM_LEN];
	char tty[VDT_TTY_LEN]; /* "" when none */
	__u32 flags;	       /* VDT_PROC_* */
	__u32 net_cookie; /* of the network namespace, whose inode number is used again; 0 before 5.12 */
};
VDT_ASSERT(sizeof(struct vdt_process) == 216);

#define VDT_PROC_KTHREAD (1u << 0)
#define VDT_PROC_ARGS_TRUNCATED (1u << 1)
#define VDT_PROC_ENVS_TRUNCATED (1u << 2)
#define VDT_PROC_SCRIPT (1u << 3) /* EXEC through an interpreter line */
#define VDT_PROC_SECURE (1u << 4) /* bprm->secureexec: set-user-ID and the like */

/* FORK: items CGROUP (only when it differs from the creator's). */
struct vdt_fork {
	struct vdt_process process;
};

/* EXEC: items PATH, FILESYSTEM, ARGV, ENVP, CGROUP, SYSCALL_PATH, SCRIPT_PATH, CWD, INTERPRETER_*. */
struct vdt_exec {
	struct vdt_process process;
	struct vdt_file file;	     /* mm->exe_file; trampoline and a script: the script */
	struct vdt_file interpreter; /* script: the program that runs it; inode 0 otherwise */
	__u32 argc;
	__u32 envc;
	__u32 args_size; /* bytes argv really has; more than ARGV's len when truncated */
	__u32 envs_size;
};
VDT_ASSERT(sizeof(struct vdt_exec) == 216 + 2 * 56 + 16);

/* SNAPSHOT: items PATH, FILESYSTEM, CGROUP. argv and environment come from /proc, once, at start. */
struct vdt_snapshot {
	struct vdt_process process;
	struct vdt_file file; /* inode 0: a kernel thread */
};

struct vdt_exit {
	__u32 code; /* wait status as the kernel keeps it: signal in the low 7 bits, 0x80 core, exit << 8 */
	__u32 pad;
};

/* OPEN: items PATH, FILESYSTEM, SYSCALL_PATH; failed and relative: CWD (dirfd's path if one was passed). */
struct vdt_open {
	__s64 retval; /* fd or negative errno; the trampoline backend has 0 for success */
	struct vdt_file file;
	__u32 flags; /* as passed; open(2) */
	__u32 mode;
	__u32 dirfd; /* raw, AT_FDCWD = 0xffffff9c */
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_open) == 80);

/* CONNECT; BIND and ACCEPT have the same. */
struct vdt_connect {
	__s64 retval;
	__u16 family;	   /* AF_* */
	__u16 port;	   /* network byte order */
	__u16 protocol;	   /* IPPROTO_*, from the socket */
	__u16 socket_type; /* SOCK_* */
	__u8 addr[16];	   /* network byte order; IPv4 in the first 4 bytes */
};
VDT_ASSERT(sizeof(struct vdt_connect) == 32);

/* SETUID and SETGID: the credentials after the call. */
struct vdt_setcred {
	struct vdt_cred cred;
};

/* CGROUP: item CGROUP. header.image is the process that was moved. */
struct vdt_cgroup {
	__u64 cgroup_id;
};

/* Largest record a program may build: every item of an EXEC at its largest. */
#define VDT_RECORD_MAX (40 * 1024)

#ifdef __cplusplus
}
#endif

#endif
