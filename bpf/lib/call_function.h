/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Trampolines at the end of single system calls: on the functions by which the kernel calls them, so that no other call
 * pays for it. An fexit program there gets what a tracepoint's gets, the registers and the result.
 */
#ifndef VEDETTE_BPF_CALL_FUNCTION_H
#define VEDETTE_BPF_CALL_FUNCTION_H

#include "syscall.h"

#if defined(__TARGET_ARCH_x86)
#define CALL_FUNCTION(call) "__x64_sys_" call
#elif defined(__TARGET_ARCH_arm64)
#define CALL_FUNCTION(call) "__arm64_sys_" call
#endif

/*
 * What the programs of call_function.bpf.c jump to. Since Linux 6.12 only programs on functions of one prototype may be
 * here, names of parameters included: each of these goes on a function that has `regs`.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, VDT_CALL_MAX);
	__type(key, u32);
	__type(value, u32);
} function_handlers __weak SEC(".maps");

#endif
