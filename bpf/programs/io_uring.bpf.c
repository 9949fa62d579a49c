/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tracepoint backend: what is done through an io_uring, where no system call of its own begins or ends. The kernel says
 * when it takes a request (its arguments are kernel copies by then) and when the request is complete. Which form
 * of the two a kernel has hook_table.h asks its types.
 */

#include "../lib/io_uring.h"
#include "../lib/open.h"
#include "../lib/socket.h"

#define O_WRONLY 01
#define O_TRUNC 01000
#define O_LARGEFILE 0100000 /* forced on 64-bit hosts, never passed */

/* The name of an open, which is freed before the request is complete. Requests that never complete leave theirs: the
 * oldest goes. */
struct ring_open {
	u32 len;
	u8 name[VDT_PATH_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct ring_open);
} ring_opens SEC(".maps");

static __always_inline bool is_open(u8 opcode)
{
	return opcode == IORING_OP_OPENAT || opcode == IORING_OP_OPENAT2;
}

static __always_inline int submitted(struct io_kiocb *req)
{
	struct filename *from;
	u64 key = (u64)req;
	struct ring_open *name;
	struct scratch *s;
	long len;

	if (!is_open(BPF_CORE_READ(req, opcode)) || !is_wanted_of_io_uring(VDT_OPEN))
		return 0;
	s = scratch_claim();
	if (!s)
		return 0;
	name = (void *)s->record;
	from = compat_ring_name(io_open, command_of(req), filename);
	len = bpf_probe_read_kernel_str(name->name, sizeof(name->name), BPF_CORE_READ(from, name));
	name->len = len > 0 ? len - 1 : 0;
	bpf_map_update_elem(&ring_opens, &key, name, BPF_ANY);
	scratch_release(s);
	return 0;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(handle_io_uring_submit, struct io_kiocb *req)
{
	return submitted(req);
}

SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(handle_io_uring_submit_sqe, struct io_kiocb *req)
{
	return submitted(req);
}

static __always_inline void ring_file(struct scratch *s, struct task_struct *task,
				      struct file *file)
{
	struct vdt_open *out = record_fixed(s);

	if (file)
		file_collect(s, task, false, file, &out->file, VDT_ITEM_PATH, VDT_ITEM_FILESYSTEM);
	else
		out->file.flags = VDT_FILE_NO_INODE;
}

static __always_inline void ring_open_finish(struct scratch *s, struct task_struct *task,
					     const struct open_call *call)
{
	header_fill_of((void *)s->record, VDT_OPEN, call->record_flags, task);
	record_commit(s, VDT_OPEN);
}

static __always_inline void open_complete(struct task_struct *task, struct io_kiocb *req, s32 res)
{
	struct io_open *open = command_of(req);
	struct open_call call = {.ret = res, .record_flags = VDT_F_ASYNC};
	u64 key = (u64)req;
	struct ring_open *name = bpf_map_lookup_elem(&ring_opens, &key);
	struct file *file = NULL;
	struct scratch *s;

	call.dirfd = BPF_CORE_READ(open, dfd);
	call.flags = BPF_CORE_READ(open, how.flags) & ~(u64)O_LARGEFILE;
	call.mode = BPF_CORE_READ(open, how.mode);
	s = open_begin(task_cgroup_id(task), &call);
	if (!s)
		return;
	/* A file that went into the ring's own table has no descriptor. */
	if (BPF_CORE_READ(open, file_slot) == 0)
		file = file_of_descriptor(task, res);
	ring_file(s, task, file);
	if (name) {
		if (item_bytes(s, VDT_ITEM_SYSCALL_PATH, name->name, name->len, VDT_PATH_MAX))
			count(miss[VDT_MISS_SYSCALL]);
		if (!file && name->name[0] != '/')
			open_base(s, task, call.dirfd);
		bpf_map_delete_elem(&ring_opens, &key);
	}
	ring_open_finish(s, task, &call);
}

/* As good as an opening with O_TRUNC, see open.bpf.c. */
static __always_inline void truncate_complete(struct task_struct *task, struct io_kiocb *req,
					      s32 res)
{
	struct open_call call = {.ret = res,
				 .flags = O_WRONLY | O_TRUNC,
				 .dirfd = AT_FDCWD,
				 .record_flags = VDT_F_ASYNC};
	struct scratch *s = open_begin(task_cgroup_id(task), &call);

	if (!s)
		return;
	ring_file(s, task, BPF_CORE_READ(req, file));
	ring_open_finish(s, task, &call);
}

static __always_inline void connect_complete(struct task_struct *task, struct io_kiocb *req,
					     s32 res)
{
	struct {
		struct vdt_header header;
		struct vdt_connect connect;
	} record = {};
	struct io_connect *connect = command_of(req);
	struct file *file = BPF_CORE_READ(req, file);
	struct sock *sk = file ? sock_of_file(file) : NULL;

	count(seen[VDT_CONNECT]);
	header_fill_of(&record.header, VDT_CONNECT, VDT_F_ASYNC, task);
	record.header.size = sizeof(record);
	record.connect.retval = res;
	if (sk)
		sock_kind(sk, &record.connect);
	if (!sk || (res != 0 && res != -EINPROGRESS) || !sock_peer(sk, &record.connect))
		sockaddr_from_user(BPF_CORE_READ(connect, addr), BPF_CORE_READ(connect, addr_len),
				   &record.connect);
	ring_output(VDT_CONNECT, &record, sizeof(record));
}

static __always_inline int completed(struct io_kiocb *req, s32 res)
{
	struct task_struct *task = requester(req);
	u8 opcode = BPF_CORE_READ(req, opcode);

	if (is_open(opcode) && is_wanted_of_io_uring(VDT_OPEN))
		open_complete(task, req, res);
	else if (opcode == IORING_OP_FTRUNCATE && is_wanted_of_io_uring(VDT_OPEN))
		truncate_complete(task, req, res);
	else if (opcode == IORING_OP_CONNECT && is_wanted_of_io_uring(VDT_CONNECT))
		connect_complete(task, req, res);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(handle_io_uring_complete, void *ring_context, struct io_kiocb *req,
	     struct io_uring_cqe *cqe)
{
	return completed(req, BPF_CORE_READ(cqe, res));
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(handle_io_uring_complete_res, void *ring_context, struct io_kiocb *req, u64 user_data,
	     int res)
{
	return completed(req, res);
}
