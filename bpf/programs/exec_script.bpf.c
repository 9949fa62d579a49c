/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Trampoline backend of exec: keeps the file of a script until the exec is done. */
#include "../lib/script.h"

SEC("fentry/security_bprm_check")
int BPF_PROG(handle_bprm_check, struct linux_binprm *bprm)
{
	struct task_struct *task = current_task();
	struct file *file = bprm->file;
	struct place at = place_of_file(true, file);
	u64 key = (u64)task;
	struct kept_file *kept;
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
	kept = kept_build(s, task, &at, file->f_inode);
	if (kept)
		bpf_map_update_elem(&scripts, &key, kept, BPF_ANY);
	scratch_release(s);
	return 0;
}
