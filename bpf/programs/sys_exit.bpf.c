/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tracepoint backend: runs at the end of every system call of the host, so it does nothing but look the number up
 * and jump. A type that nobody wants has no number in the table, and nothing in the program array.
 */
#include "../lib/syscall.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_CALL_MAX);
	__type(key, u32);
	__type(value, u32);
} handlers SEC(".maps");

SEC("tp_btf/sys_exit")
int BPF_PROG(dispatch_sys_exit, struct pt_regs *regs, long ret)
{
	u32 call = wanted_call(regs);

	if (call)
		bpf_tail_call(ctx, &handlers, call);
	return 0;
}
