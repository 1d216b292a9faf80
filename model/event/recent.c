#include "model/event/recent.h"

#include "model/event/bits.h"
#include "model/event/blob.h"

#include <stdlib.h>

/* ---- Events ---- */

void recent_clear(struct recent *recent)
{
    for (size_t i = 0; i < EVENT_BLOCK; i++) {
        recent->last[i] = INT64_MIN;
        recent->last_day[i] = RECENT_NEVER;
    }
    recent->since = RECENT_NEVER;
    recent->latest = INT64_MIN;
    recent->tills.n = recent->added.n = 0;
    recent->changed = recent->other_clock = false;
}

void recent_free(struct recent *recent)
{
    vec_free(&recent->tills);
    vec_free(&recent->added);
}

struct recent_event recent_event_of(const struct event *event)
{
    return (struct recent_event){.person = event->person & (EVENT_BLOCK - 1),
                                 .kind = event->kind,
                                 .time = event->time,
                                 .amount = event->amount};
}

void recent_add(struct recent *recent, const struct event *event, int64_t now)
{
    if (!recent_wants(event->kind))
        return;
    int64_t *last = &recent->last[event->person & (EVENT_BLOCK - 1)];
    *last = event->time > *last ? event->time : *last;
    if (event->time <= now && event->time > recent->latest)
        recent->latest = event->time;
    if (recent_is_till(event->kind))
        vec_push(&recent->added, recent_event_of(event));
    recent->changed = true;
}

static int32_t day_of(struct chunk_calendar *days, int64_t time)
{
    size_t at = chunk_calendar_find(days, time); /* may move the spans */
    return days->spans.at[at].number;
}

void recent_move_on(struct recent *recent, struct chunk_calendar *days)
{
    if (recent->latest == INT64_MIN)
        return;
    int32_t since = month_first_day(month_of_day(day_of(days, recent->latest)) - RECENT_MONTHS);
    recent->since = since > recent->since ? since : recent->since;
}

/* ---- Tills ---- */

struct recent_till recent_till_of(const struct recent_event *event, int32_t day)
{
    bool refund = event->kind == KIND_REFUND;
    return (struct recent_till){.person = event->person,
                                .day = day,
                                .purchases = !refund,
                                .money = refund ? (int64_t)(0 - (uint64_t)event->amount)
                                                : event->amount};
}

static int till_compare(const void *a, const void *b)
{
    const struct recent_till *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return (x->day > y->day) - (x->day < y->day);
}

/* Each person and day once, in order, and nothing of days before `since`. */
static void tills_tidy(struct recent *recent)
{
    recent_tills *tills = &recent->tills;
    size_t n = 0;
    bool sorted = true;
    for (size_t i = 1; i < tills->n && sorted; i++)
        sorted = till_compare(&tills->at[i - 1], &tills->at[i]) <= 0;
    if (!sorted)
        qsort(tills->at, tills->n, sizeof *tills->at, till_compare);
    for (size_t i = 0; i < tills->n;) {
        struct recent_till all = tills->at[i++];
        for (; i < tills->n && till_compare(&all, &tills->at[i]) == 0; i++) {
            all.purchases += tills->at[i].purchases;
            all.money = (int64_t)((uint64_t)all.money + (uint64_t)tills->at[i].money);
        }
        if (all.day >= recent->since && (all.purchases || all.money))
            tills->at[n++] = all;
    }
    tills->n = n;
}

static void tills_add(struct recent *recent, const struct recent_event *events, size_t n,
                      struct chunk_calendar *days)
{
    for (size_t i = 0; i < n; i++) {
        int32_t day = day_of(days, events[i].time);
        if (recent_is_till(events[i].kind) && day >= recent->since)
            vec_push(&recent->tills, recent_till_of(&events[i], day));
    }
}

void recent_close(struct recent *recent, struct chunk_calendar *days)
{
    for (size_t i = 0; i < EVENT_BLOCK; i++) {
        if (recent->last[i] == INT64_MIN)
            continue;
        int32_t day = day_of(days, recent->last[i]);
        recent->last_day[i] = day > recent->last_day[i] ? day : recent->last_day[i];
        recent->last[i] = INT64_MIN;
    }
    tills_add(recent, recent->added.at, recent->added.n, days);
    recent->added.n = 0;
    tills_tidy(recent);
}

