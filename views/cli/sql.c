/* atrium sql: a read-only question over the documented views. */
#include "model/sql/sql.h"
#include "tui/text.h"
#include "views/cells.h"
#include "views/cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLE_ROWS = 1000, QUERY_BYTES = 100000 };

static const struct cli_option options[] = {
    {"limit", "N", 0, "at most N rows (default: 1000 as a table, no limit with --json and --csv)"},
    {"seconds", "N", 0, "give up after so long (default: no limit)"},
    {"views", NULL, 0, "list the views and their columns instead"},
    {0},
};

/* ---- Rows as they come ---- */

struct stream {
    struct cli *cli;
    struct arena *row;
    struct sheet_column *columns;
    bool json, to_terminal;
    int64_t rows;
};

/* A terminal is never shown what could drive it. */
static void csv_field(struct stream *s, const char *text)
{
    char *clean = s->to_terminal ? text_clean(text, -1) : NULL;
    const char *at = clean ? clean : text;
    bool quoted = strpbrk(at, ",\"\r\n") != NULL;
    if (quoted)
        putchar('"');
    for (; *at; at++) {
        if (*at == '"')
            putchar('"');
        putchar(*at);
    }
    if (quoted)
        putchar('"');
    free(clean);
}

static enum status stream_columns(void *context, const struct sheet_column *columns, size_t n,
                                  struct error *err)
{
    (void)err;
    struct stream *s = context;
    s->columns = arena_array(s->cli->arena, struct sheet_column, n);
    for (size_t i = 0; i < n; i++) {
        s->columns[i] = columns[i];
        s->columns[i].name = arena_strdup(s->cli->arena, columns[i].name);
        if (s->json)
            continue;
        fputs(i ? "," : "", stdout);
        csv_field(s, columns[i].name);
    }
    fputs(s->json ? "{\"rows\": [" : "\n", stdout);
    return ST_OK;
}

static void row_json(struct stream *s, const struct sql_cell *cells, size_t n)
{
    struct cell *row = arena_array(s->row, struct cell, n);
    for (size_t i = 0; i < n; i++) {
        row[i] = cells[i].cell;
        s->columns[i].type = cells[i].type;
    }
    struct sheet sheet = {
        .arena = s->row, .columns = s->columns, .n_columns = n, .cells = row, .n_rows = 1};
    struct arena *kept = s->cli->arena;
    s->cli->arena = s->row; /* what one row needs is forgotten with it */
    json_t *rows = cli_sheet_json(s->cli, &sheet);
    s->cli->arena = kept;
    fputs(s->rows ? ",\n " : "\n ", stdout);
    json_dumpf(json_array_get(rows, 0), stdout, JSON_REAL_PRECISION(15));
    json_decref(rows);
}

static void row_csv(struct stream *s, const struct sql_cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "," : "", stdout);
        csv_field(s, cell_for_machines(s->row, s->cli->mall->zone, cells[i].type, &cells[i].cell));
    }
    putchar('\n');
}

static enum status stream_row(void *context, const struct sql_cell *cells, size_t n,
                              struct error *err)
{
    struct stream *s = context;
    if (s->json)
        row_json(s, cells, n);
    else
        row_csv(s, cells, n);
    s->rows++;
    arena_reset(s->row);
    return ferror(stdout)
               ? error_set(err, ST_REFUSED, "the rows could not be written to standard output")
               : ST_OK;
}

static enum status run_stream(struct cli *cli, struct reader *reader, const struct access *access,
                              const char *query, const struct sql_limits *limits, struct error *err)
{
    struct sql_summary summary;
    struct stream stream = {
        .cli = cli, .row = arena_new(), .json = cli->json, .to_terminal = isatty(STDOUT_FILENO)};
    struct sql_sink sink = {stream_columns, stream_row, &stream};
    enum status status = sql_run(reader, access, query, limits, &sink, &summary, err);
    if (cli->json && stream.columns)
        printf("\n], \"complete\": %s, \"seconds\": %.3f}\n", summary.complete ? "true" : "false",
               (double)summary.elapsed_ns / 1e9);
    arena_free(stream.row);
    if (fflush(stdout) == EOF && status == ST_OK)
        return error_set(err, ST_REFUSED, "the rows could not be written to standard output");
    return status;
}

