/*
 * The points ledger. doc/points.md has the rules and why.
 *
 * Its entries are events (points_earn, points_burn, points_expire, points_adjust, points_reverse):
 * append-only, once each by reference, in the columns with everything else. A person's lots and
 * balance are what the fold of lot.h makes of that person's entries in order of time, so there is
 * no second copy that could differ. Points are whole numbers.
 *
 *   balance = earned - burned - expired - reversed + adjusted
 *
 * What an entry posted here has beside an imported one: `value` is 1, or of points_reverse what is
 * owed by it (negative: taken of what was owed), and `address` of points_reverse is the points_key
 * of what it reverses.
 */
#ifndef ATRIUM_CAMPAIGN_LEDGER_H
#define ATRIUM_CAMPAIGN_LEDGER_H

#include "model/access/access.h"
#include "model/campaign/lot.h"
#include "model/event/event.h"

/* Of one entry, and so that sums of entries stay far from the end of whole numbers. */
#define POINTS_MOST INT64_C(1000000000)
enum { POINTS_REF = 129 };

struct points_account {
    struct points_sums sums;
    size_t n_lots;
    const struct points_lot *lots; /* with something left, in the order they will be burned */
};

/* A person's account at a moment (entries after it do not count); INT64_MAX: all entries, and what
 * is held and due now. Owned by the arena. */
enum status points_account(struct reader *reader, struct arena *arena, uint32_t person, int64_t at,
                           struct points_account *account, struct error *err);

enum points_act {
    POINTS_EARN,
    POINTS_BURN,
    POINTS_ADJUST,
    POINTS_EXPIRE,
    POINTS_REVERSE,
    POINTS_ACTS
};
extern const char *const points_act_names[POINTS_ACTS]; /* "earn", ... */

struct points_entry {
    enum points_act act;
    uint32_t person;
    int64_t points; /* above 0; of an adjustment also below; of a reversal 0: all there is of it */
    int64_t time;   /* 0: now */
    uint32_t campaign, tenant, channel;
    const char *ref;      /* NULL: one is made */
    const char *of;       /* POINTS_REVERSE: the reference of what is reversed */
    enum points_act what; /* and which: POINTS_EARN or POINTS_BURN */
    const char *reason;   /* kept in the audit; NULL: none */
    int64_t settles;      /* points of holds that end with this burn, not to be kept for them */
    int64_t agreed;       /* when the campaign's conditions must hold; 0: at its time */
};

struct points_posted {
    char ref[POINTS_REF];
    bool repeated;
    int64_t points;          /* of the entry: what a reversal took, without what is owed */
    int64_t value;           /* fen that the points are worth under their campaign */
    struct points_sums sums; /* after it, at its time or at the last entry, whichever is later */
};

/* Points may be burned for any reason, or under a campaign of the kind points-cash, which must run,
 * be open at that time and shop, and have budget left; they are worth money then. Whom the campaign
 * writes to plays no part: its offer at the till is open to every member, held out or not.
 *
 * Posts an entry, with a record in the audit. What was due by then is expired first, where points
 * are burned; what is owed is taken, where points are added. An entry may be of the past; it must
 * not take what later entries of the same person need. At the same second as an entry that comes
 * after it in the order of the fold it is a second later. The same reference again changes nothing;
 * ST_CONFLICT: fewer points than would be taken (says how many there are), a reference that stands
 * for another entry, or no such entry to reverse; ST_REFUSED: a number or a text that cannot be;
 * ST_DENIED by rights. Inside the caller's transaction, or begins and commits by itself. */
enum status points_post(struct writer *writer, const struct access *access,
                        const struct points_entry *entry, struct points_posted *posted,
                        struct error *err);

/* How many points of an earn or a burn were not taken or given back yet; 0 where there is none. */
enum status points_reversible(struct reader *reader, uint32_t person, enum points_act what,
                              const char *of, int64_t *left, struct error *err);

/* ---- Reserving (table points_hold) ---- */

struct points_hold {
    uint32_t person;
    int64_t points;
    int64_t time, expires; /* 0: now; in 15 minutes */
    uint32_t campaign, tenant;
    const char *ref; /* NULL: one is made */
};

/* Reserves points: they stay in the balance and do not expire, and nothing else can take them until
 * the hold is settled, released or over. The same reference changes nothing. ST_CONFLICT as above.
 */
enum status points_reserve(struct writer *writer, const struct access *access,
                           const struct points_hold *hold, struct points_posted *posted,
                           struct error *err);

/* Burns what was held (points 0: all of it; fewer: the rest is free again) under the hold's
 * reference, or lets it go. ST_CONFLICT: there is no such hold, or it was ended otherwise. */
enum status points_settle(struct writer *writer, const struct access *access, const char *ref,
                          int64_t points, int64_t time, struct points_posted *posted,
                          struct error *err);
enum status points_release(struct writer *writer, const struct access *access, const char *ref,
                           struct points_posted *posted, struct error *err);

/* A person's holds, sums and entries as a sheet: the newest first, with what each took from which
 * lots. */
enum {
    ENTRY_TIME,
    ENTRY_KIND,
    ENTRY_POINTS, /* signed, as it counts in the balance */
    ENTRY_BALANCE,
    ENTRY_LOTS, /* "300 of 2024-03-05, …" */
    ENTRY_OWED,
    ENTRY_TENANT,
    ENTRY_CAMPAIGN,
    ENTRY_REF,
    ENTRY_POSTED, /* "here", "imported" */
    ENTRY_COLUMNS
};
extern const struct sheet_column points_entry_columns[ENTRY_COLUMNS];
enum { LOT_TIME, LOT_EXPIRES, LOT_POINTS, LOT_LEFT, LOT_KIND, LOT_REF, LOT_COLUMNS };
extern const struct sheet_column points_lot_columns[LOT_COLUMNS];
enum { HOLD_REF, HOLD_POINTS, HOLD_MADE, HOLD_EXPIRES, HOLD_STATE, HOLD_COLUMNS };
extern const struct sheet_column points_hold_columns[HOLD_COLUMNS];

struct points_page {
    struct points_sums sums;
    struct sheet *entries, *lots, *holds;
};
enum status points_page(struct reader *reader, const struct access *access, uint32_t person,
                        int64_t at, struct arena *arena, struct points_page *page,
                        struct error *err);

#endif
