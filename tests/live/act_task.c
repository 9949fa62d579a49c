// SPDX-License-Identifier: Apache-2.0
//
// Acts of a process on itself and its children: ids, forks, ends, cgroups.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

// Raw system calls: glibc would repeat each one in every thread.
static long id_arg(int argc, char **argv, int i)
{
	return i < argc ? atol(argv[i]) : -1;
}

static int act_set_id(int argc, char **argv)
{
	static const struct {
		const char *name;
		long nr;
	} calls[] = {{"setuid", SYS_setuid},	   {"setreuid", SYS_setreuid},
		     {"setresuid", SYS_setresuid}, {"setfsuid", SYS_setfsuid},
		     {"setgid", SYS_setgid},	   {"setregid", SYS_setregid},
		     {"setresgid", SYS_setresgid}, {"setfsgid", SYS_setfsgid}};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, argv[0]) == 0)
			return report_plain(syscall(calls[i].nr, id_arg(argc, argv, 1),
						    id_arg(argc, argv, 2), id_arg(argc, argv, 3)));
	}
	return 2;
}

static int act_double_fork(int argc, char **argv)
{
	int pipe_fds[2];
	(void)argc;
	if (pipe(pipe_fds))
		give_up("pipe");
	pid_t middle = fork();
	if (middle == 0) {
		pid_t last = fork();
		if (last == 0) {
			while (getppid() == getpid() || kill(getppid(), 0) != 0)
				usleep(1000);
			usleep(50000); // the one in the middle is gone by then
			dprintf(pipe_fds[1], "pid=%d ppid=%d\n", getpid(), getppid());
			execv(argv[1], argv + 1);
			_exit(127);
		}
		_exit(0);
	}
	close(pipe_fds[1]);
	waitpid(middle, NULL, 0);
	char line[128];
	ssize_t n = read(pipe_fds[0], line, sizeof(line) - 1);
	line[n < 0 ? 0 : n] = '\0';
	printf("creator=%d middle=%d %s", getpid(), middle, line);
	return 0;
}

static int act_exit(int argc, char **argv)
{
	announce();
	exit(argc > 1 ? atoi(argv[1]) : 0);
}

static int act_signal(int argc, char **argv)
{
	(void)argc;
	announce();
	raise(atoi(argv[1]));
	return 0;
}

static void *exit_later(void *code)
{
	usleep(20000);
	syscall(SYS_exit, *(int *)code);
	return NULL;
}

// The leader leaves first; the process ends with its last thread.
static int act_leader_exits_first(int argc, char **argv)
{
	pthread_t thread;
	static int code;
	code = argc > 1 ? atoi(argv[1]) : 0;
	announce();
	pthread_create(&thread, NULL, exit_later, &code);
	syscall(SYS_exit, 7);
	return 0;
}

static volatile int start_line;

static void *exit_at_once(void *unused)
{
	while (!start_line)
		sched_yield();
	syscall(SYS_exit, 0);
	return unused;
}

// `rounds` processes whose threads all leave in the same instant: each must give one exit event.
static int act_exit_race(int argc, char **argv)
{
	int rounds = atoi(argv[1]);
	int threads = argc > 2 ? atoi(argv[2]) : 8;
	for (int i = 0; i < rounds; i++) {
		pid_t child = fork();
		if (child == 0) {
			pthread_t id;
			for (int t = 0; t < threads; t++) {
				if (pthread_create(&id, NULL, exit_at_once, NULL))
					_exit(1);
			}
			start_line = 1;
			syscall(SYS_exit, 0);
		}
		int status;
		if (waitpid(child, &status, 0) != child || status != 0)
			give_up("a child");
	}
	return report_plain(rounds);
}

static int act_cgroup_move(int argc, char **argv)
{
	char path[4096], text[16];
	(void)argc;
	snprintf(path, sizeof(path), "%s/cgroup.procs", argv[1]);
	int fd = open(path, O_WRONLY);
	int n = snprintf(text, sizeof(text), "%d", getpid());
	if (fd < 0)
		give_up(path);
	return report_plain(write(fd, text, (size_t)n));
}

static int act_wait(int argc, char **argv)
{
	announce();
	usleep((useconds_t)(argc > 1 ? atof(argv[1]) * 1e6 : 1e6));
	return 0;
}

const struct act task_acts[] = {
	{"setuid", 1, act_set_id, "UID", "raw system call, as the seven below"},
	{"setreuid", 2, act_set_id, "R E", "-1 leaves one as it is"},
	{"setresuid", 3, act_set_id, "R E S", ""},
	{"setfsuid", 1, act_set_id, "UID", ""},
	{"setgid", 1, act_set_id, "GID", ""},
	{"setregid", 2, act_set_id, "R E", ""},
	{"setresgid", 3, act_set_id, "R E S", ""},
	{"setfsgid", 1, act_set_id, "GID", ""},
	{"double-fork", 1, act_double_fork, "PATH [ARG...]",
	 "a grandchild outlives its parent and runs PATH"},
	{"exit", 0, act_exit, "[CODE]", "exits"},
	{"signal", 1, act_signal, "NUMBER", "dies of a signal"},
	{"leader-exits-first", 0, act_leader_exits_first, "[CODE]",
	 "the last thread is not the leader"},
	{"exit-race", 1, act_exit_race, "ROUNDS [THREADS]",
	 "all threads of a process leave at once"},
	{"cgroup-move", 1, act_cgroup_move, "DIR", "writes its pid to DIR/cgroup.procs (root)"},
	{"wait", 0, act_wait, "[SECONDS]", "prints its pid and stays for a while"},
	{0},
};
