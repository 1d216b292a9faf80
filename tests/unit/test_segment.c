/* The people language: random expressions over random malls against a plain reference that looks at
 * one person at a time; labels refreshed where something changed against the same from nothing. */
#include "model/base/text.h"
#include "model/people/profile.h"
#include "model/segment/label.h"
#include "model/segment/saved.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- A small random mall, in the file and in memory ---- */

enum { PEOPLE = 48, EVENTS = 900, DAY = 86400 };

static const char *const tiers[] = {"", "basic", "gold", "black", "odd"};
static const char *const kinds_used[] = {"purchase",    "refund",      "sighting",
                                         "points_earn", "points_burn", "coupon_redeem",
                                         "door",        "app_open",    "points_reverse"};
static const char *const tenants[] = {NULL, "T1", "T2", "T3"};
static const char *const channels[] = {NULL, "pos", "app"};
static const char *const topics[] = {"coffee", "film"};
static const char *const districts[] = {"", "North", "South", "12", "7"};

struct person {
    uint32_t number;
    bool member;
    int tier, topic, district; /* topic -1: none; district 0: none */
    char gender[2];
    int64_t birth; /* day; INT64_MIN: unknown */
    int64_t joined;
    bool sms, app_consent, app, phone, vip, seen;
};

struct world {
    struct temp_mall mall;
    struct person people[PEOPLE];
    struct test_event events[EVENTS * 2];
    size_t n_events;
    int64_t begin;
    struct dice dice;
};

static uint64_t below(struct world *w, uint64_t n)
{
    return dice_below(&w->dice, n);
}

static void person_make(struct world *w, int i)
{
    struct person *p = &w->people[i];
    *p = (struct person){.number = i < PEOPLE / 2 ? (uint32_t)i + 1
                                                  : EVENT_BLOCK + (uint32_t)(i - PEOPLE / 2) * 3};
    p->member = below(w, 5) > 0;
    p->tier = (int)below(w, 5);
    p->topic = (int)below(w, 3) - 1;
    p->district = (int)below(w, 5);
    p->gender[0] = "fm\0"[below(w, 3)];
    p->birth = below(w, 5) ? (int64_t)below(w, 20000) - 3000 : INT64_MIN;
    p->joined = below(w, 6) ? w->begin + (int64_t)below(w, 100 * 24) * 3600 : 0;
    p->sms = below(w, 2);
    p->app_consent = below(w, 2);
    p->app = below(w, 2);
    p->phone = below(w, 2);
    p->vip = below(w, 3) == 0;
}

enum { SQL = 2000 };

static void person_sql(const struct person *p, char sql[SQL])
{
    char birth[32];
    snprintf(birth, sizeof birth, "%lld", (long long)p->birth);
    int n = snprintf(sql, SQL,
                     "delete from interest where person = %u; delete from attribute where person ="
                     " %u; delete from label_member where person = %u;",
                     p->number, p->number, p->number);
    if (p->member)
        n += snprintf(sql + n, SQL - (size_t)n,
                      "insert or replace into member (person, card, name, phone, gender, birth, "
                      "joined, tier, consent_sms, consent_app, app) values (%u, 'M%05u', 'N%u', "
                      "'%s', '%s', %s, %lld, '%s', %d, %d, %d);",
                      p->number, p->number, p->number % 7, p->phone ? "138" : "", p->gender,
                      p->birth == INT64_MIN ? "null" : birth, (long long)p->joined, tiers[p->tier],
                      p->sms, p->app_consent, p->app);
    if (p->topic >= 0)
        n += snprintf(sql + n, SQL - (size_t)n,
                      "insert into interest (person, topic) values (%u, '%s');", p->number,
                      topics[p->topic]);
    if (p->district)
        n += snprintf(sql + n, SQL - (size_t)n,
                      "insert into attribute (person, name, value) values (%u, 'district', '%s');",
                      p->number, districts[p->district]);
    if (p->vip)
        snprintf(sql + n, SQL - (size_t)n,
                 "insert into label_member (label, person) values (1, %u);", p->number);
}

