/*
 * Importing rows that are looked up by a code: members, tenants, devices, labels. The file is read
 * twice: once to find what must be refused, once to write, in one transaction.
 */
#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/import/job.h"
#include "model/import/upsert.h"
#include "model/store/erased.h"

#include <stdlib.h>
#include <string.h>

struct row_reading {
    struct job *job;
    struct csv_reader csv;
    struct value_times times;
    struct row_cell *cells;
    struct row_value *values;
    size_t n_values;
    struct arena *arena;   /* of a piece */
    struct upsert *upsert; /* NULL in the first reading */
    struct erased *erased; /* who must not come back; NULL: nobody */
    struct error *err;
};

/* Refusals are told in the first reading; the second passes the same rows over. */
static enum status refuse(struct row_reading *r, int64_t line, uint32_t column, const char *message)
{
    return r->upsert ? ST_OK : job_refuse(r->job, line, column, message, r->err);
}

static const char *cell_message(struct row_reading *r, size_t column, const char *expected)
{
    const struct import_table *table = r->job->options->table;
    const struct row_cell *cell = &r->cells[column];
    const struct family_column *family =
        column < table->n_columns ? NULL : &r->job->layout.families[column - table->n_columns];
    return arena_printf(r->arena, "found %s, expected %s (column '%s%s')",
                        cell->n ? text_quote(r->arena, cell->at, cell->n) : "nothing", expected,
                        family ? (family->label ? "label:" : "attr:") : "",
                        family ? family->name : table->columns[column].name);
}

/* A copy with line ends made blanks. */
static void text_fold(struct row_reading *r, struct row_cell *cell)
{
    char *copy = arena_alloc(r->arena, cell->n + 1);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < cell->n; i++) {
        if (cell->at[i] == '\r' && i + 1 < cell->n && cell->at[i + 1] == '\n')
            continue;
        copy[kept++] = cell->at[i] == '\n' ? ' ' : cell->at[i];
    }
    cell->at = copy;
    cell->n = kept;
}

/* A text, or why it is none. */
static const char *text_value(struct row_reading *r, struct row_cell *cell, enum import_type type,
                              int64_t most, struct row_value *value)
{
    if (type == IMPORT_TEXT && memchr(cell->at, '\n', cell->n))
        text_fold(r, cell);
    if ((int64_t)cell->n > most)
        return arena_printf(r->arena, "at most %lld bytes", (long long)most);
    if (!text_valid(cell->at, cell->n))
        return "UTF-8 text without control characters";
    *value = (struct row_value){.is = VALUE_TEXT, .at = cell->at, .n = cell->n};
    return NULL;
}

/* One cell to its value; NULL, or what was expected. */
static const char *cell_value(struct row_reading *r, const struct import_column *about,
                              struct row_cell *cell, struct row_value *value)
{
    int64_t integer = 0;
    bool good = true;
    *value = (struct row_value){.is = VALUE_NULL};
    if (cell->n == 0 && about->needed)
        return import_type_text(about->type);
    switch (about->type) {
    case IMPORT_TIME:
    case IMPORT_DATE:
        if (cell->n == 0)
            return NULL;
        good = about->type == IMPORT_TIME ? value_time(&r->times, cell->at, cell->n, &integer)
                                          : value_date(&r->times, cell->at, cell->n, &integer);
        break;
    case IMPORT_INTEGER:
        good =
            cell->n == 0 || value_integer(cell->at, cell->n, about->least, about->most, &integer);
        break;
    case IMPORT_BOOL:
        good = value_bool(cell->at, cell->n, &integer);
        break;
    default:
        return text_value(r, cell, about->type, about->most, value);
    }
    if (!good && about->type == IMPORT_INTEGER)
        return arena_printf(r->arena, "a whole number, %lld to %lld", (long long)about->least,
                            (long long)about->most);
    if (!good)
        return import_type_text(about->type);
    *value = (struct row_value){.is = VALUE_INTEGER, .integer = integer};
    return NULL;
}

static const char *family_value(struct row_reading *r, size_t i, struct row_value *value)
{
    static const struct import_column label = {.type = IMPORT_BOOL};
    static const struct import_column attribute = {.type = IMPORT_TEXT, .most = 1000};
    struct row_cell *cell = &r->cells[r->job->options->table->n_columns + i];
    return cell_value(r, r->job->layout.families[i].label ? &label : &attribute, cell, value);
}

/* Checks a row; *good false after a refusal. */
static enum status row_check(struct row_reading *r, bool *good)
{
    const struct import_table *table = r->job->options->table;
    const struct layout *layout = &r->job->layout;
    *good = false;
    for (size_t i = 0; i < r->n_values; i++) {
        bool family = i >= table->n_columns;
        const char *expected = NULL;
        r->values[i] = (struct row_value){.is = VALUE_ABSENT};
        if (family)
            expected = family_value(r, i - table->n_columns, &r->values[i]);
        else if (layout->slots[i].from != SLOT_NONE)
            expected = cell_value(r, &table->columns[i], &r->cells[i], &r->values[i]);
        if (expected)
            return refuse(r, r->cells[i].line, r->cells[i].column, cell_message(r, i, expected));
    }
    if (table->kind == IMPORT_LABELS && r->values[1].is == VALUE_TEXT && r->values[1].n &&
        r->values[2].is == VALUE_TEXT && r->values[2].n)
        return refuse(r, r->cells[2].line, r->cells[2].column,
                      cell_message(r, 2,
                                   "nothing, as the label has a rule: a row gives a rule or "
                                   "a member"));
    *good = true;
    return ST_OK;
}

