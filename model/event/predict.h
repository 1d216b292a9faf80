/*
 * Columns that another column tells. A segment's zone follows from its tenant, the tenant of points
 * from the purchase they were earned by, their number from what was paid: such a column is kept as
 * the rule and the few rows that differ.
 *
 *   mapped  the value that this value of another column of the same segment had last
 *   same    the value of the base's row (see link.h)
 *   share   a share of the base row's value, one of a few, rounded
 *
 * Encoders write nothing and say false where the rule does not pay. Decoders trust nothing and
 * need no more memory than n words. doc/events.md has the bytes.
 */
#ifndef ATRIUM_EVENT_PREDICT_H
#define ATRIUM_EVENT_PREDICT_H

#include "model/event/bytes.h"

/* How a column of a segment is kept. */
enum column_form { FORM_OWN, FORM_MAPPED, FORM_SAME, FORM_SHARE, FORM_COUNT };

bool mapped_encode(struct bytes *out, const uint64_t *from, const uint64_t *values, size_t n);
bool mapped_decode(struct view *in, const uint64_t *from, uint64_t *values, size_t n);

/* `base` has the base's value for each of the n rows; decoding replaces them in `values`. */
bool same_encode(struct bytes *out, const uint64_t *base, const uint64_t *values, size_t n);
bool same_decode(struct view *in, uint64_t *values, size_t n);

/* What same_encode writes: the rows that differ, and their values. */
struct exceptions {
    size_t n;
    uint64_t *rows, *values; /* rising rows below n; freed together */
};
bool exceptions_read(struct exceptions *exceptions, struct view *in, size_t n);
void exceptions_free(struct exceptions *exceptions);

bool share_encode(struct bytes *out, const uint64_t *base, const uint64_t *values, size_t n);
bool share_decode(struct view *in, uint64_t *values, size_t n);

#endif
