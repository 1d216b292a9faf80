/* What every way of appending checks first. Inside the module. */
#ifndef ATRIUM_EVENT_APPEND_H
#define ATRIUM_EVENT_APPEND_H

#include "model/event/chunk.h"

/* Times that an event may have: the years 1 to 9999. */
#define EVENT_TIME_LEAST INT64_C(-62135596800)
#define EVENT_TIME_MOST INT64_C(253402300799)

/* ST_REFUSED where a kind, a time or a reference cannot be stored. */
enum status event_check(const struct event *event, struct error *err);

/* Events are recorded at the hub: on a replica appending is refused, but for those of an edit that
 * goes to the hub as well. They stand below 0 in the tail until the hub's come with their
 * reference.
 */
void event_append_pending(struct writer *writer, bool on);

#endif
