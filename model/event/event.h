/*
 * Events: append-only facts about people, kept in compressed columns inside the mall file.
 *
 * A chunk holds the events of one block of people (EVENT_BLOCK consecutive numbers) in one month of
 * mall days. Inside a chunk events are grouped by kind and sorted by (person, time, order of
 * arrival); each kind is a segment with columns of its own, encoded to what they need, so that a
 * question reads only the kinds and columns it asks for. Events of nobody (anonymous receipts,
 * randomised addresses) are in block EVENT_NOBODY, a chunk for each mall day, sorted by time.
 * doc/events.md has the format.
 *
 * New events land in the row table `tail` and are folded into chunks later; large appends write
 * chunks directly. A scan sees both. `(kind, ref)` is unique where ref is not empty: appending it
 * again is counted as a duplicate and changes nothing.
 */
#ifndef ATRIUM_EVENT_EVENT_H
#define ATRIUM_EVENT_EVENT_H

#include "model/base/set.h"
#include "model/event/kind.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

enum { EVENT_BLOCK_BITS = 14, EVENT_BLOCK = 1 << EVENT_BLOCK_BITS, EVENT_NOBODY = -1 };

/* One event. Dictionary numbers are 0 for none. */
struct event {
    int64_t time;     /* UTC seconds */
    int64_t amount;   /* fen or points by kind */
    uint64_t address; /* KIND_SIGHTING of nobody: hash of a randomised MAC, else 0 */
    uint32_t person;  /* 0: nobody */
    uint32_t tenant, zone, device, campaign, item;
    int32_t value; /* by kind: pieces of a receipt line, dBm of a sighting */
    uint16_t kind, channel;
    const char *ref; /* not terminated; NULL with ref_size 0 for none */
    uint32_t ref_size;
};

/* ---- Dictionaries ---- */

/* Which table a number refers to. */
enum dict {
    DICT_KIND,
    DICT_CHANNEL,
    DICT_TENANT,
    DICT_ZONE,
    DICT_DEVICE,
    DICT_CAMPAIGN,
    DICT_COUNT
};

/* The reader's copy, refreshed when rows changed. The name is "" for 0 and unknown numbers; the id
 * is 0 for unknown names. Names stay valid until the next reader_begin. */
const char *dict_name(struct reader *reader, enum dict dict, uint32_t id);
uint32_t dict_id(struct reader *reader, enum dict dict, const char *name, size_t n);
uint32_t dict_size(struct reader *reader, enum dict dict); /* highest id */

/* In a transaction of the writer: the id of a name, added to its table when it is new. */
enum status dict_intern(struct writer *writer, enum dict dict, const char *name, size_t n,
                        uint32_t *id, struct error *err);

/* ---- Appending ---- */

/* A few events at once, into the tail, inside the caller's transaction (writer_begin). Folding
 * happens by event_fold. *added and *duplicates may be NULL. */
enum status event_append(struct writer *writer, const struct event *events, size_t n, size_t *added,
                         size_t *duplicates, struct error *err);

/* The same; added[i] says whether the i-th was new. */
enum status event_append_each(struct writer *writer, const struct event *events, size_t n,
                              bool *added, struct error *err);

/* Folds the tail into chunks when it holds at least `least` events (0: always). Takes the bulk
 * lock; ST_OK without work when another process has it. */
enum status event_fold(struct writer *writer, size_t least, struct error *err);

/* Folds the tail's rows up to `last`, as a replica does when its hub has. `before_visible` as in
 * event_bulk_commit. */
enum status event_fold_to(struct writer *writer, int64_t last,
                          enum status (*before_visible)(struct writer *, void *context,
                                                        struct error *),
                          void *context, struct error *err);

/* A bulk append: any number of events in any order, prepared on `threads` threads in bounded
 * memory, staged invisibly and made visible at once by event_bulk_commit, all or nothing. Between
 * begin and end the caller holds no transaction; the bulk lock is taken by begin, which also folds
 * the tail, as its events arrived before. */
struct event_bulk;

struct event_bulk_options {
    size_t memory;      /* bytes to hold before staging; 0: 1 GiB */
    int threads;        /* 0: the machine's */
    const char *source; /* for the batch's record: a file name or "demo" */
    int64_t time;       /* for the batch's record; 0: time_now() */
    bool replayed;      /* a replica's: the hub has looked for duplicates, and there is no index */
};

enum status event_bulk_begin(struct writer *writer, const struct event_bulk_options *options,
                             struct event_bulk **bulk, struct error *err);

