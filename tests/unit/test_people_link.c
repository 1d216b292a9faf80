/* Linking and unlinking: every count while linked, and exactly what was before afterwards. */
#include "model/people/link.h"

#include "tests/support/event_history.h"
#include "tests/support/people.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { PEOPLE = 60, FAR = 40000, LINKS = 12 };
static const int64_t year_2024 = 1704067200, days = 86400;

/* People stand in two blocks, so that events move within a block and between blocks. */
static uint32_t person_at(uint32_t i)
{
    return i <= PEOPLE / 2 ? i : FAR + i;
}

/* ---- A mall as text ---- */

static const char *const tables[] = {
    "select card, name, phone, gender, birth, joined, channel, tier, income, community, car, house,"
    " consent_sms, consent_app, consent_wifi, app, person from member order by person",
    "select kind, value, person from identity order by 1, 2",
    "select * from attribute order by 1, 2",
    "select * from interest order by 1, 2",
    "select * from relation order by 1, 2, 3",
    "select * from crowd_member order by 1, 2",
    "select * from label_member order by 1, 2",
    "select person, contact, given, time, source, actor from consent order by id",
};

static char *table_text(struct temp_mall *t, struct arena *arena, const char *sql, char *text)
{
    sqlite3_stmt *stmt;
    bool row;
    assert_ok(reader_prepare(t->reader, sql, &stmt, &err));
    while (reader_step(t->reader, stmt, &row, &err) == ST_OK && row) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const char *cell = (const char *)sqlite3_column_text(stmt, i);
            text = arena_printf(arena, "%s%s|", text, cell ? cell : "NULL");
        }
        text = arena_printf(arena, "%s\n", text);
    }
    sqlite3_reset(stmt);
    return text;
}

static char *events_text(struct temp_mall *t, struct arena *arena)
{
    struct scanned scanned = {.arena = arena};
    const struct event_query all = {
        .from = INT64_MIN, .people = true, .nobody = true, .columns = ~0u};
    assert_ok(event_scan(t->reader, &all, scanned_block, &scanned, &err));
    char *text = mem_alloc(scanned.n * 160 + 1), *at = text;
    for (size_t i = 0; i < scanned.n; i++) {
        const struct event *e = &scanned.at[i];
        at += snprintf(at, 160, "%lld %u %u %lld %u %u %u %d %.*s\n", (long long)e->time, e->person,
                       e->kind, (long long)e->amount, e->tenant, e->zone, e->channel, e->value,
                       (int)e->ref_size, e->ref_size ? e->ref : "");
    }
    char *kept = arena_strdup(arena, text);
    free(text);
    vec_free(&scanned);
    return kept;
}

struct columns_text {
    struct arena *arena;
    char *text;
};

static enum status times_text(void *context, const struct person_times *times,
                              struct error *ignored)
{
    struct columns_text *to = context;
    (void)ignored;
    for (uint32_t i = 1; i <= PEOPLE; i++) {
        uint32_t at = person_at(i) - times->first_person;
        if (person_at(i) >= times->first_person && at < times->n)
            to->text = arena_printf(to->arena, "%s%lld %lld\n", to->text,
                                    (long long)times->first_presence[at],
                                    (long long)times->registered[at]);
    }
    return ST_OK;
}

static char *columns_text(struct temp_mall *t, struct arena *arena)
{
    struct columns_text to = {arena, arena_strdup(arena, "")};
    assert_ok(person_times_each(t->reader, times_text, &to, &err));
    return to.text;
}

static char *mall_text(struct temp_mall *t)
{
    struct arena *arena = arena_new();
    assert_ok(reader_begin(t->reader, &err));
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        text = table_text(t, arena, tables[i], arena_printf(arena, "%s-- %zu\n", text, i));
    text = arena_printf(arena, "%s%s%s", text, columns_text(t, arena), events_text(t, arena));
    char *kept = mem_strdup(text);
    reader_end(t->reader);
    arena_free(arena);
    return kept;
}

/* ---- A random mall ---- */

