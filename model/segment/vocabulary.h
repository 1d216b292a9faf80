/*
 * Names that complete an expression while it is typed: read once by a question, then looked at
 * without the file.
 */
#ifndef ATRIUM_SEGMENT_VOCABULARY_H
#define ATRIUM_SEGMENT_VOCABULARY_H

#include "model/segment/language.h"

enum vocabulary_list {
    NAMES_LABELS,
    NAMES_SEGMENTS,
    NAMES_CROWDS,
    NAMES_TOPICS,
    NAMES_RELATIONS,
    NAMES_ATTRIBUTES,
    NAMES_TIERS,
    NAMES_KINDS,
    NAMES_SHOPS,
    NAMES_CATEGORIES,
    NAMES_CHANNELS,
    NAMES_LISTS
};

struct vocabulary {
    const char **names[NAMES_LISTS];
    size_t n[NAMES_LISTS];
};

/* At most VOCABULARY_MOST of each. Owned by the arena. */
enum { VOCABULARY_MOST = 2000 };
enum status vocabulary_read(struct reader *reader, struct arena *arena,
                            struct vocabulary *vocabulary, struct error *err);

/* What could stand in place of the bytes from *from to `at`, fitting what is typed there.
 * `vocabulary` may be NULL: words of the language alone. Owned by the arena. */
void people_complete(struct arena *arena, const struct vocabulary *vocabulary, const char *text,
                     size_t at, const char *const **items, size_t *n, size_t *from);

#endif
