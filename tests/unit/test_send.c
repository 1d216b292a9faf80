/* Sending: who gets what, against a plain reference over random campaigns, people and days; what
 * must hold while contacts fail; one thing at a time. */
#include "model/base/text.h"
#include "model/campaign/plan.h"
#include "model/campaign/send_parts.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"
#include "tests/support/sending.h"
#include "tests/support/whole.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { PEOPLE = 90, CAMPAIGNS = 4, STEPS = 12, WORLDS = 25, DAY = 86400 };
static const int64_t start = 1710432000; /* 2024-03-15 00:00 in Shanghai */

static int64_t number_of(struct temp_mall *mall, const char *sql)
{
    int64_t n;
    assert_ok(reader_integer(mall->reader, sql, -1, &n, &err));
    return n;
}

/* ---- A random world ---- */

struct world {
    struct temp_mall mall;
    struct dice dice;
    struct fake_contact app, sms;
    struct contact_lines lines;
    struct arena *arena;
    uint32_t campaigns[CAMPAIGNS];
    int64_t now;
};

static void member_change(struct world *w, uint32_t person)
{
    static const char *const fields[] = {"consent_sms", "consent_app", "app"};
    char sql[300];
    uint64_t what = dice_below(&w->dice, 5);
    int on = (int)dice_below(&w->dice, 3) > 0;
    if (what < 3)
        snprintf(sql, sizeof sql, "update member set %s = %d where person = %u", fields[what], on,
                 person);
    else if (what == 3)
        snprintf(sql, sizeof sql,
                 "update member set phone = iif(%d, printf('138%%08d', person), '') where person ="
                 " %u",
                 on, person);
    else
        snprintf(sql, sizeof sql,
                 "insert into consent (person, contact, given, time, source, actor) values (%u,"
                 " '%s', 0, 1, 'test', 'test')",
                 person, on ? "sms" : "app");
    test_run(&w->mall, sql);
}

static void campaign_make(struct world *w, int index)
{
    static const char *const orders[] = {"sms", "app",       "app sms",        "sms app staff",
                                         "pos", "staff app", "app screen sms", "sms pos"};
    char text[1000];
    struct dice *d = &w->dice;
    bool coupon = dice_below(d, 3) == 0, cap = dice_below(d, 2), quiet = dice_below(d, 2);
    int n = snprintf(text, sizeof text,
                     "[campaign]\nname = World %d\nkind = %s\naudience = member\nholdout = %d%%\n",
                     index, coupon ? "coupon" : "popular", (int)dice_below(d, 4) * 10);
    if (coupon)
        n += snprintf(text + n, sizeof text - (size_t)n, "[offer]\nvalue = 10\nstock = %d\n",
                      (int)(1 + dice_below(d, 100)));
    n += snprintf(text + n, sizeof text - (size_t)n, "[schedule]\n%s",
                  dice_below(d, 2) ? "hours = 10:00-20:00\n" : "");
    n += snprintf(text + n, sizeof text - (size_t)n,
                  "[contacts]\norder = %s\nmessage = Hello {name}%s.\n[limits]\n",
                  orders[dice_below(d, sizeof orders / sizeof *orders)], coupon ? "{coupon|}" : "");
    if (cap)
        n += snprintf(text + n, sizeof text - (size_t)n, "per_person = %d/%dd\n",
                      1 + (int)dice_below(d, 2), 1 + (int)dice_below(d, 3));
    if (quiet)
        n += snprintf(text + n, sizeof text - (size_t)n, "quiet = 21:00-09:30\n");
    if (dice_below(d, 3) == 0)
        n += snprintf(text + n, sizeof text - (size_t)n, "budget = %d\n",
                      5 + (int)dice_below(d, 30));
    snprintf(text + n, sizeof text - (size_t)n, "priority = %d\n", (int)dice_below(d, 3));
    w->campaigns[index] = sending_campaign(&w->mall, text);
}

