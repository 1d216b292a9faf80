/* BG/NBD and Gamma-Gamma: likelihood against the formula written out, slopes against differences,
 * expectations against integration over everything a person may be, fits on people made by the
 * model; a mall's people against a plain count, on one thread and on two. */
#include "model/base/stat.h"
#include "model/insight/kmeans.h"
#include "model/insight/value.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void near(double found, double expected, double by)
{
    if (!(fabs(found - expected) <= by))
        fail_msg("found %.12g, expected %.12g within %g", found, expected, by);
}

/* ---- The likelihood ---- */

/* Equation 6 of the paper as it stands there, with nothing factored out. */
static double plain_log_likelihood(const struct bgnbd *m, double x, double tx, double t)
{
    double gone = x > 0 ? expl(lgamma(m->a + 1) + lgamma(m->b + x - 1) - lgamma(m->a + m->b + x)) *
                              powl(m->alpha + tx, -(m->r + x))
                        : 0;
    double alive = expl(lgamma(m->a) + lgamma(m->b + x) - lgamma(m->a + m->b + x)) *
                   powl(m->alpha + t, -(m->r + x));
    double beta = expl(lgamma(m->a) + lgamma(m->b) - lgamma(m->a + m->b));
    return logl((alive + gone) / beta) + lgamma(m->r + x) - lgamma(m->r) + m->r * log(m->alpha);
}

enum { ROWS = 300, TIMES = 40 };

struct made {
    struct bgnbd_row rows[ROWS];
    double times[TIMES];
    struct bgnbd_data data;
};

static void rows_make(struct made *made, struct chance *chance)
{
    made->data = (struct bgnbd_data){.n_rows = ROWS, .n_times = TIMES};
    for (int i = 0; i < TIMES; i++)
        made->times[i] = i * 1.3;
    for (int i = 0; i < ROWS; i++) {
        uint32_t until = (uint32_t)chance_below(chance, TIMES), x = 0, last = 0;
        if (until && chance_below(chance, 2)) {
            x = 1 + (uint32_t)chance_below(chance, 12);
            last = 1 + (uint32_t)chance_below(chance, until);
        }
        made->rows[i] = (struct bgnbd_row){x, last, until, 1 + (uint32_t)chance_below(chance, 5)};
        made->data.people += made->rows[i].people;
        made->data.most_x = x > made->data.most_x ? x : made->data.most_x;
    }
    made->data.rows = made->rows;
    made->data.times = made->times;
}

static void likelihood_is_the_formula(void **state)
{
    (void)state;
    struct chance chance = {7};
    for (int round = 0; round < 60; round++) {
        struct made made;
        double slope[4], plain = 0;
        rows_make(&made, &chance);
        double at[4];
        for (int k = 0; k < 4; k++)
            at[k] = log(0.05) + chance_share(&chance) * log(200);
        struct bgnbd m = {exp(at[0]), exp(at[1]), exp(at[2]), exp(at[3])};
        for (int i = 0; i < ROWS; i++)
            plain += made.rows[i].people * plain_log_likelihood(&m, made.rows[i].x,
                                                                made.times[made.rows[i].last],
                                                                made.times[made.rows[i].until]);
        double found = bgnbd_log_likelihood(&m, &made.data, 1, slope);
        near(found, plain, 1e-9 * fabs(plain));
        assert_true(found == bgnbd_log_likelihood(&m, &made.data, 2, NULL));
        for (int k = 0; k < 4; k++) {
            double low[4], high[4], h = 1e-5;
            memcpy(low, at, sizeof low);
            memcpy(high, at, sizeof high);
            low[k] -= h;
            high[k] += h;
            struct bgnbd a = {exp(low[0]), exp(low[1]), exp(low[2]), exp(low[3])};
            struct bgnbd b = {exp(high[0]), exp(high[1]), exp(high[2]), exp(high[3])};
            double difference = (bgnbd_log_likelihood(&b, &made.data, 1, NULL) -
                                 bgnbd_log_likelihood(&a, &made.data, 1, NULL)) /
                                (2 * h);
            near(slope[k], difference, 1e-4 * fmax(1, fabs(difference)));
        }
    }
}

/* ---- Expectations ---- */

/* All that a person may be: a rate and a chance to leave, with their density; the middle of each
 * cell of a grid. */
