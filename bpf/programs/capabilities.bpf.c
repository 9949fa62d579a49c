/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Every capability check of the kernel, whoever asked for it and whether or not it would be audited: the tracepoint does
 * not say, and a rule should mean the same on every kernel. So a process with CAP_SYS_ADMIN has used it as soon as it
 * grew its memory, which the kernel checks for the reserve that it keeps for administrators.
 */
#include "../lib/caps.h"

/* Since 6.14, "security: add trace event for cap_capable". */
SEC("tp_btf/cap_capable")
int BPF_PROG(handle_cap_capable, const struct cred *cred, struct user_namespace *target_ns,
	     const struct user_namespace *capable_ns, int cap, int ret)
{
	caps_note(cap, ret == 0);
	return 0;
}

SEC("fexit/cap_capable")
int BPF_PROG(handle_cap_capable_return, const struct cred *cred, struct user_namespace *target_ns,
	     int cap, unsigned int opts, int ret)
{
	caps_note(cap, ret == 0);
	return 0;
}

/* User space runs it every few seconds. */
SEC("iter/bpf_map_elem")
int tell_capabilities(struct bpf_iter__bpf_map_elem *ctx)
{
	struct vdt_image_id *key = ctx->key;
	struct asked_caps *asked = ctx->value;
	struct vdt_image_id image;

	if (!key || !asked)
		return 0;
	image = *key;
	caps_tell(&image, asked);
	return 0;
}