static void person_write(struct world *w, const struct person *p)
{
    char sql[SQL];
    person_sql(p, sql);
    test_run(&w->mall, sql);
}

static void events_make(struct world *w, size_t n, int64_t from, int64_t days)
{
    size_t first = w->n_events;
    for (size_t i = 0; i < n && w->n_events < EVENTS * 2; i++)
        w->events[w->n_events++] = (struct test_event){
            .time = from + (int64_t)below(w, (uint64_t)days * DAY),
            .person = w->people[below(w, PEOPLE - 6)].number,
            .kind = kinds_used[below(w, 9)],
            .tenant = tenants[below(w, 4)],
            .channel = channels[below(w, 3)],
            .amount = (int64_t)below(w, 20) * 5000,
        };
    test_events_add(&w->mall, w->events + first, w->n_events - first);
}

static struct world *world_new(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    w->mall = temp_mall_new();
    w->dice.state = seed * 77 + 5;
    w->begin = test_time(2026, 3, 1, 12, 0);
    test_run(&w->mall, "insert into label (id, name) values (1, 'vip');"
                       "insert into setting (name, value) values ('tiers', 'basic gold black')"
                       " on conflict (name) do update set value = excluded.value");
    struct arena *arena = arena_new();
    char sql[SQL];
    const char *all = "";
    for (int i = 0; i < PEOPLE; i++) {
        person_make(w, i);
        person_sql(&w->people[i], sql);
        all = arena_printf(arena, "%s%s", all, sql);
    }
    all = arena_printf(arena, "%supdate counter set value = %u where name = 'person';", all,
                       w->people[PEOPLE - 1].number);
    test_run(&w->mall, all);
    arena_free(arena);
    events_make(w, EVENTS / 2, w->begin, 120);
    assert_ok(event_fold(w->mall.writer, 0, &err));
    events_make(w, EVENTS / 8, w->begin, 125);
    test_run(&w->mall, "update tenant set category = 'coffee' where code in ('T1', 'T2')");
    if (seed % 2)
        assert_ok(profile_fold(w->mall.writer, &err));
    return w;
}

static void world_free(struct world *w)
{
    temp_mall_free(&w->mall);
    free(w);
}

/* ---- The reference ---- */

struct plain {
    const struct world *w;
    const struct person *p;
    const struct clock *clock;
    int64_t present;
};

