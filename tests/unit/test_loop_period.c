/* Periods: names, what a person types, comparison; in zones that change their clocks, too. */
#include "model/base/arena.h"
#include "model/loop/period.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct place {
    struct zone *zone;
    struct clock clock;
    struct arena *arena;
};

static struct place place_open(const char *zone, int32_t boundary)
{
    struct place place = {.arena = arena_new()};
    struct error err = {0};

    assert_int_equal(zone_load(zone, &place.zone, &err), ST_OK);
    place.clock = (struct clock){place.zone, boundary};
    return place;
}

static void place_close(struct place *place)
{
    zone_free(place->zone);
    arena_free(place->arena);
}

static int64_t at(const struct place *place, int year, int month, int day, int hour)
{
    return zone_utc(place->zone, year, month, day, hour, 0, 0);
}

static void assert_local(const struct place *place, int64_t utc, const char *text)
{
    assert_string_equal(time_local(place->arena, place->zone, utc), text);
}

static struct period typed(const struct place *place, int64_t present, const char *text)
{
    struct period period;
    struct error err = {0};

    if (period_parse(&place->clock, present, text, &period, &err) != ST_OK)
        fail_msg("%s: %s", text, error_text(&err));
    return period;
}

static void names_count_back_from_the_present(void **state)
{
    (void)state;
    struct place p = place_open("Asia/Shanghai", 4 * 3600);
    /* 02:00 on the 1st still belongs to the mall day of 31 October. */
    int64_t present = at(&p, 2017, 11, 1, 2);
    struct period today = period_named(&p.clock, present, PERIOD_TODAY);
    struct period month = period_named(&p.clock, present, PERIOD_MONTH);
    struct period days = period_named(&p.clock, present, PERIOD_30_DAYS);
    struct period quarter = period_named(&p.clock, present, PERIOD_QUARTER);
    struct period yesterday = period_named(&p.clock, present, PERIOD_YESTERDAY);

    assert_local(&p, today.from, "2017-10-31 04:00:00");
    assert_local(&p, today.to, "2017-11-01 04:00:00");
    assert_int_equal(today.until, present + 1);
    assert_true(today.whole);
    assert_local(&p, month.from, "2017-10-01 04:00:00");
    assert_local(&p, month.to, "2017-11-01 04:00:00");
    assert_int_equal(period_days(&days), 30);
    assert_local(&p, days.from, "2017-10-02 04:00:00");
    assert_local(&p, quarter.from, "2017-10-01 04:00:00");
    assert_local(&p, quarter.to, "2018-01-01 04:00:00");
    assert_local(&p, yesterday.to, "2017-10-31 04:00:00");
    assert_int_equal(yesterday.until, yesterday.to);
    place_close(&p);
}

