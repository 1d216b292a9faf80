#include "model/import/job.h"

#include "model/base/text.h"
#include "model/import/names.h"
#include "model/store/column.h"
#include "model/store/operation.h"

#include <stdlib.h>
#include <string.h>

/* ---- Opening ---- */

/* The fields of a header line, or the names a map gives instead. */
static enum status header_take(struct job *job, struct csv_reader *csv,
                               const struct csv_field **fields, size_t *n, struct error *err)
{
    const struct import_map *map = job->options->map;
    const char *source = source_name(job->source);
    csv_feed(csv, job->first.at, job->first.n, job->first.line);
    if (map && !map->header) {
        struct csv_field *names = arena_array(job->arena, struct csv_field, map->n_names);
        for (size_t i = 0; i < map->n_names; i++)
            names[i] = (struct csv_field){
                .at = map->names[i], .n = (uint32_t)strlen(map->names[i]), .column = 1};
        *fields = names;
        *n = map->n_names;
        csv->record_line = job->first.line;
        return ST_OK;
    }
    enum csv_result result = job->first.too_long ? CSV_BAD : csv_next(csv);
    if (job->first.too_long)
        return error_set(err, ST_REFUSED,
                         "%s:%lld:1: found a line of more than 1 MiB, expected a header line",
                         source, (long long)job->first.line);
    if (result == CSV_END)
        return error_set(err, ST_REFUSED,
                         "%s:1:1: found an empty file, expected a header line that names the "
                         "columns of %s",
                         source, job->options->table->name);
    if (result == CSV_BAD)
        return error_set(err, ST_REFUSED, "%s:%lld:%u: found %s, expected %s", source,
                         (long long)csv->problem.line, csv->problem.column, csv->problem.found,
                         csv->problem.expected);
    *fields = csv->fields;
    *n = csv->n_fields;
    return ST_OK;
}

/* The folder of the file, where a map's lookup file is looked for. */
static const char *folder_of(struct job *job, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_strndup(job->arena, path, (size_t)(slash - path));
}

static enum status first_read(struct job *job, struct error *err)
{
    const struct import_map *map = job->options->map;
    enum status status = source_start(job->source, &job->format, map ? map->skip : 0, err);
    return status == ST_OK ? source_next(job->source, &job->first, err) : status;
}

enum status job_open(struct job *job, const char *path, bool twice, struct error *err)
{
    const struct import_map *map = job->options->map;
    const struct mall *mall = writer_mall(job->writer);
    job->format = map ? map->format : (struct csv_format){.delimiter = ',', .quotes = true};
    job->zone = mall->zone;
    if (map && map->table && map->table != job->options->table)
        return error_set(err, ST_REFUSED, "%s: is a map for %s, expected one for %s", map->path,
                         map->table->name, job->options->table->name);
    enum status status = ST_OK;
    if (map && map->zone) {
        status = zone_load(map->zone, &job->own_zone, err);
        job->zone = job->own_zone;
    }
    if (status == ST_OK)
        status = source_open(path, map ? map->encoding : NULL, twice, &job->source, err);
    if (status == ST_OK)
        status = first_read(job, err);
    if (status != ST_OK)
        return status;
    struct csv_reader csv;
    csv_open(&csv, &job->format);
    const struct csv_field *fields = NULL;
    size_t n = 0;
    status = header_take(job, &csv, &fields, &n, err);
    if (status == ST_OK)
        status = layout_bind(&job->layout, job->options->table, map, fields, n, csv.record_line,
                             source_name(job->source), folder_of(job, path), job->arena, err);
    job->start = job->first.n ? (size_t)(csv.at - job->first.at) : 0;
    job->line = csv.line;
    csv_free(&csv);
    return status;
}

enum status job_again(struct job *job, struct error *err)
{
    job->reading++;
    enum status status = source_rewind(job->source, err);
    if (status == ST_OK)
        status = first_read(job, err);
    return status;
}

