/* Campaigns: files and rows, days against a plain reference, states with every rule, shops, who is
 * held out. */
#include "model/base/text.h"
#include "model/campaign/occasion.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"
#include "model/segment/saved.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- Files ---- */

static const char october[] = "[campaign]\n"
                              "name     = October points days\n"
                              "kind     = points-cash       ; coupon points-cash …\n"
                              "audience = reachable         ; segment expression\n"
                              "holdout  = 10%\n"
                              "[offer]                      ; by kind\n"
                              "points_per_yuan = 100\n"
                              "shops    = smart_pos\n"
                              "[schedule]\n"
                              "from     = 2017-10-01\n"
                              "to       = 2017-10-31\n"
                              "weekdays = tue fri\n"
                              "hours    = 10:00-22:00\n"
                              "blackout = 2017-10-01..2017-10-08\n"
                              "[contacts]\n"
                              "order    = pos app sms\n"
                              "message  = {name}, today 100 points are worth 1 yuan.\n"
                              "[limits]\n"
                              "per_person = 2/7d\n"
                              "quiet    = 22:00-09:00\n"
                              "budget   = 120000\n";

static struct campaign read_good(struct arena *arena, struct reader *reader, const char *text)
{
    struct campaign c;
    const struct campaign_fault *faults;
    size_t n;
    assert_ok(campaign_read(reader, NULL, arena, text, strlen(text), &c, &faults, &n, &err));
    if (n)
        fail_msg("line %d: %s: %s\n%s", faults[0].line, faults[0].key, faults[0].message, text);
    return c;
}

static void test_october(void **state)
{
    struct arena *arena = arena_new();
    struct campaign c = read_good(arena, NULL, october);
    size_t n;
    int32_t first = date_number(2017, 10, 1), last = date_number(2017, 10, 31);
    (void)state;
    assert_string_equal(c.name, "October points days");
    assert_int_equal(c.kind, CAMPAIGN_POINTS_CASH);
    assert_int_equal(c.holdout, 1000);
    assert_int_equal(c.offer.points, 100);
    assert_int_equal(c.limits.budget, 12000000);
    assert_int_equal(c.limits.per_window, 7 * 86400);
    assert_int_equal(c.n_contacts, 3);
    assert_int_equal(c.contacts[2], CONTACT_SMS);
    const int32_t *days = schedule_days(arena, &c, INT32_MIN, INT32_MAX, &n);
    assert_int_equal(n, 7);
    assert_int_equal(days[0], date_number(2017, 10, 10));
    assert_int_equal(days[6], last);
    c.schedule.n_blackouts = 0;
    schedule_days(arena, &c, first, last, &n);
    assert_int_equal(n, 9);
    arena_free(arena);
}

/* Something that a key may have, as it is written. */
static const char *random_value(struct arena *arena, struct dice *dice,
                                const struct campaign_key *key)
{
    static const char *const texts[] = {"Spring", "春节 ; 活动", ";",   "a \\; b",
                                        "\\\\;",  "x = y",       "[z]", "# no comment",
                                        "a;b",    "it's \"so\"", "\\",  "; \\;; ;"};
    static const char *const people[] = {"reachable", "tier>=gold", "member ", "anyone"};
    unsigned long long a = dice_below(dice, 1000), b = 1 + dice_below(dice, 1000);
    int32_t day = 17000 + (int32_t)dice_below(dice, 400);
    switch (key->type) {
    case KEY_CODE:
        return arena_printf(arena, "code-%llu", a);
    case KEY_KIND:
        return campaign_kinds[1 + dice_below(dice, CAMPAIGN_KINDS - 1)].name;
    case KEY_PEOPLE:
        return people[dice_below(dice, 4)];
    case KEY_SHOPS:
        return "smart_pos or category=\"a;b\"";
    case KEY_SHARE:
        return arena_printf(arena, "%llu.%02llu%%", a % 90, b % 100);
    case KEY_MONEY:
        return arena_printf(arena, "%llu.%02llu", b, a % 100);
    case KEY_COUNT:
        return arena_printf(arena, "%llu", b);
    case KEY_FACTOR:
        return arena_printf(arena, "%llu.%llu", 1 + a % 50, b % 10);
    case KEY_DURATION:
        return arena_printf(arena, "%llu%c", b, "smhd"[a % 4]);
    case KEY_BOOL:
        return a % 2 ? "yes" : "no";
    case KEY_DATE:
        return date_text(arena, strcmp(key->name, "from") == 0 ? 17000 : day + 400);
    case KEY_WEEKDAYS:
        return a % 2 ? "mon-fri" : "sat, sun wed";
    case KEY_HOURS:
        return a % 2 ? "22:00-09:30" : "00:00-24:00";
    case KEY_RANGES:
        return arena_printf(arena, "%s..%s, %s", date_text(arena, day), date_text(arena, day + 9),
                            date_text(arena, day + 20));
    case KEY_CONTACTS:
        return a % 2 ? "wifi staff pos" : "app,sms";
    case KEY_CAP:
        return arena_printf(arena, "%llu/%llud", b, 1 + a);
    case KEY_TEMPLATE:
        return arena_printf(arena, "{name} %s {code}", texts[a % 12]);
    default:
        return texts[a % 12];
    }
}

