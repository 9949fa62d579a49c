/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the loader and the programs agree on besides the records: which system call is which, and the sizes of
 * maps that depend on the host.
 */
#ifndef VEDETTE_BPF_ABI_PROGRAMS_H
#define VEDETTE_BPF_ABI_PROGRAMS_H

#include "network_records.h"
#include "records.h"

/* System calls the sys_exit dispatcher knows; index of its program array. */
enum vdt_call {
	VDT_CALL_NONE = 0,
	VDT_CALL_OPEN,
	VDT_CALL_OPENAT,
	VDT_CALL_OPENAT2,
	VDT_CALL_CREAT,
	VDT_CALL_OPEN_BY_HANDLE,
	VDT_CALL_TRUNCATE,
	VDT_CALL_FTRUNCATE,
	VDT_CALL_CHMOD,
	VDT_CALL_FCHMOD,
	VDT_CALL_FCHMODAT,
	VDT_CALL_FCHMODAT2,
	VDT_CALL_CHOWN,
	VDT_CALL_LCHOWN,
	VDT_CALL_FCHOWN,
	VDT_CALL_FCHOWNAT,
	VDT_CALL_MKDIR,
	VDT_CALL_MKDIRAT,
	VDT_CALL_RMDIR,
	VDT_CALL_UNLINK,
	VDT_CALL_UNLINKAT,
	VDT_CALL_RENAME,
	VDT_CALL_RENAMEAT, /* renameat, renameat2 */
	VDT_CALL_LINK,
	VDT_CALL_LINKAT,
	VDT_CALL_UTIME,
	VDT_CALL_UTIMES,
	VDT_CALL_FUTIMESAT,
	VDT_CALL_UTIMENSAT,
	VDT_CALL_SETXATTR, /* setxattr, lsetxattr */
	VDT_CALL_FSETXATTR,
	VDT_CALL_SETXATTRAT,
	VDT_CALL_REMOVEXATTR, /* removexattr, lremovexattr */
	VDT_CALL_FREMOVEXATTR,
	VDT_CALL_REMOVEXATTRAT,
	VDT_CALL_CHDIR,
	VDT_CALL_FCHDIR,
	VDT_CALL_MOUNT,
	VDT_CALL_MOVE_MOUNT,
	VDT_CALL_FSMOUNT,
	VDT_CALL_OPEN_TREE,
	VDT_CALL_SPLICE,
	VDT_CALL_CAPSET,
	VDT_CALL_PRCTL,
	VDT_CALL_SETRLIMIT,
	VDT_CALL_PRLIMIT,
	VDT_CALL_KILL,
	VDT_CALL_TKILL,
	VDT_CALL_TGKILL,
	VDT_CALL_SIGQUEUE,   /* rt_sigqueueinfo */
	VDT_CALL_TGSIGQUEUE, /* rt_tgsigqueueinfo */
	VDT_CALL_PIDFD_SIGNAL,
	VDT_CALL_PTRACE,
	VDT_CALL_UNSHARE,
	VDT_CALL_SETNS,
	VDT_CALL_MMAP,	   /* mmap, mmap2 */
	VDT_CALL_OLD_MMAP, /* 32-bit x86: its arguments in memory */
	VDT_CALL_MPROTECT, /* mprotect, pkey_mprotect */
	VDT_CALL_INIT_MODULE,
	VDT_CALL_FINIT_MODULE,
	VDT_CALL_DELETE_MODULE,
	VDT_CALL_BPF,
	VDT_CALL_WRITE,	 /* write, pwrite64 */
	VDT_CALL_WRITEV, /* writev, pwritev, pwritev2 */
	VDT_CALL_CONNECT,
	VDT_CALL_BIND,
	VDT_CALL_ACCEPT, /* accept, accept4 */
	VDT_CALL_SOCKET,
	VDT_CALL_SETSOCKOPT,
	VDT_CALL_SOCKETCALL, /* 32-bit x86: the five above in one; the dispatcher tells them apart */
	VDT_CALL_SETUID,     /* setuid, setreuid, setresuid */
	VDT_CALL_SETFSUID,
	VDT_CALL_SETGID,
	VDT_CALL_SETFSGID,
	VDT_CALL_ONDEMAND, /* no number has it: the slot of the handler that comes before all others */
	VDT_CALL_MAX
};

#define VDT_SYSCALL_MAX 512 /* numbers at or above are of no interest */

/* enum vdt_call by number; 0 for a call nobody wants. */
struct vdt_call_number {
	__u8 native;
	__u8 compat;
} __attribute__((aligned(2)));
VDT_ASSERT(sizeof(struct vdt_call_number) == 2);

/* vdt_type_filter.wanted */
#define VDT_WANTED (1 << 0)
#define VDT_WANTED_IO_URING                                                                        \
	(1 << 1) /* io_uring.bpf.c makes the records of those that come that way */

#define VDT_CAN_WAIT (1 << 2) /* of the reserved ring: nobody waits for it, see wake_flags() */

