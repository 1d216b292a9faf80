/* A first copy is made without its indices, and has them all at the end: however often it is broken
 * off, and whatever the hub's rows do meanwhile. */
#include "tests/support/sync_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PEOPLE = 12000, FAR = 6000 };

static void run(struct sync_world *world, const char *sql)
{
    char *message = NULL;
    struct error err = {0};
    assert_ok(writer_begin(world->writer, &err));
    if (sqlite3_exec(writer_db(world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_ok(writer_commit(world->writer, &err));
}

/* Some batches of contacts, then some of members. */
static struct sync_world *world_new(void)
{
    struct sync_world *world = sync_world_new();
    char sql[1024];
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)"
             " insert into member (person, card, name, phone, tier) select i, 'C' || (100000 + i),"
             " hex(randomblob(250)), '1380000' || (100000 + i), 'gold' from n;"
             "insert into contact (kind, value, person) select 1, card, person from member;"
             "insert into contact (kind, value, person) select 5, phone || hex(randomblob(250)),"
             " person from member;"
             "insert into interest select person, 'films', 2 from member;"
             "insert into label (id, name) values (3, 'coffee');"
             "insert into label_member select 3, person from member where person %% 3 = 0;"
             "update counter set value = %d where name = 'person'",
             PEOPLE, PEOPLE);
    run(world, sql);
    return world;
}

static sqlite3 *file_open(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    return db;
}

static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static const char *text(sqlite3 *db, struct arena *arena, const char *sql)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const char *value = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return value;
}

/* All rows, and the hub's indices with all that belongs into them. */
static void whole(struct sync_world *world, const char *principal)
{
    struct arena *arena = arena_new();
    const char *differ = sync_differ(world, principal, arena);
    char *path = sync_world_path(world, principal), *sql = NULL;
    if (differ)
        fail_msg("%s", differ);
    sqlite3 *db = file_open(path);
    const char *found = text(db, arena, "pragma integrity_check");
    assert_string_equal(found, "ok");
    sql = arena_printf(arena, "attach '%s' as hub", world->hub_path);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(number(db, "select count(*) from hub.sqlite_schema h where type = 'index' and"
                                " not exists (select 1 from main.sqlite_schema m where"
                                " m.name = h.name and m.tbl_name = h.tbl_name"
                                " and m.sql is h.sql)"),
                     0);
    /* Columns beside the members are made anew for all of them. */
    assert_true(number(db, "select count(*) from profile_stale") > PEOPLE >> 14);
    assert_true(number(db, "select count(*) from label_stale") > PEOPLE >> 14);
    sqlite3_close(db);
    free(path);
    arena_free(arena);
}

struct talk {
    struct sync_hub *hub;
    struct sync_replica *replica;
    char *path, *making;
};

static int64_t clock_of(void *context)
{
    return ((struct sync_world *)context)->clock;
}

static struct talk talk_begin(struct sync_world *world, const char *principal)
{
    struct talk talk = {.path = sync_world_path(world, principal)};
    struct error err = {0};
    talk.making = mem_printf("%s.making", talk.path);
    assert_ok(sync_hub_new(
        world->hub,
        &(struct sync_hub_options){.principal = principal, .now = clock_of, .context = world},
        &talk.hub, &err));
    assert_ok(sync_replica_new(talk.path,
                               &(struct sync_replica_options){.now = clock_of, .context = world},
                               &talk.replica, &err));
    return talk;
}

static void talk_end(struct talk *talk)
{
    sync_replica_free(talk->replica);
    sync_hub_free(talk->hub);
    free(talk->path);
    free(talk->making);
}

/* One step of the hub, and as many of the replica as its bytes give work for; false once the hub
 * has nothing to say. */
static bool batch(struct talk *talk)
{
    struct error err = {0};
    bool more = true;
    size_t n;
    while (more)
        assert_ok(sync_replica_step(talk->replica, &more, &err));
    const unsigned char *bytes = sync_replica_out(talk->replica, &n);
    if (n)
        sync_hub_feed(talk->hub, bytes, n);
    sync_replica_sent(talk->replica, n);
    assert_ok(sync_hub_step(talk->hub, &more, &err));
    bytes = sync_hub_out(talk->hub, &n);
    if (n)
        sync_replica_feed(talk->replica, bytes, n);
    sync_hub_sent(talk->hub, n);
    return n || more;
}

