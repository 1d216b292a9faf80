#include "model/sql/sql.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/sql/sql_connection.h"
#include "model/store/sqlite.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Messages that point at the word ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static void place_of(const char *query, int offset, int *line, int *column)
{
    *line = 1;
    *column = 1;
    for (int i = 0; i < offset && query[i]; i++) {
        bool inside = ((unsigned char)query[i] & 0xC0) == 0x80;
        *column += !inside;
        if (query[i] == '\n') {
            ++*line;
            *column = 1;
        }
    }
}

/* The name nearest to `word` among views, their columns and functions. */
static const char *near_name(const struct access *access, const char *word)
{
    VEC(const char *) names = {0};
    for (size_t v = 0; v < n_sql_views; v++) {
        if (!sql_view_open(&sql_views[v], access))
            continue;
        vec_push(&names, sql_views[v].name);
        for (size_t i = 0; i < sql_views[v].n_columns; i++)
            vec_push(&names, sql_views[v].columns[i].name);
    }
    for (size_t i = 0; i < n_sql_functions; i++)
        vec_push(&names, sql_functions[i].name);
    const char *near = text_nearest(word, names.at, names.n);
    vec_free(&names);
    return near;
}

/* "no such column: m.spnt" is about spnt. */
static const char *word_of_message(struct arena *arena, const char *message)
{
    const char *colon = strstr(message, ": ");
    if (strncmp(message, "no such ", 8) != 0 || !colon)
        return NULL;
    const char *dot = strrchr(colon, '.');
    return arena_strdup(arena, dot ? dot + 1 : colon + 2);
}

/* Where a name stands in the question, as a word of its own; -1: nowhere. SQLite does not say it
 * for tables. */
static int offset_of_word(const char *query, const char *word)
{
    size_t n = word ? strlen(word) : 0;
    for (const char *at = query; n && (at = strcasestr(at, word)) != NULL; at++)
        if ((at == query || !is_word(at[-1])) && !is_word(at[n]))
            return (int)(at - query);
    return -1;
}

static enum status query_refused(struct sql_connection *c, sqlite3 *db, const char *query,
                                 struct sql_summary *summary, struct error *err)
{
    struct arena *arena = arena_new();
    const char *message = arena_strdup(arena, sqlite3_errmsg(db));
    int code = sqlite3_errcode(db) & 0xFF, line, column;
    const char *word = word_of_message(arena, message);
    summary->offset = sqlite3_error_offset(db);
    if (summary->offset < 0)
        summary->offset = offset_of_word(query, word);
    char *where = arena_strdup(arena, "");
    if (summary->offset >= 0 && (size_t)summary->offset <= strlen(query)) {
        int n = 0;
        const char *at = query + summary->offset;
        while (at[n] && is_word(at[n]))
            n++;
        place_of(query, summary->offset, &line, &column);
        where = n ? arena_printf(arena, "line %d, column %d, at %s: ", line, column,
                                 text_quote(arena, at, (size_t)n))
                  : arena_printf(arena, "line %d, column %d: ", line, column);
    }
    const char *near = word ? near_name(c->access, word) : NULL;
    enum status status;
    if (code == SQLITE_AUTH || c->refused)
        status = error_set(err, ST_DENIED,
                           "%sthe SQL question reads the views of the manual only; it may not use "
                           "%s",
                           where,
                           c->refused ? text_quote(arena, c->refused, strlen(c->refused)) : "this");
    else
        status = error_set(err, ST_USAGE, "%s%s%s%s%s", where, message,
                           near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    arena_free(arena);
    return status;
}

/* ---- One SELECT ---- */

static const char *after_blanks(const char *text)
{
    for (;;) {
        if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\r' || *text == ';') {
            text++;
        } else if (text[0] == '-' && text[1] == '-') {
            text += strcspn(text, "\n");
        } else if (text[0] == '/' && text[1] == '*') {
            const char *end = strstr(text + 2, "*/");
            text = end ? end + 2 : text + strlen(text);
        } else {
            return text;
        }
    }
}

/* Is it one SELECT that names views only? */
static enum status query_check(struct sql_connection *c, const char *query,
                               struct sql_summary *summary, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;
    enum status status = ST_OK;
    if (strlen(query) > INT32_MAX / 2)
        return error_set(err, ST_USAGE, "the question is too long");
    if (sqlite3_prepare_v3(c->shadow, query, -1, 0, &stmt, &tail) != SQLITE_OK)
        return query_refused(c, c->shadow, query, summary, err);
    if (!stmt) {
        status = error_set(err, ST_USAGE, "there is no question; expected SELECT …");
    } else if (!sqlite3_stmt_readonly(stmt) || sqlite3_stmt_isexplain(stmt) ||
               sqlite3_column_count(stmt) == 0) {
        status = error_set(err, ST_DENIED, "only SELECT may be asked");
    } else if (tail && *after_blanks(tail)) {
        int line, column;
        summary->offset = (int)(after_blanks(tail) - query);
        place_of(query, summary->offset, &line, &column);
        status =
            error_set(err, ST_USAGE,
                      "line %d, column %d: one SELECT at a time; a second statement begins here",
                      line, column);
    }
    sqlite3_finalize(stmt);
    return status;
}

