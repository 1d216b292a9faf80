/* Events in a mall file: bulk, tail and both against a plain reference. */
#include "tests/support/event_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_tail(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {1};
    struct history history = history_new();
    struct history_shape shape = {20000, year_2024, year_2024 + 90 * day, 20, 60, 20};
    size_t duplicates, expected;
    history_add(&history, &dice, &shape, 3000);
    history_append(f, &history, 0, history.n, &duplicates);
    size_t n;
    free(history_expected(&history, &f->mall->clock, &everything, &n, &expected));
    assert_int_equal(duplicates, expected);
    expect_scan(f, &history, &everything);
    OK(event_fold(f->writer, 0, &f->err));
    expect_scan(f, &history, &everything);
    history_append(f, &history, 0, 100, &duplicates);
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
    history_bulk(f, &history, 0, history.n, 0, &counts);
    free(history_expected(&history, &f->mall->clock, &everything, &n, &duplicates));
    assert_int_equal(counts.duplicates, duplicates);
    assert_int_equal(counts.added, n);
    expect_scan(f, &history, &everything);
    history_free(&history);
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
                history_append(f, &history, from, history.n, &found);
                break;
            case 1:
                history_append(f, &history, from, history.n, &found);
                OK(event_fold(f->writer, dice_below(&dice, 2) * 1000, &f->err));
                break;
            default:
                /* A megabyte is the least memory there is: some of it goes to the file. */
                history_bulk(f, &history, from, history.n, 1, &counts);
                found = (size_t)counts.duplicates;
            }
            assert_int_equal(found, expected - before);
            if (step % 3 == 2)
                expect_all(f, &history, &dice);
        }
        history_free(&history);
        event_tear_down(state);
        event_set_up(state);
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
    history_bulk(f, &history, 0, n, 0, &counts);
    int64_t first = counts.added;
    history_bulk(f, &history, 0, n, 0, &counts);
    assert_int_equal(counts.added, 0);
    assert_int_equal(counts.duplicates, n);
    size_t duplicates;
    history_append(f, &history, 0, 500, &duplicates);
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
    event_tear_down(state);
    event_set_up(state);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tail, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_bulk, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_histories, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_again, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_blocks, event_set_up, event_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
