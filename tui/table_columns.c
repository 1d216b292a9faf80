#include "tui/layout.h"
#include "tui/table_parts.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 2, CELLS_MAX = 200 };

const struct table_column *table_column_at(const struct table *table, int place)
{
    return &table->source.columns[table->places[place].column];
}

static void columns_reset(struct table *table)
{
    for (int i = 0; i < table->source.n_columns; i++) {
        bool shown = !(table->source.columns[i].flags & TABLE_HIDDEN);

        table->places[i] = (struct table_place){.column = i, .shown = shown};
        table->shown[i] = shown;
    }
    table->n_orders = 0;
    table->pinned = table->pin_allowed;
    table->current = 0;
    table->first = 0;
}

void table_columns_start(struct table *table)
{
    table->places = tui_zero((size_t)table->source.n_columns, sizeof *table->places);
    table->shown = tui_zero((size_t)table->source.n_columns, sizeof *table->shown);
    columns_reset(table);
}

void table_layout_changed(struct table *table)
{
    if (table->ops.layout)
        table->ops.layout(table->context);
    table_redraw(table);
}

/* --- Widths --- */

static int least_cells(const struct table *table, int place)
{
    const struct table_column *column = table_column_at(table, place);
    int own = column->min_cells > 0 ? column->min_cells : TABLE_MIN_CELLS;
    int preferred = column->cells > 0 ? column->cells : TABLE_CELLS;

    if (table->places[place].cells)
        return table->places[place].cells;
    /* A number that is cut says something else: it keeps its width. */
    return own < preferred && column->align <= 0 ? own : preferred;
}

static int preferred_cells(const struct table *table, int place)
{
    const struct table_column *column = table_column_at(table, place);

    if (table->places[place].cells)
        return table->places[place].cells;
    return column->cells > 0 ? column->cells : TABLE_CELLS;
}

/* The shown column `step` places further; the same place where there is none. */
static int shown_from(const struct table *table, int place, int step)
{
    for (int at = place + step; at >= 0 && at < table->source.n_columns; at += step)
        if (table->places[at].shown)
            return at;
    return place;
}

static int first_shown(const struct table *table)
{
    return table->source.n_columns && table->places[0].shown ? 0 : shown_from(table, 0, 1);
}

/* All shown columns side by side where their least widths fit; 0: they do not. */
static int slots_all(const struct table *table, int cells, struct table_slot *slots)
{
    int n = 0, least = 0, preferred = 0, gap, col = TABLE_GUTTER;
    size_t columns = (size_t)table->source.n_columns;
    struct layout_part *parts = tui_zero(columns, sizeof *parts);
    int *sizes = tui_zero(columns, sizeof *sizes);

    for (int i = 0; i < table->source.n_columns; i++) {
        if (!table->places[i].shown)
            continue;
        parts[n] = (struct layout_part){
            .min = least_cells(table, i),
            .preferred = preferred_cells(table, i),
            .weight = table->places[i].cells ? 0 : table_column_at(table, i)->weight,
        };
        least += parts[n].min;
        preferred += parts[n].preferred;
        slots[n++].place = i;
    }
    gap = preferred + GAP * (n - 1) <= cells ? GAP : 1;
    if (least + gap * (n - 1) > cells)
        n = 0;
    layout_split(parts, n, cells, gap, sizes);
    for (int i = 0; i < n; i++) {
        slots[i].col = col;
        slots[i].cells = sizes[i];
        col += sizes[i] + gap;
    }
    free(parts);
    free(sizes);
    return n;
}

/* What is left at the right goes to the first column that takes more. */
static void slots_fill(const struct table *table, int left, struct table_slot *slots, int n)
{
    int at = 0;

    while (at < n && (table_column_at(table, slots[at].place)->weight <= 0 ||
                      table->places[slots[at].place].cells))
        at++;
    for (int i = at; i < n; i++) {
        slots[i].cells += i == at ? left : 0;
        slots[i].col += i > at ? left : 0;
    }
}

/* The columns from place `first` on that fit behind the pinned one. */
static int slots_from(const struct table *table, int cells, int first, struct table_slot *slots)
{
    int n = 0, used = 0, pin = first_shown(table);

    for (int i = table->pinned ? pin : first; i < table->source.n_columns; i++) {
        int want = preferred_cells(table, i), room = cells - used - (n ? 1 : 0);

        if (!table->places[i].shown || (i < first && i != pin))
            continue;
        if (table->pinned && i == pin && want > cells / 2)
            want = least_cells(table, i) > cells / 2 ? least_cells(table, i) : cells / 2;
        if (want > room)
            want = n <= 1 || least_cells(table, i) <= room ? room : 0;
        if (want <= 0)
            break;
        used += n ? 1 : 0;
        slots[n++] = (struct table_slot){i, TABLE_GUTTER + used, want};
        used += want;
    }
    slots_fill(table, cells - used, slots, n);
    return n;
}

