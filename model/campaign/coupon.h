/*
 * Coupons: codes that are issued once and redeemed at most once. doc/coupons.md.
 *
 * A coupon is a row; that it was issued, claimed, redeemed or ran out is an event as well, written
 * in the same transaction and with the code as its reference, so events are unique, too. Voiding is
 * a decision of somebody's and stands in the audit. What a campaign may give is read in the
 * transaction that gives; processes take turns there, so of two redemptions at once one wins.
 *
 * All functions begin and commit by themselves, or are part of the transaction that the caller
 * began. `access` NULL is the engine: nobody's rights are asked.
 */
#ifndef ATRIUM_CAMPAIGN_COUPON_H
#define ATRIUM_CAMPAIGN_COUPON_H

#include "model/access/access.h"
#include "model/campaign/campaign.h"
#include "model/campaign/coupon_code.h"

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
extern const char *const coupon_state_names[COUPON_STATES]; /* as in JSON */

enum { COUPON_REF_MOST = 200 }; /* bytes of a reference */

struct coupon {
    char code[COUPON_CODE];
    bool own; /* made here; false: from a list */
    uint32_t campaign, person, tenant;
    enum coupon_state state;
    int64_t value, minimum; /* fen */
    int64_t amount, given,
        touched;             /* fen: the receipt, what was taken off, amount once a receipt */
    int64_t issued, expires; /* times; expires 0: never */
    int64_t claimed, expired, used; /* times; 0: not */
};

/* What became of one of several. */
struct coupon_result {
    enum status status; /* ST_OK, ST_CONFLICT, ST_REFUSED */
    const char *reason; /* a short word as in JSON where it is not ST_OK: see coupon_reasons */
    bool repeated;      /* it had been done before, with the same reference */
    struct coupon coupon;
};

/* The words of refusals and what they say to people (marked for translation). */
struct coupon_reason {
    const char *word, *text;
};
extern const struct coupon_reason coupon_reasons[];
extern const size_t n_coupon_reasons;
const char *coupon_reason_text(const char *word); /* the word itself where it is unknown */

/* Issues one: of the campaign's offer, to a person (0: the bearer). The same `ref` gives the same
 * coupon (*repeated). ST_CONFLICT: "stock" or "budget" used up, "campaign" not running, "ref" that
 * stands for another coupon; ST_REFUSED for a kind of campaign that gives none. */
struct coupon_issue {
    const struct campaign *campaign; /* only its id is used: what it gives is read anew */
    uint32_t person;
    int64_t time;    /* 0: now */
    const char *ref; /* NULL: none; at most 200 bytes */
};
enum status coupon_issue(struct writer *writer, const struct access *access,
                         const struct coupon_issue *issue, struct coupon *coupon, bool *repeated,
                         struct error *err);

/* Several in one transaction. What is refused is said in its result and does not hinder the others.
 */
enum status coupon_issue_many(struct writer *writer, const struct access *access,
                              const struct coupon_issue *issues, size_t n,
                              struct coupon_result *results, struct error *err);

/* To many people, in transactions of their own so that others get their turn; each one's reference
 * is `ref`, a dash and the person's number, so that doing it again goes on where it stopped. Ends
 * with ST_CONFLICT when stock or budget are used up; *done and *repeated say how far it came. Who
 * is held out of the campaign (its code and holdout say it) gets none and is counted in *held. */
enum status coupon_issue_people(struct writer *writer, const struct access *access,
                                const struct campaign *campaign, const uint32_t *people, size_t n,
                                const char *ref, int64_t *done, int64_t *repeated, int64_t *held,
                                struct error *err);

/* Redeems one. ST_REFUSED with *reason "unknown" or "mistyped"; ST_CONFLICT with *reason "used",
 * "expired", "void", "shop", "minimum", "day", "stacking", "budget", "campaign" otherwise. */
struct coupon_use {
    const char *code; /* as typed: spaces, dashes and case do not matter */
    uint32_t tenant;
    int64_t amount;  /* fen of the receipt; -1: not known, so no minimum is asked */
    int64_t time;    /* 0: now */
    const char *ref; /* of the receipt; NULL: none; at most 200 bytes */
};
enum status coupon_redeem(struct writer *writer, const struct access *access,
                          const struct coupon_use *use, struct coupon *coupon, const char **reason,
                          bool *repeated, struct error *err);

/* Several in one transaction, one after the other: of the same code twice the first wins. */
enum status coupon_redeem_many(struct writer *writer, const struct access *access,
                               const struct coupon_use *uses, size_t n,
                               struct coupon_result *results, struct error *err);

/* What coupon_redeem would say now, without redeeming: for a form while it is typed. A reader's
 * question. *reason NULL: it would be redeemed, and coupon->given says for how much. */
enum status coupon_check(struct reader *reader, const struct access *access,
                         const struct coupon_use *use, struct coupon *coupon, const char **reason,
                         struct error *err);

/* The person took it up; a bearer's coupon becomes that person's (0: as it is). ST_CONFLICT:
 * "used", "expired", "void", "person" (somebody else's). */
enum status coupon_claim(struct writer *writer, const struct access *access, const char *code,
                         uint32_t person, int64_t time, struct coupon *coupon, const char **reason,
                         bool *repeated, struct error *err);

/* Makes a coupon worthless, with a reason of 3 to 200 bytes for the audit. Needs
 * RIGHT_CAMPAIGN_EDIT. ST_CONFLICT: "used", "expired". */
enum status coupon_void(struct writer *writer, const struct access *access, const char *code,
                        const char *why, struct coupon *coupon, const char **reason, bool *repeated,
                        struct error *err);

/* Marks what ran out before `now`, some hundreds a transaction; may be stopped at any point and
 * goes on the next time. *n is how many there were. Outside of transactions. */
enum status coupon_expire(struct writer *writer, int64_t now, int64_t *n, struct error *err);

/* ---- Redemptions that tills report as events ---- */

/* An event coupon_redeem names its coupon by its reference: the code, or the code, '/' and the
 * receipt's. The new ones are looked at once: the coupon's row becomes redeemed, or the event is
 * put on the list of disputes with the reason. Of two redemptions of one coupon the first in time
 * holds, whichever was reported first. Outside of transactions; may be stopped at any point. */
struct coupon_settled {
    int64_t events, redeemed, known, disputes, strangers; /* looked at = the sum of the others */
};
enum status coupon_settle(struct reader *reader, struct writer *writer,
                          struct coupon_settled *settled, struct error *err);

/* ---- Lists ---- */

/* Codes of a list, a line each, that become the campaign's coupons: all of them or none. Each line
 * that cannot be taken is in `faults` with its number (at most 1,000 of them): then ST_REFUSED.
 * Codes of the same list that are there already for this campaign are counted as repeated. Outside
 * of transactions; takes the bulk lock. */
struct coupon_fault {
    int64_t line;
    const char *message;
};
struct coupon_imported {
    int64_t lines, added, repeated, wrong;
    const struct coupon_fault *faults;
    size_t n_faults;
};
enum status coupon_import(struct writer *writer, const struct access *access, struct arena *arena,
                          const struct campaign *campaign, const char *text, size_t n,
                          const char *source, struct coupon_imported *imported, struct error *err);

/* ---- Looking at them ---- */

/* One, as typed. ST_REFUSED with *reason "unknown" or "mistyped". */
enum status coupon_find(struct reader *reader, const char *code, struct coupon *coupon,
                        const char **reason, struct error *err);

/* Registers the checks of `atrium verify`. */
void coupon_verify_register(void);

#endif
