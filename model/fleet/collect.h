/*
 * Collection: receipts and sightings from devices' spools into the mall's events, and offers and
 * screen messages out to devices, over one lasting session a device (stream.h). doc/collect.md.
 *
 * The offset of each device's spool is kept in the mall file in the same transaction as the events;
 * only then is the device told that they are safe. So a kill at any moment loses nothing and brings
 * nothing twice; where a spool is found to be another one, references keep what comes again out.
 */
#ifndef ATRIUM_FLEET_COLLECT_H
#define ATRIUM_FLEET_COLLECT_H

#include "model/fleet/device.h"
#include "model/store/writer.h"

#include <stdatomic.h>

/* Looked at from any thread while it runs. */
struct collect_numbers {
    atomic_int devices, live; /* that are collected from; with a session */
    atomic_llong rows, duplicates, refused, bytes, offers;
    atomic_llong time;    /* when something last came */
    atomic_llong waiting; /* bytes that lie in the spools, as the devices last said */
};

struct collect_options {
    struct mall *mall;
    const struct access *access;             /* whose rights; the name in the audit */
    const char *identity;                    /* private key; NULL: the agent */
    const struct fleet_identity *identities; /* of kinds of devices */
    size_t n_identities;
    const char *on; /* which devices; NULL: all */
    bool once;      /* what there is, then end; else until *stop */
    bool no_offers;
    bool switched; /* ends where the settings collect or collect_every change from what they were */
    int64_t limit_ms;                /* of each phase of a session's beginning; 0: the engine's */
    const atomic_bool *stop;         /* NULL: never */
    struct collect_numbers *numbers; /* NULL is fine */
    /* Called on the collecting thread after each commit that brought something; may be NULL. */
    void (*committed)(void *context);
    void *context;
};

/* What became of a device, as the command shows it. */
struct collect_device {
    const char *code, *spool;
    enum device_condition state; /* DEVICE_OK: a session did what it was for */
    const char *reason;          /* "" */
    int64_t rows, duplicates, refused, bytes, offset, offers;
};
struct collect_result {
    const struct collect_device *devices;
    size_t n;
};

/* Works until it is done or stopped, on the calling thread, with a writer, a reader and an engine
 * of its own. ST_CONFLICT where another program collects from this mall's devices (LOCK_COLLECT);
 * ST_DENIED without RIGHT_DEVICES and RIGHT_DEVICES_EDIT. The result is the arena's. What devices
 * do is never an error. */
enum status collect_run(const struct collect_options *options, struct arena *arena,
                        struct collect_result *result, struct error *err);

#endif