static struct world *world_new(uint64_t seed)
{
    struct world *w = mem_zero(1, sizeof *w);
    w->mall = temp_mall_new();
    w->dice = (struct dice){seed};
    w->arena = arena_new();
    w->now = start + 12 * 3600;
    clock_set(w->now);
    w->lines = fake_lines(&w->app, &w->sms);
    w->lines.at[CONTACT_SMS].cost = 100 * (int64_t)dice_below(&w->dice, 2);
    sending_members(&w->mall, PEOPLE);
    for (int i = 0; i < PEOPLE; i++)
        member_change(w, 1 + (uint32_t)dice_below(&w->dice, PEOPLE));
    for (int i = 0; i < CAMPAIGNS; i++)
        campaign_make(w, i);
    return w;
}

static void world_free(struct world *w)
{
    fake_contact_free(&w->app);
    fake_contact_free(&w->sms);
    temp_mall_free(&w->mall);
    arena_free(w->arena);
    free(w);
}

/* ---- The reference: what each person should have, decided plainly ---- */

struct expected {
    enum contact contact;
    enum message_state state;
    enum suppression reason;
    int64_t time;
};

struct reference {
    const struct campaign *campaigns[CAMPAIGNS]; /* in the order of sending */
    struct expected rows[CAMPAIGNS][PEOPLE + 1];
    int64_t issued[CAMPAIGNS], spent[CAMPAIGNS];
};

/* Minutes of the day in Shanghai, which has no summer time. */
static int minute_of(int64_t time)
{
    return (int)((time + 8 * 3600) % DAY / 60);
}

static bool within(int minute, int from, int to)
{
    return from == to  ? false
           : from < to ? minute >= from && minute < to
                       : minute >= from || minute < to;
}

static bool sends_at(const struct campaign *c, int64_t time)
{
    int minute = minute_of(time);
    bool on = c->schedule.hour_from == c->schedule.hour_to ||
              within(minute, c->schedule.hour_from, c->schedule.hour_to);
    return on && !within(minute, c->limits.quiet_from, c->limits.quiet_to);
}

static int64_t column_of(struct world *w, uint32_t person, const char *expression)
{
    char sql[300];
    snprintf(sql, sizeof sql, "select %s from member where person = %u", expression, person);
    return number_of(&w->mall, sql);
}

static bool said_no(struct world *w, uint32_t person, const char *contact)
{
    char sql[200];
    snprintf(sql, sizeof sql, "select count(*) from consent where person = %u and contact = '%s'",
             person, contact);
    return number_of(&w->mall, sql) > 0;
}

static enum suppression contact_expect(struct world *w, uint32_t person, enum contact contact)
{
    const char *name = contact_names[contact];
    bool asks = contact == CONTACT_SMS || contact == CONTACT_APP;
    if (asks && !column_of(w, person, contact == CONTACT_SMS ? "consent_sms" : "consent_app"))
        return said_no(w, person, name) ? SUPPRESS_OPT_OUT : SUPPRESS_CONSENT;
    if (asks && !column_of(w, person, contact == CONTACT_SMS ? "phone <> ''" : "app"))
        return SUPPRESS_ADDRESS;
    return SUPPRESS_NONE;
}

static int64_t day_of(int64_t time)
{
    return (time + 8 * 3600 - 4 * 3600) / DAY;
}

/* Of all the person's messages: how many in the window, and whether a better one is today's. */
static enum suppression others_expect(struct reference *r, int index, uint32_t person, int64_t now)
{
    const struct campaign *c = r->campaigns[index];
    int64_t n = 0;
    bool outranked = false;
    for (int i = 0; i < CAMPAIGNS; i++) {
        const struct expected *row = &r->rows[i][person];
        bool better = r->campaigns[i]->limits.priority > c->limits.priority;
        bool only_screen = r->campaigns[i]->n_contacts == 0;
        if (better && !only_screen && row->state == MESSAGE_NONE &&
            !campaign_held_out(r->campaigns[i], person))
            outranked = true;
        if (row->state != MESSAGE_SENT)
            continue;
        n += row->time > now - c->limits.per_window;
        outranked = outranked || (i != index && better && day_of(row->time) == day_of(now));
    }
    return outranked                                           ? SUPPRESS_PRIORITY
           : c->limits.per_person && n >= c->limits.per_person ? SUPPRESS_CAP
                                                               : SUPPRESS_NONE;
}

