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
	VDT_CALL_CONNECT,
	VDT_CALL_SOCKETCALL, /* 32-bit x86: connect among others */
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

/* Scratch buffers of one CPU: programs that preempt each other there take different ones. */
#define VDT_SCRATCH_SLOTS 4

#endif
