/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Files that stand for a kernel object: which kind one is, before its private data is believed. The name is the
 * kernel's, in a file system that nobody can make a file in.
 */
#ifndef VEDETTE_BPF_ANON_FILE_H
#define VEDETTE_BPF_ANON_FILE_H

#include "prelude.h"

#define ANON_INODE_FS_MAGIC 0x09041934
#define ANON_NAME_MAX 16

/* `name`: a literal, shorter than ANON_NAME_MAX. */
#define is_anon_file(file, name) has_anon_name(file, name, sizeof(name))

static __always_inline bool has_anon_name(struct file *file, const char *name, u32 size)
{
	char text[ANON_NAME_MAX] = {};

	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != ANON_INODE_FS_MAGIC)
		return false;
	bpf_probe_read_kernel_str(text, sizeof(text),
				  BPF_CORE_READ(file, f_path.dentry, d_name.name));
	for (u32 i = 0; i < size && i < ANON_NAME_MAX; i++) {
		if (text[i] != name[i])
			return false;
	}
	return true;
}

#endif
