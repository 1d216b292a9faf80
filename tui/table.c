#include "tui/table_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- Making and freeing --- */

struct table *table_new(const struct table_options *options)
{
    struct table *table = tui_zero(1, sizeof *table);

    table->source = options->source;
    table->context = options->context;
    table->loop = options->loop;
    table->noun = tui_strdup(options->noun ? options->noun : _("rows"));
    table->empty = tui_strdup(options->empty ? options->empty : _("No rows"));
    table->free_filter = options->free_filter;
    table->no_footer = options->no_footer;
    table->totals = options->totals && options->source.ops->total;
    table->pin_allowed = !options->no_pin;
    table->filter = tui_strdup("");
    table->selected = -1;
    table->rows = TABLE_UNKNOWN;
    table->progress_rows = -1;
    table->wanted_offset = -1;
    table->page = 20;
    table_columns_start(table);
    if (options->layout)
        table_layout_set(table, options->layout);
    if (!table->generation)
        table_ask(table, true);
    if (options->ops) /* only now: until it returns, nobody knows the table */
        table->ops = *options->ops;
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    table_walk_stop(table);
    if (table->source.ops->left)
        table->source.ops->left(table->source.state);
    if (table->timer)
        loop_timer_stop(table->loop, table->timer);
    edit_free(&table->edit);
    table_pattern_free(table->pattern);
    key_set_clear(&table->marks);
    buffer_free(&table->exporting.out);
    free(table->exporting.columns);
    free(table->noun);
    free(table->empty);
    free(table->failed);
    free(table->filter);
    free(table->before);
    free(table->error);
    free(table->places);
    free(table->shown);
    free(table);
}

/* --- Small things that the other files use --- */

void table_redraw(struct table *table)
{
    if (table->loop)
        loop_redraw(table->loop);
}

void table_say(struct table *table, const char *text)
{
    if (table->ops.message)
        table->ops.message(table->context, text);
}

int64_t table_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void replace(char **text, const char *with)
{
    free(*text);
    *text = with ? tui_strdup(with) : NULL;
}

bool table_row_key(const struct table *table, int64_t row, uint64_t *key)
{
    if (row < 0 || row >= table->rows)
        return false;
    return table->source.ops->key(table->source.state, row, key);
}

/* --- Asking and answering --- */

void table_ask(struct table *table, bool to_top)
{
    const char *filter = table->filter;
    struct table_query query = {
        .generation = ++table->generation,
        .orders = table->orders,
        .n_orders = table->n_orders,
        .inverse = !table->free_filter && filter[0] == '!',
        .shown = table->shown,
        .n_columns = table->source.n_columns,
        .near = to_top || table->top < 0 ? 0 : table->top,
    };

    table_walk_stop(table);
    query.filter = filter + query.inverse;
    if (!*query.filter)
        query.inverse = false;
    table->to_top = to_top;
    table->progress_rows = -1;
    replace(&table->failed, NULL);
    table->source.ops->query(table->source.state, table, &query);
    table_redraw(table);
}

void table_refresh(struct table *table)
{
    if (table->walk.kind != WALK_NONE) {
        table->refresh_due = true;
        return;
    }
    table->refresh_due = false;
    table_ask(table, false);
}

void table_progress(struct table *table, uint64_t generation, int64_t rows, int64_t of)
{
    if (generation != table->generation)
        return;
    table->progress_rows = rows;
    table->progress_of = of;
    table_redraw(table);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    if (value > high)
        value = high;
    return value < low ? low : value;
}

/* Puts `row` under the cursor, at screen row `offset` (-1: where it is nearest). */
static void place_row(struct table *table, int64_t row, int64_t offset)
{
    int64_t last = table->rows > 0 ? table->rows - 1 : 0;

    table->selected = table->rows > 0 ? clamp(row, 0, last) : -1;
    if (offset >= 0)
        table->top = table->selected - offset;
    if (table->selected < table->top)
        table->top = table->selected;
    if (table->selected >= table->top + table->page)
        table->top = table->selected - table->page + 1;
    table->top = clamp(table->top, 0, clamp(table->rows - table->page, 0, INT64_MAX));
    table->has_key = table_row_key(table, table->selected, &table->key);
}

