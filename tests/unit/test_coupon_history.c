/*
 * Coupons over random histories against a plain reference that looks at one coupon at a time with
 * rules of its own; several processes that redeem the same codes at once; reports of tills in any
 * order. Never redeemed twice, never above stock or budget, never outside days, shops or minimum.
 */
#include "model/campaign/coupon_list.h"
#include "model/event/event.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CAMPAIGNS = 4, TENANTS = 4, PEOPLE = 6, STEPS = 300, HISTORIES = 40, COUPONS = 400 };
enum { FIRST_DAY = 17440 /* 2017-10-01 */, DAYS = 40, DAY = 86400, ZONE = 8 * 3600 };

static struct error err;
static struct access admin;

/* ---- A plain mall ---- */

struct rules {
    int64_t value, minimum, valid, stock, budget;
    int from, to, weekdays, hour_from, hour_to, blackout, stacking;
    unsigned shops; /* bits; 0: all */
    int64_t issued, given;
};

struct card {
    char code[COUPON_CODE], ref[16];
    int campaign;
    uint32_t person, tenant;
    enum coupon_state state;
    int64_t expires, used, given;
};

struct plain {
    struct rules rules[CAMPAIGNS];
    struct card cards[COUPONS];
    int n;
};

static int64_t below(struct dice *dice, int64_t n)
{
    return (int64_t)dice_below(dice, (uint64_t)n);
}

static void rules_draw(struct dice *dice, struct rules *r)
{
    *r = (struct rules){.value = 100 * (1 + below(dice, 50)),
                        .minimum = below(dice, 2) ? 100 * below(dice, 300) : 0,
                        .valid = below(dice, 2) ? DAY * (1 + below(dice, 20)) : 0,
                        .stock = below(dice, 2) ? 5 + below(dice, 30) : 0,
                        .budget = below(dice, 2) ? 100 * (50 + below(dice, 500)) : 0,
                        .from = FIRST_DAY + (int)below(dice, 5),
                        .to = FIRST_DAY + 20 + (int)below(dice, 15),
                        .weekdays = below(dice, 2) ? 1 + (int)below(dice, 127) : 0,
                        .blackout = below(dice, 2) ? FIRST_DAY + (int)below(dice, 30) : 0,
                        .stacking = (int)below(dice, 2),
                        .shops = below(dice, 2) ? 1 + (unsigned)below(dice, 15) : 0};
    if (below(dice, 2)) {
        r->hour_from = 60 * (int)below(dice, 24);
        r->hour_to = 60 * (int)(1 + below(dice, 24));
    }
}

/* Hours past midnight belong to the day they began on; a day without hours begins at four. */
static bool plain_on(const struct rules *r, int64_t time)
{
    int64_t local = time + ZONE;
    for (int64_t day = local / DAY - 1; day <= local / DAY; day++) {
        int64_t minute = (local - day * DAY) / 60, from = r->hour_from, to = r->hour_to;
        if (from == to)
            from = 240, to = 240 + 1440;
        else if (to < from)
            to += 1440;
        int weekday = (int)((day + 3) % 7);
        if (minute >= from && minute < to && day >= r->from &&
            (!r->weekdays || r->weekdays >> weekday & 1) && day != r->blackout)
            return true;
    }
    return false;
}

/* The end of the last day that it is on. */
static int64_t plain_end(const struct rules *r)
{
    for (int64_t minute = (int64_t)(r->to + 2) * 1440; minute > (int64_t)r->from * 1440; minute--) {
        struct rules bounded = *r;
        int64_t time = minute * 60 - ZONE - 60;
        if (!plain_on(&bounded, time))
            continue;
        /* plain_on has no last day: a moment of a later day does not count. */
        int64_t local = time + ZONE, day = local / DAY, since = (local % DAY) / 60;
        int64_t first = r->hour_from == r->hour_to ? 240 : r->hour_from;
        if (since < first)
            day--;
        if (day <= r->to)
            return time + 60;
    }
    return 0;
}

static struct card *card_find(struct plain *plain, const char *code)
{
    for (int i = 0; i < plain->n; i++)
        if (strcmp(plain->cards[i].code, code) == 0)
            return &plain->cards[i];
    return NULL;
}

