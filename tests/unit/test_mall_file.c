/* Demo mall files: the same bytes from any number of threads, sound by every check, complete or not
 * there at all. */
#include "fixtures/mall/make.h"
#include "model/base/hash.h"
#include "model/loop/funnel_plan.h"
#include "model/segment/label.h"
#include "model/segment/saved.h"
#include "tests/support/temp.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

static enum status make(const char *path, uint32_t members, int threads, uint64_t seed,
                        struct demo_summary *summary)
{
    struct demo_options options = {.recipe = demo_recipe_default(members, 120, seed),
                                   .threads = threads};
    return demo_make(path, &options, summary, &err);
}

static char *file_hash(const char *path)
{
    size_t n;
    char *bytes = file_read_all(path, &n), *hex = mem_alloc(SHA256_HEX);
    unsigned char digest[SHA256_SIZE];
    sha256(bytes, n, digest);
    sha256_hex(digest, hex);
    free(bytes);
    return hex;
}

static bool exists(const char *path, const char *more)
{
    char *name = mem_printf("%s%s", path, more);
    struct stat found;
    bool there = lstat(name, &found) == 0;
    free(name);
    return there;
}

static void test_same_bytes(void **state)
{
    (void)state;
    char *folder = temp_folder();
    char *hashes[3];
    static const int threads[3] = {1, 2, 7};
    for (int i = 0; i < 3; i++) {
        struct demo_summary summary;
        char *path = mem_printf("%s/%d.mall", folder, i);
        assert_ok(make(path, 20000, threads[i], 5, &summary));
        assert_int_equal(summary.members, 20000);
        assert_true(summary.events > 100000 && summary.duplicates > 0 && summary.late > 0);
        hashes[i] = file_hash(path);
        assert_false(exists(path, "-wal") || exists(path, ".making") ||
                     exists(path, ".making.guard") || exists(path, ".making.lock"));
        free(path);
    }
    assert_string_equal(hashes[0], hashes[1]);
    assert_string_equal(hashes[0], hashes[2]);
    for (int i = 0; i < 3; i++)
        free(hashes[i]);
    temp_folder_remove(folder);
}

static void test_sound(void **state)
{
    (void)state;
    char *folder = temp_folder(), *path = temp_path(folder, "a.mall");
    struct demo_summary summary;
    assert_ok(make(path, 2000, 2, 1, &summary));
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    struct event_totals totals;
    assert_ok(event_totals(reader, &totals, &err));
    assert_int_equal(totals.events + totals.lines, summary.events);
    assert_true(totals.last - totals.first < 120 * 86400);
    assert_whole(reader);
    reader_close(reader);
    mall_close(mall);
    free(path);
    temp_folder_remove(folder);
}

/* What the team keeps says something of every mall, and nothing of it waits to be run. */
static void test_kept(void **state)
{
    (void)state;
    char *folder = temp_folder(), *path = temp_path(folder, "a.mall");
    struct demo_summary summary;
    assert_ok(make(path, 6000, 2, 3, &summary));
    setenv("ATRIUM_NOW", "1793462400", 1);
    struct arena *arena = arena_new();
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(reader_begin(reader, &err));
    const struct label *labels;
    const struct saved_segment *segments;
    const struct funnel_kept *funnels;
    size_t n, rules = 0;
    assert_ok(labels_list(reader, arena, &labels, &n, &err));
    for (size_t i = 0; i < n; i++) {
        if (labels[i].people <= 0 || labels[i].people > 4000 || labels[i].stale || *labels[i].error)
            fail_msg("label %s: %d people", labels[i].name, (int)labels[i].people);
        rules += *labels[i].rule != 0;
    }
    assert_int_equal(n, 16);
    assert_int_equal(rules, 12);
    assert_ok(saved_segments(reader, arena, &segments, &n, &err));
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        struct segment_answer answer;
        assert_ok(segment_run(reader, arena, NULL, segments[i].expression, &answer, &err));
        assert_int_equal(answer.n_notes, 0);
        assert_in_range(answer.count, 1, 4000);
    }
    assert_ok(funnels_kept(reader, arena, &funnels, &n, &err));
    assert_int_equal(n, n_saved_funnels + 5);
    for (size_t i = n_saved_funnels; i < n; i++) {
        struct funnel_plan plan;
        struct funnel funnel;
        assert_ok(funnel_plan_parse(arena, funnels[i].text, &plan, &err));
        plan.query.to = INT64_MAX;
        assert_ok(funnel_run(reader, arena, &plan.query, &funnel, &err));
        assert_true(funnel.steps[plan.query.n_steps - 1].count > 0);
    }
    reader_end(reader);
    arena_free(arena);
    reader_close(reader);
    mall_close(mall);
    unsetenv("ATRIUM_NOW");
    free(path);
    temp_folder_remove(folder);
}

static void test_existing_file(void **state)
{
    (void)state;
    char *folder = temp_folder(), *path = temp_path(folder, "a.mall");
    struct demo_summary summary;
    file_write_all(path, "mine", 4);
    assert_int_equal(make(path, 10, 1, 1, &summary), ST_REFUSED);
    assert_non_null(strstr(error_text(&err), "exists already"));
    size_t n;
    char *bytes = file_read_all(path, &n);
    assert_string_equal(bytes, "mine");
    free(bytes);
    free(path);
    temp_folder_remove(folder);
}

/* What a killed process left behind is in nobody's way. */
static void test_remains(void **state)
{
    (void)state;
    static const char *const rests[] = {".making", ".making-wal", ".making.guard"};
    char *folder = temp_folder(), *path = mem_printf("%s/deep/er/a.mall", folder);
    struct demo_summary summary;
    assert_ok(make(path, 10, 1, 1, &summary));
    assert_int_equal(unlink(path), 0);
    for (size_t i = 0; i < 3; i++) {
        char *rest = mem_printf("%s%s", path, rests[i]);
        file_write_all(rest, "half a mall", 11);
        free(rest);
    }
    assert_ok(make(path, 10, 1, 1, &summary));
    assert_true(exists(path, ""));
    for (size_t i = 0; i < 3; i++)
        assert_false(exists(path, rests[i]));
    free(path);
    temp_folder_remove(folder);
}

static void test_failure_leaves_nothing(void **state)
{
    (void)state;
    char *folder = temp_folder(), *path = temp_path(folder, "a.mall");
    struct demo_summary summary;
    assert_int_equal(make(path, 0, 1, 1, &summary), ST_USAGE);
    assert_false(exists(path, "") || exists(path, ".making") || exists(path, ".making.guard"));
    free(path);
    temp_folder_remove(folder);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_sound),
        cmocka_unit_test(test_kept),       cmocka_unit_test(test_existing_file),
        cmocka_unit_test(test_remains),    cmocka_unit_test(test_failure_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
