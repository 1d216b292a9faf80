/* Who may do what with a roll-out, when, and what of it can be undone; who drives it; what is
 * refused when one is made. */
#include "model/base/time.h"
#include "tests/support/rollout_farm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DAY = 86400 };

static struct error err;

static void refused(enum status found, enum status expected, const char *words)
{
    if (found != expected || !strstr(error_text(&err), words))
        fail_msg("found %s: %s, expected %s: %s", status_name(found), error_text(&err),
                 status_name(expected), words);
    error_clear(&err);
}

static void made(struct rollout_world *w, char code[16])
{
    struct rollout_draft draft = rollout_world_draft(w, "2.4.2");
    assert_ok(
        rollout_make(w->mall.writer, &w->author, &draft, w->fleet.devices, w->fleet.n, code, &err));
}

static enum status moved(struct rollout_world *w, const struct access *who, const char *code,
                         enum rollout_verb verb)
{
    return rollout_move(w->mall.writer, who, code, verb, NULL, NULL, &err);
}

static const char *state_now(struct rollout_world *w, const char *code)
{
    struct rollout_row *rows;
    size_t n;
    return rollout_state_names[rollout_world_read(w, code, &rows, &n)->state];
}

static char *last_operation(struct rollout_world *w, const char *code)
{
    sqlite3_stmt *stmt;
    assert_ok(reader_prepare(w->mall.reader,
                             "select id from operation where entity = 'rollout' and target = ?1"
                             " order by seq desc limit 1",
                             &stmt, &err));
    bool row;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    assert_ok(reader_step(w->mall.reader, stmt, &row, &err));
    assert_true(row);
    char *id = arena_strdup(w->fleet.arena, (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_reset(stmt);
    return id;
}

static void nobody_approves_their_own(void **state)
{
    (void)state;
    struct rollout_world w;
    char code[16];
    rollout_world_start(&w, 3);
    made(&w, code);
    struct access analyst = test_access(ACCESS_ANALYST);
    refused(moved(&w, &w.author, code, ROLLOUT_START), ST_DENIED, "needs the approval");
    refused(moved(&w, &w.author, code, ROLLOUT_APPROVE), ST_DENIED, "nobody approves their own");
    refused(moved(&w, &analyst, code, ROLLOUT_APPROVE), ST_DENIED, "may not change");
    refused(moved(&w, &w.author, code, ROLLOUT_PAUSE), ST_CONFLICT, "it can: approve");
    refused(moved(&w, &w.author, "R77", ROLLOUT_PAUSE), ST_USAGE, "no roll-out 'R77'");
    assert_ok(moved(&w, &w.other, code, ROLLOUT_APPROVE));
    assert_ok(moved(&w, &w.other, code, ROLLOUT_WITHDRAW));
    refused(moved(&w, &w.author, code, ROLLOUT_START), ST_DENIED, "needs the approval");
    /* Where few enough devices are at stake, it goes without. */
    test_run(&w.mall, "insert into setting (name, value) values ('rollout_free_devices', '2')"
                      " on conflict (name) do update set value = '2'");
    refused(moved(&w, &w.author, code, ROLLOUT_START), ST_DENIED, "needs the approval");
    test_run(&w.mall, "update setting set value = '3' where name = 'rollout_free_devices'");
    assert_ok(moved(&w, &w.author, code, ROLLOUT_START));
    rollout_world_stop(&w);
}

/* An operation that goes around the moves changes nothing. */
static void the_definition_stays_as_it_was_made(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        enum status status;
        const char *words;
    } cases[] = {
        {"{\"app\": \"6.6.6\"}", ST_REFUSED, "was decided when it was made"},
        {"{\"threshold\": \"99\"}", ST_REFUSED, "was decided when it was made"},
        {"{\"state\": \"approved\", \"approved_by\": \"ann\"}", ST_REFUSED, "only who approves"},
        {"{\"state\": \"approved\", \"approved_by\": \"bob\", \"app\": \"6\"}", ST_REFUSED,
         "was decided when it was made"},
        {"{\"state\": \"done\"}", ST_CONFLICT, "cannot become"},
        {"{\"state\": \"flying\"}", ST_CONFLICT, "cannot become"},
    };
    struct rollout_world w;
    char code[16];
    rollout_world_start(&w, 1);
    made(&w, code);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *set = json_loads(cases[i].set, 0, NULL);
        struct operation op = {.actor = w.other.principal,
                               .rights = w.other.rights,
                               .entity = "rollout",
                               .target = code,
                               .base_version = -1,
                               .set = set};
        refused(operation_apply(w.mall.writer, &op, NULL, &err), cases[i].status, cases[i].words);
        json_decref(set);
    }
    assert_string_equal(state_now(&w, code), "planned");
    rollout_world_stop(&w);
}

