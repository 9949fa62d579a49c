/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process a socket belongs to, kept with the socket and gone with it: a packet is often handled where the current
 * task is somebody else. Connections that a listening socket accepts inherit its owner.
 */
#ifndef VEDETTE_BPF_SOCKET_OWNER_H
#define VEDETTE_BPF_SOCKET_OWNER_H

#include "task.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct vdt_image_id);
} socket_owners __weak SEC(".maps");

#define BPF_SK_STORAGE_GET_F_CREATE 1

/* `sk`: what the program type lets pass as a socket. */
static __always_inline void socket_own(void *sk)
{
	struct vdt_image_id *owner =
		bpf_sk_storage_get(&socket_owners, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);

	if (owner)
		task_image_by(false, (void *)bpf_get_current_task(), owner);
}

#endif
