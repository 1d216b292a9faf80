/* What a hub keeps of its replicas: each machine's position, the log for as long as somebody needs
 * it, who may come in from which machine, who has not heard of an erasure. */
#include "model/event/event.h"
#include "model/people/erase.h"
#include "model/store/setting.h"
#include "model/sync/door.h"
#include "model/sync/upkeep.h"
#include "tests/support/sync_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;
enum { DAY = 86400, CATCHES_UP = 130 /* rows, fewer than a copy has */ };

static struct sync_world *world_new(void)
{
    struct sync_world *world = sync_world_new();
    sync_world_sql(
        world,
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 400)"
        " insert into member (person, card, name, phone) select i, 'C' || (10000 + i), 'Wang ' || "
        "i,"
        " '1380000' || (1000 + i) from n; insert into contact select 1, card, person from member;"
        "update counter set value = 400 where name = 'person'");
    return world;
}

static void later(struct sync_world *world, int64_t seconds)
{
    world->clock += seconds;
    time_fix(world->clock);
}

/* The principal's other machine: its file is in the place of the first one's during a session. */
struct machines {
    char *path, *other, *aside;
};

static void machines_turn(const struct machines *m)
{
    rename(m->path, m->aside);
    rename(m->other, m->path);
    rename(m->aside, m->other);
}

static struct machines machines_of(struct sync_world *world, const char *principal)
{
    return (struct machines){sync_world_path(world, principal), sync_world_path(world, "other"),
                             sync_world_path(world, "aside")};
}

static void machines_end(struct machines *m)
{
    free(m->path);
    free(m->other);
    free(m->aside);
}

static void rows_change(struct sync_world *world, int i)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "update member set tier = 't%d', version = version + 1 where person = %d;"
             "insert or replace into label (id, name) values (%d, 'l%d');"
             "delete from label where id = %d",
             i, 1 + i % 40, i + 10, i, i + 9);
    sync_world_sql(world, sql);
}

static int64_t number(struct sync_world *world, const char *sql)
{
    return strtoll(sync_world_text(world, "%s", sql), NULL, 10);
}

static const char *state_of(struct sync_world *world, const char *principal, int64_t behind)
{
    struct access admin = access_engine();
    struct arena *arena = arena_new();
    struct reader *reader;
    struct sheet *sheet;
    static char found[64];
    *found = 0;
    assert_ok(reader_open(world->hub, &reader, &err));
    assert_ok(upkeep_list(reader, &admin, world->clock, arena, &sheet, &err));
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        if (strcmp(cell_string(&cells[UPKEEP_NAME]), principal) == 0 &&
            cells[UPKEEP_BEHIND].known && (cells[UPKEEP_BEHIND].integer == 0) == (behind == 0))
            snprintf(found, sizeof found, "%s", cell_string(&cells[UPKEEP_STATE]));
    }
    reader_close(reader);
    arena_free(arena);
    return found;
}

/* A laptop and a desktop of one person, at different positions, pull in turn: each what it lacks.
 */
static void two_machines_of_one_person(void **state)
{
    struct sync_world *world = world_new();
    struct machines m = machines_of(world, "manager");
    (void)state;
    sync_all(world, "manager"); /* the laptop */
    machines_turn(&m);
    sync_all(world, "manager"); /* the desktop's first copy */
    assert_int_equal(number(world, "select count(*) from replica"), 2);
    assert_int_equal(number(world, "select count(distinct id) from replica"), 2);
    for (int i = 0; i < 60; i++) {
        rows_change(world, i);
        later(world, 3 * DAY / 2);
        if (i % 3 == 0)
            continue;
        if (i % 7 == 0)
            machines_turn(&m);
        struct sync_counts counts = sync_all(world, "manager");
        assert_in_range(counts.pulled, 0, CATCHES_UP); /* the other is no reason to begin anew */
        sync_world_agrees(world, "manager");
    }
    assert_int_equal(number(world, "select count(*) from replica"), 2);
    sync_all(world, "manager");
    rows_change(world, 99);
    machines_turn(&m);
    struct sync_counts counts = sync_all(world, "manager");
    assert_in_range(counts.pulled, 1, CATCHES_UP);
    assert_string_equal(state_of(world, "manager", 0), "level");
    assert_string_equal(state_of(world, "manager", 1), "behind");
    machines_end(&m);
    sync_world_free(world);
}

