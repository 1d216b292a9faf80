/*
 * The column of references: receipt numbers, coupon codes, message ids.
 *
 * Most are a pattern with numbers in it ("R00012345678", "2024-10-17/000123"): the pattern is
 * stored once and the numbers as columns. What fits no pattern is stored as text, compressed where
 * that pays.
 */
#ifndef ATRIUM_EVENT_REFS_H
#define ATRIUM_EVENT_REFS_H

#include "model/event/bytes.h"

enum { REF_NUMBERS = 3, REF_SIZE_MAX = 1024 };

struct ref {
    const char *at; /* not terminated */
    uint32_t size;  /* 0: none */
};

void refs_encode(struct bytes *out, const struct ref *refs, size_t n);

/* Appends n strings, each ended by NUL, to `text` and puts where each starts there into `starts`.
 * False where the bytes are not a column of n references. */
bool refs_decode(struct view *in, struct bytes *text, size_t *starts, size_t n);

#endif
