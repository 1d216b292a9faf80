#include "tui/loop.h"

#include "tui/input.h"
#include "tui/memory.h"
#include "tui/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    DOUBLE_CLICK_MS = 400,
    READS_MAX = 16, /* of 4 kB in one round, so that a flood of keys cannot keep frames away */
};

struct watch {
    int fd; /* -1: unwatched, the place is free */
    void (*ready)(void *context);
    void *context;
};

struct timer {
    int id;
    int64_t at, every; /* ms of the monotonic clock; every 0: once */
    void (*fire)(void *context);
    void *context;
};

struct fed {
    uint32_t key;
    char *paste;
};

struct loop {
    struct loop_ops ops;
    void *context;
    bool stopped, wanted, hung_up;
    struct watch *watches;
    size_t n_watches;
    struct timer *timers;
    size_t n_timers;
    int last_timer;
    struct fed *fed;
    size_t n_fed, fed_cap;
    char *fed_paste; /* the text of the last fed KEYS_PASTE; NULL: the terminal's was last */
    struct input input;
    int64_t input_at; /* when the last bytes came */
    uint64_t bytes_read;
    struct loop_mouse click; /* the last press, for double clicks */
    int64_t click_at;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct loop *loop_new(const struct loop_ops *ops, void *context)
{
    struct loop *loop = tui_zero(1, sizeof *loop);
    loop->ops = *ops;
    loop->context = context;
    loop->wanted = true;
    signals_catch();
    return loop;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    signals_release();
    for (size_t i = 0; i < loop->n_fed; i++)
        free(loop->fed[i].paste);
    free(loop->fed);
    free(loop->fed_paste);
    free(loop->watches);
    free(loop->timers);
    input_free(&loop->input);
    free(loop);
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

void loop_redraw(struct loop *loop)
{
    loop->wanted = true;
}

void loop_watch(struct loop *loop, int fd, void (*ready)(void *context), void *context)
{
    size_t i = 0;
    while (i < loop->n_watches && loop->watches[i].fd != -1)
        i++;
    if (i == loop->n_watches)
        loop->watches = tui_resize(loop->watches, ++loop->n_watches, sizeof *loop->watches);
    loop->watches[i] = (struct watch){fd, ready, context};
}

void loop_unwatch(struct loop *loop, int fd)
{
    for (size_t i = 0; i < loop->n_watches; i++)
        if (loop->watches[i].fd == fd)
            loop->watches[i].fd = -1;
}

int loop_timer(struct loop *loop, int ms, bool again, void (*fire)(void *context), void *context)
{
    loop->timers = tui_resize(loop->timers, loop->n_timers + 1, sizeof *loop->timers);
    loop->timers[loop->n_timers++] = (struct timer){.id = ++loop->last_timer,
                                                    .at = now_ms() + ms,
                                                    .every = again ? (ms > 0 ? ms : 1) : 0,
                                                    .fire = fire,
                                                    .context = context};
    return loop->last_timer;
}

void loop_timer_stop(struct loop *loop, int id)
{
    for (size_t i = 0; i < loop->n_timers; i++)
        if (loop->timers[i].id == id) {
            loop->timers[i] = loop->timers[--loop->n_timers];
            return;
        }
}

/* Handlers start and stop timers, so one due timer is looked for at a time. A timer set while the
 * round runs waits for the next. */
static void run_timers(struct loop *loop)
{
    int64_t now = now_ms();
    int newest = loop->last_timer;
    for (size_t i = 0; i < loop->n_timers;) {
        struct timer due = loop->timers[i];
        if (due.at > now || due.id > newest) {
            i++;
            continue;
        }
        if (due.every)
            loop->timers[i].at = now + due.every;
        else
            loop->timers[i] = loop->timers[--loop->n_timers];
        due.fire(due.context);
        i = 0;
    }
}

static void feed(struct loop *loop, struct fed fed)
{
    if (loop->n_fed == loop->fed_cap) {
        loop->fed_cap = loop->fed_cap ? loop->fed_cap * 2 : 16;
        loop->fed = tui_resize(loop->fed, loop->fed_cap, sizeof *loop->fed);
    }
    loop->fed[loop->n_fed++] = fed;
}

void loop_feed(struct loop *loop, uint32_t key)
{
    feed(loop, (struct fed){.key = key});
}

void loop_feed_paste(struct loop *loop, const char *text)
{
    feed(loop, (struct fed){.key = KEYS_PASTE, .paste = tui_strdup(text)});
}

const struct loop_mouse *loop_mouse(const struct loop *loop)
{
    return &loop->input.mouse;
}

const char *loop_paste(const struct loop *loop)
{
    const char *text = loop->fed_paste ? loop->fed_paste : loop->input.paste;
    return text ? text : "";
}

static void note_click(struct loop *loop)
{
    struct loop_mouse *mouse = &loop->input.mouse;
    if (!mouse->pressed)
        return;
    int64_t now = now_ms();
    mouse->double_click = mouse->row == loop->click.row && mouse->col == loop->click.col &&
                          mouse->button == loop->click.button && mouse->button <= 3 &&
                          now - loop->click_at <= DOUBLE_CLICK_MS;
    loop->click = *mouse;
    loop->click_at = mouse->double_click ? 0 : now;
}

static void press(struct loop *loop, uint32_t key)
{
    loop->wanted = true;
    if (loop->ops.key)
        loop->ops.key(loop->context, key);
}

/* Fed keys first. A handler may feed more; those wait for the next round. */
static bool press_fed(struct loop *loop)
{
    size_t n = loop->n_fed;
    for (size_t i = 0; i < n && !loop->stopped; i++) {
        struct fed next = loop->fed[0];
        memmove(loop->fed, loop->fed + 1, --loop->n_fed * sizeof *loop->fed);
        if (next.paste) {
            free(loop->fed_paste);
            loop->fed_paste = next.paste;
        }
        press(loop, next.key);
    }
    return n > 0;
}

static void press_read(struct loop *loop, bool late)
{
    uint32_t key;
    while (!loop->stopped && (key = input_key(&loop->input, late)) != 0) {
        if (key == KEYS_MOUSE)
            note_click(loop);
        if (key == KEYS_PASTE) {
            free(loop->fed_paste);
            loop->fed_paste = NULL;
        }
        press(loop, key);
    }
}

static bool readable(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return poll(&ready, 1, 0) > 0;
}

/* Reads what is there; false at the end of the terminal. */
static bool read_keys(struct loop *loop, int fd)
{
    char bytes[4096];
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return false;
        if (n > 0) {
            loop->bytes_read += (uint64_t)n;
            loop->input_at = now_ms();
            input_add(&loop->input, bytes, (size_t)n);
        }
        if (n < (ssize_t)sizeof bytes || !readable(fd))
            break;
    }
    press_read(loop, false);
    return true;
}

static void quit(struct loop *loop, int number)
{
    if (loop->stopped)
        return;
    if (loop->ops.quit)
        loop->ops.quit(loop->context, number);
    loop->stopped = true;
}

static void hang_up(struct loop *loop)
{
    loop->hung_up = true;
    quit(loop, SIGHUP);
}

void loop_suspend(struct loop *loop)
{
    int input = screen_input();
    if (input < 0 || tcgetpgrp(input) != getpgrp())
        return;
    if (loop->ops.rest)
        loop->ops.rest(loop->context, true);
    screen_suspend();
    signals_stop();
    screen_resume();
    if (loop->ops.rest)
        loop->ops.rest(loop->context, false);
    loop->wanted = true;
}

static void run_signals(struct loop *loop)
{
    for (int number; (number = signals_next()) != 0;) {
        switch (number) {
        case SIGWINCH:
            screen_resized();
            break;
        case SIGTSTP:
            loop_suspend(loop);
            break;
        case SIGCONT: /* after a stop that could not be caught: the shell has set its own modes */
            screen_resume();
            break;
        default:
            quit(loop, number);
        }
        loop->wanted = true;
    }
}

/* When to wake up although nothing happens; -1: not at all. */
static int patience(const struct loop *loop, int ms)
{
    int64_t now = now_ms();
    int64_t until = ms < 0 ? INT64_MAX : now + ms;
    for (size_t i = 0; i < loop->n_timers; i++)
        if (loop->timers[i].at < until)
            until = loop->timers[i].at;
    int wait = input_patience(&loop->input);
    if (wait >= 0 && loop->input_at + wait < until)
        until = loop->input_at + wait;
    if (until == INT64_MAX)
        return -1;
    int64_t left = until - now;
    return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

enum { POLL_SIGNALS, POLL_INPUT, POLL_OUTPUT, POLL_WATCHES };

static struct pollfd *poll_set(const struct loop *loop)
{
    struct pollfd *set = tui_zero(POLL_WATCHES + loop->n_watches, sizeof *set);
    set[POLL_SIGNALS] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
    set[POLL_INPUT] = (struct pollfd){.fd = loop->hung_up ? -1 : screen_input(), .events = POLLIN};
    set[POLL_OUTPUT] =
        (struct pollfd){.fd = screen_pending() ? screen_output() : -1, .events = POLLOUT};
    for (size_t i = 0; i < loop->n_watches; i++)
        set[POLL_WATCHES + i] = (struct pollfd){.fd = loop->watches[i].fd, .events = POLLIN};
    return set;
}

/* Only those watched before the wait, and still watched by now. */
static void run_watches(struct loop *loop, const struct pollfd *set, size_t n)
{
    for (size_t i = 0; i < n && !loop->stopped; i++) {
        struct watch watch = loop->watches[i];
        if (set[i].revents && watch.fd == set[i].fd)
            watch.ready(watch.context);
    }
}

static void draw(struct loop *loop)
{
    if (!loop->wanted || loop->stopped || screen_pending())
        return;
    loop->wanted = false;
    screen_frame_begin();
    if (loop->ops.draw)
        loop->ops.draw(loop->context);
    screen_frame_end();
}

void loop_step(struct loop *loop, int ms)
{
    bool fed = press_fed(loop);
    if (!fed && loop->wanted && !screen_pending())
        ms = 0;
    size_t n_watches = loop->n_watches;
    struct pollfd *set = poll_set(loop);
    int ready = poll(set, POLL_WATCHES + n_watches, fed || loop->stopped ? 0 : patience(loop, ms));
    if (ready < 0)
        for (size_t i = 0; i < POLL_WATCHES + n_watches; i++)
            set[i].revents = 0;
    run_signals(loop);
    if (set[POLL_OUTPUT].revents)
        screen_flush();
    if (set[POLL_INPUT].revents && !loop->stopped && !read_keys(loop, set[POLL_INPUT].fd))
        hang_up(loop);
    int wait = input_patience(&loop->input);
    if (wait >= 0 && now_ms() - loop->input_at >= wait)
        press_read(loop, true);
    run_watches(loop, set + POLL_WATCHES, n_watches);
    if (!loop->stopped)
        run_timers(loop);
    free(set);
    draw(loop);
    if (screen_gone())
        hang_up(loop);
}

void loop_run(struct loop *loop)
{
    while (!loop->stopped)
        loop_step(loop, -1);
}

bool loop_idle(const struct loop *loop)
{
    return loop->n_fed == 0 && input_patience(&loop->input) < 0 && !screen_pending() &&
           (!loop->wanted || loop->stopped);
}

bool loop_stopped(const struct loop *loop)
{
    return loop->stopped;
}

uint64_t loop_bytes_read(const struct loop *loop)
{
    return loop->bytes_read;
}
