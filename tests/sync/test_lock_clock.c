/*
 * When a replica locks itself, by the hub's clock and never back: a clock that is set back, goes
 * wrong before a pull or after it, and a replica that was shut out.
 */
#include "model/store/lock_clock.h"
#include "tests/support/sync_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;
enum { DAY = 86400, LOCK = 30 * DAY /* as long as the setting does not say otherwise */ };

/* Whether somebody who looks at the replica when this computer's clock says so is let in. */
static bool is_open(struct sync_world *world, int64_t local)
{
    struct mall *mall;
    struct reader *reader;
    char *path = sync_world_path(world, "operator");
    time_fix(local);
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    enum status status = reader_begin(reader, &err);
    if (status == ST_OK)
        reader_end(reader);
    assert_true(status == ST_OK || status == ST_DENIED);
    struct arena *arena = arena_new();
    struct sync_state state;
    assert_ok(sync_state_read(reader, arena, local, &state, &err));
    assert_int_equal(state.locked, status == ST_DENIED);
    arena_free(arena);
    error_clear(&err);
    reader_close(reader);
    mall_close(mall);
    free(path);
    return status == ST_OK;
}

static void pull(struct sync_world *world, int64_t hub, int64_t local)
{
    world->clock = hub;
    world->ahead = local - hub;
    time_fix(local);
    sync_all(world, "operator");
}

static void it_locks(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    pull(world, t, t);
    assert_true(is_open(world, t + LOCK));
    assert_false(is_open(world, t + LOCK + 1));
    pull(world, t + LOCK + 2, t + LOCK + 2);
    assert_true(is_open(world, t + LOCK + 2));
    sync_world_free(world);
}

static void a_clock_set_back_opens_nothing(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    pull(world, t, t);
    assert_false(is_open(world, t + LOCK + DAY));
    assert_false(is_open(world, t));
    assert_false(is_open(world, t - 1000 * DAY));
    assert_false(is_open(world, 1));
    sync_world_free(world);
}

/* Time that went by counts, however often the clock is set back. */
static void time_adds_up(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    pull(world, t, t);
    for (int i = 0; i < 3; i++) {
        assert_true(is_open(world, t));
        assert_true(is_open(world, t + 9 * DAY));
    }
    assert_true(is_open(world, t));
    assert_true(is_open(world, t + 2 * DAY));
    assert_false(is_open(world, t + 4 * DAY));
    assert_false(is_open(world, t));
    sync_world_free(world);
}

/* A look a minute, each with the clock set back before it, is less than what is kept at once. */
static void little_is_lost(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    pull(world, t, t);
    assert_true(is_open(world, t + LOCK - LOCK_CLOCK_NOTE_S));
    assert_true(is_open(world, t + LOCK - 10));
    assert_true(is_open(world, t));
    assert_false(is_open(world, t + LOCK_CLOCK_NOTE_S + 1));
    sync_world_free(world);
}

/* The hub says what time it is. */
static void a_clock_that_was_wrong(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    static const int64_t wrong[] = {2000 * DAY, -2000 * DAY};
    for (int i = 0; i < 2; i++) {
        t += 100 * DAY;
        pull(world, t, t + wrong[i]);
        assert_true(is_open(world, t + wrong[i] + LOCK));
        assert_false(is_open(world, t + wrong[i] + LOCK + 1));
        pull(world, t, t + wrong[i]);
        assert_true(is_open(world, t + wrong[i] + DAY));
    }
    /* It ran ahead for a moment: the next pull puts it right. */
    t += 100 * DAY;
    pull(world, t, t);
    assert_false(is_open(world, t + 5000 * DAY));
    assert_false(is_open(world, t + DAY));
    pull(world, t + DAY, t + DAY);
    assert_true(is_open(world, t + 2 * DAY));
    assert_false(is_open(world, t + DAY + LOCK + 1));
    sync_world_free(world);
}

static void shut_out_stays_out(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    pull(world, t, t);
    sync_world_sql(world, "update replica set revoked = 1");
    struct session session = {.principal = "operator", .cut = -1, .damage = -1, .again = -1};
    assert_int_equal(sync_session(world, &session), ST_DENIED);
    error_clear(&session.error);
    assert_false(is_open(world, t));
    assert_false(is_open(world, t - 1000 * DAY));
    sync_world_sql(world, "update replica set revoked = 0");
    pull(world, t + DAY, t + DAY);
    assert_true(is_open(world, t + DAY));
    sync_world_free(world);
}

/* One that stays open and asks again and again. */
static void an_open_console(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    (void)state;
    pull(world, t, t);
    struct desk *desk = desk_open(world, "operator");
    time_fix(t + 20 * DAY);
    assert_ok(reader_begin(desk->reader, &err));
    reader_end(desk->reader);
    assert_int_equal(
        strtoll(desk_text(desk, "select value from sync where name = 'seen'"), NULL, 10),
        t + 20 * DAY);
    assert_true(is_open(world, t)); /* by another program */
    assert_false(is_open(world, t + 11 * DAY));
    time_fix(t);
    desk_close(desk);
    sync_world_free(world);
}

/* What the file says is not believed where it is no time. */
static void odd_numbers(void **state)
{
    struct sync_world *world = sync_world_new();
    int64_t t = world->clock;
    char *path = sync_world_path(world, "operator");
    static const char *const odd[] = {
        "", "x", "-1", "9223372036854775807", "-9223372036854775808", "1e300"};
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        static const char *const names[] = {"heard", "seen", "skew", "lock"};
        for (size_t k = 0; k < 4; k++) {
            pull(world, t, t);
            sqlite3 *db;
            char *sql =
                mem_printf("insert or replace into sync values ('%s', '%s')", names[k], odd[i]);
            assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
            assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
            sqlite3_close(db);
            free(sql);
            is_open(world, t);
            is_open(world, 2 * LOCK_CLOCK_MOST);
            is_open(world, -2 * LOCK_CLOCK_MOST);
        }
    }
    pull(world, t, t);
    assert_true(is_open(world, t));
    free(path);
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_locks),
        cmocka_unit_test(a_clock_set_back_opens_nothing),
        cmocka_unit_test(time_adds_up),
        cmocka_unit_test(little_is_lost),
        cmocka_unit_test(a_clock_that_was_wrong),
        cmocka_unit_test(shut_out_stays_out),
        cmocka_unit_test(an_open_console),
        cmocka_unit_test(odd_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