static const char *plain_redeem(struct plain *plain, struct card *c, const struct coupon_use *use)
{
    struct rules *r = &plain->rules[c->campaign];
    int64_t before = 0;
    bool others = false, alone = false;
    if (c->state == COUPON_REDEEMED)
        return use->ref && strcmp(c->ref, use->ref) == 0 && c->tenant == use->tenant ? "repeated"
                                                                                     : "used";
    if (c->state == COUPON_VOID)
        return "void";
    if (c->expires && use->time >= c->expires)
        return "expired";
    if (!plain_on(r, use->time))
        return "day";
    if (r->shops && !(r->shops >> (use->tenant - 1) & 1))
        return "shop";
    for (int i = 0; i < plain->n && use->ref; i++) {
        const struct card *o = &plain->cards[i];
        if (o->state != COUPON_REDEEMED || o->tenant != use->tenant ||
            strcmp(o->ref, use->ref) != 0)
            continue;
        others = true;
        alone |= !plain->rules[o->campaign].stacking;
        before += o->given;
    }
    if (others && (alone || !r->stacking))
        return "stacking";
    int64_t given = use->amount - before < r->value ? use->amount - before : r->value;
    if (use->amount < r->minimum || given < 1)
        return "minimum";
    if (r->budget && r->given + given > r->budget)
        return "budget";
    r->given += given;
    c->state = COUPON_REDEEMED;
    c->tenant = use->tenant;
    c->used = use->time;
    c->given = given;
    snprintf(c->ref, sizeof c->ref, "%s", use->ref ? use->ref : "");
    return "";
}

/* ---- The mall ---- */

static void campaign_insert(struct temp_mall *t, int id, const struct rules *r)
{
    char sql[1024], shops[200] = "", blackout[64] = "";
    const char *codes[TENANTS] = {"T1", "T2", "T3", "T4"};
    for (int i = 0; i < TENANTS; i++)
        if (r->shops >> i & 1)
            snprintf(shops + strlen(shops), sizeof shops - strlen(shops), "%s%s",
                     *shops ? " or " : "", codes[i]);
    if (r->blackout) {
        int year, month, day;
        date_civil(r->blackout, &year, &month, &day);
        snprintf(blackout, sizeof blackout, "%04d-%02d-%02d", year, month, day);
    }
    snprintf(sql, sizeof sql,
             "insert into campaign (id, code, kind, value, minimum, shops, valid, stock, stacking,"
             " from_day, to_day, weekdays, hour_from, hour_to, blackout, budget, state) values"
             " (%d, 'c%d', 'coupon', %lld, %lld, '%s', %lld, %lld, %d, %d, %d, %d, %d, %d, '%s',"
             " %lld, 'running')",
             id, id, (long long)r->value, (long long)r->minimum, shops, (long long)r->valid,
             (long long)r->stock, r->stacking, r->from, r->to, r->weekdays, r->hour_from,
             r->hour_to, blackout, (long long)r->budget);
    test_run(t, sql);
}

static struct temp_mall mall_new(struct dice *dice, struct plain *plain)
{
    struct temp_mall t = temp_mall_new();
    *plain = (struct plain){0};
    admin = test_access(ACCESS_ADMIN);
    snprintf(admin.principal, sizeof admin.principal, "li");
    test_run(&t, "insert into tenant (id, code) values (1, 'T1'), (2, 'T2'), (3, 'T3'), (4, 'T4')");
    for (uint32_t i = 1; i <= PEOPLE; i++) {
        char card[16];
        snprintf(card, sizeof card, "M%u", i);
        test_members_add(&t, &(struct test_member){i, card, "Wang", "", "", "", 0}, 1);
    }
    for (int i = 0; i < CAMPAIGNS; i++) {
        rules_draw(dice, &plain->rules[i]);
        campaign_insert(&t, i + 1, &plain->rules[i]);
    }
    return t;
}

