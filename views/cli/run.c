/* atrium run: the engine without a screen. What it does is one table of steps. */
#include "model/campaign/coupon.h"
#include "model/campaign/points_award.h"
#include "model/campaign/points_expire.h"
#include "model/campaign/send.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/event/event.h"
#include "model/segment/label.h"
#include "model/store/lock.h"
#include "model/store/setting.h"
#include "views/cli/commands.h"
#include "views/cli/config_step.h"
#include "views/cli/engine.h"
#include "views/cli/rollout_step.h"
#include "views/cli/stop.h"
#include "views/config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_LEAST = 5000, EVERY_S = 5, AWARD_EVERY_S = 60, EVERY_MOST_S = 3600 };

/* ---- The steps ---- */

static enum status fold_run(struct engine *engine, json_t *report, struct error *err)
{
    int64_t before = 0, after = 0;
    const char *sql = "select count(*) from tail";
    enum status status = reader_integer(engine->reader, sql, 0, &before, err);
    if (status == ST_OK && before >= TAIL_LEAST)
        status = event_fold(engine->writer, TAIL_LEAST, err);
    if (status == ST_OK)
        status = reader_integer(engine->reader, sql, 0, &after, err);
    json_object_set_new(report, "folded", json_integer(before - after));
    engine->busy = engine->busy || before > after;
    return status;
}

static enum status labels_run(struct engine *engine, json_t *report, struct error *err)
{
    struct label_refreshed done;
    int64_t events, rows;
    enum status status = reader_versions(engine->reader, &events, &rows, err);
    if (status != ST_OK || (events == engine->labels_events && rows == engine->labels_rows))
        return status;
    status = label_refresh(engine->writer, engine->reader, NULL, false, &done, err);
    if (status == ST_OK)
        status = reader_versions(engine->reader, &engine->labels_events, &engine->labels_rows, err);
    if (status != ST_OK)
        return status;
    json_object_set_new(report, "run", json_integer((json_int_t)done.run));
    json_object_set_new(report, "failed", json_integer((json_int_t)done.failed));
    return ST_OK;
}

static enum status coupons_run(struct engine *engine, json_t *report, struct error *err)
{
    struct coupon_settled settled = {0};
    int64_t expired = 0;
    enum status status = coupon_settle(engine->reader, engine->writer, &settled, err);
    if (status == ST_OK)
        status = coupon_expire(engine->writer, time_now(), &expired, err);
    json_object_set_new(report, "reported", json_integer(settled.events));
    json_object_set_new(report, "redeemed", json_integer(settled.redeemed));
    json_object_set_new(report, "disputes", json_integer(settled.disputes));
    json_object_set_new(report, "expired", json_integer(expired));
    return status;
}

/* New receipts earn once a minute at most, as each look goes over all of the setting's time; lots
 * run out with the mall's day. */
static enum status points_run(struct engine *engine, json_t *report, struct error *err)
{
    struct access access = access_engine();
    struct points_awards awards = {0};
    struct points_run run = {0};
    int64_t events, rows, now = time_now();
    int32_t day = clock_day(&engine->mall->clock, now);
    const char *since = ""; /* empty where points of receipts are not kept here */
    struct arena *arena = arena_new();
    enum status status = reader_versions(engine->reader, &events, &rows, err);
    if (status == ST_OK)
        status = setting_text(engine->reader, arena, "points_since", &since, err);
    bool kept = *since != 0;
    arena_free(arena);
    bool award = events != engine->points_events && now - engine->points_time >= AWARD_EVERY_S;
    if (status == ST_OK && award && kept) {
        status = points_award_run(engine->writer, &access, INT64_MIN, NULL, NULL, &awards, err);
        engine->points_events = events;
        engine->points_time = now;
    }
    if (status == ST_OK && day != engine->expired_day) {
        status = points_expire_run(engine->writer, &access, 0, NULL, NULL, &run, err);
        engine->expired_day = day;
    }
    json_object_set_new(report, "earned", json_integer(awards.points + awards.gift_points));
    json_object_set_new(report, "taken_back", json_integer(awards.taken));
    json_object_set_new(report, "expired", json_integer(run.points));
    return status;
}

