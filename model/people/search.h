/*
 * Instant search: people by name, card or phone, as one types.
 *
 * The mall file keeps posting lists of short pieces: one and two characters of names, four of
 * cards and phones, in parts of 262,144 people. A search intersects the rarest pieces' lists and
 * checks each hit against the member's row, so the lists may be out of date: people newer than the
 * last build, people that operations changed since (the audit names them) and people that imports
 * changed (search_touch) are looked at one by one. Without a build everyone is, which is fine for a
 * few ten thousand.
 *
 * Text is compared folded: case, full and half width, accents and spaces make no difference.
 * A name is found by any piece of it (with one Latin letter: by the start of a word), cards and
 * phones by any piece of four characters and more, by any digits, and with one to three characters
 * that are not all digits by their beginning.
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

/* Builds the lists anew from the member table: after a bulk import or generation, or when many
 * changed (search_fold looks at that). Takes the writer lock in short turns;
 * searches go on meanwhile with the lists there were. Call without a transaction. */
typedef void search_progress(void *context, int64_t done, int64_t total);
enum status search_build(struct writer *writer, search_progress *progress, void *context,
                         struct error *err);

/* Builds when many people changed since the last time, ST_OK without work otherwise. For the end of
 * imports and idle moments. */
enum { SEARCH_TAIL = 4096 };
enum status search_fold(struct writer *writer, struct error *err);

/* Inside a transaction: an import changed the card, name or phone of an older person, or made a
 * member of a visitor. New people and operations need no call. */
enum status search_touch(struct writer *writer, uint32_t person, struct error *err);

/* The folded form, owned by the arena: for comparing and for tests. */
char *search_fold_text(struct arena *arena, const char *text, size_t n);

#endif
