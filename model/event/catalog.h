/*
 * What is in the file: the chunks that count, in order of place, and the events of the tail.
 *
 * Everything a batch writes carries its number. A row counts when its batch is done and no later
 * batch that is done has a row for the same place: so a batch becomes visible by one changed row,
 * and what it replaces can be removed at leisure.
 */
#ifndef ATRIUM_EVENT_CATALOG_H
#define ATRIUM_EVENT_CATALOG_H

#include "model/event/place.h"

/* SQL for the batches that count. */
#define BATCHES_DONE "(select id from batch where state = 'done')"

struct chunk_entry {
    int64_t id, events, lines, first, last;
    int32_t block, month;
    bool own; /* place_chunk: staged by the batch that asks */
};

struct catalog {
    struct chunk_entry *at;
    size_t n, cap;
    int64_t version; /* reader_versions: events */
};

/* The chunks that count, by block and month. Kept with the reader until the events change; call
 * inside reader_begin .. reader_end and use within. */
enum status catalog_read(struct reader *reader, const struct catalog **catalog, struct error *err);

/* A chunk's head and data, copied into buffers that are used again. The head is checked against the
 * entry; damage names the chunk. */
struct chunk_buffer {
    struct bytes head, data;
    struct chunk_head parsed;
    unsigned char use[SEGMENTS_MAX]; /* of each segment: enum segment_use; set by chunk_open */
};

/* What a question does with a segment. */
enum segment_use { SEGMENT_SKIPPED, SEGMENT_NOTED /* only who is in it */, SEGMENT_READ };

/* Reads chunks one after another: chunk_open the head, which says what is of use to the query,
 * chunk_fetch the data of that. */
struct chunk_reader {
    struct reader *reader;
    sqlite3_blob *blob; /* of the chunk before */
};
enum status chunk_open(struct chunk_reader *chunks, const struct chunk_entry *entry,
                       const struct event_query *query, struct chunk_buffer *buffer,
                       struct error *err);
enum status chunk_fetch(struct chunk_reader *chunks, const struct chunk_entry *entry,
                        const struct event_query *query, struct chunk_buffer *buffer,
                        struct error *err);
void chunk_reader_end(struct chunk_reader *chunks);

/* A whole chunk. */
enum status chunk_read(struct reader *reader, const struct chunk_entry *entry,
                       struct chunk_buffer *buffer, struct error *err);
void chunk_buffer_free(struct chunk_buffer *buffer);

/* As chunk_read where the head is already there, and where the data is, too. */
enum status chunk_check_head(const struct chunk_entry *entry, struct chunk_buffer *buffer,
                             struct error *err);
enum status chunk_check(const struct chunk_entry *entry, struct chunk_buffer *buffer,
                        struct error *err);

/* ST_UNUSABLE with a sentence that names the chunk. */
enum status chunk_damaged(const struct chunk_entry *entry, const char *what, struct error *err);

/* The tail's events of a query, in units as they are scanned: a block of people, or a mall day of
 * nobody. Inside a unit they are sorted by (kind, person, time, arrival). */
struct tail_unit {
    int32_t block, month; /* month: of nobody the day, else 0 */
    size_t from, to;
};
struct tail_events {
    struct event_list events;
    VEC(struct tail_unit) units; /* by block and day */
    struct arena *arena;         /* has the references */
};
enum status tail_load(struct reader *reader, const struct event_query *query,
                      struct tail_events *tail, struct error *err);
void tail_free(struct tail_events *tail);

/* A row of the tail table as an event, in the order of tail_columns from column `first` on. The
 * reference is valid until the statement steps. */
#define TAIL_COLUMNS                                                                               \
    "time, person, kind, channel, tenant, zone, device, campaign, item, value, amount, address, "  \
    "ref"
void tail_row(sqlite3_stmt *stmt, int first, struct event *event);

#endif
