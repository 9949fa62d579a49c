/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The pid behind a pidfd. */
#ifndef VEDETTE_BPF_PIDFD_H
#define VEDETTE_BPF_PIDFD_H

#include "anon_file.h"

#define PID_FS_MAGIC 0x50494446

/* 6.9, cb12fd8e0dab "pidfd: add pidfs": a file system of its own, the pid moved from the file to its inode. */
static __always_inline struct pid *pid_of_pidfd(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	if (BPF_CORE_READ(inode, i_sb, s_magic) == PID_FS_MAGIC)
		return BPF_CORE_READ(inode, i_private);
	return is_anon_file(file, "[pidfd]") ? BPF_CORE_READ(file, private_data) : NULL;
}

#endif
