#include "model/people/link_list.h"

#include "model/base/intl.h"
#include "model/store/column.h"

static const struct sheet_column columns[] = {
    {"link", N_("link"), CELL_COUNT},        {"time", N_("time"), CELL_TIME},
    {"actor", N_("who"), CELL_TEXT},         {"contacts", N_("contacts"), CELL_TEXT},
    {"evidence", N_("evidence"), CELL_TEXT}, {"confidence", N_("confidence"), CELL_SHARE},
    {"undone", N_("taken back"), CELL_TIME}, {"undone_by", N_("by"), CELL_TEXT},
};

/* The contacts that came by a link, masked as the person's. */
static enum status contacts_text(struct reader *reader, const struct access *access, int64_t link,
                                 uint32_t person, struct arena *arena, const char **text,
                                 struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *text = "";
    enum status status = reader_prepare(
        reader,
        "select k.name, i.value from link_identity i join contact_kind k on k.id = i.kind where"
        " i.link = ?1 order by i.kind, i.value",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, link);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *kind = arena_strdup(arena, column_text(stmt, 0));
        const char *value =
            access_text(access, arena, personal_of_identity(kind), person, column_text(stmt, 1));
        *text = arena_printf(arena, "%s%s%s%s%s", *text, **text ? ", " : "", kind, value ? " " : "",
                             value ? value : "");
    }
    sqlite3_reset(stmt);
    return status;
}

static void cells_fill(struct cell *cells, sqlite3_stmt *stmt, const struct access *access,
                       struct arena *arena)
{
    bool named = access_may(access, RIGHT_PEOPLE_EDIT);
    cells[0] = cell_integer(sqlite3_column_int64(stmt, 0));
    cells[1] = cell_integer(sqlite3_column_int64(stmt, 1));
    cells[2] = cell_text(arena_strdup(arena, column_text(stmt, 2)));
    if (named)
        cells[4] = cell_text(arena_strdup(arena, column_text(stmt, 3)));
    cells[5] = cell_real(sqlite3_column_double(stmt, 4));
    if (sqlite3_column_int64(stmt, 5))
        cells[6] = cell_integer(sqlite3_column_int64(stmt, 5));
    if (*column_text(stmt, 6))
        cells[7] = cell_text(arena_strdup(arena, column_text(stmt, 6)));
}

enum status link_list(struct reader *reader, const struct access *access, uint32_t person,
                      struct arena *arena, struct sheet **sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (status == ST_OK)
        status = reader_prepare(
            reader,
            "with recursive joined(person) as (select ?1 union select l.person from link l join"
            " joined j on l.target = j.person where l.undone = 0)"
            " select id, time, actor, evidence, confidence, undone, undone_by from link where"
            " target in (select person from joined) order by id desc",
            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        cells_fill(sheet_row_add(*sheet), stmt, access, arena);
    sqlite3_reset(stmt);
    for (size_t i = 0; i < (*sheet)->n_rows && status == ST_OK; i++) {
        struct cell *cells = (*sheet)->cells + i * (*sheet)->n_columns;
        const char *text;
        status = contacts_text(reader, access, cells[0].integer, person, arena, &text, err);
        cells[3] = cell_text(text);
    }
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    return status;
}
