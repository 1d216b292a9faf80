/*
 * What a person's entries of the points ledger come to: the fold that makes lots of them. It knows
 * neither files nor rights, so that a test can compare it with a plainer one.
 *
 * Entries come in order of time. Those that add points make a lot, with the expiry of the terms in
 * force at its time. Those that take points take them from the lots in the order in which they
 * expire, and of one expiry the earlier lot first; a burn remembers from where, so that a reversed
 * burn gives back to the same lots. What is taken beyond what there is (an imported history may) is
 * a shortage, which the next points that are added fill first. So at any moment
 *
 *   balance = earned - burned - expired - reversed + adjusted = what is left of all lots - shortage
 */
#ifndef ATRIUM_CAMPAIGN_LOT_H
#define ATRIUM_CAMPAIGN_LOT_H

#include "model/base/vec.h"
#include "model/campaign/points_terms.h"
#include "model/event/kind.h"

#include <stdbool.h>

/* An entry as the fold takes it. */
struct points_event {
    int64_t time, amount;
    int64_t owed;    /* KIND_POINTS_REVERSE: asked for and not there; negative: taken later */
    uint64_t of;     /* KIND_POINTS_REVERSE: points_key of what is reversed; 0: not known */
    const char *ref; /* "" for none */
    uint32_t campaign, tenant;
    uint16_t kind, channel;
    bool ours; /* posted here, not imported */
};

/* Stands for an entry by its reference. Never 0 nor POINTS_OF_OWED. */
uint64_t points_key(uint16_t kind, const char *ref);
enum { POINTS_OF_OWED = 1 }; /* `of` of an entry that takes what was owed */

struct points_sums {
    int64_t earned, burned, expired, reversed, adjusted, balance;
    int64_t held; /* reserved, part of the balance */
    int64_t owed; /* reversed but spent before: taken from what comes next */
    int64_t due;  /* past their expiry and not yet expired by an entry; part of the balance */
};

/* A lot: points that came at once, and what is left of them. */
struct points_lot {
    int64_t time, expires; /* expires POINTS_NEVER: never */
    int64_t points, left;
    uint64_t key;
    const char *ref;
    uint16_t kind; /* of the entry it came by */
};

struct points_take {
    uint32_t lot;
    int64_t points, back; /* taken from it, and given back since */
};

/* A burn, for what may be given back of it. */
struct points_burn {
    uint64_t key;
    int64_t time, points, back;
    size_t first, n; /* takes */
};

struct points_fold {
    struct points_terms *terms; /* of the caller */
    struct points_sums sums;    /* without held and due */
    int64_t shortage;
    VEC(struct points_lot) lots;
    VEC(uint32_t) open; /* those with something left, the last is burned first */
    VEC(struct points_take) takes;
    VEC(struct points_burn) burns;
    size_t last_take; /* takes from here on are of the entry added last */
};

/* Forgets the person before; keeps the memory. A zeroed fold with its terms is one. */
void points_fold_begin(struct points_fold *fold);
void points_fold_add(struct points_fold *fold, const struct points_event *event);
void points_fold_free(struct points_fold *fold);

/* Points in lots whose time is over at a moment. */
int64_t points_fold_due(const struct points_fold *fold, int64_t at);

/* Order of entries: time, then kind, then as they came. For qsort, with arrival as position. */
void points_events_sort(struct points_event *events, size_t n);

#endif
