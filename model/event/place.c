#include "model/event/place.h"
#include "model/event/bits.h"

#include <stdlib.h>

/* ---- Spans of time ---- */

struct chunk_calendar chunk_calendar_make(const struct clock *clock, bool days)
{
    return (struct chunk_calendar){.clock = clock, .days = days};
}

void chunk_calendar_free(struct chunk_calendar *calendar)
{
    vec_free(&calendar->spans);
}

static int64_t number_start(const struct chunk_calendar *calendar, int32_t number)
{
    return clock_day_start(calendar->clock, calendar->days ? number : month_first_day(number));
}

static struct span span_make(const struct chunk_calendar *calendar, int64_t time)
{
    struct span span;
    span.number =
        calendar->days ? clock_day(calendar->clock, time) : clock_month(calendar->clock, time);
    /* Where a clock goes back over the day's boundary, the civil day of a moment can be one off. */
    if (time < number_start(calendar, span.number))
        span.number--;
    else if (time >= number_start(calendar, span.number + 1))
        span.number++;
    span.start = number_start(calendar, span.number);
    span.end = number_start(calendar, span.number + 1);
    return span;
}

size_t chunk_calendar_find(struct chunk_calendar *calendar, int64_t time)
{
    const struct span *spans = calendar->spans.at;
    size_t low = 0, high = calendar->spans.n;
    if (calendar->last < high && time >= spans[calendar->last].start &&
        time < spans[calendar->last].end)
        return calendar->last;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (spans[middle].end <= time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == calendar->spans.n || time < spans[low].start) {
        struct span span = span_make(calendar, time);
        vec_reserve(&calendar->spans, 1);
        memmove(calendar->spans.at + low + 1, calendar->spans.at + low,
                (calendar->spans.n - low) * sizeof span);
        calendar->spans.at[low] = span;
        calendar->spans.n++;
    }
    return calendar->last = low;
}

/* ---- Sorting ---- */

struct sorter *sorter_new(const struct clock *clock)
{
    struct sorter *sorter = mem_zero(1, sizeof *sorter);
    sorter->months = chunk_calendar_make(clock, false);
    sorter->days = chunk_calendar_make(clock, true);
    return sorter;
}

void sorter_free(struct sorter *sorter)
{
    if (!sorter)
        return;
    chunk_calendar_free(&sorter->months);
    chunk_calendar_free(&sorter->days);
    vec_free(&sorter->places);
    free(sorter->order);
    free(sorter->other);
    free(sorter->placed);
    free(sorter->words);
    free(sorter->refs);
    free(sorter->person);
    free(sorter);
}

enum { DIGIT = 11, DIGITS = (64 + DIGIT - 1) / DIGIT, VALUES = 1 << DIGIT };

/* A stable radix sort by the low `bits` bits of the keys; digits that are all the same cost only
 * their count. */
static void radix_sort(struct sorter *sorter, unsigned bits)
{
    size_t n = sorter->n;
    unsigned n_digits = (bits + DIGIT - 1) / DIGIT;
    size_t(*counts)[VALUES] = mem_zero(DIGITS, sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        uint64_t key = sorter->order[i].key;
        for (unsigned digit = 0; digit < n_digits; digit++)
            counts[digit][key >> (digit * DIGIT) & (VALUES - 1)]++;
    }
    for (unsigned digit = 0; digit < n_digits; digit++) {
        size_t *count = counts[digit], at = 0;
        if (count[sorter->order[0].key >> (digit * DIGIT) & (VALUES - 1)] == n)
            continue;
        for (size_t value = 0; value < VALUES; value++) {
            size_t here = count[value];
            count[value] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++) {
            struct sort_key key = sorter->order[i];
            sorter->other[count[key.key >> (digit * DIGIT) & (VALUES - 1)]++] = key;
        }
        struct sort_key *swap = sorter->order;
        sorter->order = sorter->other;
        sorter->other = swap;
    }
    free(counts);
}

static void sorter_room(struct sorter *sorter, size_t n)
{
    if (n <= sorter->cap)
        return;
    free(sorter->order);
    free(sorter->other);
    sorter->order = mem_alloc(n * sizeof *sorter->order);
    sorter->other = mem_alloc(n * sizeof *sorter->other);
    sorter->cap = n;
}

/* All spans are looked up before keys are made, so that their indices no longer change. */
static unsigned time_bits(struct chunk_calendar *calendar, const struct event *events, size_t n)
{
    uint64_t widest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = chunk_calendar_find(calendar, events[i].time); /* may move the spans */
        const struct span *span = &calendar->spans.at[at];
        widest |= (uint64_t)(span->end - span->start);
    }
    return bits_width(widest);
}

static void places_mark(struct sorter *sorter, const struct chunk_calendar *calendar,
                        unsigned shift)
{
    sorter->places.n = 0;
    for (size_t i = 0; i < sorter->n;) {
        uint64_t place = sorter->order[i].key >> shift;
        size_t from = i;
        while (i < sorter->n && sorter->order[i].key >> shift == place)
            i++;
        vec_push(&sorter->places,
                 (struct place_range){.span = calendar->spans.at[place], .from = from, .to = i});
    }
}

