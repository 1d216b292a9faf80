/* The decisions of a roll-out against a world made up at random: devices that are away, sell, lose
 * words either way, die in the middle of a step, run versions that are no good; consoles that end
 * before and after each commit. Whatever happens, no wave has more failures than its limit, none
 * begins before the ones before it came through, and in the end every row says what is true. */
#include "fixtures/mall/random.h"
#include "model/base/time.h"
#include "model/fleet/rollout_plan.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DEVICES = 24, WORLDS = 3000, TURNS = 4000, NIGHT = 1508346000 /* 01:00 in Shanghai */ };

static const char OLD[] = "1.0", NEW[] = "2.0";

enum fate { GOOD, UNWELL, DEADLY, MUTE, FATES };

/* The truth about a device. */
struct truth {
    enum fate fate;
    const char *first, *app, *trial, *back; /* first: what it ran before anything */
    int64_t trial_until, mute_until;
    bool away, sells, full;
    int64_t have;
    bool staged;
    int harmed; /* times that the new version did it harm */
};

struct world {
    struct stream random;
    struct rollout rollout;
    struct clock clock;
    struct arena *arena;
    struct truth truth[DEVICES];
    struct rollout_row rows[DEVICES], file[DEVICES]; /* in memory; as committed */
    size_t n;
    enum rollout_command commands[DEVICES];
    enum rollout_command under_way[DEVICES]; /* given, and not answered */
    int64_t asked_sale[DEVICES];             /* when it last said that it has none */
    int64_t now;
    bool healed, paused_once;
    int ends; /* consoles that ended */
};

static bool chance(struct world *w, int per_mille)
{
    return stream_chance(&w->random, (unsigned)per_mille);
}

/* ---- What a device does ---- */

static void goes_back(struct truth *t, bool by_itself)
{
    const char *from = t->trial;
    t->app = strcmp(from, NEW) == 0 ? OLD : NEW;
    t->back = by_itself ? from : "";
    t->trial = "";
}

static void truth_time(struct world *w, struct truth *t)
{
    if (*t->trial && w->now >= t->trial_until)
        goes_back(t, true);
}

static void do_switch(struct world *w, struct truth *t, const char *goal,
                      struct rollout_heard *heard)
{
    if (*t->trial) {
        heard->exit_status = DEVICE_UNDER_WAY;
        return;
    }
    if (t->sells) {
        heard->exit_status = DEVICE_SALE;
        return;
    }
    if (strcmp(t->app, goal) != 0) {
        t->trial = goal;
        t->trial_until = w->now + w->rollout.trial;
        t->back = "";
        if (!w->healed && chance(w, 40)) { /* it ends between arming and pointing */
            if (chance(w, 500))
                goes_back(t, true); /* with the machine */
            heard->state = DEVICE_UNKNOWN;
            return;
        }
        t->app = goal;
    }
    heard->app = t->app;
    bool bad = strcmp(t->app, NEW) == 0 && *t->trial;
    t->harmed += bad && t->fate != GOOD;
    if (bad && t->fate == DEADLY) {
        goes_back(t, true);
        heard->state = DEVICE_UNKNOWN;
        heard->app = "";
    } else if (bad && t->fate == MUTE) {
        t->mute_until = t->trial_until;
    }
}

static void do_confirm(struct truth *t, struct rollout_heard *heard)
{
    if (*t->trial && strcmp(t->trial, t->app) != 0) {
        heard->exit_status = DEVICE_UNDER_WAY;
    } else if (*t->trial && t->fate == UNWELL && strcmp(t->app, NEW) == 0) {
        heard->exit_status = DEVICE_UNFIT;
    } else {
        t->trial = "";
        heard->app = t->app;
    }
}

static void do_it(struct world *w, size_t i, enum rollout_command command,
                  struct rollout_heard *heard)
{
    struct truth *t = &w->truth[i];
    switch (command) {
    case COMMAND_PROBE:
        heard->app = t->app;
        heard->trial = t->trial;
        heard->back = t->back;
        t->back = "";
        if (t->staged)
            heard->staged = NEW;
        else
            heard->have = t->have;
        return;
    case COMMAND_SEND:
        if (t->full && !w->healed) {
            heard->exit_status = 6;
            return;
        }
        t->have = chance(w, 700) ? w->rollout.size : w->rollout.size / 2;
        t->staged = t->have == w->rollout.size;
        heard->staged = t->staged ? NEW : "";
        heard->exit_status = t->staged ? 0 : 3;
        return;
    case COMMAND_SALE:
        heard->sale = t->sells;
        w->asked_sale[i] = t->sells ? 0 : w->now;
        return;
    case COMMAND_SWITCH:
        assert_true(w->rows[i].goes_back || t->staged);
        do_switch(w, t, w->rows[i].goes_back ? w->rows[i].old : NEW, heard);
        return;
    case COMMAND_LOOK:
        heard->app = t->app;
        heard->trial = t->trial;
        heard->back = t->back;
        return;
    case COMMAND_CONFIRM:
        do_confirm(t, heard);
        return;
    case COMMAND_UNDO:
        if (!*t->trial)
            heard->exit_status = DEVICE_UNDER_WAY;
        else
            goes_back(t, false);
        heard->app = heard->exit_status ? "" : t->app;
        return;
    default:
        fail();
    }
}

