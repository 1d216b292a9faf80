/*
 * What a scan goes through: units, each a block of people with its chunks of all months and its
 * events of the tail, or a mall day of nobody. Inside the module.
 */
#ifndef ATRIUM_EVENT_SCAN_H
#define ATRIUM_EVENT_SCAN_H

#include "model/event/assemble.h"
#include "model/event/person.h"
#include "model/event/sample.h"

struct scan_unit {
    int32_t block;
    size_t first, n;           /* in scan->entries */
    size_t tail_from, tail_to; /* in scan->tail.events */
};

/* Everything a scan needs, found under one state of the file. */
struct scan {
    struct reader *reader;
    const struct event_query *query;
    const struct sample *sample;
    struct event_query narrowed; /* the query where there is a sample */
    uint8_t *blocks;             /* of that, where the query has blocks of its own */
    struct chunk_reader chunks;
    struct tail_events tail;
    struct person_source people;             /* where the query asks for their times */
    VEC(const struct chunk_entry *) entries; /* those that can have events of the query */
    VEC(struct scan_unit) units;
    size_t units_done;
    int64_t events_done, events_all; /* of chunks, for progress */
};

/* Begins reading; scan_end in any case. */
enum status scan_begin(struct scan *scan, struct reader *reader, const struct event_query *query,
                       struct error *err);
void scan_end(struct scan *scan);

/* One unit's chunks in memory. A job keeps its memory from unit to unit. */
struct scan_job {
    struct assembly assembly;
    VEC(struct chunk_buffer) buffers;
    struct bytes people; /* what is stored of the block's columns by person */
    int64_t *times;      /* and the two columns, 2 * EVENT_BLOCK; NULL: not asked for */
};

/* Reads the next unit's chunks; *more is false when there are no more units. Progress and
 * cancelling are looked at here. */
enum status scan_fetch(struct scan *scan, struct scan_job *job, bool *more, struct error *err);

/* The job's block put together; NULL in *block where it has no events. On any thread, each with an
 * assembler of its own. */
enum status scan_assemble(const struct scan *scan, struct scan_job *job,
                          struct assembler *assembler, const struct event_block **block,
                          struct error *err);
void scan_job_free(struct scan_job *job);

#endif
