/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program was started. The point of no return is behind, the new image has not run yet. */
#define LOADS_TASKS
#include "../lib/args.h"
#include "../lib/caps.h"
#include "../lib/cgroup.h"
#include "../lib/process.h"
#include "../lib/script.h"

/* The script's own file, when the trampoline backend saw it: then it is the file, and the program its interpreter. */
static __always_inline bool script_collect(struct scratch *s, struct task_struct *task,
					   struct vdt_exec *out)
{
	u64 key = (u64)task;
	struct kept_file *script = bpf_map_lookup_elem(&scripts, &key);

	if (!script)
		return false;
	kept_collect(s, script, &out->file, VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM);
	bpf_map_delete_elem(&scripts, &key);
	return true;
}

static __always_inline void files_collect(struct scratch *s, struct task_struct *task,
					  struct linux_binprm *bprm, struct vdt_exec *out)
{
	const char *filename = LOAD(bprm, filename);
	struct file *program = LOAD(task, mm, exe_file);
	bool is_script = LOAD(bprm, interp) != filename;
	char first = 0;

	if (is_script && script_collect(s, task, out)) {
		((struct vdt_header *)s->record)->flags |= VDT_F_TRAMPOLINE;
		file_collect(s, task, TASKS_KNOWN, program, &out->interpreter,
			     VDT_ITEM_INTERPRETER_PATH, VDT_ITEM_INTERPRETER_FILESYSTEM);
	} else {
		file_collect(s, task, TASKS_KNOWN, program, &out->file, VDT_ITEM_PATH,
			     VDT_ITEM_FILESYSTEM);
	}
	if (item_kernel_string(s, VDT_ITEM_SYSCALL_PATH, filename, VDT_PATH_MAX))
		count(miss[VDT_MISS_SYSCALL]);
	if (!is_script)
		return;
	out->process.flags |= VDT_PROC_SCRIPT;
	if (item_kernel_string(s, VDT_ITEM_SCRIPT_PATH, filename, VDT_PATH_MAX))
		count(miss[VDT_MISS_SYSCALL]);
	bpf_probe_read_kernel(&first, sizeof(first), filename);
	if (first != '/')
		item_path(s, VDT_ITEM_CWD, task, LOAD(task, fs, pwd.mnt),
			  LOAD(task, fs, pwd.dentry));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(handle_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	struct vdt_image_id before = {};
	struct vdt_exec *out;
	struct scratch *s;

	current_image(&before);
	before.exec_id--;
	caps_end(&before);
	s = record_begin(VDT_EXEC, 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	process_collect(task, &out->process);
	if (BPF_CORE_READ_BITFIELD_PROBED(bprm, secureexec))
		out->process.flags |= VDT_PROC_SECURE;
	out->argc = LOAD(bprm, argc);
	out->envc = LOAD(bprm, envc);
	files_collect(s, task, bprm, out);
	args_collect(s, LOAD(task, mm), out);
	item_task_cgroup(s, task);
	record_commit(s, VDT_EXEC);
	return 0;
}
