/* Dates, zones and the mall's clock, against facts and against the C library's own zones. */
#include "model/base/time.h"

#include "model/base/hash.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct error err;

static struct zone *zone(const char *name)
{
    struct zone *loaded;
    assert_ok(zone_load(name, &loaded, &err));
    assert_string_equal(zone_name(loaded), name);
    return loaded;
}

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        int year, month, day;
        int32_t number;
        int weekday;
    } facts[] = {
        {1970, 1, 1, 0, 3},      {1969, 12, 31, -1, 2},      {2000, 2, 29, 11016, 1},
        {2017, 9, 16, 17425, 5}, {2024, 10, 17, 20013, 3},   {1900, 3, 1, -25508, 3},
        {2100, 2, 28, 47540, 6}, {9999, 12, 31, 2932896, 4}, {1, 1, 1, -719162, 0},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        int year, month, day;
        assert_int_equal(date_number(facts[i].year, facts[i].month, facts[i].day), facts[i].number);
        assert_int_equal(date_weekday(facts[i].number), facts[i].weekday);
        date_civil(facts[i].number, &year, &month, &day);
        assert_int_equal(year, facts[i].year);
        assert_int_equal(month, facts[i].month);
        assert_int_equal(day, facts[i].day);
    }
    /* Every day of 800 years follows the one before. */
    for (int32_t n = -200000; n < 100000; n++) {
        int y, m, d;
        date_civil(n, &y, &m, &d);
        assert_int_equal(date_number(y, m, d), n);
        assert_int_equal(month_of_day(n), y * 12 + m - 1);
    }
    assert_int_equal(date_number(2024, 14, 1), date_number(2025, 2, 1));
    assert_int_equal(date_number(2024, 0, 1), date_number(2023, 12, 1));
    assert_int_equal(date_number(2024, -11, 1), date_number(2023, 1, 1));
    assert_int_equal(date_number(2023, 2, 29), date_number(2023, 3, 1));
    assert_int_equal(month_first_day(2017 * 12 + 8), date_number(2017, 9, 1));
}

static const char *const zones[] = {
    "Asia/Shanghai",    "Europe/Berlin",      "America/New_York",  "Australia/Lord_Howe",
    "Asia/Kolkata",     "America/Sao_Paulo",  "Africa/Casablanca", "Europe/Dublin",
    "Pacific/Apia",     "America/St_Johns",   "Asia/Tehran",       "Antarctica/Troll",
    "Asia/Gaza",        "America/Nuuk",       "Pacific/Auckland",  "Europe/London",
    "America/Santiago", "Pacific/Kiritimati", "Asia/Kathmandu",    "UTC",
};

/* The C library reads the same files by its own means. */
static void test_zones_against_the_c_library(void **state)
{
    (void)state;
    enum { MOMENTS = 3000 };
    static const int64_t least = -2000000000, most = 5000000000; /* 1906 .. 2128 */
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        struct zone *z = zone(zones[i]);
        setenv("TZ", zones[i], 1);
        tzset();
        for (uint64_t k = 0; k < MOMENTS; k++) {
            int64_t utc = least + (int64_t)(hash_mix(k * 1000003 + i) % (uint64_t)(most - least));
            time_t t = utc;
            struct tm tm;
            localtime_r(&t, &tm);
            struct civil c = zone_civil(z, utc);
            if (zone_offset(z, utc) != tm.tm_gmtoff || c.year != tm.tm_year + 1900 ||
                c.month != tm.tm_mon + 1 || c.day != tm.tm_mday || c.hour != tm.tm_hour ||
                c.minute != tm.tm_min || c.second != tm.tm_sec || c.weekday != (tm.tm_wday + 6) % 7)
                fail_msg("%s at %lld: offset %d, the C library says %ld", zones[i], (long long)utc,
                         zone_offset(z, utc), tm.tm_gmtoff);
            /* Back to the moment, or to the earlier of two with this local time. */
            int64_t back = zone_utc(z, c.year, c.month, c.day, c.hour, c.minute, c.second);
            assert_true(back == utc || (back < utc && utc - back <= 7200));
            struct civil again = zone_civil(z, back);
            assert_true(again.hour == c.hour && again.minute == c.minute && again.day == c.day);
        }
        zone_free(z);
    }
    unsetenv("TZ");
    tzset();
}

static void test_clock_changes(void **state)
{
    (void)state;
    struct zone *berlin = zone("Europe/Berlin");
    /* 02:30 on 2024-03-31 does not exist: it moves forward; on 2024-10-27 it exists twice. */
    assert_int_equal(zone_utc(berlin, 2024, 3, 31, 2, 30, 0), 1711848600);
    assert_int_equal(zone_civil(berlin, 1711848600).hour, 3);
    assert_int_equal(zone_utc(berlin, 2024, 10, 27, 2, 30, 0), 1729989000);
    assert_int_equal(zone_offset(berlin, 1729989000), 7200);
    /* Far after the last transition of the file the rule goes on. */
    assert_int_equal(zone_utc(berlin, 2090, 7, 1, 12, 0, 0), 3802586400);
    zone_free(berlin);
    struct zone *shanghai = zone("Asia/Shanghai");
    assert_int_equal(zone_utc(shanghai, 2024, 10, 17, 11, 15, 49), 1729134949);
    assert_int_equal(zone_offset(shanghai, 520000000), 9 * 3600); /* summer time of 1986 */
    zone_free(shanghai);
    struct zone *fixed = zone("+05:45");
    assert_int_equal(zone_offset(fixed, 0), 20700);
    zone_free(fixed);
    fixed = zone("-03:30");
    assert_int_equal(zone_offset(fixed, 0), -12600);
    zone_free(fixed);
}