static void person_fill(struct temp_mall *t, struct dice *dice, uint32_t i)
{
    struct arena *arena = arena_new();
    uint32_t p = person_at(i), other = person_at(1 + (uint32_t)dice_below(dice, PEOPLE));
#define RUN(...) test_run(t, arena_printf(arena, __VA_ARGS__))
    RUN("insert into contact values (1, 'C%u', %u)", p, p);
    if (dice_below(dice, 3)) {
        RUN("insert into member (person, card, name, phone, tier, joined, channel, consent_sms,"
            " consent_app, app) values (%u, 'C%u', '%s', '%s', '%s', %lld, %d, %d, %d, %d)",
            p, p, dice_below(dice, 2) ? arena_printf(arena, "N%u", p) : "",
            dice_below(dice, 2) ? arena_printf(arena, "138%08u", p) : "",
            dice_below(dice, 2) ? "gold" : "", (long long)dice_below(dice, 2) * (1000000 + p), 0,
            (int)dice_below(dice, 2), (int)dice_below(dice, 2), (int)dice_below(dice, 2));
        RUN("insert into contact select 2, phone, person from member where person = %u and"
            " phone <> ''",
            p);
    }
    if (dice_below(dice, 2))
        RUN("insert into contact values (4, 'a4:83:e7:00:%02x:%02x', %u)", i / 256, i % 256, p);
    if (dice_below(dice, 2))
        RUN("insert into attribute values (%u, 'k%d', 'v%d')", p, (int)dice_below(dice, 3),
            (int)dice_below(dice, 3));
    if (dice_below(dice, 2))
        RUN("insert into interest values (%u, 't%d', %d)", p, (int)dice_below(dice, 3),
            1 + (int)dice_below(dice, 3));
    if (other != p && dice_below(dice, 2))
        RUN("insert into relation values (%u, %u, 'friend', null)", p, other);
    if (dice_below(dice, 2))
        RUN("insert into crowd_member values (%d, %u, '', 5)", 1 + (int)dice_below(dice, 2), p);
    if (dice_below(dice, 2))
        RUN("insert into label_member values (%d, %u)", 1 + (int)dice_below(dice, 2), p);
    if (dice_below(dice, 3) == 0)
        RUN("insert into consent (person, contact, given, time, source, actor) values (%u, 'sms',"
            " %d, 7, 'form', 'li')",
            p, (int)dice_below(dice, 2));
#undef RUN
    arena_free(arena);
}

static void events_fill(struct temp_mall *t, struct dice *dice, size_t n, bool fold)
{
    struct history history = history_new();
    struct history_shape shape = {PEOPLE, year_2024, year_2024 + 70 * days, 10, 50, 20};
    history_add(&history, dice, &shape, n);
    for (size_t i = 0; i < history.n; i++)
        if (history.at[i].person)
            history.at[i].person = person_at(history.at[i].person);
    assert_ok(writer_begin(t->writer, &err));
    assert_ok(event_append(t->writer, history.at, history.n, NULL, NULL, &err));
    assert_ok(writer_commit(t->writer, &err));
    if (fold)
        assert_ok(event_fold(t->writer, 0, &err));
    history_free(&history);
}

static struct temp_mall random_mall(struct dice *dice)
{
    struct temp_mall t = temp_mall_new();
    test_run(&t, "insert into crowd (id, code) values (1, 'a'), (2, 'b')");
    test_run(&t, "insert into label (id, name) values (1, 'x'), (2, 'y')");
    for (uint32_t i = 1; i <= PEOPLE; i++)
        person_fill(&t, dice, i);
    test_run(&t, "update counter set value = 50000 where name = 'person'");
    events_fill(&t, dice, 1500, true);
    events_fill(&t, dice, 100, false);
    return t;
}

/* ---- While linked ---- */

