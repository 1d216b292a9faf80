/*
 * Codes of coupons: made, checked, printed and read.
 *
 * A code that atrium makes has 12 of the 32 letters and digits that cannot be taken for one another
 * (none of 0 O 1 I): 11 from the system's random source, 55 bits, and one that checks them. The
 * check is Damm's with the quasigroup of order 32 that has x * y = 2x + y in the field of 32
 * elements (H. M. Damm, Total anti-symmetrische Quasigruppen, Marburg 2004, example 5.2). Letter i
 * from the right counts by 2^i, and 2 has the order 31 there: so every one wrong letter is noticed,
 * and two letters that changed places, wherever they stand.
 *
 * A code from a list (of a group-buying platform, say) may have any form: what is kept of it is
 * what is read, 4 to 32 bytes.
 */
#ifndef ATRIUM_CAMPAIGN_COUPON_CODE_H
#define ATRIUM_CAMPAIGN_COUPON_CODE_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { COUPON_LETTERS = 12, COUPON_LEAST = 4, COUPON_MOST = 32, COUPON_CODE = COUPON_MOST + 1 };

/* A new random code. */
void coupon_code_make(char code[COUPON_CODE]);

/* The code of 11 given values 0 .. 31. */
void coupon_code_of(const unsigned char values[COUPON_LETTERS - 1], char code[COUPON_CODE]);

/* What people or a till give as a code, as it is kept: wide letters and digits of Chinese input
 * become plain ones, small letters capitals, and spaces, dashes and other marks are left out. False
 * where that leaves fewer than 4 or more than 32 bytes, or the text is no UTF-8. */
bool coupon_code_read(const char *text, size_t n, char code[COUPON_CODE]);

/* What a code that was read can be, by its form alone. */
enum coupon_form {
    COUPON_OWN,     /* 12 letters of ours, and the check fits */
    COUPON_MISSPELT /* nothing that atrium made: `why` says what is wrong with it */
};
enum coupon_form coupon_code_form(struct arena *arena, const char *code, const char **why);

/* Whether the form is COUPON_OWN. */
bool coupon_code_fits(const char *code);

/* In groups of four with dashes: "K7QM-3XPA-9RTC". Owned by the arena. */
char *coupon_code_print(struct arena *arena, const char *code);

/* The same for those who may not use it: "K7QM-****-****". */
char *coupon_code_mask(struct arena *arena, const char *code);

#endif