/* Looks for a key; places it now, or waits for table_found. */
static void seek_key(struct table *table, uint64_t key, int64_t offset)
{
    const struct table_source_ops *ops = table->source.ops;
    int64_t row = TABLE_UNKNOWN;
    uint64_t other;

    if (ops->find) {
        row = ops->find(table->source.state, table, key);
    } else {
        for (int64_t at = table->top; at < table->top + table->page && row < 0; at++)
            if (table_row_key(table, at, &other) && other == key)
                row = at;
    }
    table->wants_key = row == TABLE_ASKED;
    table->wanted = key;
    table->wanted_offset = offset;
    if (row >= 0)
        place_row(table, row, offset);
    else
        place_row(table, table->selected, offset);
}

void table_counted(struct table *table, uint64_t generation, int64_t rows, int64_t of, bool final)
{
    bool first = table->answered != generation;
    int64_t offset = table->selected - table->top;
    uint64_t before = table->key;
    bool had = table->has_key;

    if (generation != table->generation)
        return;
    table->answered = generation;
    table->rows = rows;
    table->of = of;
    table->final = final;
    table->progress_rows = -1;
    if (!first)
        place_row(table, table->selected, -1);
    else if (had && !table->to_top)
        seek_key(table, table->key, offset);
    else if (table->wants_key)
        seek_key(table, table->wanted, table->wanted_offset);
    else if (table->to_top)
        place_row(table, 0, 0);
    else
        place_row(table, table->selected, offset);
    if (table->ops.moved && (table->has_key != had || table->key != before))
        table->ops.moved(table->context);
    if (table->walk.kind != WALK_NONE && !first)
        table_walk_go(table);
    table_redraw(table);
}

void table_rows_ready(struct table *table, int64_t first, int64_t n)
{
    (void)first;
    (void)n;
    if (!table->has_key && !table->wants_key) {
        table->has_key = table_row_key(table, table->selected, &table->key);
        if (table->has_key && table->ops.moved)
            table->ops.moved(table->context);
    }
    if (table->walk.kind != WALK_NONE)
        table_walk_go(table);
    table_redraw(table);
}

void table_found(struct table *table, uint64_t key, int64_t row)
{
    if (!table->wants_key || key != table->wanted)
        return;
    table->wants_key = false;
    if (row >= 0) {
        place_row(table, row, table->wanted_offset);
        table->key = key;
        table->has_key = true;
    }
    if (table->ops.moved)
        table->ops.moved(table->context);
    table_redraw(table);
}

void table_failed(struct table *table, const char *sentence)
{
    replace(&table->failed, sentence);
    table->progress_rows = -1;
    if (sentence)
        table_walk_stop(table);
    if (sentence && table->answered != table->generation)
        table->answered = table->generation; /* the rows before stay */
    table_redraw(table);
}

/* --- Selection --- */

void table_select(struct table *table, int64_t row)
{
    int64_t before = table->selected;

    table->wants_key = false;
    place_row(table, row, -1);
    if (before != table->selected && table->ops.moved)
        table->ops.moved(table->context);
    table_redraw(table);
}

bool table_select_row(struct table *table, int64_t row)
{
    if (row < 0 || row >= table->rows)
        return false;
    table_select(table, row);
    return true;
}

void table_select_key(struct table *table, uint64_t key)
{
    if (table->rows < 0 || table->answered != table->generation) {
        table->wants_key = true;
        table->wanted = key;
        table->wanted_offset = -1;
        table->has_key = false;
        return;
    }
    seek_key(table, key, -1);
    if (table->ops.moved)
        table->ops.moved(table->context);
    table_redraw(table);
}

int64_t table_selected(const struct table *table, uint64_t *key)
{
    if (table->selected < 0 || !table->has_key)
        return -1;
    if (key)
        *key = table->key;
    return table->selected;
}

/* --- Answers for the view --- */

int64_t table_count(const struct table *table)
{
    return table->final ? table->rows : TABLE_UNKNOWN;
}

bool table_busy(const struct table *table)
{
    return table->answered != table->generation || table->walk.kind != WALK_NONE ||
           table->timer != 0 || table->wants_key;
}