static enum status run_table(struct cli *cli, struct reader *reader, const struct access *access,
                             const char *query, const struct sql_limits *limits, struct error *err)
{
    struct sql_summary summary;
    struct sheet *sheet;
    enum status status =
        sql_sheet(reader, access, query, limits, cli->arena, &sheet, &summary, err);
    if (status == ST_OK)
        status = cli_print_sheet(cli, "rows", sheet, err);
    if (status == ST_OK)
        fprintf(stderr, "%zu row%s%s in %.3f s%s\n", sheet->n_rows, sheet->n_rows == 1 ? "" : "s",
                sheet->truncated && sheet->total >= 0 ? " shown" : "",
                (double)summary.elapsed_ns / 1e9, summary.timed_out ? " (time limit reached)" : "");
    return status;
}

/* ---- The views ---- */

static enum status print_views(struct cli *cli, const struct access *access, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"view", "view", CELL_TEXT},
        {"column", "column", CELL_TEXT},
        {"summary", "what", CELL_TEXT},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, 3);
    for (size_t v = 0; v < n_sql_views; v++) {
        const struct sql_view *view = &sql_views[v];
        if (!access_may(access, RIGHT_SQL | view->rights))
            continue;
        for (size_t i = 0; i < view->n_columns; i++) {
            struct cell *cells = sheet_row_add(sheet);
            cells[0] = cell_text(view->name);
            cells[1] = cell_text(view->columns[i].name);
            cells[2] = cell_text(view->columns[i].summary);
        }
    }
    return cli_print_sheet(cli, "columns", sheet, err);
}

/* ---- The command ---- */

static enum status query_read(struct cli *cli, const char **query, struct error *err)
{
    *query = cli->args[0];
    if (strcmp(*query, "-") != 0)
        return ST_OK;
    char *text = arena_alloc(cli->arena, QUERY_BYTES + 2);
    size_t n = fread(text, 1, QUERY_BYTES + 1, stdin);
    if (n > QUERY_BYTES)
        return error_set(err, ST_USAGE, "a question has at most %d bytes", QUERY_BYTES);
    *query = text;
    return ST_OK;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct reader *reader;
    struct access access;
    struct sql_limits limits = {.count_all = !cli->json && !cli->csv};
    bool views = cli_switch(cli, "views");
    const char *query = NULL;
    if (!views && cli->n_args == 0)
        return error_set(err, ST_USAGE, "atrium sql: expected a question, or - to read it");
    enum status status = cli_integer(cli, "limit", 0, INT64_MAX, limits.count_all ? TABLE_ROWS : 0,
                                     &limits.rows, err);
    if (status == ST_OK)
        status = cli_integer(cli, "seconds", 0, 86400, 0, &limits.seconds, err);
    if (status == ST_OK && !views)
        status = query_read(cli, &query, err);
    if (status == ST_OK)
        status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = access_require(&access, RIGHT_SQL, "ask in SQL", err);
    if (status != ST_OK)
        return status;
    if (views)
        return print_views(cli, &access, err);
    return limits.count_all ? run_table(cli, reader, &access, query, &limits, err)
                            : run_stream(cli, reader, &access, query, &limits, err);
}

const struct cli_command cli_sql = {
    .name = "sql",
    .arguments = "QUERY",
    .summary = "a read-only question in SQL over the documented views",
    .help =
        "One SELECT over the views of doc/sql.md (--views lists them); - reads it from standard "
        "input. With --csv and --json rows are printed as they come, any number of them; as a "
        "table the first 1000 are shown and all are counted. Money is in fen, times are UTC "
        "seconds; mall_day(time) and mall_time(time) give the mall's own.",
    .options = options,
    .least_args = 0,
    .most_args = 1,
    .run = run,
};