static enum status query_prepare(struct sql_connection *c, const char *query, sqlite3_stmt **stmt,
                                 struct sql_summary *summary, struct error *err)
{
    enum status status = query_check(c, query, summary, err);
    if (!status && sqlite3_prepare_v3(c->db, query, -1, 0, stmt, NULL) != SQLITE_OK)
        status = query_refused(c, c->db, query, summary, err);
    return status;
}

/* ---- Columns and cells ---- */

/* The documented type of a view's column that is given as it is; a computed one has its values'. */
static enum cell_type column_type(sqlite3_stmt *stmt, int i)
{
    const char *origin = sqlite3_column_origin_name(stmt, i);
    static const char *const times[] = {"time", "joined", "since", "as_of"};
    for (size_t k = 0; origin && k < sizeof times / sizeof *times; k++)
        if (strcmp(origin, times[k]) == 0)
            return CELL_TIME;
    return CELL_COUNT;
}

static struct sheet_column *columns_make(sqlite3_stmt *stmt, struct arena *arena)
{
    int n = sqlite3_column_count(stmt);
    struct sheet_column *columns = arena_array(arena, struct sheet_column, (size_t)n);
    for (int i = 0; i < n; i++) {
        const char *name = sqlite3_column_name(stmt, i);
        columns[i].name = arena_strdup(arena, name ? name : "");
        columns[i].type = column_type(stmt, i);
    }
    return columns;
}

static void cell_take(sqlite3_stmt *stmt, int i, enum cell_type type, struct arena *arena,
                      struct sql_cell *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes;
    char *hex;
    int n;
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
        *out = (struct sql_cell){cell_integer(sqlite3_column_int64(stmt, i)), type};
        break;
    case SQLITE_FLOAT:
        *out = (struct sql_cell){cell_real(sqlite3_column_double(stmt, i)), CELL_REAL};
        break;
    case SQLITE_TEXT:
        *out = (struct sql_cell){cell_text((const char *)sqlite3_column_text(stmt, i)), CELL_TEXT};
        break;
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(stmt, i);
        n = sqlite3_column_bytes(stmt, i);
        hex = arena_alloc(arena, 2 * (size_t)n + 1);
        for (int k = 0; k < n; k++) {
            hex[2 * k] = digits[bytes[k] >> 4];
            hex[2 * k + 1] = digits[bytes[k] & 15];
        }
        *out = (struct sql_cell){cell_text(hex), CELL_TEXT};
        break;
    default:
        *out = (struct sql_cell){.type = type};
    }
}

/* ---- Running ---- */

static enum status step_failed(struct sql_connection *c, const struct sql_limits *limits,
                               struct sql_summary *summary, struct error *err)
{
    if ((sqlite3_errcode(c->db) & 0xFF) == SQLITE_INTERRUPT) {
        summary->timed_out = c->timed_out;
        return c->timed_out
                   ? error_set(err, ST_CANCELLED,
                               "the question took longer than %lld s; narrow it, or give it more "
                               "time",
                               (long long)limits->seconds)
                   : error_set(err, ST_CANCELLED, "the question was cancelled");
    }
    int code = sqlite3_errcode(c->db) & 0xFF;
    if (sqlite3_extended_errcode(c->db) == SQLITE_CORRUPT_VTAB) /* our tables' own sentence */
        return error_set(err, ST_UNUSABLE, "%s", sqlite3_errmsg(c->db));
    if (code == SQLITE_ERROR || code == SQLITE_TOOBIG || code == SQLITE_MISMATCH)
        return error_set(err, ST_USAGE, "%s", sqlite3_errmsg(c->db));
    return sqlite_status(c->db, "asking", err);
}

static enum status rows_give(struct sql_connection *c, sqlite3_stmt *stmt,
                             const struct sql_limits *limits, const struct sql_sink *sink,
                             struct sql_summary *summary, struct error *err)
{
    struct arena *arena = arena_new(), *row = arena_new();
    int n = sqlite3_column_count(stmt);
    struct sheet_column *columns = columns_make(stmt, arena);
    struct sql_cell *cells = arena_array(arena, struct sql_cell, (size_t)n);
    enum status status = sink->columns(sink->context, columns, (size_t)n, err);
    int code = SQLITE_DONE;
    while (!status && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        bool wanted = !limits->rows || summary->rows < limits->rows;
        if (!wanted && !limits->count_all)
            break;
        summary->rows++;
        if (!wanted)
            continue;
        for (int i = 0; i < n; i++)
            cell_take(stmt, i, columns[i].type, row, &cells[i]);
        status = sink->row(sink->context, cells, (size_t)n, err);
        arena_reset(row);
    }
    if (!status && code != SQLITE_ROW && code != SQLITE_DONE)
        status = step_failed(c, limits, summary, err);
    summary->complete = !status && code == SQLITE_DONE;
    arena_free(row);
    arena_free(arena);
    return status;
}

