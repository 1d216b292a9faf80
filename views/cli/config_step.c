#include "views/cli/config_step.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/act.h"
#include "model/fleet/config.h"
#include "model/fleet/status.h"
#include "views/config.h"

#include <poll.h>
#include <stdlib.h>

/* From one look at those that wait to the next; how long one round may wait for devices before the
 * other steps have their turn; and at the end of the engine for what is under way. */
enum { ASK_S = 30, ROUND_MS = 2000, WAIT_MS = 100, END_MS = 10000, SECOND_NS = 1000000000 };

static const char act[] = "config", detail[] = "the desired configuration";

struct config_step_state {
    struct config config;       /* with the keys */
    struct fleet_engine *fleet; /* NULL: nobody waited yet */
    struct arena *arena;        /* of what is under way */
    struct device *asked;
    struct fleet_work *work;   /* they are asked how they are; NULL: they are not */
    struct transfer *transfer; /* those that answered get theirs; NULL: none do */
    int64_t due;               /* monotonic ns: the next look */
    int64_t applied, failed;   /* since the last report */
};

enum status configs_begin(struct engine *engine, struct error *err)
{
    engine->configs = mem_zero(1, sizeof *engine->configs);
    engine->configs->arena = arena_new();
    return config_read(&engine->configs->config, err);
}

static bool under_way(const struct config_step_state *state)
{
    return state->work || state->transfer;
}

static void look_end(struct config_step_state *state)
{
    fleet_work_free(state->work);
    transfer_free(state->transfer);
    state->work = NULL;
    state->transfer = NULL;
    arena_reset(state->arena);
    state->due = time_monotonic_ns() + ASK_S * (int64_t)SECOND_NS;
}

/* ---- Asking who is back ---- */

static enum status fleet_open(struct config_step_state *state, struct error *err)
{
    struct fleet_options options = {.identity = state->config.identity,
                                    .identities = state->config.identities,
                                    .n_identities = state->config.n_identities};
    return state->fleet ? ST_OK : fleet_new(&options, &state->fleet, err);
}

static enum status waiting_read(struct engine *engine, bool answering,
                                struct config_waiting *waiting, struct error *err)
{
    struct arena *arena = engine->configs->arena;
    struct access access = access_engine();
    const struct device *devices;
    const struct config_set *set;
    size_t n;
    *waiting = (struct config_waiting){0};
    enum status status = device_list(engine->reader, &access, arena, NULL, &devices, &n, err);
    if (status == ST_OK)
        status = config_set_read(engine->reader, &access, arena, &set, err);
    if (status == ST_OK)
        *waiting = config_waiting_of(arena, set, devices, n, answering);
    return status;
}

static enum status waiting_ask(struct engine *engine, struct error *err)
{
    struct config_step_state *state = engine->configs;
    struct config_waiting waiting;
    enum status status = waiting_read(engine, false, &waiting, err);
    if (status == ST_OK && waiting.n)
        status = fleet_open(state, err);
    if (status != ST_OK || !waiting.n) {
        look_end(state);
        return status;
    }
    state->asked = arena_array(state->arena, struct device, waiting.n);
    for (size_t i = 0; i < waiting.n; i++)
        state->asked[i] = waiting.devices[i];
    state->work = fleet_work_begin(state->fleet, state->asked, waiting.n,
                                   &(struct fleet_work_options){.verb = "status"});
    return ST_OK;
}

/* What they said of themselves, as the Fleet screen keeps it. */
static enum status sights_keep(struct engine *engine, const char *actor, struct error *err)
{
    struct config_step_state *state = engine->configs;
    size_t n;
    const struct fleet_result *results = fleet_work_results(state->work, &n);
    struct device_sight *sights = arena_array(state->arena, struct device_sight, n);
    for (size_t i = 0; i < n; i++) {
        int64_t began = device_now_ms() - results[i].job.total_ns / 1000000;
        device_sight_of(&results[i], state->arena, began, &sights[i]);
    }
    return device_sights_keep(engine->writer, actor, sights, n, err);
}

/* ---- Bringing it ---- */

/* Those of the ones asked that answered: who was not asked just now waits for the next look. */
static void answered_only(const struct config_step_state *state, struct arena *arena,
                          struct config_waiting *waiting)
{
    size_t n, kept = 0;
    const struct fleet_result *results = fleet_work_results(state->work, &n);
    struct device *devices = arena_array(arena, struct device, waiting->n + 1);
    struct transfer_text *texts = arena_array(arena, struct transfer_text, waiting->n + 1);
    for (size_t i = 0; i < waiting->n; i++)
        for (size_t k = 0; k < n; k++)
            if (results[k].device->id == waiting->devices[i].id &&
                results[k].job.state == DEVICE_OK) {
                devices[kept] = waiting->devices[i];
                texts[kept++] = waiting->texts[i];
            }
    *waiting = (struct config_waiting){devices, texts, kept};
}

