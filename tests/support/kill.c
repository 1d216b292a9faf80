#include "tests/support/kill.h"

#include "model/base/hash.h"
#include "model/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void kill_acknowledge(int pipe, int64_t number)
{
    if (write(pipe, &number, sizeof number) != sizeof number)
        _exit(9);
}

static void die(const char *what)
{
    fprintf(stderr, "tests: %s: %s\n", what, strerror(errno));
    abort();
}

/* Waits for the pipe until the deadline; false when that has come. */
static bool readable_before(int pipe, int64_t deadline)
{
    for (;;) {
        int64_t left = deadline - time_monotonic_ns();
        if (left <= 0)
            return false;
        struct timespec wait = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        struct pollfd fd = {.fd = pipe, .events = POLLIN};
        int n = ppoll(&fd, 1, &wait, NULL);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            die("ppoll");
    }
}

struct acknowledged {
    int64_t highest, n;
    bool text;
    int64_t line; /* digits read so far, -1: none */
};

static void bytes_take(struct acknowledged *a, const char *bytes, size_t n)
{
    if (!a->text) {
        for (size_t i = 0; i + sizeof(int64_t) <= n; i += sizeof(int64_t)) {
            int64_t number;
            memcpy(&number, bytes + i, sizeof number);
            a->highest = number > a->highest ? number : a->highest;
            a->n++;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] >= '0' && bytes[i] <= '9') {
            a->line = (a->line < 0 ? 0 : a->line * 10) + bytes[i] - '0';
        } else if (bytes[i] == '\n' && a->line >= 0) {
            a->highest = a->line > a->highest ? a->line : a->highest;
            a->line = -1;
            a->n++;
        }
    }
}

static bool pipe_take(int pipe, struct acknowledged *a)
{
    char bytes[8192];
    ssize_t n = read(pipe, bytes, sizeof bytes);
    if (n > 0)
        bytes_take(a, bytes, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

static int64_t child_end(pid_t pid, int pipe, int64_t deadline, bool after_first, int64_t wait_ns,
                         struct acknowledged *a)
{
    bool open = true;
    while (open && readable_before(pipe, deadline)) {
        bool first = a->n == 0;
        open = pipe_take(pipe, a);
        if (after_first && first && a->n > 0)
            deadline = time_monotonic_ns() + wait_ns;
    }
    kill(pid, SIGKILL);
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    while (pipe_take(pipe, a))
        ;
    close(pipe);
    bool fine = (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (!fine) {
        fprintf(stderr, "tests: the child ended by itself with wait status %d\n", status);
        abort();
    }
    return a->highest;
}

enum { PATIENCE_S = 60 };

int64_t kill_at_random(kill_work *work, void *context, int most_us, int after_first, uint64_t seed,
                       int64_t *n)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        close(ends[0]);
        work(context, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    int64_t wait = (int64_t)(hash_mix(seed) % (uint64_t)most_us + 1) * 1000;
    struct acknowledged a = {.highest = -1, .line = -1};
    int64_t start = time_monotonic_ns();
    child_end(pid, ends[0], start + (after_first ? PATIENCE_S * 1000000000LL : wait), after_first,
              wait, &a);
    if (n)
        *n = a.n;
    return a.highest;
}

int64_t kill_program_at_random(const char *const *argv, int most_us, uint64_t seed, int64_t *n)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe");
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        dup2(ends[1], 1);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[1]);
    int64_t wait = (int64_t)(hash_mix(seed) % (uint64_t)most_us + 1) * 1000;
    struct acknowledged a = {.highest = -1, .text = true, .line = -1};
    child_end(pid, ends[0], time_monotonic_ns() + wait, false, wait, &a);
    if (n)
        *n = a.n;
    return a.highest;
}
