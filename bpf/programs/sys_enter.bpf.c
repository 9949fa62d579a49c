/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tracepoint backend: the same as sys_exit.bpf.c at the beginning of system calls. Attached only when a type needs it. */
#include "../lib/entry_handlers.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(dispatch_sys_enter, struct pt_regs *regs, long id)
{
	struct vdt_filters *f = filters_now();
	u32 nr = syscall_number(regs);
	u32 call;

	/* This one goes on to the call's own handler. */
	if (nr < VDT_SYSCALL_MAX && (f->ondemand[nr].native || f->ondemand[nr].compat))
		bpf_tail_call(ctx, &entry_handlers, VDT_CALL_ONDEMAND);
	call = wanted_call(regs);
	if (call)
		bpf_tail_call(ctx, &entry_handlers, call);
	return 0;
}
