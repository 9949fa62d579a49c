// SPDX-License-Identifier: Apache-2.0
// workload - deterministic, bounded syscall load for measuring runtime monitors.
//
//   workload [--rate R] [--rounds K] [--dir DIR] [--warm N] [--wait 1] CMD N
//
//   execs N     fork + execve /bin/true + wait, N times
//   opens N     open(O_RDONLY) + close of one file eight directories deep
//   creates N   create + write 64 bytes + rename + unlink
//   connects N  TCP connect to a 127.0.0.1 listener served by a child
//   mixed N     a fixed cycle: 80% opens, 10% creates, 5% connects, 5% execs
//   getpids N   getppid() in a loop: a syscall no rule cares about
//   offend N    open + close of /etc/shadow; prints one CLOCK_REALTIME
//               nanosecond stamp per try, taken just before the open
//   hold N      N children that sleep until this ends (SIGTERM); prints
//               "holding" when all are there
//
// Prints one line: cmd, ops, wall seconds, ns/op, CPU ns/op, ops/s, user and
// system CPU. With --rounds, N operations are done K times over, and ns/op and
// CPU ns/op are those of the median round: what else the machine does disturbs
// a round or two, not the figure. CPU time includes that of children that ended
// and leaves out the time in which others ran.
// --rate paces: an operation does not start before its time, late ones are not
// left out; the clock is slept for only when there is time for it.
// --wait 1: says "waiting PID" and begins when a line can be read from standard
// input.
// All files live under DIR (default /tmp/workload.PID) and are removed at exit.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 8, MAX_OPS = 50000000, MAX_ROUNDS = 99 };

static char root_dir[256];
static char deep_file[512];
static char tmp_a[512], tmp_b[512];
static int listen_port;
static pid_t server_pid;
static volatile sig_atomic_t stopping;  // set by SIGINT/SIGTERM: finish early, clean up

static void on_stop(int sig) {
    (void)sig;
    stopping = 1;
}

static void die(const char* what) {
    fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(clockid_t clock) {
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

// ---------------------------------------------------------------- set-up ---

static void make_tree(void) {
    char path[512];
    int len = snprintf(path, sizeof(path), "%s", root_dir);

    if (mkdir(path, 0700) < 0)
        die(path);
    for (int i = 0; i < DEPTH; i++) {
        len += snprintf(path + len, sizeof(path) - len, "/level%d", i);
        if (mkdir(path, 0700) < 0)
            die(path);
    }
    snprintf(deep_file, sizeof(deep_file), "%.490s/target.dat", path);
    snprintf(tmp_a, sizeof(tmp_a), "%.490s/part.tmp", path);
    snprintf(tmp_b, sizeof(tmp_b), "%.490s/part.done", path);
    int fd = open(deep_file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1)
        die(deep_file);
    close(fd);
}

static void remove_tree(void) {
    char path[512];

    unlink(deep_file);
    unlink(tmp_a);
    unlink(tmp_b);
    for (int depth = DEPTH; depth >= 0; depth--) {
        int len = snprintf(path, sizeof(path), "%s", root_dir);
        for (int i = 0; i < depth; i++)
            len += snprintf(path + len, sizeof(path) - len, "/level%d", i);
        rmdir(path);
    }
}

static void start_server(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof(addr);
    int lfd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (lfd < 0 || bind(lfd, (struct sockaddr*)&addr, sizeof(addr)) < 0 || listen(lfd, 512) < 0 ||
        getsockname(lfd, (struct sockaddr*)&addr, &len) < 0)
        die("listener");
    listen_port = ntohs(addr.sin_port);
    server_pid = fork();
    if (server_pid < 0)
        die("fork");
    if (server_pid == 0) {
        signal(SIGTERM, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            int fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
            if (fd >= 0)
                close(fd);
        }
    }
    close(lfd);
}

static void stop_server(void) {
    if (server_pid > 0) {
        kill(server_pid, SIGKILL);
        waitpid(server_pid, NULL, 0);
    }
}

// ------------------------------------------------------------ operations ---

static void op_exec(void) {
    static char* const argv[] = {"true", "--bench", NULL};
    static char* const envp[] = {"PATH=/usr/bin:/bin", NULL};
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0) {
        execve("/bin/true", argv, envp);
        _exit(127);
    }
    int status;
    pid_t ended;
    do
        ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended != pid || !WIFEXITED(status) || WEXITSTATUS(status))
        die("exec");
}

static void op_open(void) {
    int fd = open(deep_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("open");
    close(fd);
}

static void op_create(void) {
    static const char data[64] = "workload";
    int fd = open(tmp_a, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, data, sizeof(data)) != sizeof(data))
        die("create");
    close(fd);
    if (rename(tmp_a, tmp_b) < 0 || unlink(tmp_b) < 0)
        die("rename/unlink");
}

static void op_connect(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(listen_port)};
    struct linger now = {1, 0};  // reset on close: no TIME_WAIT, ports never run out
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr*)&addr, sizeof(addr)) < 0)
        die("connect");
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void op_mixed(void) {
    static unsigned turn;
    unsigned slot = turn++ % 20;

    if (slot == 19)
        op_exec();
    else if (slot == 9)
        op_connect();
    else if (slot == 4 || slot == 14)
        op_create();
    else
        op_open();
}

static void op_getpid(void) {
    syscall(SYS_getppid);
}

static void op_offend(void) {
    uint64_t stamp = now_ns(CLOCK_REALTIME);
    int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("/etc/shadow");
    close(fd);
    printf("%llu\n", (unsigned long long)stamp);
}

// ------------------------------------------------------------------ main ---

