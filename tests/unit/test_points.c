/* The ledger of points against a plain one, over random histories: earn, burn, reverse, reserve,
 * settle, release, expire, adjust, late imports, repeats; and several programs at once. */
#include "model/campaign/points_expire.h"
#include "model/campaign/points_mall.h"
#include "model/people/erase.h"
#include "model/people/link.h"
#include "tests/support/event_history.h"
#include "tests/support/ledger_plain.h"
#include "tests/support/people.h"
#include "tests/support/whole.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

enum { PEOPLE = 5, STEPS = 120, SEEDS = 12 };

/* People in two blocks. */
static const uint32_t people[PEOPLE] = {1, 2, 3, EVENT_BLOCK + 5, EVENT_BLOCK + 6};

struct world {
    struct temp_mall mall;
    struct access access;
    struct plain_ledger plain;
    struct dice dice;
    int64_t now;
    int refs;
};

static uint64_t draw(struct world *w, uint64_t n)
{
    return dice_below(&w->dice, n);
}

static void clock_set(struct world *w, int64_t now)
{
    char text[32];
    w->now = now;
    snprintf(text, sizeof text, "%" PRId64, now);
    setenv("ATRIUM_NOW", text, 1);
}

static struct world *world_new(uint64_t seed)
{
    struct world *w = mem_zero(1, sizeof *w);
    static const int months[] = {0, 1, 2, 6};
    w->dice.state = seed;
    w->mall = temp_mall_new();
    w->access = test_access(ACCESS_MANAGER);
    for (int i = 0; i < PEOPLE; i++) {
        char card[16];
        snprintf(card, sizeof card, "C%" PRIu32, people[i]);
        struct test_member member = {people[i], card, "", "", "", "", 0};
        test_members_add(&w->mall, &member, 1);
    }
    for (int i = 0; i < 2; i++)
        w->plain.months[i] = months[draw(w, 4)];
    char sql[256];
    snprintf(sql, sizeof sql,
             "insert into points_terms (since, months) values ('1970-01-01', %d), "
             "('2024-07-01', %d)",
             w->plain.months[0], w->plain.months[1]);
    test_run(&w->mall, sql);
    clock_set(w, test_time(2024, 5, 20, 12, 0));
    return w;
}

static void world_free(struct world *w)
{
    plain_free(&w->plain);
    temp_mall_free(&w->mall);
    unsetenv("ATRIUM_NOW");
    free(w);
}

/* ---- Comparing ---- */

static void person_compare(struct world *w, uint32_t person)
{
    struct arena *arena = arena_new();
    struct points_account account;
    struct plain_account *plain = mem_alloc(sizeof *plain);
    plain_account(&w->plain, person, w->now, plain);
    assert_ok(points_account(w->mall.reader, arena, person, INT64_MAX, &account, &err));
    assert_int_equal(account.sums.earned, plain->sums.earned);
    assert_int_equal(account.sums.burned, plain->sums.burned);
    assert_int_equal(account.sums.expired, plain->sums.expired);
    assert_int_equal(account.sums.adjusted, plain->sums.adjusted);
    assert_int_equal(account.sums.reversed, plain->sums.reversed);
    assert_int_equal(account.sums.owed, plain->sums.owed);
    assert_int_equal(account.sums.balance, plain->sums.balance);
    assert_int_equal(account.sums.due, plain->sums.due);
    assert_int_equal(account.sums.held, plain->sums.held);
    assert_int_equal(account.n_lots, plain->n_lots);
    for (size_t i = 0; i < plain->n_lots; i++) {
        assert_int_equal(account.lots[i].left, plain->lots[i].left);
        assert_int_equal(account.lots[i].expires, plain->lots[i].expires);
        assert_int_equal(account.lots[i].time, plain->lots[i].time);
        assert_int_equal(account.lots[i].points, plain->lots[i].points);
    }
    bool ours = true;
    for (size_t i = 0; i < w->plain.entries.n; i++)
        ours = ours && (w->plain.entries.at[i].person != person || w->plain.entries.at[i].ours);
    if (ours) {
        assert_int_equal(plain->least, 0);
        assert_true(plain->sums.held <= plain->sums.balance);
    }
    free(plain);
    arena_free(arena);
}

