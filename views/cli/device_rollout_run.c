/* atrium device rollout run: drives roll-outs until they are over or nothing can be done now. */
#include "views/cli/device_rollout.h"

#include "model/base/time.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 200, PAUSE_MS = 1000, SOON_S = 1 };

struct driving {
    struct rollout_driver *driver; /* NULL: it could not be driven */
    const char *code, *problem;
    struct rollout_turn turn; /* the last that took place */
    bool begun;               /* one did */
    bool ended;               /* over, or nothing to do now */
};

struct run {
    struct device_request *request;
    struct fleet_engine *engine;
    struct driving *drivings;
    size_t n;
    bool stays; /* --wait */
    bool halted;
};

static void driving_fail(struct run *run, struct driving *driving, struct error *own)
{
    driving->problem = arena_strdup(run->request->cli->arena, error_text(own));
    driving->ended = true;
    error_clear(own);
}

static void driving_turn(struct run *run, struct driving *driving)
{
    struct error own = {0};
    struct rollout_turn *turn = &driving->turn, now;
    enum status status = rollout_driver_turn(driving->driver, &now, &own);
    if (status == ST_CONFLICT && !now.held && (run->stays || driving->begun)) {
        /* The file is somebody's for a moment: what devices do meanwhile is heard later. */
        turn->next = time_now() + SOON_S;
        error_clear(&own);
        return;
    }
    *turn = now;
    if (status != ST_OK) {
        driving_fail(run, driving, &own);
        return;
    }
    driving->begun = true;
    bool waits = turn->next > time_now(), later = waits && !turn->flight;
    bool left = run->halted && (waits || !turn->flight); /* who does not answer is not waited for */
    driving->ended = !turn->under_way && (turn->over || left || (later && !run->stays));
}

static void halt(struct run *run)
{
    run->halted = true;
    for (size_t i = 0; i < run->n; i++)
        if (run->drivings[i].driver)
            rollout_driver_halt(run->drivings[i].driver);
}

/* A round over all; false when all have ended. */
static bool round_run(struct run *run)
{
    size_t left = 0, under_way = 0;
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < run->n; i++) {
        struct driving *driving = &run->drivings[i];
        if (driving->ended)
            continue;
        driving_turn(run, driving);
        left += !driving->ended;
        under_way += driving->ended ? 0 : driving->turn.under_way;
        next = driving->turn.next < next ? driving->turn.next : next;
    }
    if (under_way)
        fleet_wait(run->engine, WAIT_MS);
    else if (left && next > time_now())
        poll(NULL, 0, PAUSE_MS);
    return left > 0;
}

static enum status drivers_open(struct run *run, const char *code, struct error *err)
{
    struct device_request *request = run->request;
    struct rollout_drive_options options = {.engine = run->engine};
    const char *const *codes = &code;
    struct writer *writer;
    size_t n = 1;
    enum status status = cli_writer(request->cli, &writer, err);
    if (status == ST_OK && !code)
        status = rollouts_open(request->reader, request->cli->arena, &codes, &n, err);
    if (status != ST_OK)
        return status;
    run->drivings = arena_array(request->cli->arena, struct driving, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct driving *driving = &run->drivings[run->n++];
        driving->code = codes[i];
        status = rollout_driver_open(writer, request->reader, &request->access, codes[i], &options,
                                     &driving->driver, err);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static enum status result_print(struct run *run, struct error *err)
{
    struct cli *cli = run->request->cli;
    json_t *all = json_array();
    enum status status = ST_OK;
    for (size_t i = 0; i < run->n && status == ST_OK; i++) {
        const struct driving *driving = &run->drivings[i];
        json_t *document;
        status = rollout_json(run->request, driving->code, true, &document, err);
        if (status != ST_OK)
            break;
        const char *next = driving->turn.next == INT64_MAX || driving->turn.over
                               ? NULL
                               : time_rfc3339(cli->arena, cli->mall->zone, driving->turn.next);
        json_object_set_new(document, "next", next ? json_string(next) : json_null());
        json_object_set_new(document, "problem",
                            driving->problem ? json_string(driving->problem) : json_null());
        if (!cli->json)
            cli_say(cli, "%s is %s%s%s%s%s", driving->code,
                    json_string_value(json_object_get(document, "state")), next ? ", next at " : "",
                    next ? next : "", driving->problem ? ": " : "",
                    driving->problem ? driving->problem : "");
        json_array_append_new(all, document);
    }
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:o}", "rollouts", all), err);
    json_decref(all);
    return status;
}

/* 5 where none could be driven, 1 where a device failed or a roll-out stopped. */
static enum status outcome(struct run *run, struct error *err)
{
    const char *problem = NULL;
    size_t bad = 0, held = 0;
    for (size_t i = 0; i < run->n; i++) {
        struct arena *arena = run->request->cli->arena;
        struct rollout *rollout;
        enum status status = rollout_find(run->request->reader, &run->request->access, arena,
                                          run->drivings[i].code, &rollout, err);
        if (status != ST_OK)
            return status;
        held += run->drivings[i].problem != NULL;
        problem = run->drivings[i].problem ? run->drivings[i].problem : problem;
        bad += rollout->faults > 0 || rollout->state == ROLLOUT_STOPPED;
    }
    if (held && held == run->n)
        return error_set(err, ST_CONFLICT, "%s", problem);
    if (problem)
        return error_set(err, ST_PARTIAL, "%s", problem);
    return bad ? error_set(err, ST_PARTIAL, "devices failed; device rollout show names them")
               : ST_OK;
}

enum status device_rollout_run(struct device_request *request, const char *code, struct error *err)
{
    struct run run = {.request = request, .stays = cli_switch(request->cli, "wait")};
    struct sigaction before;
    enum status status = device_engine(request, &run.engine, err);
    if (status != ST_OK)
        return status;
    status = drivers_open(&run, code, err);
    device_interrupt_begin(&before);
    while (status == ST_OK && round_run(&run)) {
        if (device_interrupted() && !run.halted)
            halt(&run);
        if (device_interrupted() > 1)
            break;
    }
    for (size_t i = 0; i < run.n; i++)
        rollout_driver_close(run.drivings[i].driver);
    device_interrupt_end(&before);
    fleet_free(run.engine);
    if (status == ST_OK)
        status = result_print(&run, err);
    return status == ST_OK ? outcome(&run, err) : status;
}