static struct campaign random_campaign(struct arena *arena, struct dice *dice)
{
    struct campaign c = campaign_empty();
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        bool must = key->type == KEY_KIND || strcmp(key->name, "name") == 0 ||
                    key->type == KEY_TEMPLATE || key->type == KEY_PEOPLE;
        if (!campaign_kind_has(c.kind, key) || (!must && dice_below(dice, 3) == 0))
            continue;
        const char *text = random_value(arena, dice, key);
        const char *wrong = campaign_set(arena, &c, key, text);
        if (*wrong)
            fail_msg("%s = %s: %s", key->name, text, wrong);
    }
    return c;
}

static void assert_same(struct arena *arena, const struct campaign *a, const struct campaign *b)
{
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        if (campaign_kind_has(a->kind, key) &&
            strcmp(campaign_value(arena, a, key), campaign_value(arena, b, key)) != 0)
            fail_msg("%s.%s: <%s> <%s>", key->section, key->name, campaign_value(arena, a, key),
                     campaign_value(arena, b, key));
    }
}

static void test_file_round(void **state)
{
    struct dice dice = {.state = 42};
    (void)state;
    for (int i = 0; i < 3000; i++) {
        struct arena *arena = arena_new();
        struct campaign c = random_campaign(arena, &dice), again;
        const struct campaign_fault *faults;
        size_t n;
        const char *text = campaign_write(arena, &c);
        assert_ok(campaign_read(NULL, NULL, arena, text, strlen(text), &again, &faults, &n, &err));
        assert_same(arena, &c, &again);
        assert_string_equal(text, campaign_write(arena, &again));
        arena_free(arena);
    }
}

static void faults_of(struct reader *reader, struct arena *arena, const char *text,
                      const struct campaign_fault **faults, size_t *n)
{
    struct campaign c;
    assert_ok(campaign_read(reader, NULL, arena, text, strlen(text), &c, faults, n, &err));
}

static void test_faults(void **state)
{
    static const char text[] = "[campaign]\n"        /* 1 */
                               "name =\n"            /* 2 */
                               "kind = cupon\n"      /* 3 */
                               "kind = coupon\n"     /* 4 */
                               "holdout = 95%\n"     /* 5 */
                               "[ofer]\n"            /* 6 */
                               "value = 50\n"        /* 7: passed over with its section */
                               "[schedule]\n"        /* 8 */
                               "from = 2017-02-30\n" /* 9 */
                               "weekday = tue\n"     /* 10 */
                               "hours = 9-22\n"      /* 11 */
                               "[contacts]\n"        /* 12 */
                               "order = pos fax\n"   /* 13 */
                               "message = {nam} x\n" /* 14 */
                               "nonsense\n"          /* 15 */
                               "budget = 5\n";       /* 16: of [limits] */
    static const int lines[] = {2, 3, 4, 5, 6, 9, 10, 11, 13, 14, 15, 16};
    struct arena *arena = arena_new();
    const struct campaign_fault *faults;
    size_t n;
    (void)state;
    faults_of(NULL, arena, text, &faults, &n);
    for (size_t i = 0; i < n; i++)
        if (i >= 12 || faults[i].line != lines[i])
            fail_msg("fault %zu in line %d: %s", i, faults[i].line, faults[i].message);
    assert_int_equal(n, 12);
    assert_non_null(strstr(faults[1].message, "did you mean coupon?"));
    assert_non_null(strstr(faults[4].message, "did you mean [offer]?"));
    assert_non_null(strstr(faults[11].message, "expected it in [limits]"));
    faults_of(NULL, arena, "", &faults, &n);
    assert_int_equal(n, 2);
    assert_int_equal(faults[0].line, 0);
    faults_of(NULL, arena, "[campaign]\nname=x\nkind=coupon\n[offer]\nfactor=2\n", &faults, &n);
    assert_int_equal(n, 2);
    faults_of(NULL, arena, "[campaign]\nname=x\nkind=benefit\n\xff\xfe\n", &faults, &n);
    assert_int_equal(n, 3);
    arena_free(arena);
}