static int64_t count(struct temp_mall *t, const char *sql)
{
    int64_t n;
    assert_ok(reader_integer(t->reader, sql, -1, &n, &err));
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text in order, but with every person replaced by whom it was linked to. */
static char *events_as(struct temp_mall *t, struct arena *arena, const uint32_t *now)
{
    struct scanned scanned = {.arena = arena};
    const struct event_query all = {.from = INT64_MIN, .people = true, .columns = ~0u};
    assert_ok(event_scan(t->reader, &all, scanned_block, &scanned, &err));
    char **lines = arena_array(arena, char *, scanned.n + 1);
    for (size_t i = 0; i < scanned.n; i++) {
        const struct event *e = &scanned.at[i];
        lines[i] = arena_printf(arena, "%u %lld %u %lld %u %.*s", now ? now[e->person] : e->person,
                                (long long)e->time, e->kind, (long long)e->amount, e->tenant,
                                (int)e->ref_size, e->ref_size ? e->ref : "");
    }
    qsort(lines, scanned.n, sizeof *lines, by_text);
    struct arena *scratch = arena_new();
    size_t size = 1;
    for (size_t i = 0; i < scanned.n; i++)
        size += strlen(lines[i]) + 1;
    char *text = arena_alloc(arena, size), *at = text;
    for (size_t i = 0; i < scanned.n; i++) {
        size_t n = strlen(lines[i]);
        memcpy(at, lines[i], n);
        at[n] = '\n';
        at += n + 1;
    }
    arena_free(scratch);
    vec_free(&scanned);
    return text;
}

struct made {
    int64_t id;
    uint32_t person, target;
};

static bool link_random(struct temp_mall *t, struct dice *dice, const struct access *access,
                        struct made *made)
{
    struct link_request request = {.one = person_at(1 + (uint32_t)dice_below(dice, PEOPLE)),
                                   .other = person_at(1 + (uint32_t)dice_below(dice, PEOPLE)),
                                   .evidence = "same phone on the form",
                                   .confidence = 0.9,
                                   .beyond_limits = true};
    struct link_result result;
    enum status status = member_link(t->writer, access, &request, &result, &err);
    if (status == ST_REFUSED) { /* the same, or linked before */
        error_clear(&err);
        return false;
    }
    assert_ok(status);
    *made = (struct made){result.id, result.person, result.target};
    return true;
}

static void test_random_histories(void **state)
{
    (void)state;
    struct access access = test_access(ACCESS_ADMIN);
    snprintf(access.principal, sizeof access.principal, "li");
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct dice dice = {seed * 31};
        struct temp_mall t = random_mall(&dice);
        struct arena *arena = arena_new();
        struct made made[LINKS];
        static uint32_t now[FAR + PEOPLE + 1];
        size_t n = 0;
        for (uint32_t i = 0; i <= FAR + PEOPLE; i++)
            now[i] = i;
        char *before = mall_text(&t);
        char *plain = NULL;
        for (int tries = 0; tries < 60 && n < LINKS; tries++) {
            if (!link_random(&t, &dice, &access, &made[n]))
                continue;
            for (uint32_t i = 0; i <= FAR + PEOPLE; i++)
                now[i] = now[i] == made[n].person ? made[n].target : now[i];
            n++;
        }
        assert_true(n > 5);
        assert_whole(t.reader);
        char *linked = events_as(&t, arena, NULL);
        assert_int_equal(count(&t, "select count(*) from link where undone = 0"), n);
        assert_int_equal(count(&t, "select count(*) from member m join link l on l.person = "
                                   "m.person and l.undone = 0"),
                         0);
        /* In any order that is allowed; a link with others on top waits for its turn. */
        size_t left = n;
        while (left) {
            size_t at = dice_below(&dice, left);
            struct link_result result;
            enum status status =
                member_unlink(t.writer, &access, made[at].id, "was a mistake", &result, &err);
            if (status == ST_CONFLICT) {
                error_clear(&err);
                continue;
            }
            assert_ok(status);
            made[at] = made[--left];
        }
        assert_whole(t.reader);
        char *after = mall_text(&t);
        assert_string_equal(before, after);
        plain = events_as(&t, arena, now);
        assert_string_equal(plain, linked);
        free(before);
        free(after);
        arena_free(arena);
        temp_mall_free(&t);
    }
}

/* ---- Single rules ---- */

static const struct test_member members[] = {
    {1, "C1", "王小明", "13800000001", "gold", "m", 1000},
    {2, "C2", "", "13800000002", "", "f", 500},
    {3, "C3", "李四", "", "", "", 0},
};