static void mall_compare(struct world *w)
{
    struct points_sums all = {0};
    struct points_mall mall;
    struct points_survey survey;
    struct plain_account *plain = mem_alloc(sizeof *plain);
    struct arena *arena = arena_new();
    int64_t left = 0, shortage = 0, due = 0, owed = 0, holders = 0;
    for (int i = 0; i < PEOPLE; i++) {
        plain_account(&w->plain, people[i], w->now, plain);
        all.balance += plain->sums.balance;
        all.reversed += plain->sums.reversed;
        owed += plain->sums.owed;
        shortage += plain->shortage;
        due += plain->sums.due;
        holders += plain->n_lots > 0;
        for (size_t k = 0; k < plain->n_lots; k++)
            left += plain->lots[k].left;
    }
    assert_ok(points_mall(w->mall.reader, arena, &mall, &err));
    assert_ok(points_survey(w->mall.reader, w->now, arena, &survey, &err));
    assert_int_equal(mall.sums.balance, all.balance);
    assert_int_equal(mall.sums.reversed, all.reversed);
    assert_int_equal(survey.balance, left);
    assert_int_equal(survey.shortage, shortage);
    assert_int_equal(survey.due, due);
    assert_int_equal(survey.owed, owed);
    assert_int_equal(survey.holders, holders);
    int64_t months = survey.never + survey.due;
    for (size_t i = 0; i < survey.n_months; i++)
        months += survey.months[i].points;
    assert_int_equal(months, left);
    arena_free(arena);
    free(plain);
}

/* ---- Steps ---- */

static const char *ref_new(struct world *w, char *to)
{
    snprintf(to, PLAIN_REF, "R%d", ++w->refs);
    return to;
}

/* Mostly a reference of this kind that exists. */
static const char *ref_known(struct world *w, uint16_t kind, char *to)
{
    snprintf(to, PLAIN_REF, "R%d", (int)draw(w, (uint64_t)w->refs + 2));
    for (int i = 0; i < 30 && w->plain.entries.n; i++) {
        const struct plain_entry *e = &w->plain.entries.at[draw(w, w->plain.entries.n)];
        if (e->kind == kind && *e->ref == 'R')
            snprintf(to, PLAIN_REF, "%s", e->ref);
    }
    return to;
}

static void same(struct world *w, enum status is, enum status expected, const char *what)
{
    if (is != expected)
        fail_msg("%s: found %s, expected %s (%s) at step of %d refs", what, status_name(is),
                 status_name(expected), is == ST_OK ? "" : error_text(&err), w->refs);
    error_clear(&err);
}

static void step_post(struct world *w)
{
    static const enum points_act often[] = {POINTS_EARN,   POINTS_EARN,    POINTS_EARN,
                                            POINTS_BURN,   POINTS_BURN,    POINTS_REVERSE,
                                            POINTS_ADJUST, POINTS_REVERSE, POINTS_EXPIRE};
    char ref[PLAIN_REF], of[PLAIN_REF];
    struct points_posted posted;
    struct points_entry entry = {.act = often[draw(w, 9)], .person = people[draw(w, PEOPLE)]};
    entry.points = 1 + (int64_t)draw(w, 30);
    if (entry.act == POINTS_ADJUST && draw(w, 2))
        entry.points = -entry.points;
    entry.ref = draw(w, 12) ? ref_new(w, ref) : ref_known(w, KIND_POINTS_EARN, ref);
    if (draw(w, 4) == 0)
        entry.time = w->now - (int64_t)draw(w, 40 * 86400);
    if (entry.act == POINTS_REVERSE) {
        entry.what = draw(w, 2) ? POINTS_EARN : POINTS_BURN;
        entry.of =
            ref_known(w, entry.what == POINTS_EARN ? KIND_POINTS_EARN : KIND_POINTS_BURN, of);
        for (size_t i = 0; i < w->plain.entries.n; i++)
            if (strcmp(w->plain.entries.at[i].ref, of) == 0 && draw(w, 8))
                entry.person = w->plain.entries.at[i].person;
        entry.points = draw(w, 2) ? 0 : entry.points / 3 + 1;
    }
    size_t before = w->plain.entries.n;
    enum status expected = plain_post(&w->plain, &entry, w->now);
    enum status is = points_post(w->mall.writer, &w->access, &entry, &posted, &err);
    same(w, is, expected, points_act_names[entry.act]);
    if (is != ST_OK)
        return;
    assert_int_equal(posted.repeated, w->plain.entries.n == before);
    assert_string_equal(posted.ref, entry.ref);
    assert_ok(points_post(w->mall.writer, &w->access, &entry, &posted, &err));
    assert_true(posted.repeated);
}

