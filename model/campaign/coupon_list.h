/*
 * Questions about coupons: how those of each campaign went, and lists of them. Who may not issue
 * coupons sees their codes masked; people are masked as everywhere.
 */
#ifndef ATRIUM_CAMPAIGN_COUPON_LIST_H
#define ATRIUM_CAMPAIGN_COUPON_LIST_H

#include "model/base/sheet.h"
#include "model/base/stat.h"
#include "model/campaign/coupon.h"

/* How the coupons of a campaign went. Each count is that of a list: coupon_query.what. */
struct coupon_sums {
    uint32_t campaign;
    const char *code, *name; /* of the campaign */
    const char *state;       /* as in JSON; "" where only events name it */
    int64_t issued;          /* all there are */
    int64_t claimed;         /* ever, whatever became of them */
    int64_t redeemed, expired, voided, open, disputes; /* open: may still be used */
    int64_t given, touched; /* fen; sales of receipts they were used on */
};

/* Those of all campaigns that have coupons, the latest campaign first, and of all together. */
enum status coupon_sums_read(struct reader *reader, const struct access *access,
                             struct arena *arena, const struct coupon_sums **sums, size_t *n,
                             struct coupon_sums *all, struct error *err);

enum coupon_sums_column {
    COUPONS_CAMPAIGN,
    COUPONS_NAME,
    COUPONS_STATE,
    COUPONS_ISSUED,
    COUPONS_CLAIMED,
    COUPONS_REDEEMED,
    COUPONS_EXPIRED,
    COUPONS_VOID,
    COUPONS_OPEN,
    COUPONS_RATE, /* redeemed / issued, and its 95 % interval by Wilson */
    COUPONS_LOW,
    COUPONS_HIGH,
    COUPONS_GIVEN,
    COUPONS_TOUCHED,
    COUPONS_DISPUTES,
    COUPONS_COLUMNS
};
extern const struct sheet_column coupon_sums_columns[COUPONS_COLUMNS];
void coupon_sums_cells(const struct access *access, const struct coupon_sums *sums,
                       struct cell *cells);

/* Which coupons a list has. */
enum coupon_what {
    COUPONS_ALL,
    COUPONS_ARE_CLAIMED, /* ever */
    COUPONS_ARE_REDEEMED,
    COUPONS_ARE_EXPIRED,
    COUPONS_ARE_VOID,
    COUPONS_ARE_OPEN,
    COUPONS_WHATS
};
extern const char *const coupon_whats[COUPONS_WHATS];       /* "all", "claimed", ... */
extern const char *const coupon_what_titles[COUPONS_WHATS]; /* for people, to be translated */

struct coupon_query {
    uint32_t campaign; /* 0: of all */
    uint32_t person;   /* 0: everybody's */
    enum coupon_what what;
    int64_t limit; /* 0: all */
};

enum coupon_column {
    COUPON_COLUMN_CODE,
    COUPON_COLUMN_CAMPAIGN,
    COUPON_COLUMN_CARD,
    COUPON_COLUMN_NAME,
    COUPON_COLUMN_STATE,
    COUPON_COLUMN_VALUE,
    COUPON_COLUMN_MINIMUM,
    COUPON_COLUMN_ISSUED,
    COUPON_COLUMN_CLAIMED,
    COUPON_COLUMN_EXPIRES,
    COUPON_COLUMN_USED,
    COUPON_COLUMN_TENANT,
    COUPON_COLUMN_AMOUNT,
    COUPON_COLUMN_GIVEN,
    COUPON_COLUMNS_SHOWN
};
extern const struct sheet_column coupon_list_columns[COUPON_COLUMNS_SHOWN];

/* The latest issued first. `coupons` (may be NULL) gets what the rows stand for. ST_DENIED without
 * the right to see people. sheet->total is how many there are in all. */
enum status coupon_list(struct reader *reader, const struct access *access,
                        const struct coupon_query *query, struct arena *arena, struct sheet **sheet,
                        const struct coupon **coupons, struct error *err);

/* Redemptions that did not hold: reference, code, campaign, reason, time, shop, value. Campaign 0:
 * of all. The latest first. */
enum status coupon_disputes(struct reader *reader, const struct access *access, uint32_t campaign,
                            struct arena *arena, struct sheet **sheet, struct error *err);

/* The code as this access may see it. Owned by the arena. */
const char *coupon_code_shown(struct arena *arena, const struct access *access, const char *code);

/* The card of whose coupon it is, as this access may see it; *card NULL: of nobody. */
enum status coupon_card(struct reader *reader, const struct access *access, struct arena *arena,
                        uint32_t person, const char **card, struct error *err);

#endif
