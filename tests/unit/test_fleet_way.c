/* Ways over bastions behind bastions: each is what walking along the rows by hand gives; circles
 * and ways that are too long are told, and nothing goes over them. */
#include "model/fleet/way.h"
#include "model/fleet/work.h"
#include "model/import/import.h"
#include "model/store/operation.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DEVICES = 8, ROUNDS = 60, WAIT_MS = 10000 };

static struct error err;

static const struct device *devices_of(struct temp_mall *t, struct arena *arena, size_t *n)
{
    struct access access = test_access(ACCESS_TECHNICIAN);
    const struct device *devices;
    assert_ok(device_list(t->reader, &access, arena, NULL, &devices, n, &err));
    return devices;
}

/* D1 to D8, none over another. */
static void devices_make(struct temp_mall *t)
{
    test_run(t, "with recursive n(i) as (select 1 union all select i + 1 from n where i < 8)"
                " insert into device (id, code, kind, host, port, pin)"
                " select i, 'D' || i, 'gateway', '127.0.0.1', 1000 + i, 'SHA256:x' from n");
}

static void over_set(struct temp_mall *t, int device, int bastion)
{
    char sql[96];
    snprintf(sql, sizeof sql, "update device set bastion = %d where id = %d", bastion, device);
    test_run(t, sql);
}

/* What is expected, from the rows alone: the way as text, or the trouble behind the bastion. */
static void expected_way(const int *over, int device, char *text, size_t size)
{
    int seen[DEVICES + 2], n = 0, circle = -1;
    char back[128] = "";
    for (int at = over[device]; at && circle < 0 && n <= DEVICE_HOPS_MOST; at = over[at]) {
        for (int i = 0; i < n; i++)
            if (seen[i] == at)
                circle = i;
        seen[n++] = at;
    }
    bool bad = circle >= 0 || n > DEVICE_HOPS_MOST;
    if (!n) {
        *text = '\0';
        return;
    }
    for (int i = bad ? 0 : n - 1; i >= 0; i--)
        snprintf(back + strlen(back), sizeof back - strlen(back), "%sD%d", *back ? " > " : "",
                 seen[i]);
    if (bad) {
        snprintf(back + strlen(back), sizeof back - strlen(back), ": %s: ",
                 circle >= 0 ? "its bastions are a circle"
                             : "its way goes over more than 4 bastions");
        for (int i = circle >= 0 ? circle : 0; i < n; i++)
            snprintf(back + strlen(back), sizeof back - strlen(back), "D%d%s", seen[i],
                     i + 1 < n ? ", " : "");
    }
    snprintf(text, size, "%s", back);
}

static void test_ways_are_those_of_the_rows(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    uint32_t seed = 5;
    int over[DEVICES + 1] = {0};
    size_t n, circles = 0, far = 0;
    devices_make(&t);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 1; i <= DEVICES; i++) {
            seed = seed * 1664525 + 1013904223;
            /* Half of the rounds without circles: only over those after it. */
            int from = round % 2 ? i + 1 : 1, span = DEVICES + 1 - from;
            over[i] = span > 0 && (seed >> 28) > 3 ? from + (int)((seed >> 8) % (uint32_t)span) : 0;
            over_set(&t, i, over[i]);
        }
        const struct device *devices = devices_of(&t, arena, &n);
        assert_int_equal(n, DEVICES);
        for (size_t i = 0; i < n; i++) {
            char expected[128];
            struct device copy;
            expected_way(over, (int)devices[i].id, expected, sizeof expected);
            assert_string_equal(device_way_text(arena, &devices[i].hop), expected);
            device_copy(arena, &copy, &devices[i]);
            assert_string_equal(device_way_text(arena, &copy.hop), expected);
            assert_true(way_same(&copy.hop, &devices[i].hop));
            circles += strstr(expected, "circle") != NULL;
            far += strstr(expected, "more than") != NULL;
        }
        arena_reset(arena);
    }
    assert_true(circles > 20 && far > 0);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_nothing_goes_over_a_circle(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    struct fleet_engine *engine;
    size_t n;
    devices_make(&t);
    over_set(&t, 1, 2);
    over_set(&t, 2, 3);
    over_set(&t, 3, 2);
    over_set(&t, 4, 4);
    const struct device *devices = devices_of(&t, arena, &n);
    assert_ok(fleet_new(&(struct fleet_options){0}, &engine, &err));
    struct fleet_work_options how = {.command = "true"};
    struct fleet_work *work = fleet_work_begin(engine, devices, 4, &how);
    assert_true(fleet_wait(engine, WAIT_MS));
    static const char *const words[] = {"D2, D3, D2", "D3, D2, D3", "D2, D3, D2", "D4, D4"};
    for (size_t i = 0; i < 4; i++) {
        const struct fleet_job *job = &fleet_work_results(work, &n)[i].job;
        char expected[128];
        snprintf(expected, sizeof expected, "nothing was sent: its bastions are a circle: %s",
                 words[i]);
        assert_int_equal(job->state, DEVICE_FAILED);
        assert_string_equal(job->reason, expected);
    }
    fleet_work_free(work);
    fleet_free(engine);
    arena_free(arena);
    temp_mall_free(&t);
}

