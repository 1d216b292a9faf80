#include "tests/support/people_world.h"

#include "model/base/text.h"
#include "model/people/label_list.h"
#include "model/people/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- The mall ---- */

static const char *const tiers[] = {"", "basic", "gold", "black", "odd"};
static const char *const kinds_used[] = {"purchase",    "refund",      "sighting",
                                         "points_earn", "points_burn", "coupon_redeem",
                                         "door",        "app_open",    "points_reverse"};
static const char *const tenants[] = {NULL, "T1", "T2", "T3"};
static const char *const channels[] = {NULL, "pos", "app"};
static const char *const topics[] = {"coffee", "film"};
static const char *const districts[] = {"", "North", "South", "12", "7"};

uint64_t world_below(struct world *w, uint64_t n)
{
    return dice_below(&w->dice, n);
}

static void person_make(struct world *w, int i)
{
    struct world_person *p = &w->people[i];
    *p = (struct world_person){.number = i < WORLD_PEOPLE / 2
                                             ? (uint32_t)i + 1
                                             : EVENT_BLOCK + (uint32_t)(i - WORLD_PEOPLE / 2) * 3};
    p->member = world_below(w, 5) > 0;
    p->tier = (int)world_below(w, 5);
    p->topic = (int)world_below(w, 3) - 1;
    p->district = (int)world_below(w, 5);
    p->gender[0] = "fm\0"[world_below(w, 3)];
    p->birth = world_below(w, 5) ? (int64_t)world_below(w, 20000) - 3000 : INT64_MIN;
    p->joined = world_below(w, 6) ? w->begin + (int64_t)world_below(w, 100 * 24) * 3600 : 0;
    p->sms = world_below(w, 2);
    p->app_consent = world_below(w, 2);
    p->app = world_below(w, 2);
    p->phone = world_below(w, 2);
    p->vip = world_below(w, 3) == 0;
}

enum { SQL = 2000 };

static void person_sql(const struct world_person *p, char sql[SQL])
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

void world_person_write(struct world *w, const struct world_person *p)
{
    char sql[SQL];
    person_sql(p, sql);
    test_run(&w->mall, sql);
}

void world_events(struct world *w, size_t n, int64_t from, int64_t days)
{
    size_t first = w->n_events;
    for (size_t i = 0; i < n && w->n_events < WORLD_EVENTS * 2; i++)
        w->events[w->n_events++] = (struct test_event){
            .time = from + (int64_t)world_below(w, (uint64_t)days * WORLD_DAY),
            .person = w->people[world_below(w, WORLD_PEOPLE - 6)].number,
            .kind = kinds_used[world_below(w, 9)],
            .tenant = tenants[world_below(w, 4)],
            .channel = channels[world_below(w, 3)],
            .amount = (int64_t)world_below(w, 20) * 5000,
        };
    test_events_add(&w->mall, w->events + first, w->n_events - first);
}

struct world *world_new(uint64_t seed)
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
    for (int i = 0; i < WORLD_PEOPLE; i++) {
        person_make(w, i);
        person_sql(&w->people[i], sql);
        all = arena_printf(arena, "%s%s", all, sql);
    }
    all = arena_printf(arena, "%supdate counter set value = %u where name = 'person';", all,
                       w->people[WORLD_PEOPLE - 1].number);
    test_run(&w->mall, all);
    arena_free(arena);
    world_events(w, WORLD_EVENTS / 2, w->begin, 120);
    assert_ok(event_fold(w->mall.writer, 0, &err));
    world_events(w, WORLD_EVENTS / 8, w->begin, 125);
    test_run(&w->mall, "update tenant set category = 'coffee' where code in ('T1', 'T2')");
    if (seed % 2)
        assert_ok(profile_fold(w->mall.writer, &err));
    if (seed % 4 < 2)
        assert_ok(label_list_fold(w->mall.writer, &err));
    return w;
}

void world_free(struct world *w)
{
    temp_mall_free(&w->mall);
    free(w);
}

