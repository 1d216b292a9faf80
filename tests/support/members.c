#include "tests/support/members.h"

#include "tests/support/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct member people[] = {
    {101, "王小明", "gold", 1200},     {102, "Anna Li", "silver", 300}, {103, "张伟", "gold", -1},
    {104, "bob, \"B\"", "basic", 300}, {105, "李娜", "silver", 20000},
};

static const struct table_column columns[] = {
    {.name = "name", .title = "Name", .cells = 12, .min_cells = 6, .weight = 1},
    {.name = "tier", .title = "Tier", .cells = 8, .min_cells = 4},
    {.name = "points", .title = "Points", .align = 1, .cells = 8, .min_cells = 6},
    {.name = "card", .title = "Card", .cells = 6, .flags = TABLE_HIDDEN},
};

static void member_cell(void *context, int64_t row, int column, struct table_cell *cell)
{
    const struct member *m = &((struct list *)context)->members[row];

    switch (column) {
    case 0:
        cell->text = m->name;
        break;
    case 1:
        cell->text = m->tier;
        cell->role = !strcmp(m->tier, "gold") ? ROLE_ACCENT : ROLE_PLAIN;
        break;
    case 2:
        cell->numeric = true;
        cell->value = m->points;
        if (m->points >= 1000)
            snprintf(cell->space, sizeof cell->space, "%d,%03d", m->points / 1000,
                     m->points % 1000);
        else
            snprintf(cell->space, sizeof cell->space, "%d", m->points);
        if (m->points >= 0)
            cell->text = cell->space;
        else
            cell->numeric = false;
        break;
    default:
        snprintf(cell->space, sizeof cell->space, "C%llu", (unsigned long long)m->key);
        cell->text = cell->space;
    }
}

static uint64_t member_key(void *context, int64_t row)
{
    return ((struct list *)context)->members[row].key;
}

static bool member_total(void *context, int column, struct table_cell *cell)
{
    (void)context;
    if (column != 2)
        return false;
    cell->text = "21,800";
    return true;
}

static const struct table_rows_ops member_ops = {member_cell, member_key, member_total};

static void on_copied(void *context, const char *text, size_t n)
{
    struct list *list = context;

    buffer_clear(&list->copied);
    buffer_add(&list->copied, text, n);
}

static void on_message(void *context, const char *text)
{
    struct list *list = context;

    buffer_clear(&list->said);
    buffer_puts(&list->said, text);
}

static void on_moved(void *context)
{
    ((struct list *)context)->moved++;
}

static void on_layout(void *context)
{
    ((struct list *)context)->layouts++;
}

static void on_open(void *context, int64_t row, uint64_t key)
{
    (void)row;
    ((struct list *)context)->opened = key;
}

static const struct table_view_ops view_ops = {on_open, on_moved, on_layout, on_copied, on_message};

void list_table(struct list *list, const char *layout)
{
    struct table_options options = {
        .source = table_rows_source(list->rows),
        .ops = &view_ops,
        .context = list,
        .noun = "members",
        .layout = layout,
        .totals = true,
    };

    list->table = table_new(&options);
}

struct list *list_new(void)
{
    struct list *list = tui_zero(1, sizeof *list);

    list->n = 5;
    memcpy(list->members, people, sizeof people);
    list->rows = table_rows_new(&member_ops, list, columns, 4, list->n, NULL);
    list_table(list, NULL);
    return list;
}

void list_free(struct list *list)
{
    table_free(list->table);
    table_rows_free(list->rows);
    buffer_free(&list->copied);
    buffer_free(&list->said);
    free(list);
    plain_end();
}

/* The keys of the rows in their order, as "101 102 ...". */
const char *list_order(struct list *list)
{
    static char text[128];
    size_t at = 0;

    text[0] = '\0';
    for (int64_t row = 0; row < table_count(list->table); row++)
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s%llu", row ? " " : "",
                             (unsigned long long)list->members[table_rows_at(list->rows, row)].key);
    return text;
}

uint64_t list_selected_key(struct list *list)
{
    uint64_t key = 0;

    table_selected(list->table, &key);
    return key;
}

void list_draw(void *context, struct area area)
{
    table_draw(((struct list *)context)->table, area, true);
}

void list_type(struct list *list, const char *text)
{
    for (; *text; text++)
        table_key(list->table, (unsigned char)*text);
}
