/* Words sorted in place, against qsort. */
#include "model/base/hash.h"
#include "model/base/radix.h"
#include "model/base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int word_compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check(uint64_t *words, size_t n)
{
    uint64_t *want = mem_alloc(n * sizeof *want);
    size_t different = 0;
    if (n)
        memcpy(want, words, n * sizeof *want);
    qsort(want, n, sizeof *want, word_compare);
    words_sort(words, n);
    assert_memory_equal(words, want, n * sizeof *want);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || want[i] != want[i - 1])
            want[different++] = want[i];
    assert_int_equal(words_unique(words, n), different);
    assert_memory_equal(words, want, different * sizeof *want);
    free(want);
}

static void sorted_like_qsort(void **state)
{
    (void)state;
    static const uint64_t masks[] = {UINT64_MAX,
                                     0xFF,
                                     0xFFFF,
                                     0xFF00FF00000000FF,
                                     0,
                                     0x8000000000000001,
                                     UINT64_C(0xFFFFFFFF) << 32};
    static const size_t sizes[] = {0, 1, 2, 47, 48, 49, 300, 5000, 100000};
    uint64_t seed = 1;
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            uint64_t *words = mem_alloc(sizes[s] * sizeof *words);
            for (size_t i = 0; i < sizes[s]; i++)
                words[i] = hash_mix(++seed) & masks[m];
            check(words, sizes[s]);
            free(words);
        }
}

static void nothing_is_sorted(void **state)
{
    (void)state;
    words_sort(NULL, 0);
    assert_int_equal(words_unique(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_like_qsort),
        cmocka_unit_test(nothing_is_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
