#include "model/sync/pump.h"

#include "model/base/time.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_SIZE = 1 << 16,
    READS_AT_ONCE = 16,
    OUT_MOST = 4 << 20, /* as much waits to be written: nothing is read or made before it went */
    LINGER_MS = 5000,   /* for a last frame that the other side does not take */
};

struct pump {
    struct wire *wire;
    const struct pump_end *end;
    const struct pump_options *options;
    int64_t moved;    /* when a byte last did, monotonic ms */
    int64_t deadline; /* of the last frame, once the machine refused to go on; 0: it goes on */
    bool input_ended, output_ended;
    bool more;        /* the machine has work without new bytes */
    bool ahead;       /* it is at long work, and what comes meanwhile is for afterwards */
    enum status late; /* what reading had to say then */
    struct error *err;
};

static int64_t now_ms(void)
{
    return time_monotonic_ns() / 1000000;
}

static size_t waiting(const struct pump *pump)
{
    size_t n;
    pump->end->out(pump->end->machine, &n);
    return n;
}

static bool is_stopped(const struct pump *pump)
{
    return pump->options->stop && atomic_load(pump->options->stop);
}

static enum status pump_write(struct pump *pump, struct error *err)
{
    size_t n, taken = 1;
    enum status status = ST_OK;
    while (!pump->output_ended && taken && status == ST_OK && waiting(pump)) {
        const unsigned char *bytes = pump->end->out(pump->end->machine, &n);
        status = pump->wire->ops->write(pump->wire, bytes, n, &taken, &pump->output_ended, err);
        pump->end->sent(pump->end->machine, taken);
        if (taken)
            pump->moved = now_ms();
    }
    return status;
}

/* Whoever sends faster than can be worked on waits in the wire, not in memory here. */
static bool takes_more(const struct pump *pump)
{
    return !pump->input_ended && !pump->deadline && waiting(pump) < OUT_MOST &&
           pump->end->held(pump->end->machine) < (pump->ahead ? PUMP_AHEAD_MOST : PUMP_IN_MOST);
}

static enum status pump_read(struct pump *pump, struct error *err)
{
    unsigned char bytes[READ_SIZE];
    size_t n = 1;
    enum status status = ST_OK;
    for (int i = 0; i < READS_AT_ONCE && n && status == ST_OK && takes_more(pump); i++) {
        status =
            pump->wire->ops->read(pump->wire, bytes, sizeof bytes, &n, &pump->input_ended, err);
        if (n) {
            pump->end->feed(pump->end->machine, bytes, n);
            pump->moved = now_ms();
        }
        if (status == ST_OK && pump->input_ended)
            pump->end->feed(pump->end->machine, NULL, 0);
        pump->more |= n || pump->input_ended;
    }
    return status;
}

/* Within a step: the line goes on while the machine works. */
static bool pump_meanwhile(void *context)
{
    struct pump *pump = context;
    pump->ahead = true;
    if (pump->late == ST_OK)
        pump->late = pump_read(pump, pump->err);
    pump->ahead = false;
    return !is_stopped(pump);
}

/* Until there is something to do. */
static void pump_wait(struct pump *pump)
{
    struct pollfd polls[WIRE_POLLS + 1];
    size_t out = waiting(pump);
    bool reading = takes_more(pump);
    size_t n = pump->wire->ops->polls(pump->wire, polls, reading, out && !pump->output_ended);
    int64_t now = now_ms(), until = INT64_MAX;
    if (pump->options->wake >= 0)
        polls[n++] = (struct pollfd){.fd = pump->options->wake, .events = POLLIN};
    if (pump->options->tick_ms)
        until = now + pump->options->tick_ms;
    if (pump->options->idle_ms && pump->moved + pump->options->idle_ms < until)
        until = pump->moved + pump->options->idle_ms;
    if (pump->deadline && pump->deadline < until)
        until = pump->deadline;
    int64_t ms = until == INT64_MAX ? -1 : until > now ? until - now : 0;
    poll(polls, n, ms > INT32_MAX ? INT32_MAX : (int)ms);
    if (pump->options->wake >= 0 && polls[n - 1].revents) {
        char drained[64];
        while (read(pump->options->wake, drained, sizeof drained) == (ssize_t)sizeof drained)
            ;
    }
}

/* What was to be said last is given its time, then the reason is the machine's. */
static enum status pump_refuse(struct pump *pump, enum status why)
{
    struct error dropped = {0};
    pump->deadline = now_ms() + LINGER_MS;
    while (waiting(pump) && !pump->output_ended && now_ms() < pump->deadline && !is_stopped(pump) &&
           pump_write(pump, &dropped) == ST_OK)
        if (waiting(pump) && !pump->output_ended)
            pump_wait(pump);
    error_clear(&dropped);
    return why;
}

static enum status wire_cut(struct pump *pump, struct error *err)
{
    const char *said = pump->wire->ops->said(pump->wire);
    if (*said)
        return error_set(err, ST_PARTIAL, "the connection ended: %s", said);
    return error_set(err, ST_PARTIAL, "the connection ended before all was said");
}

/* One round; *done where the session is at its end. */
static enum status pump_turn(struct pump *pump, bool *done, struct error *err)
{
    enum status status = ST_OK;
    if (waiting(pump) < OUT_MOST) {
        int64_t began = now_ms();
        pump->more = false;
        pump->err = err;
        status = pump->end->step(pump->end->machine, &pump->more, err);
        pump->moved += now_ms() - began; /* who works is not idle */
        if (is_stopped(pump))
            return ST_OK;
        if (status == ST_PARTIAL && pump->input_ended)
            return wire_cut(pump, err);
        if (status != ST_OK)
            return pump_refuse(pump, status);
        if (pump->late != ST_OK)
            return pump->late;
    }
    if (pump->options->round)
        pump->options->round(pump->options->context);
    status = pump_write(pump, err);
    if (status != ST_OK)
        return status;
    *done = pump->end->over(pump->end->machine);
    if (*done)
        return ST_OK;
    if (pump->output_ended || (pump->input_ended && !pump->more && !waiting(pump)))
        return wire_cut(pump, err);
    return pump_read(pump, err);
}

static enum status pump_turns(struct pump *pump, struct error *err)
{
    const struct pump_options *options = pump->options;
    enum status status = ST_OK;
    bool done = false;
    while (status == ST_OK && !done) {
        if (is_stopped(pump))
            return error_set(err, ST_CANCELLED, "stopped");
        if (options->idle_ms && now_ms() - pump->moved >= options->idle_ms)
            return error_set(err, ST_CANCELLED, "nothing was said for %lld s",
                             (long long)(options->idle_ms / 1000));
        status = pump_turn(pump, &done, err);
        if (status == ST_OK && !done && (!pump->more || waiting(pump) >= OUT_MOST))
            pump_wait(pump);
    }
    return status;
}

enum status pump_run(struct wire *wire, const struct pump_end *end,
                     const struct pump_options *options, struct error *err)
{
    struct pump pump = {.wire = wire, .end = end, .options = options, .moved = now_ms()};
    if (end->meanwhile)
        end->meanwhile(end->machine, pump_meanwhile, &pump);
    enum status status = pump_turns(&pump, err);
    if (end->meanwhile)
        end->meanwhile(end->machine, NULL, NULL);
    return status;
}
