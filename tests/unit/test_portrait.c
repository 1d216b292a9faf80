/* Portraits against a plain reference over random malls, groups and periods: every row of every
 * part, the figures and the hours; one thread and two; what is kept back from an analyst; what sets
 * a group apart. */
#include "model/base/arena.h"
#include "model/insight/portrait.h"
#include "model/insight/portrait_group.h"
#include "tests/support/people.h"
#include "tests/support/story.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MALLS = 24, ROUNDS = 6, LINES = 500, ITEMS = 6, MOST_ROWS = 64 };

static struct error err;
static struct access everything;

/* The story, and what this test adds to it. */
struct tale {
    struct story *story;
    uint32_t number[PEOPLE + 1]; /* of each person in the file */
    int gender[PEOPLE + 1], income[PEOPLE + 1], labelled[PEOPLE + 1];
    size_t n_lines;
    struct event lines[LINES];
    bool in[PEOPLE + 1];
    int64_t from, to, area_from;
};

static const char *const genders[] = {"", "f", "m"}, *const incomes[] = {"", "low", "high"};
static const char *const brands[] = {"", "North", "South"}, *const colors[] = {"", "red", "blue"};

static void tale_rows(struct tale *t)
{
    struct story *s = t->story;
    struct arena *arena = s->arena;
    sqlite3 *db = writer_db(s->writer);
    assert_ok(writer_begin(s->writer, &err));
    sqlite3_exec(db, "insert into label (id, name) values (1, 'regular')", NULL, NULL, NULL);
    for (int i = 1; i <= ITEMS; i++)
        sqlite3_exec(db,
                     arena_printf(arena, "insert into item values (%d, 'i%d', '%s', '%s', '%s')", i,
                                  i, brands[i % 3], i % 2 ? "tea" : "cake", colors[i / 2 % 3]),
                     NULL, NULL, NULL);
    for (int i = 1; i <= TENANTS; i++)
        sqlite3_exec(
            db,
            arena_printf(arena, "update tenant set brand = '%s' where id = %d", brands[i % 3], i),
            NULL, NULL, NULL);
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        t->gender[p] = (int)draw(s, 3);
        t->income[p] = (int)draw(s, 3);
        t->labelled[p] = draw(s, 4) == 0;
        sqlite3_exec(db,
                     arena_printf(arena,
                                  "update member set gender = '%s', income = '%s' where person ="
                                  " %u",
                                  genders[t->gender[p]], incomes[t->income[p]], t->number[p]),
                     NULL, NULL, NULL);
        if (t->labelled[p])
            sqlite3_exec(
                db, arena_printf(arena, "insert into label_member values (1, %u)", t->number[p]),
                NULL, NULL, NULL);
    }
    assert_ok(writer_touch_rows(s->writer, &err));
    assert_ok(writer_commit(s->writer, &err));
}

static void tale_lines(struct tale *t)
{
    struct story *s = t->story;
    assert_ok(writer_begin(s->writer, &err));
    while (t->n_lines < LINES) {
        uint32_t person = 1 + (uint32_t)draw(s, PEOPLE), tenant = (uint32_t)draw(s, TENANTS + 1);
        int64_t time = s->start + (int64_t)draw(s, DAYS * 86400);
        for (uint64_t i = 1 + draw(s, 4); i > 0 && t->n_lines < LINES; i--) {
            struct event *e = &t->lines[t->n_lines++];
            *e = (struct event){.time = time,
                                .person = person,
                                .tenant = tenant,
                                .kind = KIND_LINE,
                                .item = (uint32_t)draw(s, ITEMS + 1),
                                .value = (int32_t)draw(s, 4),
                                .amount = (int64_t)draw(s, 30000)};
            struct event stored = *e;
            stored.person = t->number[person];
            assert_ok(event_append(s->writer, &stored, 1, NULL, NULL, &err));
        }
    }
    assert_ok(writer_commit(s->writer, &err));
}

