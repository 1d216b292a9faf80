/* What a device said, and what that makes of where it is in a roll-out. Pure. */
#include "model/fleet/rollout_plan.h"

#include "model/fleet/rollout_parts.h"

#include <string.h>

const char *const rollout_command_names[ROLLOUT_COMMANDS] = {
    [COMMAND_NONE] = "",           [COMMAND_PROBE] = "probe",   [COMMAND_SEND] = "send",
    [COMMAND_SALE] = "sale",       [COMMAND_SWITCH] = "switch", [COMMAND_LOOK] = "look",
    [COMMAND_CONFIRM] = "confirm", [COMMAND_UNDO] = "rollback",
};

struct hearing {
    const struct rollout *rollout;
    struct rollout_row *row;
    const struct rollout_heard *heard;
    int64_t now;
    struct arena *arena;
};

enum rollout_verdict rollout_judge(const char *goal, const char *from, const char *app,
                                   const char *trial)
{
    if (*trial)
        return strcmp(app, trial) == 0 && strcmp(trial, goal) == 0 ? VERDICT_CONFIRM : VERDICT_UNDO;
    if (strcmp(app, goal) == 0)
        return VERDICT_THERE;
    return strcmp(app, from) == 0 ? VERDICT_SWITCH : VERDICT_ODD;
}

/* ---- Where it is now ---- */

void row_step(struct rollout_row *row, enum rollout_step step, int64_t now)
{
    row->step = step;
    row->since = row->due = now;
    row->wait = WAIT_NOTHING;
    row->clear = false;
    row->changed = true;
}

static void row_reached(struct rollout_row *row, enum rollout_step step, int64_t now)
{
    row_step(row, step, now);
    row->attempts = 0;
}

static void row_settle(struct rollout_row *row, enum rollout_step step, const char *reason,
                       int64_t now)
{
    row_reached(row, step, now);
    row->reason = reason;
}

/* Until it is tried again: soon where something was changed and the dead man's timer runs. */
static int64_t pause_after(const struct rollout_row *row)
{
    int tries = row->attempts < 7 ? row->attempts : 7;
    int64_t soon = 1 + 2 * (int64_t)tries, late = INT64_C(5) << tries;
    bool urgent = step_in_flight(row->step) && !row->fault;
    return urgent ? soon : late < PAUSE_MOST_S ? late : PAUSE_MOST_S;
}

static void row_wait(struct hearing *h, enum rollout_wait wait, const char *reason)
{
    /* That it was away for long says nothing about what it does now. */
    if (h->row->wait == WAIT_OFFLINE && wait != WAIT_OFFLINE)
        h->row->attempts = 0;
    h->row->wait = wait;
    h->row->reason = reason;
    h->row->due = h->now + pause_after(h->row);
    h->row->attempts++;
}

static const char *said(const struct hearing *h)
{
    return arena_printf(h->arena, "%s: %s", rollout_command_names[h->heard->command],
                        *h->heard->reason ? h->heard->reason : "it gave no reason");
}

/* ---- Nothing was heard ---- */

static bool no_credential(enum device_condition state)
{
    return state == DEVICE_QUARANTINED || state == DEVICE_UNPINNED;
}

static void unheard(struct hearing *h)
{
    struct rollout_row *row = h->row;
    const struct rollout_heard *heard = h->heard;
    bool sent = heard->state == DEVICE_UNKNOWN;
    const char *reason =
        arena_printf(h->arena, "%s: %s in %s: %s", rollout_command_names[heard->command],
                     device_condition_names[heard->state], heard->phase, heard->reason);
    row->have = -1;
    /* What was never sent has changed nothing; of what was, nobody can say. */
    if (heard->command == COMMAND_SWITCH && !sent)
        row_step(row, STEP_STAGED, h->now);
    if (heard->state == DEVICE_CANCELLED)
        return;
    row_wait(h,
             heard->state == DEVICE_OFFLINE ? WAIT_OFFLINE
             : sent                         ? WAIT_SILENT
                                            : WAIT_REFUSED,
             reason);
    if (row->step == STEP_OK && row->attempts >= TRIES) {
        row_step(row, STEP_PROVING, h->now);
        row_wait(h, WAIT_SILENT, arena_printf(h->arena, "silent after its soak: %s", reason));
        row->fault = !row->goes_back;
    } else if (row->step < STEP_SWITCHING && !row->goes_back && row->wait != WAIT_OFFLINE &&
               (no_credential(heard->state) || row->attempts >= TRIES)) {
        row_settle(row, STEP_FAILED, reason, h->now);
    }
}

