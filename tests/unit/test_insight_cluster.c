/* K-means, silhouette and adjusted Rand against their definitions; the same answer from any number
 * of threads; what is found in people who are plainly of three kinds; features counted by hand; and
 * labels that keep them. */
#include "model/insight/cluster_label.h"
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

static struct matrix any_matrix(struct arena *arena, struct chance *chance, size_t n, size_t d)
{
    float *at = arena_alloc_array(arena, n * d, sizeof *at);
    for (size_t i = 0; i < n * d; i++)
        at[i] = (float)(chance_share(chance) + chance_share(chance));
    return (struct matrix){n, d, at};
}

/* ---- Definitions ---- */

static double plain_distance(const struct matrix *m, size_t i, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < m->d; k++)
        sum += pow((double)m->at[i * m->d + k] - (double)m->at[j * m->d + k], 2);
    return sqrt(sum);
}

static double mean_to(const struct matrix *m, const uint8_t *cluster, size_t i, unsigned c)
{
    double sum = 0, n = 0;
    for (size_t j = 0; j < m->n; j++)
        if (cluster[j] == c && j != i) {
            sum += plain_distance(m, i, j);
            n++;
        }
    return n > 0 ? sum / n : -1;
}

static double plain_silhouette(const struct matrix *m, const uint8_t *cluster, unsigned k)
{
    double sum = 0;
    for (size_t i = 0; i < m->n; i++) {
        double a = mean_to(m, cluster, i, cluster[i]), b = INFINITY;
        for (unsigned c = 0; c < k; c++)
            if (c != cluster[i] && mean_to(m, cluster, i, c) >= 0)
                b = fmin(b, mean_to(m, cluster, i, c));
        sum += a < 0 ? 0 : (b - a) / fmax(a, b);
    }
    return sum / (double)m->n;
}

static double plain_rand(const uint8_t *a, const uint8_t *b, size_t n)
{
    double both = 0, only_a = 0, only_b = 0, all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            all++;
            only_a += a[i] == a[j];
            only_b += b[i] == b[j];
            both += a[i] == a[j] && b[i] == b[j];
        }
    double expected = only_a * only_b / all;
    return (both - expected) / ((only_a + only_b) / 2 - expected);
}

static void measures_are_their_definitions(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct chance chance = {5};
    for (int round = 0; round < 30; round++) {
        size_t n = 20 + chance_below(&chance, 60);
        unsigned k = 2 + (unsigned)chance_below(&chance, 4);
        struct matrix m = any_matrix(arena, &chance, n, 3);
        uint8_t a[100], b[100];
        for (size_t i = 0; i < n; i++) {
            a[i] = (uint8_t)chance_below(&chance, k);
            b[i] = chance_below(&chance, 3) ? a[i] : (uint8_t)chance_below(&chance, k);
        }
        near(silhouette(&m, a, k, 2, NULL), plain_silhouette(&m, a, k), 1e-9);
        near(rand_adjusted(a, b, n), plain_rand(a, b, n), 1e-9);
        near(rand_adjusted(a, a, n), 1, 0);
    }
    arena_free(arena);
}

/* Everybody is with the nearest centre, centres are means, and the answer does not depend on the
 * number of threads. */
static void rounds_end_at_rest(void **state)
{
    (void)state;
    static const size_t sizes[] = {7, 500, 30000};
    struct chance chance = {11};
    for (size_t s = 0; s < 3; s++) {
        struct arena *arena = arena_new();
        struct matrix m = any_matrix(arena, &chance, sizes[s], 4);
        struct kmeans one, two;
        struct kmeans_options options = {.k = 5, .seed = 3, .threads = 1};
        kmeans_run(arena, &m, &options, &one);
        options.threads = 3;
        kmeans_run(arena, &m, &options, &two);
        assert_memory_equal(one.cluster, two.cluster, m.n);
        assert_memory_equal(one.centres, two.centres, 20 * sizeof *one.centres);
        assert_true(one.inertia == two.inertia);
        uint8_t *again = arena_alloc(arena, m.n);
        double sums[5][4] = {{0}}, moved = 0;
        kmeans_assign(&m, one.centres, 5, 1, again);
        for (size_t i = 0; i < m.n; i++) {
            moved += again[i] != one.cluster[i];
            for (size_t j = 0; j < 4; j++)
                sums[one.cluster[i]][j] += (double)m.at[i * 4 + j];
        }
        assert_true(moved <= (sizes[s] > 20000 ? 0.01 * (double)m.n : 0));
        for (size_t c = 0; c < 5; c++) {
            assert_true(c == 0 || one.sizes[c] <= one.sizes[c - 1]);
            for (size_t j = 0; j < 4; j++)
                near(sums[c][j] / (double)one.sizes[c], one.centres[c * 4 + j], 1e-6);
        }
        arena_free(arena);
    }
}

