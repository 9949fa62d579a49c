// SPDX-License-Identifier: Apache-2.0
//
// What the files of act share.
#pragma once

struct act {
	const char *name;
	int arguments; // at least
	int (*perform)(int argc, char **argv);
	const char *usage;
	const char *what;
};

// Each ends with an entry without a name.
extern const struct act process_acts[];

_Noreturn void give_up(const char *what);
// Prints pid, result and errno of a call.
int report_plain(long ret);
// A system call through int 0x80, the 32-bit entry; sets errno as the C library does. Pointers must be below 4 GiB.
long call32(long number, long a, long b, long c, long d, long e);
// A page below 4 GiB.
void *low_page(void);
