#include "views/watch.h"

#include "model/base/time.h"
#include "model/event/sample.h"

#include <stdlib.h>
#include <string.h>

/* Where events come in all the time, what is on the screen is asked anew for this part of the time
 * at most: one in so many. */
enum { WATCH_MS = 1000, WATCH_PART = 5 };

struct watch_task {
    struct task task;
    struct console *console;
    int64_t events, rows, as_of, present;
    uint32_t blocks;
    struct sync_known sync;
};

static enum status watch_run(struct task *task, void *thread_state)
{
    struct watch_task *watch = (struct watch_task *)task;
    struct reader *reader = thread_state;
    if (!reader)
        return ST_UNUSABLE;
    enum status status = reader_versions(reader, &watch->events, &watch->rows, &task->error);
    if (status == ST_OK)
        status = reader_present(reader, &watch->as_of, &watch->present, &task->error);
    if (status == ST_OK)
        status = sample_blocks(reader, &watch->blocks, &task->error);
    if (status == ST_OK)
        status = sync_known_read(reader, &watch->sync, &task->error);
    return status;
}

/* A named period moves with the present. */
static void present_set(struct console *console, const struct watch_task *watch)
{
    console->as_of = watch->as_of;
    console->present = watch->present;
    console->events_version = watch->events;
    console->rows_version = watch->rows;
    console->blocks = watch->blocks;
    const struct clock *clock = &console->mall->clock;
    period_parse(clock, console->present, console->period_id, &console->period, NULL);
    if (console->compare != COMPARE_NONE)
        console->against = period_compare(clock, &console->period, console->compare);
}

static void watch_done(struct task *task)
{
    struct watch_task *watch = (struct watch_task *)task;
    struct console *console = watch->console;
    bool changed = watch->events != console->events_version || watch->rows != console->rows_version;
    if (task->status == ST_OK && changed && !console->leaving) {
        present_set(console, watch);
        console->watched_ns = time_monotonic_ns();
        console->asked_ns = 0;
        console_refresh(console);
    }
    if (task->status == ST_OK && memcmp(&console->sync_known, &watch->sync, sizeof watch->sync)) {
        console->sync_known = watch->sync;
        console_redraw(console);
    }
    error_clear(&task->error);
    free(watch);
}

/* Long questions are not asked anew with every event that comes in. */
static bool rests(const struct console *console)
{
    int64_t since = time_monotonic_ns() - console->watched_ns;
    return !console->still && since / WATCH_PART < console->asked_ns;
}

/* A busy console looks later: its answers come first. */
static void watch_fire(void *context)
{
    struct console *console = context;
    if (console_busy(console) || rests(console))
        return;
    struct watch_task *watch = mem_zero(1, sizeof *watch);
    watch->task.run = watch_run;
    watch->task.done = watch_done;
    watch->console = console;
    task_submit(console->pool, &watch->task);
}

void watch_look(struct console *console)
{
    watch_fire(console);
}

void watch_begin(struct console *console)
{
    console->timer = loop_timer(console->loop, WATCH_MS, true, watch_fire, console);
}

void watch_end(struct console *console)
{
    loop_timer_stop(console->loop, console->timer);
}