static struct tale *tale_new(uint64_t seed)
{
    struct tale *t = mem_zero(1, sizeof *t);
    t->story = story_new(seed);
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        int64_t person;
        assert_ok(reader_integer(
            t->story->reader,
            arena_printf(t->story->arena, "select person from member where card = 'C%u'", p), 0,
            &person, &err));
        t->number[p] = (uint32_t)person;
    }
    tale_rows(t);
    tale_lines(t);
    return t;
}

static void tale_free(struct tale *t)
{
    story_free(t->story);
    free(t);
}

/* Another group and another period. */
static void tale_ask(struct tale *t)
{
    struct story *s = t->story;
    uint64_t chance = 2 + draw(s, 4);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        t->in[p] = draw(s, chance) == 0;
    t->in[1 + draw(s, PEOPLE)] = true;
    t->from = s->start + (int64_t)draw(s, (DAYS - 20) * 86400);
    t->to = t->from + 1 + (int64_t)draw(s, 40 * 86400);
    const struct clock *clock = &s->mall->clock;
    t->area_from = clock_day_start(clock, clock_day(clock, t->to - 1) + 1 - PORTRAIT_AREA_DAYS);
}

static struct portrait tale_portrait(const struct tale *t, struct arena *arena,
                                     const struct access *access, int threads)
{
    struct portrait portrait;
    uint32_t size;
    assert_ok(people_numbers(t->story->reader, &size, &err));
    struct set *group = set_new(arena, size);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        if (t->in[p])
            set_add(group, t->number[p]);
    struct portrait_query query = {
        .group = group, .from = t->from, .to = t->to, .threads = threads};
    assert_ok(portrait_run(t->story->reader, arena, access, &query, &portrait, &err));
    return portrait;
}

/* ---- The plain way ---- */

/* People (or visits) with something, and those it could be of, by name. */
struct plain_row {
    char name[32];
    int64_t people[2], of[2];
};

struct plain {
    size_t n[PART_COUNT];
    struct plain_row rows[PART_COUNT][MOST_ROWS];
    int64_t of[PART_COUNT][2];
    int64_t seen[2], buyers[2], net[2], gross[2], receipts[2], days[2], visits[2], dwell[2];
    int64_t dwelt[2], addressed[2], responded[2], refunders[2], lined[2], pieces[2];
    int64_t hours[2][7][24];
};