struct sums {
    double data, alive, purchases;
};

static struct sums integrate(const struct bgnbd *m, double x, double tx, double until, double t)
{
    enum { STEPS = 3000 };
    struct sums sums = {0};
    double most = (m->r + x + 12 * sqrt(m->r + x) + 12) / (m->alpha + tx);
    for (int i = 0; i < STEPS; i++) {
        double rate = (i + 0.5) * most / STEPS;
        double of_rate = exp((m->r - 1 + x) * log(rate) - m->alpha * rate);
        for (int j = 0; j < STEPS / 5; j++) {
            double p = (j + 0.5) / (STEPS / 5.0);
            double density = of_rate * pow(p, m->a - 1) * pow(1 - p, m->b - 1);
            double alive = density * pow(1 - p, x) * exp(-rate * until);
            double gone = x > 0 ? density * p * pow(1 - p, x - 1) * exp(-rate * tx) : 0;
            sums.data += alive + gone;
            sums.alive += alive;
            sums.purchases += alive * (1 - exp(-rate * p * t)) / p;
        }
    }
    return sums;
}

static void expectations_are_integrals(void **state)
{
    (void)state;
    static const struct bgnbd models[] = {
        {2.1, 4.4, 2.3, 3.4}, {3.5, 20, 2.6, 6}, {2.2, 1.5, 3, 2.5}};
    static const double people[][3] = {{0, 0, 20}, {1, 3, 9}, {4, 10, 11}, {7, 8, 30}};
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 4; k++) {
            const double *p = people[k];
            struct sums s = integrate(&models[i], p[0], p[1], p[2], 12);
            near(bgnbd_alive(&models[i], p[0], p[1], p[2]), s.alive / s.data, 4e-3);
            double expected = s.purchases / s.data;
            near(bgnbd_expected_after(&models[i], p[0], p[1], p[2], 12), expected,
                 4e-3 * fmax(0.05, expected));
        }
        struct sums s = integrate(&models[i], 0, 0, 0, 30);
        near(bgnbd_expected(&models[i], 30), s.purchases / s.data, 2e-3 * s.purchases / s.data);
    }
}

/* Equation 10 as it stands there, with the plain series. */
static void expectations_are_the_formula(void **state)
{
    (void)state;
    struct chance chance = {17};
    for (int round = 0; round < 2000; round++) {
        struct bgnbd m = {0.05 + 3 * chance_share(&chance), 0.1 + 20 * chance_share(&chance),
                          0.05 + 4 * chance_share(&chance), 1 + 5 * chance_share(&chance)};
        double x = (double)chance_below(&chance, 30), until = 1 + 50 * chance_share(&chance);
        double tx = x > 0 ? until * chance_share(&chance) : 0, t = 20 * chance_share(&chance);
        double z = t / (m.alpha + until + t);
        double series = hypergeometric(m.r + x, m.b + x, m.a + m.b + x - 1, z);
        double rest = 1 - pow((m.alpha + until) / (m.alpha + until + t), m.r + x) * series;
        double gone = m.a / (m.b + x - 1) * pow((m.alpha + until) / (m.alpha + tx), m.r + x);
        double plain = (m.a + m.b + x - 1) / (m.a - 1) * rest / (1 + (x > 0 ? gone : 0));
        double found = bgnbd_expected_after(&m, x, tx, until, t);
        near(found, plain, 1e-8 * fmax(1, fabs(plain)) / fmin(1, fabs(m.a - 1)));
        near(bgnbd_alive(&m, x, tx, until), 1 / (1 + (x > 0 ? gone : 0)), 1e-12);
        assert_true(found >= 0);
    }
}

