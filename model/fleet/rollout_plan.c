/* What a roll-out does next. Pure. */
#include "model/fleet/rollout_plan.h"

#include "model/base/text.h"
#include "model/fleet/rollout_parts.h"

#include <string.h>

bool rollout_limit(const char *text, size_t size, size_t *limit)
{
    size_t n = strlen(text);
    bool percent = n && text[n - 1] == '%';
    int64_t number;
    if (!text_to_int64(text, percent ? n - 1 : n, &number) || number < 1 ||
        number > (percent ? 100 : 1000000))
        return false;
    *limit = percent ? size * (size_t)number / 100 : (size_t)number;
    *limit = *limit ? *limit : 1;
    return true;
}

/* ---- Waves ---- */

/* It is being switched, or will be before anything else is decided. */
static bool in_flight(const struct rollout_row *row)
{
    if (row->goes_back || row->fault)
        return false;
    return step_in_flight(row->step) ||
           (row->step == STEP_STAGED && (row->clear || (row->under_way)));
}

/* The wave waits for it before it is through; not for what nobody can reach or what sells. */
static bool holds(const struct rollout_row *row)
{
    return !step_settled(row->step) && !row->fault && row->wait != WAIT_OFFLINE &&
           row->wait != WAIT_SALE;
}

int rollout_waves(const struct rollout *rollout, const struct rollout_row *rows, size_t n,
                  struct rollout_wave waves[ROLLOUT_WAVES])
{
    int count = 0;
    bool held[ROLLOUT_WAVES] = {0};
    memset(waves, 0, ROLLOUT_WAVES * sizeof *waves);
    for (size_t i = 0; i < n; i++) {
        const struct rollout_row *row = &rows[i];
        if (row->wave < 0 || row->wave >= ROLLOUT_WAVES)
            continue;
        struct rollout_wave *wave = &waves[row->wave];
        count = row->wave >= count ? row->wave + 1 : count;
        wave->size++;
        wave->ok += row->step == STEP_OK;
        wave->faults += row->fault;
        wave->flight += in_flight(row);
        wave->open += !step_settled(row->step);
        wave->offline += row->step < STEP_SWITCHING && row->wait == WAIT_OFFLINE;
        wave->unknown += strcmp(rollout_row_word(row), "unknown") == 0;
        held[row->wave] = held[row->wave] || holds(row);
    }
    for (int i = 0; i < count; i++) {
        if (!rollout_limit(rollout->threshold, waves[i].size, &waves[i].limit))
            waves[i].limit = 1;
        waves[i].need = (waves[i].size * (size_t)rollout->coverage + 99) / 100;
        waves[i].through = waves[i].ok >= waves[i].need && !waves[i].flight && !held[i];
    }
    return count;
}

/* ---- Time ---- */

struct deciding {
    const struct rollout *rollout;
    struct rollout_row *rows;
    size_t n;
    int64_t now;
    struct arena *arena;
    enum rollout_command *commands;
    struct rollout_plan *plan;
    struct rollout_wave waves[ROLLOUT_WAVES];
    int n_waves;
    bool window;
    size_t stagings;
};

static void settle(struct rollout_row *row, enum rollout_step step, const char *reason, int64_t now)
{
    row_step(row, step, now);
    if (reason)
        row->reason = reason;
}

/* What silence and waiting come to. */
static void row_time(const struct deciding *d, struct rollout_row *row)
{
    const struct rollout *r = d->rollout;
    int64_t told = row->switched + r->trial + GRACE_S;
    if (row->under_way || step_settled(row->step))
        return;
    if (step_in_flight(row->step)) {
        if (row->wait && !row->goes_back && !row->fault && d->now >= told)
            row->fault = row->changed = true;
        if (row->wait && d->now >= told + r->expires)
            settle(row, STEP_UNKNOWN, NULL, d->now);
    } else if (row->goes_back && row->attempts && d->now >= told + r->expires) {
        settle(row, STEP_FAILED, "it could not be brought back", d->now);
    } else if (!row->goes_back && row->wait == WAIT_OFFLINE && r->started &&
               d->now >= r->started + r->expires) {
        settle(row, STEP_EXPIRED, NULL, d->now);
    }
}

/* What is not begun stays as it is. */
static void row_skip(const struct deciding *d, struct rollout_row *row)
{
    if (row->step <= STEP_STAGED && !row->goes_back && !row->under_way)
        settle(row, STEP_SKIPPED, NULL, d->now);
}

