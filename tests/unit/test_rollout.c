/* Roll-outs on simulated devices: every fault at every step, a console that ends at every commit,
 * a device that dies between any two of its steps, leases, moves and rights. */
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

enum { DAY = 86400, WEEK = 7 * DAY };

static struct error err;

/* ---- As it should be ---- */

static void all_devices_get_it(void **state)
{
    (void)state;
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n;
    rollout_world_start(&w, 12);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    draft.waves = "50%,100%";
    draft.soak = 600;
    rollout_world_begin(&w, &draft, code);
    assert_string_equal(code, "R1");
    int64_t began = time_now();
    assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
    assert_true(turn.over);
    const struct rollout *r = rollout_world_read(&w, code, &rows, &n);
    assert_int_equal(r->state, ROLLOUT_DONE);
    assert_int_equal(r->ok, 12);
    assert_int_equal(r->faults, 0);
    assert_string_equal(r->driver, "");
    assert_true(r->ended >= began + 3 * 600); /* canary and two waves soaked */
    rollout_world_check(&w, code);
    /* The page of a device has it among its acts. */
    int64_t acts;
    assert_ok(reader_integer(w.mall.reader,
                             "select count(*) from device_act where act = 'rollout' and state ="
                             " 'ok'",
                             0, &acts, &err));
    assert_int_equal(acts, 12);
    /* And back again, all of them, by the same way. */
    assert_ok(rollout_move(w.mall.writer, &w.author, code, ROLLOUT_ROLLBACK, "tills are slow", NULL,
                           &err));
    assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
    r = rollout_world_read(&w, code, &rows, &n);
    assert_int_equal(r->state, ROLLOUT_RETURNED);
    assert_string_equal(r->why, "tills are slow");
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rows[i].step, STEP_REVERTED);
    assert_int_equal(r->faults, 0);
    rollout_world_check(&w, code);
    rollout_world_stop(&w);
}

/* ---- Versions that are no good ---- */

static void bad_version(const char *app, bool back, int64_t trial)
{
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n, reverted = 0;
    rollout_world_start(&w, 12);
    struct rollout_draft draft = rollout_world_draft(&w, app);
    draft.canary = 0;
    draft.coverage = 50;
    draft.threshold = "3";
    draft.back = back;
    draft.trial = trial;
    rollout_world_begin(&w, &draft, code);
    assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
    const struct rollout *r = rollout_world_read(&w, code, &rows, &n);
    assert_int_equal(r->state, back ? ROLLOUT_RETURNED : ROLLOUT_STOPPED);
    assert_non_null(strstr(r->why, "3 of 12 failed, the limit is 3"));
    for (size_t i = 0; i < n; i++) {
        reverted += rows[i].step == STEP_REVERTED;
        if (rows[i].step != STEP_REVERTED && rows[i].step != STEP_SKIPPED)
            fail_msg("%s: %s", rollout_row_word(&rows[i]), rows[i].reason);
    }
    assert_int_equal(reverted, 3);
    rollout_world_check(&w, code);
    rollout_world_stop(&w);
}

static void a_version_that_is_not_well_harms_no_more_than_the_limit(void **state)
{
    (void)state;
    bad_version("3.0-unwell", false, 3600);
    bad_version("3.0-unwell", true, 3600);
}

static void a_version_that_takes_the_machine_down_goes_back_at_boot(void **state)
{
    (void)state;
    bad_version("3.0-deadly", false, 3600);
}

/* ---- Every fault at every step ---- */

static const char *const faults[] = {
    "off",         "stall:version", "stall:keys",   "stall:auth",   "stall:open",   "stall:command",
    "stall:first", "stall:output",  "stall:end",    "drop:connect", "drop:version", "drop:keys",
    "drop:auth",   "drop:open",     "drop:command", "drop:first",   "drop:output",  "drop:end",
    "reset:auth",  "reset:command", "reset:end",    "refuse",       "nochannel",    "noexec",
    "disk",        "garble",        "noeof",        "signal:SEGV",  "longline",     "disconnect",
};
enum { FAULTS = sizeof faults / sizeof *faults };

static const enum rollout_step fault_steps[] = {STEP_STAGING, STEP_STAGED, STEP_SWITCHING,
                                                STEP_PROVING, STEP_CONFIRMING};
enum { FAULT_STEPS = sizeof fault_steps / sizeof *fault_steps };

