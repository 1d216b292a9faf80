/* Sets of numbers beside plain arrays of booleans. */
#include "model/base/set_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 300 };

static uint64_t state = 20171001;
static uint32_t next_random(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

struct pair {
    struct set *set;
    bool plain[MOST + 64];
};

static struct pair random_pair(struct arena *arena, uint32_t n)
{
    struct pair pair = {.set = set_new(arena, n)};
    for (uint32_t i = 0; i < n; i++)
        if (next_random(3) == 0) {
            pair.plain[i] = true;
            set_add(pair.set, i);
        }
    return pair;
}

/* The set says the same as the array, in each of the ways to ask it. */
static void assert_same(struct arena *arena, const struct set *set, const bool *plain)
{
    uint32_t count = 0, at = set_next(set, 0);
    for (uint32_t i = 0; i < MOST + 64; i++) {
        bool in = i < set->n && plain[i];
        assert_int_equal(set_has(set, i), in);
        if (in) {
            assert_int_equal(at, i);
            at = set_next(set, i + 1);
            count++;
        }
    }
    assert_int_equal(at, UINT32_MAX);
    assert_int_equal(set_count(set), count);
    size_t n;
    uint32_t *list = set_list(set, arena, &n);
    assert_int_equal(n, count);
    struct set *again = set_of(arena, set->n, list, n);
    assert_memory_equal(again->words, set->words, set_words(set->n) * sizeof *set->words);
    if (set->n % 64)
        assert_int_equal(set->words[set->n / 64] >> (set->n % 64), 0);
}

static void test_operations(void **unused)
{
    (void)unused;
    struct arena *arena = arena_new();
    for (int round = 0; round < 2000; round++) {
        uint32_t n = next_random(MOST), m = next_random(4) ? n : next_random(MOST);
        struct pair a = random_pair(arena, n), b = random_pair(arena, m);
        uint32_t both = 0;
        for (uint32_t i = 0; i < n; i++)
            both += a.plain[i] && b.plain[i];
        assert_int_equal(set_count_both(a.set, b.set), both);
        unsigned act = next_random(4);
        uint32_t first = n ? next_random(n) : 0,
                 last = first + (n ? next_random(n - first + 1) : 0);
        for (uint32_t i = 0; i < n; i++)
            switch (act) {
            case 0:
                a.plain[i] &= b.plain[i];
                break;
            case 1:
                a.plain[i] |= b.plain[i];
                break;
            case 2:
                a.plain[i] &= !b.plain[i];
                break;
            default:
                a.plain[i] ^= i >= first && i < last;
                break;
            }
        if (act == 0)
            set_and(a.set, b.set);
        else if (act == 1)
            set_or(a.set, b.set);
        else if (act == 2)
            set_minus(a.set, b.set);
        else
            set_flip(a.set, first, last);
        assert_same(arena, a.set, a.plain);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void test_numbers_outside_are_left_out(void **unused)
{
    (void)unused;
    struct arena *arena = arena_new();
    uint32_t numbers[] = {70, 3, 64, 71, UINT32_MAX};
    struct set *set = set_of(arena, 71, numbers, 5);
    assert_int_equal(set_count(set), 3);
    assert_false(set_has(set, 71));
    assert_int_equal(set_next(set, 65), 70);
    arena_free(arena);
}

/* Many large sets, and small ones, of one room: empty at first, and none in another. */
static void test_room(void **unused)
{
    (void)unused;
    enum { SETS = 20 };
    static const uint32_t sizes[] = {0, 1, 300, 2000001, 5000000};
    struct arena *arena = arena_new();
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint32_t n = sizes[k];
        struct set_room room;
        struct set *sets[SETS];
        set_room_begin(&room, arena, n);
        for (uint32_t i = 0; i < SETS; i++) {
            sets[i] = set_room_take(&room);
            assert_int_equal(sets[i]->n, n);
            assert_int_equal(set_count(sets[i]), 0);
            assert_int_equal((uintptr_t)sets[i]->words % sizeof *sets[i]->words, 0);
            set_flip(sets[i], n < i ? n : i, n);
        }
        for (uint32_t i = 0; i < SETS; i++)
            assert_int_equal(set_count(sets[i]), n < i ? 0 : n - i);
        assert_int_equal(room.blocks.n > 0, n > 1000000);
        set_room_end(&room);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_numbers_outside_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
