/* The inventory: devices as people edit them, and what is known of each. */
#ifndef ATRIUM_FLEET_DEVICE_H
#define ATRIUM_FLEET_DEVICE_H

#include "model/access/access.h"
#include "model/store/reader.h"

enum device_condition {
    DEVICE_NEVER, /* not asked yet */
    DEVICE_OK,
    DEVICE_FAILED,      /* it answered, and said no, or not in time */
    DEVICE_UNKNOWN,     /* it may or may not have done what it was told */
    DEVICE_OFFLINE,     /* nobody answers there */
    DEVICE_QUARANTINED, /* another host key than the pin's, or put there by hand */
    DEVICE_UNPINNED,    /* no pin yet: it is given no credential */
    DEVICE_CANCELLED,
    DEVICE_CONDITIONS
};
extern const char *const device_condition_names[DEVICE_CONDITIONS]; /* as in JSON */

/* The way to a device that is not reached directly: another device, a bastion, over whose session
 * the connection is forwarded. */
struct device_hop {
    const char *code, *host, *user, *pin, *quarantine, *identity, *kind; /* code "": none */
    int port;
    const struct device_hop *over; /* the bastion that this one is reached over; NULL: directly */
    const char *trouble; /* why this is no way ("its bastions are a circle: …"); NULL, "": it is */
};
enum { DEVICE_HOPS_MOST = 4 }; /* bastions one after the other */

/* What it has beside what it should have (config.h). */
enum device_drift {
    DRIFT_NONE, /* nothing is desired of it */
    DRIFT_SAME,
    DRIFT_OTHER,
    DRIFT_UNKNOWN, /* it did not say yet what it has */
    DRIFT_QUEUED,  /* it gets what it should have when it answers */
    DEVICE_DRIFTS
};
extern const char *const device_drift_names[DEVICE_DRIFTS]; /* as in JSON; DRIFT_NONE "" */

/* Texts are never NULL, cleaned, and owned by the arena it was read into. */
struct device {
    uint32_t id;
    const char *code, *kind, *host, *user, *model, *floor, *pin, *quarantine, *note;
    const char *tenant, *shop, *zone; /* code, name and code */
    const char *identity;             /* its own user key; "": its kind's, or everybody's */
    struct device_hop hop;
    int port; /* 22 where none is set */
    int64_t version;
    /* As of `time`; DEVICE_NEVER and zeros where it was not asked. */
    enum device_condition state;
    const char *phase, *reason, *app, *config, *offered;
    int64_t time, seen, milliseconds, clock_ms, spool;
    int64_t reported;   /* when something of its spools last came; 0: never */
    int load, disk;     /* hundredths, percent; -1: unknown */
    const char *wanted; /* beginning of the hash of its desired configuration; "": none is */
    enum device_drift drift;
};

/* All of them in order of code, or those an expression selects (select.h; NULL: all). ST_DENIED
 * without RIGHT_DEVICES. */
enum status device_list(struct reader *reader, const struct access *access, struct arena *arena,
                        const char *on, const struct device **devices, size_t *n,
                        struct error *err);

/* The bastions in the order in which they are gone through, "GW-1 > GW-2", and what is wrong with
 * it; "": none. The arena's. */
const char *device_way_text(struct arena *arena, const struct device_hop *hop);

/* A copy with its texts, owned by the arena. */
void device_copy(struct arena *arena, struct device *to, const struct device *from);

/* The one with this code; ST_USAGE where there is none. */
enum status device_by_code(struct reader *reader, const struct access *access, struct arena *arena,
                           const char *code, const struct device **device, struct error *err);

#endif