static void person_expect(struct world *w, struct reference *r, int index, uint32_t person)
{
    static const int near[SUPPRESSIONS] = {
        [SUPPRESS_CONSENT] = 1, [SUPPRESS_OPT_OUT] = 2, [SUPPRESS_ADDRESS] = 3};
    const struct campaign *c = r->campaigns[index];
    struct expected *row = &r->rows[index][person];
    bool gives = campaign_gives_coupons(c);
    row->state = MESSAGE_SUPPRESSED;
    row->time = w->now;
    for (size_t i = 0; i < c->n_contacts; i++) {
        if (c->contacts[i] == CONTACT_SCREEN)
            continue;
        enum suppression reason = contact_expect(w, person, c->contacts[i]);
        if (!row->contact || !reason || near[reason] > near[row->reason]) {
            row->contact = c->contacts[i];
            row->reason = reason;
        }
        if (!reason)
            break;
    }
    if (row->reason)
        return;
    row->reason = others_expect(r, index, person, w->now);
    int64_t cost = w->lines.at[row->contact].cost, need = cost + (gives ? c->offer.value : 0);
    if (!row->reason && c->limits.budget && r->spent[index] + (need ? need : 1) > c->limits.budget)
        row->reason = SUPPRESS_BUDGET;
    if (!row->reason && gives && c->offer.stock && r->issued[index] >= c->offer.stock)
        row->reason = SUPPRESS_BUDGET;
    if (row->reason)
        return;
    row->state = MESSAGE_SENT;
    r->issued[index] += gives;
    r->spent[index] += cost;
}

static void step_expect(struct world *w, struct reference *r)
{
    for (int i = 0; i < CAMPAIGNS; i++)
        for (uint32_t person = 1; person <= PEOPLE && sends_at(r->campaigns[i], w->now); person++)
            if (r->rows[i][person].state == MESSAGE_NONE &&
                !campaign_held_out(r->campaigns[i], person))
                person_expect(w, r, i, person);
}

static struct reference *reference_new(struct world *w)
{
    struct reference *r = mem_zero(1, sizeof *r);
    const struct campaign *list;
    size_t n;
    assert_ok(campaign_list(w->mall.reader, w->arena, 0, &list, &n, &err));
    assert_int_equal(n, CAMPAIGNS);
    for (size_t i = 0; i < n; i++)
        r->campaigns[i] = &list[i];
    return r;
}

static void rows_compare(struct world *w, const struct reference *r, uint64_t seed, int step)
{
    for (int i = 0; i < CAMPAIGNS; i++)
        for (uint32_t person = 1; person <= PEOPLE; person++) {
            const struct expected *row = &r->rows[i][person];
            char sql[300];
            snprintf(sql, sizeof sql,
                     "select coalesce(sum(contact * 10000 + state * 100 + reason), 0) from message"
                     " where campaign = %u and person = %u",
                     r->campaigns[i]->id, person);
            int64_t found = number_of(&w->mall, sql);
            int64_t wanted = row->contact * 10000 + row->state * 100 + row->reason;
            if (found != wanted)
                fail_msg("world %llu, step %d, campaign %s, person %u: found %lld, expected %lld "
                         "(contact, state, reason)",
                         (unsigned long long)seed, step, r->campaigns[i]->code, person,
                         (long long)found, (long long)wanted);
        }
}

/* No message is fetched from the future: time goes on, and people change their minds. */
static void time_pass(struct world *w)
{
    w->now += 1800 + (int64_t)dice_below(&w->dice, 14 * 3600);
    clock_set(w->now);
    for (int i = 0; i < 10; i++)
        member_change(w, 1 + (uint32_t)dice_below(&w->dice, PEOPLE));
}