static void test_unknown_zones(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",         "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Asia/Shanghai\n",
        "+8:00",    "+08:60",       "+-8:00",           "+08:000",        "+19:00",
        "zone.tab", "Europe",       "\x1b[2J",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct zone *z = NULL;
        if (zone_load(wrong[i], &z, &err) != ST_REFUSED)
            fail_msg("'%s' was taken", wrong[i]);
        assert_null(z);
        assert_non_null(strstr(error_text(&err), "expected a name such as Asia/Shanghai"));
        assert_null(strchr(error_text(&err), '\x1b'));
        error_clear(&err);
    }
}

static void test_mall_clock(void **state)
{
    (void)state;
    struct zone *z = zone("Asia/Shanghai");
    struct clock clock = {.zone = z, .boundary = 4 * 3600};
    int64_t midnight = zone_utc(z, 2017, 9, 16, 0, 0, 0);
    int32_t day = date_number(2017, 9, 16);
    assert_int_equal(clock_day(&clock, midnight), day - 1);
    assert_int_equal(clock_day(&clock, midnight + 4 * 3600 - 1), day - 1);
    assert_int_equal(clock_day(&clock, midnight + 4 * 3600), day);
    assert_int_equal(clock_day_start(&clock, day), midnight + 4 * 3600);
    assert_int_equal(clock_hour(&clock, midnight + 3599), 0);
    assert_int_equal(clock_hour(&clock, midnight + 23 * 3600), 23);
    assert_int_equal(clock_month(&clock, zone_utc(z, 2017, 10, 1, 3, 0, 0)), 2017 * 12 + 8);
    assert_int_equal(clock_month(&clock, zone_utc(z, 2017, 10, 1, 4, 0, 0)), 2017 * 12 + 9);
    zone_free(z);
    z = zone("Europe/Berlin");
    clock = (struct clock){.zone = z, .boundary = 0};
    day = date_number(2024, 3, 31);
    assert_int_equal(clock_day_start(&clock, day + 1) - clock_day_start(&clock, day), 23 * 3600);
    day = date_number(2024, 10, 27);
    assert_int_equal(clock_day_start(&clock, day + 1) - clock_day_start(&clock, day), 25 * 3600);
    zone_free(z);
}

static void test_parsing(void **state)
{
    (void)state;
    struct zone *z = zone("Asia/Shanghai");
    static const struct {
        const char *text;
        int64_t utc;
    } good[] = {
        {"2024-10-17 11:15:49", 1729134949},
        {"2024-10-17T11:15:49", 1729134949},
        {"2024-10-17T03:15:49Z", 1729134949},
        {"2024-10-17t03:15:49z", 1729134949},
        {"2024-10-17T05:15:49+02:00", 1729134949},
        {"2024-10-16T23:45:49-03:30", 1729134949},
        {"2024-10-17 11:15:49.999999", 1729134949},
        {"2024-10-17 11:15", 1729134900},
        {"2024-10-17", 1729094400},
        {"1729134949", 1729134949},
        {"0", 0},
        {"-1", -1},
        {"1970-01-01T00:00:00Z", 0},
        {"2016-12-31T23:59:60Z", 1483228800},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t utc = 12345;
        if (!time_parse(z, good[i].text, strlen(good[i].text), &utc) || utc != good[i].utc)
            fail_msg("'%s' gave %lld", good[i].text, (long long)utc);
    }
    static const char *const bad[] = {
        "",
        "2024",
        "2024-13-01",
        "2023-02-29",
        "2024-1-1",
        "2024-10-17 24:00",
        "2024-10-17 11:60",
        "2024-10-17 11:15:61",
        "2024-10-17 ",
        "2024-10-17 11",
        "2024-10-17T11:15:49+8",
        "2024-10-17T11:15:49.",
        "17/10/2024",
        "99999999999999999999",
        "253402300800",
        "2024-10-17 11:15:49 ",
        "1899-12-31",
        "2024-10-17T11:15:49Zz",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t utc;
        /* A plain year is epoch seconds; everything else here is no time. */
        bool expected = strcmp(bad[i], "2024") == 0;
        if (time_parse(z, bad[i], strlen(bad[i]), &utc) != expected)
            fail_msg("'%s' was %s", bad[i], expected ? "refused" : "taken");
    }
    zone_free(z);
}

static void test_writing(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct zone *z = zone("Asia/Shanghai");
    assert_string_equal(time_local(arena, z, 1729134949), "2024-10-17 11:15:49");
    assert_string_equal(time_rfc3339(arena, z, 1729134949), "2024-10-17T11:15:49+08:00");
    assert_string_equal(date_text(arena, -1), "1969-12-31");
    zone_free(z);
    z = zone("America/St_Johns");
    assert_string_equal(time_rfc3339(arena, z, 1729134949), "2024-10-17T00:45:49-02:30");
    zone_free(z);
    z = zone("UTC");
    assert_string_equal(time_rfc3339(arena, z, 0), "1970-01-01T00:00:00Z");
    zone_free(z);
    arena_free(arena);
}

static void test_now(void **state)
{
    (void)state;
    setenv("ATRIUM_NOW", "86400", 1);
    assert_int_equal(time_now(), 86400);
    setenv("ATRIUM_NOW", "soon", 1);
    assert_true(time_now() > 1700000000);
    unsetenv("ATRIUM_NOW");
    int64_t first = time_monotonic_ns();
    assert_true(time_monotonic_ns() >= first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),         cmocka_unit_test(test_zones_against_the_c_library),
        cmocka_unit_test(test_clock_changes), cmocka_unit_test(test_unknown_zones),
        cmocka_unit_test(test_mall_clock),    cmocka_unit_test(test_parsing),
        cmocka_unit_test(test_writing),       cmocka_unit_test(test_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