static void test_rules(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct access access = test_access(ACCESS_ADMIN), operator= test_access(ACCESS_OPERATOR);
    struct link_result result;
    struct link_request request = {1, 2, "same payment on receipt R1", 0.9, false};
    test_members_add(&t, members, 3);
    test_run(&t, "insert into contact values (4, '06:00:00:00:00:01', 4),"
                 " (1, 'V5', 5), (4, 'a4:83:e7:00:00:01', 5)");
    test_run(&t, "update counter set value = 5 where name = 'person'");
    assert_int_equal(member_link(t.writer, &operator, & request, &result, &err), ST_DENIED);
    request.evidence = "x";
    assert_int_equal(member_link(t.writer, &access, &request, &result, &err), ST_REFUSED);
    request = (struct link_request){1, 4, "seen together", 0.5, false};
    assert_int_equal(member_link(t.writer, &access, &request, &result, &err), ST_REFUSED);
    request = (struct link_request){1, 9, "seen together", 0.5, false};
    assert_int_equal(member_link(t.writer, &access, &request, &result, &err), ST_REFUSED);
    request = (struct link_request){1, 1, "seen together", 0.5, false};
    assert_int_equal(member_link(t.writer, &access, &request, &result, &err), ST_REFUSED);
    error_clear(&err);
    /* A visitor joins the member, whichever is named first. */
    request = (struct link_request){5, 2, "seen together", 0.5, false};
    assert_ok(member_link(t.writer, &access, &request, &result, &err));
    assert_int_equal(result.person, 5);
    assert_int_equal(result.target, 2);
    assert_int_equal(result.identities, 2);
    assert_int_equal(count(&t, "select count(*) from identity where person = 2"), 4);
    /* Cards: 2 and V5 of person 2, C1: three are more than limit_card. */
    request = (struct link_request){1, 2, "same payment on receipt R1", 0.9, false};
    assert_int_equal(member_link(t.writer, &access, &request, &result, &err), ST_CONFLICT);
    error_clear(&err);
    request.beyond_limits = true;
    assert_ok(member_link(t.writer, &access, &request, &result, &err));
    assert_int_equal(result.id, 2);
    assert_int_equal(count(&t, "select count(*) from member"), 2);
    assert_int_equal(count(&t, "select joined from member where person = 1"), 500);
    /* The first link has another on top. */
    assert_int_equal(member_unlink(t.writer, &access, 1, "was a mistake", &result, &err),
                     ST_CONFLICT);
    assert_non_null(strstr(error_text(&err), "link 2"));
    assert_int_equal(member_unlink(t.writer, &access, 7, "was a mistake", &result, &err),
                     ST_REFUSED);
    error_clear(&err);
    int64_t link;
    assert_ok(link_of_identity(t.reader, "C2", &link, &err));
    assert_int_equal(link, 2);
    assert_ok(link_of_identity(t.reader, "V5", &link, &err));
    assert_int_equal(link, 1);
    assert_ok(link_of_person(t.reader, 1, &link, &err));
    assert_int_equal(link, 2);
    assert_ok(member_unlink(t.writer, &access, 2, "was a mistake", &result, &err));
    assert_int_equal(member_unlink(t.writer, &access, 2, "was a mistake", &result, &err),
                     ST_CONFLICT);
    error_clear(&err);
    assert_int_equal(count(&t, "select joined from member where person = 1"), 1000);
    assert_whole(t.reader);
    temp_mall_free(&t);
}

/* What people edited since the link stays; what came by it goes back. */
static void test_edits_stay(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct link_result result;
    struct link_request request = {3, 1, "same receipt", 1, false};
    test_members_add(&t, members, 3);
    test_run(&t, "insert into attribute values (1, 'shoe', '41')");
    assert_ok(member_link(t.writer, &access, &request, &result, &err));
    assert_int_equal(result.target, 3);
    assert_int_equal(count(&t, "select count(*) from member where person = 3 and"
                               " phone = '13800000001' and tier = 'gold' and name = '李四'"),
                     1);
    test_run(&t, "update member set tier = 'silver' where person = 3");
    test_run(&t, "update attribute set value = '42' where person = 3");
    assert_ok(member_unlink(t.writer, &access, result.id, "was a mistake", &result, &err));
    assert_int_equal(count(&t, "select count(*) from member where person = 3 and phone = '' and"
                               " tier = 'silver'"),
                     1);
    assert_int_equal(count(&t, "select count(*) from attribute where person = 3 and value = '42'"),
                     1);
    assert_int_equal(count(&t, "select count(*) from attribute where person = 1 and value = '41'"),
                     1);
    assert_whole(t.reader);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_edits_stay),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