static bool is(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool plain_event(const struct expr *e, const struct test_event *event)
{
    if (e->type == EXPR_AND)
        return plain_event(e->left, event) && plain_event(e->right, event);
    if (e->type == EXPR_OR)
        return plain_event(e->left, event) || plain_event(e->right, event);
    if (e->type == EXPR_NOT)
        return !plain_event(e->left, event);
    if (is(e->field->name, "amount")) {
        bool points = strncmp(event->kind, "points_", 7) == 0;
        int64_t amount = event->amount * (points ? 100 : 1); /* fen; points are whole */
        return e->op == OP_GE ? amount >= e->values[0].number : amount < e->values[0].number;
    }
    const char *text = is(e->field->name, "kind")     ? event->kind
                       : is(e->field->name, "tenant") ? event->tenant
                       : is(e->field->name, "channel")
                           ? event->channel
                           : (is(event->tenant, "T1") || is(event->tenant, "T2") ? "coffee" : "");
    bool found = false;
    for (size_t i = 0; i < e->n_values; i++)
        found = found || is(text ? text : "", e->values[i].text);
    return found != (e->op == OP_NE);
}

static bool plain_default(enum people_function_id id, const char *kind)
{
    switch (id) {
    case DOES_SPENT:
        return is(kind, "purchase") || is(kind, "refund");
    case DOES_BOUGHT:
    case DOES_DAYS:
    case DOES_SHOPS:
        return is(kind, "purchase");
    case DOES_EARNED:
        return is(kind, "points_earn");
    case DOES_BURNED:
        return is(kind, "points_burn");
    case DOES_POINTS:
        return strncmp(kind, "points_", 7) == 0;
    default:
        return kind_flags(kind_by_name(kind, strlen(kind))->id) & KIND_PRESENCE;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct test_event *x = *(const struct test_event *const *)a;
    const struct test_event *y = *(const struct test_event *const *)b;
    return (x->time > y->time) - (x->time < y->time);
}

/* The person's events of a leaf, in order. */
static size_t plain_events(const struct plain *c, const struct people_expr *leaf,
                           const struct test_event **found)
{
    int64_t from, to;
    size_t n = 0;
    bool own = leaf->function->events == EVENTS_NARROW ||
               (leaf->function->events == EVENTS_REPLACE && !leaf->events);
    span_bounds(&leaf->span, c->clock, c->present, &from, &to);
    for (size_t i = 0; i < c->w->n_events; i++) {
        const struct test_event *e = &c->w->events[i];
        if (e->person == c->p->number && e->time >= from && e->time < to &&
            (!own || plain_default(leaf->function->id, e->kind)) &&
            (!leaf->events || plain_event(leaf->events, e)))
            found[n++] = e;
    }
    qsort(found, n, sizeof *found, by_time);
    return n;
}

static int64_t plain_value(const struct plain *c, const struct people_expr *leaf, bool *known)
{
    const struct test_event *e[EVENTS * 2];
    size_t n = plain_events(c, leaf, e);
    enum people_function_id id = leaf->function->id;
    int64_t value = 0;
    *known = true;
    if (id == DOES_LAST || id == DOES_FIRST) {
        *known = n > 0;
        return n ? e[id == DOES_LAST ? n - 1 : 0]->time : 0;
    }
    for (size_t i = 0; i < n; i++) {
        bool seen = false, less = is(e[i]->kind, "refund") || is(e[i]->kind, "points_burn") ||
                                  is(e[i]->kind, "points_reverse");
        for (size_t k = 0; k < i; k++)
            seen = seen || (id == DOES_SHOPS ? is(e[k]->tenant, e[i]->tenant)
                                             : clock_day(c->clock, e[k]->time) ==
                                                   clock_day(c->clock, e[i]->time));
        switch (id) {
        case DOES_SPENT:
        case DOES_POINTS:
            value += less ? -e[i]->amount : e[i]->amount;
            break;
        case DOES_EARNED:
        case DOES_BURNED:
            value += e[i]->amount;
            break;
        case DOES_DAYS:
            value += !seen;
            break;
        case DOES_SHOPS:
            value += e[i]->tenant && !seen;
            break;
        case DOES_DWELL:
            value += i && e[i]->time - e[i - 1]->time <= 1800 ? e[i]->time - e[i - 1]->time : 0;
            break;
        case DOES_VISITED:
        case DOES_VISITS:
            value += !(i && e[i]->time - e[i - 1]->time <= 1800);
            break;
        default:
            value++;
        }
    }
    return value;
}

static bool plain_order(enum expr_op op, int64_t x, int64_t low, int64_t high)
{
    return op == OP_LT   ? x < low
           : op == OP_LE ? x < high
           : op == OP_GT ? x >= high
           : op == OP_GE ? x >= low
           : op == OP_NE ? x < low || x >= high
                         : x >= low && x < high;
}

/* A day that is compared with days, or with how many days ago it was. */
static bool plain_day(const struct plain *c, const struct people_expr *leaf, int32_t day)
{
    const struct people_operand *v = &leaf->values[0];
    if (v->ago)
        return plain_order(leaf->op, clock_day(c->clock, c->present) - day, v->number,
                           v->number + 1);
    return plain_order(leaf->op, day, v->first_day, v->end_day);
}

static bool plain_word(const struct people_expr *leaf, const char *word)
{
    bool found = false;
    if (leaf->op >= OP_LT && leaf->op <= OP_GE) {
        static const char *const ranks[] = {"basic", "gold", "black"};
        int a = -1, b = -1;
        for (int i = 0; i < 3; i++) {
            a = is(ranks[i], word) ? i : a;
            b = is(ranks[i], leaf->values[0].text) ? i : b;
        }
        return a >= 0 && plain_order(leaf->op, a, b, b + 1);
    }
    for (size_t i = 0; i < leaf->n_values; i++)
        found = found || is(leaf->values[i].text, word);
    return leaf->op == OP_NE ? *word && !found : found;
}

static int plain_age(const struct plain *c)
{
    int y, m, d, by, bm, bd;
    date_civil(clock_day(c->clock, c->present), &y, &m, &d);
    date_civil((int32_t)c->p->birth, &by, &bm, &bd);
    return y - by - (m < bm || (m == bm && d < bd));
}

static bool plain_field(const struct plain *c, const struct people_expr *leaf)
{
    const struct person *p = c->p;
    double x, y;
    switch (leaf->field->id) {
    case TRAIT_MEMBER:
        return p->member;
    case TRAIT_ANYONE:
        return true;
    case TRAIT_GENDER:
        return plain_word(leaf, p->member ? p->gender : "");
    case TRAIT_TIER:
        return plain_word(leaf, p->member ? tiers[p->tier] : "");
    case TRAIT_AGE:
        return p->member && p->birth != INT64_MIN && plain_age(c) >= 0 &&
               plain_order(leaf->op, plain_age(c), leaf->values[0].number,
                           leaf->values[0].number + 1);
    case TRAIT_BIRTH:
        return p->member && p->birth != INT64_MIN && plain_day(c, leaf, (int32_t)p->birth);
    case TRAIT_JOINED:
        return p->member && p->joined &&
               plain_day(c, leaf, (int32_t)((p->joined + 8 * 3600) / DAY)); /* in Shanghai */
    case TRAIT_REACHABLE:
        return p->member && ((p->sms && p->phone) || (p->app_consent && p->app));
    case TRAIT_LABEL:
        return p->vip;
    case TRAIT_INTEREST:
        return p->topic >= 0 && is(topics[p->topic], leaf->name.text);
    case TRAIT_ATTR:
        if (!p->district || leaf->bare)
            return p->district != 0;
        if (leaf->op == OP_EQ || leaf->op == OP_NE)
            return is(districts[p->district], leaf->values[0].text) != (leaf->op == OP_NE);
        return text_to_double(districts[p->district], strlen(districts[p->district]), &x) &&
               text_to_double(leaf->values[0].text, leaf->values[0].size, &y) &&
               (leaf->op == OP_GE ? x >= y : x < y);
    default:
        fail_msg("the reference does not know %s", leaf->field->name);
        return false;
    }
}

static bool plain_is(const struct plain *c, const struct people_expr *e)
{
    bool known;
    int64_t value;
    switch (e->type) {
    case PEOPLE_AND:
        return plain_is(c, e->left) && plain_is(c, e->right);
    case PEOPLE_OR:
        return plain_is(c, e->left) || plain_is(c, e->right);
    case PEOPLE_NOT:
        return !plain_is(c, e->left);
    case PEOPLE_FIELD:
        return plain_field(c, e);
    default:
        value = plain_value(c, e, &known);
        if (e->bare)
            return e->function->unit == PEOPLE_MOMENT ? known : value > 0;
        if (e->function->unit == PEOPLE_MOMENT)
            return known && plain_day(c, e, clock_day(c->clock, value));
        return plain_order(e->op, value, e->values[0].number, e->values[0].number + 1);
    }
}

/* ---- Random expressions ---- */

static const char *pick(struct world *w, const char *const *texts, size_t n)
{
    return texts[below(w, n)];
}
#define PICK(w, ...)                                                                               \
    pick(w, (const char *const[]){__VA_ARGS__},                                                    \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *random_leaf(struct world *w, struct arena *a)
{
    const char *span = PICK(w, "30d", "7d", "ever", "2026-04-01..2026-05-10", "2026-04", "1d");
    const char *op = PICK(w, ">=", "<", "=", "!=", ">", "<=");
    const char *events =
        PICK(w, "", ", tenant=T1", ", amount>=300", ", not channel=pos", ", category=coffee",
             ", \"kind=purchase or tenant=T3\"", ", (tenant in (T1, T2) and amount<500)");
    switch (below(w, 22)) {
    case 0:
        return arena_printf(a, "spent(%s%s) %s %d", span, events, op, (int)below(w, 2000));
    case 1:
        return arena_printf(a, "bought(%s%s) %s %d", span, events, op, (int)below(w, 5));
    case 2:
        return arena_printf(a, "visited(%s%s)", span, events);
    case 3:
        return arena_printf(a, "visits(%s%s) %s %d", span, events, op, (int)below(w, 6));
    case 4:
        return arena_printf(a, "dwell(%s) %s %dm", span, op, (int)below(w, 30));
    case 5:
        return arena_printf(a, "did(%s, kind=%s and amount>=200) %s %d", span,
                            PICK(w, "coupon_redeem", "app_open", "door"), op, (int)below(w, 3));
    case 6:
        return arena_printf(a, "days(%s%s) %s %d", span, events, op, (int)below(w, 4));
    case 7:
        return arena_printf(a, "shops(%s%s) %s %d", span, events, op, (int)below(w, 4));
    case 8:
        return arena_printf(a, "last(%s) %s %s", PICK(w, "purchase", "kind in (door, sighting)"),
                            op, PICK(w, "10d", "30d", "2026-06-01", "2026-05"));
    case 9:
        return arena_printf(a, "first(purchase and tenant=T2) %s %s", op,
                            PICK(w, "60d", "2026-04-01"));
    case 10:
        return arena_printf(a, "earned(%s) %s %d", span, op, (int)below(w, 30000));
    case 11:
        return arena_printf(a, "points(%s) %s %d", span, op, (int)below(w, 30000));
    case 12:
        return arena_printf(a, "gender%s", PICK(w, "=f", "!=f", "=\"\"", " in (f, m)"));
    case 13:
        return arena_printf(
            a, "tier%s",
            PICK(w, ">=gold", "<gold", "=odd", "!=basic", "=\"\"", " not in (gold, black)"));
    case 14:
        return arena_printf(a, "age %s %d", op, (int)below(w, 60));
    case 15:
        return arena_printf(a, "birth %s %s", op, PICK(w, "1990-05-01", "1985", "2000-02"));
    case 16:
        return arena_printf(a, "joined %s %s", op, PICK(w, "30d", "2026-05-01", "2026-04"));
    case 17:
        return PICK(w, "reachable", "member", "label:vip", "not label:vip");
    case 18:
        return arena_printf(a, "interest:%s", PICK(w, "coffee", "film"));
    case 19:
        return arena_printf(a, "attr:district%s", PICK(w, "", "=North", "!=North", ">=8", "<8"));
    case 20:
        return PICK(w, "last(app_open)", "bought(30d)", "burned(ever)>0");
    default:
        return arena_printf(a, "visited(%s) %s %d", span, op, (int)below(w, 4));
    }
}

static const char *random_text(struct world *w, struct arena *a, int depth)
{
    const char *text = depth == 0 || below(w, 3) == 0
                           ? random_leaf(w, a)
                           : arena_printf(a, "(%s %s %s)", random_text(w, a, depth - 1),
                                          PICK(w, "and", "or"), random_text(w, a, depth - 1));
    return below(w, 5) == 0 ? arena_printf(a, "not %s", text) : text;
}

/* ---- Checks ---- */

static void text_check(struct world *w, struct arena *arena, const char *text)
{
    const struct people_expr *expr;
    const struct segment_plan *plan;
    struct segment_answer answer;
    struct set *one;
    bool anyone = strstr(text, "anyone") != NULL;
    assert_ok(people_parse(arena, text, strlen(text), &expr, &err));
    assert_ok(segment_run(w->mall.reader, arena, NULL, text, &answer, &err));
    struct plain c = {.w = w, .clock = &w->mall.mall->clock, .present = answer.present};
    uint32_t count = 0;
    for (int i = 0; i < PEOPLE; i++) {
        c.p = &w->people[i];
        bool wanted = (c.p->member || anyone) && plain_is(&c, expr);
        count += wanted;
        if (set_has(answer.people, c.p->number) != wanted)
            fail_msg("%s\nperson %u: found %d, expected %d", text, c.p->number, !wanted, wanted);
    }
    if (!anyone)
        assert_int_equal(answer.count, count);
    assert_ok(segment_bind(w->mall.reader, arena, NULL, text, &plan, &err));
    assert_ok(segment_evaluate(w->mall.reader, arena, &plan, 1, NULL, 1, &one, &err));
    assert_memory_equal(one->words, answer.people->words, set_words(one->n) * 8);
}

static void test_random_expressions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 14; seed++) {
        struct world *w = world_new(seed);
        for (int i = 0; i < 160; i++) {
            struct arena *arena = arena_new();
            const char *text = random_text(w, arena, 3);
            if (below(w, 4) == 0)
                text = arena_printf(arena, "anyone and (%s)", text);
            text_check(w, arena, text);
            arena_free(arena);
        }
        world_free(w);
    }
}

/* Several expressions at once, and among some people only, are what each is alone. */
static void test_together(void **state)
{
    (void)state;
    struct world *w = world_new(3);
    for (int round = 0; round < 60; round++) {
        enum { N = 8 };
        struct arena *arena = arena_new();
        const struct segment_plan *plans[N];
        struct set *sets[N], *alone, *part[1];
        for (int i = 0; i < N; i++)
            assert_ok(segment_bind(w->mall.reader, arena, NULL, random_text(w, arena, 2), &plans[i],
                                   &err));
        assert_ok(segment_evaluate(w->mall.reader, arena, plans, N, NULL, 2, sets, &err));
        struct set *among = set_new(arena, EVENT_BLOCK * 2);
        for (int i = 0; i < PEOPLE; i++)
            if (below(w, 2))
                set_add(among, w->people[i].number);
        for (int i = 0; i < N; i++) {
            assert_ok(segment_evaluate(w->mall.reader, arena, &plans[i], 1, NULL, 0, &alone, &err));
            assert_memory_equal(alone->words, sets[i]->words, set_words(alone->n) * 8);
            assert_ok(segment_evaluate(w->mall.reader, arena, &plans[i], 1, among, 0, part, &err));
            set_and(alone, among);
            assert_memory_equal(alone->words, part[0]->words, set_words(alone->n) * 8);
        }
        arena_free(arena);
    }
    world_free(w);
}

/* ---- Labels ---- */

enum { LABELS = 7 };

static void change_something(struct world *w, int64_t *last)
{
    struct person *p = &w->people[below(w, PEOPLE)];
    switch (below(w, 8)) {
    case 0:
        events_make(w, 1 + below(w, 5), w->begin, 120);
        break;
    case 1:
        *last += DAY * (int64_t)(1 + below(w, 2)); /* the present moves on */
        events_make(w, 1, *last, 1);
        break;
    case 2:
        assert_ok(event_fold(w->mall.writer, 0, &err));
        break;
    case 3:
        p->tier = (int)below(w, 5);
        p->member = true;
        person_write(w, p);
        break;
    case 4:
        p->topic = (int)below(w, 3) - 1;
        p->vip = !p->vip;
        person_write(w, p);
        break;
    case 5:
        p->district = (int)below(w, 5);
        person_write(w, p);
        break;
    case 6:
        test_run(&w->mall, below(w, 2) ? "update tenant set category = 'tea' where code = 'T1'"
                                       : "update tenant set category = 'coffee' where code = 'T1'");
        break;
    default:
        assert_ok(profile_fold(w->mall.writer, &err));
        break;
    }
}

static void labels_check(struct world *w, const char *const *rules)
{
    struct arena *arena = arena_new();
    for (int i = 0; i < LABELS; i++) {
        struct set *people;
        struct label_preview anew;
        char name[16];
        const struct label *label;
        snprintf(name, sizeof name, "l%d", i);
        assert_ok(label_find(w->mall.reader, arena, name, &label, &err));
        assert_false(label->stale);
        assert_string_equal(label->error, "");
        assert_ok(label_people(w->mall.reader, arena, name, &people, &err));
        assert_ok(label_preview(w->mall.reader, arena, NULL, name, rules[i], &anew, &err));
        for (int k = 0; k < PEOPLE; k++)
            if (set_has(people, w->people[k].number) != set_has(anew.people, w->people[k].number))
                fail_msg("%s: person %u is %d", rules[i], w->people[k].number,
                         set_has(people, w->people[k].number));
        assert_int_equal(label->people, anew.count);
    }
    assert_ok(label_verify(w->mall.reader, &err));
    arena_free(arena);
}

/* Refreshing where something changed is running everything from nothing, always. */
static void test_refresh(void **state)
{
    (void)state;
    int64_t blocks = 0, whole = 0;
    struct access admin = test_access(ACCESS_ADMIN);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world *w = world_new(seed + 100);
        struct arena *arena = arena_new();
        const char *rules[LABELS];
        int64_t last = w->begin + 126 * DAY;
        for (int i = 0; i < LABELS; i++) {
            char name[16];
            snprintf(name, sizeof name, "l%d", i);
            rules[i] = random_text(w, arena, 2);
            if (i % 3 == 2)
                rules[i] = arena_printf(arena, "label:l%d and not (%s)", i - 1, rules[i]);
            assert_ok(label_save(w->mall.writer, &admin, name, rules[i], NULL, NULL, &err));
        }
        for (int round = 0; round < 40; round++) {
            struct label_refreshed done;
            for (uint64_t k = below(w, 3); k > 0; k--)
                change_something(w, &last);
            assert_ok(label_refresh(w->mall.writer, w->mall.reader, NULL, false, &done, &err));
            assert_int_equal(done.labels, LABELS);
            assert_int_equal(done.failed, 0);
            blocks += done.blocks;
            whole += done.whole;
            labels_check(w, rules);
            /* Nothing changed since: nothing is looked at. */
            assert_ok(label_refresh(w->mall.writer, w->mall.reader, NULL, false, &done, &err));
            assert_int_equal(done.blocks, 0);
        }
        arena_free(arena);
        world_free(w);
    }
    assert_true(blocks * 10 < whole * 7); /* and it does look at less */
}

