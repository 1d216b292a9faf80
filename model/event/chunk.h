/*
 * A chunk's bytes: the events of one place, which is a block of people in one month of mall days,
 * or one mall day of nobody. Each kind is a segment sorted by (person, time, arrival); a segment
 * is a set of columns of its own, or follows the rows of another one (link.h). The head lists
 * segments and columns with sizes and checksums; the data holds the columns, the same column of all
 * kinds side by side, people and times first, because most questions read nothing else.
 *
 * doc/events.md has the bytes. Decoders trust nothing: a size that does not fit, a checksum that
 * does not match or a column that does not decode is damage, never a crash.
 */
#ifndef ATRIUM_EVENT_CHUNK_H
#define ATRIUM_EVENT_CHUNK_H

#include "model/event/event.h"
#include "model/event/predict.h"
#include "model/event/refs.h"

/* The columns by number: those of enum event_column in the order of their bits, then the people. */
enum chunk_column {
    COLUMN_TIME,
    COLUMN_TENANT,
    COLUMN_ZONE,
    COLUMN_CHANNEL,
    COLUMN_DEVICE,
    COLUMN_AMOUNT,
    COLUMN_CAMPAIGN,
    COLUMN_ITEM,
    COLUMN_VALUE,
    COLUMN_ADDRESS,
    COLUMN_REF,
    COLUMN_PEOPLE,
    COLUMN_COUNT
};

enum {
    CHUNK_VERSION = 1,
    CHUNK_EVENTS_MAX = 1 << 25,
    CHUNK_INLINE = 8, /* a column of so many bytes is kept in the head */
    FORM_BITS = 2,
    LINK_FOLLOWERS = 255, /* rows that follow one row, at most */
    KIND_MAX = 255,
    SEGMENTS_MAX = 2 * KIND_MAX, /* a plain and a linked one of each kind */
};

/* The order of columns in head and data: those that most questions read come first, as a question
 * that stops early reads no further pages of the file. */
extern const unsigned char chunk_order[COLUMN_COUNT]; /* of enum chunk_column */

/* ---- Encoding ---- */

/* One kind's events, sorted. Columns that are NULL hold zeros; time is always there. */
struct segment_rows {
    uint16_t kind;
    size_t n;
    const uint32_t *person;             /* within the block */
    const uint64_t *column[COLUMN_REF]; /* by enum chunk_column */
    const struct ref *refs;             /* NULL: none */
};

struct chunk_bytes {
    struct bytes head, data;
};

void chunk_encode(const struct segment_rows *segments, size_t n, struct chunk_bytes *out);

/* ---- Decoding ---- */

struct chunk_part {
    uint32_t offset, size, checksum; /* in the data; size 0: zeros */
    unsigned char form;              /* enum column_form */
    unsigned char from;              /* FORM_MAPPED: enum chunk_column, of the same segment */
    const unsigned char *in_head;    /* a small column, else NULL */
};

/* How a linked segment's rows follow its base's: read when first needed, and kept. */
struct chunk_link {
    bool read;
    bool single;     /* none more than once */
    uint8_t *counts; /* by row of the base; NULL: one each */
    struct link_person {
        uint32_t person, rows, followers;
    } * people; /* of the base */
};

struct chunk_segment {
    uint16_t kind;
    const struct chunk_segment *base; /* whose rows its rows follow (link.h), or NULL */
    struct chunk_link *link;          /* the head's; NULL where base is */
    uint32_t n, n_people;
    int64_t first, last;
    struct chunk_part parts[COLUMN_COUNT];
};

struct chunk_head {
    size_t n, events;
    uint32_t data_size;
    struct chunk_segment *segments; /* in order of kind */
    size_t cap;
};

/* Reads a directory; `head` keeps its memory from call to call and points into the bytes. False for
 * damage. What is decoded of linked segments is kept in the head, so one head belongs to one set of
 * data, and to one thread at a time. */
bool chunk_head_read(struct chunk_head *head, const void *bytes, size_t size);
void chunk_head_free(struct chunk_head *head);

/* The parts that must be at hand to read `columns` (bits of enum chunk_column) of segment s: added
 * to needs, which has such bits for each segment. */
void segment_needs(const struct chunk_head *head, size_t s, unsigned columns, unsigned *needs);

/* The people of a segment: n_people numbers within the block, rising, and how many events each has.
 * `person` and `count` have room for segment->n_people. */
bool segment_people(const struct chunk_segment *segment, const unsigned char *data,
                    uint64_t *person, uint64_t *count);

/* The same packed, person << STRETCH_BITS | count, and each count added to tally[person], which has
 * EVENT_BLOCK numbers. For segments of fewer than 1 << STRETCH_BITS events. `words` has room for
 * 2 * n_people. */
enum { STRETCH_BITS = 32 - EVENT_BLOCK_BITS };
bool segment_stretches(const struct chunk_segment *segment, const unsigned char *data,
                       uint64_t *words, uint32_t *packed, uint32_t *tally);

/* The times, by row: `start` of n_people and `step` of n - n_people words are left as the format
 * has them (the first time of each person and the steps from there), for callers that place each
 * person elsewhere. */
bool segment_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                   uint64_t *step);

/* A column of numbers, by row; `values` has room for segment->n. */
bool segment_column(const struct chunk_segment *segment, const unsigned char *data,
                    enum chunk_column column, uint64_t *values);

/* The references, as refs_decode; rows may share one, and there may be others between. */
bool segment_refs(const struct chunk_segment *segment, const unsigned char *data,
                  struct bytes *text, size_t *starts);

/* All events of a chunk, in its order, as event records appended to `events`; references are kept
 * in the arena. For merging, checking and tests. */
struct event_list {
    struct event *at;
    size_t n, cap;
};
bool chunk_events(const struct chunk_head *head, const unsigned char *data, uint32_t first_person,
                  struct arena *arena, struct event_list *events);

/* ---- A chunk that gets a few more events ---- */

/* `changing` says which kinds have new events; those that follow one another (link.h) change
 * together, and are added. */
void chunk_kinds_changing(const struct chunk_head *head, bool changing[KIND_MAX + 1]);

/* As chunk_events, of these kinds only. */
bool chunk_events_of(const struct chunk_head *head, const unsigned char *data,
                     uint32_t first_person, const bool which[KIND_MAX + 1], struct arena *arena,
                     struct event_list *events);

/* As chunk_encode, with the segments of all other kinds taken over from another chunk as they
 * stand. False where their bytes are damaged. */
struct chunk_kept {
    const struct chunk_head *head;
    const unsigned char *data;
    bool changing[KIND_MAX + 1]; /* are not taken over */
};
bool chunk_encode_beside(const struct segment_rows *segments, size_t n,
                         const struct chunk_kept *kept, struct chunk_bytes *out);

#endif