/* Every row is what the plain mall has. */
static void mall_compare(struct temp_mall *t, const struct plain *plain)
{
    for (int i = 0; i < plain->n; i++) {
        const struct card *card = &plain->cards[i];
        struct coupon row;
        const char *reason;
        assert_ok(coupon_find(t->reader, card->code, &row, &reason, &err));
        assert_int_equal(row.state, card->state);
        assert_int_equal(row.person, card->person);
        assert_int_equal(row.expires, card->expires);
        assert_int_equal(row.given, card->given);
        assert_int_equal(row.tenant, card->tenant);
    }
    assert_whole(t->reader);
}

/* ---- Steps ---- */

static unsigned met; /* reasons of refusals, by their place in coupon_reasons */

static int64_t time_draw(struct dice *dice)
{
    return (int64_t)FIRST_DAY * DAY - ZONE + below(dice, (int64_t)DAYS * DAY);
}

static void step_issue(struct temp_mall *t, struct plain *plain, struct dice *dice)
{
    int id = (int)below(dice, CAMPAIGNS);
    struct rules *r = &plain->rules[id];
    struct campaign campaign = {.id = (uint32_t)id + 1, .code = "c"};
    struct coupon_issue order = {.campaign = &campaign,
                                 .person = (uint32_t)below(dice, PEOPLE + 1),
                                 .time = time_draw(dice)};
    struct coupon coupon;
    bool room = (!r->stock || r->issued < r->stock) &&
                (!r->budget || r->given + r->value <= r->budget) && plain->n < COUPONS;
    if (plain->n == COUPONS)
        return;
    enum status status = coupon_issue(t->writer, &admin, &order, &coupon, NULL, &err);
    assert_int_equal(status, room ? ST_OK : ST_CONFLICT);
    if (!room)
        return;
    r->issued++;
    struct card *card = &plain->cards[plain->n++];
    *card = (struct card){.campaign = id,
                          .person = order.person,
                          .state = COUPON_ISSUED,
                          .expires = r->valid ? order.time + r->valid : plain_end(r)};
    memcpy(card->code, coupon.code, sizeof card->code);
}

static void step_redeem(struct temp_mall *t, struct plain *plain, struct dice *dice)
{
    static const char *const refs[] = {NULL, "R1", "R2", "R3", "R4", "R5"};
    struct coupon_use uses[3];
    struct coupon_result results[3];
    size_t n = 1 + (size_t)below(dice, 3);
    for (size_t i = 0; i < n; i++)
        uses[i] = (struct coupon_use){.code = plain->cards[below(dice, plain->n)].code,
                                      .tenant = 1 + (uint32_t)below(dice, TENANTS),
                                      .amount = 100 * below(dice, 400),
                                      .time = time_draw(dice),
                                      .ref = refs[below(dice, 6)]};
    assert_ok(coupon_redeem_many(t->writer, &admin, uses, n, results, &err));
    for (size_t i = 0; i < n; i++) {
        const char *expected = plain_redeem(plain, card_find(plain, uses[i].code), &uses[i]);
        const char *found = results[i].repeated ? "repeated"
                            : results[i].reason ? results[i].reason
                                                : "";
        assert_string_equal(found, expected);
        for (size_t k = 0; k < n_coupon_reasons; k++)
            met |= strcmp(found, coupon_reasons[k].word) == 0 ? 1u << k : 0;
    }
}

static void step_other(struct temp_mall *t, struct plain *plain, struct dice *dice)
{
    struct card *card = &plain->cards[below(dice, plain->n)];
    struct coupon coupon;
    const char *reason;
    bool repeated;
    int64_t n, time = time_draw(dice);
    if (below(dice, 10) == 0) {
        assert_ok(coupon_expire(t->writer, time, &n, &err));
        for (int i = 0; i < plain->n; i++) {
            struct card *c = &plain->cards[i];
            if (c->state <= COUPON_CLAIMED && c->expires && c->expires <= time)
                c->state = COUPON_EXPIRED;
        }
    } else if (below(dice, 8) == 0) {
        enum status status = coupon_void(t->writer, &admin, card->code, "a random one", &coupon,
                                         &reason, &repeated, &err);
        bool done = card->state <= COUPON_CLAIMED || card->state == COUPON_VOID;
        assert_int_equal(status, done ? ST_OK : ST_CONFLICT);
        card->state = done ? COUPON_VOID : card->state;
    } else {
        uint32_t person = (uint32_t)below(dice, PEOPLE + 1);
        enum status status = coupon_claim(t->writer, &admin, card->code, person, time, &coupon,
                                          &reason, &repeated, &err);
        bool done = card->state <= COUPON_CLAIMED && (!card->expires || time < card->expires) &&
                    (!card->person || !person || card->person == person);
        assert_int_equal(status, done ? ST_OK : ST_CONFLICT);
        if (done && (card->state == COUPON_ISSUED || person))
            card->person = person ? person : card->person;
        card->state = done ? COUPON_CLAIMED : card->state;
    }
    error_clear(&err);
}

