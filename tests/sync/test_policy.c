/* Every table and every column of the schema is decided about; what a role may not see is in no
 * byte of its file nor of the wire. */
#include "model/event/event.h"
#include "model/people/erase.h"
#include "model/sync/frame.h"
#include "model/sync/policy.h"
#include "tests/support/sync_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static bool is_own(const char *table)
{
    for (size_t i = 0; i < n_change_own_tables; i++)
        if (strcmp(change_own_tables[i], table) == 0)
            return true;
    return false;
}

static const struct policy_column *column_find(const char *table, const char *column)
{
    for (size_t i = 0; i < n_policy_columns; i++)
        if (strcmp(policy_columns[i].table, table) == 0 &&
            strcmp(policy_columns[i].column, column) == 0)
            return &policy_columns[i];
    return NULL;
}

static void every_table_is_a_place_or_each_files_own(void **state)
{
    struct temp_mall temp = temp_mall_new();
    sqlite3_stmt *stmt;
    size_t n = 0;
    bool row;
    (void)state;
    assert_ok(reader_prepare(temp.reader,
                             "select name from sqlite_master where type = 'table' and name not like"
                             " 'sqlite%'",
                             &stmt, &err));
    while (reader_step(temp.reader, stmt, &row, &err) == ST_OK && row) {
        const char *table = (const char *)sqlite3_column_text(stmt, 0);
        if (is_own(table) == (change_place_find(table) != NULL))
            fail_msg(
                "the table %s: say in model/store/change_place.c whether replicas have it, and "
                "only once",
                table);
        n++;
    }
    assert_int_equal(n, n_change_places + n_change_own_tables);
    sqlite3_reset(stmt);
    temp_mall_free(&temp);
}

/* In the schema's order, as what a rule looks at besides goes by it. */
static void every_column_is_decided_about(void **state)
{
    struct temp_mall temp = temp_mall_new();
    size_t n = 0;
    (void)state;
    for (size_t i = 0; i < n_change_places; i++) {
        const struct change_place *place = &change_places[i];
        struct policy_table table;
        sqlite3_stmt *stmt;
        bool row;
        int at = 0;
        policy_table(ACCESS_ADMIN, place, &table);
        assert_ok(
            reader_prepare(temp.reader, "select name from pragma_table_info(?1)", &stmt, &err));
        sqlite3_bind_text(stmt, 1, place->table, -1, SQLITE_STATIC);
        while (reader_step(temp.reader, stmt, &row, &err) == ST_OK && row) {
            const char *name = (const char *)sqlite3_column_text(stmt, 0);
            const struct policy_column *column = column_find(place->table, name);
            if (!column)
                fail_msg("%s.%s: decide about it for each role in model/sync/policy_columns.c",
                         place->table, name);
            assert_ptr_equal(column, &table.columns[at]);
            assert_int_equal(strlen(column->rules), ACCESS_COUNT);
            assert_int_equal(strspn(column->rules, "-knpcivPu"), ACCESS_COUNT);
            if (place->column && at == place->at)
                assert_string_equal(name, place->column);
            if (place->second && at == place->second_at)
                assert_string_equal(name, place->second);
            at++;
            n++;
        }
        assert_int_equal(table.n_columns, at);
        sqlite3_reset(stmt);
    }
    assert_int_equal(n, n_policy_columns);
    temp_mall_free(&temp);
}

static void each_role_has_a_hash_of_its_own(void **state)
{
    char hex[ACCESS_COUNT][SHA256_HEX];
    (void)state;
    for (int i = 0; i < ACCESS_COUNT; i++) {
        policy_hash((enum access_role)i, hex[i]);
        assert_int_equal(strlen(hex[i]), 64);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(hex[i], hex[k]);
    }
}

/* ---- Canaries ---- */

static const struct {
    const char *text, *sees; /* roles whose replica may hold it */
} canaries[] = {
    {"CanaryName", "admin"},
    {"13987650001", "admin"},
    {"CANARYCARD1", "admin"},
    {"canary@example.org", "admin"},
    {"canary-app-account", "admin"},
    {"a4:83:e7:ca:na:ry", "admin"},
    {"canary body", "admin"},
    {"canary note of a message", "admin"},
    {"canary key of a message", "admin"},
    {"canary payload", "admin"},
    {"canary link", "admin"},
    {"canary settled", "admin"},
    {"canary refused row", ""},
    {"canary import", ""},
    {"canary session", ""},
    {"canary secret", ""},
    {"canary reason", ""},
    {"c0ffee00c0ffee00c0ffee00c0ffee00", ""},
    {"CANARYCOUPON", "admin operator manager"},
    {"canary-redeem-ref", "admin operator manager"},
    {"canary-event-ref", "admin operator manager"},
    {"canary task", "admin operator manager"},
    {"canary source", "admin operator manager"},
    {"canary-host", "admin technician"},
    {"canary-device-note", "admin technician manager"},
    {"https://canary.example", "admin"},
};

