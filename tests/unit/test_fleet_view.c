/* What the fleet's screens are made of: rows and groups of devices, folded answers, differences,
 * and the journal of acts. */
#include "model/fleet/act.h"
#include "model/fleet/diff.h"
#include "model/fleet/select.h"
#include "tests/support/people.h"
#include "tui/theme.h"
#include "views/fleet_fold.h"
#include "views/fleet_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- Differences ---- */

static uint32_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static size_t text_make(char *text, size_t most)
{
    size_t n = random_below(12), at = 0;
    for (size_t i = 0; i < n && at + 3 < most; i++) {
        text[at++] = (char)('a' + random_below(4));
        text[at++] = '\n';
    }
    return at;
}

/* The naive length of the longest common subsequence of lines of two bytes each. */
static size_t common(const char *a, size_t n, const char *b, size_t m)
{
    if (!n || !m)
        return 0;
    if (*a == *b)
        return 1 + common(a + 2, n - 2, b + 2, m - 2);
    size_t left = common(a + 2, n - 2, b, m), right = common(a, n, b + 2, m - 2);
    return left > right ? left : right;
}

static void differences_give_both_texts_and_keep_most(void **state)
{
    (void)state;
    for (seed = 1; seed < 100000; seed += 331) {
        char a[64], b[64], from[64] = "", to[64] = "";
        uint32_t kept_seed = seed;
        size_t n_a = text_make(a, sizeof a), n_b = text_make(b, sizeof b), n, kept = 0;
        struct arena *arena = arena_new();
        const struct diff_line *lines = text_diff(arena, a, n_a, b, n_b, &n);
        size_t at_a = 0, at_b = 0;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(lines[i].n, 1);
            if (lines[i].mark != '+') {
                from[at_a++] = *lines[i].text;
                from[at_a++] = '\n';
            }
            if (lines[i].mark != '-') {
                to[at_b++] = *lines[i].text;
                to[at_b++] = '\n';
            }
            kept += lines[i].mark == ' ';
        }
        assert_int_equal(at_a, n_a);
        assert_int_equal(at_b, n_b);
        assert_memory_equal(from, a, n_a);
        assert_memory_equal(to, b, n_b);
        assert_int_equal(kept, common(a, n_a, b, n_b));
        arena_free(arena);
        seed = kept_seed;
    }
}

static void differences_of_huge_texts_end(void **state)
{
    (void)state;
    enum { LINES = 4000 };
    char *a = mem_alloc(LINES * 8), *b = mem_alloc(LINES * 8);
    size_t n_a = 0, n_b = 0, n;
    for (int i = 0; i < LINES; i++) {
        n_a += (size_t)snprintf(a + n_a, 8, "%d\n", i);
        n_b += (size_t)snprintf(b + n_b, 8, "x%d\n", i);
    }
    struct arena *arena = arena_new();
    text_diff(arena, a, n_a, b, n_b, &n);
    assert_int_equal(n, 2 * LINES);
    arena_free(arena);
    free(a);
    free(b);
}

/* ---- Rows and groups ---- */

enum { DEVICES = 60 };

static struct device *devices_make(struct arena *arena)
{
    static const char *const kinds[] = {"pos", "screen", ""}, *const shops[] = {"Uni\"qlo", "",
                                                                                "b"};
    static const char *const versions[] = {"2.10", "2.9", "", "2.9"};
    struct device *devices = arena_array(arena, struct device, DEVICES);
    for (uint32_t i = 0; i < DEVICES; i++)
        devices[i] = (struct device){.id = i + 1,
                                     .code = arena_printf(arena, "D%02u", i),
                                     .kind = kinds[i % 3],
                                     .shop = shops[i / 3 % 3],
                                     .floor = i % 7 ? "2" : "",
                                     .app = versions[i % 4],
                                     .config = i % 10 == 3 ? "bbbb" : "aaaa",
                                     .model = "m",
                                     .tenant = "",
                                     .zone = "",
                                     .host = "",
                                     .user = "",
                                     .pin = "",
                                     .quarantine = "",
                                     .note = "",
                                     .phase = "",
                                     .reason = "",
                                     .offered = "",
                                     .state = (enum device_condition)(i % DEVICE_CONDITIONS),
                                     .load = -1,
                                     .disk = -1,
                                     .spool = -1};
    return devices;
}

/* The number of a group is that of the devices its expression selects. */
static void groups_count_what_they_open(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct device *devices = devices_make(arena);
    for (int by = FLEET_BY_FLOOR; by < FLEET_BYS; by++) {
        const struct fleet_group_row *groups;
        struct sheet *sheet =
            fleet_group_sheet(arena, devices, DEVICES, (enum fleet_by)by, &groups);
        size_t all = 0;
        for (size_t g = 0; g < sheet->n_rows; g++) {
            const char *text = fleet_group_expression(arena, (enum fleet_by)by, groups[g].name);
            struct device_select *select;
            size_t n = 0;
            bool selected;
            assert_ok(device_select_new(text, &select, &err));
            for (size_t i = 0; i < DEVICES; i++) {
                assert_ok(device_selected(select, &devices[i], 0, &selected, &err));
                n += selected;
            }
            device_select_free(select);
            if (n != groups[g].n)
                fail_msg("%s: %zu selected, %zu counted", text, n, groups[g].n);
            all += n;
        }
        assert_int_equal(all, DEVICES);
    }
    assert_null(fleet_group_expression(arena, FLEET_BY_SHOP, "a\\"));
    arena_free(arena);
}

