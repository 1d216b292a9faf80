/* The SQL question: what it answers, what it refuses, and how it says so. */
#include "model/sql/sql.h"

#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static const struct test_member people[] = {
    {1, "C0000001", "王小明", "13812341234", "gold", "m", 1000000000},
    {2, "C0000002", "Anna Wang", "13900005678", "silver", "f", 1000086400},
};

static struct temp_mall mall_make(void)
{
    struct temp_mall t = temp_mall_new();
    test_members_add(&t, people, 2);
    test_run(&t,
             "insert into contact values (4, 'a4:83:e7:01:02:03', 1);"
             "insert into attribute values (1, 'e_mail', 'wang@example.com'), (1, 'hobby', 'tea');"
             "insert into tenant (id, code, name) values (1, 'T1', 'Muji'), (2, 'T2', '海底捞');"
             "insert into audit (seq, time, actor, act, entity, target, before, after, reason,"
             " hash) values (1, 5, 'liu', 'set', 'member', 'C0000001', '{\"name\":\"王小明\"}',"
             " '{}', '13812341234 called', zeroblob(32))");
    return t;
}

/* Two people's events and one of nobody, over two months. */
static void events_make(struct temp_mall *t)
{
    const struct test_event events[] = {
        {1000000000, 1, "purchase", "T1", .amount = 1000, .ref = "R1"},
        {1000000100, 1, "points_earn", "T1", .amount = 10},
        {1000086400, 2, "purchase", "T2", .channel = "pos", .amount = 2000},
        {1004000000, 2, "purchase", "T1", .amount = 500},
        {1004000060, 2, "sighting", .zone = "Z1"},
        {1004000090, 0, "purchase", "T1", .amount = 300},
        {1004000099, 2, "karaoke", "T1"},
    };
    test_events_add(t, events, sizeof events / sizeof *events);
}

static struct sheet *ask(struct temp_mall *t, struct arena *arena, enum access_role role,
                         const char *query)
{
    struct access access = test_access(role);
    struct sql_limits limits = {.rows = 1000, .count_all = true};
    struct sql_summary summary;
    struct sheet *sheet;
    enum status status =
        sql_sheet(t->reader, &access, query, &limits, arena, &sheet, &summary, &err);
    if (status)
        fail_msg("%s: %s", query, error_text(&err));
    return sheet;
}

/* The answer's cells in one line. */
static const char *line_of(struct arena *arena, const struct sheet *sheet)
{
    char *line = arena_strdup(arena, "");
    for (size_t i = 0; i < sheet->n_rows * sheet->n_columns; i++) {
        const struct cell *cell = &sheet->cells[i];
        enum cell_type type = sheet->columns[i % sheet->n_columns].type;
        const char *end = (i + 1) % sheet->n_columns ? "," : ";";
        if (!cell->known)
            line = arena_printf(arena, "%s-%s", line, end);
        else if (type == CELL_TEXT)
            line = arena_printf(arena, "%s%s%s", line, cell->text, end);
        else if (type == CELL_REAL)
            line = arena_printf(arena, "%s%g%s", line, cell->real, end);
        else
            line = arena_printf(arena, "%s%lld%s", line, (long long)cell->integer, end);
    }
    return line;
}

static void expect(struct temp_mall *t, enum access_role role, const char *query,
                   const char *answer)
{
    struct arena *arena = arena_new();
    const char *got = line_of(arena, ask(t, arena, role, query));
    if (strcmp(got, answer) != 0)
        fail_msg("%s\n  gave     %s\n  expected %s", query, got, answer);
    arena_free(arena);
}

static void refuse(struct temp_mall *t, enum access_role role, const char *query,
                   enum status expected, const char *message)
{
    struct access access = test_access(role);
    struct sql_limits limits = {.rows = 1000, .seconds = 5};
    struct sql_summary summary;
    struct sheet *sheet;
    struct arena *arena = arena_new();
    enum status status =
        sql_sheet(t->reader, &access, query, &limits, arena, &sheet, &summary, &err);
    if (status != expected || !strstr(error_text(&err), message))
        fail_msg("%s\n  gave     %s: %s\n  expected %s: %s", query, status_name(status),
                 error_text(&err), status_name(expected), message);
    error_clear(&err);
    arena_free(arena);
}

