#include "model/event/rollup.h"

#include "model/event/blob.h"
#include "model/event/column.h"

#include <stdlib.h>

enum { CELLS_MAX = 1 << 26, HOUR = 3600, DAY_HOURS = 24, DAY = 86400 };

/* ---- Sums ---- */

/* Multiplications alone: two of them are made for every event. */
static uint64_t sum_hash(const struct sum *sum)
{
    uint64_t hash = sum->id * UINT64_C(0x9E3779B97F4A7C15) +
                    sum->what * UINT64_C(0xC2B2AE3D27D4EB4F) +
                    (uint32_t)sum->day * UINT64_C(0x165667B19E3779F9);
    return (hash ^ hash >> 32) * UINT64_C(0x9E3779B97F4A7C15) >> 32;
}

static size_t sums_slot(const struct sums *sums, const struct sum *sum, uint64_t hash)
{
    size_t slot = hash & (sums->slots - 1);
    for (; sums->at[slot].count; slot = (slot + 1) & (sums->slots - 1)) {
        const struct sum *there = &sums->at[slot];
        if (there->id == sum->id && there->what == sum->what && there->day == sum->day)
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
            sums->at[sums_slot(sums, &old.at[i], sum_hash(&old.at[i]))] = old.at[i];
    free(old.at);
}

static void sums_room(struct sums *sums, size_t more)
{
    while ((sums->n + more) * 2 > sums->slots)
        sums_grow(sums);
}

/* There is room. */
static void sums_put(struct sums *sums, const struct sum *sum, uint64_t hash)
{
    struct sum *slot = &sums->at[sums_slot(sums, sum, hash)];
    if (slot->count == 0) {
        *slot = *sum;
        sums->n++;
        return;
    }
    slot->count += sum->count;
    slot->amount = (int64_t)((uint64_t)slot->amount + (uint64_t)sum->amount);
}

void sums_add(struct sums *sums, const struct sum *sum)
{
    sums_room(sums, 1);
    sums_put(sums, sum, sum_hash(sum));
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

/* ---- Days and hours of a month ---- */

/* A clock changes at most a few times a year, so nearly every day has one offset. */
static void month_days(struct rollup_month *month, const struct clock *clock)
{
    month->first_day = month_first_day(month->number);
    month->n_days = month_first_day(month->number + 1) - month->first_day;
    for (int i = 0; i <= month->n_days; i++)
        month->start[i] = clock_day_start(clock, month->first_day + i);
    for (int i = 0; i < month->n_days; i++) {
        int32_t first = zone_offset(clock->zone, month->start[i]);
        int32_t last = zone_offset(clock->zone, month->start[i + 1] - 1);
        month->offset[i] = first == last ? first : INT32_MIN;
    }
}

/* The day by its place in the month; the time is within the month. */
static int month_day(const struct rollup_month *month, int64_t time)
{
    int day = (int)((time - month->start[0]) / DAY);
    day = day >= month->n_days ? month->n_days - 1 : day;
    while (day > 0 && time < month->start[day])
        day--;
    while (day + 1 < month->n_days && time >= month->start[day + 1])
        day++;
    return day;
}

static uint32_t month_hour(const struct rollup_month *month, const struct clock *clock, int day,
                           int64_t time)
{
    if (month->offset[day] == INT32_MIN)
        return (uint32_t)clock_hour(clock, time);
    /* Counted from a midnight far in the past, so that the division rounds down. */
    int64_t local = time + month->offset[day] + INT64_C(100000000) * DAY;
    return (uint32_t)(local / HOUR % DAY_HOURS);
}

static struct rollup_month *rollup_month(struct rollup *rollup, int32_t number)
{
    size_t low = 0, high = rollup->months.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rollup->months.at[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < rollup->months.n && rollup->months.at[low]->number == number)
        return rollup->months.at[low];
    struct rollup_month *month = mem_zero(1, sizeof *month);
    month->number = number;
    month_days(month, rollup->clock);
    vec_reserve(&rollup->months, 1);
    memmove(rollup->months.at + low + 1, rollup->months.at + low,
            (rollup->months.n - low) * sizeof month);
    rollup->months.at[low] = month;
    rollup->months.n++;
    return month;
}

static struct rollup_month *month_of(struct rollup *rollup, int64_t time)
{
    int32_t number = clock_month(rollup->clock, time);
    struct rollup_month *month = rollup_month(rollup, number);
    /* Where a clock goes back over the day's boundary, the civil day of a moment can be one off. */
    if (time < month->start[0])
        return rollup_month(rollup, number - 1);
    return time >= month->start[month->n_days] ? rollup_month(rollup, number + 1) : month;
}

/* ---- Events ---- */

struct rollup rollup_make(const struct clock *clock)
{
    return (struct rollup){.clock = clock};
}

void rollup_free(struct rollup *rollup)
{
    for (size_t i = 0; i < rollup->months.n; i++) {
        sums_free(&rollup->months.at[i]->days);
        sums_free(&rollup->months.at[i]->hours);
        free(rollup->months.at[i]);
    }
    vec_free(&rollup->months);
}

static struct sum day_sum(const struct rollup_month *month, int day, const struct event *event)
{
    return (struct sum){.day = month->first_day + day,
                        .id = event->tenant,
                        .what = (uint32_t)event->channel << 16 | (uint32_t)event->kind << 1 |
                                (event->person == 0),
                        .count = 1,
                        .amount = event->amount};
}

static void add_sighting(struct rollup_month *month, const struct clock *clock, int day,
                         const struct event *event)
{
    struct sum sum = {.day = month->first_day + day,
                      .id = event->zone,
                      .what =
                          month_hour(month, clock, day, event->time) << 1 | (event->person == 0),
                      .count = 1};
    sums_add(&month->hours, &sum);
}

void rollup_add(struct rollup *rollup, const struct event *event)
{
    struct rollup_month *month = month_of(rollup, event->time);
    int day = month_day(month, event->time);
    struct sum sum = day_sum(month, day, event);
    sums_add(&month->days, &sum);
    if (event->kind == KIND_SIGHTING)
        add_sighting(month, rollup->clock, day, event);
}

/* Cells are far apart in memory: they are fetched a batch ahead of being added to. */
void rollup_add_place(struct rollup *rollup, int64_t start, const struct event *events, size_t n)
{
    enum { BATCH = 64 };
    struct sum batch[BATCH];
    uint64_t hashes[BATCH];
    struct rollup_month *month = month_of(rollup, start);
    struct sums *days = &month->days;
    for (size_t at = 0, here; at < n; at += here) {
        here = n - at < BATCH ? n - at : BATCH;
        sums_room(days, here);
        for (size_t i = 0; i < here; i++) {
            const struct event *event = &events[at + i];
            int day = month_day(month, event->time);
            batch[i] = day_sum(month, day, event);
            hashes[i] = sum_hash(&batch[i]);
            __builtin_prefetch(&days->at[hashes[i] & (days->slots - 1)], 1);
            if (event->kind == KIND_SIGHTING)
                add_sighting(month, rollup->clock, day, event);
        }
        for (size_t i = 0; i < here; i++)
            sums_put(days, &batch[i], hashes[i]);
    }
}

static void sums_merge(struct sums *into, const struct sums *from)
{
    for (size_t i = 0; i < from->slots; i++)
        if (from->at[i].count)
            sums_add(into, &from->at[i]);
}

void rollup_merge(struct rollup *into, const struct rollup *from)
{
    for (size_t i = 0; i < from->months.n; i++) {
        struct rollup_month *month = rollup_month(into, from->months.at[i]->number);
        sums_merge(&month->days, &from->months.at[i]->days);
        sums_merge(&month->hours, &from->months.at[i]->hours);
    }
}

struct sums rollup_sums(const struct rollup *rollup, bool hours)
{
    struct sums all = {0};
    for (size_t i = 0; i < rollup->months.n; i++)
        sums_merge(&all, hours ? &rollup->months.at[i]->hours : &rollup->months.at[i]->days);
    return all;
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

/* Whether a cell is of one of the kinds, and of people. */
static bool cell_of_kinds(const bool *only, uint64_t what)
{
    return !(what & 1) && only[what >> 1 & KIND_MAX];
}

bool rollup_decode(struct view in, int32_t day, const bool *only, struct sums *sums)
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
        if (good && only && !cell_of_kinds(only, what[i]))
            continue;
        if (only) {
            sum.id = 0;
            sum.what &= (uint32_t)KIND_MAX << 1;
        }
        if (good)
            sums_add(sums, &sum);
    }
    free(what);
    return good;
}