static void step_hold(struct world *w)
{
    char ref[PLAIN_REF];
    struct points_posted posted;
    struct points_hold hold = {.person = people[draw(w, PEOPLE)],
                               .points = 1 + (int64_t)draw(w, 20),
                               .expires = w->now + 60 + (int64_t)draw(w, 20 * 86400)};
    snprintf(ref, sizeof ref, "H%d", (int)draw(w, 40));
    hold.ref = ref;
    enum status expected;
    switch (draw(w, 4)) {
    case 0:
        expected = plain_settle(&w->plain, ref, 0, w->now);
        same(w, points_settle(w->mall.writer, &w->access, ref, 0, 0, &posted, &err), expected,
             "settle");
        break;
    case 1:
        expected = plain_release(&w->plain, ref, w->now);
        same(w, points_release(w->mall.writer, &w->access, ref, &posted, &err), expected,
             "release");
        break;
    default:
        expected = plain_reserve(&w->plain, &hold, w->now);
        same(w, points_reserve(w->mall.writer, &w->access, &hold, &posted, &err), expected,
             "reserve");
    }
}

/* Events of other systems, any time, overdrawing as they like. */
static void step_import(struct world *w)
{
    static const uint16_t kind[] = {KIND_POINTS_EARN, KIND_POINTS_BURN, KIND_POINTS_EXPIRE,
                                    KIND_POINTS_ADJUST, KIND_POINTS_REVERSE};
    struct plain_entry e = {.person = people[3 + draw(w, 2)], .kind = kind[draw(w, 5)]};
    e.time = w->now - (int64_t)draw(w, 60 * 86400);
    e.amount = 1 + (int64_t)draw(w, 30);
    if ((e.kind == KIND_POINTS_ADJUST || e.kind == KIND_POINTS_REVERSE) && draw(w, 2))
        e.amount = -e.amount;
    ref_new(w, e.ref);
    if (e.kind == KIND_POINTS_REVERSE && draw(w, 2))
        ref_known(w, e.amount < 0 ? KIND_POINTS_BURN : KIND_POINTS_EARN, e.ref);
    for (size_t i = 0; i < w->plain.entries.n; i++)
        if (w->plain.entries.at[i].kind == e.kind && strcmp(w->plain.entries.at[i].ref, e.ref) == 0)
            return;
    vec_push(&w->plain.entries, e);
    struct event event = {.time = e.time,
                          .kind = e.kind,
                          .person = e.person,
                          .amount = e.amount,
                          .ref = e.ref,
                          .ref_size = (uint32_t)strlen(e.ref)};
    assert_ok(writer_begin(w->mall.writer, &err));
    assert_ok(event_append(w->mall.writer, &event, 1, NULL, NULL, &err));
    assert_ok(writer_commit(w->mall.writer, &err));
}

