/*
 * The logs of many devices, followed and merged as they come (log_lines.h has the lines).
 *
 * A device that loses its line is called again, after 1, 2, 4 … 30 seconds; a note in the stream
 * says so, and the log goes on where it stopped. While a log is followed a sign of life goes to the
 * device every 10 seconds and is answered: the device ends a follow that nobody answers for, and
 * here a line that is silent for 35 seconds is lost.
 *
 * Everything on one thread; nothing waits. A device that says more than is taken has to wait.
 */
#ifndef ATRIUM_FLEET_FOLLOW_H
#define ATRIUM_FLEET_FOLLOW_H

#include "model/fleet/engine.h"
#include "model/fleet/log_lines.h"

enum { FOLLOW_DEVICES_MOST = 200 };

enum follow_state {
    FOLLOW_CALLING,
    FOLLOW_LIVE,
    FOLLOW_WAITING, /* until it is called again */
    FOLLOW_ENDED    /* it is not called again */
};

struct follow_options {
    int lines;   /* of each, from before */
    bool follow; /* false: only those */
    const struct zone *zone;
};

struct follow;

/* The devices are copied. The engine must live until fleet_free has handed everything back. */
struct follow *follow_begin(struct fleet_engine *engine, const struct device *devices, size_t n,
                            const struct follow_options *options);

/* Readable when there is something to collect. */
int follow_fd(const struct follow *follow);

/* Takes what came, a bounded part of it. True where lines or states changed. */
bool follow_collect(struct follow *follow);

/* Signs of life, silence, calls that are due: at least every second. True as above. */
bool follow_tick(struct follow *follow);

const struct log_ring *follow_lines(const struct follow *follow);
size_t follow_sources(const struct follow *follow);
const char *follow_code(const struct follow *follow, size_t source);
enum follow_state follow_state(const struct follow *follow, size_t source);
/* How many are in each state. */
void follow_count(const struct follow *follow, size_t states[FOLLOW_ENDED + 1]);

/* Of a device that ended without its log: why. Owned by the follow. NULL: all is well. */
const char *follow_problem(const struct follow *follow, size_t source);

/* Ends all of them; it is freed when the last has ended, by what hands jobs back. NULL is fine. */
void follow_leave(struct follow *follow);

#endif