/* vdt_type_filter.approvers: which kinds there are; an event passes when one of them holds. */
#define VDT_APPROVE_NAME (1 << 0)	       /* in `names`, as VDT_NAME_IS */
#define VDT_APPROVE_NAME_PREFIX (1 << 1)       /* as VDT_NAME_BEGINS; lengths in prefix_lengths */
#define VDT_APPROVE_NAME_SUFFIX (1 << 2)       /* as VDT_NAME_ENDS; lengths in suffix_lengths */
#define VDT_APPROVE_PARENT (1 << 3)	       /* as VDT_NAME_PARENT */
#define VDT_APPROVE_TEXT (1 << 4)	       /* as VDT_NAME_TEXT */
#define VDT_APPROVE_PATH (1 << 5)	       /* as VDT_PATH_BEGINS; lengths in path_lengths */
#define VDT_APPROVE_NUMBER(n) (1 << (8 + (n))) /* number[n] */
#define VDT_APPROVE_FILE                                                                           \
	(VDT_APPROVE_NAME | VDT_APPROVE_NAME_PREFIX | VDT_APPROVE_NAME_SUFFIX |                    \
	 VDT_APPROVE_PARENT | VDT_APPROVE_PATH)

#define VDT_PREFIX_MAX 32 /* longer ones, and longer suffixes, are cut, which lets more pass */

/*
 * vdt_type_filter.number: which number of an event each one is about. The last is the login uid of the thread, of every
 * type; what the others are each type says.
 */
#define VDT_NUMBERS 4
#define VDT_NUMBER_AUID 3
#define VDT_OPEN_FLAGS 0
#define VDT_OPEN_UPPER 1 /* 1: overlayfs, in the upper layer */
#define VDT_MMAP_PROTECTION 0
#define VDT_MMAP_FLAGS 1
#define VDT_MPROTECT_BEFORE 0
#define VDT_MPROTECT_REQUESTED 1
#define VDT_SPLICE_ENTRY 0
#define VDT_SPLICE_EXIT 1
#define VDT_BPF_CMD 0
#define VDT_SYSCTL_ACTION 0
#define VDT_ADDRESS_FAMILY 0 /* CONNECT, BIND */
#define VDT_SOCKET_DOMAIN 0
#define VDT_SOCKET_TYPE 1 /* without its flags */
#define VDT_SOCKET_PROTOCOL 2
#define VDT_SETSOCKOPT_LEVEL 0
#define VDT_SETSOCKOPT_OPTION 1
#define VDT_PRCTL_OPTION 0
#define VDT_UNSHARE_FLAGS 0

#define VDT_RANGES 8 /* more are joined, which lets more pass */

struct vdt_range {
	__u64 first, last;
};

/* A number passes when it has a bit of `any`, or has_none and no bit of `none`, or is in one of the ranges. */
struct vdt_number_filter {
	__u64 any;
	__u64 none;
	__u32 has_none;
	__u32 ranges;
	struct vdt_range range[VDT_RANGES];
};

#define VDT_DISCARDED_AUIDS 7

/* What the kernel drops of one type. */
struct vdt_type_filter {
	__u8 wanted;
	__u8 deny; /* what no approver passes is dropped */
	__u16 approvers;
	__u32 prefix_lengths; /* bit n: there are prefixes of n + 1 bytes */
	__u32 suffix_lengths;
	__u32 discarders; /* bit n: there may be some of kind n, enum vdt_discarder_kind */
	struct vdt_number_filter number[VDT_NUMBERS];
	__u32 discarded_auid[VDT_DISCARDED_AUIDS]; /* login uids with which no rule can match */
	__u32 discarded_auids;
	__u32 path_lengths;
};

enum vdt_name_kind {
	VDT_NAME_IS = 1,
	VDT_NAME_BEGINS = 2,
	VDT_NAME_PARENT = 3,
	VDT_NAME_ENDS = 4, /* hashed from its last byte to its first */
	VDT_NAME_TEXT = 5, /* a string that is no file's name, whole */
	VDT_PATH_BEGINS = 6,
};

/*
 * Names are kept as hashes (vdt_name_hash()), open addressing, 0 is free. Two names of one hash let an event pass that
 * could have been dropped, and that is all.
 */
#define VDT_NAME_SLOTS 16384 /* a power of two, four times the names there may be */
#define VDT_NAME_PROBES 16

/* What rules on `ondemand` name. */
#define VDT_ONDEMAND_MAX 64
#define VDT_ONDEMAND_NAME 64

struct vdt_ondemand_point {
	char name[VDT_ONDEMAND_NAME]; /* as the rule has it; ends with NUL */
	__u32 strings;		      /* bit n: argument n is wanted as a string */
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_ondemand_point) == 72);

