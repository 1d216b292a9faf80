/*
 * Instant search: people by name, card or phone, as one types.
 *
 * The mall file keeps posting lists of short pieces: one and two characters of names, four of
 * cards and phones, in parts of 262,144 people. A search intersects the rarest pieces' lists and
 * checks each hit against the member's row, so the lists may be out of date: people changed since
 * the last build are in the table `search_tail` (kept by triggers) and are looked at one by one.
 *
 * Text is compared folded: case, full and half width, accents and spaces make no difference.
 * A name is found by any piece of it (of Latin names with one letter: by the start of a word), a
 * card by any piece, a phone by any piece of its digits.
 */
#ifndef ATRIUM_PEOPLE_SEARCH_H
#define ATRIUM_PEOPLE_SEARCH_H

#include "model/access/access.h"
#include "model/base/arena.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

struct search_result {
    size_t n;
    uint32_t
        *people; /* exact cards and phones first, then in order of person; owned by the arena */
    bool more;   /* `limit` stopped it */
};

/* limit 0: all of them. An analyst can search for pseudonyms only, a technician for nobody
 * (ST_DENIED). An empty text finds nobody. */
enum status search_people(struct reader *reader, const struct access *access, const char *text,
                          size_t limit, struct arena *arena, struct search_result *result,
                          struct error *err);

/* Builds the lists anew from the member table: after a bulk import or generation, or when the tail
 * has grown past SEARCH_TAIL (search_fold looks at that). Takes the writer lock in short turns;
 * searches go on meanwhile with the lists there were. Call without a transaction. */
typedef void search_progress(void *context, int64_t done, int64_t total);
enum status search_build(struct writer *writer, search_progress *progress, void *context,
                         struct error *err);

/* Builds when the tail is long; ST_OK without work otherwise. For the end of imports and idle
 * moments. */
enum { SEARCH_TAIL = 4096 };
enum status search_fold(struct writer *writer, struct error *err);

/* Inside a transaction that inserts very many members: leaves the tail alone until the next
 * search_build, which must follow. (Members inserted so are not found before it.) */
enum status search_suspend(struct writer *writer, struct error *err);

/* The folded form, owned by the arena: for comparing and for tests. */
char *search_fold_text(struct arena *arena, const char *text, size_t n);

#endif
