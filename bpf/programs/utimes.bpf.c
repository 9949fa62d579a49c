/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* utime, utimes, futimesat, utimensat. Called by dispatch_sys_exit. */
#include "../lib/file_call.h"

#define NSEC_PER_SEC 1000000000ll
#define NSEC_PER_USEC 1000
#define NR_UTIMENSAT_TIME64 412 /* 32-bit entry, but with 64-bit times */

/* utimensat: "now" and "leave it" are no numbers of nanoseconds. */
static __always_inline s64 time_ns(s64 sec, s64 part, s64 unit)
{
	return part < 0 || part >= NSEC_PER_SEC ? 0 : sec * NSEC_PER_SEC + part * unit;
}

/* Two times of {seconds, part} each; `unit`: nanoseconds of a part. */
static __always_inline void times_read(struct vdt_file_call *out, const void *from, bool is_32_bit,
				       s64 unit)
{
	s32 narrow[4] = {};
	s64 wide[4] = {};

	if (!from)
		return; /* both are now */
	if (is_32_bit ? bpf_probe_read_user(narrow, sizeof(narrow), from)
		      : bpf_probe_read_user(wide, sizeof(wide), from)) {
		count(miss[VDT_MISS_SYSCALL]);
		return;
	}
	if (is_32_bit) {
#pragma unroll
		for (int i = 0; i < 4; i++)
			wide[i] = narrow[i];
	}
	out->atime_ns = time_ns(wide[0], wide[1], unit);
	out->mtime_ns = time_ns(wide[2], wide[3], unit);
}

/* utime: whole seconds. */
static __always_inline void seconds_read(struct vdt_file_call *out, const void *from,
					 bool is_32_bit)
{
	s32 narrow[2] = {};
	s64 wide[2] = {};

	if (!from)
		return;
	if (is_32_bit ? bpf_probe_read_user(narrow, sizeof(narrow), from)
		      : bpf_probe_read_user(wide, sizeof(wide), from)) {
		count(miss[VDT_MISS_SYSCALL]);
		return;
	}
	out->atime_ns = (is_32_bit ? narrow[0] : wide[0]) * NSEC_PER_SEC;
	out->mtime_ns = (is_32_bit ? narrow[1] : wide[1]) * NSEC_PER_SEC;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_utimes, struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	u32 call = syscall_call(regs, compat);
	struct task_struct *task = current_task();
	struct file_argument file = by_name(a);
	const void *times = (void *)b;
	s64 unit = NSEC_PER_USEC;
	bool is_32_bit = compat;
	struct scratch *s;

	if (is_restarted(ret) || !call)
		return 0;
	if (call == VDT_CALL_FUTIMESAT || call == VDT_CALL_UTIMENSAT) {
		/* Without a name it is the descriptor itself. */
		file = b ? by_name_at(a, b, 0) : by_descriptor(a);
		times = (void *)c;
	}
	if (call == VDT_CALL_UTIMENSAT) {
		if (b)
			file = by_name_at(a, b, d);
		unit = 1;
		is_32_bit = compat && syscall_number(regs) != NR_UTIMENSAT_TIME64;
	}
	s = file_call_begin(VDT_UTIMES, task, compat, ret, &file);
	if (!s)
		return 0;
	if (call == VDT_CALL_UTIME)
		seconds_read(record_fixed(s), times, is_32_bit);
	else
		times_read(record_fixed(s), times, is_32_bit, unit);
	file_call_commit(s, task, regs, &file, VDT_UTIMES);
	return 0;
}
