/*
 * What the functions that change coupons share: a transaction in which some are changed, the terms
 * of the campaigns they are of, and the events and sums that are written at its end. Inside the
 * module.
 */
#ifndef ATRIUM_CAMPAIGN_COUPON_DESK_H
#define ATRIUM_CAMPAIGN_COUPON_DESK_H

#include "model/base/vec.h"
#include "model/campaign/coupon.h"
#include "model/event/event.h"

enum { COUPON_BATCH = 500 };

/* What a campaign gives, as it stands in this transaction. */
struct coupon_terms {
    struct campaign campaign;
    struct campaign open; /* the same with a schedule without an end: coupons outlive it */
    bool shops_read;
    const struct set *shops;     /* NULL: all */
    int64_t sums[CAMPAIGN_SUMS]; /* with what this transaction adds */
    int64_t added[CAMPAIGN_SUMS];
};

struct desk {
    sqlite3 *db;
    struct writer *writer; /* NULL: for looking only, with `reader` */
    struct reader *reader;
    const struct mall *mall;
    struct arena *arena;
    bool own; /* the transaction is the desk's */
    VEC(struct coupon_terms *) terms;
    VEC(struct event) events;
};

/* Begins; desk_end ends whatever `status` is: commits, or takes back where the transaction is its
 * own. */
enum status desk_begin(struct desk *desk, struct writer *writer, struct error *err);
enum status desk_end(struct desk *desk, enum status status, struct error *err);

/* For questions: inside reader_begin .. reader_end. */
void desk_look(struct desk *desk, struct reader *reader);
void desk_free(struct desk *desk);

enum status desk_prepare(struct desk *desk, const char *sql, sqlite3_stmt **stmt,
                         struct error *err);

/* *terms NULL: there is no such campaign. */
enum status desk_terms(struct desk *desk, uint32_t campaign, struct coupon_terms **terms,
                       struct error *err);
void terms_add(struct coupon_terms *terms, enum campaign_sum sum, int64_t by);

/* Remembers an event of the coupon for the end. */
void desk_event(struct desk *desk, uint16_t kind, const struct coupon *coupon, int64_t time,
                int64_t amount, const char *ref);

/* Inserts a row with a code that nobody has; sets coupon->code. */
enum status coupon_row_add(struct desk *desk, struct coupon *coupon, const char *ref,
                           struct error *err);

/* By code. *ref (arena) is the receipt's, NULL where there is none; may be NULL. */
enum status coupon_row_find(struct desk *desk, const char *code, struct coupon *coupon, bool *found,
                            const char **ref, struct error *err);

/* Writes what can change: person, state, times, shop, sums, the receipt's reference. */
enum status coupon_row_write(struct desk *desk, const struct coupon *coupon, const char *ref,
                             struct error *err);

/* As typed; sets *reason to "unknown" or "mistyped" and an error's sentence where there is none. */
enum status coupon_row_named(struct desk *desk, const char *typed, struct coupon *coupon,
                             const char **ref, const char **reason, struct error *err);

/* Whether the coupon could be used so, and for how much: *reason NULL and coupon->given,
 * coupon->touched are set. Of its state only void and used matter: what ran out is judged by the
 * time of the use. */
enum status coupon_judge(struct desk *desk, const struct coupon_use *use, int64_t time,
                         struct coupon *coupon, const char **reason, struct error *err);

/* The row, the sums and (where `event`) the event of a redemption that was judged well. */
enum status coupon_take(struct desk *desk, const struct coupon_use *use, int64_t time,
                        struct coupon *coupon, bool event, struct error *err);

/* The reference of the event: the code, or code/ref. */
const char *coupon_event_ref(struct arena *arena, const char *code, const char *ref);

/* The sentence of a refusal. Returns `status`. */
enum status coupon_refused(struct error *err, enum status status, const struct coupon *coupon,
                           const char *reason, const struct mall *mall);

/* When a coupon of the campaign runs out that is issued then; 0: never. */
int64_t coupon_runs_out(const struct campaign *campaign, const struct clock *clock, int64_t issued);

enum status ref_check(const char *ref, struct error *err);

#endif
