/*
 * Measures the console as a person meets it: the real program on a pseudo-terminal whose other end
 * is libvterm's model of a screen, so a key counts as answered only by a frame that shows what the
 * key did. Usage: bench_console ATRIUM MALL FOLDER [ROUNDS [KEYS]]; FOLDER is where sessions are
 * kept. Prints one JSON document.
 *
 * A frame is complete with the mark that ends a synchronised update. Its time is taken when its
 * last byte was read, before the model looks at it.
 */
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

enum { ROWS = 40, COLS = 120, PATIENCE_S = 300, MOST_ROUNDS = 64, PARTIAL_ROUNDS = 5 };
#define FRAME_END "\033[?2026l"
#define ASK_AGAIN "\022" /* Ctrl-r */

struct terminal {
    int master;
    pid_t child;
    VTerm *model;
    VTermScreen *screen;
    char bytes[1 << 16]; /* read last */
    size_t n, given;     /* how many, and how many of them the model has */
    int64_t came_ns;     /* when they were read */
    int matched;         /* bytes of FRAME_END seen */
    uint64_t frames;     /* complete ones */
    int64_t frame_ns;    /* when the last one was complete */
    char row[COLS * 6 + 1];
};

static void stop(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench_console: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- The terminal ---- */

static void terminal_start(struct terminal *t, const char *program, const char *mall)
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

/* Gives the model what comes up to the end of a frame, and nothing behind it; false when no frame
 * ended and nothing came for ms. */
static bool terminal_frame(struct terminal *t, int ms)
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

static void terminal_send(struct terminal *t, const char *keys)
{
    if (write(t->master, keys, strlen(keys)) != (ssize_t)strlen(keys))
        stop("the console takes no keys: %s", strerror(errno));
}

static const char *terminal_row(struct terminal *t, int row)
{
    VTermRect rect = {.start_row = row, .end_row = row + 1, .start_col = 0, .end_col = COLS};
    size_t n = vterm_screen_get_text(t->screen, t->row, sizeof t->row - 1, rect);
    t->row[n] = '\0';
    return t->row;
}

static bool terminal_shows(struct terminal *t, const char *text)
{
    for (int row = 0; row < ROWS; row++)
        if (strstr(terminal_row(t, row), text))
            return true;
    return false;
}

/* The next frame; gives up when it is long since `began`. */
static void terminal_wait(struct terminal *t, int64_t began)
{
    terminal_frame(t, 1000);
    if (now_ns() - began > (int64_t)PATIENCE_S * 1000000000)
        stop("waited in vain on\n%s", terminal_row(t, 1));
}

/* The status line counts the questions that a screen waits for. */
static bool console_asking(struct terminal *t)
{
    return strstr(terminal_row(t, ROWS - 1), " question") != NULL;
}

static void wait_asked(struct terminal *t, bool asking)
{
    int64_t began = now_ns();
    while (console_asking(t) != asking)
        terminal_wait(t, began);
}

static void terminal_end(struct terminal *t)
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

static long process_kilobytes(pid_t pid, const char *field)
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

/* Ticks of the processor that it used so far. */
static long process_ticks(pid_t pid)
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

/* Until no question is asked, and for a while neither a frame comes nor the processor is used. */
static void console_settle(struct terminal *t)
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

/* Takes the file's pages out of memory: a start as on the first use of the day. */
static void file_forget(const char *path)
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

static double part(double *values, size_t n, double share)
{
    qsort(values, n, sizeof *values, compare);
    size_t at = (size_t)(share * (double)n);
    return n ? values[at < n ? at : n - 1] : 0;
}

static double milliseconds(int64_t ns)
{
    return (double)ns / 1e6;
}

/* What a movement key changes: where the cursor stands, and in a list the number of its row, which
 * the line under the list tells ("12 of 300 shops"). */
struct place {
    VTermPos cursor;
    long row;
};

static struct place place_now(struct terminal *t, long row_before)
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

static bool place_same(const struct place *a, const struct place *b)
{
    return a->cursor.row == b->cursor.row && a->cursor.col == b->cursor.col && a->row == b->row;
}

/* One key, and the time to the first frame that shows another place. */
static double key_time(struct terminal *t, const char *key)
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

/* A row of a list without the mark of the cursor. */
static const char *row_text(struct terminal *t, int row)
{
    static const char mark[] = "\342\226\214";
    const char *text = terminal_row(t, row);
    text += strspn(text, " ");
    return strncmp(text, mark, strlen(mark)) == 0 ? text + strlen(mark) : text;
}

/* Until a row was read its cells are "…". */
static bool row_read(struct terminal *t, int row)
{
    static const char unread[] = "\342\200\246";
    const char *text = row_text(t, row);
    return *text && strncmp(text, unread, strlen(unread)) != 0;
}

/* The time from now until the row under the cursor was read. */
static double rows_time(struct terminal *t)
{
    int64_t began = now_ns();
    while (!row_read(t, place_now(t, 0).cursor.row))
        terminal_wait(t, began);
    return milliseconds(now_ns() - began);
}

struct latencies {
    double at[4096];
    size_t n;
};

static void latency_add(struct latencies *l, double ms)
{
    if (l->n < sizeof l->at / sizeof *l->at)
        l->at[l->n++] = ms;
}

static void latencies_print(const char *name, struct latencies *l)
{
    printf("\"%s_p50_ms\": %.2f, \"%s_p99_ms\": %.2f, \"%s_max_ms\": %.2f, \"%s_n\": %zu,\n", name,
           part(l->at, l->n, 0.5), name, part(l->at, l->n, 0.99), name, part(l->at, l->n, 1), name,
           l->n);
}

/* A process that answers every byte at once, on a pseudo-terminal of its own: what the machine
 * itself takes for a key and a frame under the load of the moment. */
struct echo {
    int master;
    pid_t child;
    struct latencies latencies;
};

static void echo_start(struct echo *echo)
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

static void echo_time(struct echo *echo)
{
    char byte = 'j';
    int64_t sent = now_ns();
    if (write(echo->master, &byte, 1) != 1 || read(echo->master, &byte, 1) != 1)
        stop("the echo ended");
    latency_add(&echo->latencies, milliseconds(now_ns() - sent));
}

static void echo_end(struct echo *echo)
{
    kill(echo->child, SIGKILL);
    waitpid(echo->child, NULL, 0);
    close(echo->master);
}

/* From opening the members to the first rows, with nothing else under way; and from turning an
 * order by what they spent (9 columns to the right of the first) round until the member who was the
 * first is somewhere else. */
static void measure_members(struct terminal *t)
{
    enum { FIRST_ROW = 4 };
    int64_t began = now_ns();
    terminal_send(t, "6");
    while (!strstr(terminal_row(t, 1), "Members") || !row_read(t, FIRST_ROW))
        terminal_wait(t, began);
    printf("\"members_open_ms\": %.1f,\n", milliseconds(t->frame_ns - began));
    console_settle(t);
    terminal_send(t, "llllllllls");
    console_settle(t);
    terminal_send(t, "g");
    console_settle(t);
    if (!strstr(terminal_row(t, ROWS - 3), " by spent") || place_now(t, 0).row != 1)
        stop("the members are not sorted: %s", terminal_row(t, ROWS - 3));
    began = now_ns();
    terminal_send(t, "s");
    while (place_now(t, 1).row == 1)
        terminal_wait(t, began);
    printf("\"members_sort_ms\": %.1f,\n", milliseconds(t->frame_ns - began));
    console_settle(t);
    terminal_send(t, "g");
    console_settle(t);
}

/* Presses `forth` and `back` in turns of `run` on a screen that shows its own question; whenever
 * the question is answered it is asked again. A key that ended after the question did is not
 * counted. */
static void walk_asking(struct terminal *t, const char *forth, const char *back, int run, int keys,
                        struct latencies *one, struct latencies *all, struct echo *echo)
{
    for (int pressed = 0, counted = 0; counted < keys; pressed++) {
        if (!console_asking(t)) {
            terminal_send(t, ASK_AGAIN);
            wait_asked(t, true);
        }
        double took = key_time(t, pressed / run % 2 == 0 ? forth : back);
        if (!console_asking(t))
            continue;
        latency_add(one, took);
        latency_add(all, took);
        echo_time(echo);
        counted++;
    }
}

/* The members, while the questions of the loop below them are asked again and again: rows down, a
 * page down, and so on. The processors used tell that scans did run. */
static void walk_members(struct terminal *t, int keys, struct latencies *all, struct echo *echo)
{
    enum { ASK_EVERY = 100, PAGE_EVERY = 10 };
    static struct latencies rows, pages, filled;
    long ticks = process_ticks(t->child);
    int64_t began = now_ns();
    for (int pressed = 0; pressed < keys; pressed++) {
        if (pressed % ASK_EVERY == 0)
            terminal_send(t, ASK_AGAIN);
        bool page = pressed % PAGE_EVERY == PAGE_EVERY - 1;
        double took = key_time(t, page ? "\033[6~" : "j");
        latency_add(page ? &pages : &rows, took);
        latency_add(all, took);
        echo_time(echo);
        if (page)
            latency_add(&filled, rows_time(t));
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    latencies_print("members_row", &rows);
    latencies_print("members_page", &pages);
    latencies_print("members_page_filled", &filled);
    printf("\"members_processors\": %.2f,\n",
           (double)(process_ticks(t->child) - ticks) / (double)sysconf(_SC_CLK_TCK) / seconds);
}

/* ---- The measurements ---- */

/* From starting the process to the first frame, and to the first with all figures. */
static void measure_start(const char *program, const char *mall, int rounds, bool cold)
{
    static struct terminal t;
    double first[MOST_ROUNDS], complete[MOST_ROUNDS];
    for (int i = 0; i < rounds; i++) {
        if (cold)
            file_forget(mall);
        int64_t began = now_ns();
        terminal_start(&t, program, mall);
        while (t.frames == 0)
            terminal_frame(&t, 1000);
        first[i] = milliseconds(t.frame_ns - began);
        if (!terminal_shows(&t, "atrium"))
            stop("the first frame is empty");
        wait_asked(&t, false);
        complete[i] = milliseconds(t.frame_ns - began);
        terminal_end(&t);
    }
    const char *name = cold ? "_cold" : "";
    printf("\"first_frame%s_ms\": %.1f, \"first_frame%s_worst_ms\": %.1f, "
           "\"first_figures%s_ms\": %.1f,\n",
           name, part(first, (size_t)rounds, 0.5), name, part(first, (size_t)rounds, 1), name,
           part(complete, (size_t)rounds, 0.5));
}

static void period_choose(struct terminal *t, const char *text)
{
    terminal_send(t, "p");
    console_settle(t);
    terminal_send(t, text);
    console_settle(t);
    terminal_send(t, "\r");
    console_settle(t);
}

static void measure_keys(const char *program, const char *mall, int keys)
{
    static struct latencies loop, shops, all;
    static struct echo echo;
    static struct terminal t;
    terminal_start(&t, program, mall);
    console_settle(&t);
    period_choose(&t, "year");
    if (!terminal_shows(&t, "this year"))
        stop("the period is not what was chosen: %s", terminal_row(&t, 0));
    echo_start(&echo);
    walk_asking(&t, "l", "h", 1, keys / 4, &loop, &all, &echo);
    console_settle(&t);
    terminal_send(&t, "7");
    console_settle(&t);
    walk_asking(&t, "j", "k", 20, keys / 4, &shops, &all, &echo);
    console_settle(&t);
    measure_members(&t);
    walk_members(&t, keys - keys / 4 * 2, &all, &echo);
    terminal_end(&t);
    latencies_print("loop_key", &loop);
    latencies_print("shops_key", &shops);
    latencies_print("key", &all);
    latencies_print("echo", &echo.latencies);
    echo_end(&echo);
}

/* Questions whose first answer is from a sample of the people: how they are come to, the key that
 * asks, and what leaves them. */
static const struct {
    const char *name, *ways[3], *ask, *back, *further;
} partials[] = {
    {"funnel", {NULL}, "F", "1"},
    {"retention", {NULL}, "T", "1"},
    {"lifecycle", {NULL}, "L", "1"},
    {"rfm", {NULL}, "M", "1"},
    {"affinity", {NULL}, "A", "1"},
    {"value", {NULL}, "V", "1"},
    {"segment", {"S", "a", "spent(90d)>=300 and not visited(30d"}, ")", "\033", "1"},
};

static bool console_partial(struct terminal *t)
{
    return strstr(terminal_row(t, ROWS - 1), "% of people") != NULL;
}

/* From the key to the first frame with an answer: of a sample, or exact where that came at once;
 * and to the exact one. */
static void measure_partial(const char *program, const char *mall, int rounds)
{
    static struct terminal t;
    double first[MOST_ROUNDS], exact[MOST_ROUNDS];
    terminal_start(&t, program, mall);
    console_settle(&t);
    for (size_t i = 0; i < sizeof partials / sizeof *partials; i++) {
        int seen = 0;
        for (int round = 0; round < rounds; round++) {
            for (size_t k = 0; k < 3 && partials[i].ways[k]; k++) {
                terminal_send(&t, partials[i].ways[k]);
                console_settle(&t);
            }
            int64_t began = now_ns();
            bool partial = false, asked = false;
            terminal_send(&t, partials[i].ask);
            first[round] = 0;
            do {
                terminal_wait(&t, began);
                asked |= console_asking(&t);
                if (!partial && console_partial(&t)) {
                    partial = true;
                    seen++;
                    first[round] = milliseconds(t.frame_ns - began);
                }
            } while (!asked || console_asking(&t));
            exact[round] = milliseconds(t.frame_ns - began);
            if (!partial)
                first[round] = exact[round];
            console_settle(&t);
            terminal_send(&t, partials[i].back);
            console_settle(&t);
            if (partials[i].further) {
                terminal_send(&t, partials[i].further);
                console_settle(&t);
            }
        }
        printf("\"%s_first_answer_ms\": %.1f, \"%s_first_answer_worst_ms\": %.1f, "
               "\"%s_exact_answer_ms\": %.1f, "
               "\"%s_partial\": %d,\n",
               partials[i].name, part(first, (size_t)rounds, 0.5), partials[i].name,
               part(first, (size_t)rounds, 1), partials[i].name, part(exact, (size_t)rounds, 0.5),
               partials[i].name, seen);
    }
    terminal_end(&t);
}

/* Every screen once, with what it can do that takes memory. */
static const struct {
    const char *name, *keys[8];
} stops[] = {
    {"loop", {"1"}},
    {"perceive", {"2"}},
    {"convert", {"3"}},
    {"activate", {"4"}},
    {"community", {"5"}},
    {"members", {"6", "\033[F", "\033[H"}},
    {"members, further columns", {"l", "l", "l", "l", "l", "l", "l", "l"}},
    {"members sorted by spending", {"l", "s", "s", "j"}},
    {"members found", {"f", "\347\216\213", "\r"}},
    {"member", {"\r"}},
    {"shops", {"7", "j", "j"}},
    {"shop", {"\r"}},
    {"data", {"8"}},
    {"loop of a year", {"1", "p", "year", "\r"}},
    {"perceive of a year", {"2"}},
    {"activate of a year", {"4"}},
    {"shops of a year", {"7"}},
    {"sql", {"9", "select kind, count(*) from v_event group by 1", "\r"}},
};

static void measure_memory(const char *program, const char *mall)
{
    static struct terminal t;
    long most = 0;
    const char *where = "";
    terminal_start(&t, program, mall);
    console_settle(&t);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        for (size_t k = 0; k < 8 && stops[i].keys[k]; k++) {
            terminal_send(&t, stops[i].keys[k]);
            console_settle(&t);
        }
        long now = process_kilobytes(t.child, "VmRSS:");
        long peak = process_kilobytes(t.child, "VmHWM:");
        fprintf(stderr, "  %-28s %6ld kB, peak so far %ld kB\n", stops[i].name, now, peak);
        if (now > most) {
            most = now;
            where = stops[i].name;
        }
    }
    printf("\"rss_mb\": %.1f, \"rss_most_on\": \"%s\", \"rss_peak_mb\": %.1f\n",
           (double)most / 1024, where, (double)process_kilobytes(t.child, "VmHWM:") / 1024);
    terminal_end(&t);
}

/* The environment of a fresh person: no session or configuration of whoever measures. */
static void environment_set(const char *folder)
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

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_console ATRIUM MALL FOLDER [ROUNDS [KEYS]]\n");
        return 2;
    }
    int rounds = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 11;
    int keys = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 2000;
    rounds = rounds < 1 ? 1 : rounds > MOST_ROUNDS ? MOST_ROUNDS : rounds;
    environment_set(argv[3]);
    printf("{\n");
    measure_partial(argv[1], argv[2], rounds < PARTIAL_ROUNDS ? rounds : PARTIAL_ROUNDS);
    measure_start(argv[1], argv[2], rounds, false);
    measure_start(argv[1], argv[2], rounds, true);
    measure_keys(argv[1], argv[2], keys);
    measure_memory(argv[1], argv[2]);
    printf("}\n");
    return 0;
}