static bool has_place(const struct table_slot *slots, int n, int place)
{
    for (int i = 0; i < n; i++)
        if (slots[i].place == place)
            return true;
    return false;
}

int table_slots(struct table *table, int cells, struct table_slot *slots, bool *left, bool *right)
{
    int pin = first_shown(table), start, n;

    cells -= TABLE_GUTTER;
    *left = *right = false;
    if (!table->source.n_columns || cells <= 0)
        return 0;
    n = slots_all(table, cells, slots);
    if (n) {
        table->first = pin;
        return n;
    }
    cells -= cells > TABLE_MIN_CELLS; /* for the sign that there is more */
    start = table->pinned ? shown_from(table, pin, 1) : pin;
    if (table->first < start)
        table->first = start;
    if (table->current < table->first && !(table->pinned && table->current == pin))
        table->first = table->current;
    n = slots_from(table, cells, table->first, slots);
    while (!has_place(slots, n, table->current) &&
           shown_from(table, table->first, 1) != table->first) {
        table->first = shown_from(table, table->first, 1);
        n = slots_from(table, cells, table->first, slots);
    }
    *left = table->first > start;
    *right = n && shown_from(table, slots[n - 1].place, 1) != slots[n - 1].place;
    return n;
}

/* --- Sorting --- */

/* Puts an order in front of the others: they break its ties. */
static void order_first(struct table *table, struct table_order order)
{
    struct table_order orders[TABLE_ORDERS] = {order};
    int n = 1;

    for (int i = 0; i < table->n_orders && n < TABLE_ORDERS; i++)
        if (table->orders[i].column != order.column)
            orders[n++] = table->orders[i];
    memcpy(table->orders, orders, sizeof orders);
    table->n_orders = n;
}

bool table_column_sort(struct table *table, int column, int direction)
{
    bool is_first = table->n_orders && table->orders[0].column == column;
    bool down = direction ? direction < 0 : is_first;

    if (column < 0 || column >= table->source.n_columns ||
        (table->source.columns[column].flags & TABLE_NO_SORT))
        return false;
    if (!direction && is_first && table->orders[0].descending)
        table->n_orders = 0;
    else
        order_first(table, (struct table_order){column, down});
    table_ask(table, false);
    table_layout_changed(table);
    return true;
}

static int column_by_name(const struct table *table, const char *name, size_t n)
{
    for (int i = 0; i < table->source.n_columns; i++)
        if (!strncmp(table->source.columns[i].name, name, n) && !table->source.columns[i].name[n])
            return i;
    return -1;
}

bool table_sort(struct table *table, const char *column, bool descending)
{
    return table_column_sort(table, column_by_name(table, column, strlen(column)),
                             descending ? -1 : 1);
}

/* --- Moving, hiding, widening --- */

static void column_swap(struct table *table, int step)
{
    int other = shown_from(table, table->current, step);
    struct table_place moved = table->places[table->current];

    if (other == table->current)
        return;
    memmove(&table->places[step > 0 ? table->current : other + 1],
            &table->places[step > 0 ? table->current + 1 : other],
            sizeof moved * (size_t)abs(other - table->current));
    table->places[other] = moved;
    table->current = other;
}

static bool column_hide(struct table *table)
{
    int at = table->current, next = shown_from(table, at, 1);

    if (next == at)
        next = shown_from(table, at, -1);
    if (next == at)
        return false; /* the last one stays */
    table->places[at].shown = false;
    table->shown[table->places[at].column] = false;
    table->current = next;
    return true;
}

static void columns_show_all(struct table *table)
{
    for (int i = 0; i < table->source.n_columns; i++)
        table->places[i].shown = table->shown[i] = true;
}

static void column_widen(struct table *table, int by)
{
    struct table_slot *slots = tui_zero((size_t)table->source.n_columns, sizeof *slots);
    bool left, right;
    int n = table_slots(table, table->area.cols > 0 ? table->area.cols : 80, slots, &left, &right);
    int cells = preferred_cells(table, table->current);

    for (int i = 0; i < n; i++)
        if (slots[i].place == table->current)
            cells = slots[i].cells;
    cells += by;
    table->places[table->current].cells = cells < 1 ? 1 : cells > CELLS_MAX ? CELLS_MAX : cells;
    free(slots);
}

/* What the filter looks into changed with the columns. */
static void shown_changed(struct table *table)
{
    if (*table->filter && !table->free_filter)
        table_ask(table, false);
}

