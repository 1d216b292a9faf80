/* Ways over bastions behind bastions: each is what walking along the rows by hand gives; circles
 * and ways that are too long are told, and nothing goes over them. */
#include "model/fleet/way.h"
#include "model/fleet/work.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_are_those_of_the_rows),
        cmocka_unit_test(test_nothing_goes_over_a_circle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
