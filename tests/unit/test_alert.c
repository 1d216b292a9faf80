/* Alerts of devices and of zones: each count is its list, and a gap in the data is no silence. */
#include "model/base/arena.h"
#include "model/fleet/history.h"
#include "model/loop/alert.h"
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

static struct error err;

static void now_set(int64_t now)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)now);
    setenv("ATRIUM_NOW", text, 1);
}

/* Alerts of a rule, in their order; the arena's. */
static size_t alerts_of(struct temp_mall *t, struct arena *arena, const char *rule,
                        const struct alert **of)
{
    const struct alert *all;
    size_t n, m = 0;
    assert_ok(alerts_run(t->reader, arena, &all, &n, &err));
    struct alert *kept = arena_array(arena, struct alert, n + 1);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].rule->id, rule) == 0)
            kept[m++] = all[i];
    *of = kept;
    return m;
}

static size_t devices_of(struct temp_mall *t, struct arena *arena, const char *on)
{
    struct access access = test_access(ACCESS_TECHNICIAN);
    const struct device *devices;
    size_t n;
    assert_ok(device_list(t->reader, &access, arena, on, &devices, &n, &err));
    return n;
}

enum { NOON = 1508385600 }; /* 2017-10-19 12:00 at the mall */

static void test_quarantine(void **state)
{
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    const struct alert *alerts;
    (void)state;
    now_set(NOON);
    test_run(&t, "insert into device (code, kind, pin) values ('P1', 'pos', 'SHA256:x'),"
                 " ('P2', 'pos', 'SHA256:x'), ('P3', 'pos', 'SHA256:x')");
    assert_int_equal(alerts_of(&t, arena, "devices-quarantined", &alerts), 0);
    test_run(&t, "update device set quarantine = 'another key' where code <> 'P1'");
    assert_int_equal(alerts_of(&t, arena, "devices-quarantined", &alerts), 1);
    assert_string_equal(alerts[0].text, "2 devices are in quarantine");
    assert_int_equal(devices_of(&t, arena, alerts[0].argument), 2);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_words_and_since(void **state)
{
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    const struct alert *alerts;
    (void)state;
    now_set(NOON);
    test_run(&t, "with recursive n(i) as (select 1 union all select i + 1 from n where i < 12)"
                 "insert into device (id, code, kind, floor, pin) select i, 'W' || i, 'probe', '3',"
                 " 'SHA256:x' from n;"
                 "insert into device_state (device, time, seen, state) select id, 1508385000,"
                 " 1508380920 - id, iif(id <= 4, 'offline', 'ok') from device");
    assert_int_equal(alerts_of(&t, arena, "devices-silent", &alerts), 1);
    assert_string_equal(alerts[0].text, "floor 3 probes: 4 of 12 silent since 10:41");
    assert_int_equal(devices_of(&t, arena, alerts[0].argument), 4);
    /* What it reported is a word of it as well; from the tenth minute on it is silent again. */
    test_run(&t, "insert into collect (device, spool, time) values (1, 'sightings', 1508385100)");
    assert_int_equal(alerts_of(&t, arena, "devices-silent", &alerts), 1);
    assert_string_equal(alerts[0].text, "floor 3 probes: 3 of 12 silent since 10:41");
    assert_int_equal(devices_of(&t, arena, alerts[0].argument), 3);
    now_set(1508385100 + 600);
    assert_int_equal(alerts_of(&t, arena, "devices-silent", &alerts), 1);
    assert_string_equal(alerts[0].text, "floor 3 probes: 4 of 12 silent since 11:51");
    assert_int_equal(devices_of(&t, arena, alerts[0].argument), 4);
    unsetenv("ATRIUM_NOW");
    arena_free(arena);
    temp_mall_free(&t);
}

/* Random fleets: every device that the selection over all floors and kinds has is in one alert, and
 * each alert counts what its own selection lists. */
static void test_count_is_list(void **state)
{
    (void)state;
    for (int seed = 0; seed < 12; seed++) {
        struct temp_mall t = temp_mall_new();
        struct arena *arena = arena_new();
        const struct alert *alerts;
        char sql[2400];
        now_set(NOON);
        snprintf(
            sql, sizeof sql,
            "with recursive n(i, r) as (select 1, %d union all select i + 1,"
            " (r * 1103515245 + 12345) %% 2147483648 from n where i < 200)"
            "insert into device (id, code, kind, floor, pin, quarantine) select i, 'D' || i,"
            " case r >> 8 & 3 when 0 then 'probe' when 1 then 'POS' when 2 then 'pos' else '' end,"
            " case r >> 10 & 7 when 0 then '' when 1 then '3' when 2 then 'B 1' when 3 then"
            " '地下' when 4 then '''or' else '2' end, iif(r >> 13 & 7, 'SHA256:x', ''),"
            " iif(r >> 16 & 7, '', 'by hand') from n;"
            "insert into device_state (device, time, seen, state) select id, 1508385000,"
            " (id * 7919 + %d) %% 5 * 1508385600 / 4 - (id * 31 %% 1300), case (id * 104729 + %d)"
            " %% 7 when 0 then 'failed' when 1 then 'offline' when 2 then 'unknown' when 3 then"
            " 'offline' else 'ok' end from device where id %% 9;"
            "insert into collect (device, spool, time) select id, 'receipts', 1508385600 - id * 17"
            " from device where id %% 3 = 0",
            seed * 7919 + 1, seed, seed * 3);
        test_run(&t, sql);
        size_t n = alerts_of(&t, arena, "devices-silent", &alerts), sum = 0;
        assert_true(n > 3);
        for (size_t i = 0; i < n; i++) {
            assert_non_null(alerts[i].argument);
            size_t listed = devices_of(&t, arena, alerts[i].argument);
            assert_int_equal(listed, (size_t)alerts[i].value);
            sum += listed;
        }
        assert_int_equal(devices_of(&t, arena, "state in (offline, failed) and not age<10m"), sum);
        arena_free(arena);
        temp_mall_free(&t);
    }
    unsetenv("ATRIUM_NOW");
}

/* A floor whose name no selection can have is told all the same. */
static void test_hostile_floor(void **state)
{
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    const struct alert *alerts;
    (void)state;
    test_run(&t, "insert into device (id, code, kind, floor, pin) values (1, 'A', 'pos',"
                 " 'x\" or \\' || char(27), 'SHA256:x');"
                 "insert into device_state (device, time, state) values (1, 5, 'offline')");
    assert_int_equal(alerts_of(&t, arena, "devices-silent", &alerts), 1);
    assert_null(alerts[0].argument);
    assert_null(strchr(alerts[0].text, 27));
    arena_free(arena);
    temp_mall_free(&t);
}

/* ---- Zones ---- */

/* A week of sightings in three zones, each quarter of an hour from 8 to 12, then today's. */
static void week_add(struct temp_mall *t)
{
    static const char *const zones[] = {"Z1", "Z2", "Z3"};
    struct test_event events[3 * 7 * 16];
    size_t n = 0;
    for (int day = 12; day < 19; day++)
        for (int zone = 0; zone < 3; zone++)
            for (int i = 0; i < 16; i++)
                events[n++] = (struct test_event){.time = test_time(2017, 10, day, 8, i * 15),
                                                  .person = 1,
                                                  .kind = "sighting",
                                                  .zone = zones[zone]};
    for (size_t i = 0; i < n; i++) /* twice, so that a zone has its twenty */
        events[i].device = "W";
    test_events_add(t, events, n);
    for (size_t i = 0; i < n; i++)
        events[i].time += 60;
    test_events_add(t, events, n);
}

static void today_add(struct temp_mall *t, const char *kind, const char *zone, int hour)
{
    struct test_event event = {
        .time = test_time(2017, 10, 19, hour, 5), .person = 1, .kind = kind, .zone = zone};
    if (!zone)
        event.tenant = "T";
    test_events_add(t, &event, 1);
}

static void test_silent_zone(void **state)
{
    struct temp_mall t = temp_mall_new();
    struct arena *arena = arena_new();
    const struct alert *alerts;
    (void)state;
    now_set(NOON);
    week_add(&t);
    /* Nothing at all came of the day's first hours: the first word of the day is no alarm. */
    today_add(&t, "purchase", NULL, 11);
    now_set(test_time(2017, 10, 19, 11, 5));
    assert_int_equal(alerts_of(&t, arena, "probes-silent", &alerts), 0);
    /* Shops sell for hours, and no probe hears anything: one finding, of the mall. */
    for (int hour = 8; hour < 11; hour++)
        today_add(&t, "purchase", NULL, hour);
    assert_int_equal(alerts_of(&t, arena, "probes-silent", &alerts), 1);
    assert_string_equal(alerts[0].text, "no probe of the mall was heard for 3 h");
    /* It is heard again. */
    today_add(&t, "sighting", "Z1", 11);
    assert_int_equal(alerts_of(&t, arena, "probes-silent", &alerts), 0);
    /* One zone was heard all the time, another is heard now. */
    for (int hour = 8; hour < 11; hour++)
        today_add(&t, "sighting", "Z1", hour);
    today_add(&t, "sighting", "Z2", 11);
    assert_int_equal(alerts_of(&t, arena, "probes-silent", &alerts), 1);
    assert_int_equal(alerts[0].dim, DIM_ZONE);
    assert_string_equal(alerts[0].text, "probes in Z3 silent for 3 h");
    /* Where its probes are among the silent devices, those say it. */
    test_run(&t,
             "insert into device (id, code, kind, zone, floor, pin) select 900, 'W900', 'Probe',"
             " id, '1', 'SHA256:x' from zone where code = 'Z3';"
             "insert into device_state (device, time, state) values (900, 5, 'offline')");
    assert_int_equal(alerts_of(&t, arena, "probes-silent", &alerts), 0);
    assert_int_equal(alerts_of(&t, arena, "devices-silent", &alerts), 1);
    unsetenv("ATRIUM_NOW");
    arena_free(arena);
    temp_mall_free(&t);
}

/* ---- Samples ---- */

static void look(struct temp_mall *t, uint32_t device, int64_t time, int load, int disk,
                 int64_t clock)
{
    struct device_sight sight = {.device = device,
                                 .state = load < 0 ? DEVICE_OFFLINE : DEVICE_OK,
                                 .phase = "",
                                 .reason = "",
                                 .app = "",
                                 .config = "",
                                 .offered = "",
                                 .wanted = "",
                                 .load = load,
                                 .disk = disk,
                                 .time = time,
                                 .seen = load < 0 ? 0 : time,
                                 .clock_ms = clock};
    assert_ok(device_sights_keep(t->writer, "liu", &sight, 1, &err));
}

static void test_samples(void **state)
{
    enum { FROM = 500000, KEPT = SAMPLE_HOURS };
    struct temp_mall t = temp_mall_new();
    struct access access = test_access(ACCESS_TECHNICIAN), none = {0};
    struct device_sample samples[3];
    int64_t rows;
    (void)state;
    test_run(&t, "insert into device (id, code) values (7, 'A'), (8, 'B')");
    look(&t, 7, FROM * 3600LL + 10, 120, 40, -300);
    look(&t, 7, FROM * 3600LL + 20, 80, 41, 200);
    look(&t, 7, FROM * 3600LL + 30, -1, -1, 0);
    look(&t, 8, FROM * 3600LL + 30, 5, 6, 7);
    look(&t, 7, (FROM + 2) * 3600LL, -1, -1, 0);
    assert_ok(device_samples_read(t.reader, &access, 7, FROM + 2, samples, 3, &err));
    assert_int_equal(samples[0].hour, FROM);
    assert_int_equal(samples[0].asked, 3);
    assert_int_equal(samples[0].answered, 2);
    assert_int_equal(samples[0].load, 120);
    assert_int_equal(samples[0].disk, 41);
    assert_int_equal(samples[0].clock_ms, -300);
    assert_int_equal(samples[1].asked, 0);
    assert_int_equal(samples[1].load, -1);
    assert_int_equal(samples[2].asked, 1);
    assert_int_equal(samples[2].answered, 0);
    assert_int_equal(samples[2].load, -1);
    assert_int_equal(device_samples_read(t.reader, &none, 7, FROM, samples, 1, &err), ST_DENIED);
    error_clear(&err);
    /* Seven days and no more, however long it is asked. */
    for (int hour = 3; hour < KEPT + 40; hour++)
        look(&t, 7, (FROM + hour) * 3600LL, hour, 1, 1);
    assert_ok(reader_integer(t.reader, "select count(*) from device_sample where device = 7", 0,
                             &rows, &err));
    assert_int_equal(rows, KEPT);
    assert_ok(reader_integer(t.reader, "select min(hour) from device_sample where device = 7", 0,
                             &rows, &err));
    assert_int_equal(rows, FROM + 40);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quarantine),    cmocka_unit_test(test_words_and_since),
        cmocka_unit_test(test_count_is_list), cmocka_unit_test(test_hostile_floor),
        cmocka_unit_test(test_silent_zone),   cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