/* The audit has it before the first of them hears of it. */
static enum status answered_apply(struct engine *engine, struct error *err)
{
    struct config_step_state *state = engine->configs;
    struct access access = access_engine();
    struct config_waiting waiting = {0};
    enum status status = sights_keep(engine, access.principal, err);
    if (status == ST_OK)
        status = waiting_read(engine, true, &waiting, err);
    if (status == ST_OK)
        answered_only(state, state->arena, &waiting);
    fleet_work_free(state->work);
    state->work = NULL;
    if (status == ST_OK && waiting.n)
        status = device_act_announce(engine->writer, access.principal, act, detail, waiting.n, err);
    if (status == ST_OK && waiting.n)
        status = transfer_begin(
            state->fleet, waiting.devices, waiting.n,
            &(struct transfer_options){.kind = TRANSFER_CONFIG, .texts = waiting.texts},
            &state->transfer, err);
    if (status != ST_OK || !waiting.n)
        look_end(state);
    return status;
}

/* Who does not answer after all keeps the time that it had. */
static enum status applied_keep(struct engine *engine, struct error *err)
{
    struct config_step_state *state = engine->configs;
    struct access access = access_engine();
    size_t n;
    const struct transfer_result *results = transfer_results(state->transfer, &n);
    for (size_t i = 0; i < n; i++) {
        bool ok = results[i].finished && results[i].job.state == DEVICE_OK;
        state->applied += ok;
        state->failed += !ok;
        if (!ok)
            engine_log(engine, "configuration of %s: %s", results[i].device->code,
                       results[i].job.reason);
    }
    enum status status = config_applied_keep(engine->writer, access.principal, results, n, 0, err);
    look_end(state);
    return status;
}

/* ---- The step ---- */

/* Whether something goes on at once. */
static enum status go_on(struct engine *engine, struct error *err)
{
    struct config_step_state *state = engine->configs;
    fleet_collect(state->fleet);
    if (state->transfer)
        transfer_step(state->transfer);
    if (state->work && !fleet_work_left(state->work))
        return answered_apply(engine, err);
    if (state->transfer && !transfer_left(state->transfer))
        return applied_keep(engine, err);
    struct pollfd fds[] = {
        {.fd = fleet_fd(state->fleet), .events = POLLIN},
        {.fd = state->transfer ? transfer_fd(state->transfer) : -1, .events = POLLIN}};
    poll(fds, 2, WAIT_MS);
    return ST_OK;
}

static enum status queue_count(struct engine *engine, int64_t *queued, struct error *err)
{
    char sql[100];
    snprintf(sql, sizeof sql, "select count(*) from config_queue where expires > %lld",
             (long long)time_now());
    return reader_integer(engine->reader, sql, 0, queued, err);
}

enum status configs_run(struct engine *engine, json_t *report, struct error *err)
{
    struct config_step_state *state = engine->configs;
    int64_t queued = 0, until = time_monotonic_ns() + ROUND_MS * INT64_C(1000000);
    struct error own = {0};
    enum status status = queue_count(engine, &queued, err);
    if (status != ST_OK)
        return status;
    if (queued && !under_way(state) && time_monotonic_ns() >= state->due)
        status = waiting_ask(engine, &own);
    while (status == ST_OK && under_way(state) && !atomic_load(engine->stop) &&
           (engine->once || time_monotonic_ns() < until))
        status = go_on(engine, &own);
    /* A key that cannot be read stops no campaign. */
    if (status != ST_OK)
        engine_log(engine, "configurations: %s", error_text(&own));
    error_clear(&own);
    engine->busy = engine->busy || under_way(state);
    int64_t next = time_now() + ASK_S;
    if (queued && next < engine->next)
        engine->next = next;
    json_object_set_new(report, "waiting", json_integer(queued));
    json_object_set_new(report, "applied", json_integer(state->applied));
    json_object_set_new(report, "failed", json_integer(state->failed));
    state->applied = state->failed = 0;
    return ST_OK;
}

/* What is being brought is finished and written down. */
void configs_end(struct engine *engine)
{
    struct config_step_state *state = engine->configs;
    struct error own = {0};
    if (!state)
        return;
    int64_t until = time_monotonic_ns() + END_MS * INT64_C(1000000);
    while (state->transfer && time_monotonic_ns() < until && go_on(engine, &own) == ST_OK)
        ;
    if (state->transfer)
        transfer_cancel(state->transfer);
    while (state->transfer && transfer_left(state->transfer) && go_on(engine, &own) == ST_OK)
        ;
    if (state->transfer)
        applied_keep(engine, &own);
    error_clear(&own);
    fleet_free(state->fleet);
    fleet_work_free(state->work);
    config_free(&state->config);
    arena_free(state->arena);
    free(state);
    engine->configs = NULL;
}