static void test_answers(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    expect(&t, ACCESS_ADMIN, "select card, name, phone, joined from v_member order by card",
           "C0000001,王小明,13812341234,1000000000;C0000002,Anna Wang,13900005678,1000086400;");
    expect(&t, ACCESS_ADMIN, "select tier, count(*) n, avg(person) from v_member group by 1",
           "gold,1,1;silver,1,2;");
    expect(&t, ACCESS_ADMIN, "select 1, 2.5, 'x', null, x'0aff'", "1,2.5,x,-,0aff;");
    expect(&t, ACCESS_ADMIN, "select 1 union all select 2.5", "1;2.5;");
    expect(&t, ACCESS_ADMIN, "select 1 union all select 'a' order by 1", "1;a;");
    expect(&t, ACCESS_ADMIN, "with a as (select * from v_tenant) select code from a; -- done",
           "T1;T2;");
    expect(&t, ACCESS_ADMIN,
           "select m.name from v_member m join v_identity i using (person)"
           " where i.kind = 'wifi'",
           "王小明;");
    expect(&t, ACCESS_ADMIN,
           "select mall_day(0), mall_time(0), mall_hour(0), mall_month(0),"
           " mall_weekday(0), mall_date(0), mall_seconds('1970-01-01 08:00:00')",
           "1970-01-01,1970-01-01 08:00:00,8,1970-01,3,1970-01-01,0;");
    expect(&t, ACCESS_ADMIN, "select mall_day(72000 - 28800 - 61200), mall_age(null)",
           "1969-12-31,-;");
    expect(&t, ACCESS_ADMIN, "select row_number() over (order by code) from v_tenant", "1;2;");
    temp_mall_free(&t);
}

static void test_events(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    events_make(&t);
    expect(&t, ACCESS_ADMIN, "select count(*), sum(amount) from v_event", "7,3810;");
    expect(&t, ACCESS_ADMIN,
           "select kind, count(*), sum(amount) from v_event group by kind order by 1",
           "karaoke,1,0;points_earn,1,10;purchase,4,3800;sighting,1,0;");
    expect(&t, ACCESS_ADMIN,
           "select time, person, tenant, channel, amount, ref from v_event where"
           " kind = 'purchase' order by time",
           "1000000000,1,1,-,1000,R1;1000086400,2,2,pos,2000,-;1004000000,2,1,-,500,-;"
           "1004000090,0,1,-,300,-;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where kind = 'karaoke'", "1;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where kind = 'nothing'", "0;");
    expect(&t, ACCESS_ADMIN,
           "select count(*) from v_event where kind = 'purchase' and kind = 'sighting'", "0;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where kind in ('purchase', 'sighting')",
           "5;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where person = 2", "4;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where person = 0", "1;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where person = 99", "0;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where time >= 1004000000", "4;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where time > 1004000000", "3;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where time < 1000000100", "1;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where time <= 1000000100", "2;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where time = 1000000100.0", "1;");
    expect(&t, ACCESS_ADMIN, "select count(*) from v_event where time between 1 and 0", "0;");
    expect(&t, ACCESS_ADMIN,
           "select m.name, sum(e.amount) from v_member m join v_event e using (person)"
           " where e.kind = 'purchase' group by 1 order by 2",
           "王小明,1000;Anna Wang,2500;");
    expect(&t, ACCESS_ADMIN,
           "select t.name, sum(r.amount) from v_rollup_day r join v_tenant t"
           " using (tenant) where r.kind = 'purchase' group by 1 order by 2",
           "Muji,1800;海底捞,2000;");
    expect(&t, ACCESS_ADMIN, "select count(*), min(date) from v_rollup_day where day > 11575",
           "4,2001-10-25;");
    expect(&t, ACCESS_ADMIN, "select sum(sightings) from v_rollup_hour", "1;");
    /* An analyst joins by numbers that are not the mall's own. */
    expect(&t, ACCESS_ANALYST,
           "select m.gender, sum(e.amount) from v_member m join v_event e using (person)"
           " where e.kind = 'purchase' group by 1 order by 2",
           "m,1000;f,2500;");
    expect(&t, ACCESS_ANALYST, "select count(*) from v_event where person = 0", "1;");
    expect(&t, ACCESS_ANALYST, "select count(ref) from v_event", "0;");
    temp_mall_free(&t);
}