/* Begins a transaction of the caller's, or ends it: steps are alone or part of one. */
static void turn(struct temp_mall *t)
{
    if (writer_in_transaction(t->writer))
        assert_ok(writer_commit(t->writer, &err));
    else
        assert_ok(writer_begin(t->writer, &err));
}

static void test_histories(void **state)
{

    (void)state;
    static struct plain plain;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct dice dice = {seed};
        struct temp_mall t = mall_new(&dice, &plain);
        for (int i = 0; i < STEPS; i++) {
            int64_t what = below(&dice, 10);
            if (below(&dice, 20) == 0)
                turn(&t);
            if (plain.n == 0 || what < 3)
                step_issue(&t, &plain, &dice);
            else if (what < 8)
                step_redeem(&t, &plain, &dice);
            else
                step_other(&t, &plain, &dice);
            if (below(&dice, 60) == 0 && !writer_in_transaction(t.writer))
                assert_ok(event_fold(t.writer, 0, &err));
            error_clear(&err);
        }
        if (writer_in_transaction(t.writer))
            turn(&t);
        mall_compare(&t, &plain);
        temp_mall_free(&t);
    }
    /* The histories met everything that a redemption can be refused for. */
    for (size_t k = 0; k < n_coupon_reasons; k++)
        if (strstr("used expired void shop minimum day stacking budget", coupon_reasons[k].word))
            assert_true(met >> k & 1);
}

/* ---- Several processes ---- */

enum { PROCESSES = 4, CONTESTED = 60 };

/* Each tries all codes in an order of its own; says over the pipe which it got. */
static void contender(const char *path, const struct plain *plain, int self, int pipe)
{
    struct mall *mall;
    struct writer *writer;
    struct dice dice = {(uint64_t)self + 100};
    if (mall_open(path, &mall, &err) != ST_OK || writer_open(mall, &writer, &err) != ST_OK)
        _exit(8);
    for (int i = 0; i < CONTESTED * 2; i++) {
        int at = (int)below(&dice, CONTESTED);
        char ref[32];
        snprintf(ref, sizeof ref, "P%d-%d", self, i);
        struct coupon_use use = {.code = plain->cards[at].code,
                                 .tenant = 1 + (uint32_t)self,
                                 .amount = 100000,
                                 .time = 1507000000,
                                 .ref = ref};
        struct coupon coupon;
        const char *reason;
        bool repeated;
        enum status status = coupon_redeem(writer, &admin, &use, &coupon, &reason, &repeated, &err);
        if (status == ST_OK && !repeated) {
            if (write(pipe, &at, sizeof at) != sizeof at)
                _exit(7);
        } else if (status != ST_CONFLICT || strcmp(reason, "used") != 0) {
            _exit(9);
        }
    }
    _exit(0);
}