/* Whether a row names somebody who was erased, by card or by phone. */
static bool row_erased(const struct row_reading *r)
{
    const struct import_table *table = r->job->options->table;
    for (size_t i = 0; r->erased && i < table->n_columns; i++)
        if ((strcmp(table->columns[i].name, "member") == 0 ||
             strcmp(table->columns[i].name, "phone") == 0) &&
            r->values[i].is == VALUE_TEXT && erased_has(r->erased, r->values[i].at, r->values[i].n))
            return true;
    return false;
}

static enum status record_read(struct row_reading *r)
{
    const struct layout *layout = &r->job->layout;
    const struct csv_reader *csv = &r->csv;
    if (csv->n_fields != layout->n_fields) {
        bool more = csv->n_fields > layout->n_fields;
        const struct csv_field *last = &csv->fields[more ? layout->n_fields : csv->n_fields - 1];
        return refuse(r, csv->record_line + last->line, more ? last->column : csv->end_column,
                      arena_printf(r->arena, "found %zu fields, expected %zu as in the header",
                                   csv->n_fields, layout->n_fields));
    }
    layout_row(layout, csv, r->arena, r->cells);
    bool good;
    enum status status = row_check(r, &good);
    if (status == ST_OK && good && row_erased(r)) {
        r->job->result->erased += r->upsert == NULL;
        return ST_OK;
    }
    if (status != ST_OK || !good || !r->upsert)
        return status;
    bool changed = false;
    status = upsert_row(r->upsert, r->values, &changed, r->err);
    if (changed)
        r->job->result->imported++;
    else
        r->job->result->duplicates++;
    return status;
}

static enum status piece_read(struct row_reading *r, const struct piece_bytes *piece, size_t start,
                              int64_t line)
{
    arena_reset(r->arena);
    if (piece->too_long) {
        r->job->result->rows += r->upsert == NULL;
        return refuse(r, piece->line, 1, "found a line of more than 1 MiB, expected a shorter one");
    }
    csv_feed(&r->csv, piece->at + start, piece->n - start, line);
    enum status status = ST_OK;
    for (enum csv_result result; status == ST_OK && (result = csv_next(&r->csv)) != CSV_END;) {
        r->job->result->rows += r->upsert == NULL;
        if (result == CSV_BAD)
            status = refuse(r, r->csv.problem.line, r->csv.problem.column,
                            arena_printf(r->arena, "found %s, expected %s", r->csv.problem.found,
                                         r->csv.problem.expected));
        else
            status = record_read(r);
    }
    return status;
}

/* All rows of the file, from its first piece on. */
static enum status file_read(struct row_reading *r)
{
    struct job *job = r->job;
    struct piece_bytes piece = {0};
    enum status status = piece_read(r, &job->first, job->start, job->line);
    while (status == ST_OK) {
        status = job_progress(job, r->err);
        if (status == ST_OK)
            status = source_next(job->source, &piece, r->err);
        if (status != ST_OK || (piece.n == 0 && !piece.too_long))
            break;
        status = piece_read(r, &piece, 0, piece.line);
    }
    free(piece.at);
    return status;
}

static enum status file_write(struct row_reading *r)
{
    struct job *job = r->job;
    enum status status = job_again(job, r->err);
    if (status != ST_OK)
        return status;
    status = writer_begin(job->writer, r->err);
    if (status != ST_OK)
        return status;
    status = upsert_open(job, &r->upsert, r->err);
    if (status == ST_OK)
        status = file_read(r);
    if (status == ST_OK)
        status = upsert_finish(r->upsert, r->err);
    if (status == ST_OK)
        status = job_record(job, r->err);
    if (status == ST_OK)
        status = writer_commit(job->writer, r->err);
    else
        writer_rollback(job->writer);
    upsert_close(r->upsert);
    return status == ST_OK ? upsert_after(job, r->err) : status;
}

enum status rows_import(struct job *job, struct error *err)
{
    struct row_reading r = {.job = job, .err = err, .arena = arena_new()};
    r.times = (struct value_times){.zone = job->zone,
                                   .format = job->options->map ? job->options->map->date : NULL};
    r.n_values = job->options->table->n_columns + job->layout.n_families;
    r.cells = mem_zero(r.n_values, sizeof *r.cells);
    layout_cells(&job->layout, r.cells);
    r.values = mem_zero(r.n_values, sizeof *r.values);
    csv_open(&r.csv, &job->format);
    enum status status = erased_open(job->writer, &r.erased, err);
    if (status == ST_OK)
        status = file_read(&r);
    if (status == ST_OK)
        status = file_write(&r);
    erased_free(r.erased);
    csv_free(&r.csv);
    free(r.cells);
    free(r.values);
    arena_free(r.arena);
    return status;
}
