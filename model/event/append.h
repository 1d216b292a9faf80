/* What every way of appending checks first. Inside the module. */
#ifndef ATRIUM_EVENT_APPEND_H
#define ATRIUM_EVENT_APPEND_H

#include "model/event/chunk.h"

/* Times that an event may have: the years 1 to 9999. */
#define EVENT_TIME_LEAST INT64_C(-62135596800)
#define EVENT_TIME_MOST INT64_C(253402300799)

/* ST_REFUSED where a kind, a time or a reference cannot be stored. */
enum status event_check(const struct event *event, struct error *err);

#endif