static void test_processes(void **state)
{
    (void)state;
    static struct plain plain;
    struct dice dice = {7};
    struct temp_mall t = mall_new(&dice, &plain);
    int pipes[2], at, won[CONTESTED] = {0}, winners = 0;
    test_run(&t, "insert into campaign (id, code, kind, value, state) values (9, 'c9', 'coupon',"
                 " 1000, 'running')");
    struct campaign campaign = {.id = 9, .code = "c9"};
    for (int i = 0; i < CONTESTED; i++) {
        struct coupon coupon;
        struct coupon_issue order = {.campaign = &campaign, .time = 1506900000};
        assert_ok(coupon_issue(t.writer, &admin, &order, &coupon, NULL, &err));
        memcpy(plain.cards[i].code, coupon.code, sizeof coupon.code);
    }
    assert_int_equal(pipe(pipes), 0);
    reader_close(t.reader);
    writer_close(t.writer);
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            contender(t.path, &plain, i, pipes[1]);
    close(pipes[1]);
    while (read(pipes[0], &at, sizeof at) == sizeof at)
        won[at]++;
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    close(pipes[0]);
    for (int i = 0; i < CONTESTED; i++) {
        assert_true(won[i] <= 1);
        winners += won[i];
    }
    assert_ok(writer_open(t.mall, &t.writer, &err));
    assert_ok(reader_open(t.mall, &t.reader, &err));
    int64_t redeemed;
    assert_ok(reader_integer(t.reader, "select count(*) from coupon where state = 3", 0, &redeemed,
                             &err));
    assert_int_equal(redeemed, winners);
    assert_true(winners > CONTESTED / 2);
    assert_whole(t.reader);
    temp_mall_free(&t);
}

/* ---- Reports of tills ---- */

struct told {
    char ref[64];
    int card;
    uint32_t tenant;
    int64_t time;
};

static void told_append(struct temp_mall *t, const struct plain *plain, const struct told *told)
{
    struct event event = {.time = told->time,
                          .kind = KIND_COUPON_REDEEM,
                          .tenant = told->tenant,
                          .person = plain->cards[told->card].person,
                          .amount = plain->rules[plain->cards[told->card].campaign].value,
                          .ref = told->ref,
                          .ref_size = (uint32_t)strlen(told->ref)};
    assert_ok(event_append(t->writer, &event, 1, NULL, NULL, &err));
}

/* The rules that a till cannot break, whoever redeemed. */
static void rules_hold(struct temp_mall *t, const struct plain *plain)
{
    int64_t given[CAMPAIGNS] = {0};
    for (int i = 0; i < plain->n; i++) {
        struct coupon row;
        const char *reason;
        assert_ok(coupon_find(t->reader, plain->cards[i].code, &row, &reason, &err));
        if (row.state != COUPON_REDEEMED)
            continue;
        const struct rules *r = &plain->rules[row.campaign - 1];
        assert_true(plain_on(r, row.used));
        assert_true(!row.expires || row.used < row.expires);
        assert_true(!r->shops || r->shops >> (row.tenant - 1) & 1);
        given[row.campaign - 1] += row.given;
    }
    for (int i = 0; i < CAMPAIGNS; i++)
        assert_true(!plain->rules[i].budget || given[i] <= plain->rules[i].budget);
}

/* Reports in a random order, settled in random pieces, between redemptions by hand. */
static void test_reports(void **state)
{
    (void)state;
    static struct plain plain;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct dice dice = {seed * 977};
        struct temp_mall t = mall_new(&dice, &plain);
        int64_t events = 0, looked = 0;
        turn(&t);
        for (int i = 0; i < 40; i++)
            step_issue(&t, &plain, &dice);
        for (int i = 0; plain.n && i < 120; i++) {
            struct told told = {.card = (int)below(&dice, plain.n),
                                .tenant = 1 + (uint32_t)below(&dice, TENANTS),
                                .time = time_draw(&dice)};
            struct coupon_settled settled;
            snprintf(told.ref, sizeof told.ref, "%s/S%d", plain.cards[told.card].code, i);
            told_append(&t, &plain, &told);
            events++;
            error_clear(&err);
            if (below(&dice, 10) > 0)
                continue;
            turn(&t);
            if (below(&dice, 3) == 0)
                assert_ok(event_fold(t.writer, 0, &err));
            assert_ok(coupon_settle(t.reader, t.writer, &settled, &err));
            looked += settled.redeemed + settled.disputes;
            assert_int_equal(looked, events);
            turn(&t);
        }
        turn(&t);
        assert_whole(t.reader);
        rules_hold(&t, &plain);
        temp_mall_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