/* Fader, Hardie and Lee's note and the vignette of BTYD; a = 1, where the formula divides by 0. */
static void published_values(void **state)
{
    (void)state;
    struct bgnbd m = {0.24259, 4.41353, 0.79289, 2.42575};
    near(bgnbd_expected(&m, 78), 1.858, 5e-4);
    near(bgnbd_expected_after(&m, 2, 30.43, 38.86, 39), 1.2259, 5e-5);
    near(bgnbd_alive(&m, 2, 30.43, 38.86), 0.7266, 5e-5);
    struct bgnbd btyd = {0.2425945, 4.4136019, 0.7929199, 2.4258950};
    near(bgnbd_expected(&btyd, 52), 1.444010, 5e-6);
    struct bgnbd one = {0.5, 4, 1, 2}, below = {0.5, 4, 0.9999, 2}, above = {0.5, 4, 1.0001, 2};
    double middle = (bgnbd_expected(&below, 50) + bgnbd_expected(&above, 50)) / 2;
    near(bgnbd_expected(&one, 50), middle, 1e-5);
    near(hypergeometric(1, 1, 2, 0.5), 2 * log(2), 1e-14);
    near(hypergeometric(2, 3, 3, 0.9), 100, 1e-10);
}

/* ---- Fits ---- */

/* Marsaglia and Tsang's gamma, and beta from two of them: people as the model says they are. */
static double draw_normal(struct chance *chance)
{
    double u = 1 - chance_share(chance), v = chance_share(chance);
    return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static double draw_gamma(struct chance *chance, double shape)
{
    if (shape < 1)
        return draw_gamma(chance, shape + 1) * pow(1 - chance_share(chance), 1 / shape);
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = draw_normal(chance), v = 1 + c * x;
        if (v > 0 && log(1 - chance_share(chance)) < x * x / 2 + d * (1 - v * v * v + 3 * log(v)))
            return d * v * v * v;
    }
}

static struct value_history history_draw(struct chance *chance, const struct bgnbd *m,
                                         const struct spend *s)
{
    double rate = draw_gamma(chance, m->r) / m->alpha;
    double a = draw_gamma(chance, m->a), b = draw_gamma(chance, m->b), leaves = a / (a + b);
    struct value_history h = {.until = 30 + 10 * chance_share(chance), .mean = NAN};
    double at = 0;
    for (;;) {
        at += -log(1 - chance_share(chance)) / rate;
        if (at > h.until)
            break;
        h.x++;
        h.last = at;
        if (chance_share(chance) < leaves)
            break;
    }
    if (h.x > 0) {
        double nu = draw_gamma(chance, s->q) / s->v;
        h.mean = 100 * draw_gamma(chance, s->p * h.x) / nu / h.x;
    }
    return h;
}

static void a_fit_finds_the_people_it_was_made_of(void **state)
{
    (void)state;
    enum { N = 40000 };
    struct bgnbd m = {0.6, 5, 0.8, 2.5};
    struct spend s = {6, 4, 15};
    struct value_history *h = mem_zero(N, sizeof *h);
    struct arena *arena = arena_new();
    struct chance chance = {42};
    struct value one, two;
    for (int i = 0; i < N; i++)
        h[i] = history_draw(&chance, &m, &s);
    struct value_query query = {.horizon = 10, .threads = 1};
    assert_ok(value_run_histories(arena, h, N, &query, &one, &err));
    near(one.fit.model.r, m.r, 0.05);
    near(one.fit.model.alpha, m.alpha, 0.5);
    near(one.fit.model.a, m.a, 0.1);
    near(one.fit.model.b, m.b, 0.4);
    near(one.spend.model.p, s.p, 0.6);
    near(one.spend.model.q, s.q, 0.3);
    near(spend_expected(&one.spend.model, 0, 0), s.p * s.v / (s.q - 1), 1);
    assert_true(one.fit.converged && !one.fit.bound && one.spend.converged);
    query.threads = 2;
    assert_ok(value_run_histories(arena, h, N, &query, &two, &err));
    assert_true(one.fit.log_likelihood == two.fit.log_likelihood);
    assert_memory_equal(&one.fit.model, &two.fit.model, sizeof one.fit.model);
    assert_memory_equal(&one.all, &two.all, sizeof one.all);
    assert_memory_equal(one.order, two.order, N * sizeof *one.order);
    arena_free(arena);
    free(h);
}

static void nothing_to_fit_is_said(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct value_history few[] = {{0, 0, 10, NAN}, {1, 2, 10, 300}};
    struct value value;
    struct value_query query = {.horizon = 10};
    assert_int_equal(value_run_histories(arena, few, 2, &query, &value, &err), ST_REFUSED);
    error_clear(&err);
    struct bgnbd m = {0.6, 5, 0.8, 2.5};
    query.model = &m;
    assert_ok(value_run_histories(arena, few, 2, &query, &value, &err));
    near(value.people[1].alive, bgnbd_alive(&m, 1, 2, 10), 0);
    assert_false(value.money_known);
    arena_free(arena);
}

