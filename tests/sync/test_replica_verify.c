/* A replica's own checks: they hold for every role, and each finds its fault. */
#include "model/event/verify.h"
#include "model/store/change.h"
#include "model/store/verify.h"
#include "tests/support/sync_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static struct sync_world *world_new(void)
{
    struct sync_world *world = sync_world_new();
    event_verify_register();
    sync_verify_register();
    sync_world_sql(
        world,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)"
        " insert into member (person, card, name, phone) select i, 'C' || (10000 + i), 'Wang ' || i,"
        " case when i % 3 then '1380000' || (1000 + i) else '' end from n;"
        "insert into contact select 1, card, person from member union all select 2, phone, person"
        " from member where phone <> '';"
        /* Two of a family with one phone, which is that of who had it first. */
        "update member set phone = '13800001001' where person = 2;"
        "update counter set value = 40 where name = 'person'");
    return world;
}

struct found {
    char bad[400], left_out[400];
};

static void take(void *context, const struct verify_result *result)
{
    struct found *found = context;
    char *list = result->left_out ? found->left_out : result->good ? NULL : found->bad;
    if (list)
        snprintf(list + strlen(list), 400 - strlen(list), "%s ", result->check);
    if (result->left_out)
        assert_true(strlen(result->finding) > 20);
}

static struct found verify(struct desk *desk)
{
    struct found found = {0};
    struct arena *arena = arena_new();
    int bad;
    assert_ok(verify_run(desk->reader, arena, take, &found, &bad, &err));
    arena_free(arena);
    return found;
}

static void every_role_s_replica_is_good(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    for (int i = 0; i < ACCESS_COUNT; i++) {
        sync_all(world, roles[i].name);
        struct desk *desk = desk_open(world, roles[i].name);
        struct found found = verify(desk);
        if (*found.bad)
            fail_msg("%s: %s", roles[i].name, found.bad);
        assert_string_equal(found.left_out, "event references ");
        desk_close(desk);
    }
    sync_world_free(world);
}

static void each_check_finds_its_fault(void **state)
{
    static const struct {
        const char *who, *sql, *check;
    } faults[] = {
        {"operator", "delete from setting where name = 'sync_lock'", "settings "},
        {"operator", "insert into setting (name, value) values ('contact_sms_url', 'x')", "settings "},
        {"manager", "update setting set value = '-1' where name = 'sync_lock'", "settings "},
        {"manager", "update member set card = '*****777#7' where person = 7", "members "},
        {"manager", "update member set card = 'C10007' where person = 7", "members "},
        {"operator", "update member set card = '*****007#9' where person = 7", "members "},
        {"operator", "delete from contact where kind = 1 and person = 7", "members "},
        {"admin", "delete from contact where kind = 1 and person = 7", "members "},
        {"analyst", "update member set card = 'C10007' where person = 7", "members "},
        {"analyst", "update member set name = 'Wang' where person = 7", "members "},
        {"analyst", "update member set phone = '13800001007' where person = 7",
         "members phones "},
        {"technician", "insert into member (person, card) values (7, 'x')", "members "},
        {"technician", "insert into contact values (2, '1', 7)", "members "},
        {"manager", "update member set phone = '138****9999' where person = 7", "phones "},
        {"admin", "update member set phone = '13800009999' where person = 7", "phones "},
        {"manager", "insert into outbox (id, verb, target, actor, made, detail) values ('a',"
                    " 'points', 't', 'm', 1, '{')",
         "outbox "},
        {"manager", "insert into tail select -1, 1, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'orphan'",
         "outbox "},
    };
    struct sync_world *world = world_new();
    (void)state;
    for (int i = 0; i < ACCESS_COUNT; i++)
        sync_all(world, roles[i].name);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char *path = sync_world_path(world, faults[i].who), *kept = sync_world_path(world, "kept");
        char *message = NULL;
        file_copy(path, kept);
        struct desk *desk = desk_open(world, faults[i].who);
        assert_ok(writer_begin(desk->writer, &err));
        change_capture(desk->writer, false);
        if (sqlite3_exec(writer_db(desk->writer), faults[i].sql, NULL, NULL, &message) != SQLITE_OK)
            fail_msg("%s: %s", faults[i].sql, message);
        assert_ok(writer_commit(desk->writer, &err));
        struct found found = verify(desk);
        desk_close(desk);
        if (!strstr(found.bad, faults[i].check))
            fail_msg("%s %s: found '%s'", faults[i].who, faults[i].sql, found.bad);
        file_copy(kept, path);
        free(path);
        free(kept);
    }
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_s_replica_is_good),
        cmocka_unit_test(each_check_finds_its_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
