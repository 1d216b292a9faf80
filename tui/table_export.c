#include "tui/table_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_BYTES = 32768, COPY_MAX = 100000 };

/* --- Formats --- */

void table_put_csv(struct buffer *buffer, const char *text)
{
    if (!strpbrk(text, ",\"\r\n") && *text != ' ') {
        buffer_puts(buffer, text);
        return;
    }
    buffer_puts(buffer, "\"");
    for (; *text; text++)
        buffer_add(buffer, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    buffer_puts(buffer, "\"");
}

void table_put_json(struct buffer *buffer, const char *text)
{
    const char *end = text + strlen(text);
    int32_t rune;
    size_t n;

    buffer_puts(buffer, "\"");
    for (; (n = rune_next(text, end, &rune)) > 0; text += n) {
        if (rune == '"' || rune == '\\')
            buffer_printf(buffer, "\\%c", (char)rune);
        else if (rune == '\n')
            buffer_puts(buffer, "\\n");
        else if (rune == '\t')
            buffer_puts(buffer, "\\t");
        else if (rune >= 0 && rune < 0x20)
            buffer_printf(buffer, "\\u%04x", (unsigned)rune);
        else if (rune < 0)
            buffer_puts(buffer, "\\ufffd"); /* JSON is UTF-8: an ill-formed byte has no place */
        else
            buffer_add(buffer, text, n);
    }
    buffer_puts(buffer, "\"");
}

/* The shortest decimal that reads back as the same number. */
static void put_number(struct buffer *buffer, double value)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buffer_puts(buffer, text);
}

static void put_raw(struct buffer *buffer, const struct table_cell *cell, enum table_format format)
{
    bool number = cell->numeric && isfinite(cell->value);

    if (!cell->text && !cell->raw && !number)
        buffer_puts(buffer, format == TABLE_JSON ? "null" : "");
    else if (number && cell->raw)
        buffer_puts(buffer, cell->raw);
    else if (number)
        put_number(buffer, cell->value);
    else if (cell->numeric)
        buffer_puts(buffer, format == TABLE_JSON ? "null" : "");
    else if (format == TABLE_JSON)
        table_put_json(buffer, cell->raw ? cell->raw : cell->text);
    else
        table_put_csv(buffer, cell->raw ? cell->raw : cell->text);
}

/* One line of text for a cell of tab separated text. */
static void put_plain(struct buffer *buffer, const char *text)
{
    for (; *text; text++)
        buffer_add(buffer, strchr("\t\r\n", *text) ? " " : text, 1);
}

static void put_header(struct table *table)
{
    struct table_exporting *e = &table->exporting;

    if (e->format == TABLE_JSON) {
        buffer_puts(&e->out, "[");
        return;
    }
    for (int i = 0; i < e->n_columns; i++) {
        const struct table_column *column = &table->source.columns[e->columns[i]];

        buffer_puts(&e->out, i == 0 ? "" : e->format == TABLE_CSV ? "," : "\t");
        if (e->format == TABLE_CSV)
            table_put_csv(&e->out, column->name);
        else
            put_plain(&e->out, column->title ? column->title : column->name);
    }
    buffer_puts(&e->out, "\n");
}

static bool put_row(struct table *table, int64_t row)
{
    struct table_exporting *e = &table->exporting;
    struct table_cell cell;

    if (e->format == TABLE_JSON)
        buffer_puts(&e->out, e->result.rows ? ",\n{" : "\n{");
    for (int i = 0; i < e->n_columns; i++) {
        const struct table_column *column = &table->source.columns[e->columns[i]];

        memset(&cell, 0, offsetof(struct table_cell, space));
        if (!table->source.ops->cell(table->source.state, row, e->columns[i], &cell))
            return false;
        if (e->format == TABLE_JSON) {
            buffer_puts(&e->out, i ? "," : "");
            table_put_json(&e->out, column->name);
            buffer_puts(&e->out, ":");
        } else {
            buffer_puts(&e->out, i == 0 ? "" : e->format == TABLE_CSV ? "," : "\t");
        }
        if (e->format == TABLE_TSV)
            put_plain(&e->out, cell.text ? cell.text : "");
        else
            put_raw(&e->out, &cell, e->format);
    }
    buffer_puts(&e->out, e->format == TABLE_JSON ? "}" : "\n");
    return true;
}

/* --- The way through --- */

static bool flush(struct table_exporting *e)
{
    bool good = !e->out.n || e->writer.write(e->writer.context, e->out.at, e->out.n);

    buffer_clear(&e->out);
    return good;
}

