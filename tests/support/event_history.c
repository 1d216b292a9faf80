#include "tests/support/event_history.h"

#include "model/event/place.h"

#include <stdlib.h>
#include <string.h>

uint64_t dice_next(struct dice *dice)
{
    uint64_t x = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

uint64_t dice_below(struct dice *dice, uint64_t n)
{
    return dice_next(dice) % n;
}

struct history history_new(void)
{
    return (struct history){.arena = arena_new()};
}

void history_free(struct history *history)
{
    vec_free(history);
    arena_free(history->arena);
}

static const char *random_ref(struct history *history, struct dice *dice)
{
    unsigned long long number = dice_below(dice, 40000);
    switch (dice_below(dice, 6)) {
    case 0:
    case 1:
    case 2:
        return arena_printf(history->arena, "R%011llu", number);
    case 3:
        return arena_printf(history->arena, "2024-%02llu/%llu", number % 12 + 1, number);
    case 4:
        return arena_printf(history->arena, "T%llu-%llu", number, number % 7);
    default:
        return arena_printf(history->arena, "%016llx-%llx", (unsigned long long)dice_next(dice),
                            number);
    }
}

static void random_fields(struct event *event, struct dice *dice)
{
    if (event->kind == KIND_SIGHTING) {
        event->zone = (uint32_t)dice_below(dice, 50) + 1;
        event->device = event->zone + 100;
        event->value = -30 - (int32_t)dice_below(dice, 60);
        event->address = event->person ? 0 : dice_next(dice);
        return;
    }
    event->tenant = (uint32_t)dice_below(dice, 300);
    event->channel = (uint16_t)dice_below(dice, 4);
    event->amount = (int64_t)dice_below(dice, 2000) * 100 - (dice_below(dice, 50) == 0 ? 5000 : 0);
    if (dice_below(dice, 20) == 0) {
        event->campaign = (uint32_t)dice_below(dice, 9);
        event->item = (uint32_t)dice_below(dice, 100000);
        event->amount = (int64_t)dice_next(dice);
        event->value = (int32_t)dice_next(dice);
    }
}

/* What comes with the event before: points that a purchase earned, lines of its receipt. */
static bool random_follower(const struct history *history, struct dice *dice, struct event *event)
{
    const struct event *before = history->n ? &history->at[history->n - 1] : NULL;
    bool purchase = before && before->kind == KIND_PURCHASE && !before->item;
    bool earned = before && before->kind == KIND_POINTS_EARN;
    if ((!purchase || !dice_below(dice, 10)) && (!earned || dice_below(dice, 3)))
        return false;
    *event = *before;
    event->kind = purchase ? KIND_POINTS_EARN : KIND_LINE;
    event->channel = 0;
    event->amount = purchase ? before->amount * (int64_t)(1 + before->person % 2) / 100 : 700;
    if (purchase && dice_below(dice, 20) == 0)
        event->amount = event->tenant = (uint32_t)dice_below(dice, 90);
    if (!purchase) {
        event->value = 1 + (int32_t)dice_below(dice, 3);
        event->ref = NULL;
        event->ref_size = 0;
    }
    return true;
}

void history_add(struct history *history, struct dice *dice, const struct history_shape *shape,
                 size_t n)
{
    static const uint16_t some[] = {KIND_SIGHTING, KIND_SIGHTING, KIND_REGISTER, KIND_PURCHASE,
                                    KIND_PURCHASE, KIND_PURCHASE, KIND_REFUND,   KIND_APP_OPEN,
                                    KIND_CUSTOM,   KIND_MAX};
    for (size_t i = 0; i < n; i++) {
        struct event event = {0};
        if (random_follower(history, dice, &event)) {
            vec_push(history, event);
            continue;
        }
        if (history->n && dice_below(dice, 1000) < shape->again) {
            struct event earlier = history->at[dice_below(dice, history->n)];
            earlier.amount += (int64_t)dice_below(dice, 2);
            vec_push(history, earlier);
            continue;
        }
        event.kind = some[dice_below(dice, sizeof some / sizeof *some)];
        if (dice_below(dice, 200) == 0)
            event.kind = dice_below(dice, 2) ? KIND_POINTS_EARN : KIND_LINE;
        uint64_t span = (uint64_t)(shape->to - shape->from);
        event.time = shape->from + (int64_t)dice_below(dice, span);
        event.time -= dice_below(dice, 3) ? event.time % 600 : 0; /* some at the same moment */
        if (dice_below(dice, 100) >= shape->nobody)
            event.person = 1 + (uint32_t)dice_below(dice, shape->people);
        random_fields(&event, dice);
        if (event.kind != KIND_SIGHTING && dice_below(dice, 100) < shape->refs) {
            event.ref = random_ref(history, dice);
            event.ref_size = (uint32_t)strlen(event.ref);
        }
        vec_push(history, event);
    }
}

/* ---- The reference ---- */

struct expected {
    struct event event;
    int32_t block, day;
    size_t arrival;
};

static int compare_refs(const void *a, const void *b)
{
    const struct expected *left = a, *right = b;
    if (left->event.kind != right->event.kind)
        return left->event.kind < right->event.kind ? -1 : 1;
    if (left->event.ref_size != right->event.ref_size)
        return left->event.ref_size < right->event.ref_size ? -1 : 1;
    int order =
        left->event.ref_size ? memcmp(left->event.ref, right->event.ref, left->event.ref_size) : 0;
    return order ? order : (left->arrival > right->arrival) - (left->arrival < right->arrival);
}

static int compare_scan(const void *a, const void *b)
{
    const struct expected *left = a, *right = b;
#define BY(field)                                                                                  \
    if (left->field != right->field)                                                               \
    return left->field < right->field ? -1 : 1
    BY(block);
    BY(day);
    BY(event.kind);
    BY(event.person);
    BY(event.time);
    BY(arrival);
#undef BY
    return 0;
}

static bool query_wants(const struct event_query *query, const struct event *event)
{
    if (event->time < query->from || (query->to && event->time >= query->to))
        return false;
    bool kind = !query->kinds;
    for (size_t i = 0; query->kinds && i < query->n_kinds; i++)
        kind = kind || query->kinds[i] == event->kind;
    if (!kind)
        return false;
    if (event->person == 0)
        return query->nobody;
    bool all = query->person_first == 0 && query->person_last == 0;
    return query->people && (!query->among || set_has(query->among, event->person)) &&
           (all || (event->person >= query->person_first && event->person <= query->person_last));
}

struct event *history_expected(const struct history *history, const struct clock *clock,
                               const struct event_query *query, size_t *n, size_t *duplicates)
{
    struct expected *all = mem_alloc((history->n + 1) * sizeof *all);
    size_t unique = 0, wanted = 0;
    for (size_t i = 0; i < history->n; i++)
        all[i] = (struct expected){.event = history->at[i], .arrival = i};
    qsort(all, history->n, sizeof *all, compare_refs);
    for (size_t i = 0; i < history->n; i++) {
        const struct event *event = &all[i].event, *last = unique ? &all[unique - 1].event : NULL;
        if (event->ref_size && last && last->kind == event->kind &&
            last->ref_size == event->ref_size &&
            memcmp(last->ref, event->ref, event->ref_size) == 0)
            continue;
        all[unique++] = all[i];
    }
    if (duplicates)
        *duplicates = history->n - unique;
    for (size_t i = 0; i < unique; i++) {
        if (!query_wants(query, &all[i].event))
            continue;
        all[wanted] = all[i];
        all[wanted].block = person_block(all[i].event.person);
        all[wanted].day = all[i].event.person ? 0 : clock_day(clock, all[i].event.time);
        wanted++;
    }
    qsort(all, wanted, sizeof *all, compare_scan);
    struct event *out = mem_alloc((wanted + 1) * sizeof *out);
    for (size_t i = 0; i < wanted; i++)
        out[i] = all[i].event;
    free(all);
    *n = wanted;
    return out;
}

enum status scanned_block(void *context, const struct event_block *block, struct error *err)
{
    struct scanned *scanned = context;
    (void)err;
    if (!scanned->arena)
        scanned->arena = arena_new();
    scanned->blocks++;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++) {
            struct event event = {
                .kind = run->kind, .person = run->person[i], .time = run->time[i]};
#define TAKE(field) event.field = run->field ? run->field[i] : 0
            TAKE(tenant);
            TAKE(zone);
            TAKE(device);
            TAKE(campaign);
            TAKE(item);
            TAKE(value);
            TAKE(channel);
            TAKE(amount);
            TAKE(address);
#undef TAKE
            if (run->ref && *run->ref[i]) {
                event.ref = arena_strdup(scanned->arena, run->ref[i]);
                event.ref_size = (uint32_t)strlen(event.ref);
            }
            vec_push(scanned, event);
        }
    }
    return ST_OK;
}

