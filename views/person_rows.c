#include "views/person_rows.h"

#include "model/store/column.h"
#include "tui/intl.h"

#include <inttypes.h>

static const struct sheet_column columns[] = {{"name", N_("name"), CELL_TEXT},
                                              {"card", N_("card"), CELL_TEXT},
                                              {"tier", N_("tier"), CELL_TEXT}};

enum status person_row_cells(struct reader *reader, struct arena *arena,
                             const struct access *access, uint32_t person, struct cell *cells,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    cells[0] = cell_text(_("visitor"));
    cells[1] = cell_text(arena_printf(arena, "#%" PRIu32, person));
    enum status status =
        reader_prepare(reader, "select name, card, tier from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    if (status != ST_OK || !row)
        return status;
    const char *name = arena_strdup(arena, column_text(stmt, 0));
    const char *card = arena_strdup(arena, column_text(stmt, 1));
    cells[0] = cell_text(access_text(access, arena, PERSONAL_NAME, person, name));
    cells[1] = cell_text(access_text(access, arena, PERSONAL_CARD, person, card));
    cells[2] = cell_text(arena_strdup(arena, column_text(stmt, 2)));
    return ST_OK;
}

enum status person_rows(struct reader *reader, struct arena *arena, const struct access *access,
                        const uint32_t *people, size_t n, struct sheet **sheet, struct error *err)
{
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        if (i % 256 == 0 && reader_cancelled(reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        enum status status =
            person_row_cells(reader, arena, access, people[i], sheet_row_add(*sheet), err);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}
