/* A replica holds what its role may see of the hub, after a first copy and after catching up. */
#include "model/event/event.h"
#include "model/people/erase.h"
#include "tests/support/sync_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void run(struct sync_world *world, const char *sql)
{
    char *message = NULL;
    struct error err = {0};
    assert_ok(writer_begin(world->writer, &err));
    if (sqlite3_exec(writer_db(world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_ok(writer_commit(world->writer, &err));
}

static void people_add(struct sync_world *world, int from, int to)
{
    char sql[1024];
    snprintf(
        sql, sizeof sql,
        "with recursive n(i) as (select %d union all select i + 1 from n where i < %d)"
        " insert into member (person, card, name, phone, tier) select i, 'C' || (10000 + i),"
        " '王' || i, '1380000' || (1000 + i), 'gold' from n;"
        "with recursive n(i) as (select %d union all select i + 1 from n where i < %d)"
        " insert into contact select k, case k when 1 then 'C' || (10000 + i) else '1380000' ||"
        " (1000 + i) end, i from n, (select 1 as k union select 2);"
        "update counter set value = %d where name = 'person'",
        from, to, from, to, to);
    run(world, sql);
}

static void events_add(struct sync_world *world, struct history *history, struct dice *dice,
                       size_t n, bool bulk)
{
    struct error err = {0};
    size_t from = history->n;
    struct history_shape shape = {.people = 40000,
                                  .from = 1704067200,
                                  .to = 1704067200 + 70 * 86400,
                                  .nobody = 20,
                                  .refs = 60,
                                  .again = 20};
    history_add(history, dice, &shape, n);
    if (bulk) {
        struct event_bulk *append;
        assert_ok(event_bulk_begin(world->writer, NULL, &append, &err));
        assert_ok(event_bulk_add(append, 0, history->at + from, history->n - from, &err));
        assert_ok(event_bulk_commit(append, NULL, NULL, NULL, &err));
    } else {
        assert_ok(writer_begin(world->writer, &err));
        assert_ok(
            event_append(world->writer, history->at + from, history->n - from, NULL, NULL, &err));
        assert_ok(writer_commit(world->writer, &err));
    }
}

static void role_runs(const char *role)
{
    struct sync_world *world = sync_world_new();
    struct dice dice = {7};
    struct history history = history_new();
    struct error err = {0};
    people_add(world, 1, 300);
    events_add(world, &history, &dice, 3000, true);
    events_add(world, &history, &dice, 50, false);
    sync_all(world, role);
    sync_world_agrees(world, role);
    people_add(world, 301, 20000);
    run(world, "update member set name = '李' || person where person % 7 = 0;"
               "delete from contact where person = 5 and kind = 2;"
               "insert into label (id, name) values (3, 'coffee');"
               "insert into label_member select 3, person from member where person % 3 = 0;"
               "insert into attribute select person, 'e_mail', 'm' || person || '@example.org' from"
               " member where person < 50;"
               "insert into attribute select person, 'colour', 'red' from member where person < 50;"
               "delete from attribute where person = 9");
    events_add(world, &history, &dice, 60, false);
    sync_all(world, role);
    sync_world_agrees(world, role);
    assert_ok(event_fold(world->writer, 1, &err));
    sync_all(world, role);
    sync_world_agrees(world, role);
    events_add(world, &history, &dice, 60, false);
    events_add(world, &history, &dice, 2000, true); /* folds first */
    events_add(world, &history, &dice, 60, false);
    sync_all(world, role);
    sync_world_agrees(world, role);
    history_free(&history);
    sync_world_free(world);
}

static void an_admin_has_all(void **state)
{
    (void)state;
    role_runs("admin");
}

static void an_operator_has_masks(void **state)
{
    (void)state;
    role_runs("operator");
}

static void an_analyst_has_pseudonyms(void **state)
{
    (void)state;
    role_runs("analyst");
}

static void a_technician_has_no_people(void **state)
{
    (void)state;
    role_runs("technician");
}

static bool file_has(struct sync_world *world, const char *principal, const char *text)
{
    char *path = sync_world_path(world, principal);
    size_t n;
    char *bytes = file_read_all(path, &n);
    bool has = memmem(bytes, n, text, strlen(text)) != NULL;
    free(bytes);
    free(path);
    return has;
}

/* The replica's own audit and outbox know the person as well. */
static void who_was_erased_is_erased_here(void **state)
{
    struct sync_world *world = sync_world_new();
    struct access engine = access_engine(), access;
    struct error err = {0};
    struct arena *arena = arena_new();
    struct erasure erasure;
    struct mall *mall;
    struct writer *writer;
    struct reader *reader;
    (void)state;
    people_add(world, 1, 20);
    sync_all(world, "admin");
    char *path = sync_world_path(world, "admin");
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(access_lookup(reader, "whoever", &access, &err));
    assert_string_equal(access.principal, "admin");
    json_t *set = json_pack("{s:s}", "phone", "13612345678");
    struct operation op = {.actor = access.principal,
                           .rights = access.rights,
                           .entity = "member",
                           .target = "C10005",
                           .base_version = 1,
                           .set = set};
    assert_ok(operation_apply(writer, &op, NULL, &err));
    json_decref(set);
    reader_close(reader);
    writer_close(writer);
    mall_close(mall);
    struct sync_counts counts = sync_all(world, "admin");
    assert_int_equal(counts.pushed, 1);
    sync_world_agrees(world, "admin");
    assert_true(file_has(world, "admin", "13612345678"));
    assert_ok(member_erase(world->writer, &engine, 5, "asked for it", arena, &erasure, &err));
    sync_all(world, "admin");
    assert_false(file_has(world, "admin", "13612345678"));
    assert_false(file_has(world, "admin", "C10005"));
    sync_world_agrees(world, "admin");
    free(path);
    arena_free(arena);
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_admin_has_all),
        cmocka_unit_test(an_operator_has_masks),
        cmocka_unit_test(an_analyst_has_pseudonyms),
        cmocka_unit_test(a_technician_has_no_people),
        cmocka_unit_test(who_was_erased_is_erased_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
