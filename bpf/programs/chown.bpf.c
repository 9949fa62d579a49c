/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* chown, lchown, fchown, fchownat. */
#include "../lib/call_function.h"
#include "../lib/file_call.h"

/* 32-bit entry: these numbers take 16-bit ids, on x86 and Arm alike. */
#define NR_LCHOWN16 16
#define NR_FCHOWN16 95
#define NR_CHOWN16 182

static __always_inline u32 id_passed(u64 id, bool is_16_bit)
{
	if (is_16_bit)
		return (u16)id == 0xffff ? VDT_ID_UNCHANGED : (u16)id;
	return id;
}

static __always_inline int call_returned(struct pt_regs *regs, long ret)
{
	bool compat = syscall_is_compat();
	u32 call = syscall_call(regs, compat);
	u64 a = syscall_arg(regs, compat, 0), b = syscall_arg(regs, compat, 1);
	u64 c = syscall_arg(regs, compat, 2), d = syscall_arg(regs, compat, 3);
	u64 e = syscall_arg(regs, compat, 4);
	u32 nr = syscall_number(regs);
	bool is_16_bit = compat && (nr == NR_LCHOWN16 || nr == NR_FCHOWN16 || nr == NR_CHOWN16);
	struct task_struct *task = current_task();
	struct file_argument file = by_name(a);
	u64 uid = b, gid = c;
	struct vdt_file_call *out;
	struct scratch *s;

	switch (call) {
	case VDT_CALL_LCHOWN:
		file = by_entry(a);
		break;
	case VDT_CALL_FCHOWN:
		file = by_descriptor(a);
		break;
	case VDT_CALL_FCHOWNAT:
		file = by_name_at(a, b, e);
		uid = c;
		gid = d;
		break;
	}
	if (is_restarted(ret) || !call)
		return 0;
	s = file_call_begin(VDT_CHOWN, task, compat, ret, &file);
	if (!s)
		return 0;
	out = record_fixed(s);
	out->uid = id_passed(uid, is_16_bit);
	out->gid = id_passed(gid, is_16_bit);
	file_call_commit(s, task, regs, &file, VDT_CHOWN);
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_chown, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}

SEC("fexit/" CALL_FUNCTION("chown"))
int BPF_PROG(chown_returned, struct pt_regs *regs, long ret)
{
	return call_returned(regs, ret);
}

/* Functions that may be left out of a kernel have another prototype (`__unused`), so that they cannot jump to the above. */
#define AFTER_16_BIT(call)                                                                         \
	SEC("fexit")                                                                               \
	int BPF_PROG(after_##call, struct pt_regs *regs, long ret)                                 \
	{                                                                                          \
		return is_wanted(VDT_CHOWN) ? call_returned(regs, ret) : 0;                        \
	}

AFTER_16_BIT(chown16)
AFTER_16_BIT(lchown16)
AFTER_16_BIT(fchown16)
