/*
 * Small groups on dashboards: what is kept back from who sees pseudonyms. A row of a table that
 * fewer people stand behind than the setting small_group loses its figures about people; what is
 * the shop's whoever came (sales, receipts, traffic) stays. Beside the small rows go so many others
 * that none follows from a total.
 */
#ifndef ATRIUM_LOOP_BOARD_SMALL_H
#define ATRIUM_LOOP_BOARD_SMALL_H

#include "model/access/access.h"
#include "model/loop/loop.h"

enum { DELAY_HIDDEN = -1 }; /* in board->delays */

void board_hide_small(const struct access *access, struct board *board, struct arena *arena);

#endif
