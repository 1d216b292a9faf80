/* Events in a mall file: bulk, tail and both against a plain reference. */
#include "tests/support/event_history.h"
#include "tests/support/temp.h"

#include "model/event/verify.h"
#include "model/event/vtab.h"
#include "model/store/mall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const unsigned every_column = (1u << 11) - 1;
static const int64_t year_2024 = 1704067200, day = 86400;

struct fixture {
    struct arena *arena;
    struct temp_mall temp;
    struct mall *mall;
    struct writer *writer;
    struct error err;
};

#define OK(call) check(f, (call), #call)
static void check(struct fixture *f, enum status status, const char *what)
{
    if (status != ST_OK)
        fail_msg("%s: %s", what, error_text(&f->err));
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
    struct fixture *f = *state;
    temp_mall_free(&f->temp);
    arena_free(f->arena);
    error_clear(&f->err);
    free(f);
    return 0;
}

static const struct event_query everything = {
    .from = INT64_MIN, .columns = (1u << 11) - 1, .nobody = true, .people = true};

static void expect_scan(struct fixture *f, const struct history *history,
                        const struct event_query *query)
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

static void append(struct fixture *f, const struct history *history, size_t from, size_t to,
                   size_t *duplicates)
{
    OK(writer_begin(f->writer, &f->err));
    OK(event_append(f->writer, history->at + from, to - from, NULL, duplicates, &f->err));
    OK(writer_commit(f->writer, &f->err));
}

