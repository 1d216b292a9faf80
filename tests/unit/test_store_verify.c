/* Verify finds each kind of damage, and nothing in a good mall. */
#include "model/store/verify.h"

#include "model/store/operation.h"
#include "model/store/sqlite.h"
#include "tests/support/temp.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;
static struct temp_mall t;
static struct arena *arena;

static void change(const char *sql)
{
    assert_ok(writer_begin(t.writer, &err));
    assert_int_equal(sqlite3_exec(writer_db(t.writer), sql, NULL, NULL, NULL), SQLITE_OK);
    assert_ok(writer_commit(t.writer, &err));
}

static void operate(const char *entity, const char *target, const char *set)
{
    json_t *object = json_loads(set, 0, NULL);
    struct operation op = {.actor = "wang",
                           .rights = ~0u,
                           .entity = entity,
                           .target = target,
                           .verb = OPERATION_CREATE,
                           .set = object};
    assert_ok(operation_apply(t.writer, &op, NULL, &err));
    json_decref(object);
}

static int set_up(void **state)
{
    (void)state;
    t = temp_mall_new();
    arena = arena_new();
    operate("zone", "Z1", "{}");
    operate("tenant", "T1", "{\"zone\":\"Z1\"}");
    operate("member", "M1", "{\"phone\":\"138\"}");
    operate("label", "vip", "{\"add\":[\"M1\"]}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    temp_mall_free(&t);
    error_clear(&err);
    return 0;
}

/* The findings of the last run, one "name: finding" a line; bad ones begin with '!'. */
static const char *findings;

static void collect(void *context, const struct verify_result *result)
{
    ++*(int *)context;
    findings = arena_printf(arena, "%s%s%s: %s\n", findings, result->good ? "" : "!", result->check,
                            result->finding);
}

static int verify(struct reader *reader)
{
    int bad, reported = 0;
    findings = "";
    assert_ok(verify_run(reader, arena, collect, &reported, &bad, &err));
    assert_true(reported > 0);
    return bad;
}

static void assert_found(const char *sql, const char *finding)
{
    change(sql);
    assert_int_equal(verify(t.reader), 1);
    if (!strstr(findings, finding))
        fail_msg("not found: %s\nin:\n%s", finding, findings);
}

static void test_good(void **state)
{
    (void)state;
    assert_int_equal(verify(t.reader), 0);
    assert_non_null(strstr(findings, "audit chain: 4 records, the last is "));
    assert_non_null(strstr(findings, "members: 1 members know their card\n"));
}

static void test_audit_changed(void **state)
{
    (void)state;
    assert_found("update audit set actor = 'li' where seq = 2",
                 "!audit chain: the chain breaks at record 2");
}

static void test_audit_record_removed(void **state)
{
    (void)state;
    change("delete from audit where seq = 2");
    assert_int_equal(verify(t.reader), 2);
    assert_non_null(
        strstr(findings, "!audit chain: the chain breaks at record 2 (found record 3)"));
    assert_non_null(strstr(findings, "!operations: 1 of 4 operations"));
}

static void test_audit_cut_at_the_end(void **state)
{
    (void)state;
    assert_found("delete from operation where seq = 4; delete from audit where seq = 4",
                 "!audit chain: found 3 records, expected 4: the last ones were removed");
}

static void test_references(void **state)
{
    (void)state;
    assert_found("update tenant set zone = 9",
                 "!references: 1 of 3 rows with references, such as 'shop T1: zone 9'");
}

static void test_member_without_card(void **state)
{
    (void)state;
    assert_found("update contact set value = 'M9' where kind = 1",
                 "!members: 1 of 1 members know their card, such as 'M1'");
}

static void test_phone_without_person(void **state)
{
    (void)state;
    assert_found("delete from contact where kind = 2", "!phones: 1 of 1");
}

static void test_person_never_given(void **state)
{
    (void)state;
    assert_found("insert into contact values (3, 'x\x1b[2J', 77)",
                 "!persons: 1 of 3 contacts, each of a person that was given a number, such as "
                 "'app x\\x1b[2J: person 77'");
}

static void test_setting_out_of_range(void **state)
{
    (void)state;
    assert_found("update setting set value = '0' where name = 'visit_gap'",
                 "!settings: visit_gap: found '0'");
}

static void test_missing_counter(void **state)
{
    (void)state;
    assert_found("delete from counter where name = 'batch'", "!counters: 1 of ");
}

static void test_nameless_dictionary_row(void **state)
{
    (void)state;
    assert_found("insert into channel (id, name) values (3, '')", "'channel 3 has no name'");
}

/* A page in the middle of the file is overwritten: the mall opens, and verify says what is wrong.
 */
static void test_damaged_page(void **state)
{
    (void)state;
    change("with recursive c(x) as (select 1 union all select x + 1 from c where x < 3000)"
           " insert into kind (name) select hex(randomblob(100)) from c");
    reader_close(t.reader);
    writer_close(t.writer);
    mall_close(t.mall);
    t.reader = NULL;
    t.writer = NULL;
    t.mall = NULL;
    int fd = open(t.path, O_RDWR | O_CLOEXEC);
    off_t size = lseek(fd, 0, SEEK_END);
    char junk[SQLITE_PAGE_SIZE];
    memset(junk, 0x5a, sizeof junk);
    assert_int_equal(pwrite(fd, junk, sizeof junk, size - 3 * SQLITE_PAGE_SIZE), sizeof junk);
    close(fd);
    assert_ok(mall_open(t.path, &t.mall, &err));
    assert_ok(reader_open(t.mall, &t.reader, &err));
    assert_true(verify(t.reader) >= 1);
    assert_non_null(strstr(findings, "!sqlite: "));
}

static enum status other_check(struct verify *v, struct error *e)
{
    (void)e;
    return verify_bad(v, "the other module's %s", "finding");
}

static enum status failing_check(struct verify *v, struct error *e)
{
    (void)v;
    return error_set(e, ST_UNUSABLE, "could not look");
}

static void test_registered_checks(void **state)
{
    (void)state;
    verify_register("other", other_check);
    verify_register("other", other_check);
    verify_register("failing", failing_check);
    assert_int_equal(verify(t.reader), 2);
    assert_non_null(strstr(findings, "!other: the other module's finding\n!failing: could not "));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_good),
        TEST(test_audit_changed),
        TEST(test_audit_record_removed),
        TEST(test_audit_cut_at_the_end),
        TEST(test_references),
        TEST(test_member_without_card),
        TEST(test_phone_without_person),
        TEST(test_person_never_given),
        TEST(test_setting_out_of_range),
        TEST(test_missing_counter),
        TEST(test_nameless_dictionary_row),
        TEST(test_damaged_page),
        TEST(test_registered_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
