/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Requests of an io_uring. Their arguments are kernel copies by the time the kernel takes them (io_uring_submit_req, until
 * 6.4, 2ad57931db64, io_uring_submit_sqe), and stay until they are complete, but for the names of files. Until 6.12
 * io_uring_complete had the result as an argument of its own, and no request for completions that are not one's only one.
 */
#ifndef VEDETTE_BPF_IO_URING_H
#define VEDETTE_BPF_IO_URING_H

#include "prelude.h"

#define IORING_OP_ACCEPT 13
#define IORING_OP_CONNECT 16
#define IORING_OP_OPENAT 18
#define IORING_OP_OPENAT2 28
#define IORING_OP_RENAMEAT 35
#define IORING_OP_UNLINKAT 36
#define IORING_OP_MKDIRAT 37
#define IORING_OP_LINKAT 39
#define IORING_OP_SOCKET 45
#define IORING_OP_FTRUNCATE 55
#define IORING_OP_BIND 56

/* Requests carry the arguments of each operation in the same place. */
static __always_inline void *command_of(struct io_kiocb *req)
{
	return (void *)req + bpf_core_field_offset(struct io_kiocb, cmd);
}

/* Whose the ring is, also when one of the kernel's own threads completes the request. */
static __always_inline struct task_struct *requester(struct io_kiocb *req)
{
	return compat_ring_task(req);
}

#endif