void recent_replace(struct recent *recent, uint32_t person, const struct recent_event *events,
                    size_t n, struct chunk_calendar *days)
{
    size_t kept = 0;
    for (size_t i = 0; i < recent->tills.n; i++)
        if (recent->tills.at[i].person != person)
            recent->tills.at[kept++] = recent->tills.at[i];
    recent->tills.n = kept;
    recent->last_day[person] = RECENT_NEVER;
    for (size_t i = 0; i < n; i++) {
        int32_t day = day_of(days, events[i].time);
        if (day > recent->last_day[person])
            recent->last_day[person] = day;
    }
    tills_add(recent, events, n, days);
    tills_tidy(recent);
    recent->changed = true;
}

/* ---- Bytes ---- */

static uint32_t clock_mark(const struct clock *clock)
{
    const char *name = zone_name(clock->zone);
    return (uint32_t)hash64_seed(name, strlen(name), (uint64_t)clock->boundary);
}

static void put_words(struct bytes *out, const uint64_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 8; k++)
            bytes_put_u8(out, words[i] >> (8 * k) & 0xff);
}

static void presence_encode(const struct recent *recent, const struct clock *clock,
                            struct bytes *out)
{
    size_t n = EVENT_BLOCK;
    while (n > 0 && recent->last_day[n - 1] == RECENT_NEVER)
        n--;
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        int32_t day = recent->last_day[i];
        low = day != RECENT_NEVER && day < low ? day : low;
        high = day > high ? day : high;
    }
    unsigned width = n ? bits_width((uint64_t)((int64_t)high - low + 1)) : 0;
    blob_begin(out);
    bytes_put_u32(out, clock_mark(clock));
    bytes_put_varint(out, n);
    bytes_put_signed(out, n ? low : 0);
    bytes_put_u8(out, width);
    for (unsigned plane = width; plane-- > 0;) {
        uint64_t words[RECENT_WORDS] = {0};
        for (size_t i = 0; i < n; i++)
            if (recent->last_day[i] != RECENT_NEVER)
                words[i / 64] |= ((uint64_t)((int64_t)recent->last_day[i] - low + 1) >> plane & 1)
                                 << (i % 64);
        put_words(out, words, (n + 63) / 64);
    }
    blob_end(out);
}

static void tills_encode(const struct recent *recent, const struct clock *clock, struct bytes *out)
{
    const recent_tills *tills = &recent->tills;
    size_t n = tills->n ? tills->at[tills->n - 1].person + 1 : 0;
    uint64_t who[RECENT_WORDS] = {0}, *first = mem_zero(tills->n / 64 + 1, sizeof *first);
    int64_t *values = mem_alloc((tills->n + 1) * sizeof *values);
    blob_begin(out);
    bytes_put_u32(out, clock_mark(clock));
    bytes_put_signed(out, recent->since);
    bytes_put_varint(out, n);
    bytes_put_varint(out, tills->n);
    for (size_t i = 0; i < tills->n; i++) {
        uint32_t person = tills->at[i].person;
        bool begins = i == 0 || tills->at[i - 1].person != person;
        who[person / 64] |= UINT64_C(1) << (person % 64);
        first[i / 64] |= (uint64_t)begins << (i % 64);
    }
    put_words(out, who, (n + 63) / 64);
    put_words(out, first, (tills->n + 63) / 64);
    for (size_t i = 0; i < tills->n; i++)
        values[i] = tills->at[i].day;
    coded_put(out, values, tills->n);
    for (size_t i = 0; i < tills->n; i++)
        values[i] = tills->at[i].money;
    coded_put(out, values, tills->n);
    for (size_t i = 0; i < tills->n; i++)
        values[i] = tills->at[i].purchases;
    coded_put(out, values, tills->n);
    blob_end(out);
    free(values);
    free(first);
}

void recent_encode(const struct recent *recent, const struct clock *clock, struct recent_bytes *out)
{
    presence_encode(recent, clock, &out->presence);
    tills_encode(recent, clock, &out->tills);
}

void recent_bytes_free(struct recent_bytes *bytes)
{
    vec_free(&bytes->presence);
    vec_free(&bytes->tills);
}

