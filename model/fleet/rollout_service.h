/*
 * Driving roll-outs on a thread of its own, for a console: with a writer, a reader and an engine of
 * its own, as a crew (rollout_crew.h). It drives what its person made, and what it was told to
 * (rollout_service_want); a lease in the file sees to it that nobody else drives the same. All is
 * done when it ends: what is on trial is finished, and leases are given back.
 */
#ifndef ATRIUM_FLEET_ROLLOUT_SERVICE_H
#define ATRIUM_FLEET_ROLLOUT_SERVICE_H

#include "model/fleet/rollout_crew.h"

struct rollout_service_options {
    struct mall *mall;
    const struct access *access;       /* copied; "by itself" means its author */
    const struct fleet_options *fleet; /* copied, with its texts */
    void (*changed)(void *context);    /* on the service's thread: look again; may be NULL */
    void *context;
    /* For tests, may be NULL: as in rollout_drive_options, on the service's thread. */
    bool (*moment)(void *context, enum rollout_moment moment);
    void *moment_context;
};

enum { ROLLOUT_CONTACTS = 32 };
struct rollout_service;
struct rollout_service *rollout_service_start(const struct rollout_service_options *options);

/* Ends it, within `patience_ms` and some two seconds. NULL is fine. */
void rollout_service_stop(struct rollout_service *service, int64_t patience_ms);

/* Drives this one from now on, or leaves it to others, whoever made it. */
void rollout_service_want(struct rollout_service *service, const char *code, bool want);
/* Something changed in the file: it is looked at, at once. */
void rollout_service_wake(struct rollout_service *service);

/* How one stands. */
struct rollout_glance {
    enum rollout_driving driving;
    bool wanted, refused;     /* what a person said of it here, if anything */
    size_t under_way, flight; /* devices that are talked to; that are on trial */
    struct rollout_contact contacts[ROLLOUT_CONTACTS]; /* the first of those that are talked to */
    size_t n;
    int64_t next;   /* when there is something to do; INT64_MAX: not known */
    char said[300]; /* DRIVING_ELSEWHERE and DRIVING_FAILED: who, why */
};
void rollout_service_glance(struct rollout_service *service, const char *code,
                            struct rollout_glance *glance);

/* The sum of all: how many are driven here, and their devices on trial. `code`: of one of them, ""
 * where there is none. */
struct rollout_sum {
    size_t driven, flight;
    char code[32];
};
void rollout_service_sum(struct rollout_service *service, struct rollout_sum *sum);

/* Turns to be made now, or devices that are talked to: tests wait for false. */
bool rollout_service_busy(struct rollout_service *service);

#endif
