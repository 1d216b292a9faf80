/* What is done with coupons from a screen: made void, issued, settled; with the dialogs before. */
#ifndef ATRIUM_VIEWS_COUPONS_ACTS_H
#define ATRIUM_VIEWS_COUPONS_ACTS_H

#include "views/console.h"

/* Asks for the reason and then for the number of them. Codes are copied. */
void coupons_void(struct console *console, const char *const *codes, size_t n);

/* Asks to whom: a card, a phone, "#number" for one person; or an expression of the people language,
 * for which the number of people is asked back before anything is given. */
void coupons_issue(struct console *console, uint32_t campaign, const char *code);

/* Settles what tills reported and marks what ran out. */
void coupons_run(struct console *console);

#endif