/* ---- Days and hours ---- */

static bool plain_on(const struct campaign *c, const struct clock *clock, int64_t time)
{
    struct civil now = zone_civil(clock->zone, time);
    int32_t date = date_number(now.year, now.month, now.day);
    int minute = now.hour * 60 + now.minute, from = c->schedule.hour_from, to = c->schedule.hour_to;
    if (from == to)
        return schedule_has_day(c, clock_day(clock, time));
    if (from < to)
        return schedule_has_day(c, date) && minute >= from && minute < to;
    return (schedule_has_day(c, date) && minute >= from) ||
           (schedule_has_day(c, date - 1) && minute < to);
}

static bool plain_day(const struct campaign *c, int32_t day)
{
    bool on = day >= c->schedule.from && day <= c->schedule.to;
    on = on && (!c->schedule.weekdays || (c->schedule.weekdays & 1u << ((day + 3) % 7)));
    for (size_t i = 0; i < c->schedule.n_blackouts; i++)
        for (int32_t d = c->schedule.blackouts[i].first; d <= c->schedule.blackouts[i].last; d++)
            on = on && d != day;
    return on;
}

static void schedule_random(struct campaign *c, struct dice *dice)
{
    *c = campaign_empty();
    if (dice_below(dice, 4))
        c->schedule.from = 18000 + (int32_t)dice_below(dice, 10);
    if (dice_below(dice, 4))
        c->schedule.to = 18010 + (int32_t)dice_below(dice, 20);
    c->schedule.weekdays = (unsigned)dice_below(dice, 128) & (unsigned)dice_below(dice, 128);
    c->schedule.n_blackouts = dice_below(dice, 4);
    for (size_t i = 0; i < c->schedule.n_blackouts; i++) {
        int32_t first = 17995 + (int32_t)dice_below(dice, 40);
        c->schedule.blackouts[i] = (struct day_range){first, first + (int32_t)dice_below(dice, 5)};
    }
    if (dice_below(dice, 3)) {
        c->schedule.hour_from = (int)dice_below(dice, 24) * 60;
        c->schedule.hour_to = (int)dice_below(dice, 24) * 60 + 30;
    }
    c->limits.quiet_from = (int)dice_below(dice, 24) * 60;
    c->limits.quiet_to = (int)dice_below(dice, 24) * 60;
}

