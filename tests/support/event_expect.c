#include "tests/support/event_expect.h"

#include "model/event/recent.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

void fixture_check(struct fixture *f, enum status status, const char *what)
{
    if (status != ST_OK)
        fail_msg("%s: %s", what, error_text(&f->err));
}

int event_set_up(void **state)
{
    struct fixture *f = mem_zero(1, sizeof *f);
    f->arena = arena_new();
    f->temp = temp_mall_new();
    f->mall = f->temp.mall;
    f->writer = f->temp.writer;
    /* Whoever numbers people says how many there are. */
    OK(writer_begin(f->writer, &f->err));
    sqlite3_exec(writer_db(f->writer), "update counter set value = 80000 where name = 'person'",
                 NULL, NULL, NULL);
    OK(writer_commit(f->writer, &f->err));
    *state = f;
    return 0;
}

int event_tear_down(void **state)
{
    struct fixture *f = *state;
    temp_mall_free(&f->temp);
    arena_free(f->arena);
    error_clear(&f->err);
    free(f);
    return 0;
}

const struct event_query everything = {
    .from = INT64_MIN, .columns = (1u << 11) - 1, .nobody = true, .people = true};

void expect_scan(struct fixture *f, const struct history *history, const struct event_query *query)
{
    struct reader *reader;
    struct scanned scanned = {0};
    OK(reader_open(f->mall, &reader, &f->err));
    OK(event_scan(reader, query, scanned_block, &scanned, &f->err));
    size_t n;
    struct event *expected = history_expected(history, &f->mall->clock, query, &n, NULL);
    const char *difference =
        events_differ(f->arena, scanned.at, scanned.n, expected, n, query->columns);
    if (difference)
        fail_msg("%s", difference);
    free(expected);
    scanned_free(&scanned);
    reader_close(reader);
}

void history_append(struct fixture *f, const struct history *history, size_t from, size_t to,
                    size_t *duplicates)
{
    OK(writer_begin(f->writer, &f->err));
    OK(event_append(f->writer, history->at + from, to - from, NULL, duplicates, &f->err));
    OK(writer_commit(f->writer, &f->err));
}

void history_bulk(struct fixture *f, const struct history *history, size_t from, size_t to,
                  size_t memory, struct event_bulk_counts *counts)
{
    struct event_bulk *bulk;
    struct event_bulk_options options = {.memory = memory, .threads = 2, .source = "test"};
    OK(event_bulk_begin(f->writer, &options, &bulk, &f->err));
    for (size_t at = from; at < to; at += 1000) {
        size_t n = to - at < 1000 ? to - at : 1000;
        OK(event_bulk_add(bulk, (int)((at - from) * EVENT_LANES / (to - from)), history->at + at, n,
                          &f->err));
    }
    OK(event_bulk_commit(bulk, NULL, NULL, counts, &f->err));
}

/* ---- Everything that is answered, against the reference ---- */

static int compare_cells(const void *a, const void *b)
{
    const struct rollup_cell *left = a, *right = b;
#define BY(field)                                                                                  \
    if (left->field != right->field)                                                               \
    return left->field < right->field ? -1 : 1
    BY(day);
    BY(channel);
    BY(kind);
    BY(nobody);
    BY(tenant);
#undef BY
    return 0;
}

static void expect_rollups(struct fixture *f, struct reader *reader, const struct event *events,
                           size_t n)
{
    const struct rollup_cell *cells;
    struct rollup_cell *all = mem_alloc((n + 1) * sizeof *all);
    size_t n_cells, n_all = 0;
    OK(rollup_days(reader, f->arena, 0, 100000, &cells, &n_cells, &f->err));
    for (size_t i = 0; i < n; i++)
        all[i] = (struct rollup_cell){.day = clock_day(&f->mall->clock, events[i].time),
                                      .tenant = events[i].tenant,
                                      .channel = events[i].channel,
                                      .kind = events[i].kind,
                                      .nobody = events[i].person == 0,
                                      .count = 1,
                                      .amount = events[i].amount};
    qsort(all, n, sizeof *all, compare_cells);
    for (size_t i = 0; i < n; i++) {
        if (n_all && compare_cells(&all[n_all - 1], &all[i]) == 0) {
            all[n_all - 1].count++;
            all[n_all - 1].amount =
                (int64_t)((uint64_t)all[n_all - 1].amount + (uint64_t)all[i].amount);
        } else {
            all[n_all++] = all[i];
        }
    }
    assert_int_equal(n_cells, n_all);
    for (size_t i = 0; i < n_all; i++) {
        assert_int_equal(compare_cells(&cells[i], &all[i]), 0);
        assert_int_equal(cells[i].count, all[i].count);
        assert_int_equal(cells[i].amount, all[i].amount);
    }
    free(all);
    const struct rollup_hour *hours;
    int64_t sightings = 0, expected = 0;
    size_t n_hours;
    OK(rollup_hours(reader, f->arena, 0, 100000, &hours, &n_hours, &f->err));
    for (size_t i = 0; i < n_hours; i++) {
        assert_in_range(hours[i].hour, 0, 23);
        sightings += hours[i].sightings * (hours[i].hour + 1) * (hours[i].nobody ? 7 : 1);
    }
    for (size_t i = 0; i < n; i++)
        if (events[i].kind == KIND_SIGHTING)
            expected +=
                (clock_hour(&f->mall->clock, events[i].time) + 1) * (events[i].person == 0 ? 7 : 1);
    assert_int_equal(sightings, expected);
}