/* ---- The reference ---- */

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
static size_t plain_events(const struct world_plain *c, const struct people_expr *leaf,
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

static int64_t plain_value(const struct world_plain *c, const struct people_expr *leaf, bool *known)
{
    const struct test_event *e[WORLD_EVENTS * 2];
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
static bool plain_day(const struct world_plain *c, const struct people_expr *leaf, int32_t day)
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

static int plain_age(const struct world_plain *c)
{
    int y, m, d, by, bm, bd;
    date_civil(clock_day(c->clock, c->present), &y, &m, &d);
    date_civil((int32_t)c->p->birth, &by, &bm, &bd);
    return y - by - (m < bm || (m == bm && d < bd));
}

static bool plain_field(const struct world_plain *c, const struct people_expr *leaf)
{
    const struct world_person *p = c->p;
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
               plain_day(c, leaf, (int32_t)((p->joined + 8 * 3600) / WORLD_DAY)); /* in Shanghai */
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

bool world_plain_is(const struct world_plain *c, const struct people_expr *e)
{
    bool known;
    int64_t value;
    switch (e->type) {
    case PEOPLE_AND:
        return world_plain_is(c, e->left) && world_plain_is(c, e->right);
    case PEOPLE_OR:
        return world_plain_is(c, e->left) || world_plain_is(c, e->right);
    case PEOPLE_NOT:
        return !world_plain_is(c, e->left);
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
    return texts[world_below(w, n)];
}
#define PICK(w, ...)                                                                               \
    pick(w, (const char *const[]){__VA_ARGS__},                                                    \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *random_leaf(struct world *w, struct arena *a)
{
    const char *span = PICK(w, "30d", "7d", "ever", "2026-04-01..2026-05-10", "2026-04", "1d",
                            "36h", "100d", "2026-05..", "90d", "..2026-06-20");
    const char *op = PICK(w, ">=", "<", "=", "!=", ">", "<=");
    const char *events =
        PICK(w, "", ", tenant=T1", ", amount>=300", ", not channel=pos", ", category=coffee",
             ", \"kind=purchase or tenant=T3\"", ", (tenant in (T1, T2) and amount<500)");
    switch (world_below(w, 22)) {
    case 0:
        return arena_printf(a, "spent(%s%s) %s %d", span, events, op, (int)world_below(w, 2000));
    case 1:
        return arena_printf(a, "bought(%s%s) %s %d", span, events, op, (int)world_below(w, 5));
    case 2:
        return arena_printf(a, "visited(%s%s)", span, events);
    case 3:
        return arena_printf(a, "visits(%s%s) %s %d", span, events, op, (int)world_below(w, 6));
    case 4:
        return arena_printf(a, "dwell(%s) %s %dm", span, op, (int)world_below(w, 30));
    case 5:
        return arena_printf(a, "did(%s, kind=%s and amount>=200) %s %d", span,
                            PICK(w, "coupon_redeem", "app_open", "door"), op,
                            (int)world_below(w, 3));
    case 6:
        return arena_printf(a, "days(%s%s) %s %d", span, events, op, (int)world_below(w, 4));
    case 7:
        return arena_printf(a, "shops(%s%s) %s %d", span, events, op, (int)world_below(w, 4));
    case 8:
        return arena_printf(a, "last(%s) %s %s", PICK(w, "purchase", "kind in (door, sighting)"),
                            op, PICK(w, "10d", "30d", "2026-06-01", "2026-05"));
    case 9:
        return arena_printf(a, "first(purchase and tenant=T2) %s %s", op,
                            PICK(w, "60d", "2026-04-01"));
    case 10:
        return arena_printf(a, "earned(%s) %s %d", span, op, (int)world_below(w, 30000));
    case 11:
        return arena_printf(a, "points(%s) %s %d", span, op, (int)world_below(w, 30000));
    case 12:
        return arena_printf(a, "gender%s", PICK(w, "=f", "!=f", "=\"\"", " in (f, m)"));
    case 13:
        return arena_printf(
            a, "tier%s",
            PICK(w, ">=gold", "<gold", "=odd", "!=basic", "=\"\"", " not in (gold, black)"));
    case 14:
        return arena_printf(a, "age %s %d", op, (int)world_below(w, 60));
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
        return PICK(w, "last(app_open)", "bought(30d)", "burned(ever)>0", "visited(3d)",
                    "not visited(5h)", "did(20d, purchase)>=2", "spent(60d)>=300");
    default:
        return arena_printf(a, "visited(%s) %s %d", span, op, (int)world_below(w, 4));
    }
}

const char *world_text(struct world *w, struct arena *a, int depth)
{
    const char *text = depth == 0 || world_below(w, 3) == 0
                           ? random_leaf(w, a)
                           : arena_printf(a, "(%s %s %s)", world_text(w, a, depth - 1),
                                          PICK(w, "and", "or"), world_text(w, a, depth - 1));
    return world_below(w, 5) == 0 ? arena_printf(a, "not %s", text) : text;
}