static int64_t making_number(const struct talk *talk, const char *sql)
{
    sqlite3 *db = file_open(talk->making);
    int64_t value = number(db, sql);
    sqlite3_close(db);
    return value;
}

static void an_unbroken_copy_is_whole(void **state)
{
    static const char *const roles_of[] = {"admin", "analyst"};
    struct sync_world *world = world_new();
    (void)state;
    for (size_t i = 0; i < sizeof roles_of / sizeof *roles_of; i++) {
        sync_all(world, roles_of[i]);
        whole(world, roles_of[i]);
    }
    sync_world_free(world);
}

/* After each of its batches in turn, and in a session of its own each time. */
static void a_copy_goes_on_where_it_was(void **state)
{
    struct sync_world *world = world_new();
    int broken = 0;
    (void)state;
    for (bool making = true; making; broken++) {
        struct talk talk = talk_begin(world, "admin");
        int64_t before = access(talk.making, F_OK) == 0
                             ? making_number(&talk, "select count(*) from contact")
                             : 0;
        for (int i = 0; i < 4 && access(talk.path, F_OK) != 0; i++)
            batch(&talk);
        making = access(talk.path, F_OK) != 0;
        if (making)
            assert_true(making_number(&talk, "select count(*) from contact") >= before);
        talk_end(&talk);
    }
    assert_true(broken > 3);
    sync_all(world, "admin");
    whole(world, "admin");
    sync_world_free(world);
}

/* One step of the hub, then one of the replica after another until `there` is said of the copy. */
static void steps_until(struct talk *talk, const char *there)
{
    struct error err = {0};
    for (bool found = false; !found;) {
        size_t n;
        bool more;
        const unsigned char *bytes = sync_replica_out(talk->replica, &n);
        if (n)
            sync_hub_feed(talk->hub, bytes, n);
        sync_replica_sent(talk->replica, n);
        assert_ok(sync_hub_step(talk->hub, &more, &err));
        bytes = sync_hub_out(talk->hub, &n);
        if (n)
            sync_replica_feed(talk->replica, bytes, n);
        sync_hub_sent(talk->hub, n);
        for (more = true; more && !found;) {
            assert_ok(sync_replica_step(talk->replica, &more, &err));
            found = access(talk->making, F_OK) == 0 && making_number(talk, there);
        }
    }
}

#define PLACE "(select json_extract(value, '$.place') from sync where name = 'position')"
static const char contacts_there[] = "select coalesce(" PLACE " > 11, 0)",
                  contacts_indexed[] = "select count(*) from sqlite_schema where name ="
                                       " 'contact_value'",
                  others_indexed[] = "select count(*) from sqlite_schema where name in"
                                     " ('member_card', 'member_phone')";

/* A table's indices are made as soon as it has its rows, and not before. */
static void indices_come_with_the_last_row(void **state)
{
    struct sync_world *world = world_new();
    struct talk talk = talk_begin(world, "manager");
    struct error err = {0};
    bool more;
    (void)state;
    steps_until(&talk, contacts_there);
    assert_true(making_number(&talk, "select count(*) from contact") == 2 * PEOPLE);
    assert_int_equal(making_number(&talk, contacts_indexed), 0);
    while (!making_number(&talk, contacts_indexed)) {
        assert_ok(sync_replica_step(talk.replica, &more, &err));
        assert_true(more);
    }
    assert_int_equal(making_number(&talk, others_indexed), 0);
    talk_end(&talk);
    /* Broken off now, it stays, and the others are made the next time. */
    talk = talk_begin(world, "manager");
    assert_int_equal(making_number(&talk, contacts_indexed), 1);
    assert_int_equal(making_number(&talk, others_indexed), 0);
    while (!sync_replica_level(talk.replica))
        batch(&talk);
    talk_end(&talk);
    whole(world, "manager");
    sync_world_free(world);
}

