/*
 * What a hub keeps of its replicas: which there are, how far each got, and the log of changes for
 * as long as one of them needs it. A replica that is silent for longer than the setting sync_log
 * says needs nothing any more: it takes a new copy when it comes back.
 */
#ifndef ATRIUM_SYNC_UPKEEP_H
#define ATRIUM_SYNC_UPKEEP_H

#include "model/access/access.h"
#include "model/base/sheet.h"

enum {
    REPLICA_ID = 32,   /* hexadecimal digits */
    REPLICAS_MOST = 16 /* of a principal: of more, the one that was silent longest is forgotten */
};

/* A replica says hello. Writes only where that is news. Begins and commits by itself. */
enum status upkeep_meet(struct writer *writer, const char *principal, const char *id,
                        const char *machine, const char *program, int64_t now, struct error *err);

/* Takes away some of what no replica needs; *more: there is more of it. Inside the caller's
 * transaction; a piece is some 20,000 rows. */
enum status upkeep_step(struct writer *writer, int64_t now, bool *more, struct error *err);

/* All of it, in transactions of its own. *removed: rows. ST_REFUSED for a mall that is no hub. */
enum status upkeep_run(struct writer *writer, int64_t now, int64_t *removed, struct error *err);

/* A row for each replica, and one for each principal without: what it is (upkeep_states), how many
 * numbers of the hub it lacks, of these erasures. For RIGHT_ADMIN. Owned by the arena. */
enum upkeep_column {
    UPKEEP_NAME,
    UPKEEP_ROLE, /* "": a person who may not come in any more */
    UPKEEP_MACHINE,
    UPKEEP_STATE,
    UPKEEP_HEARD,
    UPKEEP_BEHIND,
    UPKEEP_ERASURES,
    UPKEEP_REPLICA,
    UPKEEP_KEY,
    UPKEEP_MAY,
    UPKEEP_COLUMNS
};
extern const char *const upkeep_states[]; /* to be translated; ends with NULL */
enum status upkeep_list(struct reader *reader, const struct access *access, int64_t now,
                        struct arena *arena, struct sheet **sheet, struct error *err);

/* From the next batch on the hub refuses this replica, and tells it to lock itself; or lets it in
 * again. `id` may be cut short. For RIGHT_ADMIN, with a record in the audit. `full` gets the id. */
enum status upkeep_revoke(struct writer *writer, const struct access *access, const char *principal,
                          const char *id, bool back, char full[REPLICA_ID + 1], struct error *err);

/* How long the log is: numbers it knows and from which on, things and batches in it. */
struct upkeep_log {
    int64_t seq, floor, changes, events;
};
enum status upkeep_log_read(struct reader *reader, struct upkeep_log *log, struct error *err);

#endif
