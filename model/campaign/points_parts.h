/* What the files of the ledger share: a person's entries while something is posted. Inside the
 * module. */
#ifndef ATRIUM_CAMPAIGN_POINTS_PARTS_H
#define ATRIUM_CAMPAIGN_POINTS_PARTS_H

#include "model/campaign/ledger.h"

typedef VEC(struct points_event) points_events;

/* A row of a run as an entry; its reference stays the run's. */
struct points_event points_event_of(const struct event_run *run, size_t row);

/* The entries of a person up to a moment, in order; texts are the arena's. */
enum status points_events_read(struct reader *reader, struct arena *arena, uint32_t person,
                               int64_t at, points_events *events, struct error *err);

/* Of a person's entries in order: the time that an entry of this kind at `time` gets; the least
 * balance from a moment on; the number after the highest that the ledger gave such a reference. */
int64_t points_time(const struct points_event *events, size_t n, uint16_t kind, int64_t time);
int64_t points_least(const struct points_event *events, size_t n, int64_t time);
long points_number(const struct points_event *events, size_t n, uint16_t kind, const char *prefix,
                   uint32_t person);

/* What a person has while the writer's turn lasts: what is committed and what this transaction
 * added. book_end in any case. */
struct points_book {
    struct writer *writer;
    const struct access *access;
    struct arena *arena;
    uint32_t person;
    int64_t now; /* the wall clock */
    struct points_terms terms;
    points_events events;
    struct points_fold fold; /* of all of them */
    int64_t held;
};
enum status book_begin(struct points_book *book, struct writer *writer, const struct access *access,
                       uint32_t person, struct error *err);
void book_end(struct points_book *book);

/* The sums after all entries, with what is held and due at that moment. */
struct points_sums book_sums(const struct points_book *book, int64_t at);

int64_t book_time(const struct points_book *book, uint16_t kind, int64_t time);
int64_t book_least(const struct points_book *book, int64_t time);

/* Appends an entry as an event and to the book. */
enum status book_append(struct points_book *book, const struct points_event *event,
                        struct error *err);

/* A reference that stands for the person's next entry of its kind made by the ledger itself:
 * "PX123-4". Digits and a small number, so that the index of references has it exactly. */
const char *book_ref(const struct points_book *book, uint16_t kind, const char *prefix);

/* Expires what is due at a moment and not held; takes what is owed of what is there. *n (may be
 * NULL) the points. */
enum status book_expire(struct points_book *book, int64_t time, int64_t *n, struct error *err);
enum status book_collect(struct points_book *book, int64_t time, int64_t *n, struct error *err);

/* Points for cash: whether a campaign lets a person burn points at a shop at a moment - it runs, is
 * open by its schedule, the shop is one of its shops, the budget has room - and what they are worth
 * there, rounded down to a fen. ST_CONFLICT says why not. */
enum status points_cash_check(const struct points_book *book, uint32_t id, uint32_t tenant,
                              int64_t time, int64_t points, int64_t *fen, struct error *err);
enum status points_cash_value(const struct points_book *book, uint32_t id, int64_t points,
                              int64_t *fen, struct error *err);
/* Adds to the campaign's sums of points burned and money given; below 0 where given back. */
enum status points_cash_sums(const struct points_book *book, uint32_t id, int64_t points,
                             int64_t fen, struct error *err);

/* Points held at a moment, of one person or (person 0) in all. */
enum status points_held(sqlite3 *db, uint32_t person, int64_t at, int64_t *points,
                        struct error *err);

/* Marks a person's holds whose time is over (person 0: everybody's). */
enum status points_holds_end(struct writer *writer, uint32_t person, int64_t at, struct error *err);

/* A reader of the writer's mall, kept with it. */
enum status points_reader(struct writer *writer, struct reader **reader, struct error *err);

#endif
