/*
 * The events' invariants as checks of `atrium verify`: every chunk matches its checksums, decodes,
 * and is in order; roll-ups, columns by person and the index of references are what the events
 * say. All events are read once, by the first of the checks; the others compare.
 */
#ifndef ATRIUM_EVENT_VERIFY_H
#define ATRIUM_EVENT_VERIFY_H

#include "model/store/verify.h"

/* Adds the checks to the store's. At the start of the program. */
void event_verify_register(void);

#endif