static void configurations_differ_from_most_of_their_kind(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct device *devices = devices_make(arena);
    theme_start_plain(&(struct theme_options){.colors = 0});
    assert_string_equal(fleet_usual_config(devices, DEVICES, "pos"), "aaaa");
    assert_string_equal(fleet_usual_config(devices, DEVICES, "none"), "");
    struct sheet *sheet =
        fleet_device_sheet(arena, devices, DEVICES, devices + 3, 2, 0, NULL, NULL);
    assert_string_equal(sheet_row(sheet, 0)[FLEET_COLUMN_CONFIG].text, "≠ bbbb");
    assert_string_equal(sheet_row(sheet, 1)[FLEET_COLUMN_CONFIG].text, "=");
    assert_string_equal(fleet_kinds_text(arena, devices, 5), "2 pos, 2 screen, 1 without a kind");
    assert_string_equal(fleet_counts_text(arena, devices, 8, true), "● 1 ! 2 ? 2 ◌ 1 · 1 – 1");
    arena_free(arena);
}

/* ---- Folded answers ---- */

static void answers_fold_live(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const struct device *devices = devices_make(arena);
    struct fleet_result results[10] = {0};
    for (int i = 0; i < 10; i++) {
        struct fleet_result *r = &results[i];
        r->device = &devices[i];
        r->finished = i != 9;
        r->job.state = i < 6 ? DEVICE_OK : i < 8 ? DEVICE_OFFLINE : DEVICE_UNKNOWN;
        r->job.phase = i < 6 ? PHASE_DONE : i < 8 ? PHASE_CONNECT : PHASE_OUTPUT;
        snprintf(r->job.reason, sizeof r->job.reason, "%s", i < 6 ? "" : "no answer");
        const char *text = i == 4 ? "a\nX\nc\n" : i == 5 ? "a\nb\nc\n\033]0;evil\007" : "a\nb\nc\n";
        r->output = (struct fleet_output){text, strlen(text), i == 4};
    }
    struct folded *folded = fleet_results_fold(arena, results, 10, NULL);
    assert_string_equal(folded_text(arena, folded),
                        "4 identical, 2 differ, 3 no answer, 1 running");
    assert_int_equal(folded->n, 6);
    size_t devices_in_rows = 0;
    for (size_t i = 0; i < folded->n; i++)
        devices_in_rows += folded->rows[i].n;
    assert_int_equal(devices_in_rows, 10);
    assert_true(folded->rows[0].majority);
    assert_int_equal(folded->rows[3].n, 2);
    assert_true(folded->rows[5].running);
    struct sheet *lines = fleet_row_lines(arena, results, folded, 1);
    const char *text = "";
    for (size_t i = 0; i < lines->n_rows; i++)
        text = arena_printf(arena, "%s%s%s|", text, sheet_row(lines, i)[0].text,
                            sheet_row(lines, i)[1].text);
    assert_string_equal(text, "a|-b|+X|c|+exit status 1, the majority's is 0|");
    lines = fleet_row_lines(arena, results, folded, 2);
    for (size_t i = 0; i < lines->n_rows; i++)
        assert_null(strpbrk(sheet_row(lines, i)[1].text, "\033\007"));
    lines = fleet_row_lines(arena, results, folded, 3);
    assert_string_equal(sheet_row(lines, 0)[1].text, "D06: connect: no answer");
    arena_free(arena);
}

/* ---- Acts ---- */

static void acts_are_announced_and_kept(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    struct access admin = {.rights = ~0u}, nobody = {0};
    struct device device = {.id = 7};
    struct fleet_result result = {.device = &device, .job = {.state = DEVICE_OK, .exit_status = 3}};
    const struct device_act *acts;
    size_t n;
    assert_ok(device_act_announce(t.writer, "liu", "run", "uptime", 1, &err));
    assert_ok(device_acts_keep(t.writer, "liu", "run", "uptime", &result, 1, &err));
    result.job.state = DEVICE_UNKNOWN;
    result.job.exit_status = -1;
    assert_ok(device_acts_keep(t.writer, "liu", "run", "\033[2Jls", &result, 1, &err));
    assert_ok(device_acts_read(t.reader, &admin, arena, 7, 10, &acts, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(acts[0].state, "unknown");
    assert_int_equal(acts[0].exit_status, -1);
    assert_null(strchr(acts[0].detail, '\033'));
    assert_int_equal(acts[1].exit_status, 3);
    assert_string_equal(acts[1].actor, "liu");
    assert_int_equal(device_acts_read(t.reader, &nobody, arena, 7, 10, &acts, &n, &err), ST_DENIED);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_give_both_texts_and_keep_most),
        cmocka_unit_test(differences_of_huge_texts_end),
        cmocka_unit_test(groups_count_what_they_open),
        cmocka_unit_test(configurations_differ_from_most_of_their_kind),
        cmocka_unit_test(answers_fold_live),
        cmocka_unit_test(acts_are_announced_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