static void test_against_reference(void **state)
{
    int64_t all[SUPPRESSIONS] = {0};
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct world *w = world_new(seed);
        struct reference *r = reference_new(w);
        for (int step = 0; step < STEPS; step++) {
            struct send_counts counts = sending_step(&w->mall, &w->lines);
            step_expect(w, r);
            rows_compare(w, r, seed, step);
            for (int i = 0; i < SUPPRESSIONS; i++)
                all[i] += counts.suppressed[i];
            assert_int_equal(counts.failed + counts.unknown + counts.later, 0);
            time_pass(w);
        }
        assert_int_equal(w->app.wrong + w->sms.wrong, 0);
        for (size_t i = 0; i < w->app.n; i++)
            assert_int_equal(w->app.at[i].times, 1);
        assert_whole(w->mall.reader);
        free(r);
        world_free(w);
    }
    /* Every reason that this world can give came up. */
    static const enum suppression reasons[] = {SUPPRESS_CONSENT, SUPPRESS_OPT_OUT,
                                               SUPPRESS_ADDRESS, SUPPRESS_CAP,
                                               SUPPRESS_BUDGET,  SUPPRESS_PRIORITY};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        assert_true(all[reasons[i]] > 0);
}

/* ---- Contacts that fail ---- */

struct failing {
    struct world *w;
    int64_t bad; /* sent against a rule */
};

/* At the very moment that it is sent: consent, and hours. */
static enum outcome failing_answer(void *context, const struct outgoing *out)
{
    struct failing *f = context;
    struct world *w = f->w;
    const struct campaign *c;
    struct arena *arena = arena_new();
    bool sms = strstr(out->body, "\"contact\":\"sms\"") != NULL;
    assert_ok(campaign_by_id(w->mall.reader, arena, out->campaign, &c, &err));
    f->bad += !column_of(w, out->person, sms ? "consent_sms" : "consent_app");
    f->bad += !column_of(w, out->person, sms ? "phone <> ''" : "app");
    f->bad += !sends_at(c, w->now);
    f->bad += campaign_held_out(c, out->person);
    arena_free(arena);
    uint64_t what = dice_below(&w->dice, 10);
    return what < 5   ? OUTCOME_SENT
           : what < 7 ? OUTCOME_UNKNOWN
           : what < 8 ? OUTCOME_REFUSED
                      : OUTCOME_LATER;
}

/* Nobody has two messages of a campaign that were, or may have been, taken. */
static void once_each(struct world *w)
{
    assert_int_equal(
        number_of(&w->mall, "select count(*) from (select 1 from message where state in (2, 3, 6)"
                            " and person > 0 group by campaign, person having count(*) > 1)"),
        0);
}

/* What the fakes took, by person and campaign. */
static void taken_once(struct world *w)
{
    for (size_t i = 0; i < w->app.n; i++)
        for (size_t k = 0; k < w->sms.n; k++)
            if (w->app.at[i].person == w->sms.at[k].person &&
                w->app.at[i].campaign == w->sms.at[k].campaign)
                fail_msg("person %u got campaign %u in the app and by SMS", w->app.at[i].person,
                         w->app.at[i].campaign);
}

static void test_failing(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 100 + WORLDS; seed++) {
        struct world *w = world_new(seed);
        struct failing f = {.w = w};
        w->app.answer = w->sms.answer = failing_answer;
        w->app.context = w->sms.context = &f;
        for (int step = 0; step < 2 * STEPS; step++) {
            struct send_counts counts = sending_step(&w->mall, &w->lines);
            /* Suppression counts add up: everybody treated is looked at or still to come. */
            int64_t treated = 0;
            const struct campaign *list;
            size_t n;
            assert_ok(campaign_list(w->mall.reader, w->arena, 0, &list, &n, &err));
            for (size_t i = 0; i < n; i++)
                for (uint32_t p = 1; p <= PEOPLE; p++)
                    treated += !campaign_held_out(&list[i], p);
            assert_int_equal(number_of(&w->mall, "select count(distinct campaign * 1000 + person)"
                                                 " from message where person > 0") +
                                 counts.waiting,
                             treated);
            once_each(w);
            time_pass(w);
        }
        assert_int_equal(f.bad, 0);
        assert_int_equal(w->app.wrong + w->sms.wrong, 0);
        taken_once(w);
        assert_whole(w->mall.reader);
        world_free(w);
    }
}

/* ---- One thing at a time ---- */

