/* Hub and replica in one process without a wire between them: for tests that cut, fail and repeat
 * sessions a thousand times. */
#ifndef ATRIUM_TESTS_WIRELESS_H
#define ATRIUM_TESTS_WIRELESS_H

#include "model/base/status.h"
#include "model/store/operation.h"

#include <stddef.h>

enum { NEVER = -1 };

struct wireless {
    const char *hub, *replica; /* files */
    const char *principal;
    long cut_up, cut_down; /* the wire is cut after so many bytes that way; NEVER */
    long up, down;         /* bytes that went: from the replica, from the hub */
    enum status hub_status;
};

/* One session until both are level and have said goodbye, or it is cut. What the replica's end
 * came to. The hub's mall is opened for it and closed. */
enum status wireless_talk(struct wireless *talk, struct error *err);

/* An operation on the mall of this file, by somebody who may do everything. Takes the reference to
 * `set`; ends the test on an error. */
void wireless_change(const char *path, const char *actor, const char *id, const char *entity,
                     const char *target, enum operation_verb verb, json_t *set);

/* A file with its log and what lies beside it; the other one goes first. */
void wireless_copy(const char *from, const char *to);
void wireless_remove(const char *path);

#endif
