/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Trampoline backend: one program for each function of a system call that types learn of at its end. 32-bit entries have
 * functions of their own on x86; on arm64 most are those of the 64-bit call. Which is which the loader's table says.
 */
#include "../lib/call_function.h"

#define AFTER(call)                                                                                \
	SEC("fexit")                                                                               \
	int BPF_PROG(after_##call, struct pt_regs *regs, long ret)                                 \
	{                                                                                          \
		u32 wanted = wanted_call(regs);                                                    \
                                                                                                   \
		if (wanted)                                                                        \
			bpf_tail_call(ctx, &function_handlers, wanted);                            \
		return 0;                                                                          \
	}

AFTER(chmod)
AFTER(fchmod)
AFTER(fchmodat)
AFTER(fchmodat2)
AFTER(chown)
AFTER(lchown)
AFTER(fchown)
AFTER(fchownat)
AFTER(truncate)
AFTER(ftruncate)
AFTER(truncate_compat)
AFTER(ftruncate_compat)
AFTER(truncate64_compat)
AFTER(ftruncate64_compat)
AFTER(prctl)
AFTER(unshare)
AFTER(setns)

#if defined(__TARGET_ARCH_x86)
AFTER(chmod_compat)
AFTER(fchmod_compat)
AFTER(fchmodat_compat)
AFTER(fchmodat2_compat)
AFTER(chown_compat)
AFTER(lchown_compat)
AFTER(fchown_compat)
AFTER(fchownat_compat)
AFTER(prctl_compat)
AFTER(unshare_compat)
AFTER(setns_compat)
#endif