static uint32_t simple_campaign(struct temp_mall *mall, const char *contacts, const char *more)
{
    char text[800];
    snprintf(text, sizeof text,
             "[campaign]\nname = Simple\nkind = popular\naudience = member\nholdout = 0%%\n"
             "[contacts]\norder = %s\nmessage = {name}, come.\n[limits]\nbudget = 1000000\n%s",
             contacts, more);
    return sending_campaign(mall, text);
}

static enum outcome fixed_answer(void *context, const struct outgoing *out)
{
    (void)out;
    return *(enum outcome *)context;
}

static void test_repeats_and_ends(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct fake_contact sms = {.answer = fixed_answer};
    enum outcome outcome = OUTCOME_UNKNOWN;
    struct contact_lines lines = fake_lines(NULL, &sms);
    (void)state;
    clock_set(start + 12 * 3600);
    sms.context = &outcome;
    sending_members(&mall, 3);
    uint32_t campaign = simple_campaign(&mall, "sms", "");
    struct send_counts counts = sending_step(&mall, &lines);
    assert_int_equal(counts.later, 3);
    assert_true(counts.next > start + 12 * 3600 && counts.next < start + 12 * 3600 + 10);
    assert_int_equal(sending_step(&mall, &lines).later, 0); /* not yet */
    assert_int_equal(sms.n, 3);
    /* One takes the consent back: what may have left is never called unsent. */
    test_run(&mall, "update member set consent_sms = 0 where person = 2");
    clock_set(start + 13 * 3600);
    outcome = OUTCOME_SENT;
    counts = sending_step(&mall, &lines);
    assert_int_equal(counts.sent, 2);
    assert_int_equal(counts.unknown, 1);
    assert_int_equal(sms.n, 3); /* the same keys */
    assert_int_equal(sms.wrong, 0);
    assert_int_equal(
        number_of(&mall, "select count(*) from message where state = 6 and person = 2"), 1);
    sending_move(&mall, campaign, VERB_END);
    /* The next one is not taken at all; when it ends that is known. */
    outcome = OUTCOME_LATER;
    campaign = simple_campaign(&mall, "sms", "");
    assert_int_equal(sending_step(&mall, &lines).later, 2);
    sending_move(&mall, campaign, VERB_END);
    sending_step(&mall, &lines);
    assert_int_equal(
        number_of(&mall, "select count(*) from message where state = 4 and reason = 9"), 2);
    fake_contact_free(&sms);
    temp_mall_free(&mall);
}

/* A contact that makes two of a repeat is never asked twice. */
static void test_not_idempotent(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct fake_contact sms = {.answer = fixed_answer};
    enum outcome outcome = OUTCOME_UNKNOWN;
    struct contact_lines lines = fake_lines(NULL, &sms);
    (void)state;
    clock_set(start + 12 * 3600);
    sms.context = &outcome;
    lines.at[CONTACT_SMS].idempotent = false;
    sending_members(&mall, 4);
    simple_campaign(&mall, "sms", "");
    assert_int_equal(sending_step(&mall, &lines).unknown, 4);
    /* An intent that an engine left when it was killed. */
    test_run(&mall, "update message set state = 2, body = '{}' where person = 1");
    clock_set(start + 14 * 3600);
    assert_int_equal(sending_step(&mall, &lines).unknown, 1);
    assert_int_equal(sms.n, 4);
    for (size_t i = 0; i < sms.n; i++)
        assert_int_equal(sms.at[i].times, 1);
    fake_contact_free(&sms);
    temp_mall_free(&mall);
}

