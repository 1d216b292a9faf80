/*
 * What people did lately, by person, kept with the events and brought into step in the same
 * transaction as the chunks: the mall day on which somebody was last there (KIND_PRESENCE), and by
 * day of the last months what was paid, less what was given back. A question about a span that ends
 * in the present - who was here within 30 days, who spent 300 within 90 - reads this and few or no
 * events. doc/events.md has the bytes.
 *
 * Days are those of the mall's clock at the time of writing. A block says which clock that was, and
 * one of another clock is not read, so that an answer is never wrong, only slower.
 */
#ifndef ATRIUM_EVENT_RECENT_H
#define ATRIUM_EVENT_RECENT_H

#include "model/event/coded.h"
#include "model/event/place.h"

enum { RECENT_MONTHS = 3 }; /* whole months before that of the latest event: 90 days at least */
enum { RECENT_NEVER = INT32_MIN, RECENT_WORDS = EVENT_BLOCK / 64 };

/* Purchases and refunds of one person on one day. */
struct recent_till {
    uint32_t person; /* of the block */
    int32_t day;
    uint32_t purchases;
    int64_t money; /* fen, less refunds */
};
typedef VEC(struct recent_till) recent_tills;

/* ---- A block, while events are added ---- */

struct recent_event {
    uint32_t person; /* of the block */
    uint16_t kind;
    int64_t time, amount;
};

struct recent {
    int64_t last[EVENT_BLOCK];     /* of the events added; INT64_MIN: none */
    int32_t last_day[EVENT_BLOCK]; /* of all; RECENT_NEVER: none */
    int32_t since;                 /* the tills of this mall day and later are all there */
    recent_tills tills;            /* by person and day, each once */
    VEC(struct recent_event) added;
    int64_t latest; /* of the events added that are not after the wall clock; INT64_MIN: none */
    bool changed;
    bool other_clock; /* what is stored was made with another clock */
};

struct recent_event recent_event_of(const struct event *event);
void recent_clear(struct recent *recent);
void recent_free(struct recent *recent); /* what it owns */

/* One of the block's events. Those of one block may come in any order. */
void recent_add(struct recent *recent, const struct event *event, int64_t now);

/* After the last one: `since` from the latest event; then days are told, and what is too old is
 * dropped. `days` are mall days. */
void recent_move_on(struct recent *recent, struct chunk_calendar *days);
void recent_close(struct recent *recent, struct chunk_calendar *days);

/* A person's share anew, as when events changed hands: `events` are all of theirs that matter. */
void recent_replace(struct recent *recent, uint32_t person, const struct recent_event *events,
                    size_t n, struct chunk_calendar *days);

/* Whether an event matters here. */
static inline bool recent_wants(uint16_t kind)
{
    return kind_flags(kind) & KIND_PRESENCE;
}

static inline bool recent_is_till(uint16_t kind)
{
    return kind == KIND_PURCHASE || kind == KIND_REFUND;
}
struct recent_till recent_till_of(const struct recent_event *event, int32_t day);

/* Where a block's row of a batch stands in table person_recent. */
static inline int64_t recent_place(int32_t block, int64_t batch)
{
    return (int64_t)block << 32 | batch;
}
#define RECENT_BATCH "(place & 4294967295)"

/* The bytes of both columns. */
struct recent_bytes {
    struct bytes presence, tills;
};
void recent_encode(const struct recent *recent, const struct clock *clock,
                   struct recent_bytes *out);
void recent_bytes_free(struct recent_bytes *bytes);

/* Into a cleared block; other_clock where it was made with one. False for damage. */
bool recent_decode(struct view presence, struct view tills, const struct clock *clock,
                   struct recent *recent);

/* ---- A block, as it is read ---- */

struct recent_presence {
    bool known;     /* false: made with another clock */
    uint32_t n;     /* people; later ones were never there */
    int32_t low;    /* the first day */
    unsigned width; /* planes of bits, the highest first */
    const unsigned char *planes;
};

struct recent_money {
    bool known;
    int32_t since;
    uint32_t n, n_tills;        /* people; tills of them */
    const unsigned char *who;   /* a bit for each person: has tills */
    const unsigned char *first; /* a bit for each till: the first of its person */
    struct coded day, money, purchases;
};

/* Views into the bytes. Nothing stored is known too: nobody. False for damage. */
bool recent_presence_open(struct view in, const struct clock *clock,
                          struct recent_presence *presence);
bool recent_money_open(struct view in, const struct clock *clock, struct recent_money *money);

static inline uint64_t recent_word(const unsigned char *at, size_t word)
{
    uint64_t value;
    memcpy(&value, at + word * 8, 8);
    return value;
}

/* ---- Reading ---- */

/* An event of the tail. */
struct recent_late {
    struct recent_event event; /* person: of all */
    int32_t day;
};

/* What reading all blocks takes; the tail's events lie over what is stored. */
struct recent_source {
    struct reader *reader;
    sqlite3_stmt *places;         /* of rows, rising; NULL after the last */
    int64_t place;                /* where it stands; INT64_MAX after the last */
    VEC(struct recent_late) late; /* of the tail, by person */
    sqlite3_blob *presence, *tills;
};

/* Inside reader_begin .. reader_end. recent_source_end in any case. */
enum status recent_source_begin(struct recent_source *source, struct reader *reader,
                                struct error *err);
void recent_source_end(struct recent_source *source);

enum recent_part { RECENT_PRESENCE = 1, RECENT_MONEY = 2 };

/* Copies what is stored of a block, the parts asked for; on the reader's thread. Blocks rise from
 * call to call. */
enum status recent_source_fetch(struct recent_source *source, int32_t block, unsigned parts,
                                struct recent_bytes *stored, struct error *err);

/* The block's parts out of it, on any thread. They point into `stored`. */
struct recent_block {
    const struct recent_source *source;
    uint32_t first_person;
    size_t late_from, late_to; /* in source->late */
    struct recent_presence presence;
    struct recent_money money;
};
enum status recent_source_open(const struct recent_source *source, int32_t block, unsigned parts,
                               const struct recent_bytes *stored, struct recent_block *out,
                               struct error *err);

/* Who was last there on that day or later. The block's presence must be known. */
void recent_seen(const struct recent_block *block, int32_t day, uint64_t words[RECENT_WORDS]);

/* The tills of people of `among`: `fn` is called for each of a day in [from, to) with what was
 * paid, or where `purchases` how many there were; those of the tail by themselves. The block's
 * money must be known and `from` not before its `since`. */
typedef void recent_till_fn(void *context, uint32_t person, int32_t day, int64_t value);
void recent_tills_each(const struct recent_block *block, const uint64_t among[RECENT_WORDS],
                       int32_t from, int32_t to, bool purchases, recent_till_fn *fn, void *context);

#endif