/* What reading the columns by person gives, against what the events say. */
struct times_check {
    const int64_t *first, *registered;
    uint32_t n, seen;
};

static enum status times_expect(void *context, const struct person_times *times, struct error *err)
{
    struct times_check *check = context;
    (void)err;
    assert_int_equal(times->first_person, check->seen);
    for (uint32_t i = 0; i < times->n; i++) {
        assert_true(check->seen < check->n);
        assert_int_equal(times->first_presence[i], check->first[check->seen]);
        assert_int_equal(times->registered[i], check->registered[check->seen]);
        check->seen++;
    }
    return ST_OK;
}

/* The same beside the events of a scan. */
static enum status block_times_expect(void *context, const struct event_block *block,
                                      struct error *err)
{
    const struct times_check *check = context;
    (void)err;
    if (block->block == EVENT_NOBODY) {
        assert_null(block->registered);
        return ST_OK;
    }
    for (uint32_t i = 0; i < EVENT_BLOCK && block->first_person + i < check->n; i++) {
        assert_int_equal(block->first_presence[i], check->first[block->first_person + i]);
        assert_int_equal(block->registered[i], check->registered[block->first_person + i]);
    }
    return ST_OK;
}

static void expect_people(struct fixture *f, struct reader *reader, const struct event *events,
                          size_t n)
{
    uint32_t people;
    OK(people_end(reader, &people, &f->err));
    int64_t *first = mem_alloc((people + 1) * sizeof *first);
    int64_t *registered = mem_alloc((people + 1) * sizeof *registered);
    for (uint32_t i = 0; i < people; i++)
        first[i] = registered[i] = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t person = events[i].person;
        if (person == 0)
            continue;
        assert_in_range(person, 1, people - 1);
        if (events[i].kind == KIND_REGISTER && events[i].time < registered[person])
            registered[person] = events[i].time;
        if (kind_flags(events[i].kind) & KIND_PRESENCE && events[i].time < first[person])
            first[person] = events[i].time;
    }
    struct times_check check = {first, registered, people, 0};
    OK(person_times_each(reader, times_expect, &check, &f->err));
    assert_int_equal(check.seen, people);
    struct event_query query = {
        .from = INT64_MIN, .columns = EVENT_TIME, .nobody = true, .people = true, .times = true};
    void *contexts[] = {&check, &check};
    OK(event_scan(reader, &query, block_times_expect, &check, &f->err));
    OK(event_scan_parallel(reader, &query, block_times_expect, contexts, 2, &f->err));
    free(first);
    free(registered);
}

/* ---- What people did lately ---- */

struct lately_sums {
    uint32_t first_person;
    int64_t *values; /* by person of the block */
    int32_t from, to;
};

static void lately_till(void *context, uint32_t person, int32_t when, int64_t value)
{
    struct lately_sums *sums = context;
    assert_in_range(person, 0, EVENT_BLOCK - 1);
    assert_true(when >= sums->from && when < sums->to);
    sums->values[person] += value;
}