static void canaries_put(struct sync_world *world)
{
    char *message = NULL;
    static const char sql[] =
        "insert into member (person, card, name, phone) values (7, 'CANARYCARD1', 'CanaryName',"
        " '13987650001');"
        "insert into contact values (1, 'CANARYCARD1', 7), (2, '13987650001', 7),"
        " (3, 'canary-app-account', 7), (4, 'a4:83:e7:ca:na:ry', 7);"
        "insert into attribute values (7, 'e_mail', 'canary@example.org');"
        "insert into message (campaign, person, contact, state, note, key, body) values (1, 7, 1, "
        "1,"
        " 'canary note of a message', 'canary key of a message', 'canary body');"
        "insert into device_queue (device, kind, person, key, payload) values (1, 'pos', 7, 'k',"
        " 'canary payload');"
        "insert into link (id, person, target, evidence, confidence, actor, time) values (1, 8, 7,"
        " 'canary link', 1, 'x', 1);"
        "insert into link_row values (1, 1, 'member', 1, '{\"name\":\"canary link\"}');"
        "insert into link_identity values (1, 2, '13987650001');"
        "insert into conflict_settled values ('canary settled', 'v', 'r', 'a', 1);"
        "insert into refused values (1, 1, 'canary refused row');"
        "insert into import (id, kind, source, actor, time, rows, imported, duplicates, refused,"
        " milliseconds) values (1, 'members', 'canary import', 'a', 1, 1, 1, 0, 0, 1);"
        "insert into session values ('a', 'canary session', 1);"
        "insert into secret values ('erased', cast('canary secret' as blob));"
        "insert into setting (name, value) values ('pseudonym_key',"
        " 'c0ffee00c0ffee00c0ffee00c0ffee00');"
        "update setting set value = 'https://canary.example' where name = 'contact_sms_url';"
        "insert into coupon (id, code, campaign, person, state, value, issued, expires, redeem_ref)"
        " values (1, 'CANARYCOUPON', 1, 7, 3, 1, 1, 1, 'canary-redeem-ref');"
        "insert into task (id, campaign, person, text) values (1, 1, 7, 'canary task');"
        "insert into consent values (1, 7, 'sms', 1, 1, 'canary source', 'a');"
        "insert into device (id, code, host, note) values (1, 'D1', 'canary-host',"
        " 'canary-device-note');"
        "update counter set value = 9 where name = 'person'";
    struct event event = {.time = 1704067200,
                          .kind = KIND_PURCHASE,
                          .person = 7,
                          .amount = 5,
                          .ref = "canary-event-ref",
                          .ref_size = 16};
    json_t *detail = json_pack("{s:s}", "reason", "canary reason");
    assert_ok(writer_begin(world->writer, &err));
    if (sqlite3_exec(writer_db(world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_ok(event_append(world->writer, &event, 1, NULL, NULL, &err));
    assert_ok(audit_append(world->writer, "a", "reveal", "member", "x", detail, &err));
    assert_ok(writer_commit(world->writer, &err));
    json_decref(detail);
}

static void bytes_check(const char *role, const char *where, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++) {
        bool there = memmem(bytes, n, canaries[i].text, strlen(canaries[i].text)) != NULL;
        if (there && !strstr(canaries[i].sees, role))
            fail_msg("'%s' is in the %s of a role %s", canaries[i].text, where, role);
    }
}

/* The wire is compressed where that pays: what was sent is looked at in whole frames. */
static void wire_check(const char *role, const unsigned char *bytes, size_t n)
{
    struct frame_in in = {0};
    struct frame frame;
    bool there = true;
    frame_feed(&in, bytes, n);
    while (frame_get(&in, &frame, &there, &err) == ST_OK && there)
        bytes_check(role, "wire", frame.payload, frame.size);
    frame_in_free(&in);
}

static void nobody_holds_what_the_role_may_not_see(void **state)
{
    struct sync_world *world = sync_world_new();
    (void)state;
    canaries_put(world);
    for (int fold = 0; fold < 2; fold++) {
        for (int i = 0; i < ACCESS_COUNT; i++) {
            struct session session = {
                .principal = roles[i].name, .cut = -1, .damage = -1, .again = -1, .keep = true};
            assert_ok(sync_session(world, &session));
            wire_check(roles[i].name, session.wire, session.bytes_in);
            free(session.wire);
            char *path = sync_world_path(world, roles[i].name);
            size_t n;
            char *bytes = file_read_all(path, &n);
            bytes_check(roles[i].name, "file", (unsigned char *)bytes, n);
            for (size_t c = 0; c < sizeof canaries / sizeof *canaries; c++)
                if (strstr(canaries[c].sees, roles[i].name) &&
                    strcmp(roles[i].name, "admin") == 0 &&
                    strcmp(canaries[c].text, "canary-event-ref") != 0)
                    assert_non_null(memmem(bytes, n, canaries[c].text, strlen(canaries[c].text)));
            free(bytes);
            free(path);
        }
        assert_ok(event_fold(world->writer, 1, &err));
        assert_ok(writer_begin(world->writer, &err));
        sqlite3_exec(writer_db(world->writer),
                     "update member set version = 2; update contact set person = 7;"
                     "update message set tried = 1; update coupon set amount = 3;"
                     "update attribute set person = 7",
                     NULL, NULL, NULL);
        assert_ok(writer_commit(world->writer, &err));
    }
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_a_place_or_each_files_own),
        cmocka_unit_test(every_column_is_decided_about),
        cmocka_unit_test(each_role_has_a_hash_of_its_own),
        cmocka_unit_test(nobody_holds_what_the_role_may_not_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