/* ---- A mall ---- */

enum { PEOPLE = 40, EVENTS = 900, DAYS = 120 };

struct plain_person {
    bool bought[DAYS];
    int64_t money[DAYS];
};

/* One purchase at noon counts for its day; amounts differ, some are refunds. */
static void mall_make(struct temp_mall *mall, struct plain_person *people, struct chance *chance)
{
    struct test_event events[EVENTS];
    int n = 0;
    for (int i = 0; i < EVENTS; i++) {
        uint32_t who = 1 + (uint32_t)(chance_share(chance) * chance_share(chance) * PEOPLE);
        int day = (int)chance_below(chance, DAYS), refund = chance_below(chance, 12) == 0;
        int64_t amount = 100 * (1 + (int64_t)chance_below(chance, 50));
        events[n++] = (struct test_event){test_time(2017, 1, 1, 12, 0) + day * 86400,
                                          who,
                                          refund ? "refund" : "purchase",
                                          "T1",
                                          NULL,
                                          "pos",
                                          NULL,
                                          amount,
                                          NULL};
        people[who].bought[day] |= !refund;
        people[who].money[day] += refund ? -amount : amount;
    }
    test_events_add(mall, events, EVENTS);
    test_run(mall, "update counter set value = 60 where name = 'person'");
}

static void a_mall_is_counted_as_by_hand(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct temp_mall mall = temp_mall_new();
        struct plain_person people[PEOPLE + 1] = {0};
        struct arena *arena = arena_new();
        struct chance chance = {seed};
        struct value value, two;
        mall_make(&mall, people, &chance);
        int cut = 60 + (int)chance_below(&chance, 40);
        struct value_query query = {.at = test_time(2017, 1, 1, 12, 0) + DAYS * 86400,
                                    .calibration = test_time(2017, 1, 1, 13, 0) + cut * 86400,
                                    .unit = 7,
                                    .threads = 1};
        assert_ok(value_run(mall.reader, arena, &query, &value, &err));
        query.threads = 2;
        assert_ok(value_run(mall.reader, arena, &query, &two, &err));
        assert_int_equal(value.n, two.n);
        assert_memory_equal(value.people, two.people, value.n * sizeof *value.people);
        size_t n = 0;
        for (uint32_t who = 1; who <= PEOPLE; who++) {
            int first = 0, last = 0, x = -1;
            uint32_t held = 0;
            int64_t money = 0;
            for (int d = DAYS - 1; d >= 0; d--) {
                if (d <= cut)
                    money += people[who].money[d];
                if (people[who].bought[d] && d > cut)
                    held++;
                if (!people[who].bought[d] || d > cut)
                    continue;
                last = x < 0 ? d : last;
                first = d;
                x++;
            }
            if (x < 0)
                continue;
            const struct value_person *p = &value.people[n++];
            assert_int_equal(p->person, who);
            assert_int_equal(p->x, x);
            assert_int_equal(p->last, last - first);
            assert_int_equal(p->until, cut - first);
            assert_int_equal(p->money, money);
            assert_int_equal(p->held, held);
        }
        assert_int_equal(n, value.n);
        int64_t bands = 0, tenths = 0, slipping = 0;
        for (int i = 0; i < VALUE_BANDS; i++)
            bands += value.bands[i];
        for (int i = 0; i < VALUE_DECILES; i++)
            tenths += value.deciles[i].people;
        for (size_t i = 0; i < n; i++)
            slipping += value_slipping(&value, &value.people[i]);
        assert_int_equal(bands, n);
        assert_int_equal(tenths, n);
        assert_int_equal(slipping, value.slipping);
        arena_free(arena);
        temp_mall_free(&mall);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihood_is_the_formula),
        cmocka_unit_test(expectations_are_integrals),
        cmocka_unit_test(expectations_are_the_formula),
        cmocka_unit_test(published_values),
        cmocka_unit_test(a_fit_finds_the_people_it_was_made_of),
        cmocka_unit_test(nothing_to_fit_is_said),
        cmocka_unit_test(a_mall_is_counted_as_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
