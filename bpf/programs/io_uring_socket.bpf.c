/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Tracepoint backend: sockets that are made, bound and accepted through an io_uring. */

#include "../lib/io_uring.h"
#include "../lib/socket.h"

static __always_inline void ring_socket(struct task_struct *task, struct io_kiocb *req, s32 res)
{
	struct {
		struct vdt_header header;
		struct vdt_socket socket;
	} record = {};
	struct io_socket *made = command_of(req);

	count(seen[VDT_SOCKET]);
	header_fill_of(&record.header, VDT_SOCKET, VDT_F_ASYNC, task);
	record.header.size = sizeof(record);
	record.socket.retval = res;
	record.socket.domain = BPF_CORE_READ(made, domain);
	record.socket.type = BPF_CORE_READ(made, type);
	record.socket.protocol = BPF_CORE_READ(made, protocol);
	ring_output(VDT_SOCKET, &record, sizeof(record));
}

/* The socket that an address is of; `accepted`: whose peer it is, else its own. */
static __always_inline void ring_address(u16 type, struct task_struct *task, struct file *file,
					 bool accepted, s32 res)
{
	struct {
		struct vdt_header header;
		struct vdt_connect address;
	} record = {};
	struct sock *sk = file ? sock_of_file(file) : NULL;

	count(seen[type]);
	header_fill_of(&record.header, type, VDT_F_ASYNC, task);
	record.header.size = sizeof(record);
	record.address.retval = res;
	if (sk) {
		sock_kind(sk, &record.address);
		if (accepted)
			sock_peer(sk, &record.address);
		else if (res == 0)
			sock_own(sk, &record.address);
	}
	ring_output(type, &record, sizeof(record));
}

static __always_inline void ring_accept(struct task_struct *task, struct io_kiocb *req, s32 res)
{
	struct io_accept *accept = command_of(req);
	bool in_table = BPF_CORE_READ(accept, file_slot) == 0;
	bool accepted = res >= 0 && in_table;

	/* Nobody was there yet: the request stays. */
	if (res == -EAGAIN)
		return;
	ring_address(VDT_ACCEPT, task,
		     accepted ? file_of_descriptor(task, res) : BPF_CORE_READ(req, file), accepted,
		     res);
}

static __always_inline int completed(struct io_kiocb *req, s32 res)
{
	struct task_struct *task = requester(req);

	switch (BPF_CORE_READ(req, opcode)) {
	case IORING_OP_SOCKET:
		if (is_wanted_of_io_uring(VDT_SOCKET))
			ring_socket(task, req, res);
		break;
	case IORING_OP_BIND:
		if (is_wanted_of_io_uring(VDT_BIND))
			ring_address(VDT_BIND, task, BPF_CORE_READ(req, file), false, res);
		break;
	case IORING_OP_ACCEPT:
		if (is_wanted_of_io_uring(VDT_ACCEPT))
			ring_accept(task, req, res);
		break;
	}
	return 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(handle_ring_socket_complete, void *ring_context, struct io_kiocb *req,
	     struct io_uring_cqe *cqe)
{
	return completed(req, BPF_CORE_READ(cqe, res));
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(handle_ring_socket_complete_res, void *ring_context, struct io_kiocb *req,
	     u64 user_data, int res)
{
	return completed(req, res);
}