/* What comes of a command, and what is heard of it. */
static struct rollout_heard answer(struct world *w, size_t i)
{
    struct truth *t = &w->truth[i];
    struct rollout_heard heard = {.command = w->under_way[i],
                                  .state = DEVICE_OK,
                                  .phase = "",
                                  .reason = "",
                                  .app = "",
                                  .trial = "",
                                  .back = "",
                                  .why = "why",
                                  .staged = "",
                                  .have = -1};
    bool lossy = !w->healed;
    truth_time(w, t);
    if (w->now < t->mute_until || (lossy && t->away)) {
        heard.state = DEVICE_OFFLINE;
    } else if (lossy && chance(w, 40)) {
        heard.state = chance(w, 500) ? DEVICE_FAILED : DEVICE_UNKNOWN; /* never got there */
    } else {
        do_it(w, i, w->under_way[i], &heard);
        if (lossy && chance(w, 40))
            heard = (struct rollout_heard){.command = w->under_way[i],
                                           .state = DEVICE_UNKNOWN,
                                           .phase = "",
                                           .reason = "",
                                           .app = "",
                                           .trial = "",
                                           .back = "",
                                           .why = "",
                                           .staged = "",
                                           .have = -1};
    }
    return heard;
}

/* ---- What must hold ---- */

struct plain_wave {
    size_t size, ok, harmed, limit, need;
};

/* Counted plainly, from the truth where that is told. */
static void waves_plain(const struct world *w, struct plain_wave waves[ROLLOUT_WAVES])
{
    memset(waves, 0, ROLLOUT_WAVES * sizeof *waves);
    for (size_t i = 0; i < w->n; i++) {
        struct plain_wave *wave = &waves[w->rows[i].wave];
        wave->size++;
        wave->ok += w->rows[i].step == STEP_OK;
        wave->harmed += w->truth[i].harmed > 0;
    }
    for (int k = 0; k < ROLLOUT_WAVES; k++) {
        assert_true(rollout_limit(w->rollout.threshold, waves[k].size, &waves[k].limit));
        while (waves[k].need * 100 < waves[k].size * (size_t)w->rollout.coverage)
            waves[k].need++;
    }
}

static void commands_check(const struct world *w)
{
    struct plain_wave waves[ROLLOUT_WAVES];
    int64_t next;
    bool open = rollout_window_open(&w->rollout, &w->clock, w->now, &next);
    waves_plain(w, waves);
    for (size_t i = 0; i < w->n; i++) {
        const struct rollout_row *row = &w->rows[i];
        if (w->commands[i] == COMMAND_NONE)
            continue;
        assert_int_equal(w->under_way[i], COMMAND_NONE);
        if (w->commands[i] == COMMAND_SWITCH) {
            /* Written before it is done, and asked about a sale right before. */
            assert_int_equal(w->file[i].step, STEP_SWITCHING);
            assert_int_equal(w->asked_sale[i], w->now);
        }
        if (w->commands[i] == COMMAND_CONFIRM)
            assert_int_equal(w->file[i].step, STEP_CONFIRMING);
        if (w->commands[i] == COMMAND_UNDO)
            assert_int_equal(w->file[i].step, STEP_UNDOING);
        if (w->commands[i] != COMMAND_SWITCH || row->goes_back)
            continue;
        assert_int_equal(w->rollout.state, ROLLOUT_RUNNING);
        assert_true(open);
        for (int k = 0; k < row->wave; k++)
            assert_true(waves[k].ok >= waves[k].need);
    }
}

static void harm_check(const struct world *w)
{
    struct plain_wave waves[ROLLOUT_WAVES];
    waves_plain(w, waves);
    for (int k = 0; k < ROLLOUT_WAVES; k++)
        if (waves[k].harmed > waves[k].limit)
            fail_msg("wave %d: %zu of %zu were harmed, the limit is %zu", k, waves[k].harmed,
                     waves[k].size, waves[k].limit);
}

