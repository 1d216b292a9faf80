/* Roll-outs on simulated devices for tests: a mall with the devices of a farm, an archive, drivers
 * whose clock is the test's. */
#ifndef ATRIUM_TESTS_ROLLOUT_FARM_H
#define ATRIUM_TESTS_ROLLOUT_FARM_H

#include "model/fleet/rollout_drive.h"
#include "tests/support/device_farm.h"
#include "tests/support/people.h"

struct rollout_world {
    struct temp_mall mall;
    struct test_fleet fleet;
    struct access author, other; /* two technicians */
    char *archive;               /* its path */
    char old[8];                 /* what all devices run at first */
    int64_t limit_ms;            /* of a phase */
};

/* `n` devices D0, D1, … in the inventory. The clock stands still (time_fix). */
void rollout_world_start(struct rollout_world *w, size_t n);
void rollout_world_stop(struct rollout_world *w);

/* Makes, approves and starts one on all devices; "R1", … */
void rollout_world_begin(struct rollout_world *w, const struct rollout_draft *draft, char code[16]);

/* The draft that tests begin with: no soak, one wave after a canary of one. */
struct rollout_draft rollout_world_draft(const struct rollout_world *w, const char *app);

/* Drives it to its end, or until it waits for longer than `patience` seconds; time goes on by
 * itself where there is nothing to do. False where `moment` ended it: the driver is gone as if it
 * had been killed, its connections cut. */
bool rollout_world_drive(struct rollout_world *w, const char *code, int64_t patience,
                         bool (*moment)(void *context, enum rollout_moment moment), void *context,
                         struct rollout_turn *turn);

/* Waits until every device that is not `off` takes connections. */
void rollout_world_up(struct rollout_world *w);

/* As the file has it now. Owned by the fleet's arena. */
struct rollout *rollout_world_read(struct rollout_world *w, const char *code,
                                   struct rollout_row **rows, size_t *n);

/* "2.3.1": what the device runs in truth; and that it is in no trial. */
char *rollout_world_app(struct rollout_world *w, size_t device);

/* Ends the test where a row says something else than the device does. */
void rollout_world_check(struct rollout_world *w, const char *code);

#endif
