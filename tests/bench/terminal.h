/*
 * The console as a person meets it, for measuring: the real program on a pseudo-terminal whose
 * other end is libvterm's model of a screen, so a key counts as answered only by a frame that shows
 * what the key did. Ends the program with a sentence where something does not come.
 *
 * A frame is complete with the mark that ends a synchronised update. Its time is taken when its
 * last byte was read, before the model looks at it.
 */
#ifndef ATRIUM_BENCH_TERMINAL_H
#define ATRIUM_BENCH_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <vterm.h>

enum { ROWS = 40, COLS = 120, PATIENCE_S = 300 };

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

/* What a movement key changes: where the cursor stands, and in a list the number of its row, which
 * the line under the list tells ("12 of 300 shops"). */
struct place {
    VTermPos cursor;
    long row;
};

struct latencies {
    double at[4096];
    size_t n;
};

/* A process that answers every byte at once, on a pseudo-terminal of its own: what the machine
 * itself takes for a key and a frame under the load of the moment. */
struct echo {
    int master;
    pid_t child;
    struct latencies latencies;
};

void stop(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
int64_t now_ns(void);
void terminal_start(struct terminal *t, const char *program, const char *mall);
/* Gives the model what comes up to the end of a frame, and nothing behind it; false when no frame
 * ended and nothing came for ms. */
bool terminal_frame(struct terminal *t, int ms);
void terminal_send(struct terminal *t, const char *keys);
const char *terminal_row(struct terminal *t, int row);
bool terminal_shows(struct terminal *t, const char *text);
/* The next frame; gives up when it is long since `began`. */
void terminal_wait(struct terminal *t, int64_t began);
/* The status line counts the questions that a screen waits for. */
bool console_asking(struct terminal *t);
void wait_asked(struct terminal *t, bool asking);
void terminal_end(struct terminal *t);
long process_kilobytes(pid_t pid, const char *field);
/* Ticks of the processor that it used so far. */
long process_ticks(pid_t pid);
/* Until no question is asked, and for a while neither a frame comes nor the processor is used. */
void console_settle(struct terminal *t);
/* Takes the file's pages out of memory: a start as on the first use of the day. */
void file_forget(const char *path);
double part(double *values, size_t n, double share);
double milliseconds(int64_t ns);
struct place place_now(struct terminal *t, long row_before);
bool place_same(const struct place *a, const struct place *b);
/* One key, and the time to the first frame that shows another place. */
double key_time(struct terminal *t, const char *key);
void latency_add(struct latencies *l, double ms);
void latencies_print(const char *name, struct latencies *l);
void echo_start(struct echo *echo);
void echo_time(struct echo *echo);
void echo_end(struct echo *echo);
/* The environment of a fresh person: no session or configuration of whoever measures. */
void environment_set(const char *folder);

#endif