static struct plain_row *plain_row(struct plain *plain, enum portrait_part part, const char *name)
{
    for (size_t i = 0; i < plain->n[part]; i++)
        if (strcmp(plain->rows[part][i].name, name) == 0)
            return &plain->rows[part][i];
    assert_in_range(plain->n[part], 0, MOST_ROWS - 1);
    struct plain_row *row = &plain->rows[part][plain->n[part]++];
    snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

static void both(int64_t sums[2], bool in, int64_t by)
{
    sums[1] += by;
    sums[0] += in ? by : 0;
}

static void plain_count(struct plain *plain, enum portrait_part part, const char *name, bool in,
                        bool yes)
{
    struct plain_row *row = plain_row(plain, part, name);
    if (yes)
        both(row->people, in, 1);
}

/* All events of a person with one of these flags (0: of this kind), in order of time; ties by kind,
 * then as they were appended. */
static size_t events_of(const struct tale *t, uint32_t person, unsigned flags, uint16_t kind,
                        const struct event **found)
{
    size_t n = 0;
    for (size_t i = 0; i < t->story->n + t->n_lines; i++) {
        const struct event *e = i < t->story->n ? &t->story->events[i] : &t->lines[i - t->story->n];
        if (e->person != person || (flags ? !(kind_flags(e->kind) & flags) : e->kind != kind))
            continue;
        size_t at = n++;
        for (; at > 0 && (found[at - 1]->time > e->time ||
                          (found[at - 1]->time == e->time && found[at - 1]->kind > e->kind));
             at--)
            found[at] = found[at - 1];
        found[at] = e;
    }
    return n;
}

static bool within(const struct tale *t, const struct event *e)
{
    return e->time >= t->from && e->time < t->to;
}

static void plain_member(const struct tale *t, struct plain *plain, uint32_t p)
{
    static const char *const topics[] = {"coffee", "sport"};
    static const char *const relations[] = {"family", "friend"};
    const struct story *s = t->story;
    bool in = t->in[p];
    if (t->gender[p]) {
        plain_count(plain, PART_GENDER, genders[t->gender[p]], in, true);
        both(plain->of[PART_GENDER], in, 1);
    }
    if (t->income[p]) {
        plain_count(plain, PART_INCOME, incomes[t->income[p]], in, true);
        both(plain->of[PART_INCOME], in, 1);
    }
    if (t->labelled[p])
        plain_count(plain, PART_LABEL, "regular", in, true);
    for (int topic = 0; topic < TOPICS; topic++)
        plain_count(plain, PART_INTEREST, topics[topic], in, s->likes[topic][p]);
    for (int c = 1; c < CROWDS; c++)
        plain_count(plain, PART_CROWD, c == 1 ? "G1" : "G2", in, s->in_crowd[c][p]);
    for (int kind = 0; kind < 2; kind++) {
        bool related = false;
        for (int i = 0; i < RELATIONS; i++)
            related |=
                s->relation_kind[i] == kind && (s->relation[i][0] == p || s->relation[i][1] == p);
        plain_count(plain, PART_RELATION, relations[kind], in, related);
    }
    for (int part = PART_LABEL; part <= PART_CONTACT; part++)
        both(plain->of[part], in, 1);
}

static void plain_money(const struct tale *t, struct plain *plain, uint32_t p,
                        const struct event **found)
{
    static const char *const categories[] = {"", "fashion", "food"};
    const struct story *s = t->story;
    bool in = t->in[p], shops[TENANTS + 1] = {0}, sorts[3] = {0}, named[3] = {0}, refunded = false;
    int64_t net = 0, days = 0, last = -1;
    size_t n = events_of(t, p, 0, KIND_PURCHASE, found);
    for (size_t i = 0; i < n; i++) {
        const struct event *e = found[i];
        if (!within(t, e))
            continue;
        int64_t day = clock_day(&s->mall->clock, e->time);
        days += day != last;
        last = day;
        net += e->amount;
        both(plain->receipts, in, 1);
        both(plain->gross, in, e->amount);
        shops[e->tenant] = true;
        sorts[s->tenant_category[e->tenant]] = true;
        named[e->tenant % 3] |= e->tenant > 0;
    }
    n = events_of(t, p, 0, KIND_REFUND, found);
    for (size_t i = 0; i < n; i++)
        if (within(t, found[i])) {
            net -= found[i]->amount;
            refunded = true;
        }
    both(plain->net, in, net);
    bool goods[2] = {0}, colored[3] = {0}, lined = false;
    int64_t before = -1;
    uint32_t shop = 0;
    n = events_of(t, p, 0, KIND_LINE, found);
    for (size_t i = 0; i < n; i++) {
        const struct event *e = found[i];
        if (!within(t, e))
            continue;
        both(plain->lined, in, e->time != before || e->tenant != shop);
        both(plain->pieces, in, e->value > 0 ? e->value : 1);
        before = e->time;
        shop = e->tenant;
        lined = true;
        if (!e->item)
            continue;
        goods[e->item % 2] = true;
        colored[e->item / 2 % 3] = true;
        named[e->item % 3] |= days > 0;
    }
    both(plain->of[PART_GOODS], in, lined);
    both(plain->of[PART_COLOR], in, lined);
    for (int i = 0; i < 2; i++)
        plain_count(plain, PART_GOODS, i ? "tea" : "cake", in, goods[i]);
    for (int i = 1; i < 3; i++) {
        plain_count(plain, PART_COLOR, colors[i], in, colored[i]);
        plain_count(plain, PART_BRAND, brands[i], in, named[i]);
        plain_count(plain, PART_CATEGORY, categories[i], in, sorts[i]);
    }
    for (int i = 1; i <= TENANTS; i++)
        plain_count(plain, PART_SHOP, dict_name(s->reader, DICT_TENANT, (uint32_t)i), in, shops[i]);
    if (!days)
        return;
    both(plain->buyers, in, 1);
    both(plain->days, in, days);
    both(plain->refunders, in, refunded);
    for (int part = PART_CATEGORY; part <= PART_SHOP; part++)
        if (part != PART_GOODS && part != PART_COLOR)
            both(plain->of[part], in, 1);
}

static void plain_visit(const struct tale *t, struct plain *plain, bool in, int64_t start,
                        int64_t last)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const struct clock *clock = &t->story->mall->clock;
    int weekday = date_weekday(clock_day(clock, start)), hour = clock_hour(clock, start);
    both(plain->visits, in, 1);
    both(plain->dwell, in, last - start);
    both(plain->dwelt, in, last > start);
    plain->hours[1][weekday][hour]++;
    plain->hours[0][weekday][hour] += in;
    plain_count(plain, PART_WEEKDAY, days[weekday], in, true);
    const char *time = hour < 4    ? "night"
                       : hour < 9  ? "early"
                       : hour < 11 ? "morning"
                       : hour < 14 ? "noon"
                       : hour < 17 ? "afternoon"
                       : hour < 21 ? "evening"
                                   : "night";
    plain_count(plain, PART_DAYTIME, time, in, true);
    both(plain->of[PART_WEEKDAY], in, 1);
    both(plain->of[PART_DAYTIME], in, 1);
}