static void test_failed_goes_on(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct fake_contact app = {.answer = fixed_answer}, sms = {0};
    enum outcome outcome = OUTCOME_REFUSED;
    struct contact_lines lines = fake_lines(&app, &sms);
    (void)state;
    clock_set(start + 12 * 3600);
    app.context = &outcome;
    sending_members(&mall, 5);
    test_run(&mall, "update member set consent_sms = 0 where person = 4");
    simple_campaign(&mall, "app sms pos", "");
    struct send_counts counts = sending_step(&mall, &lines);
    assert_int_equal(counts.failed, 5);
    assert_int_equal(counts.sent, 5);
    assert_int_equal(sms.n, 4);
    assert_int_equal(number_of(&mall, "select count(*) from device_queue where kind = 'pos' and"
                                      " person = 4"),
                     1);
    /* The one passed over says why. */
    assert_int_equal(number_of(&mall, "select count(*) from message where person = 4 and contact ="
                                      " 3 and state = 4 and reason = 2"),
                     1);
    assert_int_equal(number_of(&mall, "select count(*) from message where state = 1"), 0);
    fake_contact_free(&app);
    fake_contact_free(&sms);
    temp_mall_free(&mall);
}

static void test_closed_and_paused(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct fake_contact sms = {.answer = fixed_answer};
    enum outcome outcome = OUTCOME_CLOSED;
    struct contact_lines lines = fake_lines(NULL, &sms), none = fake_lines(NULL, NULL);
    (void)state;
    clock_set(start + 12 * 3600);
    sms.context = &outcome;
    sending_members(&mall, 2000);
    uint32_t campaign = simple_campaign(&mall, "sms", "");
    /* Not set up: nobody is looked at, as it is not their doing. */
    struct send_counts counts = sending_step(&mall, &none);
    assert_int_equal(counts.looked, 0);
    assert_int_equal(counts.waiting, 2000);
    /* Refuses everything: one batch and no more. */
    counts = sending_step(&mall, &lines);
    assert_true(counts.looked <= 2 * SEND_BATCH_LEAST);
    outcome = OUTCOME_SENT;
    sending_move(&mall, campaign, VERB_PAUSE);
    clock_set(start + 13 * 3600);
    assert_int_equal(sending_step(&mall, &lines).sent, 0);
    sending_move(&mall, campaign, VERB_RESUME);
    counts = sending_step(&mall, &lines);
    assert_int_equal(counts.sent, 2000);
    assert_int_equal(sms.n, 2000);
    fake_contact_free(&sms);
    temp_mall_free(&mall);
}

static void test_files_and_queues(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct contact_lines lines = fake_lines(NULL, NULL);
    char *path = temp_path(mall.folder, "portal.json");
    size_t size;
    (void)state;
    clock_set(start + 12 * 3600);
    sending_members(&mall, 6);
    test_run(&mall, "insert into contact values (4, 'aa:bb:cc:00:00:01', 1), (4,"
                    " 'aa:bb:cc:00:00:02', 1), (4, 'aa:bb:cc:00:00:03', 3)");
    test_run(&mall, "update member set consent_wifi = 0 where person = 3");
    assert_ok(contact_wifi_open(mall.reader, path, &lines.at[CONTACT_WIFI], &err));
    lines.at[CONTACT_WIFI].idempotent = true;
    simple_campaign(&mall, "wifi staff screen", "");
    struct send_counts counts = sending_step(&mall, &lines);
    assert_int_equal(counts.sent, 7); /* one on the portal, five for staff, one for all screens */
    assert_int_equal(number_of(&mall, "select count(*) from task where state = 'open'"), 5);
    assert_int_equal(number_of(&mall, "select count(*) from device_queue where kind = 'screen'"),
                     1);
    char *text = file_read_all(path, &size);
    json_t *json = json_loads(text, 0, NULL);
    const json_t *first = json_array_get(json_object_get(json, "messages"), 0);
    assert_int_equal(json_array_size(json_object_get(json, "messages")), 1);
    assert_int_equal(json_array_size(json_object_get(first, "to")), 2);
    json_decref(json);
    free(text);
    assert_int_equal(sending_step(&mall, &lines).sent, 0);
    lines.at[CONTACT_WIFI].adapter->close(lines.at[CONTACT_WIFI].state);
    free(path);
    temp_mall_free(&mall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeats_and_ends), cmocka_unit_test(test_not_idempotent),
        cmocka_unit_test(test_failed_goes_on),   cmocka_unit_test(test_closed_and_paused),
        cmocka_unit_test(test_files_and_queues), cmocka_unit_test(test_against_reference),
        cmocka_unit_test(test_failing),
    };
    modules_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
