/* Operations: validation, conflicts, repeats, audit and undo. */
#include "model/store/operation.h"

#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;
static struct temp_mall t;
static const unsigned everything = ~0u;

static int set_up(void **state)
{
    (void)state;
    t = temp_mall_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_mall_free(&t);
    error_clear(&err);
    return 0;
}

static enum status apply_as(unsigned rights, const char *id, const char *entity, const char *target,
                            enum operation_verb verb, int64_t base, const char *set,
                            struct operation_result *result)
{
    json_t *object = set ? json_loads(set, 0, NULL) : NULL;
    assert_true(!set || object);
    struct operation op = {.id = id,
                           .actor = "wang",
                           .rights = rights,
                           .entity = entity,
                           .target = target,
                           .verb = verb,
                           .base_version = base,
                           .set = object};
    enum status status = operation_apply(t.writer, &op, result, &err);
    json_decref(object);
    assert_false(writer_in_transaction(t.writer));
    return status;
}

static enum status apply(const char *entity, const char *target, enum operation_verb verb,
                         const char *set, struct operation_result *result)
{
    return apply_as(everything, NULL, entity, target, verb, -1, set, result);
}

/* One value of the mall as text; "" where there is none. Valid until the next call. */
static const char *look(const char *sql)
{
    static char text[4096];
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(reader_db(t.reader), sql, -1, &stmt, NULL), SQLITE_OK);
    text[0] = 0;
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0))
        snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return text;
}

static void assert_refused(enum status found, enum status expected, const char *part)
{
    assert_string_equal(status_name(found), status_name(expected));
    if (!strstr(error_text(&err), part))
        fail_msg("the message '%s' does not say '%s'", error_text(&err), part);
}

static void test_create_set_delete(void **state)
{
    (void)state;
    struct operation_result r;
    assert_ok(apply("zone", "Z1", OPERATION_CREATE, "{\"name\":\"Atrium\"}", &r));
    assert_int_equal(r.version, 1);
    assert_int_equal(strlen(r.id), 32);
    assert_ok(apply("tenant", "T1", OPERATION_CREATE,
                    "{\"name\":\"星巴克\",\"zone\":\"Z1\",\"smart_pos\":true}", &r));
    assert_string_equal(look("select z.code from tenant t join zone z on z.id = t.zone"), "Z1");
    assert_ok(apply("tenant", "T1", OPERATION_SET, "{\"smart_pos\":\"no\",\"floor\":\"2\"}", &r));
    assert_int_equal(r.version, 2);
    assert_string_equal(look("select name || floor || smart_pos || version from tenant"),
                        "星巴克202");
    assert_string_equal(look("select before || after from audit where seq = 3"),
                        "{\"floor\":\"\",\"smart_pos\":true}"
                        "{\"floor\":\"2\",\"smart_pos\":false}");
    assert_string_equal(look("select value from counter where name = 'rows'"), "3");
    assert_ok(apply("label", "vip", OPERATION_CREATE, NULL, &r));
    assert_ok(apply("label", "vip", OPERATION_DELETE, NULL, &r));
    assert_string_equal(look("select count(*) from label"), "0");
}

static void test_refusals(void **state)
{
    (void)state;
    assert_ok(apply("tenant", "T1", OPERATION_CREATE, "{}", NULL));
    assert_refused(apply("shop", "T1", OPERATION_SET, "{}", NULL), ST_REFUSED,
                   "entity: found 'shop', expected one of: member, tenant");
    assert_refused(apply("tenant", "T1", OPERATION_SET, "{\"nam\":\"x\"}", NULL), ST_REFUSED,
                   "field of a tenant: found 'nam', expected one of: name");
    assert_refused(apply("tenant", "T1", OPERATION_SET, "{\"smart_pos\":\"maybe\"}", NULL),
                   ST_REFUSED, "smart_pos of tenant 'T1': found 'maybe', expected yes or no");
    assert_refused(apply("tenant", "T1", OPERATION_SET, "{\"name\":\"a\\u001b[2J\"}", NULL),
                   ST_REFUSED, "found 'a\\x1b[2J'");
    assert_refused(apply("tenant", "T1", OPERATION_SET, "{\"zone\":\"Z9\"}", NULL), ST_REFUSED,
                   "the code of a known zone");
    assert_refused(apply("device", "D1", OPERATION_CREATE, "{\"port\":65536}", NULL), ST_REFUSED,
                   "from 0 to 65535");
    assert_refused(apply("member", "M1", OPERATION_CREATE, "{\"birth\":\"1990-02-30\"}", NULL),
                   ST_REFUSED, "a date such as");
    assert_refused(apply("member", "M1", OPERATION_CREATE, "{\"gender\":\"x\"}", NULL), ST_REFUSED,
                   "one of: f m other");
    assert_refused(apply("tenant", "T2", OPERATION_SET, "{}", NULL), ST_REFUSED,
                   "there is no tenant 'T2'");
    assert_refused(apply("tenant", "T1", OPERATION_DELETE, NULL, NULL), ST_REFUSED,
                   "cannot be removed");
    assert_refused(apply("principal", "li", OPERATION_CREATE, "{}", NULL), ST_REFUSED,
                   "its role is missing");
    assert_refused(apply_as(RIGHT_PEOPLE_SEE, NULL, "tenant", "T1", OPERATION_SET, -1, "{}", NULL),
                   ST_DENIED, "'wang' may not change tenant 'T1': that needs the right to change");
    assert_string_equal(look("select count(*) from audit"), "1");
    assert_string_equal(look("select count(*) || (select value from counter where name='person')"
                             " from identity"),
                        "00");
}

