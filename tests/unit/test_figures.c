/* Arguments of the screens behind figures: what is written is read back, for every figure and every
 * dimension it can be asked by; anything else is refused. */
#include "views/figures.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void arguments_come_back(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    int asked = 0;
    for (int m = 0; m < METRIC_END; m++)
        for (int d = 0; d < DIM_COUNT; d++) {
            if (!metric_has((enum metric_id)m, (enum dimension)d))
                continue;
            int64_t key = d == DIM_NONE ? 0 : 1000003LL * d - 7;
            enum metric_id metric;
            enum dimension dim;
            int64_t back;
            const char *argument = figure_behind(arena, (enum metric_id)m, (enum dimension)d, key);
            assert_true(figure_behind_parse(argument, &metric, &dim, &back));
            assert_int_equal(metric, m);
            assert_int_equal(dim, d);
            assert_int_equal(back, key);
            asked++;
        }
    assert_in_range(asked, METRIC_END + 1, METRIC_END * DIM_COUNT);
    arena_free(arena);
}

static void other_arguments_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "nothing",
                                        "visits:",
                                        "visits:zone",
                                        "visits:zone=",
                                        "visits:zone=x",
                                        "visits:nowhere=1",
                                        "visit",
                                        "visits zone=1",
                                        "visits:zone=1 "};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        enum metric_id metric;
        enum dimension dim;
        int64_t key;
        assert_false(figure_behind_parse(wrong[i], &metric, &dim, &key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_come_back),
        cmocka_unit_test(other_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
