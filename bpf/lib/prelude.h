/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The one include order: kernel types, libbpf, what the kernels differ in, the records. */
#ifndef VEDETTE_BPF_PRELUDE_H
#define VEDETTE_BPF_PRELUDE_H

#include "../vmlinux/vmlinux.h"

#undef offsetof
#undef container_of

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#include "../abi/records.h"
#include "../abi/kernel_records.h"
#include "../abi/network_records.h"
#include "../abi/process_records.h"
#include "../abi/programs.h"
#include "field.h"
#include "core_compat.h"

/* bpf.h: what bpf_ringbuf_query() is asked for. */
#define BPF_RB_AVAIL_DATA 0
#define BPF_RB_RING_SIZE 1
/* How a record is put into a ring. */
#define BPF_RB_NO_WAKEUP 1
#define BPF_RB_FORCE_WAKEUP 2

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AT_FDCWD (-100)

#define EAGAIN 11
#define EEXIST 17
#define ERESTARTSYS 512
#define ERESTART_RESTARTBLOCK 516
#define EINPROGRESS 115
#define MAX_ERRNO 4095

#endif
