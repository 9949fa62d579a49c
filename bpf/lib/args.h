/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * argv and environment of a fresh image, from its stack. At sched_process_exec no instruction of the new program
 * has run yet, so these are the bytes execve() copied.
 */
#ifndef VEDETTE_BPF_ARGS_H
#define VEDETTE_BPF_ARGS_H

#include "record.h"

#define PAGE_BYTES 4096 /* the smallest page: a shorter second try at worst */

/* Appends user memory [from, end), at most `max` bytes; returns how many, or -1. */
static __always_inline int item_user_block(struct scratch *s, u16 kind, u64 from, u64 end, u32 max)
{
	void *room = item_room(s, max);
	u64 len = end - from;

	if (!room || end < from)
		return -1;
	barrier_var(len);
	if (len > max)
		len = max;
	if (bpf_probe_read_user(room, len, (void *)from)) {
		/* A page is not there: keep what is before it. */
		u64 first = PAGE_BYTES - (from & (PAGE_BYTES - 1));

		if (len > first)
			len = first;
		barrier_var(len);
		if (len > max || bpf_probe_read_user(room, len, (void *)from))
			return -1;
	}
	item_close(s, room, kind, len);
	return len;
}

static __always_inline void args_collect(struct scratch *s, struct mm_struct *mm,
					 struct vdt_exec *out)
{
	u64 args = LOAD(mm, arg_start), args_end = LOAD(mm, arg_end);
	u64 envs = LOAD(mm, env_start), envs_end = LOAD(mm, env_end);
	int len;

	out->args_size = args_end - args;
	out->envs_size = envs_end - envs;
	len = item_user_block(s, VDT_ITEM_ARGV, args, args_end, VDT_ARGS_MAX);
	if (len < 0)
		count(miss[VDT_MISS_ARGS]);
	if (len < (int)out->args_size)
		out->process.flags |= VDT_PROC_ARGS_TRUNCATED;
	len = item_user_block(s, VDT_ITEM_ENVP, envs, envs_end, VDT_ENVS_MAX);
	if (len < 0)
		count(miss[VDT_MISS_ENVS]);
	if (len < (int)out->envs_size)
		out->process.flags |= VDT_PROC_ENVS_TRUNCATED;
}

#endif