static void bulk(struct fixture *f, const struct history *history, size_t from, size_t to,
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

static void test_tail(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {1};
    struct history history = history_new();
    struct history_shape shape = {20000, year_2024, year_2024 + 90 * day, 20, 60, 20};
    size_t duplicates, expected;
    history_add(&history, &dice, &shape, 3000);
    append(f, &history, 0, history.n, &duplicates);
    size_t n;
    free(history_expected(&history, &f->mall->clock, &everything, &n, &expected));
    assert_int_equal(duplicates, expected);
    expect_scan(f, &history, &everything);
    OK(event_fold(f->writer, 0, &f->err));
    expect_scan(f, &history, &everything);
    append(f, &history, 0, 100, &duplicates);
    history_free(&history);
}

static void test_bulk(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {2};
    struct history history = history_new();
    struct history_shape shape = {40000, year_2024, year_2024 + 400 * day, 20, 60, 20};
    struct event_bulk_counts counts;
    size_t n, duplicates;
    history_add(&history, &dice, &shape, 50000);
    bulk(f, &history, 0, history.n, 0, &counts);
    free(history_expected(&history, &f->mall->clock, &everything, &n, &duplicates));
    assert_int_equal(counts.duplicates, duplicates);
    assert_int_equal(counts.added, n);
    expect_scan(f, &history, &everything);
    history_free(&history);
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

static void expect_people(struct fixture *f, struct reader *reader, const struct event *events,
                          size_t n)
{
    struct person_columns columns;
    OK(person_columns_read(reader, f->arena, &columns, &f->err));
    int64_t *first = mem_alloc((columns.n + 1) * sizeof *first);
    int64_t *registered = mem_alloc((columns.n + 1) * sizeof *registered);
    for (uint32_t i = 0; i < columns.n; i++)
        first[i] = registered[i] = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        uint32_t person = events[i].person;
        if (person == 0)
            continue;
        assert_in_range(person, 1, columns.n - 1);
        if (events[i].kind == KIND_REGISTER && events[i].time < registered[person])
            registered[person] = events[i].time;
        if (kind_flags(events[i].kind) & KIND_PRESENCE && events[i].time < first[person])
            first[person] = events[i].time;
    }
    for (uint32_t i = 0; i < columns.n; i++) {
        assert_int_equal(columns.first_presence[i], first[i]);
        assert_int_equal(columns.registered[i], registered[i]);
    }
    free(first);
    free(registered);
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

static int64_t sql_integer(struct fixture *f, struct reader *reader, const char *sql)
{
    int64_t value = -1;
    OK(reader_integer(reader, sql, -1, &value, &f->err));
    return value;
}

static void expect_sql(struct fixture *f, struct reader *reader, const struct event *events,
                       size_t n)
{
    int64_t purchases = 0, late = 0, of_person = 0, money = 0, refs = 0;
    uint32_t person = n ? events[n / 2].person : 0;
    int64_t middle = n ? events[n / 2].time : 0;
    for (size_t i = 0; i < n; i++) {
        purchases += events[i].kind == KIND_PURCHASE;
        late += events[i].time >= middle && events[i].kind == KIND_REFUND;
        of_person += person && events[i].person == person;
        money += events[i].kind == KIND_REGISTER ? events[i].amount % 1000 : 0;
        refs += events[i].ref_size > 0;
    }
    char *arena_sql = arena_printf(f->arena,
                                   "select count(*) from event where kind = 'refund' and time >= "
                                   "%lld",
                                   (long long)middle);
    assert_int_equal(sql_integer(f, reader, "select count(*) from event"), n);
    assert_int_equal(sql_integer(f, reader, "select count(*) from event where kind = 'purchase'"),
                     purchases);
    assert_int_equal(sql_integer(f, reader, arena_sql), late);
    assert_int_equal(sql_integer(f, reader, "select count(ref) from event"), refs);
    assert_int_equal(
        sql_integer(f, reader,
                    "select coalesce(sum(amount % 1000), 0) from event where kind = 'register'"),
        money);
    assert_int_equal(
        sql_integer(f, reader,
                    arena_printf(f->arena, "select count(*) from event where person = %u",
                                 person ? person : UINT32_MAX)),
        of_person);
    assert_int_equal(sql_integer(f, reader, "select count(*) from event where kind = 'nothing'"),
                     0);
}

static void report(void *context, const struct verify_result *result)
{
    (void)context;
    if (!result->good)
        fail_msg("verify: %s: %s", result->check, result->finding);
}

static void expect_all(struct fixture *f, const struct history *history, struct dice *dice)
{
    struct reader *reader;
    size_t n;
    int bad;
    OK(reader_open(f->mall, &reader, &f->err));
    OK(event_vtab_register(reader_db(reader), f->mall, &f->err));
    struct event *events = history_expected(history, &f->mall->clock, &everything, &n, NULL);
    expect_rollups(f, reader, events, n);
    expect_people(f, reader, events, n);
    expect_totals(f, reader, events, n);
    expect_cursor(f, reader, n);
    expect_parallel(f, reader, n);
    expect_sql(f, reader, events, n);
    event_verify_register();
    OK(verify_run(reader, f->arena, report, NULL, &bad, &f->err));
    free(events);
    reader_close(reader);
    expect_scan(f, history, &everything);
    for (int i = 0; i < 6; i++) {
        static const uint16_t some[] = {KIND_PURCHASE, KIND_SIGHTING, KIND_MAX};
        struct event_query query = {.from =
                                        year_2024 + (int64_t)dice_below(dice, 100) * day - 50 * day,
                                    .columns = (unsigned)dice_next(dice) & every_column,
                                    .nobody = dice_below(dice, 2),
                                    .people = dice_below(dice, 4) > 0,
                                    .kinds = dice_below(dice, 2) ? some : NULL,
                                    .n_kinds = dice_below(dice, 4)};
        query.to = dice_below(dice, 3) ? query.from + (int64_t)dice_below(dice, 90 * 86400) : 0;
        if (dice_below(dice, 2)) {
            query.person_first = 1 + (uint32_t)dice_below(dice, 30000);
            query.person_last = query.person_first + (uint32_t)dice_below(dice, 9000);
        }
        expect_scan(f, history, &query);
    }
}

/* ---- Random histories in random portions ---- */

static void test_histories(void **state)
{
    struct fixture *f = *state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct dice dice = {seed * 77};
        struct history history = history_new();
        struct history_shape shape = {.people = seed % 2 ? 300 : 45000,
                                      .from = year_2024 - 10 * day,
                                      .to = year_2024 + 100 * day,
                                      .nobody = (unsigned)dice_below(&dice, 60),
                                      .refs = (unsigned)dice_below(&dice, 100),
                                      .again = seed % 3 ? 30 : 300};
        for (int step = 0; step < 6; step++) {
            size_t from = history.n, n = 1 + dice_below(&dice, 2500), expected, before, found = 0;
            struct event_bulk_counts counts;
            size_t unused;
            free(history_expected(&history, &f->mall->clock, &everything, &unused, &before));
            history_add(&history, &dice, &shape, n);
            free(history_expected(&history, &f->mall->clock, &everything, &unused, &expected));
            switch (dice_below(&dice, 3)) {
            case 0:
                append(f, &history, from, history.n, &found);
                break;
            case 1:
                append(f, &history, from, history.n, &found);
                OK(event_fold(f->writer, dice_below(&dice, 2) * 1000, &f->err));
                break;
            default:
                /* A megabyte is the least memory there is: some of it goes to the file. */
                bulk(f, &history, from, history.n, 1, &counts);
                found = (size_t)counts.duplicates;
            }
            assert_int_equal(found, expected - before);
            if (step % 3 == 2)
                expect_all(f, &history, &dice);
        }
        history_free(&history);
        tear_down(state);
        set_up(state);
        f = *state;
    }
}

/* Importing the same file again changes nothing, byte for byte in what is answered. */
static void test_again(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {11};
    struct history history = history_new();
    struct history_shape shape = {40000, year_2024, year_2024 + 60 * day, 10, 100, 0};
    struct event_bulk_counts counts;
    history_add(&history, &dice, &shape, 5000);
    size_t n = 0;
    for (size_t i = 0; i < history.n; i++) /* only what can be recognised */
        if (history.at[i].ref_size)
            history.at[n++] = history.at[i];
    history.n = n;
    bulk(f, &history, 0, n, 0, &counts);
    int64_t first = counts.added;
    bulk(f, &history, 0, n, 0, &counts);
    assert_int_equal(counts.added, 0);
    assert_int_equal(counts.duplicates, n);
    size_t duplicates;
    append(f, &history, 0, 500, &duplicates);
    assert_int_equal(duplicates, 500);
    struct history once = history;
    expect_all(f, &once, &dice);
    assert_true(first > 0);
    history_free(&history);
}

/* ---- Whole blocks ---- */

struct block_of {
    const struct history *history;
    struct event *at;
    size_t n;
};

static struct block_of block_events(const struct history *history, int32_t block)
{
    struct block_of of = {.at = mem_alloc((history->n + 1) * sizeof *of.at)};
    for (size_t i = 0; i < history->n; i++) {
        uint32_t person = history->at[i].person;
        int32_t there = person ? (int32_t)(person >> EVENT_BLOCK_BITS) : EVENT_NOBODY;
        if (there == block)
            of.at[of.n++] = history->at[i];
    }
    return of;
}

/* Without references in two blocks. */
static struct history blocks_history(uint64_t seed, size_t n)
{
    struct dice dice = {seed};
    struct history history = history_new();
    struct history_shape shape = {70000, year_2024, year_2024 + 60 * day, 10, 0, 0};
    history_add(&history, &dice, &shape, n);
    for (size_t i = 0; i < n; i++) {
        if (history.at[i].kind == KIND_SIGHTING || i % 3)
            continue;
        history.at[i].ref =
            arena_printf(history.arena, "%c%u-%zu", history.at[i].person ? 'B' : 'N',
                         history.at[i].person >> EVENT_BLOCK_BITS, i / 9);
        history.at[i].ref_size = (uint32_t)strlen(history.at[i].ref);
    }
    return history;
}

static void add_blocks(struct fixture *f, const struct history *history, const int32_t *order,
                       size_t n)
{
    struct event_bulk *bulk;
    struct event_bulk_options options = {.source = "blocks", .time = year_2024};
    OK(event_bulk_begin(f->writer, &options, &bulk, &f->err));
    for (size_t i = 0; i < n; i++) {
        struct block_of of = block_events(history, order[i]);
        OK(event_bulk_add_block(bulk, order[i], of.at, of.n, &f->err));
        free(of.at);
    }
    OK(event_bulk_commit(bulk, NULL, NULL, NULL, &f->err));
}

static void test_blocks(void **state)
{
    struct fixture *f = *state;
    static const int32_t rising[] = {-1, 0, 1, 2, 3, 4}, mixed[] = {2, 0, -1, 4, 3, 1};
    struct dice dice = {12};
    struct history history = blocks_history(13, 20000);
    add_blocks(f, &history, rising, 6);
    expect_all(f, &history, &dice);
    writer_checkpoint(f->writer, NULL);
    size_t size, other_size;
    char *bytes = file_read_all(f->temp.path, &size);
    tear_down(state);
    set_up(state);
    f = *state;
    /* The order in which threads happen to finish leaves no trace. */
    add_blocks(f, &history, mixed, 6);
    writer_checkpoint(f->writer, NULL);
    char *other = file_read_all(f->temp.path, &other_size);
    assert_int_equal(size, other_size);
    assert_memory_equal(bytes, other, size);
    /* Into a file that has events, blocks are compared with them. */
    add_blocks(f, &history, mixed, 6);
    free(bytes);
    free(other);
    history_free(&history);
}

/* ---- All or nothing ---- */

static enum status refuse(struct writer *writer, void *context, struct error *err)
{
    (void)writer;
    (void)context;
    return error_set(err, ST_REFUSED, "no");
}

static void test_nothing_is_left(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {14};
    struct history history = history_new(), more = history_new();
    struct history_shape shape = {40000, year_2024, year_2024 + 60 * day, 10, 50, 10};
    history_add(&history, &dice, &shape, 4000);
    history_add(&more, &dice, &shape, 4000);
    bulk(f, &history, 0, history.n, 0, NULL);
    for (int round = 0; round < 2; round++) {
        struct event_bulk *bulk;
        OK(event_bulk_begin(f->writer, NULL, &bulk, &f->err));
        OK(event_bulk_add(bulk, 3, more.at, more.n, &f->err));
        if (round == 0)
            event_bulk_cancel(bulk);
        else
            assert_int_equal(event_bulk_commit(bulk, refuse, NULL, NULL, &f->err), ST_REFUSED);
        expect_all(f, &history, &dice);
        struct reader *reader = f->temp.reader;
        assert_int_equal(sql_integer(f, reader, "select count(*) from batch"), 1);
        assert_int_equal(sql_integer(f, reader, "select count(distinct batch) from chunk"), 1);
    }
    history_free(&history);
    history_free(&more);
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    const struct event bad[] = {
        {.kind = 0, .time = year_2024},
        {.kind = KIND_MAX + 1, .time = year_2024},
        {.kind = KIND_DOOR, .time = INT64_MAX},
        {.kind = KIND_DOOR, .time = INT64_MIN},
        {.kind = KIND_DOOR, .time = year_2024, .ref = "a\0b", .ref_size = 3},
        {.kind = KIND_DOOR, .time = year_2024, .ref = "a", .ref_size = 2000},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct event event = bad[i];
        char *text = NULL;
        if (event.ref_size == 2000) {
            text = mem_zero(1, 2000);
            memset(text, 'x', 2000);
            event.ref = text;
        }
        OK(writer_begin(f->writer, &f->err));
        assert_int_equal(event_append(f->writer, &event, 1, NULL, NULL, &f->err), ST_REFUSED);
        writer_rollback(f->writer);
        free(text);
    }
}

/* ---- A damaged file says where ---- */

static void test_damage(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {15};
    struct history history = history_new();
    struct history_shape shape = {5000, year_2024, year_2024 + 20 * day, 0, 50, 0};
    history_add(&history, &dice, &shape, 3000);
    bulk(f, &history, 0, history.n, 0, NULL);
    static const char *const harms[] = {
        "update chunk set data = cast(substr(data, 1, 400) || x'00' || substr(data, 402) as blob)",
        "update chunk set head = cast(substr(head, 1, 9) || x'ff' || substr(head, 11) as blob)",
        "update chunk set events = events + 1",
        "update chunk set data = x''",
        "update ref_leaf set keys = cast(substr(keys, 1, 20) || x'ee' || substr(keys, 22) as blob)",
        "update rollup_day set cells = x'00' where day = (select max(day) from rollup_day)",
        "update person_block set columns = x'0000'",
        "delete from ref_leaf",
        "delete from rollup_hour where day = (select min(day) from rollup_hour)",
    };
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        struct reader *reader;
        struct scanned scanned = {0};
        int bad = 0;
        sqlite3 *db = writer_db(f->writer);
        assert_int_equal(sqlite3_exec(db, "savepoint harm", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_exec(db, "release harm", NULL, NULL, NULL);
        OK(writer_begin(f->writer, &f->err));
        sqlite3_exec(db, "create temp table if not exists kept as select * from chunk", 0, 0, 0);
        sqlite3_exec(db, "create temp table if not exists leaves as select * from ref_leaf", 0, 0,
                     0);
        assert_int_equal(sqlite3_exec(db, harms[i], NULL, NULL, NULL), SQLITE_OK);
        assert_true(sqlite3_changes(db) > 0);
        OK(writer_touch_events(f->writer, &f->err));
        OK(writer_commit(f->writer, &f->err));
        OK(reader_open(f->mall, &reader, &f->err));
        enum status status = event_scan(reader, &everything, scanned_block, &scanned, &f->err);
        if (i < 4) {
            assert_int_equal(status, ST_UNUSABLE);
            assert_non_null(strstr(error_text(&f->err), "chunk 1 "));
        } else {
            assert_int_equal(status, ST_OK);
        }
        event_verify_register();
        OK(verify_run(reader, f->arena, NULL, NULL, &bad, &f->err));
        assert_true(bad > 0);
        scanned_free(&scanned);
        reader_close(reader);
        OK(writer_begin(f->writer, &f->err));
        sqlite3_exec(db,
                     "delete from chunk; insert into chunk select * from kept;"
                     "delete from ref_leaf; insert into ref_leaf select * from leaves",
                     NULL, NULL, NULL);
        OK(writer_touch_events(f->writer, &f->err));
        OK(writer_commit(f->writer, &f->err));
    }
    history_free(&history);
}

/* ---- Names ---- */

static void test_dictionaries(void **state)
{
    struct fixture *f = *state;
    struct reader *reader = f->temp.reader;
    uint32_t id, again, kind;
    OK(writer_begin(f->writer, &f->err));
    OK(dict_intern(f->writer, DICT_TENANT, "T001", 4, &id, &f->err));
    OK(dict_intern(f->writer, DICT_TENANT, "T001", 4, &again, &f->err));
    assert_int_equal(id, again);
    OK(dict_intern(f->writer, DICT_KIND, "purchase", 8, &kind, &f->err));
    assert_int_equal(kind, KIND_PURCHASE);
    OK(dict_intern(f->writer, DICT_KIND, "carwash", 7, &kind, &f->err));
    assert_int_equal(kind, KIND_CUSTOM);
    OK(writer_commit(f->writer, &f->err));
    assert_string_equal(dict_name(reader, DICT_TENANT, id), "T001");
    assert_string_equal(dict_name(reader, DICT_TENANT, id + 1), "");
    assert_string_equal(dict_name(reader, DICT_KIND, KIND_CUSTOM), "carwash");
    assert_string_equal(dict_name(reader, DICT_KIND, KIND_LINE), "line");
    assert_int_equal(dict_id(reader, DICT_KIND, "carwash", 7), KIND_CUSTOM);
    assert_int_equal(dict_size(reader, DICT_TENANT), id);
    /* What was rolled back is not remembered. */
    OK(writer_begin(f->writer, &f->err));
    OK(dict_intern(f->writer, DICT_ZONE, "Z", 1, &id, &f->err));
    writer_rollback(f->writer);
    assert_int_equal(dict_id(reader, DICT_ZONE, "Z", 1), 0);
    OK(writer_begin(f->writer, &f->err));
    OK(dict_intern(f->writer, DICT_ZONE, "Z", 1, &again, &f->err));
    OK(writer_commit(f->writer, &f->err));
    assert_int_equal(dict_id(reader, DICT_ZONE, "Z", 1), again);
    /* There is an end to kinds, and it is said. */
    OK(writer_begin(f->writer, &f->err));
    enum status status = ST_OK;
    for (int i = 0; i < 300 && status == ST_OK; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "kind%d", i);
        status = dict_intern(f->writer, DICT_KIND, name, (size_t)n, &kind, &f->err);
    }
    assert_int_equal(status, ST_REFUSED);
    writer_rollback(f->writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bulk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_histories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_dictionaries, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
