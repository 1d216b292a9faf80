/* Cells of sheets as text: one way for the command line and the console. */
#ifndef ATRIUM_VIEWS_CELLS_H
#define ATRIUM_VIEWS_CELLS_H

#include "model/base/sheet.h"
#include "model/base/time.h"

/* For people: "1,284,930", "41.2%", "3 h 05", "–". Owned by the arena, or constant. */
const char *cell_for_people(struct arena *arena, const struct zone *zone,
                            const struct sheet_column *column, const struct cell *cell);

/* The same for a cell of a sheet; a column that has a title has its words in the user's language.
 */
const char *cell_in_column(struct arena *arena, const struct zone *zone,
                           const struct sheet_column *column, const struct cell *cell);

/* For machines: plain numbers, currency units, RFC 3339, "" for unknown. */
const char *cell_for_machines(struct arena *arena, const struct zone *zone, enum cell_type type,
                              const struct cell *cell);

/* As a number, for ordering and charts; 0 for text and unknown. Money in currency units. */
double cell_number(enum cell_type type, const struct cell *cell);

/* Columns of this type are right-aligned. */
bool cell_is_number(enum cell_type type);

#endif
