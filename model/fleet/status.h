/* What a device says of itself, and where it is kept (table device_state). */
#ifndef ATRIUM_FLEET_STATUS_H
#define ATRIUM_FLEET_STATUS_H

#include "model/access/access.h"
#include "model/fleet/work.h"

/* One look at a device. Texts are cleaned and owned by the arena. */
struct device_sight {
    uint32_t device;
    enum device_condition state;
    const char *phase, *reason, *app, *config, *offered;
    const char *wanted; /* what its configuration should have been just then; "": nothing */
    int load, disk;
    int64_t time, seen, milliseconds, clock_ms, spool; /* seen 0: it did not answer */
};

/* Makes it of a result of the verb "status": a device whose answer cannot be read has failed, and
 * the reason says how. `now_ms`: wall clock when it was asked, for the offset of its clock. */
void device_sight_of(const struct fleet_result *result, struct arena *arena, int64_t now_ms,
                     struct device_sight *sight);

/* Keeps them, observed facts: no operation. Also quarantines devices that showed another host key
 * than the pin's (an operation each, with its audit). Begins and commits by itself. */
enum status device_sights_keep(struct writer *writer, const char *actor,
                               const struct device_sight *sights, size_t n, struct error *err);

/* The value of NAME=value in what the script on a device said, cleaned; "" where there is none. */
const char *device_answer_value(struct arena *arena, const struct fleet_output *output,
                                const char *name);

/* The wall clock in milliseconds. */
int64_t device_now_ms(void);

#endif
