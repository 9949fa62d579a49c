// SPDX-License-Identifier: Apache-2.0
//
// Acts that execute a program.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

extern char **environ;

static int act_exec(int argc, char **argv)
{
	(void)argc;
	announce();
	execv(argv[1], argv + 1);
	give_up(argv[1]);
}

static void *exec_in_thread(void *argv)
{
	execv(((char **)argv)[0], argv);
	give_up("execv in a thread");
}

static int act_exec_thread(int argc, char **argv)
{
	(void)argc;
	pthread_t thread;
	announce();
	if (pthread_create(&thread, NULL, exec_in_thread, argv + 1))
		give_up("pthread_create");
	for (;;)
		pause();
}

static void copy_file(const char *from, int to)
{
	char buffer[65536];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	if (fd < 0)
		give_up(from);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
		if (write(to, buffer, (size_t)n) != n)
			give_up("copying a program");
	}
	close(fd);
}

static int act_exec_memfd(int argc, char **argv)
{
	(void)argc;
	int fd = memfd_create(argv[1], MFD_CLOEXEC);
	if (fd < 0)
		give_up("memfd_create");
	copy_file(argv[2], fd);
	announce();
	fexecve(fd, argv + 2, environ);
	give_up("fexecve");
}

static int act_exec_deleted(int argc, char **argv)
{
	(void)argc;
	char path[4096];
	snprintf(path, sizeof(path), "%s/act-deleted-%d", argv[1], getpid());
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (out < 0)
		give_up(path);
	copy_file(argv[2], out);
	close(out);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || unlink(path))
		give_up(path);
	announce();
	fexecve(fd, argv + 2, environ);
	give_up("fexecve");
}

// A script called by a relative name whose interpreter line is relative too: DIR/script is "#!./sh", DIR/sh a copy.
static int act_exec_script(int argc, char **argv)
{
	const char *interpreter = argc > 2 ? argv[2] : "/bin/sh";
	if (chdir(argv[1]))
		give_up(argv[1]);
	int out = open("sh", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (out < 0)
		give_up("sh");
	copy_file(interpreter, out);
	close(out);
	out = open("script", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	static const char text[] = "#!./sh -e\nexit 0\n";
	if (out < 0 || write(out, text, sizeof(text) - 1) != (ssize_t)sizeof(text) - 1)
		give_up("script");
	close(out);
	announce();
	execl("./script", "script-argv0", "one", (char *)NULL);
	give_up("script");
}

static int exec_self_true(char **args, char **env)
{
	announce();
	execve(self_path, args, env);
	give_up("execve of itself");
}

static int act_exec_long_arg(int argc, char **argv)
{
	size_t size = (size_t)atol(argv[1]);
	char *arg = malloc(size + 1);
	(void)argc;
	memset(arg, 'x', size);
	arg[size] = '\0';
	char *args[] = {self_path, (char *)"exit", (char *)"0", arg, NULL};
	return exec_self_true(args, environ);
}

static int act_exec_many_args(int argc, char **argv)
{
	int count = atoi(argv[1]);
	(void)argc;
	char **args = calloc((size_t)count + 4, sizeof(char *));
	args[0] = self_path;
	args[1] = (char *)"exit";
	args[2] = (char *)"0";
	for (int i = 0; i < count; i++) {
		args[i + 3] = malloc(16);
		snprintf(args[i + 3], 16, "arg%d", i);
	}
	return exec_self_true(args, environ);
}

static int act_exec_long_env(int argc, char **argv)
{
	size_t size = (size_t)atol(argv[1]);
	char *value = malloc(size + 16);
	(void)argc;
	memcpy(value, "ACT_LONG=", 9);
	memset(value + 9, 'y', size);
	value[9 + size] = '\0';
	char *env[] = {(char *)"ACT_FIRST=1", value, (char *)"ACT_LAST=1", NULL};
	char *args[] = {self_path, (char *)"exit", (char *)"0", NULL};
	return exec_self_true(args, env);
}

static int act_exec_no_args(int argc, char **argv)
{
	(void)argc;
	char *none[] = {NULL};
	announce();
	execve(argv[1], none, none);
	give_up(argv[1]);
}

static int act_exec_burst(int argc, char **argv)
{
	long count = atol(argv[1]);
	char *program = argc > 2 ? argv[2] : (char *)"/bin/true";
	char *args[] = {program, NULL};
	for (long i = 0; i < count; i++) {
		pid_t child; // posix_spawn is vfork and exec
		if (posix_spawn(&child, program, NULL, NULL, args, environ) != 0)
			give_up(program);
		int status;
		if (waitpid(child, &status, 0) != child || status != 0)
			give_up(program);
	}
	return report_plain(count);
}

const struct act exec_acts[] = {
	{"exec", 1, act_exec, "PATH [ARG...]", "execv; PATH is also argv[0]"},
	{"exec-thread", 1, act_exec_thread, "PATH [ARG...]",
	 "execv from a thread that is not the leader"},
	{"exec-memfd", 2, act_exec_memfd, "NAME PROGRAM [ARG...]",
	 "copies PROGRAM into a memfd, fexecve"},
	{"exec-deleted", 2, act_exec_deleted, "DIR PROGRAM [ARG...]",
	 "runs a copy that was unlinked before"},
	{"exec-script", 1, act_exec_script, "DIR [SHELL]",
	 "./script with the line #!./sh -e, both made in DIR"},
	{"exec-long-arg", 1, act_exec_long_arg, "BYTES",
	 "one argument of that size (limit 128 KiB)"},
	{"exec-many-args", 1, act_exec_many_args, "COUNT", "that many arguments, arg0 arg1 ..."},
	{"exec-long-env", 1, act_exec_long_env, "BYTES",
	 "ACT_FIRST, ACT_LONG of that size, ACT_LAST"},
	{"exec-no-args", 1, act_exec_no_args, "PATH",
	 "argc 0 (Linux 5.18 makes it 1), no environment"},
	{"exec-burst", 1, act_exec_burst, "COUNT [PROGRAM]",
	 "vfork and exec in a tight loop (/bin/true)"},
	{0},
};
