/* Texts numbered as they come, and in order in the end: the kinds of relations, the topics of
 * interests. */
#ifndef ATRIUM_LOOP_NAMES_H
#define ATRIUM_LOOP_NAMES_H

#include "model/base/arena.h"
#include "model/base/vec.h"

#include <stddef.h>
#include <stdint.h>

/* Texts in order, numbered by their place. */
struct names {
    size_t n;
    const char *const *at;
};

struct name_collector {
    struct arena *arena; /* of the texts */
    VEC(const char *) texts;
    uint32_t *slots; /* number + 1 by hash; 0: empty */
    size_t cap;
};

/* The number of a text, given out when it is new. */
uint32_t name_collect(struct name_collector *collector, const char *text, size_t n);

/* The texts in order, in the arena; place[number] is where each went (the arena's, too). Frees what
 * the collector held. */
struct names names_finish(struct name_collector *collector, const uint32_t **place);

#endif
