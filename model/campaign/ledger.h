/*
 * The points ledger. doc/points.md has the rules and why.
 *
 * Its entries are events (points_earn, points_burn, points_expire, points_adjust, points_reverse):
 * append-only, once each by reference, in the columns with everything else. A person's lots and
 * balance are what a fold over that person's entries in order of time makes of them, so there is no
 * second copy that could differ. Points are whole numbers.
 *
 *   balance = earned - burned - expired - reversed + adjusted
 */
#ifndef ATRIUM_CAMPAIGN_LEDGER_H
#define ATRIUM_CAMPAIGN_LEDGER_H

#include "model/access/access.h"
#include "model/event/event.h"

struct points_sums {
    int64_t earned, burned, expired, reversed, adjusted, balance;
    int64_t held; /* reserved, part of the balance */
    int64_t owed; /* reversed but spent before: taken from what is earned next */
};

/* A lot: points earned at once, and what is left of them. */
struct points_lot {
    int64_t time, expires; /* expires 0: never */
    int64_t points, left;
    const char *ref;
};

struct points_account {
    struct points_sums sums;
    size_t n_lots;
    const struct points_lot *lots; /* with something left, in the order they will be burned */
};

/* A person's account at a moment (entries after it do not count). Owned by the arena. */
enum status points_account(struct reader *reader, struct arena *arena, uint32_t person, int64_t at,
                           struct points_account *account, struct error *err);

/* Everybody's, from the roll-ups, and what it will cost (fen; -1: cannot be valued). */
enum status points_mall(struct reader *reader, struct points_sums *sums, int64_t *liability,
                        struct error *err);

enum points_act { POINTS_EARN, POINTS_BURN, POINTS_ADJUST, POINTS_EXPIRE, POINTS_REVERSE };

struct points_entry {
    enum points_act act;
    uint32_t person;
    int64_t points; /* above 0; of an adjustment also below */
    int64_t time;   /* 0: now */
    uint32_t campaign, tenant;
    const char *ref;    /* NULL: one is made */
    const char *of;     /* POINTS_REVERSE: the reference of what is reversed */
    const char *reason; /* POINTS_ADJUST */
};

struct points_posted {
    char ref[65];
    bool repeated;
    struct points_sums sums; /* after it */
};

/* Posts an entry. ST_CONFLICT: fewer points than would be burned (says how many there are), a
 * reference that stands for another entry, or no such entry to reverse; ST_DENIED by rights.
 * Inside the caller's transaction, or begins and commits by itself. */
enum status points_post(struct writer *writer, const struct access *access,
                        const struct points_entry *entry, struct points_posted *posted,
                        struct error *err);

#endif