static void row_send_back(const struct deciding *d, struct rollout_row *row)
{
    row->goes_back = true;
    row->switched = d->now;
    row->attempts = 0;
    row_step(row, STEP_PROVING, d->now);
}

/* Where it has ended, what is on trial goes back; where it returns, all that have it do. */
static void row_close(const struct deciding *d, struct rollout_row *row, bool all)
{
    row_skip(d, row);
    if (row->goes_back || row->under_way)
        return;
    if (step_in_flight(row->step) ||
        (all && !row->had && (row->step == STEP_OK || row->step == STEP_UNKNOWN)))
        row_send_back(d, row);
}

/* ---- The roll-out ---- */

static void move(struct deciding *d, enum rollout_verb verb, const char *why)
{
    d->plan->move = verb;
    d->plan->why = why;
}

static const char *wave_text(const struct deciding *d, int wave)
{
    if (wave == 0 && d->rollout->canary > 0)
        return "canary";
    return arena_printf(d->arena, "wave %d", wave + (d->rollout->canary > 0 ? 0 : 1));
}

/* Whether it must stop; true: it is decided. */
static bool stops(struct deciding *d)
{
    enum rollout_verb verb = d->rollout->back ? ROLLOUT_RETURN : ROLLOUT_STOP;
    for (int i = 0; i < d->n_waves; i++) {
        const struct rollout_wave *wave = &d->waves[i];
        if (wave->faults >= wave->limit)
            move(d, verb,
                 arena_printf(d->arena, "%s: %zu of %zu failed, the limit is %zu", wave_text(d, i),
                              wave->faults, wave->size, wave->limit));
        else if (i <= d->rollout->wave && !wave->flight && wave->ok + wave->open < wave->need)
            move(d, verb,
                 arena_printf(d->arena, "%s: %zu of %zu came through, %zu are needed",
                              wave_text(d, i), wave->ok, wave->size, wave->need));
        if (d->plan->move != ROLLOUT_VERBS)
            return true;
    }
    return false;
}

/* Every device that has it was seen to run it after the soak. */
static bool soaked(const struct deciding *d, int64_t until)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct rollout_row *row = &d->rows[i];
        if (row->wave <= d->plan->wave && row->step == STEP_OK && row->looked < until)
            return false;
    }
    return true;
}

static void soak_end(struct deciding *d)
{
    int64_t until = d->plan->soaking + d->rollout->soak;
    if (d->now < until) {
        d->plan->next = until < d->plan->next ? until : d->plan->next;
        return;
    }
    if (d->waves[d->plan->wave].flight || (d->rollout->soak && !soaked(d, until)))
        return;
    if (d->plan->wave + 1 < d->n_waves) {
        d->plan->wave++;
        d->plan->soaking = 0;
        return;
    }
    for (int i = 0; i < d->n_waves; i++)
        if (d->waves[i].open)
            return; /* offline ones may still come */
    move(d, ROLLOUT_FINISH, NULL);
}

static void wave_decide(struct deciding *d)
{
    if (!d->n_waves || stops(d))
        return;
    if (!d->plan->soaking && d->plan->wave < d->n_waves && d->waves[d->plan->wave].through)
        d->plan->soaking = d->now;
    if (d->plan->soaking)
        soak_end(d);
}

static void returns_decide(struct deciding *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (!step_settled(d->rows[i].step))
            return;
    move(d, ROLLOUT_ARRIVE, NULL);
}

/* ---- Each device ---- */

static bool has_room(const struct deciding *d, const struct rollout_row *row)
{
    const struct rollout_wave *wave = &d->waves[row->wave];
    return row->wave <= d->plan->wave && d->window && wave->faults + wave->flight < wave->limit;
}

static enum rollout_command switch_decide(struct deciding *d, struct rollout_row *row)
{
    bool asked = row->clear, clear = asked && row->due == d->now; /* just now, not a while ago */
    row->clear = false;
    if (!row->goes_back) {
        /* It was in flight already while it was asked. */
        if (asked)
            d->waves[row->wave].flight--;
        if (d->rollout->state != ROLLOUT_RUNNING || !has_room(d, row))
            return COMMAND_NONE;
        d->waves[row->wave].flight++;
    }
    if (!clear)
        return COMMAND_SALE;
    row_step(row, STEP_SWITCHING, d->now);
    row->switched = d->now;
    return COMMAND_SWITCH;
}

static enum rollout_command staging_decide(struct deciding *d, struct rollout_row *row)
{
    if (d->rollout->state != ROLLOUT_RUNNING || d->stagings >= STAGINGS)
        return COMMAND_NONE;
    d->stagings++;
    if (row->step == STEP_WAITING) {
        enum rollout_wait wait = row->wait;
        row_step(row, STEP_STAGING, d->now);
        row->wait = wait;
    }
    return row->have < 0 ? COMMAND_PROBE : COMMAND_SEND;
}