enum status sql_run(struct reader *reader, const struct access *access, const char *query,
                    const struct sql_limits *limits, const struct sql_sink *sink,
                    struct sql_summary *summary, struct error *err)
{
    struct sql_connection c;
    sqlite3_stmt *stmt = NULL;
    int64_t began = time_monotonic_ns();
    *summary = (struct sql_summary){.offset = -1};
    enum status status = sql_connect(&c, reader, access, err);
    if (!status && limits->seconds)
        c.deadline = began + limits->seconds * 1000000000;
    if (!status)
        status = query_prepare(&c, query, &stmt, summary, err);
    if (!status)
        status = rows_give(&c, stmt, limits, sink, summary, err);
    sqlite3_finalize(stmt);
    sql_disconnect(&c);
    summary->elapsed_ns = time_monotonic_ns() - began;
    return status;
}

/* ---- As a sheet ---- */

struct sheet_sink {
    struct arena *arena;
    struct sheet *sheet;
    struct sheet_column *columns;
    VEC(enum cell_type) types; /* of the sheet's cells */
    bool *seen;                /* by column: a known value came */
};

static enum status sheet_columns(void *context, const struct sheet_column *columns, size_t n,
                                 struct error *err)
{
    (void)err;
    struct sheet_sink *s = context;
    s->columns = arena_array(s->arena, struct sheet_column, n);
    s->seen = arena_array(s->arena, bool, n);
    for (size_t i = 0; i < n; i++) {
        s->columns[i] = columns[i];
        s->columns[i].name = arena_strdup(s->arena, columns[i].name);
    }
    s->sheet = sheet_new(s->arena, s->columns, n);
    return ST_OK;
}

/* A column of one type keeps it; integers among reals become reals, anything else becomes text. */
static void type_widen(struct sheet_sink *s, size_t i, enum cell_type type)
{
    enum cell_type have = s->columns[i].type;
    if (!s->seen[i] || have == type)
        s->columns[i].type = type;
    else if (have != CELL_TEXT && type != CELL_TEXT)
        s->columns[i].type = CELL_REAL;
    else
        s->columns[i].type = CELL_TEXT;
    s->seen[i] = true;
}

static enum status sheet_take_row(void *context, const struct sql_cell *cells, size_t n,
                                  struct error *err)
{
    (void)err;
    struct sheet_sink *s = context;
    struct cell *row = sheet_row_add(s->sheet);
    for (size_t i = 0; i < n; i++) {
        row[i] = cells[i].cell;
        vec_push(&s->types, cells[i].type);
        if (!row[i].known)
            continue;
        if (cells[i].type == CELL_TEXT)
            row[i].text = arena_strdup(s->arena, row[i].text);
        type_widen(s, i, cells[i].type);
    }
    return ST_OK;
}

static void cell_convert(struct arena *arena, struct cell *cell, enum cell_type from,
                         enum cell_type to)
{
    if (!cell->known || from == to)
        return;
    if (to == CELL_REAL && from != CELL_REAL)
        cell->real = (double)cell->integer;
    else if (to == CELL_TEXT)
        cell->text = from == CELL_REAL ? arena_printf(arena, "%.15g", cell->real)
                                       : arena_printf(arena, "%lld", (long long)cell->integer);
}

static void sheet_finish(struct sheet_sink *s, const struct sql_summary *summary)
{
    struct sheet *sheet = s->sheet;
    for (size_t r = 0; r < sheet->n_rows; r++)
        for (size_t i = 0; i < sheet->n_columns; i++)
            cell_convert(s->arena, &sheet->cells[r * sheet->n_columns + i],
                         s->types.at[r * sheet->n_columns + i], s->columns[i].type);
    for (size_t i = 0; i < sheet->n_columns; i++)
        if (s->columns[i].type == CELL_REAL)
            s->columns[i].decimals = sheet_decimals(sheet, i);
    sheet->total = summary->complete ? summary->rows : -1;
    sheet->truncated = !summary->complete || summary->rows > (int64_t)sheet->n_rows;
}

enum status sql_sheet(struct reader *reader, const struct access *access, const char *query,
                      const struct sql_limits *limits, struct arena *arena, struct sheet **sheet,
                      struct sql_summary *summary, struct error *err)
{
    struct sheet_sink s = {.arena = arena};
    struct sql_sink sink = {sheet_columns, sheet_take_row, &s};
    enum status status = sql_run(reader, access, query, limits, &sink, summary, err);
    *sheet = NULL;
    /* What there is, is given, when only the counting was cut short. */
    bool counting = limits->rows && summary->rows >= limits->rows;
    if (status == ST_CANCELLED && s.sheet && (counting || summary->timed_out)) {
        error_clear(err);
        status = ST_OK;
    }
    if (!status) {
        sheet_finish(&s, summary);
        *sheet = s.sheet;
    }
    vec_free(&s.types);
    return status;
}
