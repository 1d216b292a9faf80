/* The columns by person of one block while events are added; event.h has what reads them. */
#ifndef ATRIUM_EVENT_PERSON_H
#define ATRIUM_EVENT_PERSON_H

#include "model/event/place.h"

struct person_block {
    int64_t first_presence[EVENT_BLOCK], registered[EVENT_BLOCK]; /* INT64_MAX: none */
    bool changed;
};

void person_block_clear(struct person_block *block);
void person_block_add(struct person_block *block, const struct event *event);
void person_block_encode(const struct person_block *block, struct bytes *out);

/* Earlier times win, so a stored block can be laid over what is there. False for damage. */
bool person_block_decode(struct view in, int64_t *first_presence, int64_t *registered);

#endif
