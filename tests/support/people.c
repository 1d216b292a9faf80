#include "tests/support/people.h"
#include "model/store/contact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static void bind(sqlite3_stmt *stmt, int at, const char *text)
{
    sqlite3_bind_text(stmt, at, text ? text : "", -1, SQLITE_TRANSIENT);
}

static void contact_add(struct temp_mall *mall, enum contact_kind kind, const char *value,
                        uint32_t person)
{
    sqlite3_stmt *stmt;
    assert_ok(writer_prepare(mall->writer, "insert or ignore into contact values (?1, ?2, ?3)",
                             &stmt, &err));
    sqlite3_bind_int(stmt, 1, kind);
    bind(stmt, 2, value);
    sqlite3_bind_int64(stmt, 3, person);
    assert_ok(writer_run(mall->writer, stmt, &err));
}

void test_members_add(struct temp_mall *mall, const struct test_member *members, size_t n)
{
    sqlite3_stmt *stmt;
    uint32_t most = 0;
    assert_ok(writer_begin(mall->writer, &err));
    for (size_t i = 0; i < n; i++) {
        const struct test_member *m = &members[i];
        assert_ok(writer_prepare(mall->writer,
                                 "insert into member (person, card, name, phone, tier, gender,"
                                 " joined) values (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0))",
                                 &stmt, &err));
        sqlite3_bind_int64(stmt, 1, m->person);
        bind(stmt, 2, m->card);
        bind(stmt, 3, m->name);
        bind(stmt, 4, m->phone);
        bind(stmt, 5, m->tier);
        bind(stmt, 6, m->gender);
        sqlite3_bind_int64(stmt, 7, m->joined);
        assert_ok(writer_run(mall->writer, stmt, &err));
        contact_add(mall, CONTACT_CARD, m->card, m->person);
        if (m->phone && *m->phone)
            contact_add(mall, CONTACT_PHONE, m->phone, m->person);
        most = m->person > most ? m->person : most;
    }
    assert_ok(writer_prepare(mall->writer,
                             "update counter set value = max(value, ?1) where name = 'person'",
                             &stmt, &err));
    sqlite3_bind_int64(stmt, 1, most);
    assert_ok(writer_run(mall->writer, stmt, &err));
    assert_ok(writer_touch_rows(mall->writer, &err));
    assert_ok(writer_commit(mall->writer, &err));
}

void test_run(struct temp_mall *mall, const char *sql)
{
    char *message = NULL;
    assert_ok(writer_begin(mall->writer, &err));
    if (sqlite3_exec(writer_db(mall->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_ok(writer_touch_rows(mall->writer, &err));
    assert_ok(writer_commit(mall->writer, &err));
}

struct access test_access(enum access_role role)
{
    struct access access = {.role = role,
                            .rights = roles[role].rights,
                            .mask = roles[role].mask,
                            .key = {0x0123456789ABCDEFu, 0xFEDCBA9876543210u}};
    snprintf(access.principal, sizeof access.principal, "test-%s", roles[role].name);
    return access;
}