/* A zone is a usual one while the zones with more dwell hold less than 80 % of it. */
static void plain_areas(const struct tale *t, struct plain *plain, uint32_t p,
                        const int64_t dwell[ZONES + 1])
{
    int64_t total = 0;
    for (int z = 1; z <= ZONES; z++)
        total += dwell[z];
    if (!total)
        return;
    both(plain->of[PART_ZONE], t->in[p], 1);
    for (int z = 1; z <= ZONES; z++) {
        int64_t before = 0;
        for (int other = 1; other <= ZONES; other++)
            if (dwell[other] > dwell[z] || (dwell[other] == dwell[z] && other < z))
                before += dwell[other];
        if (dwell[z] > 0 && (double)before < 0.8 * (double)total)
            plain_count(plain, PART_ZONE, dict_name(t->story->reader, DICT_ZONE, (uint32_t)z),
                        t->in[p], true);
    }
}

static void plain_presence(const struct tale *t, struct plain *plain, uint32_t p,
                           const struct event **found)
{
    const struct story *s = t->story;
    int64_t gap = s->mall->visit_gap, start = 0, last = 0, dwell[ZONES + 1] = {0};
    bool open = false, any = false;
    size_t n = events_of(t, p, KIND_PRESENCE, 0, found);
    for (size_t i = 0; i < n; i++) {
        const struct event *e = found[i];
        const struct event *next = i + 1 < n ? found[i + 1] : NULL;
        uint32_t zone = e->zone ? e->zone : s->tenant_zone[e->tenant];
        if (e->time >= t->area_from && next && next->time < t->to && next->time - e->time <= gap)
            dwell[zone] += next->time - e->time;
        if (!within(t, e))
            continue;
        if (open && e->time - last > gap) {
            plain_visit(t, plain, t->in[p], start, last);
            open = false;
        }
        start = open ? start : e->time;
        last = e->time;
        open = any = true;
    }
    if (open)
        plain_visit(t, plain, t->in[p], start, last);
    both(plain->seen, t->in[p], any);
    plain_areas(t, plain, p, dwell);
}