static void what_a_person_types(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to, *id, *title;
    } cases[] = {
        {"2017-10", "2017-10-01 04:00:00", "2017-11-01 04:00:00", "2017-10", "October 2017"},
        {"2017", "2017-01-01 04:00:00", "2018-01-01 04:00:00", "2017", "2017"},
        {"2017-10-05", "2017-10-05 04:00:00", "2017-10-06 04:00:00", "2017-10-05", "5 Oct 2017"},
        {"2017-10-01..2017-10-08", "2017-10-01 04:00:00", "2017-10-09 04:00:00",
         "2017-10-01..2017-10-08", "1 Oct 2017 to 8 Oct 2017"},
        {" 2017-10-01 .. 2017-10-08 ", "2017-10-01 04:00:00", "2017-10-09 04:00:00",
         "2017-10-01..2017-10-08", "1 Oct 2017 to 8 Oct 2017"},
        {"2017-07..2017-09", "2017-07-01 04:00:00", "2017-10-01 04:00:00", "2017-07-01..2017-09-30",
         "quarter 3 of 2017"},
        {"2016-02-29", "2016-02-29 04:00:00", "2016-03-01 04:00:00", "2016-02-29", "29 Feb 2016"},
        {"2017-10-05 10:00..2017-10-05 12:30", "2017-10-05 10:00:00", "2017-10-05 12:30:00",
         "2017-10-05 10:00:00..2017-10-05 12:30:00", "2017-10-05 10:00:00 to 2017-10-05 12:30:00"},
        {"today", "2017-10-31 04:00:00", "2017-11-01 04:00:00", "today", "today, 31 Oct 2017"},
        {"Last 7 Days", "2017-10-25 04:00:00", "2017-11-01 04:00:00", "7d",
         "last 7 days, to 31 Oct 2017"},
        {"30d", "2017-10-02 04:00:00", "2017-11-01 04:00:00", "30d",
         "last 30 days, to 31 Oct 2017"},
        {"14d", "2017-10-18 04:00:00", "2017-11-01 04:00:00", "2017-10-18..2017-10-31",
         "18 Oct 2017 to 31 Oct 2017"},
        {"month", "2017-10-01 04:00:00", "2017-11-01 04:00:00", "month", "October 2017"},
    };
    struct place p = place_open("Asia/Shanghai", 4 * 3600);
    int64_t present = at(&p, 2017, 10, 31, 22);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct period period = typed(&p, present, cases[i].text);
        assert_local(&p, period.from, cases[i].from);
        assert_local(&p, period.to, cases[i].to);
        char *id = period_id(p.arena, &p.clock, &period);
        assert_string_equal(id, cases[i].id);
        assert_string_equal(period_title(p.arena, &p.clock, &period), cases[i].title);
        struct period again = typed(&p, present, id);
        assert_int_equal(again.from, period.from);
        assert_int_equal(again.to, period.to);
    }
    place_close(&p);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "expected today"},
        {"tody", "did you mean today?"},
        {"2017-13", "found '2017-13'"},
        {"2017-02-29", "found '2017-02-29'"},
        {"2017-10-32", "expected"},
        {"17-10-01", "expected"},
        {"0d", "expected"},
        {"99999999d", "expected"},
        {"2017-10-08..2017-10-01", "ends before it starts"},
        {"2017-10-08..", "expected"},
        {"..2017-10-08", "expected"},
        {"custom", "expected"},
        {"1508800000", "expected"},
        {"2017-10-08..\x1b[31m", "\\x1b"},
    };
    struct place p = place_open("Asia/Shanghai", 4 * 3600);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct period period;
        struct error err = {0};
        assert_int_equal(
            period_parse(&p.clock, at(&p, 2017, 10, 31, 22), cases[i].text, &period, &err),
            ST_USAGE);
        if (!strstr(error_text(&err), cases[i].says))
            fail_msg("%s: %s", cases[i].text, error_text(&err));
        error_clear(&err);
    }
    place_close(&p);
}

static void comparison(void **state)
{
    (void)state;
    static const struct {
        const char *period;
        enum compare compare;
        const char *from, *to;
    } cases[] = {
        {"2017-10-09..2017-10-15", COMPARE_BEFORE, "2017-10-02 04:00:00", "2017-10-09 04:00:00"},
        {"2017-10", COMPARE_BEFORE, "2017-09-01 04:00:00", "2017-10-01 04:00:00"},
        {"2017-03", COMPARE_BEFORE, "2017-02-01 04:00:00", "2017-03-01 04:00:00"},
        {"2017-07..2017-09", COMPARE_BEFORE, "2017-04-01 04:00:00", "2017-07-01 04:00:00"},
        {"2017", COMPARE_BEFORE, "2016-01-01 04:00:00", "2017-01-01 04:00:00"},
        {"2017-10", COMPARE_YEAR, "2016-10-01 04:00:00", "2016-11-01 04:00:00"},
        {"2016-02-29", COMPARE_YEAR, "2015-02-28 04:00:00", "2015-03-01 04:00:00"},
        {"2017-10-09", COMPARE_YEAR_WEEKDAY, "2016-10-10 04:00:00", "2016-10-11 04:00:00"},
        {"2017-10-05 10:00..2017-10-05 12:00", COMPARE_BEFORE, "2017-10-05 08:00:00",
         "2017-10-05 10:00:00"},
        {"2017-10-05 10:00..2017-10-05 12:00", COMPARE_YEAR, "2016-10-05 10:00:00",
         "2016-10-05 12:00:00"},
    };
    struct place p = place_open("Asia/Shanghai", 4 * 3600);
    int64_t present = at(&p, 2018, 6, 1, 12);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct period period = typed(&p, present, cases[i].period);
        struct period other = period_compare(&p.clock, &period, cases[i].compare);
        assert_local(&p, other.from, cases[i].from);
        assert_local(&p, other.to, cases[i].to);
        assert_int_equal(other.until, other.to);
    }
    place_close(&p);
}

