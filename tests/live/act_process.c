// SPDX-License-Identifier: Apache-2.0
//
// Acts of processes on themselves and on each other, and on the kernel.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

// 32-bit system calls that are made through int 0x80 (arch/x86/entry/syscalls/syscall_32.tbl).
enum {
	CALL32_KILL = 37,
	CALL32_SETRLIMIT = 75,
	CALL32_OLD_MMAP = 90,
	CALL32_PRCTL = 172,
};

static long number(const char *text)
{
	return strtol(text, NULL, 0);
}

static int act_capset(int argc, char **argv)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	uint64_t mask = strtoull(argv[1], NULL, 0);
	(void)argc;
	if (syscall(SYS_capget, &header, data))
		give_up("capget");
	data[0].effective = (uint32_t)mask;
	data[1].effective = (uint32_t)(mask >> 32);
	return report_plain(syscall(SYS_capset, &header, data));
}

static int act_prctl_name(int argc, char **argv)
{
	(void)argc;
	return report_plain(prctl(PR_SET_NAME, argv[1]));
}

static int act_prctl(int argc, char **argv)
{
	return report_plain(
		prctl((int)number(argv[1]), argc > 2 ? number(argv[2]) : 0L, 0L, 0L, 0L));
}

static int act_prctl32(int argc, char **argv)
{
	char *low = low_page();
	(void)argc;
	strncpy(low, argv[1], 4095);
	return report_plain(call32(CALL32_PRCTL, PR_SET_NAME, (long)low, 0, 0, 0));
}

static int act_setrlimit(int argc, char **argv)
{
	(void)argc;
	struct rlimit limit = {strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0)};
	return report_plain(syscall(SYS_setrlimit, number(argv[1]), &limit));
}

static int act_setrlimit32(int argc, char **argv)
{
	uint32_t *low = low_page();
	(void)argc;
	low[0] = (uint32_t)strtoul(argv[2], NULL, 0);
	low[1] = (uint32_t)strtoul(argv[3], NULL, 0);
	return report_plain(call32(CALL32_SETRLIMIT, number(argv[1]), (long)low, 0, 0, 0));
}

static int act_prlimit(int argc, char **argv)
{
	(void)argc;
	struct rlimit limit = {strtoull(argv[3], NULL, 0), strtoull(argv[4], NULL, 0)};
	return report_plain(syscall(SYS_prlimit64, number(argv[1]), number(argv[2]), &limit, NULL));
}

// A child that waits, in the same program: somebody to act on.
static pid_t bystander(void)
{
	pid_t child = fork();
	if (child < 0)
		give_up("fork");
	while (child == 0)
		pause();
	return child;
}

static int report_on(long ret, pid_t child)
{
	printf("pid=%d child=%d ret=%ld errno=%d\n", getpid(), child, ret, ret < 0 ? errno : 0);
	fflush(stdout);
	return 0;
}

static int act_kill(int argc, char **argv)
{
	(void)argc;
	return report_plain(syscall(SYS_kill, number(argv[1]), number(argv[2])));
}

