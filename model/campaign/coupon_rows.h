/* Rows of coupons between statements and structs. Inside the module. */
#ifndef ATRIUM_CAMPAIGN_COUPON_ROWS_H
#define ATRIUM_CAMPAIGN_COUPON_ROWS_H

#include "model/campaign/coupon.h"

#define COUPON_COLUMNS                                                                             \
    "code, own, campaign, person, state, value, minimum, issued, expires, claimed, expired, used," \
    " tenant, amount, given, touched"
enum { COUPON_COLUMN_COUNT = 16 };

/* The row that a statement stands on, its columns from `first` on. */
void coupon_row_take(sqlite3_stmt *stmt, int first, struct coupon *coupon);

/* *added false: there is one with this code, or with this reference. */
enum status coupon_row_insert(struct writer *writer, const struct coupon *coupon, const char *ref,
                              bool *added, struct error *err);

#endif
