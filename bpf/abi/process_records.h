/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Records of what processes do to themselves and to each other. */
#ifndef VEDETTE_BPF_ABI_PROCESS_RECORDS_H
#define VEDETTE_BPF_ABI_PROCESS_RECORDS_H

#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Inode of the first pid namespace, on every kernel (PROC_PID_INIT_INO). */
#define VDT_INITIAL_PIDNS 0xeffffffcu

/* Another process that a call is about. */
struct vdt_target {
	struct vdt_image_id image; /* pid 0: the kernel knew none by that number */
	__s32 pid;		   /* as the caller called it */
	__u32 pidns;		   /* inode of the pid namespace in which it did */
};
VDT_ASSERT(sizeof(struct vdt_target) == 32);

/* CAPSET: struct vdt_setcred, as SETUID. */

/* PRCTL: item NAME, when PR_SET_NAME succeeded: what the kernel keeps. */
struct vdt_prctl {
	__s64 retval;
	__u32 option;
	__u32 flags; /* VDT_PRCTL_* */
};
VDT_ASSERT(sizeof(struct vdt_prctl) == 16);

#define VDT_PRCTL_NAME_TRUNCATED (1u << 0)

struct vdt_setrlimit {
	__s64 retval;
	__u64 cur; /* all ones: no limit, also for 32-bit callers */
	__u64 max;
	__u32 resource;
	__u32 pad;
	struct vdt_target target;
};
VDT_ASSERT(sizeof(struct vdt_setrlimit) == 64);

/* SIGNAL: one record for each process that is sent one; of a call that failed, one. */
struct vdt_signal {
	__s64 retval;
	__s64 pid; /* as passed: 0, -1 and negative ones are groups; pidfd_send_signal: the pid it stands for */
	__u32 signal;
	__u32 pad;
	struct vdt_target target;
};
VDT_ASSERT(sizeof(struct vdt_signal) == 56);

struct vdt_ptrace {
	__s64 retval;
	__u64 address;
	__u32 request;
	__u32 pad;
	struct vdt_target target; /* PTRACE_TRACEME: the caller */
};
VDT_ASSERT(sizeof(struct vdt_ptrace) == 56);

/* NAMESPACES: after unshare or setns. What a thread is in now, and its credentials: a new user namespace changes both. */
struct vdt_namespaces {
	struct vdt_cred cred;
	__u32 netns, mntns, userns, net_cookie; /* as in struct vdt_process */
};
VDT_ASSERT(sizeof(struct vdt_namespaces) == 64);

/* COMM: after prctl(PR_SET_NAME), whether or not the PRCTL event is wanted. */
struct vdt_comm {
	char comm[VDT_COMM_LEN]; /* what the thread is called now, zero-padded */
};
VDT_ASSERT(sizeof(struct vdt_comm) == 16);

struct vdt_unshare {
	__s64 retval;
	__u64 flags;
};
VDT_ASSERT(sizeof(struct vdt_unshare) == 16);

/* CGROUP_WRITE: items PATH and FILESYSTEM of the directory where known, CGROUP always. */
struct vdt_cgroup_write {
	struct vdt_file file;
	__u32 pid; /* that was moved, initial pid namespace */
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_cgroup_write) == 64);

/* MMAP: items PATH and FILESYSTEM, unless the memory is anonymous. */
struct vdt_mmap {
	__s64 retval;
	__u64 address; /* as passed */
	__u64 length;
	__u64 offset; /* in bytes */
	__u32 protection;
	__u32 flags;
	struct vdt_file file; /* anonymous memory: all zero */
};
VDT_ASSERT(sizeof(struct vdt_mmap) == 96);

/*
 * CAPABILITIES: what a process image has asked for since it was watched, as masks. Both only grow; a kernel short of room
 * may forget an image and begin anew. header.tid is header.image.pid, header.cgroup_id the one at the last new check.
 */
struct vdt_capabilities {
	__u64 attempted;
	__u64 used; /* of those, what was granted at least once */
};
VDT_ASSERT(sizeof(struct vdt_capabilities) == 16);

struct vdt_mprotect {
	__s64 retval;
	__u64 vm_start; /* the first mapping of the range as it was before the call; 0: there was none */
	__u64 vm_end;
	__u64 vm_flags;
	__u32 protection; /* asked for */
	__u32 pad;
};
VDT_ASSERT(sizeof(struct vdt_mprotect) == 40);

#ifdef __cplusplus
}
#endif

#endif
