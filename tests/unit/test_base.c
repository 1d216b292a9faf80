/* Errors, arenas, growing arrays, hashes, sheets. */
#include "model/base/arena.h"
#include "model/base/hash.h"
#include "model/base/late.h"
#include "model/base/sheet.h"
#include "model/base/status.h"
#include "model/base/vec.h"

#include <math.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_errors(void **state)
{
    (void)state;
    struct error err = {0};
    assert_string_equal(error_text(&err), "nothing went wrong");
    assert_int_equal(error_set(&err, ST_REFUSED, "found %d", 7), ST_REFUSED);
    assert_string_equal(error_text(&err), "found 7");
    assert_int_equal(error_wrap(&err, "file %s", "a.csv"), ST_REFUSED);
    assert_string_equal(error_text(&err), "file a.csv: found 7");
    assert_int_equal(error_set(&err, ST_CONFLICT, "%s again", error_text(&err)), ST_CONFLICT);
    assert_string_equal(error_text(&err), "file a.csv: found 7 again");
    error_clear(&err);
    error_clear(&err);
    assert_int_equal(err.status, ST_OK);
    assert_int_equal(error_set(NULL, ST_DENIED, "nobody listens"), ST_DENIED);
    for (int s = ST_OK; s <= ST_CANCELLED; s++) {
        struct error only = {.status = (enum status)s};
        assert_true(*error_text(&only) && *status_name((enum status)s));
    }
}

static void test_arena(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    for (size_t size = 0; size < 20000; size = size * 3 + 1) {
        unsigned char *at = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xff, size);
    }
    char *text = arena_printf(arena, "%s-%05d", "a", 42);
    assert_string_equal(text, "a-00042");
    assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(arena, "ab", 9), "ab");
    assert_true(arena_used(arena) > 14000);
    arena_reset(arena);
    assert_int_equal(arena_used(arena), 0);
    unsigned char *again = arena_alloc(arena, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(again[i], 0); /* what was there before is forgotten */
    arena_free(arena);
    arena_free(NULL);
}

static void test_vec(void **state)
{
    (void)state;
    VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++)
        vec_push(&numbers, i);
    assert_int_equal(numbers.n, 1000);
    assert_int_equal(numbers.at[999], 999);
    vec_reserve(&numbers, 5000);
    assert_true(numbers.cap >= 6000);
    vec_free(&numbers);
    assert_null(numbers.at);
    struct pair {
        int a, b;
    };
    VEC(struct pair) pairs = {0};
    vec_push(&pairs, (struct pair){1, 2});
    assert_int_equal(pairs.at[0].b, 2);
    vec_free(&pairs);
    struct arena *arena = arena_new();
    VEC(int) few = {0};
    assert_int_equal(*(int *)vec_copy(arena, &few), 0); /* there is one that is zero */
    for (int i = 1; i < 100; i++)
        vec_push(&few, i);
    const int *copy = vec_copy(arena, &few);
    assert_memory_equal(copy, few.at, few.n * sizeof *copy);
    assert_int_equal(copy[few.n], 0);
    vec_free(&few);
    assert_int_equal(copy[98], 99);
    arena_free(arena);
}

static void test_hashes(void **state)
{
    (void)state;
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX];
    sha256("abc", 3, digest);
    sha256_hex(digest, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256("", 0, digest);
    sha256_hex(digest, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    /* XXH3 of nothing, and that files made on another machine find their hashes again. */
    assert_true(hash64("", 0) == 0x2d06800538d394c2u);
    assert_true(hash64("abc", 3) != hash64_seed("abc", 3, 1));
    assert_true(hash_mix(1) == 0x5692161d100b05e5u);
}

/* Every length over several blocks, whole and in parts of any size. */
static void test_sha256_lengths(void **state)
{
    (void)state;
    unsigned char bytes[301], digest[SHA256_SIZE], other[SHA256_SIZE];
    char hex[SHA256_HEX];
    struct sha256_sum *all = sha256_begin();
    for (size_t n = 0; n < sizeof bytes; n++) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (unsigned char)(i * 7 + n);
        struct sha256_sum *parts = sha256_begin();
        for (size_t at = 0, part = 1; at < n; at += part, part = part * 5 % 97) {
            part = part < n - at ? part : n - at;
            sha256_add(parts, bytes + at, part);
        }
        sha256_end(parts, other);
        sha256(bytes, n, digest);
        assert_memory_equal(digest, other, sizeof digest);
        sha256_add(all, digest, sizeof digest);
    }
    sha256_end(all, digest);
    sha256_hex(digest, hex);
    assert_string_equal(hex, "60d63ff40b5558727a9b786ac0be9300f7ca58fd9ddd3b2f3681b369018a87dc");
}

