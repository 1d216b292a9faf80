#include "model/insight/table_file.h"

#include "model/base/csv.h"
#include "model/base/text.h"
#include "model/base/vec.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static enum status file_read(struct arena *arena, const char *path, char **bytes, size_t *size,
                             struct error *err)
{
    enum { LONGEST = 1 << 30 };
    VEC(char) all = {0};
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!file)
        return error_set(err, ST_REFUSED, "%s: cannot be read: %s",
                         text_quote(arena, path, strlen(path)), strerror(errno));
    size_t got = 1;
    while (got && all.n <= LONGEST) {
        vec_reserve(&all, 65536);
        got = fread(all.at + all.n, 1, 65536, file);
        all.n += got;
    }
    bool bad = ferror(file) != 0;
    if (file != stdin)
        fclose(file);
    *bytes = all.at;
    *size = all.n;
    if (bad || all.n > LONGEST)
        return error_set(err, ST_REFUSED, "%s: %s", text_quote(arena, path, strlen(path)),
                         bad ? "could not be read to its end" : "more than 1 GiB is not read");
    return ST_OK;
}

static enum status bad_record(struct arena *arena, const struct table_file *table,
                              const struct csv_reader *csv, struct error *err)
{
    const struct csv_problem *p = &csv->problem;
    return error_set(err, ST_REFUSED, "%s:%" PRId64 ":%u: found %s %s, expected %s", table->path,
                     p->line, p->column, p->found, p->n ? text_quote(arena, p->at, p->n) : "",
                     p->expected);
}

static enum status record_take(struct arena *arena, struct table_file *table,
                               const struct csv_reader *csv, const char **cells, struct error *err)
{
    if (csv->n_fields != table->n_columns)
        return error_set(err, ST_REFUSED,
                         "%s:%" PRId64 ":1: found %zu fields, expected %zu as in the header",
                         table->path, csv->record_line, csv->n_fields, table->n_columns);
    for (size_t i = 0; i < csv->n_fields; i++) {
        const struct csv_field *field = &csv->fields[i];
        if (!text_valid(field->at, field->n))
            return error_set(err, ST_REFUSED, "%s:%" PRId64 ":%u: found %s, expected UTF-8 text",
                             table->path, csv->record_line + field->line, field->column,
                             text_quote(arena, field->at, field->n));
        cells[i] = arena_strndup(arena, field->at, field->n);
    }
    return ST_OK;
}

static enum status records_read(struct arena *arena, struct table_file *table,
                                struct csv_reader *csv, struct error *err)
{
    VEC(const char *) cells = {0};
    VEC(int64_t) lines = {0};
    enum status status = ST_OK;
    enum csv_result found;
    while (status == ST_OK && (found = csv_next(csv)) != CSV_END) {
        if (found == CSV_BAD) {
            status = bad_record(arena, table, csv, err);
            break;
        }
        bool head = !table->names;
        if (head) {
            table->n_columns = csv->n_fields;
            table->names = arena_array(arena, const char *, csv->n_fields);
        }
        vec_reserve(&cells, table->n_columns);
        status = record_take(arena, table, csv, head ? table->names : cells.at + cells.n, err);
        if (head || status != ST_OK)
            continue;
        cells.n += table->n_columns;
        vec_push(&lines, csv->record_line);
    }
    table->n_rows = lines.n;
    table->cells = arena_array(arena, const char *, cells.n + 1);
    int64_t *line = arena_array(arena, int64_t, lines.n + 1);
    if (lines.n) {
        memcpy(table->cells, cells.at, cells.n * sizeof *cells.at);
        memcpy(line, lines.at, lines.n * sizeof *line);
    }
    table->line = line;
    vec_free(&cells);
    vec_free(&lines);
    return status;
}

enum status table_file_read(struct arena *arena, const char *path, struct table_file *table,
                            struct error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    *table = (struct table_file){.path = text_quote(arena, path, strlen(path))};
    enum status status = file_read(arena, path, &bytes, &size, err);
    if (status == ST_OK) {
        struct csv_reader csv;
        size_t mark = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        csv_open(&csv, &(struct csv_format){.delimiter = ',', .quotes = true});
        csv_feed(&csv, bytes + mark, size - mark, 1);
        status = records_read(arena, table, &csv, err);
        csv_free(&csv);
    }
    free(bytes);
    if (status == ST_OK && !table->names)
        status =
            error_set(err, ST_REFUSED, "%s:1:1: found nothing, expected a header", table->path);
    return status;
}

int table_file_column(const struct table_file *table, const char *const *names)
{
    for (; *names; names++)
        for (size_t k = 0; k < table->n_columns; k++)
            if (text_equal_nocase(table->names[k], *names))
                return (int)k;
    return -1;
}

enum status table_file_number(struct arena *arena, const struct table_file *table, size_t row,
                              int column, double *value, struct error *err)
{
    const char *text = table->cells[row * table->n_columns + (size_t)column];
    if (text_to_double(text, strlen(text), value) && isfinite(*value))
        return ST_OK;
    return error_set(err, ST_REFUSED, "%s:%" PRId64 ": column %s: found %s, expected a number",
                     table->path, table->line[row],
                     text_quote(arena, table->names[column], strlen(table->names[column])),
                     text_quote(arena, text, strlen(text)));
}