/* Money or purchases of some people in a random span that the block knows. */
static void expect_tills(struct fixture *f, const struct recent_block *block,
                         const struct event *events, size_t n, struct dice *dice)
{
    uint64_t among[RECENT_WORDS];
    int64_t *wanted = mem_zero(EVENT_BLOCK, sizeof *wanted);
    struct lately_sums sums = {block->first_person, mem_zero(EVENT_BLOCK, sizeof(int64_t)), 0, 0};
    bool purchases = dice_below(dice, 2);
    int32_t first = clock_day(&f->mall->clock, year_2024) - 60;
    sums.from = first + (int32_t)dice_below(dice, 400);
    sums.from = sums.from < block->money.since ? block->money.since : sums.from;
    sums.to = sums.from + (int32_t)dice_below(dice, 200);
    for (size_t i = 0; i < RECENT_WORDS; i++)
        among[i] = dice_below(dice, 3) ? dice_next(dice) : UINT64_MAX;
    recent_tills_each(block, among, sums.from, sums.to, purchases, lately_till, &sums);
    for (size_t i = 0; i < n; i++) {
        uint32_t at = events[i].person - block->first_person;
        if (events[i].person == 0 || at >= EVENT_BLOCK || !(among[at / 64] >> (at % 64) & 1) ||
            (events[i].kind != KIND_PURCHASE && events[i].kind != KIND_REFUND))
            continue;
        int32_t when = clock_day(&f->mall->clock, events[i].time);
        if (when < sums.from || when >= sums.to)
            continue;
        bool refund = events[i].kind == KIND_REFUND;
        wanted[at] += purchases ? !refund : refund ? -events[i].amount : events[i].amount;
    }
    assert_memory_equal(sums.values, wanted, EVENT_BLOCK * sizeof *wanted);
    free(sums.values);
    free(wanted);
}

static void expect_seen(const struct recent_block *block, const int32_t *last, int32_t since)
{
    uint64_t words[RECENT_WORDS];
    recent_seen(block, since, words);
    for (uint32_t i = 0; i < EVENT_BLOCK; i++) {
        int32_t when = last[block->first_person + i];
        assert_int_equal(words[i / 64] >> (i % 64) & 1, when != RECENT_NEVER && when >= since);
    }
}

static void expect_recent(struct fixture *f, struct reader *reader, const struct event *events,
                          size_t n, struct dice *dice)
{
    struct recent_source source;
    struct recent_bytes stored = {0};
    uint32_t people;
    OK(people_end(reader, &people, &f->err));
    uint32_t n_blocks = (people >> EVENT_BLOCK_BITS) + 1;
    int32_t *last = mem_alloc((size_t)n_blocks * EVENT_BLOCK * sizeof *last);
    for (size_t i = 0; i < (size_t)n_blocks * EVENT_BLOCK; i++)
        last[i] = RECENT_NEVER;
    for (size_t i = 0; i < n; i++) {
        int32_t when = clock_day(&f->mall->clock, events[i].time);
        if (events[i].person && kind_flags(events[i].kind) & KIND_PRESENCE &&
            when > last[events[i].person])
            last[events[i].person] = when;
    }
    OK(reader_begin(reader, &f->err));
    OK(recent_source_begin(&source, reader, &f->err));
    for (uint32_t b = 0; b < n_blocks; b++) {
        struct recent_block block;
        unsigned parts = RECENT_PRESENCE | RECENT_MONEY;
        OK(recent_source_fetch(&source, (int32_t)b, parts, &stored, &f->err));
        OK(recent_source_open(&source, (int32_t)b, parts, &stored, &block, &f->err));
        assert_true(block.presence.known && block.money.known);
        expect_seen(&block, last, RECENT_NEVER);
        for (int i = 0; i < 4; i++)
            expect_seen(&block, last,
                        clock_day(&f->mall->clock, year_2024) + (int32_t)dice_below(dice, 500) -
                            50);
        for (int i = 0; i < 4; i++)
            expect_tills(f, &block, events, n, dice);
    }
    recent_source_end(&source);
    reader_end(reader);
    recent_bytes_free(&stored);
    free(last);
}

static void expect_totals(struct fixture *f, struct reader *reader, const struct event *events,
                          size_t n)
{
    struct event_totals totals;
    int64_t lines = 0, first = n ? INT64_MAX : 0, last = n ? INT64_MIN : 0;
    OK(event_totals(reader, &totals, &f->err));
    for (size_t i = 0; i < n; i++) {
        lines += events[i].kind == KIND_LINE;
        first = events[i].time < first ? events[i].time : first;
        last = events[i].time > last ? events[i].time : last;
    }
    assert_int_equal(totals.lines, lines);
    assert_int_equal(totals.events, (int64_t)n - lines);
    assert_int_equal(totals.first, first);
    assert_int_equal(totals.last, last);
}

/* A cursor gives each person's events of all kinds by time, ties by kind, then arrival. */
struct cursor_check {
    size_t events, people;
};

static enum status cursor_block(void *context, const struct event_block *block, struct error *err)
{
    struct cursor_check *seen = context;
    struct event_cursor cursor;
    uint32_t person, before = 0;
    (void)err;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        const struct event_run *run;
        size_t row;
        int64_t time = INT64_MIN;
        uint16_t kind = 0;
        assert_true(seen->people == 0 || person > before || block->block < 0);
        while (event_cursor_next(&cursor, &run, &row)) {
            assert_int_equal(run->person[row], person);
            assert_true(run->time[row] > time || (run->time[row] == time && run->kind >= kind));
            time = run->time[row];
            kind = run->kind;
            seen->events++;
        }
        before = person;
        seen->people++;
    }
    return ST_OK;
}

