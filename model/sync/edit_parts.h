/* One edit of a replica while its hub deals with it. Inside the module. */
#ifndef ATRIUM_SYNC_EDIT_PARTS_H
#define ATRIUM_SYNC_EDIT_PARTS_H

#include "model/sync/edit.h"

struct editing {
    struct writer *writer;
    const struct access *access;
    struct arena *arena;
    const json_t *edit, *detail;
    const char *id, *verb, *entity;
    const char *target; /* cards as the hub has them */
    json_t *fields;     /* the same */
    int64_t base;
    json_t *answer;
};

/* Whether the principal's role may make such an edit at all, whatever the replica took it for: of a
 * thing and of columns that the role's replica has, in the principal's own name. ST_DENIED or
 * ST_REFUSED. In the transaction in which it would be applied. */
enum status edit_check(struct editing *e, struct error *err);

/* ST_REFUSED: programs differ, or somebody made it up. */
enum status edit_unknown(struct error *err);

#endif