/* Copies what it needs. Dictionary and person numbers must be known or have been given out by the
 * caller in this bulk's own transaction at commit (see event_bulk_commit). Rows with the same
 * (kind, ref) as an earlier one are dropped at commit and counted. Calls from several threads must
 * each use a lane of their own, 0 .. EVENT_LANES - 1. Rows of one lane keep their order; between
 * lanes, the lower lane arrived first. */
enum { EVENT_LANES = 8 };
enum status event_bulk_add(struct event_bulk *bulk, int lane, const struct event *events, size_t n,
                           struct error *err);

/* For a caller that already has whole blocks (a generator): events of one block of people, all
 * months, sorted by nothing in particular, without refs that stand in other blocks. May be called
 * from several threads at once for different blocks; the file does not depend on their timing. */
enum status event_bulk_add_block(struct event_bulk *bulk, int32_t block, const struct event *events,
                                 size_t n, struct error *err);

/* `before_visible` (may be NULL) runs inside the last transaction before the batch becomes visible:
 * dictionaries, people and members of the same import are written there. On failure nothing has
 * changed. Frees the bulk either way. */
struct event_bulk_counts {
    int64_t added, duplicates;
};
enum status event_bulk_commit(struct event_bulk *bulk,
                              enum status (*before_visible)(struct writer *, void *context,
                                                            struct error *),
                              void *context, struct event_bulk_counts *counts, struct error *err);
void event_bulk_cancel(struct event_bulk *bulk);

/* ---- Scanning ---- */

enum event_column {
    EVENT_TIME = 1 << 0, /* always there */
    EVENT_TENANT = 1 << 1,
    EVENT_ZONE = 1 << 2,
    EVENT_CHANNEL = 1 << 3,
    EVENT_DEVICE = 1 << 4,
    EVENT_AMOUNT = 1 << 5,
    EVENT_CAMPAIGN = 1 << 6,
    EVENT_ITEM = 1 << 7,
    EVENT_VALUE = 1 << 8,
    EVENT_ADDRESS = 1 << 9,
    EVENT_REF = 1 << 10,
};

/* For questions that begin with events of some kinds, as funnels do. Of a block's other kinds only
 * those months are read that reach into the time from the block's first leading event to `window`
 * seconds after its last one. */
struct event_lead {
    const uint16_t *kinds;
    size_t n_kinds;
    unsigned columns; /* of enum event_column, that are read of these kinds alone */
    int64_t to;       /* leading events are those before this */
    int64_t window;
    /* Who has events of these kinds before `to` that were not read is in the block's `passed`. */
    const uint16_t *noted;
    size_t n_noted;
};

struct event_query {
    int64_t from, to;      /* [from, to); to = 0: no end; from = INT64_MIN: no start */
    const uint16_t *kinds; /* NULL: all */
    size_t n_kinds;
    unsigned columns;      /* enum event_column */
    bool nobody;           /* also the events of nobody: first, a block for each mall day */
    bool people;           /* the events of people */
    bool times;            /* the columns by person beside the events of people */
    uint32_t person_first; /* only people in [person_first, person_last]; 0, 0 = all */
    uint32_t person_last;
    const uint8_t *blocks;         /* blocks[b] != 0: of people only those blocks; NULL: all */
    uint32_t n_blocks;             /* later ones are left out */
    const struct event_lead *lead; /* NULL: everything is read */
    const struct set *among;       /* of people's events only these people's; NULL: everyone's */
    /* Segments (a kind in a month) that lie in [from, to) altogether are not read: who has events
     * there is in the block's `passed`. For asking who did a thing at all. */
    bool who;
};

/* The events of one kind in a block, all months of the query, sorted by (person, time). Columns not
 * asked for are NULL, and so is one that holds nothing but zeros. */
struct event_run {
    uint16_t kind;
    size_t n;
    const uint32_t *person;
    const uint32_t *starts; /* by person of the block: the first row, and one more for the end */
    const int64_t *time, *amount;
    const uint32_t *tenant, *zone, *device, *campaign, *item;
    const uint16_t *channel;
    const int32_t *value;
    const uint64_t *address;
    const char *const *ref; /* NUL-terminated, "" for none */
};

struct event_block {
    int32_t block;         /* EVENT_NOBODY or people / EVENT_BLOCK */
    uint32_t first_person; /* of the block */
    size_t n_runs;         /* in order of kind; kinds without events are left out */
    const struct event_run *runs;
    /* As in struct person_times; NULL unless asked for with query.times, and for nobody. */
    const int64_t *first_presence, *registered;
    /* With event_query.lead or .who: a bit for each person of the block, EVENT_BLOCK of them; NULL:
     * nobody
     */
    const uint64_t *passed;
};

