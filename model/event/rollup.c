#include "model/event/rollup.h"

#include "model/base/hash.h"
#include "model/event/blob.h"
#include "model/event/column.h"

#include <stdlib.h>

enum { CELLS_MAX = 1 << 26, HOUR = 3600, DAY_HOURS = 24 };

/* ---- Sums ---- */

static size_t sums_slot(const struct sums *sums, const struct sum *sum)
{
    uint64_t hash = hash_mix(((uint64_t)(uint32_t)sum->day << 32 | sum->id) ^
                             hash_mix(sum->what + UINT64_C(1)));
    size_t slot = hash & (sums->slots - 1);
    for (; sums->at[slot].count; slot = (slot + 1) & (sums->slots - 1)) {
        const struct sum *there = &sums->at[slot];
        if (there->day == sum->day && there->id == sum->id && there->what == sum->what)
            break;
    }
    return slot;
}

static void sums_grow(struct sums *sums)
{
    struct sums old = *sums;
    sums->slots = old.slots ? old.slots * 2 : 1024;
    sums->at = mem_zero(sums->slots, sizeof *sums->at);
    for (size_t i = 0; i < old.slots; i++)
        if (old.at[i].count)
            sums->at[sums_slot(sums, &old.at[i])] = old.at[i];
    free(old.at);
}

void sums_add(struct sums *sums, const struct sum *sum)
{
    if (sums->n * 3 >= sums->slots * 2)
        sums_grow(sums);
    struct sum *slot = &sums->at[sums_slot(sums, sum)];
    if (slot->count == 0) {
        *slot = *sum;
        sums->n++;
        return;
    }
    slot->count += sum->count;
    slot->amount = (int64_t)((uint64_t)slot->amount + (uint64_t)sum->amount);
}

void sums_free(struct sums *sums)
{
    free(sums->at);
    *sums = (struct sums){0};
}

static int compare_sums(const void *a, const void *b)
{
    const struct sum *left = a, *right = b;
    if (left->day != right->day)
        return left->day < right->day ? -1 : 1;
    if (left->what != right->what)
        return left->what < right->what ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

struct sum *sums_sorted(const struct sums *sums)
{
    struct sum *cells = mem_alloc((sums->n + 1) * sizeof *cells);
    size_t n = 0;
    for (size_t i = 0; i < sums->slots; i++)
        if (sums->at[i].count)
            cells[n++] = sums->at[i];
    qsort(cells, n, sizeof *cells, compare_sums);
    return cells;
}

/* ---- Events ---- */

struct rollup rollup_make(const struct clock *clock)
{
    return (struct rollup){.calendar = chunk_calendar_make(clock, true)};
}

void rollup_free(struct rollup *rollup)
{
    sums_free(&rollup->days);
    sums_free(&rollup->hours);
    chunk_calendar_free(&rollup->calendar);
}

void rollup_add(struct rollup *rollup, const struct event *event)
{
    size_t day = chunk_calendar_find(&rollup->calendar, event->time); /* may move the spans */
    const struct span *span = &rollup->calendar.spans.at[day];
    uint32_t nobody = event->person == 0;
    struct sum sum = {.day = span->number,
                      .id = event->tenant,
                      .what = (uint32_t)event->channel << 16 | (uint32_t)event->kind << 1 | nobody,
                      .count = 1,
                      .amount = event->amount};
    sums_add(&rollup->days, &sum);
    if (event->kind != KIND_SIGHTING)
        return;
    uint32_t hour = (uint32_t)clock_hour(rollup->calendar.clock, event->time);
    sum.id = event->zone;
    sum.what = hour << 1 | nobody;
    sum.amount = 0;
    sums_add(&rollup->hours, &sum);
}

static void sums_merge(struct sums *into, const struct sums *from)
{
    for (size_t i = 0; i < from->slots; i++)
        if (from->at[i].count)
            sums_add(into, &from->at[i]);
}

void rollup_merge(struct rollup *into, const struct rollup *from)
{
    sums_merge(&into->days, &from->days);
    sums_merge(&into->hours, &from->hours);
}

/* ---- A stored day: four columns ---- */

void rollup_encode(struct bytes *out, const struct sum *cells, size_t n)
{
    uint64_t *words = mem_alloc((n + 1) * sizeof *words);
    blob_begin(out);
    bytes_put_varint(out, n);
#define COLUMN(value)                                                                              \
    for (size_t i = 0; i < n; i++)                                                                 \
        words[i] = (uint64_t)(value);                                                              \
    column_encode(out, words, n)
    COLUMN(cells[i].what);
    COLUMN(cells[i].id);
    COLUMN(cells[i].count);
    COLUMN(cells[i].amount);
#undef COLUMN
    blob_end(out);
    free(words);
}

bool rollup_decode(struct view in, int32_t day, struct sums *sums)
{
    size_t n = view_count(&in, CELLS_MAX);
    if (in.bad)
        return false;
    uint64_t *what = mem_alloc((4 * n + 1) * sizeof *what), *id = what + n, *count = id + n,
             *amount = count + n;
    bool good = column_decode(&in, what, n) && column_decode(&in, id, n) &&
                column_decode(&in, count, n) && column_decode(&in, amount, n) &&
                view_left(&in) == 0;
    for (size_t i = 0; good && i < n; i++) {
        struct sum sum = {day, (uint32_t)id[i], (uint32_t)what[i], (int64_t)count[i],
                          (int64_t)amount[i]};
        good = sum.count > 0 && id[i] <= UINT32_MAX && what[i] <= UINT32_MAX;
        if (good)
            sums_add(sums, &sum);
    }
    free(what);
    return good;
}
