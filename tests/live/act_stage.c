// SPDX-License-Identifier: Apache-2.0
//
// Stages: each changes the surroundings and then performs another act in them.
#define _GNU_SOURCE
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "act.h"

static void private_mounts(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		give_up("a private mount namespace");
}

static int in_chroot(int argc, char **argv)
{
	if (chroot(argv[1]) || chdir("/"))
		give_up(argv[1]);
	return run(argc - 2, argv + 2);
}

static int in_bind(int argc, char **argv)
{
	private_mounts();
	if (mount(argv[1], argv[2], NULL, MS_BIND | MS_REC, NULL))
		give_up(argv[2]);
	return run(argc - 3, argv + 3);
}

static int in_tmpfs(int argc, char **argv)
{
	private_mounts();
	if (mount("none", argv[1], "tmpfs", 0, NULL))
		give_up(argv[1]);
	return run(argc - 2, argv + 2);
}

// LOWER below, everything else in a tmpfs that is made at MERGED's side: WORK/{upper,work}.
static int in_overlay(int argc, char **argv)
{
	char upper[4096], work[4096], options[16384];
	private_mounts();
	if (mount("none", argv[2], "tmpfs", 0, NULL))
		give_up(argv[2]);
	snprintf(upper, sizeof(upper), "%s/upper", argv[2]);
	snprintf(work, sizeof(work), "%s/work", argv[2]);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", argv[1], upper,
		 work);
	if (mkdir(upper, 0755) || mkdir(work, 0755) ||
	    mount("overlay", argv[3], "overlay", 0, options))
		give_up("overlay");
	return run(argc - 4, argv + 4);
}

static int in_namespaces(int argc, char **argv)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS))
		give_up("unshare");
	pid_t child = fork();
	if (child == 0)
		exit(run(argc - 1, argv + 1));
	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

static int in_turn(int argc, char **argv)
{
	int result = 0;
	for (int first = 1, last; result == 0 && first < argc; first = last + 1) {
		for (last = first; last < argc && strcmp(argv[last], "--") != 0; last++)
			;
		result = run(last - first, argv + first);
	}
	return result;
}

static int as_uid(int argc, char **argv)
{
	uid_t id = (uid_t)atoi(argv[1]);
	if (setgroups(0, NULL) || setresgid(id, id, id) || setresuid(id, id, id))
		give_up("changing the user");
	return run(argc - 2, argv + 2);
}

const struct act stage_acts[] = {
	{"in-chroot", 2, in_chroot, "DIR ACT...", "stage: chroot (root)"},
	{"in-bind", 3, in_bind, "FROM TO ACT...",
	 "stage: a bind mount in a private namespace (root)"},
	{"in-tmpfs", 2, in_tmpfs, "DIR ACT...",
	 "stage: a tmpfs on DIR in a private namespace (root)"},
	{"in-overlay", 4, in_overlay, "LOWER WORK MERGED ACT...",
	 "stage: an overlay; WORK gets a tmpfs (root)"},
	{"in-namespaces", 1, in_namespaces, "ACT...",
	 "stage: new pid, net, mount, uts namespaces (root)"},
	{"in-turn", 1, in_turn, "ACT... [-- ACT...]",
	 "several in one process; the last may be an exec"},
	{"as-uid", 2, as_uid, "UID ACT...", "stage: all ids of another user (root)"},
	{0},
};
