/* People as rows of name, card and tier, as the asker may see them. */
#ifndef ATRIUM_VIEWS_PERSON_ROWS_H
#define ATRIUM_VIEWS_PERSON_ROWS_H

#include "model/access/access.h"
#include "model/base/sheet.h"

/* In their order; who is no member is a visitor with a number. Looks at the cancel flag. */
enum status person_rows(struct reader *reader, struct arena *arena, const struct access *access,
                        const uint32_t *people, size_t n, struct sheet **sheet, struct error *err);

/* Of one of them the cells of name, card and tier. */
enum status person_row_cells(struct reader *reader, struct arena *arena,
                             const struct access *access, uint32_t person, struct cell *cells,
                             struct error *err);

#endif
