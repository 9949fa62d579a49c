/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* setrlimit, and prlimit64 when it sets one. Called by dispatch_sys_exit. */
#include "../lib/pid.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

#define RLIM_NLIMITS 16
#define RLIM_INFINITY ~0ull
#define RLIM32_INFINITY ~0u

struct rlimit32 {
	u32 cur, max;
};

struct rlimit64 {
	u64 cur, max;
};

/* As passed, of a call that failed. */
static __always_inline void limits_from_user(const void *from, bool narrow,
					     struct vdt_setrlimit *out)
{
	struct rlimit64 wide = {};
	struct rlimit32 small = {};
	long failed;

	if (narrow) {
		failed = bpf_probe_read_user(&small, sizeof(small), from);
		out->cur = small.cur == RLIM32_INFINITY ? RLIM_INFINITY : small.cur;
		out->max = small.max == RLIM32_INFINITY ? RLIM_INFINITY : small.max;
	} else {
		failed = bpf_probe_read_user(&wide, sizeof(wide), from);
		out->cur = wide.cur;
		out->max = wide.max;
	}
	if (failed)
		count(miss[VDT_MISS_SYSCALL]);
}

/* As the kernel keeps them: no other thread can have changed what was passed. */
static __always_inline bool limits_of_task(struct task_struct *task, u32 resource,
					   struct vdt_setrlimit *out)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct rlimit limit;

	if (resource >= RLIM_NLIMITS ||
	    bpf_probe_read_kernel(&limit, sizeof(limit),
				  (void *)signal +
					  bpf_core_field_offset(struct signal_struct, rlim) +
					  resource * sizeof(limit)))
		return false;
	out->cur = limit.rlim_cur;
	out->max = limit.rlim_max;
	return true;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_setrlimit, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_setrlimit setrlimit;
	} record = {};
	struct vdt_setrlimit *out = &record.setrlimit;
	struct task_struct *task = current_task(), *target = task;
	bool compat = syscall_is_compat();
	bool prlimit = syscall_call(regs, compat) == VDT_CALL_PRLIMIT;
	const void *passed = (void *)syscall_arg(regs, compat, prlimit ? 2 : 1);
	s32 pid = prlimit ? (s32)syscall_arg(regs, compat, 0) : 0;

	if (prlimit && !passed)
		return 0; /* it only asks */
	if (is_filtered(VDT_SETRLIMIT, task, &NO_NUMBERS))
		return 0;
	count(seen[VDT_SETRLIMIT]);
	header_fill(&record.header, VDT_SETRLIMIT, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	out->retval = ret;
	out->resource = syscall_arg(regs, compat, prlimit ? 1 : 0);
	if (pid == 0)
		target_of_task(task, task, &out->target);
	else
		target = target_find(task, pid, &out->target);
	if (ret != 0 || !target || !limits_of_task(target, out->resource, out))
		limits_from_user(passed, compat && !prlimit, out);
	ring_output(VDT_SETRLIMIT, &record, sizeof(record));
	return 0;
}