/* Calls `fn` for each block with events of the query from the calling thread, inside
 * reader_begin/end of its own when there is none: first the events of nobody, as a block
 * EVENT_NOBODY for each mall day in rising order, then blocks of people in rising order. The
 * block's memory is valid during the call. A status other than ST_OK from fn ends the scan with it.
 */
typedef enum status event_block_fn(void *context, const struct event_block *block,
                                   struct error *err);
enum status event_scan(struct reader *reader, const struct event_query *query, event_block_fn *fn,
                       void *context, struct error *err);

/* As event_scan on up to `threads` threads at once (0: the machine's): each has its own context,
 * made from `contexts` (an array of pointers, n_contexts = threads at most) and sees every block
 * exactly once between them, in no particular order. One state of the file for all. Merging the
 * contexts is the caller's. */
enum status event_scan_parallel(struct reader *reader, const struct event_query *query,
                                event_block_fn *fn, void **contexts, int n_contexts,
                                struct error *err);

/* All events of a block's runs for one person after another, in time order (ties by kind, then
 * arrival): for visits, funnels and time lines. A person whose events are not all taken is fine:
 * the next call of event_cursor_person goes on. */
enum { EVENT_RUNS = 256 }; /* in a block at most */
struct event_cursor {
    const struct event_block *block;
    uint32_t n;                               /* runs that have more of this person's events */
    uint32_t at[EVENT_RUNS], end[EVENT_RUNS]; /* this person's, by run */
    uint8_t active[EVENT_RUNS];
};
void event_cursor_start(struct event_cursor *cursor, const struct event_block *block);
/* The next person with events; false at the end. */
bool event_cursor_person(struct event_cursor *cursor, uint32_t *person);
/* The next event of that person: its run and row; false when there is no more. */
bool event_cursor_next(struct event_cursor *cursor, const struct event_run **run, size_t *row);

/* Counts without reading chunks. */
struct event_totals {
    int64_t events; /* without receipt lines */
    int64_t lines;
    int64_t first, last; /* times; 0 when there are none */
};
enum status event_totals(struct reader *reader, struct event_totals *totals, struct error *err);

/* ---- Roll-ups: additive sums kept with the events; reading them is instant. ---- */

struct rollup_cell {
    int32_t day; /* mall day */
    uint32_t tenant, channel;
    uint16_t kind;
    bool nobody; /* events without a person */
    int64_t count, amount;
};
struct rollup_hour {
    int32_t day;
    uint8_t hour;
    uint32_t zone;
    bool nobody; /* randomised addresses */
    int64_t sightings;
};

/* Every cell of mall days [from_day, to_day), tail included. Owned by the arena. */
enum status rollup_days(struct reader *reader, struct arena *arena, int32_t from_day,
                        int32_t to_day, const struct rollup_cell **cells, size_t *n,
                        struct error *err);
/* Of all days, what people did of some kinds, added up over shops and channels (which are 0): the
 * cells by day and kind. A few milliseconds for years. */
enum status rollup_kinds(struct reader *reader, struct arena *arena, const uint16_t *kinds,
                         size_t n_kinds, const struct rollup_cell **cells, size_t *n,
                         struct error *err);
enum status rollup_hours(struct reader *reader, struct arena *arena, int32_t from_day,
                         int32_t to_day, const struct rollup_hour **cells, size_t *n,
                         struct error *err);

/* ---- Columns by person, kept with the events ---- */

/* The people of a block: first_presence is the time of the first event that shows the person in the
 * mall, registered of the first register event; INT64_MAX where there is none. Both are indexed by
 * person - first_person; n people of the block may exist. */
struct person_times {
    uint32_t first_person, n;
    const int64_t *first_presence, *registered;
};

/* Calls `fn` for every block of people in rising order, those without events too: everybody without
 * memory for everybody. What `times` points to is valid during the call. A status other than ST_OK
 * from fn ends it with that. A scan has the same for its blocks: event_query.times. */
typedef enum status person_times_fn(void *context, const struct person_times *times,
                                    struct error *err);
enum status person_times_each(struct reader *reader, person_times_fn *fn, void *context,
                              struct error *err);

/* Highest person + 1, as counter 'person' and the tail have it. */
enum status people_end(struct reader *reader, uint32_t *n, struct error *err);

#endif
