#include "tui/table_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* --- A set of keys --- */

static size_t slot_of(uint64_t key, size_t cap)
{
    /* The finaliser of SplitMix64 spreads keys that are dense numbers. */
    key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
    key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
    return (size_t)(key ^ (key >> 31)) & (cap - 1);
}

/* The slot that holds the key, or the free one where it would go. */
static size_t slot_find(const struct key_set *set, uint64_t key)
{
    size_t at = slot_of(key, set->cap);

    while (set->used[at] && set->slots[at] != key)
        at = (at + 1) & (set->cap - 1);
    return at;
}

bool key_set_has(const struct key_set *set, uint64_t key)
{
    return set->n && set->used[slot_find(set, key)];
}

void key_set_clear(struct key_set *set)
{
    free(set->slots);
    free(set->used);
    *set = (struct key_set){0};
}

static void key_set_grow(struct key_set *set)
{
    struct key_set old = *set;

    set->cap = old.cap ? old.cap * 2 : 64;
    set->slots = tui_zero(set->cap, sizeof *set->slots);
    set->used = tui_zero(set->cap, sizeof *set->used);
    for (size_t i = 0; i < old.cap; i++)
        if (old.used[i]) {
            size_t at = slot_find(set, old.slots[i]);
            set->slots[at] = old.slots[i];
            set->used[at] = true;
        }
    free(old.slots);
    free(old.used);
}

/* Closes the gap that a removed key leaves, so that later keys of its chain are still found. */
static void key_set_remove(struct key_set *set, size_t gap)
{
    size_t at = gap, mask = set->cap - 1;

    set->used[gap] = false;
    set->n--;
    for (at = (at + 1) & mask; set->used[at]; at = (at + 1) & mask) {
        size_t home = slot_of(set->slots[at], set->cap);

        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        set->slots[gap] = set->slots[at];
        set->used[gap] = true;
        set->used[at] = false;
        gap = at;
    }
}

void key_set_put(struct key_set *set, uint64_t key, bool on)
{
    size_t at;

    if (on && (set->n + 1) * 4 > set->cap * 3)
        key_set_grow(set);
    if (!set->cap)
        return;
    at = slot_find(set, key);
    if (set->used[at] == on)
        return;
    if (!on) {
        key_set_remove(set, at);
        return;
    }
    set->used[at] = true;
    set->slots[at] = key;
    set->n++;
}

/* --- Marks of a table --- */

size_t table_marked(const struct table *table)
{
    return table->marks.n;
}

bool table_is_marked(const struct table *table, uint64_t key)
{
    return key_set_has(&table->marks, key);
}

void table_mark(struct table *table, uint64_t key, bool on)
{
    if (on && table->marks.n >= TABLE_MARKS_MAX && !table_is_marked(table, key))
        return;
    key_set_put(&table->marks, key, on);
    table_redraw(table);
}

void table_marks_clear(struct table *table)
{
    key_set_clear(&table->marks);
    table->has_anchor = false;
    table_redraw(table);
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

uint64_t *table_targets(const struct table *table, size_t *n)
{
    uint64_t *keys = tui_zero(table->marks.n + 1, sizeof *keys);

    *n = 0;
    for (size_t i = 0; i < table->marks.cap; i++)
        if (table->marks.used[i])
            keys[(*n)++] = table->marks.slots[i];
    if (!*n && table_selected(table, &keys[0]) >= 0)
        *n = 1;
    qsort(keys, *n, sizeof *keys, ascending);
    return keys;
}

/* Where the last mark was made is now; -1: it is no longer among the rows that are there. */
static int64_t anchor_row(struct table *table)
{
    uint64_t key;

    if (!table->has_anchor)
        return -1;
    if (table_row_key(table, table->anchor_row, &key) && key == table->anchor)
        return table->anchor_row;
    return table->source.ops->find
               ? table->source.ops->find(table->source.state, table, table->anchor)
               : -1;
}

static bool mark_here(struct table *table)
{
    if (!table->has_key)
        return false;
    table->anchor = table->key;
    table->anchor_row = table->selected;
    table->has_anchor = true;
    table_mark(table, table->key, !table_is_marked(table, table->key));
    table_select(table, table->selected + 1);
    return true;
}

static bool mark_range(struct table *table)
{
    int64_t from = anchor_row(table), to = table->selected;

    if (to < 0)
        return false;
    if (from < 0)
        from = to;
    return table_walk_start(table, WALK_MARK, from < to ? from : to, (from < to ? to : from) + 1);
}

bool table_mark_action(struct table *table, int action_id)
{
    switch (action_id) {
    case TABLE_MARK:
        return mark_here(table);
    case TABLE_MARK_RANGE:
        return mark_range(table);
    case TABLE_MARK_ALL:
        return table_walk_start(table, WALK_MARK, 0, table->rows);
    case TABLE_MARK_INVERT:
        return table_walk_start(table, WALK_INVERT, 0, table->rows);
    case TABLE_MARK_CLEAR:
        if (!table->marks.n)
            return false;
        table_marks_clear(table);
        return true;
    default:
        return false;
    }
}