static void some_moves_can_be_undone(void **state)
{
    (void)state;
    struct rollout_world w;
    char code[16];
    rollout_world_start(&w, 1);
    made(&w, code);
    struct writer *writer = w.mall.writer;
    assert_ok(moved(&w, &w.other, code, ROLLOUT_APPROVE));
    assert_ok(operation_undo(writer, last_operation(&w, code), "bob", w.other.rights, NULL, &err));
    assert_string_equal(state_now(&w, code), "planned");
    assert_ok(moved(&w, &w.other, code, ROLLOUT_APPROVE));
    assert_ok(moved(&w, &w.author, code, ROLLOUT_START));
    /* What devices may have heard of cannot be unsaid. */
    assert_int_not_equal(
        operation_undo(writer, last_operation(&w, code), "ann", w.author.rights, NULL, &err),
        ST_OK);
    error_clear(&err);
    assert_ok(moved(&w, &w.author, code, ROLLOUT_PAUSE));
    assert_ok(operation_undo(writer, last_operation(&w, code), "ann", w.author.rights, NULL, &err));
    assert_string_equal(state_now(&w, code), "running");
    rollout_world_stop(&w);
}

static void a_device_is_in_one_at_a_time(void **state)
{
    (void)state;
    struct rollout_world w;
    struct rollout_turn turn;
    char first[16], second[16];
    rollout_world_start(&w, 2);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    rollout_world_begin(&w, &draft, first);
    made(&w, second);
    assert_ok(moved(&w, &w.other, second, ROLLOUT_APPROVE));
    refused(moved(&w, &w.author, second, ROLLOUT_START), ST_CONFLICT,
            "is in the roll-out 'R1', which is running");
    assert_true(rollout_world_drive(&w, first, DAY, NULL, NULL, &turn));
    assert_ok(moved(&w, &w.author, second, ROLLOUT_START));
    refused(moved(&w, &w.author, first, ROLLOUT_ROLLBACK), ST_CONFLICT, "is in the roll-out 'R2'");
    /* Its devices have the version already. */
    assert_true(rollout_world_drive(&w, second, DAY, NULL, NULL, &turn));
    assert_string_equal(state_now(&w, second), "done");
    rollout_world_stop(&w);
}

/* ---- Pause, cancel, offline ---- */

struct when {
    struct rollout_world *w;
    const char *code;
    enum rollout_step step;
    enum rollout_verb verb;
    bool done;
};

/* A person comes in between, when the first device is at a step. */
static bool person_comes(void *context, enum rollout_moment moment)
{
    struct when *when = context;
    struct rollout_row *rows;
    size_t n;
    if (moment == MOMENT_BEFORE || when->done)
        return true;
    rollout_world_read(when->w, when->code, &rows, &n);
    for (size_t i = 0; i < n && !when->done; i++)
        if (rows[i].step == when->step) {
            when->done = true;
            assert_ok(rollout_move(when->w->mall.writer, &when->w->author, when->code, when->verb,
                                   NULL, NULL, &err));
        }
    return true;
}

static void person_at(enum rollout_step step, enum rollout_verb verb, const char *state,
                      enum rollout_step canary, enum rollout_step other)
{
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n;
    rollout_world_start(&w, 4);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    rollout_world_begin(&w, &draft, code);
    struct when when = {.w = &w, .code = code, .step = step, .verb = verb};
    assert_true(rollout_world_drive(&w, code, DAY, person_comes, &when, &turn));
    assert_true(when.done);
    assert_string_equal(state_now(&w, code), state);
    rollout_world_read(&w, code, &rows, &n);
    for (size_t i = 0; i < n; i++)
        if (rows[i].step != (i ? other : canary))
            fail_msg("%s at %s: device %zu is %s", state, rollout_step_names[step], i,
                     rollout_step_names[rows[i].step]);
    if (verb == ROLLOUT_PAUSE) {
        assert_ok(moved(&w, &w.author, code, ROLLOUT_RESUME));
        assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
        assert_string_equal(state_now(&w, code), "done");
    }
    rollout_world_check(&w, code);
    rollout_world_stop(&w);
}

