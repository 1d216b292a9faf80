/* Intervals and tests of proportions against published figures and plain sums. */
#include "model/base/parallel.h"
#include "model/base/stat.h"
#include "model/insight/points_value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void near(double found, double expected, double by)
{
    if (!(fabs(found - expected) <= by))
        fail_msg("found %.12g, expected %.12g within %g", found, expected, by);
}

/* Newcombe 1998, tables I and II; statsmodels. */
static void published_intervals(void **state)
{
    (void)state;
    static const struct {
        double k, n, low, high;
    } wilson[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605},
                  {0, 20, 0, 0.1611},        {1, 29, 0.0061, 0.1718},
                  {0, 10, 0, 0.27753},       {450, 5000, 0.082379, 0.09825}};
    static const struct {
        double k1, n1, k2, n2, low, high;
    } newcombe[] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
                    {10, 10, 0, 20, 0.6791, 1},       {6, 7, 2, 7, 0.0582, 0.8062},
                    {5, 56, 0, 29, -0.0381, 0.1926},  {0, 10, 0, 20, -0.1611, 0.2775}};
    for (size_t i = 0; i < sizeof wilson / sizeof *wilson; i++) {
        struct interval found = stat_wilson(wilson[i].k, wilson[i].n, STAT_Z95);
        near(found.low, wilson[i].low, 5.1e-5);
        near(found.high, wilson[i].high, 5.1e-5);
    }
    for (size_t i = 0; i < sizeof newcombe / sizeof *newcombe; i++) {
        struct interval found =
            stat_newcombe(newcombe[i].k1, newcombe[i].n1, newcombe[i].k2, newcombe[i].n2, STAT_Z95);
        near(found.low, newcombe[i].low, 5.1e-5);
        near(found.high, newcombe[i].high, 5.1e-5);
    }
    near(stat_two_proportions_z(450, 5000, 380, 5000), 2.53731, 5e-6);
    near(stat_two_sided(2.53731), 0.01117, 5e-6);
    assert_true(isnan(stat_wilson(0, 0, STAT_Z95).low));
    assert_true(isnan(stat_two_proportions_z(0, 5, 0, 9)));
}

/* The sum over the four cells, (found - expected)² / expected. */
static double plain_chi_square(double both, double k1, double k2, double n)
{
    double sum = 0, cells[2][2] = {{both, k1 - both}, {k2 - both, n - k1 - k2 + both}};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            double expected = (j ? n - k2 : k2) * (i ? n - k1 : k1) / n;
            double found = i ? cells[1][j] : cells[0][j];
            sum += (found - expected) * (found - expected) / expected;
        }
    return sum;
}

static void pairs_of_things(void **state)
{
    (void)state;
    for (int both = 0; both <= 12; both++)
        near(stat_chi_square(both, 20, 15, 100), plain_chi_square(both, 20, 15, 100), 1e-9);
    assert_true(isnan(stat_chi_square(3, 3, 0, 10)));
    /* Nothing to do with each other: ln lift has the variance 1/p12 - 1/p1 - 1/p2 + 1, by n. */
    struct interval lift = stat_lift(100, 500, 200, 1000, STAT_Z95);
    double half = STAT_Z95 * sqrt((10 - 2 - 5 + 1) / 1000.0);
    near(log(lift.low), -half, 1e-12);
    near(log(lift.high), half, 1e-12);
    near(stat_lift(0, 5, 5, 100, STAT_Z95).low, 0, 0);
}

/* ψ(1) = -γ, ψ(1/2) = -γ - 2 ln 2, and the slope of ln Γ everywhere. */
static void digamma_is_the_slope(void **state)
{
    (void)state;
    const double gamma = 0.57721566490153286;
    near(stat_digamma(1), -gamma, 1e-13);
    near(stat_digamma(0.5), -gamma - 2 * log(2), 1e-13);
    for (double x = 0.01; x < 5000; x *= 1.7) {
        double h = x * 1e-5;
        near(stat_digamma(x), (stat_log_gamma(x + h) - stat_log_gamma(x - h)) / (2 * h),
             1e-6 * fmax(1, fabs(stat_digamma(x))));
    }
}

static void points_become_revenue(void **state)
{
    (void)state;
    near(points_revenue(9000, 4500, 9700), 4175, 0.5);
    near(points_revenue(9000, 8500, 9900) - points_revenue(9000, 4500, 9700), 3552, 0.5);
    near(points_revenue(9000, 9900, 9700), 9000, 0);
}

static void piece_square(void *context, size_t piece)
{
    ((uint64_t *)context)[piece] += piece * piece;
}

static void every_piece_is_done_once(void **state)
{
    (void)state;
    for (int threads = 0; threads <= 5; threads++)
        for (size_t n = 0; n <= 40; n += 13) {
            uint64_t done[40] = {0};
            parallel_run(threads, n, piece_square, done);
            for (size_t i = 0; i < 40; i++)
                assert_int_equal(done[i], i < n ? i * i : 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_intervals),      cmocka_unit_test(pairs_of_things),
        cmocka_unit_test(digamma_is_the_slope),     cmocka_unit_test(points_become_revenue),
        cmocka_unit_test(every_piece_is_done_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
