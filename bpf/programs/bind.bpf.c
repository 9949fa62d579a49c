/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* bind, also through 32-bit socketcall. Called by dispatch_sys_exit. */
#include "../lib/socket.h"
#include "../lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_bind, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_connect bind;
	} record = {};
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct event_numbers numbers = {};
	struct socket_args args; /* descriptor, address, its length */
	struct sock *sk;

	socket_args_read(regs, compat, &args);
	record.bind.retval = ret;
	sk = sock_of_descriptor((s32)args.arg[0]);
	if (sk)
		sock_kind(sk, &record.bind);
	/* After a success the kernel's socket knows the truth; of a failure only the caller's memory says more. */
	if (!sk || ret != 0 || !sock_own(sk, &record.bind))
		sockaddr_from_user((void *)args.arg[1], args.arg[2], &record.bind);
	numbers.value[VDT_ADDRESS_FAMILY] = record.bind.family;
	if (is_filtered(VDT_BIND, task, &numbers))
		return 0;
	count(seen[VDT_BIND]);
	header_fill(&record.header, VDT_BIND, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	ring_output(VDT_BIND, &record, sizeof(record));
	return 0;
}