/* It said no before anything was changed. */
static void refused(struct hearing *h, const char *reason)
{
    h->row->have = -1;
    row_wait(h, WAIT_REFUSED, reason);
    if (h->row->attempts >= TRIES && !h->row->goes_back)
        row_settle(h->row, STEP_FAILED, reason, h->now);
}

/* ---- It said what it runs ---- */

static void there(struct hearing *h)
{
    struct rollout_row *row = h->row;
    row_settle(row, row->goes_back ? STEP_REVERTED : STEP_OK, row->goes_back ? row->reason : "",
               h->now);
    row->looked = h->now;
    row->fault = row->goes_back && row->fault;
}

static void is_back(struct hearing *h, const char *reason)
{
    h->row->fault = true;
    row_settle(h->row, STEP_REVERTED, reason, h->now);
}

/* It runs the version that it is to leave, and is in no trial. */
static void runs_other(struct hearing *h)
{
    struct rollout_row *row = h->row;
    bool marked = strcmp(h->heard->back, h->rollout->app) == 0;
    if (row->goes_back) {
        row_step(row, STEP_STAGED, h->now); /* ready to be told so */
    } else if (marked && row->step != STEP_UNDOING) {
        is_back(h, arena_printf(h->arena, "it went back by itself: %s", h->heard->why));
    } else if (row->step == STEP_OK) {
        is_back(h, "it went back after it was confirmed");
    } else if (row->step == STEP_PROVING || row->step == STEP_CONFIRMING) {
        is_back(h, "it went back by itself");
    } else if (row->step == STEP_UNDOING && row->fault) {
        is_back(h, row->reason);
    } else if (row->fault || row->attempts + 1 >= TRIES) {
        row->fault = true;
        row_settle(row, STEP_FAILED, *row->reason ? row->reason : "switch: it did not", h->now);
    } else {
        const char *reason = row->reason;
        row_step(row, STEP_STAGED, h->now);
        row_wait(h, WAIT_REFUSED, reason);
    }
}

static void judged(struct hearing *h, const char *trial)
{
    struct rollout_row *row = h->row;
    const char *goal = row->goes_back ? row->old : h->rollout->app;
    const char *from = row->goes_back ? h->rollout->app : row->old;
    switch (rollout_judge(goal, from, h->heard->app, trial)) {
    case VERDICT_THERE:
        there(h);
        return;
    case VERDICT_CONFIRM:
        row_reached(row, STEP_CONFIRMING, h->now);
        return;
    case VERDICT_UNDO:
        row_step(row, STEP_UNDOING, h->now);
        return;
    case VERDICT_SWITCH:
        runs_other(h);
        return;
    case VERDICT_ODD:
        row->fault = row->fault || !row->goes_back;
        row_settle(row, STEP_FAILED,
                   arena_printf(h->arena, "it runs %s, which is neither %s nor %s", h->heard->app,
                                h->rollout->app, row->old),
                   h->now);
    }
}

/* ---- By command ---- */

static void heard_probe(struct hearing *h)
{
    struct rollout_row *row = h->row;
    const struct rollout_heard *heard = h->heard;
    if (!*heard->app) {
        refused(h, said(h));
        return;
    }
    if (*heard->trial) {
        refused(h, arena_printf(h->arena, "probe: it is in a trial of %s", heard->trial));
        return;
    }
    row->old = heard->app;
    if (strcmp(heard->app, h->rollout->app) == 0) {
        row->had = true;
        there(h);
    } else if (strcmp(heard->staged, h->rollout->app) == 0) {
        row_reached(row, STEP_STAGED, h->now);
    } else if (heard->exit_status == 0 && heard->have >= 0) {
        if (heard->have > row->best) /* more came through: it goes on */
            row->attempts = 0;
        row->have = row->best = heard->have;
        row->wait = WAIT_NOTHING;
        row->due = h->now;
    } else {
        refused(h, said(h));
    }
}