// HOW the system call sends SIGNAL to a child.
static int act_kill_child(int argc, char **argv)
{
	pid_t child = bystander();
	int signal_number = argc > 2 ? (int)number(argv[2]) : SIGTERM;
	siginfo_t info = {.si_signo = signal_number, .si_code = SI_TIMER};
	long ret = -1;
	info.si_pid = 1; // a lie
	if (strcmp(argv[1], "kill") == 0)
		ret = syscall(SYS_kill, child, signal_number);
	else if (strcmp(argv[1], "tkill") == 0)
		ret = syscall(SYS_tkill, child, signal_number);
	else if (strcmp(argv[1], "tgkill") == 0)
		ret = syscall(SYS_tgkill, child, child, signal_number);
	else if (strcmp(argv[1], "sigqueue") == 0)
		ret = syscall(SYS_rt_sigqueueinfo, child, signal_number, &info);
	else if (strcmp(argv[1], "pidfd") == 0)
		ret = syscall(SYS_pidfd_send_signal, syscall(SYS_pidfd_open, child, 0),
			      signal_number, NULL, 0);
	else if (strcmp(argv[1], "kill32") == 0)
		ret = call32(CALL32_KILL, child, signal_number, 0, 0, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return report_on(ret, child);
}

// A process group of two children.
static int act_kill_group(int argc, char **argv)
{
	int signal_number = argc > 1 ? (int)number(argv[1]) : SIGTERM;
	pid_t first = bystander(), second = bystander();
	if (setpgid(first, first) || setpgid(second, first))
		give_up("setpgid");
	long ret = syscall(SYS_kill, -first, signal_number);
	waitpid(first, NULL, 0);
	waitpid(second, NULL, 0);
	return report_on(ret, first);
}

static int act_ptrace_child(int argc, char **argv)
{
	(void)argc, (void)argv;
	pid_t child = bystander();
	long ret = ptrace(PTRACE_SEIZE, child, NULL, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return report_on(ret, child);
}

static int act_ptrace(int argc, char **argv)
{
	(void)argc;
	return report_plain(syscall(SYS_ptrace, number(argv[1]), number(argv[2]), 0L, 0L));
}

static int act_unshare(int argc, char **argv)
{
	(void)argc;
	return report_plain(unshare((int)number(argv[1])));
}

// Memory of PROTECTION, of FILE or anonymous.
static int act_mmap(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;
	if (argc > 2 && fd < 0)
		give_up(argv[2]);
	void *at = mmap(NULL, 12288, (int)number(argv[1]),
			MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	return report_plain(at == MAP_FAILED ? -1 : 0);
}

static int act_mmap_bad(int argc, char **argv)
{
	(void)argc, (void)argv;
	return report_plain(mmap(NULL, 12288, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED ? -1
											   : 0);
}

static int act_mmap32(int argc, char **argv)
{
	uint32_t *low = low_page();
	(void)argc;
	const uint32_t call[6] = {
		0, 12288, (uint32_t)number(argv[1]), MAP_PRIVATE | MAP_ANONYMOUS, UINT32_MAX, 0};
	memcpy(low, call, sizeof(call));
	return report_plain(call32(CALL32_OLD_MMAP, (long)low, 0, 0, 0, 0) == -1 ? -1 : 0);
}

// Memory of protection BEFORE gets protection AFTER.
static int act_mprotect(int argc, char **argv)
{
	(void)argc;
	char *at = mmap(NULL, 3 * 4096, (int)number(argv[1]), MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		give_up("mmap");
	return report_plain(mprotect(at + 4096, 4096, (int)number(argv[2])));
}

// At an address where nothing is (ENOMEM).
static int act_mprotect_nothing(int argc, char **argv)
{
	(void)argc, (void)argv;
	return report_plain(mprotect((void *)0x100000, 4096, PROT_EXEC));
}

static int act_init_module(int argc, char **argv)
{
	(void)argc;
	return report_plain(syscall(SYS_init_module, "nonsense", 8L, argv[1]));
}

static int act_finit_module(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up(argv[1]);
	return report_plain(syscall(SYS_finit_module, fd, argc > 2 ? argv[2] : "", 0));
}

static int act_delete_module(int argc, char **argv)
{
	(void)argc;
	return report_plain(syscall(SYS_delete_module, argv[1], O_NONBLOCK));
}

static long bpf_call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static long make_map(const char *name)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	strncpy(attr.map_name, name, sizeof(attr.map_name) - 1);
	return bpf_call(BPF_MAP_CREATE, &attr);
}

static int act_bpf_map(int argc, char **argv)
{
	(void)argc;
	return report_plain(make_map(argv[1]));
}

// Looks something up in a map that is there already.
static int act_bpf_lookup(int argc, char **argv)
{
	uint32_t key = 0;
	uint64_t value;
	union bpf_attr attr = {0};
	(void)argc;
	attr.map_fd = (uint32_t)make_map(argv[1]);
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	return report_plain(bpf_call(BPF_MAP_LOOKUP_ELEM, &attr));
}

// A socket filter that calls bpf_ktime_get_ns (5); with "bad" one that the verifier refuses.
static int act_bpf_program(int argc, char **argv)
{
	const struct bpf_insn good[] = {
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ktime_get_ns},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER};
	attr.insns = (uintptr_t)good;
	attr.insn_cnt = argc > 2 ? 2 : 3; // falls off its end
	attr.license = (uintptr_t)"GPL";
	strncpy(attr.prog_name, argv[1], sizeof(attr.prog_name) - 1);
	return report_plain(bpf_call(BPF_PROG_LOAD, &attr));
}

// Reads FILE (below /proc/sys), or writes VALUE to it.
static int act_sysctl(int argc, char **argv)
{
	char text[256];
	int fd = open(argv[1], argc > 2 ? O_WRONLY : O_RDONLY);
	if (fd < 0)
		give_up(argv[1]);
	return report_plain(argc > 2 ? write(fd, argv[2], strlen(argv[2]))
				     : read(fd, text, sizeof(text)));
}

const struct act process_acts[] = {
	{"capset", 1, act_capset, "MASK", "effective capabilities"},
	{"prctl-name", 1, act_prctl_name, "NAME", "PR_SET_NAME"},
	{"prctl-name32", 1, act_prctl32, "NAME", "the same through int 0x80"},
	{"prctl", 1, act_prctl, "OPTION [ARGUMENT]", ""},
	{"setrlimit", 3, act_setrlimit, "RESOURCE SOFT HARD", "the old system call"},
	{"setrlimit32", 3, act_setrlimit32, "RESOURCE SOFT HARD", "through int 0x80"},
	{"prlimit", 4, act_prlimit, "PID RESOURCE SOFT HARD", "of itself (0) or another"},
	{"kill", 2, act_kill, "PID SIGNAL", ""},
	{"kill-child", 1, act_kill_child, "HOW [SIGNAL]",
	 "kill, tkill, tgkill, sigqueue (as a timer), pidfd, kill32"},
	{"kill-group", 0, act_kill_group, "[SIGNAL]", "a group of two children"},
	{"ptrace", 2, act_ptrace, "REQUEST PID", "0 0 is PTRACE_TRACEME"},
	{"ptrace-child", 0, act_ptrace_child, "", "PTRACE_SEIZE"},
	{"unshare", 1, act_unshare, "FLAGS", ""},
	{"mmap", 1, act_mmap, "PROTECTION [FILE]", "private, 12288 bytes"},
	{"mmap-bad", 0, act_mmap_bad, "", "of a descriptor that is none (EBADF)"},
	{"mmap32", 1, act_mmap32, "PROTECTION", "the oldest 32-bit form, through int 0x80"},
	{"mprotect", 2, act_mprotect, "BEFORE AFTER", "the middle of three pages"},
	{"mprotect-nothing", 0, act_mprotect_nothing, "", "where nothing is mapped (ENOMEM)"},
	{"init-module", 1, act_init_module, "ARGUMENTS", "of nonsense: refused"},
	{"finit-module", 1, act_finit_module, "FILE [ARGUMENTS]", ""},
	{"delete-module", 1, act_delete_module, "NAME", ""},
	{"bpf-map", 1, act_bpf_map, "NAME", "makes an array"},
	{"bpf-lookup", 1, act_bpf_lookup, "NAME", "makes an array and looks into it"},
	{"bpf-program", 1, act_bpf_program, "NAME [bad]", "loads a socket filter"},
	{"sysctl", 1, act_sysctl, "FILE [VALUE]", "reads or writes a file of /proc/sys"},
	{0},
};