/* A library or a function that is not there is said by name, and nothing breaks. */
static void test_late(void **state)
{
    (void)state;
    static const char *const names[] = {"strlen"}, *const none[] = {"strlen", "no_such_function"};
    size_t (*functions[2])(const char *) = {NULL};
    struct error err = {0};
    assert_int_equal(late_load("libc.so.6", names, 1, (void *)functions, &err), ST_OK);
    assert_int_equal(functions[0]("four"), 4);
    assert_int_equal(late_load("libnone-of-this.so.9", names, 1, (void *)functions, &err),
                     ST_UNUSABLE);
    assert_non_null(strstr(error_text(&err), "libnone-of-this.so.9 cannot be loaded"));
    assert_int_equal(late_load("libc.so.6", none, 2, (void *)functions, &err), ST_UNUSABLE);
    assert_non_null(strstr(error_text(&err), "libc.so.6 has no no_such_function"));
    error_clear(&err);
}

static void test_sheet(void **state)
{
    (void)state;
    static const struct sheet_column columns[] = {{"name", "Name", CELL_TEXT},
                                                  {"n", NULL, CELL_COUNT}};
    struct arena *arena = arena_new();
    struct sheet *sheet = sheet_new(arena, columns, 2);
    for (int i = 0; i < 500; i++) {
        struct cell *row = sheet_row_add(sheet);
        assert_false(row[0].known || row[1].known);
        row[0] = cell_text(i % 2 ? "odd" : NULL);
        row[1] = cell_integer(i);
    }
    assert_int_equal(sheet->n_rows, 500);
    assert_int_equal(sheet->total, -1);
    assert_int_equal(sheet_row(sheet, 499)[1].integer, 499);
    assert_string_equal(sheet_row(sheet, 499)[0].text, "odd");
    assert_false(sheet_row(sheet, 498)[0].known);
    assert_false(cell_share(1, 0).known);
    assert_true(cell_share(1, 4).real == 0.25);
    arena_free(arena);
}

static int decimals_of(const double *values, size_t n)
{
    static const struct sheet_column column = {"x", NULL, CELL_REAL};
    struct arena *arena = arena_new();
    struct sheet *sheet = sheet_new(arena, &column, 1);
    for (size_t i = 0; i < n; i++)
        sheet_row_add(sheet)[0] = cell_real(values[i]);
    sheet_row_add(sheet);
    int decimals = sheet_decimals(sheet, 0);
    arena_free(arena);
    return decimals;
}

/* One number for a column: as many as the value that needs most of them. */
static void test_sheet_decimals(void **state)
{
    (void)state;
    assert_int_equal(decimals_of((double[]){1, 2}, 2), 1);
    assert_int_equal(decimals_of((double[]){2, 1.54, 12.3}, 3), 2);
    assert_int_equal(decimals_of((double[]){1.0 / 3, -1234.5678}, 2), 3);
    assert_int_equal(decimals_of((double[]){-0.25, NAN}, 2), 2);
    assert_int_equal(decimals_of((double[]){0.00123456, 5}, 2), 4);
    assert_int_equal(decimals_of((double[]){1e-9, 5}, 2), 0);
    assert_int_equal(decimals_of(NULL, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_vec),
        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_sha256_lengths),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_sheet),
        cmocka_unit_test(test_sheet_decimals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
