/* A replica of a sync_world as its holder has it open, looks at both files, and a client of the hub
 * that sends what it likes. */
#ifndef ATRIUM_TESTS_SYNC_DESK_H
#define ATRIUM_TESTS_SYNC_DESK_H

#include "tests/support/sync_world.h"

struct desk {
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    struct access access;
    struct arena *arena;
};
struct desk *desk_open(struct sync_world *world, const char *principal);
void desk_close(struct desk *desk);
/* One text of the replica, of the hub; "" where there is no row. Good until the next 64 of them. */
const char *desk_text(struct desk *desk, const char *sql);
const char *sync_world_text(struct sync_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of the hub: SQL in a transaction; an operation that sets one text; what a principal may do. */
void sync_world_sql(struct sync_world *world, const char *sql);
void sync_world_set(struct sync_world *world, const struct access *access, const char *entity,
                    const char *target, const char *field, const char *value);
/* n people, cards C10001 and on, phones 13800001001 and on, gold, who agreed to messages. */
void sync_world_people(struct sync_world *world, int n);
/* n purchases, at most 40, a day apart, of each of so many people in turn, with references of their
 * own; `bulk`: appended as an import does it. */
void sync_world_purchases(struct sync_world *world, int people, int n, bool bulk);
struct access sync_world_access(struct sync_world *world, const char *principal);

/* Ends the test unless the principal's replica holds what it must. */
void sync_world_agrees(struct sync_world *world, const char *principal);

/* A session in which `edit` (its reference is taken) is all that is sent; the hub's answer, a new
 * reference. NULL: the hub ended the session. */
json_t *sync_forge(struct sync_world *world, const char *principal, json_t *edit);

/* One file in place of another; nobody may have either open. */
void file_copy(const char *from, const char *to);

#endif