/* ---- Three kinds of people ---- */

static struct feature_table three_kinds(struct arena *arena, size_t n, uint8_t *kind)
{
    static const double middles[3][2] = {{0, 0}, {6, 0}, {0, 9}};
    struct feature_table table = {.n = n, .d = 2};
    struct chance chance = {21};
    table.at = arena_alloc_array(arena, n * 2, sizeof *table.at);
    for (size_t i = 0; i < n; i++) {
        kind[i] = (uint8_t)(i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2);
        for (size_t j = 0; j < 2; j++)
            table.at[i * 2 + j] =
                (float)(middles[kind[i]][j] + chance_share(&chance) + chance_share(&chance));
    }
    table.feature[0] = (struct feature){
        .name = "one", .title = "one", .high = "high one", .low = "low one", .type = CELL_REAL};
    table.feature[1] = (struct feature){
        .name = "two", .title = "two", .high = "high two", .low = "low two", .type = CELL_REAL};
    table.at[0] = NAN; /* unknown is the mean */
    return table;
}

static void three_kinds_are_found(void **state)
{
    (void)state;
    static const size_t sizes[] = {60, 900, 9000};
    for (size_t s = 0; s < 3; s++) {
        struct arena *arena = arena_new();
        uint8_t *kind = arena_alloc(arena, sizes[s]);
        struct feature_table table = three_kinds(arena, sizes[s], kind);
        struct clusters one, two;
        struct cluster_query query = {.seed = 1, .threads = 1};
        assert_ok(clusters_run(arena, &table, &query, &one, &err));
        assert_int_equal(one.k, 3);
        assert_true(rand_adjusted(one.cluster + 1, kind + 1, table.n - 1) == 1);
        assert_true(one.silhouette > 0.7 && one.stability > 0.95);
        assert_int_equal(one.groups[0].n + one.groups[1].n + one.groups[2].n, table.n);
        assert_string_equal(cluster_words(arena, &one, 1), "high one, low two");
        assert_string_equal(cluster_words(arena, &one, 2), "high two, low one");
        query.threads = 2;
        assert_ok(clusters_run(arena, &table, &query, &two, &err));
        assert_memory_equal(one.cluster, two.cluster, table.n);
        assert_memory_equal(one.tries, two.tries, sizeof one.tries);
        assert_true(one.silhouette == two.silhouette && one.inertia == two.inertia);
        arena_free(arena);
    }
}

static void what_cannot_be_told_apart(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    uint8_t kind[10];
    struct feature_table table = three_kinds(arena, 10, kind);
    struct clusters clusters;
    struct cluster_query query = {.k = 11, .seed = 1};
    assert_int_equal(clusters_run(arena, &table, &query, &clusters, &err), ST_REFUSED);
    error_clear(&err);
    for (size_t i = 0; i < 20; i++)
        table.at[i] = 1; /* all alike */
    query.k = 3;
    assert_ok(clusters_run(arena, &table, &query, &clusters, &err));
    assert_string_equal(cluster_words(arena, &clusters, 0), "like everybody");
    arena_free(arena);
}

/* ---- A mall ---- */

static struct temp_mall people_mall(void)
{
    struct temp_mall mall = temp_mall_new();
    static const struct test_member members[] = {{1, "M1", "王", NULL, "gold", "f", 0},
                                                 {2, "M2", "李", NULL, "gold", "m", 0},
                                                 {3, "M3", "张", NULL, "basic", "f", 0},
                                                 {4, "M4", "赵", NULL, "basic", "m", 0}};
    const struct test_event events[] = {
        {test_time(2017, 3, 4, 12, 0), 1, "purchase", "T1", NULL, "pos", NULL, 10000, NULL},
        {test_time(2017, 3, 4, 12, 20), 1, "purchase", "T2", NULL, "pos", NULL, 5000, NULL},
        {test_time(2017, 3, 6, 19, 0), 1, "purchase", "T1", NULL, "pos", NULL, 3000, NULL},
        {test_time(2017, 3, 7, 19, 0), 1, "refund", "T1", NULL, "pos", NULL, 1000, NULL},
        {test_time(2017, 3, 10, 10, 0), 2, "purchase", "T2", NULL, "pos", NULL, 700, NULL},
        {test_time(2017, 3, 12, 11, 0), 3, "visit", NULL, NULL, NULL, NULL, 0, NULL},
        {test_time(2017, 3, 12, 22, 0), 4, "purchase", "T1", NULL, "pos", NULL, 900, NULL}};
    test_members_add(&mall, members, 4);
    test_events_add(&mall, events, sizeof events / sizeof *events);
    test_run(&mall, "update tenant set category = 'coffee' where code = 'T1'; update tenant set "
                    "category = 'food' where code = 'T2'; update member set birth = "
                    "julianday('1987-03-14') - 2440587.5 where person = 1");
    return mall;
}

