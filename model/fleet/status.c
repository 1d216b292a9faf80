#include "model/fleet/status.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/fleet/history.h"

#include <string.h>

enum { WORD = 64, LINES = 64 };

int64_t device_now_ms(void)
{
    return time_now_ms();
}

const char *device_answer_value(struct arena *arena, const struct fleet_output *output,
                                const char *name)
{
    size_t length = strlen(name);
    const char *at = output->bytes, *end = at + output->n;
    for (int i = 0; i < LINES && at < end; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        if (n > length && memcmp(at, name, length) == 0 && at[length] == '=')
            return device_clean(arena, at + length + 1, n - length - 1, WORD, false, NULL);
        at += n + 1;
    }
    return "";
}

static int64_t number_of(struct arena *arena, const struct fleet_output *output, const char *name,
                         int64_t most, int64_t none)
{
    const char *text = device_answer_value(arena, output, name);
    int64_t value;
    return text_to_int64(text, strlen(text), &value) && value >= 0 && value <= most ? value : none;
}

static void sight_fail(struct device_sight *sight, struct arena *arena,
                       const struct fleet_result *result)
{
    const struct fleet_output *output = &result->output;
    sight->state = DEVICE_FAILED;
    sight->phase = fleet_phase_names[PHASE_OUTPUT];
    if (output->exit_status)
        sight->reason =
            arena_printf(arena, "exit status %d: %s", output->exit_status,
                         device_clean(arena, output->bytes, output->n, WORD, false, NULL));
    else
        sight->reason = arena_printf(
            arena, "no status in its answer: %s",
            output->n ? device_clean(arena, output->bytes, output->n, WORD, false, NULL) : "empty");
}

void device_sight_of(const struct fleet_result *result, struct arena *arena, int64_t now_ms,
                     struct device_sight *sight)
{
    const struct fleet_job *job = &result->job;
    const struct fleet_output *output = &result->output;
    int64_t ms = job->total_ns / 1000000;
    *sight = (struct device_sight){
        .device = result->device->id,
        .state = job->state,
        .phase = job->state == DEVICE_OK ? "" : fleet_phase_names[job->phase],
        .reason = arena_strdup(arena, job->reason),
        .offered = arena_strdup(arena, job->offered),
        .app = "",
        .config = "",
        .wanted = result->device->wanted ? arena_strdup(arena, result->device->wanted) : "",
        .load = -1,
        .disk = -1,
        .time = now_ms / 1000,
        .milliseconds = ms,
        .spool = -1,
    };
    if (job->state != DEVICE_OK)
        return;
    int64_t clock = number_of(arena, output, "time", INT64_MAX, -1);
    if (output->exit_status != 0 || clock < 0) {
        sight_fail(sight, arena, result);
        return;
    }
    sight->seen = (now_ms + ms) / 1000;
    sight->app = device_answer_value(arena, output, "app");
    sight->config = device_answer_value(arena, output, "config");
    sight->load = (int)number_of(arena, output, "load", 1000000, -1);
    sight->disk = (int)number_of(arena, output, "disk", 100, -1);
    sight->spool = number_of(arena, output, "spool", INT64_MAX, -1);
    /* It looked at its clock just before its answer came. */
    sight->clock_ms = clock - (now_ms + ms);
}

static const char keep_sql[] =
    "insert into device_state (device, time, seen, state, phase, reason, milliseconds, offered,"
    " app, config, load, disk, clock, spool, wanted)"
    " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    " on conflict (device) do update set time = ?2, seen = iif(?3, ?3, seen), state = ?4,"
    " phase = ?5, reason = ?6, milliseconds = ?7, offered = ?8, app = iif(?3, ?9, app),"
    " config = iif(?3, ?10, config), load = iif(?3, ?11, load), disk = iif(?3, ?12, disk),"
    " clock = iif(?3, ?13, clock), spool = iif(?3, ?14, spool),"
    " wanted = iif(?3, ?15, wanted)";

static enum status sight_keep(struct writer *writer, const struct device_sight *sight,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, keep_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, sight->device);
    sqlite3_bind_int64(stmt, 2, sight->time);
    sqlite3_bind_int64(stmt, 3, sight->seen);
    const char *texts[] = {device_condition_names[sight->state], sight->phase, sight->reason};
    for (int i = 0; i < 3; i++)
        sqlite3_bind_text(stmt, 4 + i, texts[i], -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(stmt, 7, sight->milliseconds);
    sqlite3_bind_text(stmt, 8, sight->offered, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 9, sight->app, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 10, sight->config, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(stmt, 11, sight->load);
    sqlite3_bind_int(stmt, 12, sight->disk);
    sqlite3_bind_int64(stmt, 13, sight->clock_ms);
    sqlite3_bind_int64(stmt, 14, sight->spool);
    sqlite3_bind_text(stmt, 15, sight->wanted, -1, SQLITE_TRANSIENT);
    return writer_run(writer, stmt, err);
}

/* The engine's own act, whoever looked: a device that is not who it was is given no credential. */
static enum status quarantine(struct writer *writer, const char *actor,
                              const struct device_sight *sight, struct error *err)
{
    sqlite3_stmt *stmt;
    char code[256] = "";
    enum status status = writer_prepare(
        writer, "select code from device where id = ?1 and quarantine = ''", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, sight->device);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(code, sizeof code, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_reset(stmt);
    if (!*code)
        return ST_OK;
    json_t *set = json_pack("{s:s}", "quarantine", sight->reason);
    struct operation op = {.actor = actor,
                           .rights = RIGHT_DEVICES_EDIT,
                           .entity = "device",
                           .target = code,
                           .base_version = -1,
                           .set = set,
                           .reason = "it showed another host key"};
    status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    return status;
}

enum status device_sights_keep(struct writer *writer, const char *actor,
                               const struct device_sight *sights, size_t n, struct error *err)
{
    enum status status = writer_begin(writer, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        status = sight_keep(writer, &sights[i], err);
        if (status == ST_OK)
            status = device_sample_keep(writer, &sights[i], err);
        if (status == ST_OK && sights[i].state == DEVICE_QUARANTINED && *sights[i].offered)
            status = quarantine(writer, actor, &sights[i], err);
    }
    if (status == ST_OK)
        status = writer_touch_rows(writer, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}
