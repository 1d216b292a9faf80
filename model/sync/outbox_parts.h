/* The outbox while a batch is applied and while a session sends it. Inside the module. */
#ifndef ATRIUM_SYNC_OUTBOX_PARTS_H
#define ATRIUM_SYNC_OUTBOX_PARTS_H

#include "model/sync/outbox.h"

/* Verbs of modules that sync stands on. */
extern const struct outbox_verb outbox_consent, outbox_rollout;

/* Whether an operation only sets what follows from moves of an entity that has some. */
bool outbox_is_move(const char *entity, const char *verb, const json_t *fields);

/* In a transaction whose keys are not noted. The hub's rows under the edits come back ... */
enum status outbox_restore(struct writer *writer, struct error *err);
/* ... and the edits that the hub has not, or whose rows it has not sent up to `seq`, are made on
 * top of them again. */
enum status outbox_redo(struct writer *writer, int64_t seq, struct error *err);

/* The next entry to send after *number, as FRAME_EDIT has it (a new reference); NULL: none. */
enum status outbox_next(struct writer *writer, int64_t *number, json_t **edit, struct error *err);
/* How many there are after it. */
enum status outbox_left(struct writer *writer, int64_t number, int64_t *left, struct error *err);
/* What the hub said of one. Begins and commits by itself. */
enum status outbox_answer(struct writer *writer, const json_t *answer, int64_t now,
                          struct error *err);
/* The events that an edit made here, whose reference is its id. */
enum status outbox_events_remove(struct writer *writer, const char *id, struct error *err);
/* Those that the hub has not sent yet, into a new copy, in its open transaction. */
enum status outbox_events_carry(struct writer *from, struct writer *to, struct error *err);
/* The hub has another epoch: what was acknowledged goes again. Begins and commits by itself. */
enum status outbox_again(struct writer *writer, const char *epoch, struct error *err);
/* Whatever became of entries, the edits that count lie on top of the hub's rows. */
enum status outbox_lay_again(struct writer *writer, struct error *err);
/* All entries into a new copy, and the edits on top of its rows. Begins and commits by itself. */
enum status outbox_carry(struct writer *from, struct writer *to, struct error *err);

#endif
