/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Trampoline backend of exec: keeps the file of a script until the exec is done. */
#include "../lib/script.h"

/* Space for one script while it is collected; a hash map's value cannot be built on the stack. */
static __always_inline void script_keep(struct scratch *s, u64 key)
{
	/* The record area is free: this record is never committed. */
	struct script *script = (void *)s->record;
	u32 begin = s->walk.begin;

	barrier_var(begin);
	if (begin >= VDT_PATH_MAX)
		return;
	script->path_len = VDT_PATH_MAX - begin;
	bpf_probe_read_kernel(script->path, VDT_PATH_MAX - begin, s->walk.text + begin);
	bpf_map_update_elem(&scripts, &key, script, BPF_ANY);
}

SEC("fentry/security_bprm_check")
int BPF_PROG(handle_bprm_check, struct linux_binprm *bprm)
{
	struct task_struct *task = current_task();
	struct file *file = bprm->file;
	struct script *script;
	struct scratch *s;
	char magic[2] = {};

	/* The first round only: a script's interpreter may be a script again. */
	if (bprm->interp != bprm->filename)
		return 0;
	bpf_probe_read_kernel(magic, sizeof(magic), bprm->buf);
	if (magic[0] != '#' || magic[1] != '!')
		return 0;
	s = scratch_claim();
	if (!s)
		return 0; /* the exec record then names the program alone */
	script = (void *)s->record;
	__builtin_memset(&script->file, 0, sizeof(script->file));
	__builtin_memset(script->filesystem, 0, sizeof(script->filesystem));
	s->len = sizeof(*script); /* items go behind it and are not used */
	file_collect(s, task, file, &script->file, VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM);
	bpf_probe_read_kernel_str(script->filesystem, sizeof(script->filesystem),
				  BPF_CORE_READ(file, f_inode, i_sb, s_type, name));
	script_keep(s, (u64)task);
	scratch_release(s);
	return 0;
}
