/* The decisions of a roll-out one by one: verdicts, limits, waves, windows, words. */
#include "fixtures/mall/random.h"
#include "model/base/time.h"
#include "model/fleet/rollout_plan.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { NIGHT = 1508346000 /* 01:00 in Shanghai */ };

static const char OLD[] = "1.0", NEW[] = "2.0";

static void judging(void **state)
{
    (void)state;
    static const struct {
        const char *goal, *from, *app, *trial;
        enum rollout_verdict verdict;
    } cases[] = {
        {"2", "1", "2", "", VERDICT_THERE},  {"2", "1", "1", "", VERDICT_SWITCH},
        {"2", "1", "3", "", VERDICT_ODD},    {"2", "1", "2", "2", VERDICT_CONFIRM},
        {"2", "1", "1", "2", VERDICT_UNDO},  {"2", "1", "2", "1", VERDICT_UNDO},
        {"2", "1", "1", "1", VERDICT_UNDO},  {"1", "2", "1", "1", VERDICT_CONFIRM},
        {"1", "2", "2", "2", VERDICT_UNDO},  {"1", "2", "1", "", VERDICT_THERE},
        {"1", "2", "2", "", VERDICT_SWITCH}, {"2", "1", "3", "3", VERDICT_UNDO},
        {"2", "1", "none", "", VERDICT_ODD}, {"2", "none", "none", "", VERDICT_SWITCH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(rollout_judge(cases[i].goal, cases[i].from, cases[i].app, cases[i].trial),
                         cases[i].verdict);
}

static void limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size, limit;
    } cases[] = {{"3", 10, 3},   {"1", 1, 1},    {"5%", 10, 1}, {"5%", 100, 5},
                 {"5%", 119, 5}, {"100%", 7, 7}, {"1%", 0, 1}};
    static const char *const bad[] = {"", "0", "0%", "101%", "-1", "x", "5 %", "%", "1e3", "5%%"};
    size_t limit;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(rollout_limit(cases[i].text, cases[i].size, &limit));
        assert_int_equal(limit, cases[i].limit);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rollout_limit(bad[i], 10, &limit));
}

