#include "tests/bench/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

#define FRAME_END "\033[?2026l"

void stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench_console: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- The terminal ---- */

void terminal_start(struct terminal *t, const char *program, const char *mall)
{
    struct winsize size = {.ws_row = ROWS, .ws_col = COLS};
    *t = (struct terminal){.model = vterm_new(ROWS, COLS)};
    vterm_set_utf8(t->model, 1);
    t->screen = vterm_obtain_screen(t->model);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_reset(t->screen, 1);
    t->child = forkpty(&t->master, NULL, NULL, &size);
    if (t->child < 0)
        stop("forkpty: %s", strerror(errno));
    if (t->child == 0) {
        execl(program, program, "-m", mall, (char *)NULL);
        _exit(127);
    }
}

bool terminal_frame(struct terminal *t, int ms)
{
    static const char end[] = FRAME_END;
    for (;;) {
        size_t to = t->given;
        bool ended = false;
        while (to < t->n && !ended) {
            char c = t->bytes[to++];
            t->matched = c == end[t->matched] ? t->matched + 1 : c == end[0];
            ended = t->matched == sizeof end - 1;
        }
        vterm_input_write(t->model, t->bytes + t->given, to - t->given);
        t->given = to;
        if (ended) {
            t->matched = 0;
            t->frames++;
            t->frame_ns = t->came_ns;
            return true;
        }
        struct pollfd ready = {.fd = t->master, .events = POLLIN};
        if (poll(&ready, 1, ms) <= 0)
            return false;
        ssize_t n = read(t->master, t->bytes, sizeof t->bytes);
        t->came_ns = now_ns();
        if (n <= 0)
            stop("the console ended");
        t->n = (size_t)n;
        t->given = 0;
    }
}

void terminal_send(struct terminal *t, const char *keys)
{
    if (write(t->master, keys, strlen(keys)) != (ssize_t)strlen(keys))
        stop("the console takes no keys: %s", strerror(errno));
}

const char *terminal_row(struct terminal *t, int row)
{
    VTermRect rect = {.start_row = row, .end_row = row + 1, .start_col = 0, .end_col = COLS};
    size_t n = vterm_screen_get_text(t->screen, t->row, sizeof t->row - 1, rect);
    t->row[n] = '\0';
    return t->row;
}

bool terminal_shows(struct terminal *t, const char *text)
{
    for (int row = 0; row < ROWS; row++)
        if (strstr(terminal_row(t, row), text))
            return true;
    return false;
}

void terminal_wait(struct terminal *t, int64_t began)
{
    terminal_frame(t, 1000);
    if (now_ns() - began > (int64_t)PATIENCE_S * 1000000000)
        stop("waited in vain on\n%s", terminal_row(t, 1));
}

bool console_asking(struct terminal *t)
{
    return strstr(terminal_row(t, ROWS - 1), " question") != NULL;
}

void wait_asked(struct terminal *t, bool asking)
{
    int64_t began = now_ns();
    while (console_asking(t) != asking)
        terminal_wait(t, began);
}

void terminal_end(struct terminal *t)
{
    kill(t->child, SIGTERM);
    char bytes[4096];
    while (read(t->master, bytes, sizeof bytes) > 0)
        continue;
    waitpid(t->child, NULL, 0);
    close(t->master);
    vterm_free(t->model);
}

/* ---- The process ---- */

long process_kilobytes(pid_t pid, const char *field)
{
    char path[64], line[256];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtol(line + strlen(field) + 1, NULL, 10);
    if (file)
        fclose(file);
    return value;
}

long process_ticks(pid_t pid)
{
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[n] = '\0';
    const char *rest = strrchr(text, ')');
    if (rest)
        sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    if (file)
        fclose(file);
    return (long)(user + system);
}

void console_settle(struct terminal *t)
{
    enum { QUIET_MS = 300 };
    int64_t until = now_ns() + (int64_t)PATIENCE_S * 1000000000;
    for (long ticks = -1; now_ns() < until;) {
        long used = process_ticks(t->child);
        if (!terminal_frame(t, QUIET_MS) && used - ticks <= 1 && !console_asking(t))
            return;
        ticks = used;
    }
    stop("the console does not come to rest");
}

void file_forget(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd >= 0) {
        fdatasync(fd);
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
    }
}

/* ---- Figures ---- */

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double part(double *values, size_t n, double share)
{
    qsort(values, n, sizeof *values, compare);
    size_t at = (size_t)(share * (double)n);
    return n ? values[at < n ? at : n - 1] : 0;
}

double milliseconds(int64_t ns)
{
    return (double)ns / 1e6;
}

struct place place_now(struct terminal *t, long row_before)
{
    struct place place = {.row = row_before};
    vterm_state_get_cursorpos(vterm_obtain_state(t->model), &place.cursor);
    char *text = t->row, *to = t->row;
    if (!strstr(terminal_row(t, ROWS - 3), " of "))
        return place;
    for (; *text && (*text == ' ' || *text == ',' || (*text >= '0' && *text <= '9')); text++)
        if (*text != ',')
            *to++ = *text;
    *to = '\0';
    place.row = strtol(t->row, NULL, 10);
    return place;
}

bool place_same(const struct place *a, const struct place *b)
{
    return a->cursor.row == b->cursor.row && a->cursor.col == b->cursor.col && a->row == b->row;
}

double key_time(struct terminal *t, const char *key)
{
    struct place before = place_now(t, 0), at = before;
    int64_t sent = now_ns();
    terminal_send(t, key);
    while (place_same(&at, &before)) {
        if (!terminal_frame(t, 1000) && now_ns() - sent > (int64_t)PATIENCE_S * 1000000000)
            stop("a key was not answered on\n%s", terminal_row(t, 1));
        at = place_now(t, before.row);
    }
    return milliseconds(t->frame_ns - sent);
}

void latency_add(struct latencies *l, double ms)
{
    if (l->n < sizeof l->at / sizeof *l->at)
        l->at[l->n++] = ms;
}

void latencies_print(const char *name, struct latencies *l)
{
    printf("\"%s_p50_ms\": %.2f, \"%s_p99_ms\": %.2f, \"%s_max_ms\": %.2f, \"%s_n\": %zu,\n", name,
           part(l->at, l->n, 0.5), name, part(l->at, l->n, 0.99), name, part(l->at, l->n, 1), name,
           l->n);
}

void echo_start(struct echo *echo)
{
    struct termios raw = {.c_cflag = B38400, .c_cc[VMIN] = 1};
    cfmakeraw(&raw);
    echo->child = forkpty(&echo->master, NULL, &raw, NULL);
    if (echo->child < 0)
        stop("forkpty: %s", strerror(errno));
    char byte;
    while (echo->child == 0)
        if (read(0, &byte, 1) != 1 || write(1, &byte, 1) != 1)
            _exit(0);
}

void echo_time(struct echo *echo)
{
    char byte = 'j';
    int64_t sent = now_ns();
    if (write(echo->master, &byte, 1) != 1 || read(echo->master, &byte, 1) != 1)
        stop("the echo ended");
    latency_add(&echo->latencies, milliseconds(now_ns() - sent));
}

void echo_end(struct echo *echo)
{
    kill(echo->child, SIGKILL);
    waitpid(echo->child, NULL, 0);
    close(echo->master);
}

void environment_set(const char *folder)
{
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("LANGUAGE");
    unsetenv("NO_COLOR");
    unsetenv("LINES");
    unsetenv("COLUMNS");
}