static void truth_check(const struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct rollout_row *row = &w->rows[i];
        const struct truth *t = &w->truth[i];
        const char *must = row->step == STEP_OK ? NEW : t->first;
        if (row->step == STEP_UNKNOWN)
            continue;
        assert_true(step_settled(row->step));
        assert_string_equal(t->trial, "");
        if (strcmp(t->app, must) != 0)
            fail_msg("device %zu is %s and runs %s", i, rollout_step_names[row->step], t->app);
        assert_false(row->step == STEP_OK && row->fault);
        assert_true(row->step != STEP_FAILED || *row->reason);
        assert_true(row->step != STEP_REVERTED || *row->reason || !row->fault);
    }
}

/* ---- Consoles ---- */

/* The next one finds the file, and nothing of what was in memory. */
static void console_ends(struct world *w)
{
    w->ends++;
    for (size_t i = 0; i < w->n; i++) {
        /* What was on its way may arrive, and nobody hears of it. */
        if (w->under_way[i] != COMMAND_NONE && chance(w, 500))
            answer(w, i);
        w->under_way[i] = COMMAND_NONE;
        w->rows[i] = w->file[i];
        w->rows[i].under_way = w->rows[i].clear = false;
        w->rows[i].have = -1;
        if (step_in_flight(w->rows[i].step)) {
            w->rows[i].due = w->now;
            w->rows[i].wait = WAIT_NOTHING;
        }
    }
}

static void move_do(struct world *w, enum rollout_verb verb)
{
    const struct rollout_move_row *move = rollout_move_of(w->rollout.state, verb);
    assert_non_null(move);
    w->rollout.state = move->to;
}

static void people_move(struct world *w)
{
    static const enum rollout_verb verbs[] = {ROLLOUT_PAUSE, ROLLOUT_RESUME, ROLLOUT_RESUME,
                                              ROLLOUT_CANCEL, ROLLOUT_ROLLBACK};
    enum rollout_verb verb = verbs[stream_below(&w->random, 5)];
    bool drastic = verb == ROLLOUT_CANCEL || verb == ROLLOUT_ROLLBACK;
    if (rollout_move_of(w->rollout.state, verb) && (!drastic || chance(w, 100)))
        w->rollout.state = rollout_move_of(w->rollout.state, verb)->to;
}

static void turn(struct world *w)
{
    struct rollout_plan plan;
    rollout_decide(&w->rollout, &w->clock, w->rows, w->n, w->now, w->arena, w->commands, &plan);
    if (!w->healed && chance(w, 30)) { /* before the commit */
        console_ends(w);
        return;
    }
    memcpy(w->file, w->rows, sizeof w->file);
    w->rollout.wave = plan.wave;
    w->rollout.soaking = plan.soaking;
    if (plan.move != ROLLOUT_VERBS) {
        move_do(w, plan.move);
        assert_true(plan.move == ROLLOUT_FINISH || plan.move == ROLLOUT_ARRIVE || *plan.why);
    }
    if (!w->healed && chance(w, 30)) { /* after it, with nothing sent */
        console_ends(w);
        return;
    }
    commands_check(w);
    for (size_t i = 0; i < w->n; i++)
        if (w->commands[i] != COMMAND_NONE)
            w->under_way[i] = w->commands[i];
    for (size_t i = 0; i < w->n; i++) {
        if (w->under_way[i] == COMMAND_NONE || !(w->healed || chance(w, 600)))
            continue;
        struct rollout_heard heard = answer(w, i);
        w->under_way[i] = COMMAND_NONE;
        rollout_hear(&w->rollout, &w->rows[i], &heard, w->now, w->arena);
    }
    harm_check(w);
    bool at_once = plan.next <= w->now;
    for (size_t i = 0; i < w->n; i++)
        at_once = at_once || (w->rows[i].clear && chance(w, 950));
    if (!at_once)
        w->now += w->healed && plan.next < INT64_MAX && plan.next > w->now
                      ? plan.next - w->now
                      : 1 + stream_below(&w->random, 20);
}

static void weather(struct world *w)
{
    for (size_t i = 0; i < w->n; i++) {
        struct truth *t = &w->truth[i];
        t->away = t->away ? !chance(w, 100) : chance(w, 10);
        t->sells = t->sells ? !chance(w, 200) : chance(w, 30);
    }
}

