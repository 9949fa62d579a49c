/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Calls that rules name: system calls through dispatch_sys_enter, on every kernel, and kernel functions where there are
 * trampolines. When a call begins its strings may not be in memory yet; those are empty.
 */
#include "../lib/entry_handlers.h"
#include "../lib/ondemand.h"

static __always_inline struct vdt_ondemand_point *point_of_call(struct pt_regs *regs, bool compat)
{
	struct vdt_filters *f = filters_now();
	u32 nr = syscall_number(regs);
	u32 at;

	if (nr >= VDT_SYSCALL_MAX || !f->type[VDT_ONDEMAND].wanted)
		return NULL;
	at = (compat ? f->ondemand[nr].compat : f->ondemand[nr].native) - 1u;
	barrier_var(at); /* or the compiler takes 1 from the address, below what 5.10 allows */
	if (at >= VDT_ONDEMAND_MAX)
		return NULL;
	return &f->points[at];
}

SEC("tp_btf/sys_enter")
int BPF_PROG(handle_ondemand, struct pt_regs *regs, long id)
{
	bool compat = syscall_is_compat();
	struct vdt_ondemand_point *point = point_of_call(regs, compat);
	struct scratch *s = point ? ondemand_begin(compat ? VDT_F_COMPAT : 0, point->name) : NULL;
	struct vdt_ondemand *out;
	u32 call;

	if (s) {
		out = record_fixed(s);
#pragma unroll
		for (u32 i = 0; i < VDT_ONDEMAND_ARGS; i++) {
			out->arg[i] = syscall_arg(regs, compat, i);
			ondemand_string(out, i, point->strings);
		}
		record_commit(s, VDT_ONDEMAND);
	}
	call = wanted_call(regs);
	if (call)
		bpf_tail_call(ctx, &entry_handlers, call);
	return 0;
}

/* Of the function below, set before it is loaded: once for each function, each time another copy. */
const volatile char function_name[VDT_ONDEMAND_NAME] = {};
const volatile __u32 function_arguments = 0;
const volatile __u32 function_strings = 0;

#define ARGUMENT(i)                                                                                \
	if (function_arguments > (i)) {                                                            \
		out->arg[i] = ctx[i];                                                              \
		ondemand_string(out, i, function_strings);                                         \
	}

/* The verifier knows the constants, and takes away what reads more arguments than the function has. */
SEC("fentry")
int handle_ondemand_function(u64 *ctx)
{
	struct vdt_ondemand *out;
	struct scratch *s;

	if (!is_wanted(VDT_ONDEMAND))
		return 0;
	s = ondemand_begin(VDT_F_TRAMPOLINE | async_flag(), (const void *)function_name);
	if (!s)
		return 0;
	out = record_fixed(s);
	ARGUMENT(0)
	ARGUMENT(1)
	ARGUMENT(2)
	ARGUMENT(3)
	ARGUMENT(4)
	ARGUMENT(5)
	record_commit(s, VDT_ONDEMAND);
	return 0;
}
