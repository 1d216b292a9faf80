/*
 * Driving a roll-out: doing what the plan (rollout_plan.h) says. Each turn takes in what devices
 * said, decides, writes the steps into the mall file, and when that is durable gives the commands.
 * A driver may end at any moment in any way: the next one finds in the file what may have been
 * done, asks the devices, and goes on.
 *
 * One process drives a roll-out at a time: it holds a lease in the file, renewed with each turn and
 * checked in the transaction of each. A turn waits for no device.
 */
#ifndef ATRIUM_FLEET_ROLLOUT_DRIVE_H
#define ATRIUM_FLEET_ROLLOUT_DRIVE_H

#include "model/fleet/engine.h"
#include "model/fleet/rollout_plan.h"

enum { ROLLOUT_LEASE_S = 60 };

enum rollout_moment {
    MOMENT_BEFORE, /* everything is decided and nothing of it is in the file */
    MOMENT_AFTER,  /* it is in the file, and nothing of it is done */
};

struct rollout_drive_options {
    struct fleet_engine *engine; /* shared by as many drivers as one likes; outlives them */
    const char *name;            /* of who drives; NULL: this process */
    /* For tests, may be NULL; false: it ends here as if it had been killed. */
    bool (*moment)(void *context, enum rollout_moment moment);
    void *context;
};

struct rollout_driver;

/* Everything is called on one thread, without a transaction. The reader is of the same mall. */
enum status rollout_driver_open(struct writer *writer, struct reader *reader,
                                const struct access *access, const char *code,
                                const struct rollout_drive_options *options,
                                struct rollout_driver **driver, struct error *err);

struct rollout_turn {
    enum rollout_state state;
    size_t under_way; /* devices that are talked to */
    size_t flight;    /* devices between switch and proof: they must not be left alone */
    size_t open;      /* not settled */
    int64_t next;     /* when there is something to do, UTC seconds; INT64_MAX: none known */
    bool over;        /* nothing is left to be driven */
    bool did;         /* something was written */
    bool held;        /* only with ST_CONFLICT: another one drives it */
};

/* ST_CONFLICT where another one drives it (turn->held): the message says who and until when; and
 * where the file is somebody else's for the moment, which is no reason to give up: the next turn
 * may find it free. ST_REFUSED where the roll-out is gone, ST_CANCELLED when `moment` ended it. */
enum status rollout_driver_turn(struct rollout_driver *driver, struct rollout_turn *turn,
                                struct error *err);

/* A device that is being talked to, and where that is. */
struct rollout_contact {
    uint32_t device;
    enum rollout_command command;
    enum fleet_phase phase;
    int64_t since; /* monotonic ns: when the command was given */
};
/* At most `most` of them; how many there are in `contacts`. */
size_t rollout_driver_contacts(const struct rollout_driver *driver,
                               struct rollout_contact *contacts, size_t most);

/* From now on only what is under way or on trial is finished and written down. */
void rollout_driver_halt(struct rollout_driver *driver);

/* Ends what is under way and gives the lease back. NULL is fine. */
void rollout_driver_close(struct rollout_driver *driver);

/* The codes of those that have something to drive. Owned by the arena. */
enum status rollouts_open(struct reader *reader, struct arena *arena, const char *const **codes,
                          size_t *n, struct error *err);

#endif