static void what_is_on_trial_is_finished_when_it_pauses(void **state)
{
    (void)state;
    person_at(STEP_SWITCHING, ROLLOUT_PAUSE, "paused", STEP_OK, STEP_STAGED);
    person_at(STEP_PROVING, ROLLOUT_PAUSE, "paused", STEP_OK, STEP_STAGED);
    person_at(STEP_CONFIRMING, ROLLOUT_PAUSE, "paused", STEP_OK, STEP_STAGED);
}

static void what_is_on_trial_goes_back_when_it_is_cancelled(void **state)
{
    (void)state;
    person_at(STEP_STAGING, ROLLOUT_CANCEL, "cancelled", STEP_SKIPPED, STEP_SKIPPED);
    person_at(STEP_SWITCHING, ROLLOUT_CANCEL, "cancelled", STEP_REVERTED, STEP_SKIPPED);
    person_at(STEP_PROVING, ROLLOUT_CANCEL, "cancelled", STEP_REVERTED, STEP_SKIPPED);
}

static void who_is_away_is_waited_for_and_then_not(void **state)
{
    (void)state;
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n, expired = 0;
    rollout_world_start(&w, 4);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    draft.canary = 0;
    draft.coverage = 50;
    draft.expires = 7200;
    test_fault(&w.fleet, 1, "off");
    test_fault(&w.fleet, 2, "off");
    rollout_world_begin(&w, &draft, code);
    assert_true(rollout_world_drive(&w, code, 200, NULL, NULL, &turn));
    const struct rollout *r = rollout_world_read(&w, code, &rows, &n);
    assert_int_equal(r->ok, 2);
    assert_int_equal(r->state, ROLLOUT_RUNNING);
    for (size_t i = 0; i < n; i++)
        if (rows[i].device == 2)
            assert_string_equal(rollout_row_word(&rows[i]), "offline-queued");
    test_fault(&w.fleet, 1, "ok"); /* it comes back an hour later */
    time_fix(time_now() + 3600);
    assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
    r = rollout_world_read(&w, code, &rows, &n);
    for (size_t i = 0; i < n; i++)
        expired += rows[i].step == STEP_EXPIRED;
    assert_int_equal(r->ok, 3);
    assert_int_equal(expired, 1);
    assert_int_equal(r->state, ROLLOUT_DONE);
    assert_true(r->ended - r->started >= 7200);
    rollout_world_stop(&w);
}

/* ---- Who drives ---- */

static struct rollout_driver *driver_of(struct rollout_world *w, struct fleet_engine *engine,
                                        const char *code, const char *name)
{
    struct rollout_driver *driver;
    struct rollout_drive_options options = {.engine = engine, .name = name};
    assert_ok(rollout_driver_open(w->mall.writer, w->mall.reader, &w->author, code, &options,
                                  &driver, &err));
    return driver;
}

static void one_drives_at_a_time(void **state)
{
    (void)state;
    struct rollout_world w;
    struct rollout_turn turn;
    char code[16];
    rollout_world_start(&w, 2);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    rollout_world_begin(&w, &draft, code);
    struct fleet_engine *engine = test_engine(w.fleet.identity, 2000, 8000);
    struct rollout_driver *a = driver_of(&w, engine, code, "a"),
                          *b = driver_of(&w, engine, code, "b");
    assert_ok(rollout_driver_turn(a, &turn, &err));
    refused(rollout_driver_turn(b, &turn, &err), ST_CONFLICT, "is driven by a, until");
    assert_true(fleet_wait(engine, 10000));
    time_fix(time_now() + ROLLOUT_LEASE_S - 1);
    refused(rollout_driver_turn(b, &turn, &err), ST_CONFLICT, "is driven by a");
    time_fix(time_now() + 2); /* nothing was heard of a for its lease */
    assert_ok(rollout_driver_turn(b, &turn, &err));
    assert_true(fleet_wait(engine, 10000));
    time_fix(time_now() + 1);
    refused(rollout_driver_turn(a, &turn, &err), ST_CONFLICT, "is driven by b");
    rollout_driver_close(a); /* does not give back what it does not have */
    struct rollout_driver *c = driver_of(&w, engine, code, "c");
    refused(rollout_driver_turn(c, &turn, &err), ST_CONFLICT, "is driven by b");
    rollout_driver_close(b);
    assert_ok(rollout_driver_turn(c, &turn, &err)); /* b gave it back */
    rollout_driver_close(c);
    fleet_free(engine);
    assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
    assert_string_equal(state_now(&w, code), "done");
    rollout_world_stop(&w);
}

