/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tracepoint backend: the same as sys_exit.bpf.c at the beginning of system calls. Attached only when a type needs it. */
#include "../lib/syscall.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_CALL_MAX);
	__type(key, u32);
	__type(value, u32);
} entry_handlers SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(dispatch_sys_enter, struct pt_regs *regs, long id)
{
	u32 call = wanted_call(regs);

	if (call)
		bpf_tail_call(ctx, &entry_handlers, call);
	return 0;
}
