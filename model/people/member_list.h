/*
 * The members, all of them, in any order.
 *
 * A list is the answer to a query: person numbers in order, four bytes each, computed once by a
 * task. Rows are read by number for the window that is looked at, so a list of five million costs
 * 20 MB and a screen of it a fraction of a millisecond. The figures in it (spent, visits, …) come
 * from one parallel scan of the events, kept in a `struct member_numbers` that all lists of a
 * process share for as long as the events do not change.
 */
#ifndef ATRIUM_PEOPLE_MEMBER_LIST_H
#define ATRIUM_PEOPLE_MEMBER_LIST_H

#include "model/access/access.h"
#include "model/base/sheet.h"
#include "model/store/reader.h"

/* ---- Figures by person ---- */

/* Figures of everyone, 20 bytes a person, for the events up to the version they were made from.
 * Counted over all time; money is net of refunds; a visit is as doc/metrics has it. */
struct member_numbers;

struct member_figures {
    int64_t spent;         /* fen, purchases - refunds */
    int64_t points;        /* earned - burned - expired ± adjusted */
    int64_t last_visit;    /* time of the last event of a visit; 0: none */
    int32_t last_purchase; /* mall day; INT32_MIN: none */
    uint32_t purchases, purchase_days, visits;
};

/* Keeps what lists share; one a process, made and freed by its owner, used from any thread. */
struct people_cache;
struct people_cache *people_cache_new(void);
void people_cache_free(struct people_cache *cache); /* NULL is fine */

/* The figures for the reader's events, computed at most once by version; another thread that asks
 * meanwhile waits (and may be cancelled). Give each back with member_numbers_release. */
enum status member_numbers_get(struct people_cache *cache, struct reader *reader,
                               const struct member_numbers **numbers, struct error *err);
void member_numbers_release(struct people_cache *cache, const struct member_numbers *numbers);
struct member_figures member_figures_of(const struct member_numbers *numbers, uint32_t person);

/* ---- Lists ---- */

enum member_column {
    MEMBER_CARD, /* a pseudonym for analysts */
    MEMBER_NAME,
    MEMBER_PHONE,
    MEMBER_TIER,
    MEMBER_GENDER,
    MEMBER_AGE, /* years at the present */
    MEMBER_JOINED,
    MEMBER_CHANNEL,
    MEMBER_LAST_VISIT,
    MEMBER_VISITS,
    MEMBER_SPENT,
    MEMBER_PURCHASES,
    MEMBER_PURCHASE_DAYS,
    MEMBER_LAST_PURCHASE,
    MEMBER_POINTS,
    MEMBER_CONSENT, /* "sms app wifi": the contacts consented to */
    MEMBER_COLUMN_COUNT
};

/* In the order of the enum: what member_list_rows gives. */
extern const struct sheet_column member_columns[MEMBER_COLUMN_COUNT];

struct member_query {
    /* MEMBER_COLUMN_COUNT: in order of person numbers, which is the quickest. Unknown values come
     * last in both directions; equal ones in order of person. */
    enum member_column order;
    bool descending;
    /* Only rows of which one of the text columns in `columns` (a bit set of 1 << enum
     * member_column; 0: all text columns), as shown to this access, matches. NULL or "": no filter.
     * Lower-case patterns match either case. ST_USAGE with the position where it cannot be read.
     * `inverse`: only rows that do not match. */
    const char *pattern;
    bool inverse;
    unsigned columns;
    /* Only what search_people finds for this text; NULL: everyone. */
    const char *search;
    /* Only these people (in any order, members or not); NULL: all members. Borrowed. */
    const uint32_t *among;
    size_t n_among;
    size_t limit; /* stop after so many (the first screen at once); 0: all */
};

struct member_list {
    size_t n;
    uint32_t *people;                     /* in order */
    bool truncated;                       /* `limit` stopped it */
    int64_t events_version, rows_version; /* made from */
};

/* Computes a list; `*list` is freed with member_list_free. ST_DENIED for a role without people.
 * Reports progress, and looks at the reader's cancel flag. */
enum status member_list_run(struct people_cache *cache, struct reader *reader,
                            const struct access *access, const struct member_query *query,
                            struct member_list **list, struct error *err);
void member_list_free(struct member_list *list); /* NULL is fine */

/* Rows [first, first + n) of a list (or of any person numbers), columns as member_columns, masked.
 * sheet->total is the list's length. With `cache` NULL or its figures not yet computed and
 * `wait` false, the columns that come from events are unknown, so that a first screen need not wait
 * for the scan. Erased people give a row of unknown cells. */
enum status member_list_rows(struct people_cache *cache, struct reader *reader,
                             const struct access *access, const struct member_list *list,
                             size_t first, size_t n, bool wait, struct arena *arena,
                             struct sheet **sheet, struct error *err);

/* How many members there are; quick. */
enum status member_count(struct reader *reader, int64_t *count, struct error *err);

#endif
