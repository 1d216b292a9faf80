/*
 * The outbox: edits made on a replica, from the moment they were made until the hub's answer was
 * dealt with. Every operation on a replica puts itself there, in its own transaction; what is no
 * operation does it with outbox_put.
 */
#ifndef ATRIUM_SYNC_OUTBOX_H
#define ATRIUM_SYNC_OUTBOX_H

#include "model/access/access.h"
#include "model/store/operation.h"

enum outbox_state {
    OUTBOX_PENDING,  /* not sent yet, or no answer yet */
    OUTBOX_WAITING,  /* behind a conflict about the same thing */
    OUTBOX_CONFLICT, /* the hub's version is another: a person decides */
    OUTBOX_REFUSED,  /* with the hub's reason; undone here */
    OUTBOX_DONE,     /* kept for sync_keep, see doc/sync.md */
    OUTBOX_STATES
};
extern const char *const outbox_state_names[OUTBOX_STATES]; /* as in JSON */

/* An edit on its way to the hub. */
struct outbox_edit {
    const char *id, *target;
    int64_t base; /* the version it was made against, with its own edits before it; -1: any */
    const json_t *detail;
};

/*
 * A verb besides "operation", registered before there are threads by the module that knows it.
 * `apply` runs on the hub inside a transaction, with the principal's access, and must change
 * nothing the second time an id comes.
 *
 * One with an entity is an operation that is more than its fields (struct operation, `move`): the
 * state it meets decides. It keeps the operation's id; what its module refuses comes back as a
 * conflict, with `theirs` (field → value, to be filled) beside what the edit says. `again` makes
 * the edit's detail fit for another try against theirs, or says why there is none; NULL: there
 * never is.
 */
struct outbox_verb {
    const char *name; /* "points", "campaign" */
    enum status (*apply)(struct writer *writer, const struct access *access,
                         const struct outbox_edit *edit, struct error *err);
    const char *entity; /* NULL: none */
    enum status (*theirs)(struct writer *writer, const char *target, json_t *theirs,
                          struct error *err);
    enum status (*again)(const char *target, json_t *detail, const json_t *theirs,
                         struct error *err);
};
void outbox_verb_register(const struct outbox_verb *verb);
const struct outbox_verb *outbox_verb_find(const char *name); /* NULL: unknown */
/* Whose moves are verbs of that name; NULL: none. */
const struct outbox_verb *outbox_verb_of(const char *entity);

/* Checks of replicas, for `atrium verify`; at the start of the program. */
void sync_verify_register(void);

/* Lets operations on replicas find the outbox; at the start of the program. */
void sync_register(void);

/* Inside a transaction on a replica; on any other mall it does nothing. */
enum status outbox_put(struct writer *writer, const char *verb, const char *id, const char *actor,
                       const char *target, const json_t *detail, struct error *err);

/* Texts are cleaned, never NULL, owned by the arena; the objects are the reader's, until its next
 * outbox_read. */
struct outbox_entry {
    const char *id, *verb, *entity, *target, *actor, *reason;
    const char *move; /* "": it is none */
    enum outbox_state state;
    int64_t made, base_version;
    const json_t *mine, *base, *theirs; /* objects: field → value; theirs NULL: no conflict */
    const char *by;                     /* who made theirs */
    int64_t at;
};

/* The oldest first; `done` also those that were dealt with. */
enum status outbox_read(struct reader *reader, const struct access *access, struct arena *arena,
                        bool done, const struct outbox_entry **entries, size_t *n,
                        struct error *err);

/* Deals with a conflict: `take` gives up mine; otherwise a verb is tried again against the hub's
 * version, where that has it (ST_CONFLICT, ST_REFUSED), and of an operation `fields` (field →
 * value) are set against the hub's version in a new operation: mine to keep mine, or a choice of
 * both. ST_CONFLICT where it was dealt with already or the hub's version moved on. Begins and
 * commits by itself. */
enum status outbox_resolve(struct writer *writer, const struct access *access, const char *id,
                           bool take, const json_t *fields, struct error *err);

/* Gives up an edit that was not sent yet, or one that was refused: what it changed is as before. */
enum status outbox_drop(struct writer *writer, const struct access *access, const char *id,
                        struct error *err);

#endif
