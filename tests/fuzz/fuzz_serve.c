/*
 * Fuzzing `atrium serve` as the forced command runs it: with whatever a client can give it, which
 * is an environment, SSH_ORIGINAL_COMMAND and bytes, and with arguments that nobody gives it. Each
 * input is a program of its own (it closes descriptors, empties its environment and limits itself),
 * as a user who is not root. It ends by itself with one of atrium's statuses, says nothing but
 * frames on stdout and clean text on stderr, and leaves nothing in the hub's folder.
 *
 * Lines: E NAME=VALUE, O SSH_ORIGINAL_COMMAND, A an argument more, P the principal, U another mall
 * file; after a line "I" bytes for stdin, after "R" a recorded session (0 or 1) with changes.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/support/sync_recorded.h"
#include "views/cli/cli.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, ARGS_MOST = 32, SECONDS_MOST = 20, STATUS_MOST = ST_UNUSABLE };

/* ---- What the client gives ---- */

struct given {
    const char *args[ARGS_MOST + 1];
    int n_args;
    char *env[ARGS_MOST + 1];
    int n_env;
    char *original; /* SSH_ORIGINAL_COMMAND */
    char *lines;    /* where all of these are */
    struct wire_bytes in;
    bool as_forced;
};

static void line_take(struct given *g, char *line)
{
    if (line[0] == 'E' && strchr(line + 1, '=') && g->n_env < ARGS_MOST)
        g->env[g->n_env++] = line + 1;
    if (line[0] == 'A' && g->n_args < ARGS_MOST) {
        g->args[g->n_args++] = line + 1;
        g->as_forced = false;
    }
    if (line[0] == 'P')
        g->args[5] = line + 1;
    g->as_forced = g->as_forced && line[0] != 'U';
    if (line[0] == 'U')
        g->args[2] = line + 1;
    if (line[0] == 'O')
        g->original = line + 1;
}

static void bytes_take(struct given *g, char what, const uint8_t *at, size_t n)
{
    struct wire_ends ends = {0};
    if (what == 'R' && n) {
        recorded_say(&recorded_session(at[0] % RECORDED_SESSIONS)->up, at + 1, n - 1, &g->in,
                     &ends);
    } else if (what == 'I' && n) {
        vec_reserve(&g->in, n);
        memcpy(g->in.at, at, n);
        g->in.n = n;
    }
    free(ends.at);
}

static void given_read(struct given *g, const uint8_t *data, size_t size)
{
    size_t at = 0;
    g->lines = mem_alloc(size + 1);
    while (at < size) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        char *line = g->lines + at;
        memcpy(line, data + at, n);
        line[n] = 0;
        at += n + 1;
        if (n == 1 && (*line == 'I' || *line == 'R')) {
            bytes_take(g, *line, data + (at < size ? at : size), at < size ? size - at : 0);
            return;
        }
        line_take(g, line);
    }
}

/* ---- The child ---- */

static void as_somebody(void)
{
    if (geteuid() != 0)
        return;
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        abort();
}

static void serve(struct given *g, const int fds[3])
{
    as_somebody();
    alarm(SECONDS_MOST);
    if (g->in.n && write(fds[0], g->in.at, g->in.n) != (ssize_t)g->in.n)
        abort();
    lseek(fds[0], 0, SEEK_SET);
    for (int i = 0; i < 3; i++)
        dup2(fds[i], i);
    if (g->original)
        setenv("SSH_ORIGINAL_COMMAND", g->original, 1);
    for (int i = 0; i < g->n_env; i++) {
        char *value = strchr(g->env[i], '=');
        *value = 0;
        if (*g->env[i])
            setenv(g->env[i], value + 1, 1);
    }
    int status = cli_main(g->n_args, (char **)g->args);
    fflush(NULL);
    fuzz_counters_share(true);
    _exit(status);
}

/* ---- The parent ---- */

static char *all_of(int fd, size_t *n)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        abort();
    char *bytes = mem_alloc((size_t)info.st_size + 1);
    *n = (size_t)pread(fd, bytes, (size_t)info.st_size, 0);
    bytes[*n] = 0;
    return bytes;
}

static void frames_only(int fd)
{
    size_t n;
    char *bytes = all_of(fd, &n);
    struct frame_in in = {0};
    struct frame frame;
    struct error err = {0};
    bool there = true;
    if (n)
        frame_feed(&in, bytes, n);
    while (there)
        if (frame_get(&in, &frame, &there, &err) != ST_OK) {
            fprintf(stderr, "stdout: %s: %.300s\n", error_text(&err), bytes);
            abort();
        }
    if (frame_held(&in))
        abort();
    frame_in_free(&in);
    free(bytes);
}

static void clean_text(int fd)
{
    size_t n;
    char *bytes = all_of(fd, &n);
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)bytes[i] < ' ' && bytes[i] != '\n') || bytes[i] == 0x7f) {
            fprintf(stderr, "stderr has byte %d: %s\n", bytes[i], bytes);
            abort();
        }
    free(bytes);
}

static void folder_check(const char *folder)
{
    static const char *const known[] = {".",
                                        "..",
                                        "hub.mall",
                                        "hub.mall-wal",
                                        "hub.mall-shm",
                                        "hub.mall.lock",
                                        "hub.mall.serve",
                                        "hub.mall.epoch",
                                        "admin.mall",
                                        "admin.mall.lock"};
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found |= strcmp(known[i], entry->d_name) == 0;
        if (!found) {
            fprintf(stderr, "%s was left in the hub's folder\n", entry->d_name);
            abort();
        }
    }
    if (dir)
        closedir(dir);
}

static void give_away(const char *folder, const char *hub)
{
    static const char *const rests[] = {"", ".epoch", ".lock", ".serve"};
    if (geteuid() != 0)
        return;
    if (chown(folder, NOBODY, NOBODY) != 0)
        abort();
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *path = mem_printf("%s%s", hub, rests[i]);
        if (access(path, F_OK) == 0 && chown(path, NOBODY, NOBODY) != 0)
            abort();
        free(path);
    }
}

static void let_in(void)
{
    char *up = mem_strdup(fuzz_folder());
    if (chmod(up, 0755) != 0)
        abort();
    free(up);
}

static int run(struct given *g, const int fds[3])
{
    int status = 0;
    fuzz_counters_share(true);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        serve(g, fds);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    fuzz_counters_share(false);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fds[3];
    let_in();
    struct sync_world *world = recorded_world();
    struct given g = {.args = {"atrium", "-m", world->hub_path, "serve", "--principal", "admin"},
                      .n_args = 6,
                      .as_forced = true};
    recorded_put_back(recorded_session(RECORDED_LATER));
    give_away(world->folder, world->hub_path);
    given_read(&g, data, size);
    for (int i = 0; i < 3; i++)
        if ((fds[i] = memfd_create("fuzz", 0)) < 0)
            abort();
    int status = run(&g, fds);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > STATUS_MOST) {
        size_t n;
        char *said = all_of(fds[2], &n);
        fprintf(stderr, "it ended with %#x: %s\n", (unsigned)status, said);
        abort();
    }
    clean_text(fds[2]);
    if (g.as_forced)
        frames_only(fds[1]);
    folder_check(world->folder);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    free(g.lines);
    free(g.in.at);
    return 0;
}
