/*
 * Room for many large sets of one size, side by side in the largest pages that the machine has:
 * five million bits are 153 small pages, each of which would be asked for, zeroed and given back by
 * itself.
 */
#ifndef ATRIUM_BASE_SET_ROOM_H
#define ATRIUM_BASE_SET_ROOM_H

#include "model/base/set.h"
#include "model/base/vec.h"

struct set_block {
    void *at; /* mapped */
    size_t size;
};

struct set_room {
    struct arena *arena; /* has the sets themselves, and the words of small ones */
    uint32_t n;          /* of each set */
    char *next;          /* in the last block */
    size_t left;
    VEC(struct set_block) blocks;
};

/* For sets of numbers below n. The arena must outlive the room. */
void set_room_begin(struct set_room *room, struct arena *arena, uint32_t n);
void set_room_end(struct set_room *room); /* with all of its sets; one that was never begun too */

/* An empty set, until the room ends. */
struct set *set_room_take(struct set_room *room);

#endif
