#include "tests/support/tale.h"
#include "model/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

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

struct tale *tale_new(uint64_t seed)
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

void tale_free(struct tale *t)
{
    story_free(t->story);
    free(t);
}

/* Another group and another period. */
void tale_ask(struct tale *t)
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

/* ---- The plain way ---- */

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

struct plain *plain_new(const struct tale *t)
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
