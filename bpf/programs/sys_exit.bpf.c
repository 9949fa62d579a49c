/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tracepoint backend: runs at the end of every system call of the host, so it does nothing but look the number up
 * and jump. A type that nobody wants has no number in the table, and nothing in the program array.
 */
#include "../lib/syscall.h"

/* Written by the loader (system_calls.cpp); each alone in its section, so it is the whole of that map. */
const volatile struct vdt_call_number calls[VDT_SYSCALL_MAX] SEC(".rodata.calls");
const volatile struct vdt_wanted wanted SEC(".rodata.wanted");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_CALL_MAX);
	__type(key, u32);
	__type(value, u32);
} handlers SEC(".maps");

SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_sys_exit, struct pt_regs *regs, long ret)
{
	u32 nr = syscall_number(regs);
	u32 call;

	if (nr >= VDT_SYSCALL_MAX || (!calls[nr].native && !calls[nr].compat))
		return 0;
	call = syscall_call(regs, syscall_is_compat());
	if (call)
		bpf_tail_call(ctx, &handlers, call);
	return 0;
}