static void step_expire(struct world *w)
{
    struct points_run run, preview, again;
    int64_t at = draw(w, 4) ? w->now : w->now - (int64_t)draw(w, 20 * 86400);
    assert_ok(points_expire_preview(w->mall.reader, at, &preview, &err));
    for (int i = 0; i < PEOPLE; i++)
        plain_expire(&w->plain, people[i], at, w->now);
    assert_ok(points_expire_run(w->mall.writer, &w->access, at, NULL, NULL, &run, &err));
    if (at == w->now)
        assert_int_equal(run.points, preview.points);
    assert_ok(points_expire_run(w->mall.writer, &w->access, at, NULL, NULL, &again, &err));
    assert_int_equal(again.points, 0);
}

static void step(struct world *w)
{
    if (draw(w, 3) == 0)
        clock_set(w, w->now + 1 + (int64_t)draw(w, 3 * 86400));
    switch (draw(w, 20)) {
    case 0:
        step_expire(w);
        break;
    case 1:
        assert_ok(event_fold(w->mall.writer, 0, &err));
        break;
    case 2:
    case 3:
        step_import(w);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        step_hold(w);
        break;
    default:
        step_post(w);
    }
}

static void random_histories(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world *w = world_new(seed * 7919);
        for (int i = 0; i < STEPS; i++) {
            step(w);
            for (int p = 0; p < PEOPLE; p++)
                person_compare(w, people[p]);
        }
        mall_compare(w);
        assert_whole(w->mall.reader);
        world_free(w);
    }
}

/* ---- Several programs ---- */

enum { PROGRAMS = 4, BURNS = 40, THERE = 100 };

/* Burns one point at a time; the exit status is how many there were. */
static void burn_many(const char *path, int program)
{
    struct mall *mall;
    struct writer *writer;
    struct access access = test_access(ACCESS_MANAGER);
    int done = 0;
    if (mall_open(path, &mall, &err) != ST_OK || writer_open(mall, &writer, &err) != ST_OK)
        _exit(255);
    for (int i = 0; i < BURNS; i++) {
        char ref[32];
        struct points_posted posted;
        struct points_entry entry = {.act = POINTS_BURN, .person = 1, .points = 1, .ref = ref};
        snprintf(ref, sizeof ref, "B%d-%d", program, i);
        enum status status = points_post(writer, &access, &entry, &posted, &err);
        if (status != ST_OK && status != ST_CONFLICT)
            _exit(254);
        done += status == ST_OK;
        /* All programs try this one, and one of them has it. */
        entry.ref = i % 2 ? "same" : "same again";
        entry.points = 2;
        status = points_post(writer, &access, &entry, &posted, &err);
        if (status != ST_OK && status != ST_CONFLICT)
            _exit(253);
        if (i % 8 == 0 && event_fold(writer, 1, &err) != ST_OK)
            _exit(252);
    }
    _exit(done);
}

static void programs_at_once(void **state)
{
    (void)state;
    struct world *w = world_new(1);
    struct points_posted posted;
    struct points_entry earn = {.act = POINTS_EARN, .person = 1, .points = THERE, .ref = "E"};
    pid_t children[PROGRAMS];
    int done = 0;
    assert_ok(points_post(w->mall.writer, &w->access, &earn, &posted, &err));
    for (int i = 0; i < PROGRAMS; i++)
        if ((children[i] = fork()) == 0)
            burn_many(w->mall.path, i);
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= BURNS);
        done += WEXITSTATUS(status);
    }
    struct arena *arena = arena_new();
    struct points_account account;
    assert_ok(points_account(w->mall.reader, arena, 1, INT64_MAX, &account, &err));
    assert_int_equal(done, THERE - 4);
    assert_int_equal(account.sums.balance, 0);
    assert_int_equal(account.sums.burned, THERE);
    assert_whole(w->mall.reader);
    arena_free(arena);
    world_free(w);
}

/* ---- Persons that turn out to be one, and one that goes ---- */

