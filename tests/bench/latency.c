// SPDX-License-Identifier: Apache-2.0
// latency - how long after an offending system call its alert can be read.
//
//   latency KIND TRIES MEAN_MS FD MARKER
//
//   file     open of /etc/shadow
//   exec     execve of this program, which then ends at once
//   connect  connect to port 9 of 127.0.0.1, where nobody listens
//
// Says "waiting PID", waits for a line on standard input, then acts TRIES times, one at a time, and reads the agent's
// output from descriptor FD until a line holds MARKER, the id of the rule. Between two tries passes a random time,
// exponentially distributed, so that nothing of the pair that has a period can hide in ours. Prints a try a line:
// nanoseconds, or "lost" after 5 s.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000, BUFFER = 1 << 20 };

static char buffer[BUFFER + 1];
static uint64_t* acted_at;  // shared with the child that executes

static void die(const char* what) {
    fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

// ------------------------------------------------------------------ acts ---

static void act_file(void) {
    *acted_at = now_ns();
    int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("/etc/shadow");
    close(fd);
}

static void act_connect(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(9)};
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    *acted_at = now_ns();
    if (connect(fd, (struct sockaddr*)&addr, sizeof(addr)) == 0)
        fprintf(stderr, "latency: somebody listens on port 9\n");
    close(fd);
}

static void act_exec(void) {
    static char* const argv[] = {"latency", "offender", NULL};
    static char* const envp[] = {NULL};
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        *acted_at = now_ns();
        execve("/proc/self/exe", argv, envp);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        die("exec");
}

// ------------------------------------------------------------- the answer ---

// Whether the line came. What was read is kept only as far as a marker could be cut in two.
static bool wait_for_line(int fd, const char* marker, int patience_ms) {
    const size_t keep = strlen(marker) - 1;
    const uint64_t end = now_ns() + (uint64_t)patience_ms * 1000000u;
    size_t have = 0;
    for (;;) {
        const uint64_t now = now_ns();
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (now > end || poll(&wait, 1, (int)((end - now) / 1000000u)) <= 0)
            return false;
        ssize_t got = read(fd, buffer + have, BUFFER - have);
        if (got <= 0)
            die("the agent's output ended");
        have += (size_t)got;
        if (memmem(buffer, have, marker, strlen(marker)) != NULL)
            return true;
        const size_t rest = have < keep ? have : keep;
        memmove(buffer, buffer + have - rest, rest);
        have = rest;
    }
}

// Until nothing comes for a while: what belongs to the last try does not answer the next.
static void drain(int fd, int quiet_ms) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    while (poll(&wait, 1, quiet_ms) > 0)
        if (read(fd, buffer, BUFFER) <= 0)
            die("the agent's output ended");
}

static void pause_at_random(double mean_ms) {
    double ms = -log(1.0 - drand48()) * mean_ms;
    if (ms > mean_ms * 8)
        ms = mean_ms * 8;
    const uint64_t ns = (uint64_t)(ms * 1e6);
    struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    nanosleep(&ts, NULL);
}

int main(int argc, char** argv) {
    static const struct {
        const char* name;
        void (*act)(void);
    } kinds[] = {{"file", act_file}, {"exec", act_exec}, {"connect", act_connect}};
    size_t kind = 0;

    if (argc == 2 && strcmp(argv[1], "offender") == 0)
        return 0;
    while (argc == 6 && kind < 3 && strcmp(argv[1], kinds[kind].name) != 0)
        kind++;
    if (argc != 6 || kind == 3) {
        fprintf(stderr, "usage: latency file|exec|connect TRIES MEAN_MS FD MARKER\n");
        return 2;
    }
    const long tries = atol(argv[2]);
    const double mean_ms = atof(argv[3]);
    const int fd = atoi(argv[4]);
    acted_at =
        mmap(NULL, sizeof(*acted_at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (acted_at == MAP_FAILED)
        die("mmap");
    srand48(20261122);
    printf("waiting %d\n", (int)getpid());
    fflush(stdout);
    if (getchar() == EOF)
        return 1;
    drain(fd, 200);
    for (long i = 0; i < tries; i++) {
        pause_at_random(mean_ms);
        drain(fd, 0);
        kinds[kind].act();
        if (wait_for_line(fd, argv[5], PATIENCE_MS))
            printf("%llu\n", (unsigned long long)(now_ns() - *acted_at));
        else
            puts("lost");
    }
    return 0;
}