/* Things that are gone leave the log when everybody knows. */
static void the_log_is_as_long_as_somebody_needs_it(void **state)
{
    struct sync_world *world = world_new();
    int64_t removed;
    (void)state;
    sync_all(world, "manager");
    sync_all(world, "admin");
    for (int i = 0; i < 40; i++)
        rows_change(world, i);
    int64_t kept = number(world, "select count(*) from change");
    assert_true(kept > 40);
    later(world, DAY);
    sync_all(world, "manager");
    later(world, DAY);
    assert_ok(upkeep_run(world->writer, world->clock, &removed, &err));
    assert_int_equal(number(world, "select count(*) from change"), kept); /* the other needs it */
    sync_all(world, "admin");
    assert_ok(upkeep_run(world->writer, world->clock, &removed, &err));
    assert_in_range(number(world, "select count(*) from change"), 0, 4);
    /* Nobody lost anything by it. */
    rows_change(world, 77);
    assert_in_range(sync_all(world, "manager").pulled, 0, CATCHES_UP);
    assert_in_range(sync_all(world, "admin").pulled, 0, CATCHES_UP);
    sync_world_agrees(world, "manager");
    sync_world_agrees(world, "admin");
    sync_world_free(world);
}

static void edit_make(struct sync_world *world, const char *principal, const char *note)
{
    struct desk *desk = desk_open(world, principal);
    json_t *set = json_pack("{s:s}", "expression", note);
    struct operation op = {.actor = principal,
                           .rights = desk->access.rights,
                           .entity = "segment",
                           .target = note,
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    assert_ok(operation_apply(desk->writer, &op, NULL, &err));
    json_decref(set);
    desk_close(desk);
}

/* Nobody pulls: the log goes all the same, and who comes back after all takes a new copy, with what
 * was edited there. */
static void who_is_gone_for_long_holds_nothing(void **state)
{
    struct sync_world *world = world_new();
    struct access admin = access_engine();
    int64_t removed;
    (void)state;
    sync_all(world, "manager");
    edit_make(world, "manager", "gold");
    sync_world_set(world, &admin, "setting", "sync_log", "value", "20");
    for (int i = 0; i < 40; i++)
        rows_change(world, i);
    later(world, 19 * DAY);
    assert_ok(upkeep_run(world->writer, world->clock, &removed, &err));
    assert_true(number(world, "select count(*) from change") > 40);
    later(world, 2 * DAY);
    assert_string_equal(state_of(world, "manager", 1), "new copy");
    assert_ok(upkeep_run(world->writer, world->clock, &removed, &err));
    assert_true(removed > 40);
    assert_in_range(number(world, "select count(*) from change"), 0, 4);
    assert_int_equal(number(world, "select count(*) from event_log"), 0);
    char *id = mem_strdup(sync_world_text(world, "select id from replica"));
    struct session session = {.principal = "manager", .cut = -1, .damage = -1, .again = -1};
    assert_ok(sync_session(world, &session));
    assert_int_equal(session.counts.pushed, 1);
    assert_true(session.counts.pulled > CATCHES_UP); /* all of it */
    assert_int_equal(number(world, "select count(*) from segment where name = 'gold'"), 1);
    sync_all(world, "manager");
    sync_world_agrees(world, "manager");
    /* The same replica as before, and the log is kept for it again. */
    assert_string_equal(sync_world_text(world, "select group_concat(id) from replica"), id);
    for (int i = 40; i < 60; i++)
        rows_change(world, i);
    assert_ok(upkeep_run(world->writer, world->clock, &removed, &err));
    assert_in_range(sync_all(world, "manager").pulled, 0, CATCHES_UP);
    sync_world_agrees(world, "manager");
    free(id);
    sync_world_free(world);
}

/* It says hello after the limit, before anybody looked at the log: from then on it is kept. */
static void who_comes_back_in_time_goes_on(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    sync_all(world, "manager");
    for (int i = 0; i < 40; i++)
        rows_change(world, i);
    later(world, 100 * DAY);
    struct session session = {
        .principal = "manager", .cut = 700, .damage = -1, .again = -1}; /* hello and no more */
    assert_int_not_equal(sync_session(world, &session), ST_OK);
    error_clear(&session.error);
    sync_all(world, "admin"); /* looks at the log */
    assert_in_range(sync_all(world, "manager").pulled, 0, CATCHES_UP);
    sync_world_agrees(world, "manager");
    sync_world_free(world);
}

static void one_machine_is_shut_out(void **state)
{
    struct sync_world *world = world_new();
    struct machines m = machines_of(world, "manager");
    struct access admin = access_engine();
    char full[REPLICA_ID + 1];
    (void)state;
    sync_all(world, "manager");
    char *stolen = mem_strdup(sync_world_text(world, "select id from replica"));
    machines_turn(&m);
    sync_all(world, "manager");
    /* Without a right, or of one that is not there, or of several at once. */
    struct access operator_ = sync_world_access(world, "operator");
    assert_int_equal(upkeep_revoke(world->writer, &operator_, "manager", stolen, false, full, &err),
                     ST_DENIED);
    assert_int_equal(upkeep_revoke(world->writer, &admin, "admin", stolen, false, full, &err),
                     ST_REFUSED);
    assert_int_equal(upkeep_revoke(world->writer, &admin, "manager", "", false, full, &err),
                     ST_REFUSED);
    char part[9];
    snprintf(part, sizeof part, "%.8s", stolen);
    assert_ok(upkeep_revoke(world->writer, &admin, "manager", part, false, full, &err));
    assert_string_equal(full, stolen);
    rows_change(world, 5);
    sync_all(world, "manager"); /* the other one goes on */
    sync_world_agrees(world, "manager");
    machines_turn(&m);
    struct session session = {.principal = "manager", .cut = -1, .damage = -1, .again = -1};
    assert_int_equal(sync_session(world, &session), ST_DENIED);
    assert_non_null(strstr(error_text(&session.error), "revoked"));
    error_clear(&session.error);
    /* It has locked itself. */
    later(world, 5);
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(m.path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_int_equal(reader_begin(reader, &err), ST_DENIED);
    reader_close(reader);
    mall_close(mall);
    /* And holds no log. */
    assert_int_equal(number(world, "select count(*) from replica where revoked > 0"), 1);
    later(world, DAY);
    assert_ok(upkeep_revoke(world->writer, &admin, "manager", part, true, full, &err));
    sync_all(world, "manager");
    sync_world_agrees(world, "manager");
    assert_int_equal(number(world, "select count(*) from audit where act in ('revoke', 'readmit')"),
                     2);
    error_clear(&err);
    free(stolen);
    machines_end(&m);
    sync_world_free(world);
}

/* Whoever makes up replica after replica only has so many. */
static void replicas_are_not_without_end(void **state)
{
    struct sync_world *world = world_new();
    (void)state;
    sync_all(world, "manager");
    for (int i = 0; i < 100; i++) {
        char id[REPLICA_ID + 1];
        snprintf(id, sizeof id, "%032x", i);
        later(world, 60);
        assert_ok(
            upkeep_meet(world->writer, "manager", id, "x\033[31m", "1.0", world->clock, &err));
    }
    assert_int_equal(number(world, "select count(*) from replica where principal = 'manager'"),
                     REPLICAS_MOST);
    assert_int_equal(number(world, "select count(*) from replica where instr(machine, char(27))"),
                     0);
    sync_world_free(world);
}

/* A receipt says how many replicas have to hear of it, and the list of replicas which. */
static void who_has_not_heard_of_an_erasure(void **state)
{
    struct sync_world *world = world_new();
    struct access admin = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    struct reader *reader;
    struct sheet *sheet;
    (void)state;
    sync_all(world, "manager");
    sync_all(world, "admin");
    assert_ok(member_erase(world->writer, &admin, 5, "asked for it", arena, &erasure, &err));
    assert_int_equal(erasure.replicas, 2);
    for (int left = 2; left >= 0; left--) {
        int64_t open = 0;
        assert_ok(reader_open(world->hub, &reader, &err));
        assert_ok(erasure_list(reader, arena, &sheet, &err));
        assert_int_equal(sheet_row(sheet, 0)[5].integer, left);
        assert_ok(upkeep_list(reader, &admin, world->clock, arena, &sheet, &err));
        for (size_t i = 0; i < sheet->n_rows; i++)
            open += sheet_row(sheet, i)[UPKEEP_ERASURES].known
                        ? sheet_row(sheet, i)[UPKEEP_ERASURES].integer
                        : 0;
        assert_int_equal(open, left);
        reader_close(reader);
        later(world, 10);
        if (left)
            sync_all(world, left == 2 ? "manager" : "admin");
    }
    arena_free(arena);
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_machines_of_one_person),
        cmocka_unit_test(the_log_is_as_long_as_somebody_needs_it),
        cmocka_unit_test(who_is_gone_for_long_holds_nothing),
        cmocka_unit_test(who_comes_back_in_time_goes_on),
        cmocka_unit_test(one_machine_is_shut_out),
        cmocka_unit_test(replicas_are_not_without_end),
        cmocka_unit_test(who_has_not_heard_of_an_erasure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