static void an_unfinished_period_is_compared_with_as_much_of_the_other(void **state)
{
    (void)state;
    struct place p = place_open("Asia/Shanghai", 4 * 3600);
    int64_t present = at(&p, 2017, 10, 31, 14);
    struct period today = period_named(&p.clock, present, PERIOD_TODAY);
    struct period month = period_named(&p.clock, present, PERIOD_MONTH);
    struct period year = period_named(&p.clock, present, PERIOD_YEAR);
    struct period other = period_compare(&p.clock, &today, COMPARE_BEFORE);

    assert_local(&p, other.from, "2017-10-30 04:00:00");
    assert_local(&p, other.to - 1, "2017-10-30 14:00:00");
    other = period_compare(&p.clock, &today, COMPARE_YEAR_WEEKDAY);
    assert_local(&p, other.to - 1, "2016-11-01 14:00:00");
    other = period_compare(&p.clock, &year, COMPARE_BEFORE);
    assert_local(&p, other.from, "2016-01-01 04:00:00");
    assert_local(&p, other.to - 1, "2016-10-30 14:00:00"); /* as many days into a leap year */
    /* September has no 31st: all of it. */
    other = period_compare(&p.clock, &month, COMPARE_BEFORE);
    assert_local(&p, other.to, "2017-10-01 04:00:00");
    place_close(&p);
}

static void days_on_which_the_clock_is_changed(void **state)
{
    (void)state;
    struct place p = place_open("Europe/Berlin", 2 * 3600 + 1800);
    int64_t present = at(&p, 2024, 11, 15, 12);
    struct period spring = typed(&p, present, "2024-03-30..2024-03-31");
    struct period autumn = typed(&p, present, "2024-10-26");

    /* 02:30 does not exist on 31 March: the day starts an hour later by the clock. */
    assert_local(&p, spring.to, "2024-04-01 02:30:00");
    assert_int_equal(spring.to - spring.from, 47 * 3600);
    /* 02:30 comes twice on 27 October: the earlier one. */
    assert_local(&p, autumn.to, "2024-10-27 02:30:00");
    assert_int_equal(autumn.to - autumn.from, 24 * 3600);
    struct period before = period_compare(&p.clock, &spring, COMPARE_BEFORE);
    assert_local(&p, before.from, "2024-03-28 02:30:00");
    assert_int_equal(before.to, spring.from);
    struct period week = typed(&p, present, "2024-10-21..2024-10-27");
    assert_int_equal(week.to - week.from, (7 * 24 + 1) * 3600);
    place_close(&p);
}

static void every_named_period_holds_the_present_and_reads_back(void **state)
{
    (void)state;
    static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "America/New_York",
                                        "Australia/Lord_Howe", "UTC"};

    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        struct place p = place_open(zones[z], (int32_t)(z * 5400));
        int64_t present = at(&p, 2023, 1, 1, 0);
        for (int i = 0; i < 500; i++, present += 86400 * 3 / 2 + 1234) {
            for (size_t c = 0; c + 1 < n_period_choices; c++) {
                struct period period = period_named(&p.clock, present, period_choices[c].name);
                assert_true(period.whole && period.from < period.to);
                assert_true(period.until <= period.to && period.until > period.from);
                if (period.name != PERIOD_YESTERDAY)
                    assert_true(period.from <= present && present < period.to);
                struct period again = typed(&p, present, period_choices[c].id);
                assert_int_equal(again.from, period.from);
                for (int k = 0; k < 3; k++) {
                    struct period other = period_compare(&p.clock, &period, (enum compare)k);
                    assert_true(other.from < other.to && other.from < period.from);
                }
                struct period back = period_shift(&p.clock, present, &period, -1);
                assert_int_equal(back.to, period.from);
                /* 30 or 90 days that happen to be a month's or a quarter's go on by those. */
                if (period.name < PERIOD_MONTH)
                    continue;
                back = period_shift(&p.clock, present, &back, 1);
                assert_int_equal(back.from, period.from);
                assert_int_equal(back.to, period.to);
            }
            arena_reset(p.arena);
        }
        place_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_count_back_from_the_present),
        cmocka_unit_test(what_a_person_types),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(comparison),
        cmocka_unit_test(an_unfinished_period_is_compared_with_as_much_of_the_other),
        cmocka_unit_test(days_on_which_the_clock_is_changed),
        cmocka_unit_test(every_named_period_holds_the_present_and_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
