/*
 * Coupons: codes that are issued once and redeemed at most once. doc/coupons.md.
 */
#ifndef ATRIUM_CAMPAIGN_COUPON_H
#define ATRIUM_CAMPAIGN_COUPON_H

#include "model/access/access.h"
#include "model/campaign/campaign.h"

/* The numbers stand in files: never change one. */
enum coupon_state {
    COUPON_NONE,
    COUPON_ISSUED,
    COUPON_CLAIMED, /* the person took it up */
    COUPON_REDEEMED,
    COUPON_EXPIRED,
    COUPON_VOID,
    COUPON_STATES
};
extern const char *const coupon_state_names[COUPON_STATES];

enum { COUPON_CODE = 33 };

struct coupon {
    char code[COUPON_CODE];
    uint32_t campaign, person, tenant;
    enum coupon_state state;
    int64_t value, minimum, amount; /* fen */
    int64_t issued, expires, used;  /* times */
};

/* Issues one: of the campaign's offer, to a person (0: the bearer). The same `ref` gives the same
 * coupon (*repeated). ST_CONFLICT: stock or budget used up, campaign not running. Also appends the
 * event. Inside the caller's transaction, or begins and commits by itself. */
struct coupon_issue {
    const struct campaign *campaign;
    uint32_t person;
    int64_t time;    /* 0: now */
    const char *ref; /* NULL: none */
};
enum status coupon_issue(struct writer *writer, const struct access *access,
                         const struct coupon_issue *issue, struct coupon *coupon, bool *repeated,
                         struct error *err);

/* Redeems one. ST_REFUSED: unknown or mistyped; ST_CONFLICT with *reason (a short word as in JSON:
 * "used", "expired", "void", "shop", "minimum", "day", "stacking", "budget") otherwise. Two at
 * once: one wins. */
struct coupon_use {
    const char *code; /* as typed: spaces, dashes and case do not matter */
    uint32_t tenant;
    int64_t amount;  /* fen of the receipt */
    int64_t time;    /* 0: now */
    const char *ref; /* of the receipt; NULL: none */
};
enum status coupon_redeem(struct writer *writer, const struct access *access,
                          const struct coupon_use *use, struct coupon *coupon, const char **reason,
                          bool *repeated, struct error *err);

#endif
