/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Signals that processes send. One that is sent is seen where the kernel has the receiver in hand, once for each
 * receiver of a group, whether or not it is ignored there. One that is refused is seen at the end of the call.
 */
#include "../lib/pid.h"
#include "../lib/pidfd.h"
#include "../lib/record.h"
#include "../lib/syscall.h"

/* siginfo.h: what the kernel writes for kill, sigqueue and tkill. */
#define SI_USER 0
#define SI_QUEUE (-1)
#define SI_TKILL (-6)
#define SEND_SIG_NOINFO 0
#define SEND_SIG_PRIV 1ull

struct signal_record {
	struct vdt_header header;
	struct vdt_signal signal;
};

struct signal_call {
	s64 pid;
	u32 signal;
	bool by_pidfd;	 /* then `pid` is a descriptor */
	bool by_siginfo; /* the caller writes si_code */
};

static __always_inline bool signal_call(struct pt_regs *regs, u32 call, bool compat,
					struct signal_call *out)
{
	s32 first = (s32)syscall_arg(regs, compat, 0), second = (s32)syscall_arg(regs, compat, 1);

	out->pid = first;
	out->signal = second;
	switch (call) {
	case VDT_CALL_KILL:
	case VDT_CALL_TKILL:
		return true;
	case VDT_CALL_SIGQUEUE:
		out->by_siginfo = true;
		return true;
	case VDT_CALL_TGSIGQUEUE:
		out->by_siginfo = true;
		out->signal = (u32)syscall_arg(regs, compat, 2);
		return true;
	case VDT_CALL_TGKILL:
		out->signal = (u32)syscall_arg(regs, compat, 2);
		return true;
	case VDT_CALL_PIDFD_SIGNAL:
		out->by_pidfd = true;
		out->by_siginfo = true;
		return true;
	}
	return false;
}

static __always_inline void signal_output(struct signal_record *record, struct task_struct *task,
					  bool compat)
{
	if (is_filtered(VDT_SIGNAL, task, &NO_NUMBERS))
		return;
	count(seen[VDT_SIGNAL]);
	header_fill(&record->header, VDT_SIGNAL, compat ? VDT_F_COMPAT : 0);
	record->header.size = sizeof(*record);
	ring_output(VDT_SIGNAL, record, sizeof(*record));
}

/*
 * si_code of a queued signal is the sender's choice, as long as it is negative: one that pretends to be a timer's
 * is told from a timer's by the system call its sender is in. So is one without info, as kill() sends it since 7.x.
 */
static __always_inline bool is_sent(struct kernel_siginfo *info, bool in_call,
				    const struct signal_call *call)
{
	int code;

	if ((u64)info == SEND_SIG_NOINFO)
		return in_call;
	code = BPF_CORE_READ(info, si_code);
	if (code == SI_USER || code == SI_QUEUE || code == SI_TKILL)
		return true;
	return code < 0 && in_call && call->by_siginfo;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(handle_signal, int sig, struct kernel_siginfo *info, struct task_struct *target,
	     int group, int result)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = current_regs();
	bool compat = syscall_is_compat(), in_call = false;
	struct signal_record record = {};
	struct signal_call call = {};

	/* No pointer: the kernel sends it. */
	if ((u64)info == SEND_SIG_PRIV || !is_wanted(VDT_SIGNAL))
		return 0;
	if (regs)
		in_call = signal_call(regs, syscall_call(regs, compat), compat, &call);
	if (!is_sent(info, in_call, &call))
		return 0;
	record.signal.signal = sig;
	target_of_task(task, target, &record.signal.target);
	record.signal.pid = in_call && !call.by_pidfd ? call.pid : record.signal.target.pid;
	signal_output(&record, task, compat);
	return 0;
}

/* Called by dispatch_sys_exit. Signal 0 is no signal but the question whether there is such a process. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_signal_refused, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct signal_record record = {};
	struct signal_call call = {};

	if (ret >= 0 || is_restarted(ret) ||
	    !signal_call(regs, syscall_call(regs, compat), compat, &call) || call.signal == 0)
		return 0;
	record.signal.retval = ret;
	record.signal.signal = call.signal;
	record.signal.pid = call.pid;
	if (call.by_pidfd) {
		struct file *file = current_file(call.pid);
		struct pid *pid = file ? pid_of_pidfd(file) : NULL;
		record.signal.pid = pid ? pid_number_in(pid, task_pid_namespace(task)) : 0;
	}
	target_find(task, record.signal.pid, &record.signal.target);
	signal_output(&record, task, compat);
	return 0;
}