/* Device i has the fault i % FAULTS, put in when it comes to its step and taken out after it was
 * felt once. */
struct injection {
    struct rollout_world *w;
    const char *code;
    unsigned char done[FAULTS * FAULT_STEPS]; /* 1: in, 2: out again */
    size_t felt;
};

static bool inject(void *context, enum rollout_moment moment)
{
    struct injection *in = context;
    struct rollout_row *rows;
    size_t n;
    if (moment == MOMENT_BEFORE)
        return true;
    rollout_world_read(in->w, in->code, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        size_t device = rows[i].device - 1;
        enum rollout_step step = fault_steps[device / FAULTS];
        if (!in->done[device] && rows[i].step == step) {
            test_fault(&in->w->fleet, device, faults[device % FAULTS]);
            in->done[device] = 1;
        } else if (in->done[device] == 1 &&
                   (rows[i].wait != WAIT_NOTHING || rows[i].step != step)) {
            in->felt += rows[i].wait != WAIT_NOTHING;
            test_fault(&in->w->fleet, device, "ok");
            in->done[device] = 2;
        }
    }
    return true;
}

static void every_fault_at_every_step(void **state)
{
    (void)state;
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n;
    rollout_world_start(&w, FAULTS * FAULT_STEPS);
    w.limit_ms = 700;
    struct injection in = {.w = &w, .code = code};
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    draft.canary = 0;
    draft.threshold = "1000";
    draft.coverage = 1;
    rollout_world_begin(&w, &draft, code);
    assert_true(rollout_world_drive(&w, code, WEEK, inject, &in, &turn));
    assert_true(turn.over);
    const struct rollout *r = rollout_world_read(&w, code, &rows, &n);
    print_message("%lld of %zu ok after %zu faults were felt\n", (long long)r->ok, n, in.felt);
    rollout_world_check(&w, code);
    for (size_t i = 0; i < n; i++) {
        size_t device = rows[i].device - 1;
        /* What was felt once and then is gone keeps nobody from it. */
        if (rows[i].step != STEP_OK)
            fail_msg("%s at %s: %s: %s", faults[device % FAULTS],
                     rollout_step_names[fault_steps[device / FAULTS]], rollout_row_word(&rows[i]),
                     rows[i].reason);
        assert_int_equal(in.done[device], 2);
    }
    assert_int_equal(r->state, ROLLOUT_DONE);
    assert_true(in.felt > n / 2);
    rollout_world_stop(&w);
}

/* Faults that stay: the device is named with step and reason, and nobody else is held up. */
static void faults_that_stay_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *word, *reason;
    } cases[] = {
        {"off", "expired", "probe: offline in connect"},
        {"refuse", "failed", "probe: failed in auth"},
        {"nochannel", "failed", "probe: failed in open"},
        {"noexec", "failed", "probe: failed in command"},
        {"wrongkey", "failed", "probe: quarantined in pin"},
        {"disk", "failed", "no room"},
        {"stall:first", "failed", "probe: unknown in first"},
        {"garble", "failed", "probe"},
        {"ok", "ok", ""},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    char code[16];
    size_t n;
    rollout_world_start(&w, CASES);
    w.limit_ms = 500;
    for (size_t i = 0; i < CASES; i++)
        test_fault(&w.fleet, i, cases[i].fault);
    struct rollout_draft draft = rollout_world_draft(&w, "2.4.2");
    draft.canary = 0;
    draft.coverage = 1;
    rollout_world_begin(&w, &draft, code);
    assert_true(rollout_world_drive(&w, code, WEEK, NULL, NULL, &turn));
    rollout_world_read(&w, code, &rows, &n);
    for (size_t i = 0; i < n; i++) {
        size_t device = rows[i].device - 1;
        if (strcmp(rollout_row_word(&rows[i]), cases[device].word) != 0 ||
            !strstr(rows[i].reason, cases[device].reason))
            fail_msg("%s: found %s: %s, expected %s: %s", cases[device].fault,
                     rollout_row_word(&rows[i]), rows[i].reason, cases[device].word,
                     cases[device].reason);
    }
    rollout_world_check(&w, code);
    rollout_world_stop(&w);
}

/* ---- Deaths ---- */

static const char *const deaths[] = {
    "",         "receive:1", "receive:2", "receive:3", "stage:1",    "stage:2",
    "switch:1", "switch:2",  "confirm:1", "confirm:2", "rollback:1", "rollback:2",
};
enum { DEATHS = sizeof deaths / sizeof *deaths };

