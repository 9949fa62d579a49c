/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tracepoint backend: what is done to names through an io_uring: mkdirat, unlinkat, renameat, linkat. The names are the
 * kernel's copies, which nobody can change any more; they are freed before the request is complete.
 */

#include "../lib/file_call.h"
#include "../lib/io_uring.h"

#define AT_REMOVEDIR 0x200

struct ring_name {
	u32 len; /* 0: it has none */
	u8 text[VDT_PATH_MAX];
};

/* Requests that never complete leave theirs: the oldest goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 128);
	__type(key, u64); /* the request, and one more for its second name */
	__type(value, struct ring_name);
} ring_names SEC(".maps");

static __always_inline u16 type_of(struct io_kiocb *req)
{
	struct io_unlink *unlink = command_of(req);

	switch (BPF_CORE_READ(req, opcode)) {
	case IORING_OP_MKDIRAT:
		return VDT_MKDIR;
	case IORING_OP_UNLINKAT:
		return BPF_CORE_READ(unlink, flags) & AT_REMOVEDIR ? VDT_RMDIR : VDT_UNLINK;
	case IORING_OP_RENAMEAT:
		return VDT_RENAME;
	case IORING_OP_LINKAT:
		return VDT_LINK;
	}
	return VDT_NONE;
}

static __always_inline void keep_name(struct scratch *s, u64 key, struct filename *from)
{
	struct ring_name *name = (void *)s->record;
	long len = bpf_probe_read_kernel_str(name->text, sizeof(name->text),
					     BPF_CORE_READ(from, name));

	name->len = len > 0 ? len - 1 : 0;
	bpf_map_update_elem(&ring_names, &key, name, BPF_ANY);
}

static __always_inline int submitted(struct io_kiocb *req)
{
	void *command = command_of(req);
	u16 type = type_of(req);
	u64 key = (u64)req;
	struct scratch *s;

	if (!type || !is_wanted_of_io_uring(type))
		return 0;
	s = scratch_claim();
	if (!s)
		return 0;
	switch (type) {
	case VDT_MKDIR:
		keep_name(s, key, compat_ring_name(io_mkdir, command, filename));
		break;
	case VDT_RMDIR:
	case VDT_UNLINK:
		keep_name(s, key, compat_ring_name(io_unlink, command, filename));
		break;
	case VDT_RENAME:
		keep_name(s, key, compat_ring_name(io_rename, command, oldpath));
		keep_name(s, key + 1, compat_ring_name(io_rename, command, newpath));
		break;
	case VDT_LINK:
		keep_name(s, key, compat_ring_name(io_link, command, oldpath));
		keep_name(s, key + 1, compat_ring_name(io_link, command, newpath));
		break;
	}
	scratch_release(s);
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(handle_ring_name_submit, struct io_kiocb *req)
{
	return submitted(req);
}

SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(handle_ring_name_submit_sqe, struct io_kiocb *req)
{
	return submitted(req);
}

/* Fills `out` and appends the items: the name, and where it starts. */
static __always_inline void ring_file(struct scratch *s, struct task_struct *task, u64 request,
				      s32 dirfd, struct vdt_file *out, struct file_items items)
{
	u64 key = request + items.second;
	struct ring_name *name = bpf_map_lookup_elem(&ring_names, &key);
	struct place at = {};

	out->flags = VDT_FILE_NO_INODE | VDT_FILE_LINK;
	if (!name) {
		count(miss[VDT_MISS_SYSCALL]);
		return;
	}
	item_bytes(s, items.argument, name->text, name->len, VDT_PATH_MAX);
	if (name->text[0] != '/' && place_of_descriptor(task, dirfd, &at))
		item_path(s, items.directory, task, at.mnt, at.dentry);
	bpf_map_delete_elem(&ring_names, &key);
}

static __always_inline void one_name_complete(u16 type, struct task_struct *task,
					      struct io_kiocb *req, s32 res)
{
	struct io_mkdir *mkdir = command_of(req);
	struct io_unlink *unlink = command_of(req);
	struct scratch *s = record_begin_of(type, VDT_F_ASYNC, task, sizeof(struct vdt_file_call));
	struct vdt_file_call *out;

	if (!s)
		return;
	out = record_fixed(s);
	out->retval = res;
	if (type == VDT_MKDIR) {
		out->dirfd = BPF_CORE_READ(mkdir, dfd);
		out->mode = BPF_CORE_READ(mkdir, mode);
	} else {
		out->dirfd = BPF_CORE_READ(unlink, dfd);
		out->flags = BPF_CORE_READ(unlink, flags);
	}
	ring_file(s, task, (u64)req, out->dirfd, &out->file, FIRST_FILE);
	record_commit(s, type);
}

static __always_inline void two_names_complete(u16 type, struct task_struct *task,
					       struct io_kiocb *req, s32 res)
{
	struct io_rename *rename = command_of(req);
	struct io_link *link = command_of(req);
	struct scratch *s = record_begin_of(type, VDT_F_ASYNC, task, sizeof(struct vdt_two_files));
	bool is_link = type == VDT_LINK;
	s32 from, to;
	struct vdt_two_files *out;

	if (!s)
		return;
	out = record_fixed(s);
	out->retval = res;
	from = is_link ? BPF_CORE_READ(link, old_dfd) : BPF_CORE_READ(rename, old_dfd);
	to = is_link ? BPF_CORE_READ(link, new_dfd) : BPF_CORE_READ(rename, new_dfd);
	ring_file(s, task, (u64)req, from, &out->file, FIRST_FILE);
	if (is_link && BPF_CORE_READ(link, flags) & AT_SYMLINK_FOLLOW)
		out->file.flags &= ~VDT_FILE_LINK;
	ring_file(s, task, (u64)req, to, &out->destination, SECOND_FILE);
	record_commit(s, type);
}

static __always_inline int completed(struct io_kiocb *req, s32 res)
{
	struct task_struct *task = requester(req);
	u16 type = type_of(req);

	if (!type || !is_wanted_of_io_uring(type))
		return 0;
	if (type == VDT_RENAME)
		two_names_complete(VDT_RENAME, task, req, res);
	else if (type == VDT_LINK)
		two_names_complete(VDT_LINK, task, req, res);
	else
		one_name_complete(type, task, req, res);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(handle_ring_name_complete, void *ring_context, struct io_kiocb *req,
	     struct io_uring_cqe *cqe)
{
	return completed(req, BPF_CORE_READ(cqe, res));
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(handle_ring_name_complete_res, void *ring_context, struct io_kiocb *req, u64 user_data,
	     int res)
{
	return completed(req, res);
}