/* Broken off when the rows are there and the index is not. */
static void indices_that_lack_are_made_later(void **state)
{
    struct sync_world *world = world_new();
    struct talk talk = talk_begin(world, "manager");
    (void)state;
    steps_until(&talk, contacts_there);
    assert_int_equal(making_number(&talk, contacts_indexed), 0);
    talk_end(&talk);
    sync_all(world, "manager");
    whole(world, "manager");
    sync_world_free(world);
}

struct moments {
    int left, seen;
    bool dies;
};

static bool moment(void *context)
{
    struct moments *moments = context;
    moments->seen++;
    if (moments->left-- > 0)
        return true;
    if (moments->dies)
        _exit(7);
    return false;
}

/* Whoever waits is asked all the while an index is made, and may end it there. */
static void an_index_can_be_broken_off(void **state)
{
    struct sync_world *world = world_new();
    struct talk talk = talk_begin(world, "admin");
    struct moments moments = {.left = 5};
    struct error err = {0};
    enum status status = ST_OK;
    (void)state;
    sync_replica_meanwhile(talk.replica, moment, &moments);
    steps_until(&talk, contacts_there);
    for (bool more = true; more && status == ST_OK;)
        status = sync_replica_step(talk.replica, &more, &err);
    assert_int_equal(status, ST_CANCELLED);
    assert_int_equal(moments.seen, 6);
    assert_int_equal(making_number(&talk, contacts_indexed), 0);
    assert_int_equal(making_number(&talk, "select count(*) from contact"), 2 * PEOPLE);
    error_clear(&err);
    talk_end(&talk);
    sync_all(world, "admin");
    whole(world, "admin");
    sync_world_free(world);
}

/* A program that ends at its `left`th moment: a step, a batch, or some of an index. */
static void run_and_die(struct sync_world *world, int left)
{
    struct moments moments = {.left = left, .dies = true};
    sync_world_open(world);
    struct talk talk = talk_begin(world, "admin");
    sync_replica_meanwhile(talk.replica, moment, &moments);
    while (!sync_replica_level(talk.replica)) {
        moment(&moments);
        batch(&talk);
    }
    talk_end(&talk);
    sync_world_close(world);
    _exit(0);
}

/* Killed again and again, in the middle of its rows and of its indices. */
static void a_killed_copy_goes_on(void **state)
{
    struct sync_world *world = world_new();
    int killed = 0, ended = 7;
    (void)state;
    for (int left = 1; ended == 7; left += 3, killed++) {
        sync_world_close(world);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            run_and_die(world, left);
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_true(WIFEXITED(ended));
        ended = WEXITSTATUS(ended);
        sync_world_open(world);
    }
    assert_int_equal(ended, 0);
    assert_true(killed > 5);
    sync_all(world, "admin");
    whole(world, "admin");
    sync_world_free(world);
}

/* A card and a payment account go to somebody who comes later in the copy: they come twice. */
static void what_came_twice_is_there_once(void **state)
{
    enum { MOVED = 200 };
    char sql[1024];
    (void)state;
    snprintf(sql, sizeof sql,
             "update member set card = 'X' || person where person <= %d;"
             "update member set card = 'C' || (100000 + person - %d) where person between %d and"
             " %d;"
             "update contact set person = person + %d where person <= %d",
             MOVED, FAR, FAR + 1, FAR + MOVED, FAR, MOVED);
    for (int after = 1; after <= 4; after++) {
        struct sync_world *world = world_new();
        struct talk talk = talk_begin(world, "admin");
        for (int i = 0; i < 2 + after; i++)
            batch(&talk);
        run(world, sql);
        while (!sync_replica_level(talk.replica))
            batch(&talk);
        talk_end(&talk);
        whole(world, "admin");
        sync_world_free(world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unbroken_copy_is_whole),
        cmocka_unit_test(a_copy_goes_on_where_it_was),
        cmocka_unit_test(indices_come_with_the_last_row),
        cmocka_unit_test(indices_that_lack_are_made_later),
        cmocka_unit_test(an_index_can_be_broken_off),
        cmocka_unit_test(a_killed_copy_goes_on),
        cmocka_unit_test(what_came_twice_is_there_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
