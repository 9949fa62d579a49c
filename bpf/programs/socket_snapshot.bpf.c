/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whose the sockets are that were there already: run once over the open files of all tasks. Of a socket that several
 * processes have, the first one met; whoever connects or sends next takes it over.
 */
#include "../lib/socket_owner.h"

SEC("iter/task_file")
int own_old_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct vdt_image_id *owner;
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	owner = bpf_sk_storage_get(&socket_owners, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (owner && !owner->pid)
		task_image(task, owner);
	return 0;
}