static void plain_messages(const struct tale *t, struct plain *plain, uint32_t p,
                           const struct event **found)
{
    bool sent[CHANNELS + 1] = {0}, back[CHANNELS + 1] = {0}, any = false, answered = false;
    static const uint16_t steps[] = {KIND_MESSAGE_SENT, KIND_MESSAGE_OPENED, KIND_MESSAGE_CLICKED};
    for (int k = 0; k < 3; k++) {
        size_t n = events_of(t, p, 0, steps[k], found);
        for (size_t i = 0; i < n; i++)
            if (within(t, found[i]))
                (k ? back : sent)[found[i]->channel] = true;
    }
    for (int c = 0; c <= CHANNELS; c++) {
        any |= sent[c];
        answered |= sent[c] && back[c];
        const char *name = dict_name(t->story->reader, DICT_CHANNEL, (uint32_t)c);
        if (!sent[c])
            continue;
        both(plain_row(plain, PART_RESPONSE, name)->of, t->in[p], 1);
        plain_count(plain, PART_RESPONSE, name, t->in[p], back[c]);
    }
    both(plain->addressed, t->in[p], any);
    both(plain->responded, t->in[p], answered);
}

static struct plain *plain_new(const struct tale *t)
{
    struct plain *plain = mem_zero(1, sizeof *plain);
    const struct event **found = mem_zero(MOST_EVENTS + LINES, sizeof *found);
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        plain_member(t, plain, p);
        plain_money(t, plain, p, found);
        plain_presence(t, plain, p, found);
        plain_messages(t, plain, p, found);
    }
    free(found);
    return plain;
}

/* ---- Held against each other ---- */

static const struct portrait_row *row_named(const struct portrait_facet *facet, const char *key)
{
    for (size_t i = 0; i < facet->n; i++)
        if (strcmp(facet->rows[i].key, key) == 0)
            return &facet->rows[i];
    return NULL;
}

static void assert_row(enum portrait_part part, const struct portrait_row *row,
                       const struct plain_row *want, const int64_t of[2])
{
    for (int side = 0; side < 2; side++) {
        if (row->people[side] != want->people[side] || row->of[side] != of[side])
            fail_msg("%s %s, side %d: %ld of %ld, not %ld of %ld", portrait_parts[part].name,
                     want->name, side, (long)row->people[side], (long)row->of[side],
                     (long)want->people[side], (long)of[side]);
        if (of[side])
            assert_true(row->share[side] == (double)want->people[side] / (double)of[side]);
    }
    if (of[0] && want->people[1]) {
        double index = 100.0 * (double)want->people[0] * (double)of[1] /
                       ((double)of[0] * (double)want->people[1]);
        assert_true(fabs(row->index - index) < 1e-9 * (1 + index));
        assert_true(row->low <= index * (1 + 1e-9) + 1e-9 && row->high >= index * (1 - 1e-9));
    }
}

static void assert_parts(const struct portrait *portrait, const struct plain *plain)
{
    static const enum portrait_part tried[] = {
        PART_GENDER, PART_INCOME,   PART_LABEL,   PART_INTEREST, PART_RELATION,
        PART_CROWD,  PART_CATEGORY, PART_GOODS,   PART_BRAND,    PART_COLOR,
        PART_SHOP,   PART_ZONE,     PART_WEEKDAY, PART_DAYTIME,  PART_RESPONSE};
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        enum portrait_part part = tried[i];
        size_t there = 0;
        for (size_t k = 0; k < plain->n[part]; k++) {
            const struct plain_row *want = &plain->rows[part][k];
            const struct portrait_row *row = row_named(&portrait->facets[part], want->name);
            bool own = part == PART_RESPONSE;
            if (!want->people[1] && !(own && want->of[1])) {
                assert_true(!row || !row->people[1]);
                there += row != NULL;
                continue;
            }
            if (!row)
                fail_msg("no row %s of %s", want->name, portrait_parts[part].name);
            assert_row(part, row, want, own ? want->of : plain->of[part]);
            there++;
        }
        assert_int_equal(portrait->facets[part].n, there);
    }
}

static void assert_mean(const struct portrait *portrait, enum portrait_figure_id id,
                        const int64_t sum[2], const int64_t n[2])
{
    const struct portrait_figure *f = &portrait->figures[id];
    assert_int_equal(f->known, n[0] > 0);
    for (int side = 0; side < 2; side++)
        if (n[side] && f->value[side] != (double)sum[side] / (double)n[side])
            fail_msg("%s: %g, not %g", portrait_figures[id].name, f->value[side],
                     (double)sum[side] / (double)n[side]);
}