static void features_are_counted_as_by_hand(void **state)
{
    (void)state;
    struct temp_mall mall = people_mall();
    struct arena *arena = arena_new();
    struct feature_table table;
    struct feature_query query = {.names = "recency,frequency,money,basket,shops,visits,dwell,"
                                           "evening,weekend,age,share:coffee,share:food",
                                  .from = INT64_MIN,
                                  .at = test_time(2017, 3, 14, 12, 0)};
    static const double first[] = {8,  2,       17000,   8500, 2,       3,
                                   20, 1.0 / 3, 2.0 / 3, 30,   2.0 / 3, 1.0 / 3};
    assert_ok(features_read(mall.reader, arena, &query, &table, &err));
    assert_int_equal(table.n, 3); /* the third bought nothing */
    assert_int_equal(table.d, 12);
    for (size_t j = 0; j < table.d; j++)
        near((double)table.at[j], first[j], 1e-2);
    assert_int_equal(table.people[2], 4);
    assert_int_equal(table.money[1], 700);
    assert_true(isnan(table.at[12 + 9])); /* an age that is not known */
    query.names = "recency,moneyy";
    assert_int_equal(features_read(mall.reader, arena, &query, &table, &err), ST_USAGE);
    assert_non_null(strstr(error_text(&err), "did you mean money?"));
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

static int64_t number(struct temp_mall *mall, const char *sql)
{
    int64_t value;
    assert_ok(reader_begin(mall->reader, &err));
    assert_ok(reader_integer(mall->reader, sql, -1, &value, &err));
    reader_end(mall->reader);
    return value;
}

static void labels_keep_clusters(void **state)
{
    (void)state;
    struct temp_mall mall = people_mall();
    struct arena *arena = arena_new();
    struct feature_table table;
    struct clusters clusters;
    struct access admin = test_access(ACCESS_ADMIN), analyst = test_access(ACCESS_ANALYST);
    struct feature_query query = {.names = "money", .from = INT64_MIN, .at = INT64_MAX / 2};
    struct cluster_query how = {.k = 3, .seed = 1};
    assert_ok(features_read(mall.reader, arena, &query, &table, &err));
    assert_ok(clusters_run(arena, &table, &how, &clusters, &err));
    assert_int_equal(clusters_save(mall.writer, &analyst, &clusters, "kind", &err), ST_DENIED);
    assert_int_equal(clusters_save(mall.writer, &admin, &clusters, "", &err), ST_REFUSED);
    assert_ok(clusters_save(mall.writer, &admin, &clusters, "kind", &err));
    assert_int_equal(number(&mall, "select count(*) from label where name like 'kind-%'"), 3);
    assert_int_equal(number(&mall, "select count(*) from label_member"), 3);
    how.k = 2;
    assert_ok(clusters_run(arena, &table, &how, &clusters, &err));
    assert_ok(clusters_save(mall.writer, &admin, &clusters, "kind", &err));
    assert_int_equal(number(&mall, "select count(*) from label where name like 'kind-%'"), 2);
    assert_int_equal(number(&mall, "select count(*) from label_member"), 3);
    assert_int_equal(number(&mall, "select version from label where name = 'kind-1'"), 2);
    assert_int_equal(number(&mall, "select count(*) from audit where act = 'cluster'"), 2);
    test_run(&mall, "update label set rule = 'tier=gold' where name = 'kind-2'");
    assert_int_equal(clusters_save(mall.writer, &admin, &clusters, "kind", &err), ST_CONFLICT);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_are_their_definitions),
        cmocka_unit_test(rounds_end_at_rest),
        cmocka_unit_test(three_kinds_are_found),
        cmocka_unit_test(what_cannot_be_told_apart),
        cmocka_unit_test(features_are_counted_as_by_hand),
        cmocka_unit_test(labels_keep_clusters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
