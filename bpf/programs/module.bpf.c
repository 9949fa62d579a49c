/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * init_module, finit_module, delete_module. What a module is called only the kernel knows, while it loads or frees it:
 * the name waits for the end of the call.
 */
#include "../lib/file.h"
#include "../lib/syscall.h"

#define MODULE_NAME_LEN 56

struct module_name {
	char text[MODULE_NAME_LEN];
};

/* By thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct module_name);
} module_names SEC(".maps");

static __always_inline int name_keep(struct module *module)
{
	u64 key = bpf_get_current_pid_tgid();
	struct module_name name = {};

	BPF_CORE_READ_STR_INTO(&name.text, module, name);
	bpf_map_update_elem(&module_names, &key, &name, BPF_ANY);
	return 0;
}

SEC("tp_btf/module_load")
int BPF_PROG(handle_module_loading, struct module *module)
{
	return name_keep(module);
}

SEC("tp_btf/module_free")
int BPF_PROG(handle_module_freed, struct module *module)
{
	return name_keep(module);
}

/* False: the kernel did not get as far as the name. */
static __always_inline bool item_kept_name(struct scratch *s)
{
	u64 key = bpf_get_current_pid_tgid();
	struct module_name *name = bpf_map_lookup_elem(&module_names, &key);

	if (!name)
		return false;
	item_kernel_string(s, VDT_ITEM_NAME, name->text, sizeof(name->text));
	bpf_map_delete_elem(&module_names, &key);
	return true;
}

static __always_inline void item_parameters(struct scratch *s, const char *passed,
					    struct vdt_load_module *out)
{
	u32 before = s->len;
	char next = 0;

	if (item_user_string(s, VDT_ITEM_VALUE, passed, VDT_NAME_MAX + 1)) {
		count(miss[VDT_MISS_SYSCALL]);
		return;
	}
	if (s->len - before < sizeof(struct vdt_item) + VDT_NAME_MAX)
		return;
	bpf_probe_read_user(&next, sizeof(next), passed + VDT_NAME_MAX);
	if (next)
		out->flags |= VDT_MODULE_ARGS_TRUNCATED;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_load_module, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	bool by_file = syscall_call(regs, compat) == VDT_CALL_FINIT_MODULE;
	struct vdt_load_module *out;
	struct file *file = NULL;
	struct scratch *s;

	if (is_restarted(ret) || is_filtered(VDT_LOAD_MODULE, task, &NO_NUMBERS))
		return 0;
	s = record_begin(VDT_LOAD_MODULE, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	if (by_file)
		file = current_file((s32)syscall_arg(regs, compat, 0));
	else
		out->flags |= VDT_MODULE_FROM_MEMORY;
	if (file)
		file_collect(s, task, false, file, &out->file, VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM);
	item_kept_name(s);
	item_parameters(s, (void *)syscall_arg(regs, compat, by_file ? 1 : 2), out);
	record_commit(s, VDT_LOAD_MODULE);
	return 0;
}

/* Called by dispatch_sys_exit. */
SEC("tp_btf/sys_exit")
int BPF_PROG(handle_unload_module, struct pt_regs *regs, long ret)
{
	struct task_struct *task = current_task();
	bool compat = syscall_is_compat();
	struct vdt_unload_module *out;
	struct scratch *s;

	if (is_restarted(ret) || is_filtered(VDT_UNLOAD_MODULE, task, &NO_NUMBERS))
		return 0;
	s = record_begin(VDT_UNLOAD_MODULE, compat ? VDT_F_COMPAT : 0, sizeof(*out));
	if (!s)
		return 0;
	out = record_fixed(s);
	out->retval = ret;
	if (!item_kept_name(s) &&
	    item_user_string(s, VDT_ITEM_NAME, (void *)syscall_arg(regs, compat, 0),
			     MODULE_NAME_LEN))
		count(miss[VDT_MISS_SYSCALL]);
	record_commit(s, VDT_UNLOAD_MODULE);
	return 0;
}
