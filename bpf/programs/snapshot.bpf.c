/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Processes that are there already: run once over all tasks, records go to the iterator's file, not to the ring. */
#include "../lib/cgroup.h"
#include "../lib/file.h"
#include "../lib/process.h"

SEC("iter/task")
int dump_process(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct vdt_snapshot *out;
	struct file *program;
	struct scratch *s;

	if (!task || task->pid != task->tgid)
		return 0;
	if (LOAD(task, signal, live.counter) == 0)
		return 0; /* a zombie that waits for its parent */
	s = scratch_claim();
	if (!s)
		return 0;
	__builtin_memset(s->record, 0, sizeof(struct vdt_header) + sizeof(*out));
	s->len = sizeof(struct vdt_header) + sizeof(*out);
	header_fill_of((void *)s->record, VDT_SNAPSHOT, 0, task);
	out = record_fixed(s);
	process_collect(task, &out->process);
	program = LOAD(task, mm, exe_file);
	if (program)
		file_collect(s, task, TASKS_KNOWN, program, &out->file, VDT_ITEM_PATH,
			     VDT_ITEM_FILESYSTEM);
	item_task_cgroup(s, task);
	bpf_seq_write(ctx->meta->seq, s->record, record_finish(s));
	scratch_release(s);
	return 0;
}