static bool over(const struct world *w)
{
    enum rollout_state state = w->rollout.state;
    if (state == ROLLOUT_RUNNING || state == ROLLOUT_PAUSED || state == ROLLOUT_RETURNING)
        return false;
    for (size_t i = 0; i < w->n; i++)
        if (!step_settled(w->rows[i].step))
            return false;
    return true;
}

/* ---- Worlds ---- */

static void world_make(struct world *w, uint64_t seed)
{
    static const char *const thresholds[] = {"1", "2", "3", "10%", "30%"};
    static const char *const waves[] = {"10%,50%,100%", "100%", "3,5", "1,1,1,50%"};
    *w = (struct world){.random = stream_of(seed, 5, 0), .now = NIGHT, .arena = arena_new()};
    struct stream *r = &w->random;
    w->n = 1 + stream_below(r, DEVICES);
    w->rollout = (struct rollout){.code = "R1",
                                  .app = NEW,
                                  .sha256 = "",
                                  .waves = waves[stream_below(r, 4)],
                                  .threshold = thresholds[stream_below(r, 5)],
                                  .size = 1000,
                                  .canary = stream_below(r, 3),
                                  .coverage = 50 + 10 * stream_below(r, 6),
                                  .trial = 60,
                                  .expires = 3600,
                                  .back = stream_chance(r, 300),
                                  .state = ROLLOUT_RUNNING,
                                  .started = NIGHT};
    if (stream_chance(r, 300)) {
        w->rollout.window_from = 0;
        w->rollout.window_to = 61 + (int)stream_below(r, 60);
    }
    size_t ends[ROLLOUT_WAVES];
    rollout_wave_ends(&w->rollout, w->n, ends);
    unsigned bad = stream_below(r, 4) * 100;
    int wave = 0;
    for (size_t i = 0; i < w->n; i++) {
        wave += i >= ends[wave];
        w->rows[i] = (struct rollout_row){
            .device = (uint32_t)i, .wave = wave, .old = "", .app = "", .reason = "", .have = -1};
        w->truth[i] = (struct truth){.app = OLD, .trial = "", .back = ""};
        if (stream_chance(r, bad))
            w->truth[i].fate = (enum fate)(1 + stream_below(r, FATES - 1));
        w->truth[i].full = stream_chance(r, 20);
        if (stream_chance(r, 30))
            w->truth[i].app = NEW; /* it had it */
        w->truth[i].first = w->truth[i].app;
    }
    memcpy(w->file, w->rows, sizeof w->file);
}

static void random_worlds(void **state)
{
    (void)state;
    struct zone *zone;
    struct error err = {0};
    int ended[ROLLOUT_STATES] = {0}, ends = 0, steps[ROLLOUT_STEPS] = {0};
    assert_ok(zone_load("Asia/Shanghai", &zone, &err));
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        struct world w;
        world_make(&w, seed);
        w.clock = (struct clock){zone, 4 * 3600};
        int turns = 0;
        for (; turns < TURNS && !over(&w); turns++) {
            w.healed = turns > 400;
            weather(&w);
            if (!w.healed && chance(&w, 10))
                people_move(&w);
            if (w.healed && w.rollout.state == ROLLOUT_PAUSED)
                w.rollout.state = ROLLOUT_RUNNING;
            turn(&w);
        }
        if (!over(&w))
            fail_msg("world %llu: still %s after %d turns", (unsigned long long)seed,
                     rollout_state_names[w.rollout.state], turns);
        for (size_t i = 0; i < w.n; i++)
            truth_time(&w, &w.truth[i]);
        truth_check(&w);
        ended[w.rollout.state]++;
        ends += w.ends;
        for (size_t i = 0; i < w.n; i++)
            steps[w.rows[i].step]++;
        arena_free(w.arena);
    }
    zone_free(zone);
    print_message("%d consoles ended; roll-outs: %d done, %d stopped, %d rolled back, %d cancelled;"
                  " devices: %d ok, %d failed, %d rolled back, %d unknown, %d expired\n",
                  ends, ended[ROLLOUT_DONE], ended[ROLLOUT_STOPPED], ended[ROLLOUT_RETURNED],
                  ended[ROLLOUT_CANCELLED], steps[STEP_OK], steps[STEP_FAILED],
                  steps[STEP_REVERTED], steps[STEP_UNKNOWN], steps[STEP_EXPIRED]);
    /* Once everything answers again, nobody stays unknown. */
    assert_int_equal(steps[STEP_UNKNOWN], 0);
    assert_true(ended[ROLLOUT_DONE] && ended[ROLLOUT_STOPPED] && ended[ROLLOUT_RETURNED] &&
                ended[ROLLOUT_CANCELLED]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