/* ---- Views of them ---- */

static const unsigned char *take_words(struct view *in, size_t n_bits)
{
    return view_take(in, (n_bits + 63) / 64 * 8);
}

enum { WIDTH_MOST = 24, DAY_MOST = 1 << 23 }; /* days of 20,000 years */

bool recent_presence_open(struct view in, const struct clock *clock,
                          struct recent_presence *presence)
{
    uint32_t mark = view_u32(&in);
    *presence = (struct recent_presence){.known = mark == clock_mark(clock)};
    presence->n = (uint32_t)view_count(&in, EVENT_BLOCK);
    int64_t low = view_signed(&in);
    presence->width = view_u8(&in);
    presence->low = (int32_t)low;
    if (in.bad || low < -DAY_MOST || low > DAY_MOST || presence->width > WIDTH_MOST)
        return false;
    presence->planes = view_take(&in, (size_t)(presence->n + 63) / 64 * 8 * presence->width);
    return !in.bad && view_left(&in) == 0;
}

static size_t words_count(const unsigned char *words, size_t n_bits)
{
    size_t count = 0;
    for (size_t i = 0; i < (n_bits + 63) / 64; i++)
        count += (size_t)__builtin_popcountll(recent_word(words, i));
    return count;
}

static bool past_end(const unsigned char *words, size_t n_bits)
{
    return n_bits % 64 && recent_word(words, n_bits / 64) >> (n_bits % 64) != 0;
}

bool recent_money_open(struct view in, const struct clock *clock, struct recent_money *money)
{
    uint32_t mark = view_u32(&in);
    int64_t since = view_signed(&in);
    *money = (struct recent_money){.known = mark == clock_mark(clock), .since = (int32_t)since};
    money->n = (uint32_t)view_count(&in, EVENT_BLOCK);
    money->n_tills = (uint32_t)view_count(&in, INT32_MAX);
    money->who = take_words(&in, money->n);
    money->first = take_words(&in, money->n_tills);
    coded_open(&in, money->n_tills, &money->day);
    coded_open(&in, money->n_tills, &money->money);
    coded_open(&in, money->n_tills, &money->purchases);
    if (in.bad || view_left(&in) != 0 || since < INT32_MIN || since > DAY_MOST ||
        past_end(money->who, money->n) || past_end(money->first, money->n_tills))
        return false;
    return words_count(money->who, money->n) == words_count(money->first, money->n_tills) &&
           (!money->n_tills || recent_word(money->first, 0) & 1);
}

/* ---- Out of the views ---- */

static struct recent_till till_at(const struct recent_money *money, uint32_t person, size_t i)
{
    return (struct recent_till){.person = person,
                                .day = (int32_t)coded_at(&money->day, i),
                                .purchases = (uint32_t)coded_at(&money->purchases, i),
                                .money = (int64_t)coded_at(&money->money, i)};
}

static void presence_read(const struct recent_presence *presence, struct recent *recent)
{
    size_t n_words = (size_t)(presence->n + 63) / 64;
    for (uint32_t i = 0; i < presence->n; i++) {
        uint32_t value = 0;
        for (unsigned plane = 0; plane < presence->width; plane++)
            value = value << 1 |
                    (recent_word(presence->planes, plane * n_words + i / 64) >> (i % 64) & 1);
        if (value)
            recent->last_day[i] = presence->low + (int32_t)value - 1;
    }
}

bool recent_decode(struct view presence, struct view tills, const struct clock *clock,
                   struct recent *recent)
{
    struct recent_presence seen;
    struct recent_money money;
    if (!recent_presence_open(presence, clock, &seen) || !recent_money_open(tills, clock, &money))
        return false;
    presence_read(&seen, recent);
    recent->other_clock = !seen.known || !money.known;
    recent->since = money.since;
    size_t at = 0;
    for (uint32_t person = 0; person < money.n; person++) {
        if (!(recent_word(money.who, person / 64) >> (person % 64) & 1))
            continue;
        do
            vec_push(&recent->tills, till_at(&money, person, at++));
        while (at < money.n_tills && !(recent_word(money.first, at / 64) >> (at % 64) & 1));
    }
    return true;
}
