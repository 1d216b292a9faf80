/* An edit that came from a replica, applied on the hub. */
#ifndef ATRIUM_SYNC_EDIT_H
#define ATRIUM_SYNC_EDIT_H

#include "model/access/access.h"

#include <jansson.h>

/* Applies an entry of an outbox (JSON as in FRAME_EDIT) as the principal, at most once by its id.
 * *answer (a new reference) says what came of it: state "done" with the version and the number of
 * the hub's change, "conflict" with theirs, by and at, "refused" with the reason, or "waiting"
 * where the edit before it did not go through. A status other than ST_OK is the hub's own trouble:
 * the replica asks again. */
enum status edit_apply(struct writer *writer, const struct access *access, const json_t *edit,
                       json_t **answer, struct error *err);

#endif