bool table_export_row(struct table *table, int64_t row, uint64_t key)
{
    struct table_exporting *e = &table->exporting;

    if (e->marked_only && !table_is_marked(table, key))
        return true;
    if (!put_row(table, row))
        return false;
    e->result.rows++;
    return e->out.n < FLUSH_BYTES || flush(e);
}

void table_export_end(struct table *table, bool stopped)
{
    struct table_exporting *e = &table->exporting;
    struct table_export_result result = e->result;

    if (!stopped && e->format == TABLE_JSON)
        buffer_puts(&e->out, e->result.rows ? "\n]\n" : "]\n");
    if (!stopped && !flush(e))
        stopped = true;
    result.stopped = stopped;
    result.hidden = e->marked_only && !stopped ? (int64_t)table->marks.n - result.rows : 0;
    buffer_free(&e->out);
    free(e->columns);
    e->columns = NULL;
    if (e->writer.done)
        e->writer.done(e->writer.context, &result);
}

static void export_columns(struct table *table, bool all)
{
    struct table_exporting *e = &table->exporting;

    e->columns = tui_zero((size_t)table->source.n_columns, sizeof *e->columns);
    e->n_columns = 0;
    for (int i = 0; i < table->source.n_columns; i++)
        if (all || table->places[i].shown)
            e->columns[e->n_columns++] = table->places[i].column;
}

bool table_export(struct table *table, enum table_format format, bool marked_only, bool all_columns,
                  const struct table_writer *writer)
{
    if (table->walk.kind != WALK_NONE || table->answered != table->generation)
        return false;
    table->exporting =
        (struct table_exporting){.format = format, .marked_only = marked_only, .writer = *writer};
    export_columns(table, all_columns);
    put_header(table);
    return table_walk_start(table, WALK_EXPORT, 0, table->rows < 0 ? 0 : table->rows);
}

void table_export_stop(struct table *table)
{
    if (table->walk.kind == WALK_EXPORT)
        table_walk_stop(table);
}

int64_t table_export_progress(const struct table *table, int64_t *of)
{
    if (table->walk.kind != WALK_EXPORT)
        return -1;
    if (of)
        *of = table->rows;
    return table->walk.at;
}

/* --- Copying --- */

struct copying {
    struct table *table;
    struct buffer text;
    bool too_much;
};

static bool copy_write(void *context, const char *bytes, size_t n)
{
    struct copying *copying = context;

    if (copying->text.n + n > COPY_MAX) {
        copying->too_much = true;
        return false;
    }
    buffer_add(&copying->text, bytes, n);
    return true;
}

static void copy_send(struct table *table, const char *text, size_t n)
{
    if (table->ops.copied)
        table->ops.copied(table->context, text, n);
    else
        screen_copy(text, n);
}

static void copy_done(void *context, const struct table_export_result *result)
{
    struct copying *copying = context;
    char *text = NULL;

    if (copying->too_much) {
        text = tui_printf(_("Too much to copy: a terminal takes %d kB; save or pipe it"),
                          COPY_MAX / 1000);
    } else if (!result->stopped) {
        copy_send(copying->table, buffer_text(&copying->text), copying->text.n);
        text =
            tui_printf(ngettext("%lld row copied", "%lld rows copied", (unsigned long)result->rows),
                       (long long)result->rows);
    }
    if (text)
        table_say(copying->table, text);
    free(text);
    buffer_free(&copying->text);
    free(copying);
}

static bool copy_cell(struct table *table)
{
    struct table_cell cell;

    memset(&cell, 0, offsetof(struct table_cell, space));
    if (table->selected < 0 ||
        !table->source.ops->cell(table->source.state, table->selected,
                                 table->places[table->current].column, &cell) ||
        !cell.text)
        return false;
    copy_send(table, cell.text, strlen(cell.text));
    table_say(table, _("Cell copied"));
    return true;
}

bool table_copy(struct table *table, bool one_cell)
{
    struct copying *copying;
    struct table_writer writer = {.write = copy_write, .done = copy_done};

    if (one_cell)
        return copy_cell(table);
    if (table->selected < 0 || table->walk.kind != WALK_NONE)
        return false;
    copying = tui_zero(1, sizeof *copying);
    copying->table = table;
    writer.context = copying;
    if (table->marks.n) {
        if (table_export(table, TABLE_TSV, true, false, &writer))
            return true;
        free(copying);
        return false;
    }
    /* Only this row: no walk is needed. */
    table->exporting = (struct table_exporting){.format = TABLE_TSV, .writer = writer};
    export_columns(table, false);
    bool there = put_row(table, table->selected);
    table->exporting.result.rows = there;
    table_export_end(table, !there);
    return there;
}
