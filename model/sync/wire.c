/* Wires of descriptors and of a command. */
#include "model/sync/wire.h"

#include "model/base/arena.h"
#include "model/fleet/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MOST = 1000, GRACE_MS = 2000, LOOK_MS = 10 };

extern char **environ;

/* Of all kinds but SSH: two descriptors, and of a command what it writes on stderr. */
struct plain {
    struct wire wire;
    int input, output, errors; /* -1: closed */
    int input_flags, output_flags;
    pid_t child; /* 0: none */
    char told[SAID_MOST];
    size_t n_told;
    struct arena *arena;
};

static struct plain *plain_of(struct wire *wire)
{
    return (struct plain *)(void *)wire;
}

static int nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    return flags;
}

static enum status plain_read(struct wire *wire, void *bytes, size_t size, size_t *n, bool *ended,
                              struct error *err)
{
    struct plain *plain = plain_of(wire);
    ssize_t got = read(plain->input, bytes, size);
    *n = got > 0 ? (size_t)got : 0;
    *ended = got == 0 || (got < 0 && errno == ECONNRESET);
    if (got >= 0 || *ended || errno == EAGAIN || errno == EINTR)
        return ST_OK;
    return error_set(err, ST_REFUSED, "reading from the other side: %s", strerror(errno));
}

static enum status plain_write(struct wire *wire, const void *bytes, size_t n, size_t *taken,
                               bool *ended, struct error *err)
{
    struct plain *plain = plain_of(wire);
    ssize_t sent = write(plain->output, bytes, n);
    *taken = sent > 0 ? (size_t)sent : 0;
    *ended = sent < 0 && (errno == EPIPE || errno == ECONNRESET);
    if (sent >= 0 || *ended || errno == EAGAIN || errno == EINTR)
        return ST_OK;
    return error_set(err, ST_REFUSED, "writing to the other side: %s", strerror(errno));
}

/* The beginning is what tells the reason; the rest is read and dropped, so that nobody waits. */
static void errors_read(struct plain *plain)
{
    char bytes[1024];
    for (ssize_t n; plain->errors >= 0 && (n = read(plain->errors, bytes, sizeof bytes)) != 0;) {
        if (n < 0)
            return;
        size_t room = sizeof plain->told - plain->n_told;
        size_t take = (size_t)n < room ? (size_t)n : room;
        memcpy(plain->told + plain->n_told, bytes, take);
        plain->n_told += take;
    }
    if (plain->errors >= 0)
        close(plain->errors);
    plain->errors = -1;
}

static size_t plain_polls(struct wire *wire, struct pollfd *polls, bool reading, bool writing)
{
    struct plain *plain = plain_of(wire);
    size_t n = 0;
    errors_read(plain);
    if (plain->input == plain->output) {
        polls[n++] = (struct pollfd){
            .fd = plain->input,
            .events = (short)((reading ? POLLIN : 0) | (writing ? POLLOUT : 0)),
        };
    } else {
        if (reading)
            polls[n++] = (struct pollfd){.fd = plain->input, .events = POLLIN};
        if (writing)
            polls[n++] = (struct pollfd){.fd = plain->output, .events = POLLOUT};
    }
    if (plain->errors >= 0)
        polls[n++] = (struct pollfd){.fd = plain->errors, .events = POLLIN};
    return n;
}

static const char *plain_said(struct wire *wire)
{
    struct plain *plain = plain_of(wire);
    errors_read(plain);
    size_t n = plain->n_told;
    while (n && (plain->told[n - 1] == '\n' || plain->told[n - 1] == '\r'))
        n--;
    return device_clean(plain->arena, plain->told, n, SAID_MOST, false, NULL);
}

static void descriptors_close(struct wire *wire)
{
    struct plain *plain = plain_of(wire);
    fcntl(plain->input, F_SETFL, plain->input_flags);
    fcntl(plain->output, F_SETFL, plain->output_flags);
    arena_free(plain->arena);
    free(plain);
}

static const struct wire_ops descriptors_ops = {
    plain_read, plain_write, plain_polls, plain_said, descriptors_close,
};

struct wire *wire_of_descriptors(int input, int output)
{
    struct plain *plain = mem_zero(1, sizeof *plain);
    *plain = (struct plain){.wire = {&descriptors_ops},
                            .input = input,
                            .output = output,
                            .errors = -1,
                            .arena = arena_new()};
    plain->input_flags = nonblocking(input);
    plain->output_flags = output == input ? plain->input_flags : nonblocking(output);
    return &plain->wire;
}

/* ---- A command ---- */

/* It ends when its input does; what does not is asked to, then made to. */
static void child_end(pid_t child)
{
    static const int signals[] = {0, SIGTERM, SIGKILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (signals[i])
            kill(-child, signals[i]);
        for (int ms = 0; ms < GRACE_MS; ms += LOOK_MS) {
            if (waitpid(child, NULL, WNOHANG) != 0) {
                kill(-child, SIGKILL); /* what it left behind in its group */
                return;
            }
            poll(NULL, 0, LOOK_MS);
        }
    }
}

static void command_close(struct wire *wire)
{
    struct plain *plain = plain_of(wire);
    close(plain->output);
    close(plain->input);
    if (plain->errors >= 0)
        close(plain->errors);
    child_end(plain->child);
    arena_free(plain->arena);
    free(plain);
}

static const struct wire_ops command_ops = {
    plain_read, plain_write, plain_polls, plain_said, command_close,
};

struct pipes {
    int in[2], out[2], errors[2];
};

static void pipes_close(struct pipes *pipes)
{
    int all[] = {pipes->in[0],  pipes->in[1],     pipes->out[0],
                 pipes->out[1], pipes->errors[0], pipes->errors[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] >= 0)
            close(all[i]);
}

/* The child has no signal of ours blocked or ignored, and its own group, so that Ctrl-C at the
 * terminal is for us alone. */
static int child_begin(const char *command, const struct pipes *pipes, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes->in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, pipes->out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes->errors[1], 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    char *const words[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    int code = posix_spawn(child, "/bin/sh", &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

enum status wire_of_command(const char *command, struct wire **wire, struct error *err)
{
    struct pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t child = 0;
    *wire = NULL;
    int code = pipe2(pipes.in, O_CLOEXEC) != 0 || pipe2(pipes.out, O_CLOEXEC) != 0 ||
                       pipe2(pipes.errors, O_CLOEXEC) != 0
                   ? errno
                   : child_begin(command, &pipes, &child);
    if (code) {
        pipes_close(&pipes);
        return error_set(err, ST_REFUSED, "the command cannot be run: %s", strerror(code));
    }
    close(pipes.in[0]);
    close(pipes.out[1]);
    close(pipes.errors[1]);
    struct plain *plain = mem_zero(1, sizeof *plain);
    *plain = (struct plain){.wire = {&command_ops},
                            .input = pipes.out[0],
                            .output = pipes.in[1],
                            .errors = pipes.errors[0],
                            .child = child,
                            .arena = arena_new()};
    nonblocking(plain->input);
    nonblocking(plain->output);
    nonblocking(plain->errors);
    *wire = &plain->wire;
    return ST_OK;
}
