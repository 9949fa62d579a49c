/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* socket, also through 32-bit socketcall. Called by dispatch_sys_exit. */
#include "../lib/record.h"
#include "../lib/syscall.h"

SEC("tp_btf/sys_exit")
int BPF_PROG(handle_socket, struct pt_regs *regs, long ret)
{
	struct {
		struct vdt_header header;
		struct vdt_socket socket;
	} record = {};
	bool compat = syscall_is_compat();
	struct socket_args args; /* domain, type, protocol */

	socket_args_read(regs, compat, &args);
	count(seen[VDT_SOCKET]);
	header_fill(&record.header, VDT_SOCKET, compat ? VDT_F_COMPAT : 0, current_task());
	record.header.size = sizeof(record);
	record.socket.retval = ret;
	record.socket.domain = args.arg[0];
	record.socket.type = args.arg[1];
	record.socket.protocol = args.arg[2];
	ring_output(VDT_SOCKET, &record, sizeof(record));
	return 0;
}