static enum status send_begin(struct engine *engine, struct error *err)
{
    enum status status = contact_lines_open(engine->reader, &engine->tokens, &engine->lines, err);
    for (int i = 1; i < CONTACT_COUNT && status == ST_OK; i++)
        if (engine->lines.at[i].why)
            engine_log(engine, "%s is closed: %s", contact_names[i], engine->lines.at[i].why);
    if (status == ST_OK)
        status = sender_open(engine->writer, engine->reader, &engine->lines, &engine->sender, err);
    return status;
}

static void send_end(struct engine *engine)
{
    sender_close(engine->sender);
    contact_lines_close(&engine->lines);
}

static enum status send_run(struct engine *engine, json_t *report, struct error *err)
{
    struct send_counts counts;
    json_t *suppressed = json_object();
    enum status status = sender_step(engine->sender, engine->stop, &counts, err);
    const struct {
        const char *name;
        int64_t n;
    } numbers[] = {
        {"moved", counts.moved}, {"running", counts.running}, {"looked", counts.looked},
        {"sent", counts.sent},   {"failed", counts.failed},   {"unknown", counts.unknown},
        {"later", counts.later}, {"waiting", counts.waiting},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_object_set_new(report, numbers[i].name, json_integer(numbers[i].n));
    for (int i = 1; i < SUPPRESSIONS; i++)
        if (counts.suppressed[i])
            json_object_set_new(suppressed, suppression_names[i],
                                json_integer(counts.suppressed[i]));
    json_object_set_new(report, "suppressed", suppressed);
    json_object_set_new(report, "held_up", json_string(counts.held_up));
    if (*counts.held_up)
        engine_log(engine, "campaigns: %s", counts.held_up);
    engine->busy = engine->busy || counts.looked || counts.sent;
    if (counts.next < engine->next)
        engine->next = counts.next;
    return status;
}

/* Devices are collected from on a thread of their own, as it comes; a step tells what came. */
static enum status collect_begin(struct engine *engine, struct error *err)
{
    struct access access = access_engine();
    (void)err;
    struct collect_options options = {
        .mall = engine->mall, .access = &access, .identity = engine->identity};
    if (!engine->once)
        engine->collects = collect_service_start(&options);
    return ST_OK;
}

static void collect_end(struct engine *engine)
{
    collect_service_stop(engine->collects);
}

static enum status collect_once(struct engine *engine, json_t *report, struct error *err)
{
    struct access access = access_engine();
    struct arena *arena = arena_new();
    struct collect_result result = {0};
    int64_t wanted = 1, rows = 0, failed = 0;
    enum status status = setting_integer(engine->reader, "collect", &wanted, err);
    struct collect_options options = {.mall = engine->mall,
                                      .access = &access,
                                      .identity = engine->identity,
                                      .once = true,
                                      .stop = engine->stop};
    if (status == ST_OK && wanted)
        status = collect_run(&options, arena, &result, err);
    if (status == ST_CONFLICT) { /* a console does it */
        engine_log(engine, "collect: %s", error_text(err));
        error_clear(err);
        status = ST_OK;
    }
    for (size_t i = 0; status == ST_OK && i < result.n; i++) {
        rows += result.devices[i].rows;
        failed += result.devices[i].state != DEVICE_OK;
    }
    json_object_set_new(report, "rows", json_integer(rows));
    json_object_set_new(report, "failed", json_integer(failed));
    arena_free(arena);
    return status;
}

static enum status collect_run_step(struct engine *engine, json_t *report, struct error *err)
{
    char reason[200];
    if (!engine->collects)
        return collect_once(engine, report, err);
    const struct collect_numbers *numbers = collect_service_numbers(engine->collects);
    int64_t rows = atomic_load(&numbers->rows);
    json_object_set_new(report, "rows", json_integer(rows - engine->collected));
    json_object_set_new(report, "devices", json_integer(atomic_load(&numbers->devices)));
    json_object_set_new(report, "live", json_integer(atomic_load(&numbers->live)));
    json_object_set_new(report, "offers", json_integer(atomic_load(&numbers->offers)));
    collect_service_reason(engine->collects, reason, sizeof reason);
    if (*reason)
        engine_log(engine, "collect: %s", reason);
    engine->collected = rows;
    return ST_OK;
}

const struct engine_step engine_steps[] = {
    {"collect", "receipts and sightings of devices, offers to them", collect_begin,
     collect_run_step, collect_end},
    {"fold", "new events into columns", NULL, fold_run, NULL},
    {"labels", "rules of labels where something changed", NULL, labels_run, NULL},
    {"coupons", "redemptions that tills report; coupons that ran out", NULL, coupons_run, NULL},
    {"points", "new receipts earn points; lots run out", NULL, points_run, NULL},
    {"campaigns", "campaigns begin, send their messages, and end", send_begin, send_run, send_end},
    {"rollouts", "versions of the application go to devices", rollouts_begin, rollouts_run,
     rollouts_end},
    {"hub", "on a hub: what no replica needs of its log goes", NULL, engine_hub_run, NULL},
    {"configs", "configurations that wait for devices which were away", configs_begin, configs_run,
     configs_end},
    {"sync", "on a replica: a session with its hub", NULL, engine_sync_run, NULL, true},
    {0},
};

/* ---- The loop ---- */

void engine_log(struct engine *engine, const char *format, ...)
{
    struct arena *arena = arena_new();
    va_list args;
    va_start(args, format);
    const char *line = arena_vprintf(arena, format, args);
    va_end(args);
    if (!engine->said || strcmp(engine->said, line) != 0) {
        fprintf(stderr, "%s %s\n", time_local(arena, engine->mall->zone, time_now()),
                text_valid(line, strlen(line)) ? line : text_quote(arena, line, strlen(line)));
        free(engine->said);
        engine->said = mem_strdup(line);
    }
    arena_free(arena);
}

/* On a replica the other steps are the hub's: what they find out comes with its changes, and a
 * message is sent once. */
static bool step_wanted(const struct cli *cli, const struct engine *engine,
                        const struct engine_step *step)
{
    if (engine->replica && !step->on_replica)
        return false;
    const char *word = cli_value_at(cli, "steps", 0);
    for (size_t i = 0; (word = cli_value_at(cli, "steps", i)); i++)
        if (strcmp(word, step->name) == 0)
            return true;
    return cli_value(cli, "steps") == NULL;
}

static enum status steps_check(struct cli *cli, struct error *err)
{
    const char *word, *known = "";
    for (const struct engine_step *step = engine_steps; step->name; step++)
        known = arena_printf(cli->arena, "%s%s%s", known, *known ? ", " : "", step->name);
    for (size_t i = 0; (word = cli_value_at(cli, "steps", i)); i++) {
        bool found = false;
        for (const struct engine_step *step = engine_steps; step->name; step++)
            found = found || strcmp(step->name, word) == 0;
        if (!found)
            return error_set(err, ST_USAGE, "--steps: found %s, expected one of %s",
                             text_quote(cli->arena, word, strlen(word)), known);
    }
    return ST_OK;
}

/* Long enough not to be noticed, short enough to see what others changed. */
static int64_t pause_ms(const struct engine *engine, int64_t every)
{
    int64_t until = engine->next == INT64_MAX ? every : engine->next - time_now();
    until = until < 1 ? 1 : until;
    return 1000 * (engine->busy ? 0 : until < every ? until : every);
}

static void wait_for(int64_t ms)
{
    struct pollfd pipe = {.fd = stop_wake(), .events = POLLIN};
    if (ms > 0 && !atomic_load(&stop_asked))
        poll(&pipe, 1, (int)ms);
}

static enum status round_run(struct cli *cli, struct engine *engine, json_t *round,
                             struct error *err)
{
    enum status status = ST_OK;
    engine->busy = false;
    engine->next = INT64_MAX;
    for (const struct engine_step *step = engine_steps;
         step->name && status == ST_OK && !atomic_load(&stop_asked); step++) {
        if (!step_wanted(cli, engine, step))
            continue;
        json_t *report = json_object();
        status = step->run(engine, report, err);
        json_object_set_new(round, step->name, report);
        if (status != ST_OK)
            error_wrap(err, "%s", step->name);
    }
    return status;
}

/* What other programs hold for a while (the writer's lock) is no reason to end. */
static enum status rounds_run(struct cli *cli, struct engine *engine, int64_t every, bool once,
                              json_t *round, struct error *err)
{
    enum status status = ST_OK;
    do {
        json_object_clear(round);
        status = round_run(cli, engine, round, err);
        if (!once && status == ST_CONFLICT) {
            engine_log(engine, "%s", error_text(err));
            error_clear(err);
            status = ST_OK;
        }
        if (engine->busy && !once) {
            char *text = json_dumps(round, JSON_COMPACT);
            engine_log(engine, "%s", text ? text : "");
            free(text);
        }
        if (!once && status == ST_OK)
            wait_for(pause_ms(engine, every));
    } while (!once && status == ST_OK && !atomic_load(&stop_asked));
    return status;
}

/* Tokens never stand in the mall file: its copies travel. */
static void tokens_read(struct engine *engine, const struct config *config)
{
    const char *app = getenv("ATRIUM_APP_TOKEN"), *sms = getenv("ATRIUM_SMS_TOKEN");
    engine->tokens = (struct contact_tokens){.app = app ? app : config->app_token,
                                             .sms = sms ? sms : config->sms_token};
}

static enum status engine_work(struct cli *cli, struct engine *engine, int64_t every,
                               struct error *err)
{
    const struct engine_step *step = engine_steps;
    bool once = cli_switch(cli, "once");
    json_t *round = json_object();
    enum status status = ST_OK;
    for (; step->name && status == ST_OK; step++)
        if (step->begin && step_wanted(cli, engine, step))
            status = step->begin(engine, err);
    if (status == ST_OK)
        status = rounds_run(cli, engine, every, once, round, err);
    while (step-- > engine_steps)
        if (step->end && step_wanted(cli, engine, step))
            step->end(engine);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, round, err);
    if (status == ST_OK && once) {
        char *text = json_dumps(round, JSON_INDENT(1));
        cli_say(cli, "%s", text ? text : "");
        free(text);
    }
    json_decref(round);
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct engine engine = {.stop = &stop_asked};
    struct config config = {0};
    struct file_lock lock = {.fd = -1};
    struct access access;
    int64_t every;
    enum status status = cli_duration(cli, "every", EVERY_S, &every, err);
    if (status == ST_OK && (every < 1 || every > EVERY_MOST_S))
        status = error_set(err, ST_USAGE, "--every: expected 1s to 60m");
    if (status == ST_OK)
        status = steps_check(cli, err);
    if (status == ST_OK)
        status = config_read(&config, err);
    if (status == ST_OK)
        status = cli_reader(cli, &engine.reader, err);
    if (status == ST_OK)
        status = access_lookup(engine.reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = engine_on_replica(&engine, &engine.replica, err);
    if (status == ST_OK && !engine.replica)
        status = access_require(&access, RIGHT_ADMIN, "run the engine", err);
    if (status == ST_OK)
        status = cli_writer(cli, &engine.writer, err);
    if (status == ST_OK)
        status = lock_open(&lock, cli->mall->path, err);
    if (status == ST_OK)
        status = lock_take(&lock, LOCK_ENGINE, 0, err);
    if (status == ST_OK)
        status = stop_take(err);
    engine.mall = cli->mall;
    engine.identity = config.identity;
    engine.once = cli_switch(cli, "once");
    tokens_read(&engine, &config);
    if (status == ST_OK)
        status = engine_work(cli, &engine, every, err);
    lock_close(&lock);
    config_free(&config);
    free(engine.said);
    return status;
}

static const struct cli_option options[] = {
    {"once", NULL, 0, "one round of all steps, then end"},
    {"steps", "STEP", CLI_REPEATED, "only this step: collect, fold, labels, …"},
    {"every", "DURATION", 0, "look again after so long where nothing is to do (default 5s)"},
    {0},
};

const struct cli_command cli_run = {
    .name = "run",
    .arguments = "",
    .summary = "the engine without a screen: collects from devices, folds events, sends what "
               "campaigns say",
    .help = "Works until it is ended (Ctrl-C, SIGTERM); then it finishes what it has begun. One "
            "engine a mall: a second one is refused. What is on its way when it is killed is sent "
            "again with the same key. Addresses are settings (contact_sms_url, contact_app_url, "
            "contact_wifi_file); tokens come from ATRIUM_SMS_TOKEN and ATRIUM_APP_TOKEN, or from "
            "sms_token and app_token of [contacts] in the config file. What it does is said on "
            "standard error; with --once --json a summary of the round on standard output.",
    .options = options,
    .least_args = 0,
    .most_args = 0,
    .run = run,
};