void job_close(struct job *job)
{
    layout_end(&job->layout);
    source_close(job->source);
    zone_free(job->own_zone);
    free(job->first.at);
    vec_free(&job->refusals);
}

/* ---- On the way ---- */

enum status job_refuse(struct job *job, int64_t line, uint32_t column, const char *message,
                       struct error *err)
{
    job->result->refused++;
    if (job->refusals.n < IMPORT_REFUSALS_RECORDED) {
        struct import_refusal refusal = {
            .line = line,
            .column = column,
            .message = arena_printf(job->arena, "%lld:%u: %s", (long long)line, column, message)};
        vec_push(&job->refusals, refusal);
    }
    if (job->options->skip_bad)
        return ST_OK;
    return error_set(err, ST_REFUSED, "%s:%lld:%u: %s", source_name(job->source), (long long)line,
                     column, message);
}

enum status job_progress(struct job *job, struct error *err)
{
    if (job->options->cancel && atomic_load_explicit(job->options->cancel, memory_order_relaxed))
        return error_set(err, ST_CANCELLED, "the import was cancelled; nothing was written");
    int64_t size = source_size(job->source);
    if (job->options->progress)
        job->options->progress(job->options->context,
                               source_done(job->source) + job->reading * size,
                               job->readings * size);
    return ST_OK;
}

/* ---- The record ---- */

static int64_t milliseconds(const struct job *job)
{
    return (time_monotonic_ns() - job->started_ns) / 1000000;
}

static enum status record_refusals(struct job *job, int64_t import, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        job->writer, "insert or ignore into refused (import, line, message) values (?1, ?2, ?3)",
        &stmt, err);
    for (size_t i = 0; i < job->refusals.n && status == ST_OK; i++) {
        sqlite3_bind_int64(stmt, 1, import);
        sqlite3_bind_int64(stmt, 2, job->refusals.at[i].line);
        sqlite3_bind_text(stmt, 3, job->refusals.at[i].message, -1, SQLITE_STATIC);
        status = writer_run(job->writer, stmt, err);
    }
    return status;
}

static enum status record_audit(struct job *job, struct error *err)
{
    const struct import_result *result = job->result;
    json_t *detail = json_pack("{s:I, s:I}", "rows", (json_int_t)result->rows, "refused",
                               (json_int_t)result->refused);
    enum status status =
        audit_append(job->writer, job->options->actor ? job->options->actor : "", "import",
                     job->options->table->name, source_name(job->source), detail, err);
    json_decref(detail);
    return status;
}

enum status job_record(struct job *job, struct error *err)
{
    const struct import_result *result = job->result;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        job->writer,
        "insert into import (kind, source, actor, time, rows, imported, duplicates, refused, "
        "milliseconds, erased) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, job->options->table->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, source_name(job->source), -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 3, job->options->actor ? job->options->actor : "", -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, time_now());
    sqlite3_bind_int64(stmt, 5, result->rows);
    sqlite3_bind_int64(stmt, 6, result->imported);
    sqlite3_bind_int64(stmt, 7, result->duplicates);
    sqlite3_bind_int64(stmt, 8, result->refused);
    sqlite3_bind_int64(stmt, 9, milliseconds(job));
    sqlite3_bind_int64(stmt, 10, result->erased);
    status = writer_run(job->writer, stmt, err);
    if (status == ST_OK)
        status = record_refusals(job, sqlite3_last_insert_rowid(writer_db(job->writer)), err);
    if (status == ST_OK)
        status = record_audit(job, err);
    return status == ST_OK ? writer_touch_rows(job->writer, err) : status;
}

enum status job_record_counts(struct job *job, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_begin(job->writer, err);
    if (status == ST_OK)
        status = writer_prepare(job->writer,
                                "update import set imported = ?1, duplicates = ?2, milliseconds = "
                                "?3 where id = (select max(id) from import)",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, job->result->imported);
        sqlite3_bind_int64(stmt, 2, job->result->duplicates);
        sqlite3_bind_int64(stmt, 3, milliseconds(job));
        status = writer_run(job->writer, stmt, err);
    }
    if (status == ST_OK)
        return writer_commit(job->writer, err);
    writer_rollback(job->writer);
    return status;
}

