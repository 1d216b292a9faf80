/*
 * Inside the assembler. assemble_rows.c finds the rows that take part, counts them by person, and
 * places their times; assemble.c places the other columns and the tail, and hands out the runs.
 */
#ifndef ATRIUM_EVENT_ASSEMBLE_PARTS_H
#define ATRIUM_EVENT_ASSEMBLE_PARTS_H

#include "model/event/assemble.h"

/* Rows of one person in one segment, of which not all take part. */
struct stretch {
    uint32_t person, row, n;
};

/* A segment that takes part. */
struct source {
    const struct chunk_segment *segment;
    const unsigned char *data;
    const struct chunk_entry *entry;
    bool whole;               /* no row is left out */
    bool few;                 /* of the people of query->among, whose times are known already */
    size_t from, n;           /* whole: in `packed`, else in `stretches` of the assembler */
    size_t times_from;        /* few: in `times` */
    size_t rows_from, n_rows; /* in `targets` */
};

/* The arrays of a run, kept from block to block. By enum chunk_column; COLUMN_PEOPLE has persons.
 */
struct run_memory {
    void *column[COLUMN_COUNT];
    size_t cap;
    uint32_t *bounds; /* of EVENT_BLOCK + 1 people */
    struct bytes text;
};

struct assembler {
    const struct event_query *query;
    bool kinds[KIND_MAX + 1];
    int64_t from, to;
    uint32_t person_first, person_last;
    const struct assembly *now;

    VEC(struct source) sources;
    VEC(uint32_t) packed;          /* of whole sources: see segment_stretches */
    VEC(struct stretch) stretches; /* of the others */
    VEC(int64_t) times;            /* of the rows in stretches of sources of few people */
    uint32_t *targets; /* by row that takes part: its place in the run, where columns follow */
    uint32_t *rows;    /* and its row in the segment, where the source is not whole */
    size_t targets_cap;
    uint32_t *place; /* by person of the block: where the next event goes */
    uint32_t
        *bounds; /* of the run at work: where each person's events begin; one more for the end */
    uint64_t *words; /* room for the decoded columns of a segment: 3 * words_cap */
    size_t words_cap;
    size_t *starts;

    uint64_t passed[EVENT_BLOCK / 64]; /* see struct event_block */

    struct run_memory *memory; /* by kind */
    struct event_run runs[KIND_MAX + 1];
    struct event_block block;
};

/* Room for a segment of n rows. */
void assembler_words(struct assembler *assembler, size_t n);

enum status source_damaged(const struct source *source, const char *what, struct error *err);

/* The segments of a kind; *n is how many events the run will have, those of the tail included. */
enum status rows_find(struct assembler *assembler, uint16_t kind, const struct event *tail,
                      size_t n_tail, size_t *n, struct error *err);

/* Who is in the segments that are only noted; *any is false where there are none. */
enum status people_note(struct assembler *assembler, bool *any, struct error *err);

/* Times and persons of all rows, and where they went. `people` has room for three more. */
enum status rows_place(struct assembler *assembler, uint32_t *people, int64_t *times,
                       struct error *err);

#endif
