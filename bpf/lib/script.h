/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The file of a script, from the moment execve() opened it (security_bprm_check) to the moment the exec is done and
 * only its interpreter's file is left. Keyed by the task, whose pid may change on the way (exec by another thread
 * than the leader).
 */
#ifndef VEDETTE_BPF_SCRIPT_H
#define VEDETTE_BPF_SCRIPT_H

#include "kept.h"

/* An exec that fails leaves its entry behind: the oldest goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct kept_file);
} scripts __weak SEC(".maps");

#endif