static void assert_same(const struct tale *t, const struct portrait *portrait,
                        const struct plain *plain)
{
    int64_t members[2] = {0, PEOPLE};
    for (uint32_t p = 1; p <= PEOPLE; p++)
        members[0] += t->in[p];
    assert_int_equal(portrait->people, members[0]);
    assert_memory_equal(portrait->members, members, sizeof members);
    assert_memory_equal(portrait->hours, plain->hours, sizeof plain->hours);
    assert_memory_equal(portrait->sales, plain->net, sizeof plain->net);
    assert_mean(portrait, FIGURE_SEEN, plain->seen, members);
    assert_mean(portrait, FIGURE_BUYERS, plain->buyers, members);
    assert_mean(portrait, FIGURE_RECEIPT, plain->gross, plain->receipts);
    assert_mean(portrait, FIGURE_DAYS, plain->days, plain->buyers);
    assert_mean(portrait, FIGURE_PIECES, plain->pieces, plain->lined);
    assert_mean(portrait, FIGURE_VISITS, plain->visits, plain->seen);
    assert_mean(portrait, FIGURE_DWELL, plain->dwell, plain->dwelt);
    assert_mean(portrait, FIGURE_RESPONDED, plain->responded, plain->addressed);
    assert_mean(portrait, FIGURE_REFUNDED, plain->refunders, plain->buyers);
    assert_parts(portrait, plain);
    for (int side = 0; side < 2; side++) {
        int64_t money = 0;
        for (size_t i = 0; i < portrait->n_spans; i++)
            money += portrait->spans[side][i];
        assert_int_equal(money, plain->net[side]);
    }
}

static void assert_equal_facets(const struct portrait *a, const struct portrait *b)
{
    for (int part = 0; part < PART_COUNT; part++) {
        assert_int_equal(a->facets[part].n, b->facets[part].n);
        for (size_t i = 0; i < a->facets[part].n; i++) {
            const struct portrait_row *x = &a->facets[part].rows[i], *y = &b->facets[part].rows[i];
            assert_string_equal(x->key, y->key);
            assert_memory_equal(x->people, y->people, sizeof x->people);
            assert_memory_equal(x->money, y->money, sizeof x->money);
            assert_true(x->price == y->price || (isnan(x->price) && isnan(y->price)));
        }
    }
    for (int id = 0; id < FIGURE_COUNT; id++)
        assert_memory_equal(&a->figures[id], &b->figures[id], sizeof a->figures[id]);
}

static void test_everything(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= MALLS; seed++) {
        struct tale *t = tale_new(seed);
        for (int round = 0; round < ROUNDS; round++) {
            struct arena *arena = arena_new();
            tale_ask(t);
            struct plain *plain = plain_new(t);
            struct portrait one = tale_portrait(t, arena, &everything, 1);
            struct portrait two = tale_portrait(t, arena, &everything, 2);
            assert_same(t, &one, plain);
            assert_equal_facets(&one, &two);
            free(plain);
            arena_free(arena);
        }
        tale_free(t);
    }
}

/* ---- Who may see what ---- */

