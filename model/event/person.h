/* The columns by person of a block: while events are added, and read again block by block. Inside
 * the module; event.h has what others read them with. */
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

/* What reading the columns of all blocks takes: the people of the tail, whose events may be earlier
 * than those that are stored. */
struct person_tail {
    uint32_t person;
    int64_t first_presence, registered; /* INT64_MAX: none */
};
struct person_source {
    struct reader *reader;
    uint32_t n;                   /* highest person + 1, as counter 'person' and the tail have it */
    VEC(struct person_tail) tail; /* rising by person */
};

/* Inside reader_begin .. reader_end. person_source_end in any case. */
enum status person_source_begin(struct person_source *source, struct reader *reader,
                                struct error *err);
void person_source_end(struct person_source *source);

/* Copies what is stored of a block; on the reader's thread. */
enum status person_source_fetch(struct person_source *source, int32_t block, struct bytes *stored,
                                struct error *err);

/* The columns out of it, EVENT_BLOCK numbers each; on any thread. */
enum status person_source_decode(const struct person_source *source, int32_t block,
                                 const struct bytes *stored, int64_t *first_presence,
                                 int64_t *registered, struct error *err);

#endif