bool table_column_action(struct table *table, int action_id)
{
    if (!table->source.n_columns)
        return false;
    switch (action_id) {
    case TABLE_LEFT:
    case TABLE_RIGHT:
        table->current = shown_from(table, table->current, action_id == TABLE_LEFT ? -1 : 1);
        table_redraw(table);
        return true;
    case TABLE_SORT:
        return table_column_sort(table, table->places[table->current].column, 0);
    case TABLE_SORT_BACK:
        return table->n_orders && table_column_sort(table, table->orders[0].column,
                                                    table->orders[0].descending ? 1 : -1);
    case TABLE_COLUMN_HIDE:
        if (!column_hide(table))
            return false;
        shown_changed(table);
        break;
    case TABLE_COLUMN_SHOW:
        columns_show_all(table);
        shown_changed(table);
        break;
    case TABLE_COLUMN_NARROW:
    case TABLE_COLUMN_WIDEN:
        column_widen(table, action_id == TABLE_COLUMN_NARROW ? -2 : 2);
        break;
    case TABLE_COLUMN_BACK:
    case TABLE_COLUMN_FORWARD:
        column_swap(table, action_id == TABLE_COLUMN_BACK ? -1 : 1);
        break;
    case TABLE_COLUMN_PIN:
        table->pinned = !table->pinned;
        break;
    case TABLE_COLUMN_RESET:
        columns_reset(table);
        table_ask(table, false);
        break;
    default:
        return false;
    }
    table_layout_changed(table);
    return true;
}

/* --- The layout as a line --- */

char *table_layout(const struct table *table)
{
    struct buffer out = {0};

    for (int i = 0; i < table->source.n_columns; i++) {
        const struct table_place *place = &table->places[i];

        buffer_printf(&out, "%s%s%s%s", i ? " " : "", i == 0 && table->pinned ? "*" : "",
                      place->shown ? "" : "-", table_column_at(table, i)->name);
        if (place->cells)
            buffer_printf(&out, "=%d", place->cells);
    }
    for (int i = 0; i < table->n_orders; i++)
        buffer_printf(&out, "%s%s%s", i ? "," : ";", table->orders[i].descending ? "-" : "",
                      table->source.columns[table->orders[i].column].name);
    return out.at ? out.at : tui_strdup("");
}

static void layout_columns_read(struct table *table, const char *at, const char *end)
{
    struct table_place *old = table->places;
    size_t columns = (size_t)table->source.n_columns;
    bool *seen = tui_zero(columns, sizeof *seen);
    int n = 0;

    table->places = tui_zero(columns, sizeof *table->places);
    table->pinned = table->pin_allowed && *at == '*';
    for (at += *at == '*'; at < end;) {
        bool hidden = *at == '-';
        const char *name = at + hidden;
        size_t length = strcspn(name, "= ;"), all = strcspn(name, " ;");
        int column = column_by_name(table, name, length), cells = 0;

        if (name[length] == '=')
            cells = (int)strtol(name + length + 1, NULL, 10);
        if (column >= 0 && !seen[column]) {
            seen[column] = true;
            cells = cells < 0 ? 0 : cells > CELLS_MAX ? CELLS_MAX : cells;
            table->places[n++] = (struct table_place){column, cells, !hidden};
        }
        at = name + all;
        at += strspn(at, " ");
    }
    for (int i = 0; i < table->source.n_columns; i++)
        if (!seen[old[i].column])
            table->places[n++] = old[i];
    free(seen);
    free(old);
}

static void layout_orders_read(struct table *table, const char *at)
{
    table->n_orders = 0;
    while (*at && table->n_orders < TABLE_ORDERS) {
        bool descending = *at == '-';
        size_t length = strcspn(at + descending, ",");
        int column = column_by_name(table, at + descending, length);

        if (column >= 0 && !(table->source.columns[column].flags & TABLE_NO_SORT))
            table->orders[table->n_orders++] = (struct table_order){column, descending};
        at += descending + length;
        at += *at == ',';
    }
}

void table_layout_set(struct table *table, const char *layout)
{
    const char *end = strchrnul(layout, ';');
    bool any = false;

    columns_reset(table);
    layout_columns_read(table, layout, end);
    if (*end)
        layout_orders_read(table, end + 1);
    for (int i = 0; i < table->source.n_columns; i++)
        any |= table->places[i].shown;
    if (!any && table->source.n_columns)
        table->places[0].shown = true;
    for (int i = 0; i < table->source.n_columns; i++)
        table->shown[table->places[i].column] = table->places[i].shown;
    table->current = first_shown(table);
    table_ask(table, false);
}
