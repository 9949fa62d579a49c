// SPDX-License-Identifier: Apache-2.0
//
// What the files of act share.
#pragma once

struct act {
	const char *name; // NULL ends a table
	int arguments;	  // at least
	int (*perform)(int argc, char **argv);
	const char *usage;
	const char *what;
};

struct io_uring_sqe;

extern const struct act open_acts[], connect_acts[], exec_acts[], task_acts[], stage_acts[],
	bypass_acts[], file_acts[], kernel_acts[], network_acts[], packet_acts[], process_acts[];

extern char *self_path; // absolute, for acts that run this program again

_Noreturn void give_up(const char *what);
// Prints the facts of a call that returned `ret`, with errno.
int report_plain(long ret);
// Prints the pid, before an act that does not return or ends the process.
void announce(void);
// Performs the act that argv[0] names.
int run(int argc, char **argv);
// A system call through int 0x80, the 32-bit entry; sets errno as the C library does. Pointers must be below 4 GiB.
long call32(long number, long a, long b, long c, long d, long e);
// One request by io_uring, without liburing: its result as of a system call.
long by_uring(const struct io_uring_sqe *request);
// A page below 4 GiB.
void *low_page(void);