static void heard_send(struct hearing *h)
{
    if (strcmp(h->heard->staged, h->rollout->app) == 0)
        row_reached(h->row, STEP_STAGED, h->now);
    else
        refused(h, said(h));
}

static void heard_sale(struct hearing *h)
{
    struct rollout_row *row = h->row;
    if (h->heard->exit_status != 0) {
        refused(h, said(h));
        return;
    }
    row->clear = !h->heard->sale;
    row->wait = h->heard->sale ? WAIT_SALE : WAIT_NOTHING;
    row->due = h->heard->sale ? h->now + SALE_S : h->now;
}

static void heard_switch(struct hearing *h)
{
    struct rollout_row *row = h->row;
    const char *goal = row->goes_back ? row->old : h->rollout->app;
    if (h->heard->exit_status == 0 && strcmp(h->heard->app, goal) == 0) {
        row_reached(row, STEP_PROVING, h->now);
        return;
    }
    switch (h->heard->exit_status) {
    case DEVICE_SALE: /* one began just then */
        row_step(row, STEP_STAGED, h->now);
        row->wait = WAIT_SALE;
        row->due = h->now + SALE_S;
        return;
    case DEVICE_UNDER_WAY: /* perhaps our own, sent before */
        row_step(row, STEP_PROVING, h->now);
        return;
    default: /* a look says whether it changed anything */
        row_wait(h, WAIT_REFUSED, said(h));
        row->due = h->now;
    }
}

static void heard_look(struct hearing *h)
{
    struct rollout_row *row = h->row;
    bool good = h->heard->exit_status == 0 && *h->heard->app;
    if (!good) {
        row_wait(h, WAIT_REFUSED, said(h));
    } else if (row->step == STEP_OK && !*h->heard->trial &&
               strcmp(h->heard->app, h->rollout->app) == 0) {
        row->looked = h->now;
        row->attempts = 0;
        row->wait = WAIT_NOTHING;
        row->reason = "";
    } else {
        judged(h, h->heard->trial);
    }
}

/* The device asks the new version itself whether it is well before it keeps it. */
static void heard_confirm(struct hearing *h)
{
    struct rollout_row *row = h->row;
    if (h->heard->exit_status == 0 && *h->heard->app) {
        judged(h, "");
    } else if (h->heard->exit_status == DEVICE_UNFIT && !row->goes_back) {
        row_reached(row, STEP_UNDOING, h->now);
        row->fault = true;
        row->reason = said(h);
    } else {
        row_wait(h, WAIT_REFUSED, said(h));
    }
}

static void heard_undo(struct hearing *h)
{
    if (h->heard->exit_status == 0 && *h->heard->app) {
        judged(h, "");
        return;
    }
    row_wait(h, WAIT_REFUSED, h->row->fault ? h->row->reason : said(h));
}

static void (*const hearers[ROLLOUT_COMMANDS])(struct hearing *) = {
    [COMMAND_PROBE] = heard_probe,   [COMMAND_SEND] = heard_send, [COMMAND_SALE] = heard_sale,
    [COMMAND_SWITCH] = heard_switch, [COMMAND_LOOK] = heard_look, [COMMAND_CONFIRM] = heard_confirm,
    [COMMAND_UNDO] = heard_undo,
};

void rollout_hear(const struct rollout *rollout, struct rollout_row *row,
                  const struct rollout_heard *heard, int64_t now, struct arena *arena)
{
    struct hearing h = {rollout, row, heard, now, arena};
    row->under_way = row->clear = row->inherited = false;
    row->changed = true;
    if (heard->state == DEVICE_OK && *heard->app)
        row->app = heard->app;
    if (heard->state != DEVICE_OK)
        unheard(&h);
    else if (heard->exit_status == DEVICE_NO_SCRIPT && row->step < STEP_SWITCHING)
        row_settle(row, STEP_FAILED, "atrium-device is not there: `atrium device install`", now);
    else if (hearers[heard->command])
        hearers[heard->command](&h);
}