static void wave_ends(void **state)
{
    (void)state;
    static const struct {
        const char *waves;
        int64_t canary;
        size_t n;
        const char *ends;
    } cases[] = {
        {"10%,50%,100%", 1, 100, "1 10 50 100"},
        {"10%,50%,100%", 0, 100, "10 50 100"},
        {"10%,50%,100%", 5, 10, "5 10"},
        {"5,20", 2, 100, "2 7 27 100"},
        {"100%", 0, 1, "1"},
        {"10%", 3, 2, "2"},
        {"30%,30%,30%", 0, 10, "3 10"},
        {"1,1,50%", 0, 9, "1 2 5 9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rollout r = {.waves = cases[i].waves, .canary = cases[i].canary};
        size_t ends[ROLLOUT_WAVES];
        char text[200] = "";
        int count = rollout_wave_ends(&r, cases[i].n, ends);
        for (int k = 0; k < count; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%zu", k ? " " : "",
                     ends[k]);
        assert_string_equal(text, cases[i].ends);
    }
}

/* Against a walk over every minute of two weeks. */
static void windows(void **state)
{
    (void)state;
    struct zone *zone;
    struct error err = {0};
    struct stream random = stream_of(9, 1, 1);
    assert_ok(zone_load("Europe/Berlin", &zone, &err)); /* it has a clock change */
    struct clock clock = {zone, 4 * 3600};
    for (int k = 0; k < 40; k++) {
        struct rollout r = {.window_from = (int)stream_below(&random, 96) * 15,
                            .window_to = (int)stream_below(&random, 97) * 15,
                            .weekdays = (int)stream_below(&random, 128)};
        if (r.window_from == r.window_to || k % 5 == 0)
            r.window_from = r.window_to = 0;
        int64_t from = 1509000000, at = from, next;
        bool open = rollout_window_open(&r, &clock, from, &next);
        for (; at < from + 14 * 86400; at += 900) {
            struct civil c = zone_civil(zone, at);
            int minute = c.hour * 60 + c.minute, yesterday = (c.weekday + 6) % 7;
            int days = r.weekdays ? r.weekdays : 127;
            bool today_on = days >> c.weekday & 1, before_on = days >> yesterday & 1, plain;
            if (r.window_from == r.window_to)
                plain = today_on;
            else if (r.window_from < r.window_to)
                plain = today_on && minute >= r.window_from && minute < r.window_to;
            else
                plain =
                    (today_on && minute >= r.window_from) || (before_on && minute < r.window_to);
            /* The hours that the change of clocks makes twice or not at all are left out. */
            if (c.month == 10 && c.day == 29 && c.hour < 4)
                continue;
            open = rollout_window_open(&r, &clock, at, &next);
            if (open != plain)
                fail_msg("%02d:%02d-%02d:%02d days %d at %lld: found %d, expected %d",
                         r.window_from / 60, r.window_from % 60, r.window_to / 60, r.window_to % 60,
                         r.weekdays, (long long)at, open, plain);
            assert_true(next > at);
            int64_t after;
            if (next < INT64_MAX)
                assert_int_not_equal(rollout_window_open(&r, &clock, next, &after), open);
        }
    }
    zone_free(zone);
}

static void words(void **state)
{
    (void)state;
    int from, to, days;
    assert_true(rollout_window_parse("02:00-05:30", &from, &to));
    assert_int_equal(from, 120);
    assert_int_equal(to, 330);
    assert_true(rollout_window_parse("22:00-24:00", &from, &to));
    static const char *const bad[] = {"2:00-5:00",   "02:00-02:00",  "02:00", "24:00-25:00",
                                      "02:60-03:00", "02:00-05:00x", "-",     "aa:bb-cc:dd"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(rollout_window_parse(bad[i], &from, &to));
    assert_true(rollout_weekdays_parse("mon, sun", &days));
    assert_int_equal(days, 65);
    assert_false(rollout_weekdays_parse("monday", &days));
    assert_false(rollout_weekdays_parse("xyz", &days));
}

/* Every state a row can be in has one of the words that are translated. */
static void every_row_has_a_word(void **state)
{
    (void)state;
    for (int step = 0; step < ROLLOUT_STEPS; step++)
        for (int wait = 0; wait < WAITS; wait++)
            for (int bits = 0; bits < 4; bits++) {
                struct rollout_row row = {.step = (enum rollout_step)step,
                                          .wait = (enum rollout_wait)wait,
                                          .goes_back = bits & 1,
                                          .fault = bits & 2};
                bool known = false;
                for (const char *const *word = rollout_row_words; *word; word++)
                    known = known || strcmp(*word, rollout_row_word(&row)) == 0;
                assert_true(known);
            }
}

/* What runs well for a while and then falls over is found before the next wave. */
static void soak_finds_what_falls_over_later(void **state)
{
    (void)state;
    struct zone *zone;
    struct error err = {0};
    struct arena *arena = arena_new();
    assert_ok(zone_load("UTC", &zone, &err));
    struct clock clock = {zone, 0};
    struct rollout r = {.app = NEW,
                        .waves = "100%",
                        .threshold = "1",
                        .canary = 1,
                        .coverage = 100,
                        .soak = 600,
                        .trial = 60,
                        .expires = 3600,
                        .started = 1000,
                        .state = ROLLOUT_RUNNING};
    struct rollout_row rows[2] = {
        {.device = 1, .step = STEP_OK, .old = OLD, .app = NEW, .reason = "", .looked = 2000},
        {.device = 2, .wave = 1, .step = STEP_STAGED, .old = OLD, .app = OLD, .reason = ""}};
    enum rollout_command commands[2];
    struct rollout_plan plan;
    rollout_decide(&r, &clock, rows, 2, 2000, arena, commands, &plan);
    assert_int_equal(plan.soaking, 2000);
    assert_int_equal(plan.next, 2600);
    assert_int_equal(commands[1], COMMAND_NONE);
    r.soaking = 2000;
    rollout_decide(&r, &clock, rows, 2, 2599, arena, commands, &plan);
    assert_int_equal(commands[0], COMMAND_NONE);
    rollout_decide(&r, &clock, rows, 2, 2600, arena, commands, &plan);
    assert_int_equal(commands[0], COMMAND_LOOK);
    assert_int_equal(plan.wave, 0);
    struct rollout_heard heard = {.command = COMMAND_LOOK,
                                  .state = DEVICE_OK,
                                  .app = OLD,
                                  .trial = "",
                                  .back = "",
                                  .why = "",
                                  .phase = "",
                                  .reason = "",
                                  .staged = ""};
    rollout_hear(&r, &rows[0], &heard, 2601, arena);
    assert_int_equal(rows[0].step, STEP_REVERTED);
    assert_true(rows[0].fault);
    rollout_decide(&r, &clock, rows, 2, 2601, arena, commands, &plan);
    assert_int_equal(plan.move, ROLLOUT_STOP);
    assert_int_equal(commands[1], COMMAND_NONE);
    arena_free(arena);
    zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judging),
        cmocka_unit_test(limits),
        cmocka_unit_test(wave_ends),
        cmocka_unit_test(windows),
        cmocka_unit_test(words),
        cmocka_unit_test(every_row_has_a_word),
        cmocka_unit_test(soak_finds_what_falls_over_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