static bool soak_look(const struct deciding *d, const struct rollout_row *row)
{
    int64_t until = d->plan->soaking + d->rollout->soak;
    return d->rollout->state == ROLLOUT_RUNNING && d->plan->soaking && d->rollout->soak &&
           d->now >= until && row->wave <= d->plan->wave && row->looked < until;
}

static enum rollout_command row_decide(struct deciding *d, struct rollout_row *row)
{
    switch (row->step) {
    case STEP_WAITING:
    case STEP_STAGING:
        return staging_decide(d, row);
    case STEP_STAGED:
        return switch_decide(d, row);
    case STEP_SWITCHING:
    case STEP_PROVING:
        return COMMAND_LOOK;
    /* What may have been heard or not is asked first. */
    case STEP_CONFIRMING:
        return row->wait || row->inherited ? COMMAND_LOOK : COMMAND_CONFIRM;
    case STEP_UNDOING:
        return row->wait || row->inherited ? COMMAND_LOOK : COMMAND_UNDO;
    case STEP_OK:
        return soak_look(d, row) ? COMMAND_LOOK : COMMAND_NONE;
    default:
        return COMMAND_NONE;
    }
}

/* When there is something to do with a row that has nothing to do now. */
static int64_t row_next(const struct deciding *d, const struct rollout_row *row)
{
    const struct rollout *r = d->rollout;
    int64_t told = row->switched + r->trial + GRACE_S;
    if (row->step == STEP_OK)
        return soak_look(d, row) && row->due > d->now ? row->due : INT64_MAX;
    if (step_settled(row->step))
        return INT64_MAX;
    if (row->due > d->now)
        return row->due;
    return step_in_flight(row->step) && told > d->now ? told : INT64_MAX;
}

static void rows_decide(struct deciding *d)
{
    struct rollout_plan *plan = d->plan;
    for (size_t i = 0; i < d->n; i++) {
        struct rollout_row *row = &d->rows[i];
        bool may = !d->rollout->ending || step_in_flight(row->step);
        if (!row->under_way && row->due <= d->now && plan->move == ROLLOUT_VERBS && may)
            d->commands[i] = row_decide(d, row);
        row->under_way = row->under_way || d->commands[i] != COMMAND_NONE;
        plan->under_way += row->under_way;
        plan->open += !step_settled(row->step);
        plan->flight += step_in_flight(row->step) && !row->fault;
        int64_t next = row->under_way || !may ? INT64_MAX : row_next(d, row);
        plan->next = next < plan->next ? next : plan->next;
    }
}

void rollout_decide(const struct rollout *rollout, const struct clock *clock,
                    struct rollout_row *rows, size_t n, int64_t now, struct arena *arena,
                    enum rollout_command *commands, struct rollout_plan *plan)
{
    struct deciding d = {.rollout = rollout, .rows = rows, .n = n, .now = now, .arena = arena};
    int64_t turn = INT64_MAX;
    d.commands = commands;
    d.plan = plan;
    *plan = (struct rollout_plan){.move = ROLLOUT_VERBS,
                                  .wave = rollout->wave,
                                  .soaking = rollout->soaking,
                                  .next = INT64_MAX};
    d.window = rollout_window_open(rollout, clock, now, &turn);
    bool closes = rollout->state == ROLLOUT_STOPPED || rollout->state == ROLLOUT_CANCELLED ||
                  rollout->state == ROLLOUT_RETURNING;
    for (size_t i = 0; i < n; i++) {
        commands[i] = COMMAND_NONE;
        row_time(&d, &rows[i]);
        if (closes)
            row_close(&d, &rows[i], rollout->state == ROLLOUT_RETURNING && !rollout->ending);
        d.stagings += rows[i].under_way && rows[i].step == STEP_STAGING;
    }
    d.n_waves = rollout_waves(rollout, rows, n, d.waves);
    if (rollout->state == ROLLOUT_RUNNING && !rollout->ending)
        wave_decide(&d);
    else if (rollout->state == ROLLOUT_RETURNING && !rollout->ending)
        returns_decide(&d);
    rows_decide(&d);
    if (rollout->state == ROLLOUT_RUNNING && !d.window && turn < plan->next)
        plan->next = turn;
    if (plan->move != ROLLOUT_VERBS || plan->wave != rollout->wave)
        plan->next = now;
}
