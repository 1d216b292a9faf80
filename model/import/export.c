#include "model/import/export.h"

#include "model/import/csv_out.h"
#include "model/import/export_facts.h"
#include "model/store/column.h"

#include <string.h>

static void header_write(struct csv_out *out, const struct import_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++)
        csv_out_text(out, table->columns[i].name, strlen(table->columns[i].name));
}

/* ---- Rows ---- */

/* The names of attributes, or of labels kept by hand: what becomes a column of its own. */
struct families {
    size_t n;
    const char **names;
    int64_t *ids; /* of labels */
};

static enum status families_read(struct reader *reader, const char *sql, struct arena *arena,
                                 struct families *families, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    bool row;
    size_t cap = 0;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        if (families->n == cap) {
            size_t more = cap ? cap * 2 : 16;
            const char **names = arena_array(arena, const char *, more);
            int64_t *ids = arena_array(arena, int64_t, more);
            if (cap) {
                memcpy(names, families->names, cap * sizeof *names);
                memcpy(ids, families->ids, cap * sizeof *ids);
            }
            families->names = names;
            families->ids = ids;
            cap = more;
        }
        families->names[families->n] = arena_strdup(arena, column_text(stmt, 0));
        families->ids[families->n++] = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return status;
}

/* select card, name, …, person from member order by card: dictionary numbers as their codes. */
static char *rows_sql(struct arena *arena, const struct import_table *table)
{
    bool member = table->kind == IMPORT_MEMBERS;
    char *sql = arena_strdup(arena, "select ");
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct import_column *column = &table->columns[i];
        const char *comma = i ? ", " : "";
        if (column->refers)
            sql = arena_printf(arena, "%s%scoalesce((select d.%s from %s d where d.id = t.%s), '')",
                               sql, comma, strcmp(column->refers, "channel") == 0 ? "name" : "code",
                               column->refers, column->place);
        else
            sql = arena_printf(arena, "%s%st.%s", sql, comma, column->place);
    }
    return arena_printf(arena, "%s%s from %s t order by t.%s", sql, member ? ", t.person" : "",
                        table->rows, table->columns[0].place);
}

static void cell_write(struct csv_out *out, const struct import_column *column, sqlite3_stmt *stmt,
                       int at)
{
    if (sqlite3_column_type(stmt, at) == SQLITE_NULL)
        csv_out_empty(out);
    else if (column->type == IMPORT_TIME)
        csv_out_time(out, sqlite3_column_int64(stmt, at));
    else if (column->type == IMPORT_DATE)
        csv_out_date(out, sqlite3_column_int64(stmt, at));
    else if (column->type == IMPORT_INTEGER || column->type == IMPORT_BOOL)
        csv_out_integer(out, sqlite3_column_int64(stmt, at));
    else
        csv_out_text(out, column_text(stmt, at), (size_t)sqlite3_column_bytes(stmt, at));
}

/* One value of a person, by a statement with two parameters; empty where there is none. */
static enum status family_write(struct reader *reader, struct csv_out *out, const char *sql,
                                int64_t person, const char *name, int64_t id, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    if (name)
        sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
    else
        sqlite3_bind_int64(stmt, 2, id);
    bool row;
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        csv_out_text(out, column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    else
        csv_out_empty(out);
    sqlite3_reset(stmt);
    return status;
}

static enum status member_families_write(struct reader *reader, struct csv_out *out,
                                         const struct families *attributes,
                                         const struct families *labels, int64_t person,
                                         struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < attributes->n && status == ST_OK; i++)
        status =
            family_write(reader, out, "select value from attribute where person = ?1 and name = ?2",
                         person, attributes->names[i], 0, err);
    for (size_t i = 0; i < labels->n && status == ST_OK; i++)
        status = family_write(reader, out,
                              "select '1' from label_member where person = ?1 and label = ?2",
                              person, NULL, labels->ids[i], err);
    return status;
}

static enum status rows_write(struct reader *reader, const struct import_table *table,
                              struct arena *arena, struct csv_out *out, struct error *err)
{
    struct families attributes = {0}, labels = {0};
    enum status status = ST_OK;
    if (table->families) {
        status = families_read(reader, "select distinct name, 0 from attribute order by name",
                               arena, &attributes, err);
        if (status == ST_OK)
            status = families_read(reader,
                                   "select name, id from label where rule = '' and exists (select "
                                   "1 from label_member where label = label.id) order by name",
                                   arena, &labels, err);
    }
    header_write(out, table);
    for (size_t i = 0; i < attributes.n; i++) {
        const char *name = arena_printf(arena, "attr:%s", attributes.names[i]);
        csv_out_text(out, name, strlen(name));
    }
    for (size_t i = 0; i < labels.n; i++) {
        const char *name = arena_printf(arena, "label:%s", labels.names[i]);
        csv_out_text(out, name, strlen(name));
    }
    csv_out_row(out, true);
    sqlite3_stmt *stmt;
    if (status == ST_OK)
        status = reader_prepare(reader, rows_sql(arena, table), &stmt, err);
    if (status != ST_OK)
        return status;
    bool row;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row &&
           out->status == ST_OK) {
        for (size_t i = 0; i < table->n_columns; i++)
            cell_write(out, &table->columns[i], stmt, (int)i);
        if (table->families)
            status = member_families_write(reader, out, &attributes, &labels,
                                           sqlite3_column_int64(stmt, (int)table->n_columns), err);
        csv_out_row(out, false);
        if (status != ST_OK)
            break;
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- Labels ---- */

static enum status labels_write(struct reader *reader, const struct import_table *table,
                                struct csv_out *out, struct error *err)
{
    header_write(out, table);
    csv_out_row(out, true);
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(
        reader,
        "select l.name, l.rule, i.value from label l left join label_member m on m.label = l.id "
        "and l.rule = '' left join identity i on i.person = m.person and i.kind = 'card' and "
        "i.value = (select min(value) from identity where person = m.person and kind = 'card') "
        "order by l.name, i.value",
        &stmt, err);
    if (status != ST_OK)
        return status;
    bool row;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row &&
           out->status == ST_OK) {
        for (int i = 0; i < 3; i++)
            csv_out_text(out, column_text(stmt, i), (size_t)sqlite3_column_bytes(stmt, i));
        csv_out_row(out, false);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status export_run(struct reader *reader, const struct export_options *options,
                       export_sink *sink, void *context, int64_t *rows, struct error *err)
{
    const struct import_table *table = options->table;
    struct arena *arena = arena_new();
    struct csv_out out;
    csv_out_begin(&out, reader_mall(reader)->zone, sink, context, err);
    enum status status = reader_begin(reader, err);
    if (status == ST_OK) {
        if (table->kind == IMPORT_LABELS) {
            status = labels_write(reader, table, &out, err);
        } else if (table->rows) {
            status = rows_write(reader, table, arena, &out, err);
        } else {
            header_write(&out, table);
            csv_out_row(&out, true);
            status = facts_write(reader, options, arena, &out, err);
        }
        reader_end(reader);
    }
    enum status written = csv_out_end(&out);
    if (rows)
        *rows = out.rows;
    arena_free(arena);
    return status == ST_OK ? written : status;
}