/* ---- What is refused, and where ---- */

static void refused(struct world *w, const char *text, const char *message)
{
    struct arena *arena = arena_new();
    const struct segment_plan *plan;
    enum status status = segment_bind(w->mall.reader, arena, NULL, text, &plan, &err);
    if (status != ST_USAGE || !strstr(error_text(&err), message))
        fail_msg("%s: found %s: %s, expected %s", text, status_name(status), error_text(&err),
                 message);
    error_clear(&err);
    arena_free(arena);
}

static void test_refused(void **state)
{
    (void)state;
    struct world *w = world_new(1);
    refused(w, "", "1:1: found the end");
    refused(w, "member and", "1:11: found the end, expected a label");
    refused(w, "member xor gender=f", "1:8: found 'xor', expected and, or, or the end");
    refused(w, "spnt(90d)>3", "1:1: found 'spnt'");
    refused(w, "spnt(90d)>3", "did you mean spent?");
    refused(w, "spent(90x)>3", "1:7: found '90x', expected a span");
    refused(w, "spent(90d)>ten", "1:12: found 'ten', expected an amount");
    refused(w, "did(90d)", "1:8: found ')', expected ',' and an expression over events");
    refused(w, "did(90d, tenent=T1)", "1:10: found 'tenent'");
    refused(w, "did(90d, \"tenent=T1\")", "1:11: found 'tenent'");
    refused(w, "last(purchase)<soon", "1:16: found 'soon', expected a day");
    refused(w, "tier>=godl", "did you mean gold?");
    refused(w, "label:vpi", "1:7: found 'vpi', expected the name of a label; did you mean 'vip'?");
    refused(w, "label:", "expected a name right after ':'");
    refused(w, "labl:vip", "did you mean label?");
    refused(w, "member=1", "expected and, or, or the end: this is true or not by itself");
    refused(w, "gender>f", "1:7: found '>', expected =, !=, ~, !~ or in");
    refused(w, "tier~\"(\"", "1:6");
    refused(w, "age>=30\nand hous=x", "2:5: found 'hous'");
    refused(w, "(member", "expected and, or, or ')'");
    refused(w, "name~\"", "a text with a quotation mark at its end");
    char deep[400];
    memset(deep, '(', 200);
    snprintf(deep + 200, 100, "member");
    refused(w, deep, "fewer parentheses");
    char *many = calloc(1, 20000);
    for (int i = 0; i < 600; i++)
        strcat(many, "tier=x or "); /* lint: bounded */
    strcat(many, "member");         /* lint: bounded */
    refused(w, many, "too many parts");
    memset(many, ' ', 9000);
    refused(w, many, "at most 8192 bytes");
    free(many);
    world_free(w);
}