static void test_kept_back(void **state)
{
    (void)state;
    struct tale *t = tale_new(3);
    struct access analyst = test_access(ACCESS_ANALYST),
                  technician = test_access(ACCESS_TECHNICIAN);
    struct arena *arena = arena_new();
    struct portrait portrait;
    analyst.least_people = 10;
    tale_ask(t);
    for (uint32_t p = 1; p <= PEOPLE; p++)
        t->in[p] = p <= 9;
    portrait = tale_portrait(t, arena, &analyst, 1);
    assert_true(portrait.withheld);
    assert_int_equal(portrait.facets[PART_GENDER].n, 0);
    t->in[10] = true;
    portrait = tale_portrait(t, arena, &analyst, 1);
    assert_false(portrait.withheld);
    for (int part = 0; part < PART_COUNT; part++)
        for (size_t i = 0; i < portrait.facets[part].n; i++) {
            const struct portrait_row *row = &portrait.facets[part].rows[i];
            if (part == PART_WEEKDAY || part == PART_DAYTIME)
                continue;
            assert_true(row->people[0] == 0 || row->people[0] >= 10);
            assert_true(row->hidden || row->of[0] == row->people[0] ||
                        row->of[0] - row->people[0] >= 10);
            if (row->hidden)
                assert_true(isnan(row->share[0]) && isnan(row->index) && row->money[0] == 0);
        }
    struct portrait_query query = {.group = set_new(arena, 64), .from = t->from, .to = t->to};
    assert_int_equal(portrait_run(t->story->reader, arena, &technician, &query, &portrait, &err),
                     ST_DENIED);
    error_clear(&err);
    arena_free(arena);
    tale_free(t);
}

/* ---- What sets a group apart ---- */

enum { CROWD = 400 };

/* 400 members, of whom the first 100 are women twice as often as the others and buy at Tea. */
static void test_apart(void **state)
{
    (void)state;
    struct temp_mall mall = temp_mall_new();
    struct arena *arena = arena_new();
    struct test_member *members = mem_zero(CROWD, sizeof *members);
    struct test_event *events = mem_zero(CROWD, sizeof *events);
    for (uint32_t i = 0; i < CROWD; i++) {
        bool first = i < 100;
        members[i] = (struct test_member){.person = i + 1,
                                          .card = arena_printf(arena, "C%u", i + 1),
                                          .name = "",
                                          .phone = "",
                                          .tier = "",
                                          .gender = (first ? i % 5 < 4 : i % 5 < 2) ? "f" : "m"};
        events[i] =
            (struct test_event){.time = test_time(2026, 1, 1 + (int)(i % 28), 12, 0),
                                .person = i + 1,
                                .kind = "purchase",
                                .tenant = (first ? i % 10 < 9 : i % 10 < 1) ? "Tea" : "Rice",
                                .amount = 1000};
    }
    test_members_add(&mall, members, CROWD);
    test_events_add(&mall, events, CROWD);
    uint32_t size;
    assert_ok(people_numbers(mall.reader, &size, &err));
    struct set *group = set_new(arena, size);
    for (uint32_t p = 1; p <= 100; p++)
        set_add(group, p);
    struct portrait_query query = {
        .group = group, .from = test_time(2026, 1, 1, 0, 0), .to = test_time(2026, 2, 1, 0, 0)};
    struct portrait portrait;
    assert_ok(portrait_run(mall.reader, arena, &everything, &query, &portrait, &err));
    assert_in_range(portrait.n_apart, 4, 24);
    /* Rice is bought by 10 % of them and by 70 % of all; Tea by 90 % and 30 %. */
    assert_string_equal(portrait.apart[0].row->key, "Rice");
    assert_true(fabs(portrait.apart[0].row->index - 100.0 / 7) < 1e-9);
    assert_string_equal(portrait.apart[1].row->key, "Tea");
    assert_true(fabs(portrait.apart[1].row->index - 300) < 1e-9);
    assert_string_equal(portrait_sentence(arena, &portrait, 3),
                        "More of these 100 people than usual buy at Tea (90%, the mall 30%); fewer "
                        "buy at Rice (10%, the mall 70%), are men (20%, the mall 50%).");
    /* Wilson's interval of 90 of 100, as published calculators give it: 82.56 % to 94.48 %. */
    assert_true(fabs(portrait.apart[1].row->low * 0.3 - 82.56) < 0.01);
    assert_true(fabs(portrait.apart[1].row->high * 0.3 - 94.48) < 0.01);
    free(members);
    free(events);
    arena_free(arena);
    temp_mall_free(&mall);
}

int main(void)
{
    everything = test_access(ACCESS_ADMIN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything),
        cmocka_unit_test(test_kept_back),
        cmocka_unit_test(test_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