static void test_settings(void **state)
{
    (void)state;
    assert_ok(apply("setting", "visit_gap", OPERATION_SET, "{\"value\":\"900\"}", NULL));
    assert_ok(apply("setting", "timezone", OPERATION_SET, "{\"value\":\"Europe/Berlin\"}", NULL));
    assert_ok(mall_reload(t.mall, &err));
    assert_int_equal(t.mall->visit_gap, 900);
    assert_string_equal(zone_name(t.mall->clock.zone), "Europe/Berlin");
    assert_refused(apply("setting", "visit_gap", OPERATION_SET, "{\"value\":\"-1\"}", NULL),
                   ST_REFUSED, "from 1 to 86400");
    assert_refused(apply("setting", "timezone", OPERATION_SET, "{\"value\":\"Mars\"}", NULL),
                   ST_REFUSED, "Asia/Shanghai");
    assert_ok(writer_begin(t.writer, &err));
    assert_int_equal(sqlite3_exec(writer_db(t.writer),
                                  "insert into tail (time, person, kind) values (1, 1, 1)", NULL,
                                  NULL, NULL),
                     SQLITE_OK);
    assert_ok(writer_commit(t.writer, &err));
    assert_refused(apply("setting", "day_boundary", OPERATION_SET, "{\"value\":\"0\"}", NULL),
                   ST_CONFLICT, "counted by it already");
}

static void test_conflict_names_who_and_when(void **state)
{
    (void)state;
    setenv("ATRIUM_NOW", "1729134949", 1);
    assert_ok(apply("tenant", "T1", OPERATION_CREATE, "{}", NULL));
    assert_ok(
        apply_as(everything, NULL, "tenant", "T1", OPERATION_SET, 1, "{\"name\":\"a\"}", NULL));
    assert_refused(
        apply_as(everything, NULL, "tenant", "T1", OPERATION_SET, 1, "{\"name\":\"b\"}", NULL),
        ST_CONFLICT, "tenant 'T1' was changed by 'wang' at 2024-10-17 11:15:49");
    assert_refused(apply("tenant", "T1", OPERATION_CREATE, "{}", NULL), ST_CONFLICT,
                   "exists already");
    unsetenv("ATRIUM_NOW");
    assert_string_equal(look("select name from tenant"), "a");
}

static void test_repeat_changes_nothing(void **state)
{
    (void)state;
    struct operation_result first, again;
    assert_ok(apply_as(everything, "op-1", "tenant", "T1", OPERATION_CREATE, -1, "{}", &first));
    assert_ok(apply("tenant", "T1", OPERATION_SET, "{\"name\":\"x\"}", NULL));
    assert_ok(apply_as(everything, "op-1", "tenant", "T1", OPERATION_CREATE, -1, "{}", &again));
    assert_true(again.repeated);
    assert_false(first.repeated);
    assert_int_equal(again.version, first.version);
    assert_string_equal(look("select count(*) from audit"), "2");
    assert_refused(apply_as(everything, "op-1", "tenant", "T2", OPERATION_CREATE, -1, "{}", &again),
                   ST_CONFLICT, "applied to something else");
}

static void test_undo_and_undo_of_undo(void **state)
{
    (void)state;
    struct operation_result set, undone, redone;
    assert_ok(apply("tenant", "T1", OPERATION_CREATE, "{\"name\":\"old\"}", NULL));
    assert_ok(apply("tenant", "T1", OPERATION_SET, "{\"name\":\"new\",\"smart_pos\":1}", &set));
    assert_ok(operation_undo(t.writer, set.id, "li", everything, &undone, &err));
    assert_string_equal(look("select name || smart_pos || version from tenant"), "old03");
    assert_refused(operation_undo(t.writer, set.id, "li", everything, NULL, &err), ST_CONFLICT,
                   "undone before");
    assert_ok(operation_undo(t.writer, undone.id, "li", everything, &redone, &err));
    assert_string_equal(look("select name || smart_pos || version from tenant"), "new14");
    assert_ok(apply("tenant", "T1", OPERATION_SET, "{\"floor\":\"3\"}", NULL));
    assert_refused(operation_undo(t.writer, redone.id, "li", everything, NULL, &err), ST_CONFLICT,
                   "was changed by 'wang'");
    assert_refused(operation_undo(t.writer, "none", "li", everything, NULL, &err), ST_REFUSED,
                   "no operation 'none'");
    assert_refused(operation_undo(t.writer, set.id, "li", 0, NULL, &err), ST_CONFLICT, "undone");
}

