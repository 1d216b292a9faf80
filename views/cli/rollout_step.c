#include "views/cli/rollout_step.h"

#include "model/base/time.h"
#include "model/fleet/rollout_crew.h"
#include "views/config.h"

#include <stdlib.h>

/* How long one round may wait for devices before the other steps have their turn; and at the end of
 * the engine for what is under way. */
enum { ROUND_MS = 2000, WAIT_MS = 100, END_MS = 20000 };

struct rollout_step_state {
    struct config config; /* with the keys */
    struct rollout_crew *crew;
};

/* Who is held up by another process comes back later. */
static void told(void *context, const char *code, enum rollout_driving driving,
                 const struct rollout_driver *driver, const struct rollout_turn *turn,
                 const char *text)
{
    struct engine *engine = context;
    (void)code;
    (void)driver;
    (void)turn;
    if (driving == DRIVING_FAILED)
        engine_log(engine, "roll-outs: %s", text);
}

enum status rollouts_begin(struct engine *engine, struct error *err)
{
    struct rollout_step_state *state = engine->rollouts = mem_zero(1, sizeof *state);
    enum status status = config_read(&state->config, err);
    if (status != ST_OK)
        return status;
    struct rollout_crew_options options = {.writer = engine->writer,
                                           .reader = engine->reader,
                                           .access = access_engine(),
                                           .fleet = {.identity = state->config.identity,
                                                     .identities = state->config.identities,
                                                     .n_identities = state->config.n_identities},
                                           .told = told,
                                           .context = engine};
    state->crew = rollout_crew_new(&options);
    return ST_OK;
}

enum status rollouts_run(struct engine *engine, json_t *report, struct error *err)
{
    struct rollout_step_state *state = engine->rollouts;
    struct rollout_crew_turn turn;
    int64_t until = time_monotonic_ns() + ROUND_MS * INT64_C(1000000);
    size_t did, held;
    enum status status = rollout_crew_turn(state->crew, &turn, err);
    did = turn.did;
    held = turn.held;
    while (status == ST_OK && turn.drivers && (turn.under_way || turn.next <= time_now()) &&
           time_monotonic_ns() < until && !atomic_load(engine->stop)) {
        if (turn.under_way)
            rollout_crew_wait(state->crew, WAIT_MS);
        status = rollout_crew_turn(state->crew, &turn, err);
        did += turn.did;
        held += turn.held;
    }
    engine->busy = engine->busy || turn.under_way;
    if (turn.next < engine->next)
        engine->next = turn.next;
    json_object_set_new(report, "driven", json_integer((json_int_t)turn.drivers));
    json_object_set_new(report, "steps", json_integer((json_int_t)did));
    json_object_set_new(report, "held", json_integer((json_int_t)held));
    json_object_set_new(report, "under_way", json_integer((json_int_t)turn.under_way));
    return status;
}

/* What is under way is finished and written down. */
void rollouts_end(struct engine *engine)
{
    struct rollout_step_state *state = engine->rollouts;
    if (!state)
        return;
    rollout_crew_end(state->crew, END_MS);
    config_free(&state->config);
    free(state);
    engine->rollouts = NULL;
}