/* A rule that is built from itself is refused by name, also through a segment. */
static void test_circles(void **state)
{
    (void)state;
    struct world *w = world_new(2);
    struct access admin = test_access(ACCESS_ADMIN);
    assert_ok(label_save(w->mall.writer, &admin, "a", "tier=gold", NULL, NULL, &err));
    assert_ok(label_save(w->mall.writer, &admin, "b", "label:a and member", NULL, NULL, &err));
    struct segment_save save = {.name = "s", .expression = "label:b", .base_version = -1};
    assert_ok(segment_save(w->mall.writer, &admin, &save, NULL, NULL, &err));
    assert_int_equal(label_save(w->mall.writer, &admin, "a", "label:b", NULL, NULL, &err),
                     ST_USAGE);
    assert_non_null(
        strstr(error_text(&err), "label:a is built from label:b, which is built from label:a"));
    assert_int_equal(label_save(w->mall.writer, &admin, "a", "segment:s", NULL, NULL, &err),
                     ST_USAGE);
    assert_int_equal(label_drop(w->mall.writer, &admin, "a", NULL, &err), ST_CONFLICT);
    assert_non_null(strstr(error_text(&err), "'b'"));
    error_clear(&err);
    world_free(w);
}

/* Who may ask what; a frozen segment stays what it was; undo takes a freeze back. */
static void test_saved(void **state)
{
    (void)state;
    struct world *w = world_new(4);
    struct arena *arena = arena_new();
    struct access admin = test_access(ACCESS_ADMIN), analyst = test_access(ACCESS_ANALYST);
    struct access technician = test_access(ACCESS_TECHNICIAN);
    struct segment_answer before, after;
    struct operation_result result;
    const struct saved_segment *found;
    uint32_t people;
    assert_int_equal(segment_run(w->mall.reader, arena, &analyst, "name~\"^N\"", &after, &err),
                     ST_DENIED);
    assert_int_equal(segment_run(w->mall.reader, arena, &technician, "member", &after, &err),
                     ST_DENIED);
    error_clear(&err);
    assert_ok(segment_run(w->mall.reader, arena, &admin, "name~\"^N[12]$\"", &after, &err));
    assert_true(after.count > 0);
    struct segment_save save = {
        .name = "my people", .expression = "tier>=gold", .freeze = true, .base_version = -1};
    assert_ok(segment_run(w->mall.reader, arena, &admin, "tier>=gold", &before, &err));
    assert_ok(segment_save(w->mall.writer, &analyst, &save, &result, &people, &err));
    assert_int_equal(people, before.count);
    test_run(&w->mall, "update member set tier = 'basic'");
    assert_ok(segment_run(w->mall.reader, arena, &admin, "tier>=gold", &after, &err));
    assert_int_equal(after.count, 0);
    assert_ok(segment_run(w->mall.reader, arena, &admin, "segment:\"my people\"", &after, &err));
    assert_int_equal(after.count, before.count);
    save.expression = "tier>=basic";
    assert_ok(segment_save(w->mall.writer, &analyst, &save, &result, &people, &err));
    assert_true(people > before.count);
    assert_ok(operation_undo(w->mall.writer, result.id, "x", admin.rights, NULL, &err));
    assert_ok(saved_segment_find(w->mall.reader, arena, "my people", &found, &err));
    assert_int_equal(found->people, before.count);
    assert_string_equal(found->expression, "tier>=gold");
    arena_free(arena);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_expressions),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
