/*
 * The outbox as rows: the list of edits, and one conflict field by field. For the screens and the
 * commands alike.
 */
#ifndef ATRIUM_SYNC_OUTBOX_SHEET_H
#define ATRIUM_SYNC_OUTBOX_SHEET_H

#include "model/base/sheet.h"
#include "model/sync/outbox.h"

/* id, kind (the entity, or the verb where it is no operation), target, state, age_s, reason. With
 * `people` states are translated and the id comes last. */
enum outbox_column {
    OUTBOX_ID,
    OUTBOX_KIND,
    OUTBOX_TARGET,
    OUTBOX_STATE,
    OUTBOX_AGE,
    OUTBOX_REASON,
    OUTBOX_COLUMNS
};
struct sheet *outbox_sheet(struct arena *arena, const struct outbox_entry *entries, size_t n,
                           int64_t now, bool people);

/* A field of a conflict. Texts are cleaned, "" where there is nothing. */
struct outbox_field {
    const char *name, *before, *mine, *theirs;
    bool differs; /* mine is not theirs: somebody has to choose */
};
/* All fields that either side set, those that differ first. */
size_t outbox_fields(struct arena *arena, const struct outbox_entry *entry,
                     const struct outbox_field **fields);

/* The entry with this id, or the only one whose id begins so; NULL. */
const struct outbox_entry *outbox_find(const struct outbox_entry *entries, size_t n,
                                       const char *id);

/* What `keep` sets: all of mine. Merging sets mine where `choose` (by field of outbox_fields) says
 * so. Never NULL; the caller's. */
json_t *outbox_mine(const struct outbox_entry *entry);
json_t *outbox_choice(const struct outbox_entry *entry, const struct outbox_field *fields, size_t n,
                      const bool *mine);

/* For people, translated: "waiting to be sent". */
extern const char *const outbox_state_titles[OUTBOX_STATES];

#endif
