/*
 * Collection on a thread of its own, for a console and for the engine: it goes on until it is
 * stopped, waits where another program collects from the same mall, and begins anew after an error.
 */
#ifndef ATRIUM_FLEET_COLLECT_SERVICE_H
#define ATRIUM_FLEET_COLLECT_SERVICE_H

#include "model/fleet/collect.h"

struct collect_service;

/* How it stands. */
enum collect_state {
    COLLECT_RESTING, /* between two rounds, or before the first */
    COLLECT_WORKING,
    COLLECT_ELSEWHERE, /* another program does it */
    COLLECT_FAILED     /* it cannot; tried again */
};

/* `once`, `stop` and `numbers` of the options are the service's own; texts and access are copied.
 * With the setting collect 0 it does nothing, with collect_every N it collects what there is every
 * N seconds instead of as it comes; the setting is looked at all the time. */
struct collect_service *collect_service_start(const struct collect_options *options);

/* Ends it, within some two seconds. NULL is fine. */
void collect_service_stop(struct collect_service *service);

const struct collect_numbers *collect_service_numbers(const struct collect_service *service);
enum collect_state collect_service_state(const struct collect_service *service);

/* Why it failed last; copied into `text`, "" where it did not. */
void collect_service_reason(struct collect_service *service, char *text, size_t size);

#endif
