/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the loader and the programs agree on besides the records: which system call is which, and the sizes of
 * maps that depend on the host.
 */
#ifndef VEDETTE_BPF_ABI_PROGRAMS_H
#define VEDETTE_BPF_ABI_PROGRAMS_H

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
	VDT_CALL_MMAP,	   /* mmap, mmap2 */
	VDT_CALL_MPROTECT, /* mprotect, pkey_mprotect */
	VDT_CALL_INIT_MODULE,
	VDT_CALL_FINIT_MODULE,
	VDT_CALL_DELETE_MODULE,
	VDT_CALL_BPF,
	VDT_CALL_WRITE,
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
	VDT_CALL_MAX
};

#define VDT_SYSCALL_MAX 512 /* numbers at or above are of no interest */

/* Section .rodata.calls: enum vdt_call by number; 0 for a call nobody wants. */
struct vdt_call_number {
	__u8 native;
	__u8 compat;
};

/* Section .rodata.wanted: types that somebody needs; a handler of two types looks before it makes a record. */
struct vdt_wanted {
	__u8 type[VDT_TYPE_MAX]; /* 0 or VDT_WANTED and what goes with it */
};

#define VDT_WANTED (1 << 0)
#define VDT_WANTED_IO_URING                                                                        \
	(1 << 1) /* io_uring.bpf.c makes the records of those that come that way */

/* Scratch buffers of one CPU: programs that preempt each other there take different ones. */
#define VDT_SCRATCH_SLOTS 4

#endif