struct ending {
    int at, count;
    enum rollout_moment moment;
};

static bool ends(void *context, enum rollout_moment moment)
{
    struct ending *ending = context;
    if (moment != ending->moment)
        return true;
    return ++ending->count != ending->at;
}

/* A console ends at the k-th commit, before or after it; the next goes on when the lease is over.
 * True: there was a k-th commit. */
static bool console_ends_at(struct rollout_world *w, const char *code, int k,
                            enum rollout_moment moment)
{
    struct ending ending = {.at = k, .moment = moment};
    struct rollout_turn turn;
    bool lived = rollout_world_drive(w, code, DAY, ends, &ending, &turn);
    if (lived)
        return false;
    time_fix(time_now() + ROLLOUT_LEASE_S + 1);
    rollout_world_up(w);
    assert_true(rollout_world_drive(w, code, WEEK, NULL, NULL, &turn));
    return true;
}

/* Every death of a device with every end of a console. The same devices go from version to
 * version, as that is what tills do as well. */
static void deaths_at_every_commit(const char *suffix, enum rollout_verb verb)
{
    size_t ended = 0, oks = 0, backs = 0;
    struct rollout_world w;
    struct rollout_turn turn;
    struct rollout_row *rows;
    int version = 0;
    size_t n;
    rollout_world_start(&w, 2);
    for (size_t death = 0; death < DEATHS; death++)
        for (int moment = MOMENT_BEFORE; moment <= MOMENT_AFTER; moment++)
            for (int k = 1;; k++) {
                char code[16], app[32], fault[32];
                snprintf(app, sizeof app, "4.%d%s", ++version, suffix);
                struct rollout_draft draft = rollout_world_draft(&w, app);
                draft.threshold = "1";
                rollout_world_begin(&w, &draft, code);
                if (verb == ROLLOUT_ROLLBACK) {
                    assert_true(rollout_world_drive(&w, code, DAY, NULL, NULL, &turn));
                    assert_ok(rollout_move(w.mall.writer, &w.author, code, verb, NULL, NULL, &err));
                }
                snprintf(fault, sizeof fault, "die:%s", deaths[death]);
                if (*deaths[death])
                    test_fault(&w.fleet, 0, fault);
                bool more = console_ends_at(&w, code, k, (enum rollout_moment)moment);
                test_fault(&w.fleet, 0, "ok");
                rollout_world_up(&w);
                const struct rollout *r = rollout_world_read(&w, code, &rows, &n);
                if (r->state == ROLLOUT_RUNNING || r->state == ROLLOUT_RETURNING)
                    fail_msg("%s is %s after death at %s, console ended at %d", code,
                             rollout_state_names[r->state], deaths[death], k);
                rollout_world_check(&w, code);
                assert_true(r->faults <= 1);
                for (size_t i = 0; i < n; i++) {
                    oks += rows[i].step == STEP_OK;
                    backs += rows[i].step == STEP_REVERTED;
                }
                ended += more;
                if (!more)
                    break;
            }
    print_message("%zu consoles ended, %zu devices ok, %zu back\n", ended, oks, backs);
    assert_true(ended > 100);
    rollout_world_stop(&w);
}

static void console_and_device_die_everywhere(void **state)
{
    (void)state;
    deaths_at_every_commit("", ROLLOUT_START);
}

static void console_and_device_die_everywhere_with_a_bad_version(void **state)
{
    (void)state;
    deaths_at_every_commit("-unwell", ROLLOUT_START);
}

static void console_and_device_die_everywhere_going_back(void **state)
{
    (void)state;
    deaths_at_every_commit("", ROLLOUT_ROLLBACK);
}

int main(int argc, char **argv)
{
    if (argc > 1) /* a part of the tests, by name */
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_devices_get_it),
        cmocka_unit_test(a_version_that_is_not_well_harms_no_more_than_the_limit),
        cmocka_unit_test(a_version_that_takes_the_machine_down_goes_back_at_boot),
        cmocka_unit_test(every_fault_at_every_step),
        cmocka_unit_test(faults_that_stay_are_named),
        cmocka_unit_test(console_and_device_die_everywhere),
        cmocka_unit_test(console_and_device_die_everywhere_with_a_bad_version),
        cmocka_unit_test(console_and_device_die_everywhere_going_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
