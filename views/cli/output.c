/* What commands print: JSON, CSV, and tables for people. Everything that people see is cleaned. */
#include "model/base/text.h"
#include "tui/text.h"
#include "views/cells.h"
#include "views/cli/cli.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status cli_print_json(struct cli *cli, json_t *document, struct error *err)
{
    (void)cli;
    int bad = json_dumpf(document, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    json_decref(document);
    if (bad || putchar('\n') == EOF || fflush(stdout) == EOF)
        return error_set(err, ST_REFUSED, "the result could not be written to standard output");
    return ST_OK;
}

/* Times are written in the mall's zone; a sheet without any needs no mall. */
static enum status zone_ready(struct cli *cli, const struct sheet *sheet, struct error *err)
{
    struct mall *mall;
    bool times = false;
    for (size_t k = 0; k < sheet->n_columns; k++)
        times |= sheet->columns[k].type == CELL_TIME;
    return times ? cli_mall(cli, &mall, err) : ST_OK;
}

static const struct zone *cli_zone(const struct cli *cli)
{
    return cli->mall ? cli->mall->zone : NULL;
}

static json_t *cell_json(struct cli *cli, const struct sheet_column *column,
                         const struct cell *cell)
{
    if (!cell->known)
        return json_null();
    switch (column->type) {
    case CELL_TEXT: {
        json_t *text = json_string(cell->text);
        return text ? text : json_null();
    }
    case CELL_COUNT:
    case CELL_DURATION:
        return json_integer(cell->integer);
    case CELL_MONEY:
        return json_real((double)cell->integer / 100);
    case CELL_REAL:
    case CELL_SHARE:
        return isfinite(cell->real) ? json_real(cell->real) : json_null();
    case CELL_TIME:
        return json_string(time_rfc3339(cli->arena, cli_zone(cli), cell->integer));
    case CELL_DAY:
        return json_string(date_text(cli->arena, (int32_t)cell->integer));
    }
    return json_null();
}

json_t *cli_sheet_json(struct cli *cli, const struct sheet *sheet)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        json_t *row = json_object();
        for (size_t k = 0; k < sheet->n_columns; k++)
            json_object_set_new(row, sheet->columns[k].name,
                                cell_json(cli, &sheet->columns[k], &cells[k]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static void csv_field(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static void print_csv(struct cli *cli, const struct sheet *sheet)
{
    for (size_t k = 0; k < sheet->n_columns; k++) {
        fputs(k ? "," : "", stdout);
        csv_field(sheet->columns[k].name);
    }
    putchar('\n');
    for (size_t i = 0; i < sheet->n_rows; i++)
        for (size_t k = 0; k < sheet->n_columns; k++) {
            fputs(k ? "," : "", stdout);
            csv_field(cell_for_machines(cli->arena, cli_zone(cli), sheet->columns[k].type,
                                        &sheet_row(sheet, i)[k]));
            if (k + 1 == sheet->n_columns)
                putchar('\n');
        }
}

static void print_padded(const char *text, int cells, bool right, bool last)
{
    int pad = cells - text_cells(text);
    if (right)
        printf("%*s", pad > 0 ? pad : 0, "");
    fputs(text, stdout);
    if (!right && !last)
        printf("%*s", pad > 0 ? pad : 0, "");
    if (!last)
        fputs("  ", stdout);
}

/* Columns as wide as their widest cell; a text column at most 60 cells. */
static void print_table(struct cli *cli, const struct sheet *sheet)
{
    enum { WIDEST = 60 };
    size_t columns = sheet->n_columns;
    int *widths = arena_array(cli->arena, int, columns);
    char **shown = arena_array(cli->arena, char *, columns *(sheet->n_rows + 1));
    for (size_t i = 0; i <= sheet->n_rows; i++)
        for (size_t k = 0; k < columns; k++) {
            const struct sheet_column *column = &sheet->columns[k];
            const char *raw =
                i ? cell_for_people(cli->arena, cli_zone(cli), column, &sheet_row(sheet, i - 1)[k])
                  : (column->title ? column->title : column->name);
            char *clean = text_clean(raw, column->type == CELL_TEXT ? WIDEST : -1);
            shown[i * columns + k] = arena_strdup(cli->arena, clean);
            free(clean);
            int cells = text_cells(shown[i * columns + k]);
            widths[k] = cells > widths[k] ? cells : widths[k];
        }
    for (size_t i = 0; i <= sheet->n_rows; i++) {
        for (size_t k = 0; k < columns; k++)
            print_padded(shown[i * columns + k], widths[k], cell_is_number(sheet->columns[k].type),
                         k + 1 == columns);
        putchar('\n');
    }
    if (sheet->truncated && sheet->total >= 0)
        printf("… %s rows in all\n", text_count(cli->arena, sheet->total));
    else if (sheet->truncated)
        puts("… and more");
}

enum status cli_print_sheet(struct cli *cli, const char *key, const struct sheet *sheet,
                            struct error *err)
{
    enum status status = zone_ready(cli, sheet, err);
    if (status != ST_OK)
        return status;
    if (cli->json) {
        json_t *document = json_object();
        json_object_set_new(document, key, cli_sheet_json(cli, sheet));
        return cli_print_json(cli, document, err);
    }
    if (cli->csv)
        print_csv(cli, sheet);
    else
        print_table(cli, sheet);
    if (fflush(stdout) == EOF)
        return error_set(err, ST_REFUSED, "the result could not be written to standard output");
    return ST_OK;
}

void cli_say(struct cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *clean = text_clean(arena_vprintf(cli->arena, format, args), -1);
    va_end(args);
    puts(clean);
    free(clean);
}

void cli_progress(struct cli *cli, const char *what, int64_t done, int64_t total)
{
    enum { BAR = 30 };
    static int64_t shown_ns;
    static bool open;
    (void)cli;
    if (!isatty(STDERR_FILENO))
        return;
    if (done < 0) {
        if (open)
            fputs("\r\033[K", stderr);
        open = false;
        return;
    }
    int64_t now = time_monotonic_ns();
    if (open && now - shown_ns < 50000000 && done < total)
        return;
    shown_ns = now;
    open = true;
    if (total <= 0) {
        fprintf(stderr, "\r%s  %" PRId64 "\033[K", what, done);
        return;
    }
    int filled = (int)(done >= total ? BAR : (double)done / (double)total * BAR);
    fprintf(stderr, "\r%s  ", what);
    for (int i = 0; i < BAR; i++)
        fputs(i < filled ? "█" : "░", stderr);
    fprintf(stderr, " %3d%%\033[K", (int)((double)done / (double)total * 100));
}
