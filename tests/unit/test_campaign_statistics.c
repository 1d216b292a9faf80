/* The statistics behind a campaign's result, against tables and examples of others. */
#include "model/campaign/cuped.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double found, double expected, double by)
{
    if (!(fabs(found - expected) <= by))
        fail_msg("found %.12g, expected %.12g within %g", found, expected, by);
}

/* Tables of Student's t; the two examples of Welch's test in R's and SciPy's manuals' manner. */
static void students_t(void **state)
{
    static const struct {
        double p, df, t;
    } table[] = {{0.05, 1, 12.706205}, {0.05, 5, 2.570582},  {0.05, 10, 2.228139},
                 {0.05, 30, 2.042272}, {0.01, 10, 3.169273}, {0.05, 1e7, 1.959964}};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        near(stat_t_two_sided_quantile(table[i].p, table[i].df), table[i].t, 1e-6);
        near(stat_t_two_sided(table[i].t, table[i].df), table[i].p, 1e-6);
    }
    /* Student 1908: extra hours of sleep, two drugs (R: t.test(extra ~ group, data = sleep)). */
    static const double drug[2][10] = {{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0},
                                       {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}};
    struct cuped_sums sums[2] = {{0}};
    for (int g = 0; g < 2; g++)
        for (int i = 0; i < 10; i++)
            cuped_add(&sums[g], 0, drug[g][i]);
    struct stat_sample a = cuped_plain(&sums[0]), b = cuped_plain(&sums[1]);
    struct stat_welch w = stat_welch(&a, &b);
    near(w.t, -1.8608, 5e-5);
    near(w.df, 17.776, 5e-4);
    near(w.p, 0.07939, 5e-6);
    near(w.interval.low, -3.3654832, 5e-7);
    near(w.interval.high, 0.2054832, 5e-7);
    assert_true(isnan(cuped_compare(&sums[0], &sums[1]).theta)); /* nothing is known of before */
    near(stat_beta(0.5, 2, 3), 0.6875, 1e-14);
    near(stat_beta(0.2, 0.5, 0.5), 2 / M_PI * asin(sqrt(0.2)), 1e-13);
    const double values[] = {1, 2, 4, 8};
    near(stat_quantile(values, 4, 0.5), 3, 0);
    near(stat_quantile(values, 4, 0.9), 6.8, 1e-12);
    assert_true(isnan(stat_quantile(values, 0, 0.5)));
}

/* By hand: X and Y in a line but for one step. */
static void cuped_by_hand(void **state)
{
    static const double x[8] = {1, 2, 3, 4, 1, 2, 3, 4}, y[8] = {3, 5, 7, 9, 2, 4, 6, 8};
    struct cuped_sums sums[2] = {{0}};
    (void)state;
    for (int i = 0; i < 8; i++)
        cuped_add(&sums[i / 4], x[i], y[i]);
    struct cuped c = cuped_compare(&sums[0], &sums[1]);
    near(c.theta, 2, 1e-12);
    near(c.welch.difference, 1, 1e-12);
    near(c.reduction, 40.0 / 42.0, 1e-12); /* (cov²/varX)/varY: 20²/10 of 42 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_t),
        cmocka_unit_test(cuped_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
