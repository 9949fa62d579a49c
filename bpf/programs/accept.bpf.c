/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* accept and accept4, also through 32-bit socketcall. Called by dispatch_sys_exit. */
#include "../lib/socket.h"
#include "../lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_accept, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_connect accept;
	} record = {};
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct socket_args args; /* descriptor, where the caller wants the address */
	struct sock *sk;

	/* Nobody was there yet: how a loop around a non-blocking socket ends. */
	if (is_restarted(ret) || ret == -EAGAIN || is_filtered(VDT_ACCEPT, task, &NO_NUMBERS))
		return 0;
	socket_args_read(regs, compat, &args);
	count(seen[VDT_ACCEPT]);
	header_fill(&record.header, VDT_ACCEPT, compat ? VDT_F_COMPAT : 0);
	record.header.size = sizeof(record);
	record.accept.retval = ret;
	/* The peer comes from the new socket: the caller need not have asked for it. */
	sk = sock_of_descriptor(ret >= 0 ? ret : (s32)args.arg[0]);
	if (sk) {
		sock_kind(sk, &record.accept);
		if (ret >= 0)
			sock_peer(sk, &record.accept);
	}
	ring_output(VDT_ACCEPT, &record, sizeof(record));
	return 0;
}