static void test_schedule(void **state)
{
    static const char *const zones[] = {"Asia/Shanghai", "Europe/Berlin", "UTC",
                                        "America/New_York"};
    struct dice dice = {.state = 7};
    (void)state;
    for (int round = 0; round < 400; round++) {
        struct arena *arena = arena_new();
        struct campaign c;
        struct zone *zone;
        size_t n, seen = 0;
        schedule_random(&c, &dice);
        assert_ok(zone_load(zones[round % 4], &zone, &err));
        struct clock clock = {.zone = zone, .boundary = 14400};
        const int32_t *days = schedule_days(arena, &c, 17990, 18060, &n);
        for (int32_t day = 17990; day <= 18060; day++) {
            assert_int_equal(plain_day(&c, day), schedule_has_day(&c, day));
            if (plain_day(&c, day))
                assert_int_equal(days[seen++], day);
        }
        assert_int_equal(seen, n);
        int64_t begin = INT64_C(17995) * 86400;
        for (int i = 0; i < 60; i++) {
            int64_t time = begin + (int64_t)dice_below(&dice, 45 * 48) * 1800, next;
            bool on = schedule_on(&c, &clock, time, &next);
            assert_int_equal(on, plain_on(&c, &clock, time));
            assert_int_equal(on, schedule_on(&c, &clock, time, NULL));
            for (int64_t t = time; t < next && t < time + 20 * 86400; t += 1800)
                assert_int_equal(plain_on(&c, &clock, t), on);
            if (next != INT64_MAX)
                assert_int_equal(plain_on(&c, &clock, next), !on);
        }
        zone_free(zone);
        arena_free(arena);
    }
}

static void test_quiet(void **state)
{
    struct zone *zone;
    struct campaign c = campaign_empty();
    (void)state;
    assert_ok(zone_load("Asia/Shanghai", &zone, &err));
    struct clock clock = {.zone = zone, .boundary = 14400};
    c.limits.quiet_from = 22 * 60;
    c.limits.quiet_to = 9 * 60;
    assert_int_equal(schedule_loud(&c, &clock, test_time(2017, 10, 10, 21, 59)),
                     test_time(2017, 10, 10, 21, 59));
    assert_int_equal(schedule_loud(&c, &clock, test_time(2017, 10, 10, 22, 0)),
                     test_time(2017, 10, 11, 9, 0));
    assert_int_equal(schedule_loud(&c, &clock, test_time(2017, 10, 11, 3, 0)),
                     test_time(2017, 10, 11, 9, 0));
    assert_int_equal(schedule_loud(&c, &clock, test_time(2017, 10, 11, 9, 0)),
                     test_time(2017, 10, 11, 9, 0));
    zone_free(zone);
}

/* ---- Shops ---- */

static void shops_are(struct temp_mall *mall, const char *text, const char *expected)
{
    struct arena *arena = arena_new();
    struct set *set;
    const char *found = "";
    assert_ok(shops_of(reader_db(mall->reader), arena, text, &set, &err));
    for (uint32_t i = set_next(set, 0); i != UINT32_MAX; i = set_next(set, i + 1))
        found = arena_printf(arena, "%s%s%u", found, *found ? " " : "", i);
    assert_string_equal(found, expected);
    arena_free(arena);
}

static void test_shops(void **state)
{
    static const char *const bad[] = {"smrt_pos",   "category", "category>3",  "floor in 2",
                                      "(smart_pos", "T1 T2",    "brand~\"(\"", "not",
                                      "T9",         "a=b",      "code not x",  "and"};
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    (void)state;
    test_run(&mall, "insert into tenant (id, code, name, category, floor, smart_pos, brand) values"
                    " (1, 'T1', 'Uniqlo', 'Fashion', '1', 1, 'Uniqlo'),"
                    " (2, 'T2', 'Costa', 'Coffee', '2', 0, 'Costa'),"
                    " (5, 'T5', 'H&M', 'Fashion', '2', 1, 'H&M')");
    shops_are(&mall, "", "1 2 5");
    shops_are(&mall, "smart_pos", "1 5");
    shops_are(&mall, "not smart_pos", "2");
    shops_are(&mall, "category=fashion and floor=2", "5");
    shops_are(&mall, "floor in (1, 2) and not T5 or T5", "1 2 5");
    shops_are(&mall, "brand~\"^Uni\" or t2", "1 2");
    shops_are(&mall, "name!=\"H&M\" and category not in (Coffee)", "1");
    shops_are(&mall, "category=none", "");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct set *set;
        if (shops_of(reader_db(mall.reader), arena, bad[i], &set, &err) != ST_USAGE)
            fail_msg("%s is taken", bad[i]);
    }
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&mall);
}

/* ---- Holdout ---- */