static void test_undo_of_delete_brings_the_list_back(void **state)
{
    (void)state;
    struct operation_result deleted, r;
    assert_ok(apply("member", "M1", OPERATION_CREATE, "{}", NULL));
    assert_ok(apply("member", "M2", OPERATION_CREATE, "{}", NULL));
    assert_ok(apply("label", "vip", OPERATION_CREATE,
                    "{\"author\":\"wang\",\"add\":[\"M1\",\"M2\",\"M1\"]}", &r));
    assert_string_equal(look("select count(*) from label_member"), "2");
    assert_ok(apply("label", "vip", OPERATION_DELETE, NULL, &deleted));
    assert_string_equal(look("select count(*) from label_member"), "0");
    assert_ok(operation_undo(t.writer, deleted.id, "li", everything, &r, &err));
    assert_string_equal(look("select count(*) || min(author) || min(version) from label_member"
                             " join label on label.id = label"),
                        "2wang3");
    assert_refused(apply("label", "vip", OPERATION_SET, "{\"add\":[\"M3\"]}", NULL), ST_REFUSED,
                   "found the card 'M3'");
    assert_ok(apply("label", "vip", OPERATION_SET, "{\"remove\":[\"M1\"]}", &r));
    assert_string_equal(look("select person from label_member"), "2");
    assert_ok(operation_undo(t.writer, r.id, "li", everything, NULL, &err));
    assert_string_equal(look("select count(*) from label_member"), "2");
}

static void test_members_and_identities(void **state)
{
    (void)state;
    /* An event has named the card before: the member is that person. */
    assert_ok(writer_begin(t.writer, &err));
    sqlite3_exec(writer_db(t.writer),
                 "insert into contact values (1, 'M7', 1);"
                 "update counter set value = 1 where name = 'person'",
                 NULL, NULL, NULL);
    assert_ok(writer_commit(t.writer, &err));
    assert_ok(apply("member", "M7", OPERATION_CREATE,
                    "{\"phone\":\"13800000000\",\"birth\":\"1990-05-01\"}", NULL));
    assert_ok(apply("member", "M8", OPERATION_CREATE, "{\"phone\":\"13800000000\"}", NULL));
    assert_string_equal(look("select person || ' ' || birth from member where card = 'M7'"),
                        "1 7425");
    assert_string_equal(look("select person from member where card = 'M8'"), "2");
    assert_string_equal(look("select person from identity where kind = 'phone'"), "1");
    assert_ok(apply("member", "M7", OPERATION_SET, "{\"phone\":\"139\",\"birth\":null}", NULL));
    assert_string_equal(look("select group_concat(value || '=' || person, ' ') from "
                             "(select * from identity where kind = 'phone' order by value)"),
                        "13800000000=2 139=1");
    assert_string_equal(look("select birth is null from member where card = 'M7'"), "1");
}

static void test_several_in_one_transaction(void **state)
{
    (void)state;
    json_t *set = json_pack("{s:s}", "name", "both");
    struct operation op = {.actor = "wang",
                           .rights = everything,
                           .entity = "tenant",
                           .target = "T1",
                           .verb = OPERATION_CREATE,
                           .set = set};
    assert_ok(writer_begin(t.writer, &err));
    assert_ok(operation_apply(t.writer, &op, NULL, &err));
    assert_int_equal(operation_apply(t.writer, &op, NULL, &err), ST_CONFLICT);
    assert_true(writer_in_transaction(t.writer));
    writer_rollback(t.writer);
    assert_string_equal(look("select count(*) from tenant"), "0");
    assert_ok(writer_begin(t.writer, &err));
    assert_ok(operation_apply(t.writer, &op, NULL, &err));
    op.target = "T2";
    assert_ok(operation_apply(t.writer, &op, NULL, &err));
    assert_ok(audit_append(t.writer, "wang", "reveal", "member", "M1", set, &err));
    assert_ok(writer_commit(t.writer, &err));
    assert_string_equal(look("select count(*) from tenant"), "2");
    assert_string_equal(look("select count(distinct hash) from audit"), "3");
    json_decref(set);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_set_delete),
        TEST(test_refusals),
        TEST(test_settings),
        TEST(test_conflict_names_who_and_when),
        TEST(test_repeat_changes_nothing),
        TEST(test_undo_and_undo_of_undo),
        TEST(test_undo_of_delete_brings_the_list_back),
        TEST(test_members_and_identities),
        TEST(test_several_in_one_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