static void test_types(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    struct arena *arena = arena_new();
    struct sheet *sheet =
        ask(&t, arena, ACCESS_ADMIN, "select joined, name, person, person / 2.0 from v_member");
    assert_int_equal(sheet->columns[0].type, CELL_TIME);
    assert_int_equal(sheet->columns[1].type, CELL_TEXT);
    assert_int_equal(sheet->columns[2].type, CELL_COUNT);
    assert_int_equal(sheet->columns[3].type, CELL_REAL);
    assert_int_equal(sheet->total, 2);
    assert_false(sheet->truncated);
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_masked(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    struct access analyst = test_access(ACCESS_ANALYST);
    char pseudonym[PSEUDONYM_SIZE];
    struct arena *arena = arena_new();
    expect(&t, ACCESS_MANAGER, "select card, name, phone, birth from v_member where person = 1",
           "*****001,王*,138****1234,-;");
    expect(&t, ACCESS_MANAGER, "select count(*) from v_member where phone = '13812341234'", "0;");
    expect(&t, ACCESS_MANAGER, "select value from v_identity where person = 1 order by kind",
           "*****001;138****1234;a4:83:**:**:**:**;");
    expect(&t, ACCESS_MANAGER, "select value from v_attribute order by name", "wa****om;tea;");
    expect(&t, ACCESS_MANAGER, "select target, before, reason from v_audit", "*****001,-,-;");
    expect(&t, ACCESS_ADMIN, "select target, reason from v_audit", "C0000001,13812341234 called;");
    pseudonym_write(analyst.key, 1, pseudonym);
    expect(&t, ACCESS_ANALYST, "select card, name, phone from v_member where gender = 'm'",
           arena_printf(arena, "%s,-,-;", pseudonym));
    expect(&t, ACCESS_ANALYST, "select count(*) from v_member where person in (1, 2)", "0;");
    expect(&t, ACCESS_ANALYST, "select count(*) from v_member join v_identity using (person)",
           "5;");
    expect(&t, ACCESS_ANALYST, "select count(*) from v_identity where value is not null",
           "2;"); /* the cards, as pseudonyms */
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_no_personal_text(void **state)
{
    (void)state;
    static const char *const secrets[] = {"王小明", "Anna",         "13812341234", "13900005678",
                                          "C00000", "wang@example", "a4:83",       "01:02:03"};
    static const enum access_role careful[] = {ACCESS_ANALYST, ACCESS_MANAGER};
    struct temp_mall t = mall_make();
    for (size_t r = 0; r < 2; r++)
        for (size_t v = 0; v < n_sql_views; v++) {
            struct access access = test_access(careful[r]);
            if (!access_may(&access, sql_views[v].rights))
                continue;
            struct arena *arena = arena_new();
            const char *query = arena_printf(arena, "select * from %s", sql_views[v].name);
            const char *line = line_of(arena, ask(&t, arena, careful[r], query));
            for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
                if (strstr(line, secrets[i]) &&
                    !(careful[r] == ACCESS_MANAGER && strcmp(secrets[i], "a4:83") == 0))
                    fail_msg("%s shows %s: %s", sql_views[v].name, secrets[i], line);
            arena_free(arena);
        }
    temp_mall_free(&t);
}

static const char *const attacks[] = {
    "select * from member",
    "select * from main.member",
    "select name from identity, member",
    "select (select phone from member limit 1)",
    "select * from v_tenant where exists (select 1 from principal)",
    "with v_member as (select * from member) select * from v_member",
    "with v_member(name) as (select phone from main.member) select name from v_member",
    "select * from (select * from member) v_member",
    "select * from (select card from member) as x",
    "select count(*) from member",
    "select 1 from setting",
    "select value from setting where name = 'pseudonym_key'",
    "select * from sqlite_master",
    "select * from sqlite_schema",
    "select * from temp.sqlite_temp_schema",
    "select sql from sqlite_temp_master",
    "select * from pragma_table_info('member')",
    "select * from pragma_table_list",
    "select * from pragma_database_list",
    "select * from dbstat",
    "select * from sqlite_dbpage",
    "select * from sqlite_stmt",
    "select load_extension('/tmp/x')",
    "select atrium_person(1)",
    "select atrium_mask(2, 1, 'x')",
    "select atrium_identity('card', 1, 'x')",
    "select readfile('/etc/passwd')",
    "select writefile('/tmp/x', 'y')",
    "select fts5(1)",
    "select sqlite_compileoption_get(1)",
    "select changes()",
    "select last_insert_rowid()",
    "pragma query_only = 0",
    "pragma table_info(member)",
    "attach ':memory:' as x",
    "attach '/etc/passwd' as x",
    "detach main",
    "vacuum into '/tmp/x'",
    "insert into member (card) values ('x')",
    "update member set name = 'x'",
    "delete from tenant",
    "create table x (a)",
    "create temp table x as select * from member",
    "create temp view v_x as select * from member",
    "create temp trigger x after insert on member begin select 1; end",
    "drop view v_member",
    "alter table member rename to x",
    "analyze",
    "reindex",
    "begin",
    "commit",
    "savepoint x",
    "explain select * from v_member",
    "explain query plan select * from v_member",
    "values (1), ((select name from member))",
    "select * from v_tenant union select person, card, name, phone, 1, 1, 1, 1 from member",
    "select json_group_array(name) from member",
    "select * from json_each((select group_concat(name) from member))",
    "select rowid from member",
    "select ?1",
    "select :name",
    "select person from atrium_event",
    "select count(*) from atrium_event",
    "select count(*) from sqlite_master",
    "select count(*) from dbstat",
    "select count(*) from principal",
    "select count(*) from pragma_table_list",
    "with n(i) as (select 1) select count(*) from n, setting",
    "select t.name from v_tenant t left join member m on m.person = t.tenant",
    "select * from v_tenant order by (select max(phone) from member)",
    "select sum(length(name)) over (order by (select max(phone) from member)) from v_tenant",
    "with recursive r(x) as (select phone from member union all select x from r) select * from"
    " r limit 1",
};

static void test_attacks(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        struct access access = test_access(ACCESS_ANALYST);
        struct sql_limits limits = {.rows = 10, .seconds = 5};
        struct sql_summary summary;
        struct sheet *sheet;
        struct arena *arena = arena_new();
        enum status status =
            sql_sheet(t.reader, &access, attacks[i], &limits, arena, &sheet, &summary, &err);
        if (status != ST_DENIED && status != ST_USAGE)
            fail_msg("%s was answered: %s", attacks[i],
                     sheet ? line_of(arena, sheet) : error_text(&err));
        error_clear(&err);
        arena_free(arena);
    }
    temp_mall_free(&t);
}

static void test_roles(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    refuse(&t, ACCESS_TECHNICIAN, "select 1", ST_DENIED, "may not ask in SQL");
    refuse(&t, ACCESS_OPERATOR, "select 1", ST_DENIED, "may not ask in SQL");
    refuse(&t, ACCESS_ANALYST, "select * from v_audit", ST_USAGE, "v_audit");
    temp_mall_free(&t);
}

static void test_messages(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    refuse(&t, ACCESS_ADMIN, "select nmae from v_member", ST_USAGE, "line 1, column 8, at 'nmae'");
    refuse(&t, ACCESS_ADMIN, "select nmae from v_member", ST_USAGE, "did you mean name?");
    refuse(&t, ACCESS_ADMIN, "select *\nfrom v_membr", ST_USAGE, "line 2, column 6, at 'v_membr'");
    refuse(&t, ACCESS_ADMIN, "select *\nfrom v_membr", ST_USAGE, "did you mean v_member?");
    refuse(&t, ACCESS_ADMIN, "select card\nfrom v_member\nwhere '王' = crad", ST_USAGE,
           "line 3, column 13, at 'crad'");
    refuse(&t, ACCESS_ADMIN, "select fro v_member", ST_USAGE, "line 1");
    refuse(&t, ACCESS_ADMIN, "select (1", ST_USAGE, "incomplete");
    refuse(&t, ACCESS_ADMIN, "", ST_USAGE, "no question");
    refuse(&t, ACCESS_ADMIN, " -- nothing", ST_USAGE, "no question");
    refuse(&t, ACCESS_ADMIN, "select 1; select 2", ST_USAGE, "line 1, column 11");
    refuse(&t, ACCESS_ADMIN, "select * from member", ST_USAGE,
           "no such table: member; did you mean v_member?");
    refuse(&t, ACCESS_ADMIN, "select abs(-9223372036854775807 - 1)", ST_USAGE, "integer overflow");
    refuse(&t, ACCESS_ADMIN, "select summ(1)", ST_USAGE, "did you mean sum?");
    temp_mall_free(&t);
}

static void test_limits(void **state)
{
    (void)state;
    static const char endless[] =
        "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";
    struct temp_mall t = mall_make();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct sql_limits limits = {.rows = 5, .count_all = true};
    struct sql_summary summary;
    struct sheet *sheet;
    assert_ok(sql_sheet(t.reader, &access, "select value from json_each('[1,2,3,4,5,6,7]')",
                        &limits, arena, &sheet, &summary, &err));
    assert_int_equal(sheet->n_rows, 5);
    assert_int_equal(sheet->total, 7);
    assert_true(sheet->truncated && summary.complete);
    limits.count_all = false;
    assert_ok(sql_sheet(t.reader, &access, endless, &limits, arena, &sheet, &summary, &err));
    assert_int_equal(sheet->n_rows, 5);
    assert_int_equal(sheet->total, -1);
    assert_false(summary.complete);
    limits = (struct sql_limits){.rows = 5, .seconds = 1, .count_all = true};
    assert_ok(sql_sheet(t.reader, &access, endless, &limits, arena, &sheet, &summary, &err));
    assert_int_equal(sheet->n_rows, 5);
    assert_true(summary.timed_out && sheet->truncated);
    refuse(&t, ACCESS_ADMIN,
           "select length(replace(printf('%.*c', 1000000, 'x'), 'x', printf('%.*c', 100, 'y')))",
           ST_USAGE, "too big");
    arena_free(arena);
    temp_mall_free(&t);
}

static void test_cancel(void **state)
{
    (void)state;
    struct temp_mall t = mall_make();
    struct arena *arena = arena_new();
    struct access access = test_access(ACCESS_ADMIN);
    struct sql_limits limits = {.rows = 0};
    struct sql_summary summary;
    struct sheet *sheet;
    atomic_bool flag = true;
    reader_watch(t.reader, &flag, NULL);
    assert_int_equal(sql_sheet(t.reader, &access,
                               "with recursive n(i) as (select 1 union all select i + 1 from n)"
                               " select count(*) from n",
                               &limits, arena, &sheet, &summary, &err),
                     ST_CANCELLED);
    error_clear(&err);
    reader_watch(t.reader, NULL, NULL);
    arena_free(arena);
    temp_mall_free(&t);
}

static bool offered(const char *text, enum access_role role, const char *word)
{
    struct arena *arena = arena_new();
    struct access access = test_access(role);
    const struct sql_candidate *candidates;
    size_t n, start, cursor = strcspn(text, "|");
    char *whole =
        arena_printf(arena, "%.*s%s", (int)cursor, text, text[cursor] ? text + cursor + 1 : "");
    bool found = false;
    sql_complete(&access, whole, cursor, arena, &candidates, &n, &start);
    for (size_t i = 0; i < n; i++)
        found = found || strcmp(candidates[i].text, word) == 0;
    arena_free(arena);
    return found;
}

static void test_completion(void **state)
{
    (void)state;
    assert_true(offered("sel|", ACCESS_ADMIN, "select"));
    assert_true(offered("select * from v_m|", ACCESS_ADMIN, "v_member"));
    assert_true(offered("select * from |", ACCESS_ADMIN, "v_tenant"));
    assert_false(offered("select * from |", ACCESS_ADMIN, "select"));
    assert_false(offered("select * from v_|", ACCESS_ANALYST, "v_audit"));
    assert_true(offered("select * from v_tenant, v_|", ACCESS_ADMIN, "v_member"));
    assert_true(offered("select na| from v_member", ACCESS_ADMIN, "name"));
    assert_true(offered("select m.| from v_member m", ACCESS_ADMIN, "phone"));
    assert_false(offered("select m.| from v_member m", ACCESS_ADMIN, "smart_pos"));
    assert_true(offered("select v_tenant.s| from v_member, v_tenant", ACCESS_ADMIN, "smart_pos"));
    assert_true(offered("select mall_|", ACCESS_ADMIN, "mall_day"));
    assert_true(offered("select * from v_member where ti|", ACCESS_ADMIN, "tier"));
    assert_true(offered("", ACCESS_ADMIN, "select"));
    assert_false(offered("select * from v_member where x = 'fro|", ACCESS_TECHNICIAN, "v_member"));
}

/* Every view, column and function is in the manual, under its own heading. */
static void test_manual(void **state)
{
    (void)state;
    size_t size;
    char *manual = file_read_all("doc/sql.md", &size);
    struct arena *arena = arena_new();
    for (size_t v = 0; v < n_sql_views; v++) {
        const char *at = strstr(manual, arena_printf(arena, "\n### %s\n", sql_views[v].name));
        if (!at)
            fail_msg("doc/sql.md has no heading for %s", sql_views[v].name);
        const char *end = strstr(at + 4, "\n### ");
        for (size_t i = 0; i < sql_views[v].n_columns; i++) {
            const char *row =
                strstr(at, arena_printf(arena, "\n| `%s` | %s |", sql_views[v].columns[i].name,
                                        sql_views[v].columns[i].summary));
            if (!row || (end && row > end))
                fail_msg("doc/sql.md does not say of %s.%s: %s", sql_views[v].name,
                         sql_views[v].columns[i].name, sql_views[v].columns[i].summary);
        }
    }
    for (size_t i = 0; i < n_sql_functions; i++)
        if (!strstr(manual, arena_printf(arena, "`%s%s", sql_functions[i].name,
                                         sql_functions[i].arguments ? "(" : "`")))
            fail_msg("doc/sql.md does not name the function %s", sql_functions[i].name);
    arena_free(arena);
    free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_masked),
        cmocka_unit_test(test_no_personal_text),
        cmocka_unit_test(test_attacks),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_completion),
        cmocka_unit_test(test_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
