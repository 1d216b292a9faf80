#include "views/cli/rollout_step.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/rollout_drive.h"
#include "views/config.h"

#include <stdlib.h>
#include <string.h>

/* How long one round may wait for devices before the other steps have their turn; and at the end of
 * the engine for what is under way. */
enum { ROUND_MS = 2000, WAIT_MS = 100, END_MS = 20000 };

struct rollout_step_state {
    struct fleet_engine *fleet; /* NULL: nothing was to be driven yet */
    VEC(struct rollout_driver *) drivers;
    VEC(char *) codes;
};

enum status rollouts_begin(struct engine *engine, struct error *err)
{
    (void)err;
    engine->rollouts = mem_zero(1, sizeof *engine->rollouts);
    return ST_OK;
}

static void driver_drop(struct rollout_step_state *state, size_t i)
{
    rollout_driver_close(state->drivers.at[i]);
    free(state->codes.at[i]);
    state->drivers.at[i] = state->drivers.at[--state->drivers.n];
    state->codes.at[i] = state->codes.at[--state->codes.n];
}

static enum status fleet_open(struct rollout_step_state *state, struct error *err)
{
    struct config config = {0};
    if (state->fleet)
        return ST_OK;
    enum status status = config_read(&config, err);
    if (status == ST_OK) {
        struct fleet_options options = {.identity = config.identity};
        status = fleet_new(&options, &state->fleet, err);
    }
    config_free(&config);
    return status;
}

static bool is_driven(const struct rollout_step_state *state, const char *code)
{
    for (size_t i = 0; i < state->codes.n; i++)
        if (strcmp(state->codes.at[i], code) == 0)
            return true;
    return false;
}

/* A driver for each that has none. */
static enum status drivers_open(struct engine *engine, struct error *err)
{
    struct rollout_step_state *state = engine->rollouts;
    struct access access = access_engine();
    struct arena *arena = arena_new();
    const char *const *codes;
    size_t n;
    enum status status = rollouts_open(engine->reader, arena, &codes, &n, err);
    if (engine->mall->replica) /* the hub's engine drives them */
        n = 0;
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct rollout_driver *driver;
        if (is_driven(state, codes[i]))
            continue;
        if ((status = fleet_open(state, err)) != ST_OK)
            break;
        struct rollout_drive_options options = {.engine = state->fleet};
        status = rollout_driver_open(engine->writer, engine->reader, &access, codes[i], &options,
                                     &driver, err);
        if (status != ST_OK)
            break;
        vec_push(&state->drivers, driver);
        vec_push(&state->codes, mem_strdup(codes[i]));
    }
    arena_free(arena);
    return status;
}

struct turns {
    int64_t under_way, did, held, next; /* held: driven by another process */
};

/* One turn of each. Who is held up by another process comes back later. */
static void turns_run(struct engine *engine, struct turns *turns)
{
    struct rollout_step_state *state = engine->rollouts;
    turns->under_way = 0;
    for (size_t i = state->drivers.n; i-- > 0;) {
        struct rollout_turn turn;
        struct error own = {0};
        enum status status = rollout_driver_turn(state->drivers.at[i], &turn, &own);
        if (status != ST_OK) {
            turns->held += status == ST_CONFLICT;
            if (status != ST_CONFLICT)
                engine_log(engine, "roll-outs: %s", error_text(&own));
            error_clear(&own);
            driver_drop(state, i);
            continue;
        }
        turns->under_way += (int64_t)turn.under_way;
        turns->did += turn.did;
        if (turn.over)
            driver_drop(state, i);
        else if (turn.next < turns->next)
            turns->next = turn.next;
    }
}

enum status rollouts_run(struct engine *engine, json_t *report, struct error *err)
{
    struct rollout_step_state *state = engine->rollouts;
    struct turns turns = {.next = INT64_MAX};
    int64_t until = time_monotonic_ns() + ROUND_MS * INT64_C(1000000);
    struct error own = {0};
    (void)err;
    /* A key that cannot be read stops no campaign. */
    if (drivers_open(engine, &own) != ST_OK)
        engine_log(engine, "roll-outs: %s", error_text(&own));
    error_clear(&own);
    turns_run(engine, &turns);
    while ((turns.under_way || turns.next <= time_now()) && time_monotonic_ns() < until &&
           !atomic_load(engine->stop)) {
        if (turns.under_way)
            fleet_wait(state->fleet, WAIT_MS);
        turns.next = INT64_MAX;
        turns_run(engine, &turns);
    }
    engine->busy = engine->busy || turns.under_way;
    if (turns.next < engine->next)
        engine->next = turns.next;
    json_object_set_new(report, "driven", json_integer((json_int_t)state->drivers.n));
    json_object_set_new(report, "steps", json_integer(turns.did));
    json_object_set_new(report, "held", json_integer(turns.held));
    json_object_set_new(report, "under_way", json_integer(turns.under_way));
    return ST_OK;
}

/* What is under way is finished and written down. */
void rollouts_end(struct engine *engine)
{
    struct rollout_step_state *state = engine->rollouts;
    struct turns turns = {.under_way = 1};
    if (!state)
        return;
    int64_t until = time_monotonic_ns() + END_MS * INT64_C(1000000);
    for (size_t i = 0; i < state->drivers.n; i++)
        rollout_driver_halt(state->drivers.at[i]);
    while (state->drivers.n && turns.under_way && time_monotonic_ns() < until) {
        turns_run(engine, &turns);
        if (turns.under_way)
            fleet_wait(state->fleet, WAIT_MS);
    }
    while (state->drivers.n)
        driver_drop(state, 0);
    fleet_free(state->fleet);
    vec_free(&state->drivers);
    vec_free(&state->codes);
    free(state);
    engine->rollouts = NULL;
}