struct vdt_filters {
	__u32 revision;		/* of the discarders that count; 0: none do */
	__u32 discarded_rcodes; /* bit n: DNS answers with response code n in their header */
	struct vdt_type_filter type[VDT_TYPE_MAX];
	struct vdt_call_number calls[VDT_SYSCALL_MAX];
	struct vdt_call_number ondemand[VDT_SYSCALL_MAX]; /* points[n - 1]; 0: none */
	struct vdt_ondemand_point points[VDT_ONDEMAND_MAX];
	__u64 names[VDT_NAME_SLOTS];
};

/* What the reader of the rings does. */
enum vdt_reader {
	VDT_READER_READS = 0,
	VDT_READER_SLEEPS = 1, /* until it is woken */
	VDT_READER_RESTS = 2,  /* for a moment, and then reads by itself */
};

/* Map `control`, written by user space through its mapping: fills the set that is not active, then makes it so. */
struct vdt_control {
	__u32 active;	  /* 0 or 1 */
	__u32 flow_table; /* 0 or 1: which of flows_0 and flows_1 is counted in */
	__u32 reader;	  /* enum vdt_reader */
	__u32 pad;
	struct vdt_filters set[2];
};

/*
 * Map `discarders`: values of a field with which no rule of some types can match, as the agent found by looking at such
 * an event. The key is the value itself, all bytes of it, so that nothing has to be revoked when a file is renamed, linked
 * or replaced: the file is then another key. Values that are longer are not in it.
 */
enum vdt_discarder_kind {
	VDT_DISCARD_PATH = 0,	/* of the kernel's object, as the record has it */
	VDT_DISCARD_PARENT = 1, /* a directory, of everything below */
	VDT_DISCARD_NAME = 2,	/* prctl: the new name */
	VDT_DISCARD_KINDS = 3
};

#define VDT_DISCARDER_TEXT 248
#define VDT_DISCARDER_PARENTS 3 /* directories above a file that are looked up */

struct vdt_discarder_key {
	__u32 kind;
	__u32 len;
	__u8 text[VDT_DISCARDER_TEXT]; /* zeroes behind `len` */
};
VDT_ASSERT(sizeof(struct vdt_discarder_key) == 256);

struct vdt_discarder {
	__u64 types;	/* bit n: of type n */
	__u32 revision; /* that of the filters it was made with */
	__u32 mount_id; /* of the event it was made from, as inode: for the reader of a dump */
	__u64 inode;
	__u64 created_ns; /* CLOCK_BOOTTIME */
};
VDT_ASSERT(sizeof(struct vdt_discarder) == 32);

#define VDT_DISCARDERS 4096 /* that there may be; the one that was longest of no use goes */

#define VDT_HASH_START 14695981039346656037ull /* FNV-1a, 64 bits */
#define VDT_HASH_STEP 1099511628211ull

/* Of the bytes' FNV-1a hash; never 0. */
static inline __u64 vdt_name_key(__u64 hash, __u32 type, __u32 kind)
{
	__u64 key = (hash ^ (type << 8 | kind)) * VDT_HASH_STEP;

	key ^= key >> 32;
	return key ? key : 1;
}

/*
 * Packet filters. A program made at run time (VDT_STEP_FILTERS) tests a packet, leaves in skb->cb[0] a bit for each filter
 * that it passes and in cb[1] the slot of bit 0, and goes on to VDT_STEP_REPORT: maps packet_steps_in and packet_steps_out.
 */
#define VDT_STEP_FILTERS 0
#define VDT_STEP_REPORT 1
#define VDT_STEP_MAX 2

#define VDT_PACKET_FILTERS                                                                         \
	30 /* a packet that passes all of them makes 31 tail calls; the kernel allows 32 */
#define VDT_FILTER_TEXT_MAX 1024

/* Map `packet_filters`: two sets of VDT_PACKET_FILTERS, so that a set in use is not written to. */
struct vdt_packet_filter {
	__u32 rate; /* records a second that are let through */
	__u32 len;  /* of text */
	__u64 second;
	__u64 passed; /* in that second */
	__u8 text[VDT_FILTER_TEXT_MAX];
};
VDT_ASSERT(sizeof(struct vdt_packet_filter) == 24 + VDT_FILTER_TEXT_MAX);

/* Maps flows_0 and flows_1. */
struct vdt_flow_key {
	struct vdt_image_id owner; /* as header.image of struct vdt_packet */
	__u64 cgroup_id;
	__u8 source[16]; /* and on: as in struct vdt_flow */
	__u8 destination[16];
	__u16 source_port;
	__u16 destination_port;
	__u16 l3_protocol;
	__u8 l4_protocol;
	__u8 pad;
	struct vdt_flow_report device;
};
VDT_ASSERT(sizeof(struct vdt_flow_key) == 96);

struct vdt_flow_counts {
	__u64 in_bytes, in_packets;
	__u64 out_bytes, out_packets;
};
VDT_ASSERT(sizeof(struct vdt_flow_counts) == 32);

#define VDT_FLOW_SLOTS 16384 /* flows of one period */

/* Scratch buffers of one CPU: programs that preempt each other there take different ones. */
#define VDT_SCRATCH_SLOTS 4

#endif