static void test_holdout(void **state)
{
    struct campaign a = campaign_empty(), b = campaign_empty();
    uint32_t held = 0, both = 0, larger = 0, n = 200000;
    (void)state;
    a.code = "a";
    b.code = "b";
    for (uint32_t person = 1; person <= n; person++) {
        bool is = campaign_held_out(&a, person);
        a.holdout = 2500;
        larger += campaign_held_out(&a, person);
        assert_true(!is || campaign_held_out(&a, person));
        a.holdout = 1000;
        held += is;
        both += is && campaign_held_out(&b, person);
        assert_int_equal(is, campaign_held_out(&a, person));
    }
    assert_true(fabs(held - 0.1 * n) < 4 * sqrt(n * 0.09));
    assert_true(fabs(larger - 0.25 * n) < 4 * sqrt(n * 0.1875));
    assert_true(fabs(both - 0.01 * n) < 4 * sqrt(n * 0.0099)); /* two campaigns: independent */
    a.holdout = 0;
    assert_false(campaign_held_out(&a, 7));
}

/* ---- Occasions ---- */

static const struct occasion *occasion_named(const char *code)
{
    for (size_t i = 0; i < n_occasions; i++)
        if (strcmp(occasions[i].code, code) == 0)
            return &occasions[i];
    fail_msg("there is no occasion %s", code);
    return NULL;
}

static void test_occasions(void **state)
{
    static const struct {
        const char *code;
        int year, month, day;
    } known[] = {{"mid-autumn", 2017, 10, 4},     {"spring-festival", 2017, 1, 28},
                 {"spring-festival", 2030, 2, 3}, {"qixi", 2017, 8, 28},
                 {"double-ninth", 2017, 10, 28},  {"mother", 2017, 5, 14},
                 {"father", 2017, 6, 18},         {"women", 2017, 3, 8}};
    struct occasion women = {.gender = "f", .age_from = 15, .age_to = 75};
    struct occasion men = {.gender = "m", .age_from = 15, .age_to = 75};
    struct occasion young = {.gender = "f", .age_from = 15, .age_to = 37};
    struct occasion older = {.gender = "f", .age_from = 37, .age_to = 75};
    int32_t day;
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(occasion_day(occasion_named(known[i].code), known[i].year, &day));
        assert_int_equal(day, date_number(known[i].year, known[i].month, known[i].day));
    }
    assert_false(occasion_day(occasion_named("qixi"), OCCASION_LAST + 1, &day));
    assert_true(fabs(occasion_baseline(&women) + occasion_baseline(&men) - 1) < 1e-12);
    assert_true(fabs(occasion_baseline(&young) + occasion_baseline(&older) -
                     occasion_baseline(&women)) < 1e-12);
}

/* Three women of 40 and one of 20: Women's Day fits, Valentine's less, nothing is for nobody. */
static void test_occasions_rank(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    const struct occasion_fit *fits;
    size_t n;
    (void)state;
    setenv("ATRIUM_NOW", "1508400000", 1);
    test_run(&mall, "update counter set value = 4 where name = 'person';"
                    "insert into member (person, card, gender, birth) values"
                    " (1, 'A', 'f', 2800), (2, 'B', 'f', 2800), (3, 'C', 'f', 2800),"
                    " (4, 'D', 'f', 10000)");
    assert_ok(occasions_rank(mall.reader, arena, NULL, date_number(2018, 1, 1),
                             date_number(2018, 12, 31), &fits, &n, &err));
    assert_int_equal(n, n_occasions);
    assert_string_equal(fits[0].occasion->code, "women");
    assert_int_equal(fits[0].people, 3);
    assert_int_equal(fits[0].of, 4);
    for (size_t i = 0; i < n; i++) {
        assert_true(fits[i].between.low <= fits[i].fit && fits[i].fit <= fits[i].between.high);
        assert_true(i == 0 || fits[i].between.low <= fits[i - 1].between.low);
    }
    unsetenv("ATRIUM_NOW");
    arena_free(arena);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_october),        cmocka_unit_test(test_file_round),
        cmocka_unit_test(test_faults),         cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_quiet),          cmocka_unit_test(test_shops),
        cmocka_unit_test(test_holdout),        cmocka_unit_test(test_occasions),
        cmocka_unit_test(test_occasions_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