static int64_t balance_of(struct world *w, uint32_t person)
{
    struct arena *arena = arena_new();
    struct points_account account;
    assert_ok(points_account(w->mall.reader, arena, person, INT64_MAX, &account, &err));
    int64_t balance = account.sums.balance;
    arena_free(arena);
    return balance;
}

static void post(struct world *w, enum points_act act, uint32_t person, int64_t points,
                 const char *ref)
{
    struct points_posted posted;
    struct points_entry entry = {.act = act, .person = person, .points = points, .ref = ref};
    assert_ok(points_post(w->mall.writer, &w->access, &entry, &posted, &err));
}

static void links_move_accounts(void **state)
{
    (void)state;
    struct world *w = world_new(1);
    struct access admin = test_access(ACCESS_ADMIN);
    struct link_request request = {1, 2, "same phone", 1, false};
    struct link_result result;
    struct points_posted posted;
    struct points_hold hold = {.person = 2, .points = 30, .expires = w->now + 3600, .ref = "H"};
    post(w, POINTS_EARN, 1, 100, "A");
    post(w, POINTS_EARN, 2, 50, "B");
    assert_ok(points_reserve(w->mall.writer, &w->access, &hold, &posted, &err));
    assert_ok(member_link(w->mall.writer, &admin, &request, &result, &err));
    assert_int_equal(balance_of(w, result.target), 150);
    struct points_entry burn = {
        .act = POINTS_BURN, .person = result.target, .points = 121, .ref = "C"};
    assert_int_equal(points_post(w->mall.writer, &w->access, &burn, &posted, &err), ST_CONFLICT);
    error_clear(&err);
    burn.points = 120;
    assert_ok(points_post(w->mall.writer, &w->access, &burn, &posted, &err));
    assert_int_equal(posted.sums.held, 30);
    assert_whole(w->mall.reader);
    /* Apart again: what was burned together stays with the one it was burned by, who may be below
     * 0 by that, and the other one has all its own again. */
    assert_ok(member_unlink(w->mall.writer, &admin, result.id, "was wrong", &result, &err));
    assert_int_equal(balance_of(w, 1) + balance_of(w, 2), 30);
    assert_whole(w->mall.reader);
    struct arena *arena = arena_new();
    struct erasure erasure;
    struct points_mall mall;
    assert_ok(member_erase(w->mall.writer, &admin, 2, "asked for it", arena, &erasure, &err));
    assert_ok(points_mall(w->mall.reader, arena, &mall, &err));
    assert_int_equal(mall.sums.balance, 30);
    assert_int_equal(mall.sums.held, 0);
    assert_whole(w->mall.reader);
    arena_free(arena);
    world_free(w);
}

static void rights_are_asked(void **state)
{
    (void)state;
    struct world *w = world_new(1);
    struct points_posted posted;
    struct points_run run;
    struct access operator= test_access(ACCESS_OPERATOR), analyst = test_access(ACCESS_ANALYST);
    struct points_entry entry = {.act = POINTS_EARN, .person = 1, .points = 5};
    assert_ok(points_post(w->mall.writer, &operator, & entry, &posted, &err));
    assert_int_equal(points_post(w->mall.writer, &analyst, &entry, &posted, &err), ST_DENIED);
    entry.act = POINTS_ADJUST;
    assert_int_equal(points_post(w->mall.writer, &operator, & entry, &posted, &err), ST_DENIED);
    assert_int_equal(points_expire_run(w->mall.writer, &operator, 0, NULL, NULL, &run, &err),
                     ST_DENIED);
    entry.points = POINTS_MOST + 1;
    assert_int_equal(points_post(w->mall.writer, &w->access, &entry, &posted, &err), ST_REFUSED);
    entry.points = 1;
    entry.ref = "a\nb";
    assert_int_equal(points_post(w->mall.writer, &w->access, &entry, &posted, &err), ST_REFUSED);
    error_clear(&err);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories),
        cmocka_unit_test(programs_at_once),
        cmocka_unit_test(links_move_accounts),
        cmocka_unit_test(rights_are_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