/* ---- Making one ---- */

static void a_bad_definition_is_refused(void **state)
{
    (void)state;
    struct rollout_world w;
    char code[16];
    rollout_world_start(&w, 3);
    char *text = temp_path(w.mall.folder, "text"), *none = temp_path(w.mall.folder, "none");
    file_write_all(text, "just some text, and no archive at all", 37);
    struct rollout_draft good = rollout_world_draft(&w, "2.4.2");
#define CASE(change, words)                                                                        \
    do {                                                                                           \
        struct rollout_draft draft = good;                                                         \
        change;                                                                                    \
        refused(rollout_make(w.mall.writer, &w.author, &draft, w.fleet.devices, w.fleet.n, code,   \
                             &err),                                                                \
                ST_REFUSED, words);                                                                \
    } while (0)
    CASE(draft.app = "../x", "version: found '../x'");
    CASE(draft.app = "", "version");
    CASE(draft.app = "a b", "version");
    CASE(draft.app = "current", "version");
    CASE(draft.waves = "10%,x", "waves: found '10%,x'");
    CASE(draft.waves = "", "waves");
    CASE(draft.threshold = "0", "threshold: found '0'");
    CASE(draft.window = "2-5", "window: found '2-5'");
    CASE(draft.weekdays = "someday", "weekdays");
    CASE(draft.canary = 4, "canary: found 4, expected 0 to 3");
    CASE(draft.coverage = 101, "coverage");
    CASE(draft.trial = 5, "trial: found 5, expected 10");
    CASE(draft.expires = 1, "expires");
    CASE(draft.path = none, "No such file");
    CASE(draft.path = w.mall.folder, "expected an archive");
    CASE(draft.path = text, "expected a tar");
#undef CASE
    assert_int_equal(rollout_make(w.mall.writer, &w.author, &good, NULL, 0, code, &err),
                     ST_REFUSED);
    error_clear(&err);
    struct access analyst = test_access(ACCESS_ANALYST);
    refused(rollout_make(w.mall.writer, &analyst, &good, w.fleet.devices, 3, code, &err), ST_DENIED,
            "roll anything out");
    int64_t rows;
    assert_ok(reader_integer(w.mall.reader, "select count(*) from rollout", 0, &rows, &err));
    assert_int_equal(rows, 0);
    free(text);
    free(none);
    rollout_world_stop(&w);
}

static void an_archive_that_changed_is_not_sent(void **state)
{
    (void)state;
    struct rollout_world w;
    struct rollout_turn turn;
    char code[16];
    rollout_world_start(&w, 1);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    rollout_world_begin(&w, &draft, code);
    test_run(&w.mall, "update archive set bytes = zeroblob(length(bytes))");
    struct fleet_engine *engine = test_engine(w.fleet.identity, 2000, 8000);
    struct rollout_driver *driver = driver_of(&w, engine, code, "a");
    enum status status = ST_OK;
    for (int i = 0; i < 100 && status == ST_OK; i++) {
        status = rollout_driver_turn(driver, &turn, &err);
        fleet_wait(engine, 1000);
    }
    refused(status, ST_UNUSABLE, "is not what it was");
    rollout_driver_close(driver);
    fleet_free(engine);
    char *app = rollout_world_app(&w, 0);
    assert_string_not_equal(app, "2.4.2");
    free(app);
    rollout_world_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_approves_their_own),
        cmocka_unit_test(the_definition_stays_as_it_was_made),
        cmocka_unit_test(some_moves_can_be_undone),
        cmocka_unit_test(a_device_is_in_one_at_a_time),
        cmocka_unit_test(what_is_on_trial_is_finished_when_it_pauses),
        cmocka_unit_test(what_is_on_trial_goes_back_when_it_is_cancelled),
        cmocka_unit_test(who_is_away_is_waited_for_and_then_not),
        cmocka_unit_test(one_drives_at_a_time),
        cmocka_unit_test(a_bad_definition_is_refused),
        cmocka_unit_test(an_archive_that_changed_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
