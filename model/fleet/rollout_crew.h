/*
 * Driving many roll-outs at once on one thread: a driver (rollout_drive.h) for each that has
 * something to be done and that nobody else drives, over one engine that is made when it is first
 * needed. For `atrium run` and, on a thread of its own, for consoles (rollout_service.h).
 */
#ifndef ATRIUM_FLEET_ROLLOUT_CREW_H
#define ATRIUM_FLEET_ROLLOUT_CREW_H

#include "model/fleet/rollout_drive.h"

struct rollout_crew;

/* How the driving of one went. */
enum rollout_driving {
    DRIVING_NOBODY, /* not here, and nobody else is known to */
    DRIVING_HERE,
    DRIVING_ELSEWHERE, /* another process does: the text says which, until when */
    DRIVING_FAILED,    /* it could not: the text says why; tried again */
};

struct rollout_crew_options {
    struct writer *writer; /* these outlive the crew */
    struct reader *reader;
    struct access access;
    struct fleet_options fleet; /* its texts outlive the crew */
    /* Whether this one is to be driven here; NULL: all are. */
    bool (*wanted)(void *context, const struct rollout *rollout);
    /* What became of driving it; after each turn. May be NULL. `driver` and `turn`: NULL where it
     * is not driven. */
    void (*told)(void *context, const char *code, enum rollout_driving driving,
                 const struct rollout_driver *driver, const struct rollout_turn *turn,
                 const char *text);
    bool (*moment)(void *context, enum rollout_moment moment); /* as in rollout_drive_options */
    void *context;
};

struct rollout_crew *rollout_crew_new(const struct rollout_crew_options *options);

struct rollout_crew_turn {
    size_t drivers, under_way, flight, did, held; /* under_way, flight: devices; did: turns that
                                                     wrote; held: driven by another process */
    int64_t next; /* when there is something to do, UTC seconds; INT64_MAX: none known */
};

/* Takes up what wants to be driven, and a turn of each. What one of them meets stops no other, and
 * is told; an error here is that nothing could be looked at. */
enum status rollout_crew_turn(struct rollout_crew *crew, struct rollout_crew_turn *turn,
                              struct error *err);

/* With the next turn others are looked for, which else is done once a second: something changed. */
void rollout_crew_look(struct rollout_crew *crew);

/* Readable when a device said something; -1: nothing was driven yet. */
int rollout_crew_fd(const struct rollout_crew *crew);
/* Waits so long for devices to say something. */
void rollout_crew_wait(struct rollout_crew *crew, int64_t ms);

/* Finishes what is on trial, as far as devices answer and `patience_ms` lasts, begins nothing else,
 * gives the leases back, and frees it. NULL is fine. */
void rollout_crew_end(struct rollout_crew *crew, int64_t patience_ms);

#endif