static const struct {
    const char* name;
    void (*op)(void);
    bool files, server;
} commands[] = {
    {"execs", op_exec, false, false},    {"opens", op_open, true, false},
    {"creates", op_create, true, false}, {"connects", op_connect, false, true},
    {"mixed", op_mixed, true, true},     {"getpids", op_getpid, false, false},
    {"offend", op_offend, false, false},
};

// Runs op up to count times; returns how many ran.
static long run(void (*op)(void), long count, double rate) {
    const uint64_t worth_sleeping = 20000;  // ns: less than a sleep and its wake-up take
    uint64_t start = now_ns(CLOCK_MONOTONIC);
    long i;

    for (i = 0; i < count && !stopping; i++) {
        if (rate > 0) {  // op i may not start before start + i/rate; late ops are not skipped
            uint64_t due = start + (uint64_t)((double)i * 1e9 / rate);
            struct timespec ts = {(time_t)(due / 1000000000ull), (long)(due % 1000000000ull)};
            if (now_ns(CLOCK_MONOTONIC) + worth_sleeping < due)
                clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
            while (now_ns(CLOCK_MONOTONIC) < due && !stopping)
                ;
        }
        op();
    }
    return i;
}

static double seconds(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double children_cpu(void) {
    struct rusage kids;
    getrusage(RUSAGE_CHILDREN, &kids);
    return seconds(kids.ru_utime) + seconds(kids.ru_stime);
}

// The server's share of a connect is not in it: its connections are reset, accept is all it does.
static double cpu_ns(void) {
    return (double)now_ns(CLOCK_PROCESS_CPUTIME_ID) + children_cpu() * 1e9;
}

static int by_size(const void* a, const void* b) {
    const double x = *(const double*)a, y = *(const double*)b;
    return (x > y) - (x < y);
}

static double median(double* values, long count) {
    qsort(values, (size_t)count, sizeof(*values), by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

// Children that do nothing but exist.
static int hold(long count) {
    for (long i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            signal(SIGTERM, SIG_DFL);
            for (;;)
                pause();
        }
    }
    puts("holding");
    fflush(stdout);
    while (!stopping)
        pause();
    return 0;
}

static void usage(void) {
    fprintf(stderr,
            "usage: workload [--rate R] [--rounds K] [--dir DIR] [--warm N] [--wait 1] "
            "execs|opens|creates|connects|mixed|getpids|offend|hold N\n");
    exit(2);
}

int main(int argc, char** argv) {
    double rate = 0;
    long warm = 0, rounds = 1, wait = 0;
    int arg = 1;

    snprintf(root_dir, sizeof(root_dir), "/tmp/workload.%d", (int)getpid());
    for (; arg + 1 < argc && strncmp(argv[arg], "--", 2) == 0; arg += 2) {
        if (strcmp(argv[arg], "--rate") == 0)
            rate = atof(argv[arg + 1]);
        else if (strcmp(argv[arg], "--rounds") == 0)
            rounds = atol(argv[arg + 1]);
        else if (strcmp(argv[arg], "--warm") == 0)
            warm = atol(argv[arg + 1]);
        else if (strcmp(argv[arg], "--wait") == 0)
            wait = atol(argv[arg + 1]);
        else if (strcmp(argv[arg], "--dir") == 0)
            snprintf(root_dir, sizeof(root_dir), "%.200s", argv[arg + 1]);
        else
            usage();
    }
    const long count = arg + 1 < argc ? atol(argv[arg + 1]) : 0;
    if (count < 1 || count > MAX_OPS || rounds < 1 || rounds > MAX_ROUNDS)
        usage();
    // Without SA_RESTART, so that a sleep ends.
    struct sigaction stop = {.sa_handler = on_stop};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    if (strcmp(argv[arg], "hold") == 0)
        return hold(count);
    size_t which = 0;
    while (which < sizeof(commands) / sizeof(*commands) &&
           strcmp(argv[arg], commands[which].name) != 0)
        which++;
    if (which == sizeof(commands) / sizeof(*commands))
        usage();
    if (commands[which].files) {
        make_tree();
        atexit(remove_tree);
    }
    if (commands[which].server)
        start_server();
    if (wait) {
        printf("waiting %d\n", (int)getpid());
        fflush(stdout);
        if (getchar() == EOF)
            return 1;
    }
    run(commands[which].op, warm, 0);

    double wall[MAX_ROUNDS], cpu[MAX_ROUNDS];
    uint64_t total_ns = 0;
    long ops = 0, done = 0;
    for (; done < rounds && !stopping; done++) {
        const double cpu_before = cpu_ns();
        const uint64_t t0 = now_ns(CLOCK_MONOTONIC);
        const long ran = run(commands[which].op, count, rate);
        const uint64_t ns = now_ns(CLOCK_MONOTONIC) - t0;
        wall[done] = (double)ns / (double)(ran ? ran : 1);
        cpu[done] = (cpu_ns() - cpu_before) / (double)(ran ? ran : 1);
        total_ns += ns;
        ops += ran;
    }
    stop_server();
    if (done == 0)
        return 1;

    struct rusage self, kids;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &kids);
    fprintf(commands[which].op == op_offend ? stderr : stdout,
            "%s ops=%ld wall_s=%.6f ns_per_op=%.1f cpu_ns_per_op=%.1f ops_per_s=%.0f user_s=%.3f "
            "sys_s=%.3f\n",
            commands[which].name, ops, (double)total_ns / 1e9, median(wall, done),
            median(cpu, done), (double)ops * 1e9 / (double)total_ns,
            seconds(self.ru_utime) + seconds(kids.ru_utime),
            seconds(self.ru_stime) + seconds(kids.ru_stime));
    return 0;
}