/* ---- All of it ---- */

/* The first refusals, for the caller. */
static void result_fill(struct job *job)
{
    struct import_result *result = job->result;
    size_t n = job->refusals.n < IMPORT_REFUSALS_KEPT ? job->refusals.n : IMPORT_REFUSALS_KEPT;
    result->refusals = mem_zero(n, sizeof *result->refusals);
    result->n_refusals = n;
    for (size_t i = 0; i < n; i++) {
        result->refusals[i] = job->refusals.at[i];
        result->refusals[i].message = mem_strdup(job->refusals.at[i].message);
    }
    result->seconds = (double)(time_monotonic_ns() - job->started_ns) / 1e9;
}

enum status import_run(struct writer *writer, const char *path,
                       const struct import_options *options, struct import_result *result,
                       struct error *err)
{
    *result = (struct import_result){0};
    struct job job = {.writer = writer,
                      .options = options,
                      .result = result,
                      .arena = arena_new(),
                      .started_ns = time_monotonic_ns()};
    bool rows = options->table->rows != NULL;
    job.readings = rows ? 2 : 1;
    enum status status = job_open(&job, path, rows, err);
    if (status == ST_OK)
        status = rows ? rows_import(&job, err) : facts_import(&job, err);
    if (status != ST_OK)
        result->imported = result->duplicates = 0;
    if (status == ST_OK && result->refused)
        status = ST_PARTIAL;
    result_fill(&job);
    job_close(&job);
    arena_free(job.arena);
    return status;
}

void import_result_free(struct import_result *result)
{
    for (size_t i = 0; i < result->n_refusals; i++)
        free(result->refusals[i].message);
    free(result->refusals);
    *result = (struct import_result){0};
}

/* ---- History ---- */

static enum status sheet_query(struct reader *reader, struct sheet *sheet, const char *sql,
                               int64_t a, int64_t b, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, a);
    sqlite3_bind_int64(stmt, 2, b);
    bool row;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(sheet);
        for (size_t i = 0; i < sheet->n_columns; i++)
            if (sheet->columns[i].type == CELL_TEXT)
                cells[i] = cell_text(arena_strdup(sheet->arena, column_text(stmt, (int)i)));
            else
                cells[i] = cell_integer(sqlite3_column_int64(stmt, (int)i));
    }
    sqlite3_reset(stmt);
    return status;
}

enum status import_history(struct reader *reader, struct arena *arena, size_t limit,
                           struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"id", NULL, CELL_COUNT},          {"kind", NULL, CELL_TEXT},
        {"source", NULL, CELL_TEXT},       {"actor", NULL, CELL_TEXT},
        {"time", NULL, CELL_TIME},         {"rows", NULL, CELL_COUNT},
        {"imported", NULL, CELL_COUNT},    {"duplicates", NULL, CELL_COUNT},
        {"refused", NULL, CELL_COUNT},     {"erased", NULL, CELL_COUNT},
        {"milliseconds", NULL, CELL_COUNT}};
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    return sheet_query(reader, *sheet,
                       "select id, kind, source, actor, time, rows, imported, duplicates, refused, "
                       "erased, milliseconds from import order by id desc limit ?1 + 0 * ?2",
                       (int64_t)limit, 0, err);
}

enum status import_refused(struct reader *reader, struct arena *arena, int64_t import, size_t limit,
                           struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {{"line", NULL, CELL_COUNT},
                                                  {"message", NULL, CELL_TEXT}};
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    return sheet_query(reader, *sheet,
                       "select line, message from refused where import = ?1 order by line limit ?2",
                       import, (int64_t)limit, err);
}
