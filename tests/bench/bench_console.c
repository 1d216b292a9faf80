/*
 * Measures the console as a person meets it: the real program on a pseudo-terminal whose other end
 * is libvterm's model of a screen, so a key counts as answered only by a frame that shows what the
 * key did. Usage: bench_console ATRIUM MALL FOLDER [ROUNDS [KEYS]]; FOLDER is where sessions are
 * kept. Prints one JSON document.
 *
 * A frame is complete with the mark that ends a synchronised update. Its time is taken when its
 * last byte was read, before the model looks at it.
 */
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

enum { MOST_ROUNDS = 64, PARTIAL_ROUNDS = 5 };
#define ASK_AGAIN "\022" /* Ctrl-r */

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
            fprintf(stderr, "  %-12s first %6.1f ms, exact %6.1f ms\n", partials[i].name,
                    first[round], exact[round]);
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