void scanned_free(struct scanned *scanned)
{
    arena_free(scanned->arena);
    vec_free(scanned);
    *scanned = (struct scanned){0};
}

const char *events_differ(struct arena *arena, const struct event *a, size_t n_a,
                          const struct event *b, size_t n_b, unsigned columns)
{
    for (size_t i = 0; i < n_a && i < n_b; i++) {
        const char *what = NULL;
#define SAME(field, bit)                                                                           \
    if (!what && (!(bit) || (columns & (unsigned)(bit))) && a[i].field != b[i].field)              \
    what = #field
        SAME(kind, 0);
        SAME(person, 0);
        SAME(time, 0);
        SAME(tenant, EVENT_TENANT);
        SAME(zone, EVENT_ZONE);
        SAME(channel, EVENT_CHANNEL);
        SAME(device, EVENT_DEVICE);
        SAME(amount, EVENT_AMOUNT);
        SAME(campaign, EVENT_CAMPAIGN);
        SAME(item, EVENT_ITEM);
        SAME(value, EVENT_VALUE);
        SAME(address, EVENT_ADDRESS);
        SAME(ref_size, EVENT_REF);
#undef SAME
        if (!what && columns & EVENT_REF && a[i].ref_size &&
            memcmp(a[i].ref, b[i].ref, a[i].ref_size) != 0)
            what = "ref";
        if (what)
            return arena_printf(
                arena,
                "event %zu of %zu differs in %s: kind %u person %u time %lld against "
                "kind %u person %u time %lld",
                i, n_a, what, a[i].kind, a[i].person, (long long)a[i].time, b[i].kind, b[i].person,
                (long long)b[i].time);
    }
    return n_a == n_b ? NULL : arena_printf(arena, "%zu events against %zu", n_a, n_b);
}
