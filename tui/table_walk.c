/*
 * Work over many rows (marking all, export), one row after another in the order of the table. Rows
 * that are not there are asked for, and the walk goes on when they come; a slice of work takes a
 * few milliseconds, so that keys are answered in between.
 */
#include "tui/table_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { SLICE_MS = 6, WINDOW_ROWS = 256, LOOK_EVERY = 64 };

static void slice_again(void *context)
{
    struct table *table = context;

    table->timer = 0;
    table_walk_go(table);
}

static void walk_end(struct table *table, bool stopped)
{
    enum walk_kind kind = table->walk.kind;

    if (kind == WALK_NONE)
        return;
    table->walk.kind = WALK_NONE;
    if (kind == WALK_EXPORT)
        table_export_end(table, stopped);
    table_redraw(table);
    if (table->refresh_due)
        table_refresh(table);
}

bool table_walk_stop(struct table *table)
{
    if (table->walk.kind == WALK_NONE)
        return false;
    table->refresh_due = false;
    walk_end(table, true);
    return true;
}

static bool walk_row(struct table *table, uint64_t key)
{
    switch (table->walk.kind) {
    case WALK_MARK:
        table_mark(table, key, true);
        break;
    case WALK_INVERT:
        table_mark(table, key, !table_is_marked(table, key));
        break;
    case WALK_EXPORT:
        return table_export_row(table, table->walk.at, key);
    case WALK_NONE:
        return false;
    }
    return table->marks.n < TABLE_MARKS_MAX;
}

/* Says that no more rows can be marked, once. */
static void walk_full(struct table *table)
{
    if (table->walk.kind == WALK_EXPORT)
        return;
    char *text = tui_printf(_("At most %d rows can be marked; narrow the list with a filter"),
                            TABLE_MARKS_MAX);
    table_say(table, text);
    free(text);
}

/* The last row to visit, as far as it is known now. */
static int64_t walk_limit(const struct table *table)
{
    int64_t rows = table->rows < 0 ? 0 : table->rows;

    return table->walk.to < 0 || table->walk.to > rows ? rows : table->walk.to;
}

static void walk_on(struct table *table)
{
    int64_t stop_at = table_clock_ms() + SLICE_MS;
    uint64_t key;

    for (int64_t n = 1; table->walk.kind != WALK_NONE; n++) {
        int64_t at = table->walk.at, limit = walk_limit(table);

        if (at >= limit) {
            if (table->final || (table->walk.to >= 0 && at >= table->walk.to))
                walk_end(table, false);
            return;
        }
        if (!table_row_key(table, at, &key)) {
            int64_t rows = limit - at < WINDOW_ROWS ? limit - at : WINDOW_ROWS;
            if (!table->source.ops->window)
                walk_end(table, true);
            else
                table->source.ops->window(table->source.state, table, at, rows);
            if (!table->walk.again)
                return;
            table->walk.again = false;
            continue;
        }
        if (!walk_row(table, key)) {
            walk_full(table);
            walk_end(table, true);
            return;
        }
        table->walk.at++;
        if (table->loop && n % LOOK_EVERY == 0 && table_clock_ms() >= stop_at) {
            table->timer = loop_timer(table->loop, 1, false, slice_again, table);
            table_redraw(table);
            return;
        }
    }
}

void table_walk_go(struct table *table)
{
    if (table->timer)
        return; /* a slice is due anyway */
    if (table->walk.inside) {
        table->walk.again = true; /* the source answered at once */
        return;
    }
    table->walk.inside = true;
    walk_on(table);
    table->walk.inside = false;
}

bool table_walk_start(struct table *table, enum walk_kind kind, int64_t from, int64_t to)
{
    if (table->answered != table->generation || table->walk.kind == WALK_EXPORT ||
        (kind == WALK_EXPORT && table->walk.kind != WALK_NONE))
        return false;
    /* All rows, and their number may still grow: to the end, whatever it will be. */
    if (to >= table->rows && !table->final)
        to = -1;
    table->walk = (struct table_walk){.kind = kind, .at = from, .from = from, .to = to};
    table_walk_go(table);
    table_redraw(table);
    return true;
}
