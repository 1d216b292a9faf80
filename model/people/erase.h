/*
 * Erasing a person, with a receipt.
 *
 * All rows about the person go, in every table; contacts leave keyed hashes behind, so that no
 * import brings them back. What happened stays, as it is the mall's: the events are given to a new
 * number that is nobody's, so all counts and sums, distinct people included, are what they were,
 * and no number or pseudonym that was noted anywhere leads to them. Old records of the audit lose
 * what they say about the person, and the chain still holds (model/store/redact.h). In the end the
 * file's bytes are searched, unused ones too.
 */
#ifndef ATRIUM_PEOPLE_ERASE_H
#define ATRIUM_PEOPLE_ERASE_H

#include "model/access/access.h"
#include "model/base/sheet.h"

struct erasure {
    char id[40];         /* of the receipt: "E-2026-1A2B3C4D"; "" for a preview */
    struct sheet *sheet; /* what, where (table), rows, done ("removed", "kept without a name") */
    int64_t contacts;    /* hashes kept */
    bool rewritten;      /* the file held copies in unused bytes and was rewritten */
    int64_t replicas;    /* that have to pull yet */
    bool log_left;       /* somebody has the mall open: their log goes when they close it */
};

/* ST_DENIED without RIGHT_PEOPLE_EDIT, ST_REFUSED for an unknown person or without a reason of 3 to
 * 500 bytes, ST_CONFLICT while an import runs. Call without a transaction. The sheet is owned by
 * the arena. There is no way back. */
enum status member_erase(struct writer *writer, const struct access *access, uint32_t person,
                         const char *reason, struct arena *arena, struct erasure *erasure,
                         struct error *err);

/* What member_erase would do; changes nothing. */
enum status member_erase_preview(struct reader *reader, struct writer *writer,
                                 const struct access *access, uint32_t person, struct arena *arena,
                                 struct erasure *erasure, struct error *err);

/* All receipts, the latest first: id, time, actor, reason, rows, and on a hub how many replicas
 * have not pulled since. */
enum status erasure_list(struct reader *reader, struct arena *arena, struct sheet **sheet,
                         struct error *err);

#endif