static void expect_cursor(struct fixture *f, struct reader *reader, size_t n)
{
    struct cursor_check seen = {0};
    struct event_query query = {.from = INT64_MIN, .people = true, .nobody = true};
    OK(event_scan(reader, &query, cursor_block, &seen, &f->err));
    assert_int_equal(seen.events, n);
}

/* Two threads see together what one sees. */
static void expect_parallel(struct fixture *f, struct reader *reader, size_t n)
{
    struct scanned scanned[3] = {0};
    void *contexts[3] = {&scanned[0], &scanned[1], &scanned[2]};
    OK(event_scan_parallel(reader, &everything, scanned_block, contexts, 3, &f->err));
    assert_int_equal(scanned[0].n + scanned[1].n + scanned[2].n, n);
    for (int i = 0; i < 3; i++)
        scanned_free(&scanned[i]);
}

int64_t sql_integer(struct fixture *f, struct reader *reader, const char *sql)
{
    int64_t value = -1;
    OK(reader_integer(reader, sql, -1, &value, &f->err));
    return value;
}

/* Some of the people whom histories have; `n` at times less than there are. */
static struct set *people_some(struct arena *arena, struct dice *dice)
{
    struct set *some = set_new(arena, 20000 + (uint32_t)dice_below(dice, 30000));
    uint64_t one_of = 1 + dice_below(dice, 20);
    for (uint32_t person = 0; person < some->n; person++)
        if (dice_below(dice, one_of) == 0)
            set_add(some, person);
    return some;
}

static enum status who_block(void *context, const struct event_block *block, struct error *err)
{
    struct set *who = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; i < block->runs[r].n; i++)
            set_add(who, block->runs[r].person[i]);
    for (uint32_t i = 0; block->passed && i < EVENT_BLOCK; i++)
        if (block->passed[i / 64] >> i % 64 & 1)
            set_add(who, block->first_person + i);
    return ST_OK;
}

/* Who has events, whether they were read or only their people. */
static void expect_who(struct fixture *f, const struct history *history, struct event_query query)
{
    struct reader *reader;
    size_t n;
    query.nobody = false;
    query.people = query.who = true;
    struct set *want = set_new(f->arena, 1 << 20), *who = set_new(f->arena, 1 << 20);
    struct event *events = history_expected(history, &f->mall->clock, &query, &n, NULL);
    for (size_t i = 0; i < n; i++)
        set_add(want, events[i].person);
    free(events);
    OK(reader_open(f->mall, &reader, &f->err));
    OK(event_scan(reader, &query, who_block, who, &f->err));
    reader_close(reader);
    assert_memory_equal(want->words, who->words, set_words(want->n) * sizeof *want->words);
}

void expect_all(struct fixture *f, const struct history *history, struct dice *dice)
{
    struct reader *reader;
    size_t n;
    OK(reader_open(f->mall, &reader, &f->err));
    struct event *events = history_expected(history, &f->mall->clock, &everything, &n, NULL);
    expect_rollups(f, reader, events, n);
    expect_people(f, reader, events, n);
    expect_recent(f, reader, events, n, dice);
    expect_totals(f, reader, events, n);
    expect_cursor(f, reader, n);
    expect_parallel(f, reader, n);
    assert_whole(reader);
    free(events);
    reader_close(reader);
    expect_scan(f, history, &everything);
    for (int i = 0; i < 6; i++) {
        static const uint16_t some[] = {KIND_PURCHASE, KIND_SIGHTING, KIND_MAX};
        struct event_query query = {.from =
                                        year_2024 + (int64_t)dice_below(dice, 100) * day - 50 * day,
                                    .columns = (unsigned)dice_next(dice) & EVERY_COLUMN,
                                    .nobody = dice_below(dice, 2),
                                    .people = dice_below(dice, 4) > 0,
                                    .kinds = dice_below(dice, 2) ? some : NULL,
                                    .n_kinds = dice_below(dice, 4)};
        query.to = dice_below(dice, 3) ? query.from + (int64_t)dice_below(dice, 90 * 86400) : 0;
        if (dice_below(dice, 2)) {
            query.person_first = 1 + (uint32_t)dice_below(dice, 30000);
            query.person_last = query.person_first + (uint32_t)dice_below(dice, 9000);
        }
        if (dice_below(dice, 2))
            query.among = people_some(f->arena, dice);
        expect_scan(f, history, &query);
        expect_who(f, history, query);
    }
}
