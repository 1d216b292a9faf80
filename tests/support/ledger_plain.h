/*
 * A plain ledger of points for tests: every point is a thing of its own that is somewhere. Slow and
 * simple; says what the real one must answer.
 */
#ifndef ATRIUM_TESTS_LEDGER_PLAIN_H
#define ATRIUM_TESTS_LEDGER_PLAIN_H

#include "model/campaign/ledger.h"

enum { PLAIN_REF = 40 };

struct plain_entry {
    uint32_t person;
    uint16_t kind;
    int64_t time, amount, owed;
    char ref[PLAIN_REF], of[PLAIN_REF]; /* "" for none */
    uint16_t of_kind;
    bool ours, owed_taken;
};

struct plain_hold {
    uint32_t person;
    int64_t points, expires;
    char ref[PLAIN_REF];
    const char *state; /* "held", "settled", "released" */
};

struct plain_ledger {
    VEC(struct plain_entry) entries; /* in order of arrival */
    VEC(struct plain_hold) holds;
    int months[2]; /* terms: from the start of time, and from 2024-07-01 of the mall on */
};

/* A person's lots with something left in the order they burn, and what is missing. */
struct plain_lot {
    int64_t time, expires, points, left;
};
struct plain_account {
    struct points_sums sums;
    int64_t shortage, least; /* least running balance, 0 at most */
    size_t n_lots;
    struct plain_lot lots[512];
};
void plain_account(const struct plain_ledger *ledger, uint32_t person, int64_t now,
                   struct plain_account *account);

/* What must come of a request at `now`: the status; entries are added where it is ST_OK. */
enum status plain_post(struct plain_ledger *ledger, const struct points_entry *entry, int64_t now);
enum status plain_reserve(struct plain_ledger *ledger, const struct points_hold *hold, int64_t now);
enum status plain_settle(struct plain_ledger *ledger, const char *ref, int64_t points, int64_t now);
enum status plain_release(struct plain_ledger *ledger, const char *ref, int64_t now);
void plain_expire(struct plain_ledger *ledger, uint32_t person, int64_t at, int64_t now);
void plain_free(struct plain_ledger *ledger);

#endif