void sorter_sort(struct sorter *sorter, int32_t block, const struct event *events, size_t n)
{
    struct chunk_calendar *calendar = block == EVENT_NOBODY ? &sorter->days : &sorter->months;
    sorter->events = events;
    sorter->n = n;
    sorter->places.n = 0;
    if (n == 0)
        return;
    sorter_room(sorter, n);
    unsigned n_time = time_bits(calendar, events, n), n_person = EVENT_BLOCK_BITS, n_kind = 8;
    unsigned n_place = bits_width(calendar->spans.n);
    bool sorted = true;
    for (size_t i = 0; i < n; i++) {
        size_t place = chunk_calendar_find(calendar, events[i].time);
        uint64_t key = place;
        key = key << n_kind | events[i].kind;
        key = key << n_person | (events[i].person & (EVENT_BLOCK - 1));
        key = key << n_time | (uint64_t)(events[i].time - calendar->spans.at[place].start);
        sorter->order[i] = (struct sort_key){.key = key, .row = (uint32_t)i};
        sorted = sorted && (i == 0 || sorter->order[i - 1].key <= key);
    }
    if (!sorted)
        radix_sort(sorter, n_place + n_kind + n_person + n_time);
    places_mark(sorter, calendar, n_kind + n_person + n_time);
}

/* ---- Gathering ---- */

static void placed_room(struct sorter *sorter, size_t n)
{
    if (n <= sorter->placed_cap)
        return;
    free(sorter->placed);
    free(sorter->words);
    free(sorter->refs);
    free(sorter->person);
    sorter->placed_cap = n + n / 8;
    sorter->placed = mem_alloc(sorter->placed_cap * sizeof *sorter->placed);
    sorter->words = mem_alloc(sorter->placed_cap * COLUMN_REF * sizeof *sorter->words);
    sorter->refs = mem_alloc(sorter->placed_cap * sizeof *sorter->refs);
    sorter->person = mem_alloc(sorter->placed_cap * sizeof *sorter->person);
}

/* Events lie all over the block's memory, and their references elsewhere: both are fetched some way
 * ahead of being copied and read. */
const struct event *sorter_place(struct sorter *sorter, const struct place_range *place)
{
    enum { AHEAD = 16, REF_AHEAD = 4 };
    const struct sort_key *order = sorter->order + place->from;
    const struct event *events = sorter->events;
    size_t n = place->to - place->from;
    placed_room(sorter, n);
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            const struct event *event = &events[order[i + AHEAD].row];
            __builtin_prefetch(event);
            __builtin_prefetch((const char *)(event + 1) - 1);
            __builtin_prefetch(events[order[i + REF_AHEAD].row].ref);
        }
        sorter->placed[i] = events[order[i].row];
    }
    return sorter->placed;
}

/* The columns of n events of one kind. */
static void segment_gather(const struct event *events, size_t n, uint64_t *words, uint32_t *person,
                           struct ref *refs, struct segment_rows *rows)
{
    uint32_t any_ref = 0;
    uint64_t *column[COLUMN_REF];
    for (int c = 0; c < COLUMN_REF; c++)
        column[c] = words + (size_t)c * n;
    for (size_t i = 0; i < n; i++) {
        const struct event *event = &events[i];
        person[i] = event->person & (EVENT_BLOCK - 1);
        column[COLUMN_TIME][i] = (uint64_t)event->time;
        column[COLUMN_TENANT][i] = event->tenant;
        column[COLUMN_ZONE][i] = event->zone;
        column[COLUMN_CHANNEL][i] = event->channel;
        column[COLUMN_DEVICE][i] = event->device;
        column[COLUMN_AMOUNT][i] = (uint64_t)event->amount;
        column[COLUMN_CAMPAIGN][i] = event->campaign;
        column[COLUMN_ITEM][i] = event->item;
        column[COLUMN_VALUE][i] = (uint64_t)(int64_t)event->value;
        column[COLUMN_ADDRESS][i] = event->address;
        refs[i] = (struct ref){.at = event->ref, .size = event->ref_size};
        any_ref |= event->ref_size;
    }
    *rows = (struct segment_rows){
        .kind = events->kind, .n = n, .person = person, .refs = any_ref ? refs : NULL};
    memcpy(rows->column, column, sizeof column);
}

bool sorter_encode_beside(struct sorter *sorter, const struct event *events, size_t n,
                          const struct chunk_kept *kept, struct chunk_bytes *out)
{
    struct segment_rows segments[KIND_MAX + 1];
    size_t n_segments = 0;
    placed_room(sorter, n);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && events[to].kind == events[from].kind; to++)
            continue;
        segment_gather(events + from, to - from, sorter->words + from * COLUMN_REF,
                       sorter->person + from, sorter->refs + from, &segments[n_segments++]);
    }
    return chunk_encode_beside(segments, n_segments, kept, out);
}

void sorter_encode(struct sorter *sorter, const struct event *events, size_t n,
                   struct chunk_bytes *out)
{
    sorter_encode_beside(sorter, events, n, NULL, out);
}