/* An operation, as the form of a device makes it. */
static enum status bastion_put(struct temp_mall *t, const char *device, const char *bastion)
{
    json_t *set = json_pack("{s:s}", "bastion", bastion);
    struct operation op = {.actor = "tom",
                           .rights = ~0u,
                           .entity = "device",
                           .target = device,
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = set};
    enum status status = operation_apply(t->writer, &op, NULL, &err);
    json_decref(set);
    return status;
}

static void test_a_circle_cannot_be_entered(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    devices_make(&t);
    assert_ok(bastion_put(&t, "D1", "D2"));
    assert_ok(bastion_put(&t, "D2", "D3"));
    assert_int_equal(bastion_put(&t, "D3", "D1"), ST_REFUSED);
    assert_string_equal(error_text(&err), "bastions in a circle: 'D3', 'D1', 'D2', 'D3'");
    assert_int_equal(bastion_put(&t, "D4", "D4"), ST_REFUSED);
    assert_string_equal(error_text(&err), "bastions in a circle: 'D4', 'D4'");
    assert_ok(bastion_put(&t, "D2", ""));
    assert_ok(bastion_put(&t, "D3", "D1"));
    /* One that a file of before has put there: who leads to it is no part of it. */
    over_set(&t, 5, 6);
    over_set(&t, 6, 5);
    assert_ok(bastion_put(&t, "D7", "D5"));
    assert_int_equal(bastion_put(&t, "D5", "D6"), ST_REFUSED);
    assert_ok(bastion_put(&t, "D5", "D8"));
    temp_mall_free(&t);
}

static enum status bastions_import(struct temp_mall *t, const char *rows)
{
    char *path = temp_path(t->folder, "devices.csv"),
         *text = mem_printf("device,kind,host,bastion\n%s", rows);
    struct import_options options = {.table = &import_tables[IMPORT_DEVICES], .actor = "tom"};
    struct import_result result;
    file_write_all(path, text, strlen(text));
    enum status status = import_run(t->writer, path, &options, &result, &err);
    import_result_free(&result);
    free(path);
    free(text);
    return status;
}

static void test_a_circle_cannot_be_imported(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    size_t n;
    devices_make(&t);
    over_set(&t, 1, 2);
    assert_int_equal(bastions_import(&t, "D9,gateway,h,D1\nD2,gateway,h,D1\n"), ST_REFUSED);
    assert_string_equal(error_text(&err), "bastions in a circle: 'D2', 'D1', 'D2'");
    devices_of(&t, arena, &n);
    assert_int_equal(n, DEVICES); /* nothing of the file is there */
    assert_int_equal(bastions_import(&t, "D3,gateway,h,D3\n"), ST_REFUSED);
    /* The other way round, in whatever order, is none. */
    assert_ok(bastions_import(&t, "D2,gateway,h,D1\nD1,gateway,h,\n"));
    assert_ok(bastions_import(&t, "D1,gateway,h,D2\nD2,gateway,h,\n"));
    arena_free(arena);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_are_those_of_the_rows),
        cmocka_unit_test(test_nothing_goes_over_a_circle),
        cmocka_unit_test(test_a_circle_cannot_be_entered),
        cmocka_unit_test(test_a_circle_cannot_be_imported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
