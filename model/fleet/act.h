/* What was done to devices: the audit says that it was asked for, device_act what came of it. */
#ifndef ATRIUM_FLEET_ACT_H
#define ATRIUM_FLEET_ACT_H

#include "model/access/access.h"
#include "model/fleet/work.h"
#include "model/store/writer.h"

/* Texts are cleaned, never NULL, and owned by the arena it was read into. */
struct device_act {
    int64_t time; /* UTC seconds */
    const char *act, *actor, *detail, *state;
    int exit_status; /* -1: not known */
    int64_t milliseconds;
};

/* The last acts on a device, the latest first, at most `most`. ST_DENIED without RIGHT_DEVICES. */
enum status device_acts_read(struct reader *reader, const struct access *access,
                             struct arena *arena, uint32_t device, size_t most,
                             const struct device_act **acts, size_t *n, struct error *err);

/* One line of the audit: who is about to do what to how many devices. Begins and commits by
 * itself. */
enum status device_act_announce(struct writer *writer, const char *actor, const char *act,
                                const char *detail, size_t devices, struct error *err);

/* The outcome for each device, observed facts: no operation. Begins and commits by itself. */
enum status device_acts_keep(struct writer *writer, const char *actor, const char *act,
                             const char *detail, const struct fleet_result *results, size_t n,
                             struct error *err);

#endif
