#include "model/fleet/rollout_drive.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/rollout_parts.h"
#include "model/fleet/rollout_talk.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT_MOST = 8192, TEXTS_MOST = 4 << 20, DEVICES_S = 30, WAIT_MS = 100, IDLE_MS = 30000 };

/* One command on its way. */
struct drive_job {
    struct fleet_job job;
    struct rollout_driver *driver;
    struct arena *arena; /* of its texts */
    uint32_t device;
    enum rollout_command command;
    VEC(char) output;
    const char *rest; /* of the archive */
    size_t left;
    bool finished;
};

struct rollout_driver {
    struct writer *writer;
    struct reader *reader;
    struct access access;
    struct rollout_drive_options options;
    char code[32], name[192];
    struct arena *of_rollout, *of_rows, *of_devices;
    const struct rollout *rollout;
    struct rollout_row *rows;
    bool *settled; /* as the file has it */
    enum rollout_command *commands;
    size_t n;
    const struct device *devices; /* by id */
    size_t n_devices;
    int64_t devices_read;
    char *archive; /* NULL: not needed yet */
    VEC(struct drive_job *) jobs;
    struct rollout_plan plan;
    int64_t version; /* of the mall's rows, as of the last turn */
    int64_t renew;
    bool loaded, halting, dead;
};

/* ---- Opening ---- */

static void name_make(struct rollout_driver *driver, const char *name)
{
    char host[HOST_NAME_MAX + 1] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        snprintf(host, sizeof host, "?");
    if (name)
        snprintf(driver->name, sizeof driver->name, "%s", name);
    else
        snprintf(driver->name, sizeof driver->name, "%s, process %ld on %.60s",
                 driver->access.principal, (long)getpid(), host);
}

enum status rollout_driver_open(struct writer *writer, struct reader *reader,
                                const struct access *access, const char *code,
                                const struct rollout_drive_options *options,
                                struct rollout_driver **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct rollout *rollout;
    *out = NULL;
    enum status status =
        access_require(access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT, "drive a roll-out", err);
    if (status == ST_OK && writer_mall(writer)->replica)
        status = error_set(err, ST_DENIED, "a replica drives no roll-outs: the hub's engine does");
    if (status == ST_OK)
        status = rollout_find(reader, access, arena, code, &rollout, err);
    if (status == ST_OK) {
        struct rollout_driver *driver = mem_zero(1, sizeof *driver);
        driver->writer = writer;
        driver->reader = reader;
        driver->access = *access;
        driver->options = *options;
        driver->of_rollout = arena_new();
        driver->of_rows = arena_new();
        driver->of_devices = arena_new();
        snprintf(driver->code, sizeof driver->code, "%s", rollout->code);
        name_make(driver, options->name);
        *out = driver;
    }
    arena_free(arena);
    return status;
}

/* ---- Reading ---- */

static int device_compare(const void *a, const void *b)
{
    const struct device *left = a, *right = b;
    return left->id < right->id ? -1 : left->id > right->id;
}

static const struct device *device_of(const struct rollout_driver *driver, uint32_t id)
{
    const struct device key = {.id = id};
    return driver->n_devices
               ? bsearch(&key, driver->devices, driver->n_devices, sizeof key, device_compare)
               : NULL;
}

/* The inventory may change meanwhile: an address, a pin, a quarantine. */
static enum status devices_read(struct rollout_driver *driver, int64_t now, struct error *err)
{
    const struct device *found;
    if (driver->devices_read && now >= driver->devices_read &&
        now < driver->devices_read + DEVICES_S)
        return ST_OK;
    arena_reset(driver->of_devices);
    driver->n_devices = 0;
    enum status status = device_list(driver->reader, &driver->access, driver->of_devices, NULL,
                                     &found, &driver->n_devices, err);
    if (status != ST_OK)
        return status;
    struct device *sorted = arena_array(driver->of_devices, struct device, driver->n_devices + 1);
    if (driver->n_devices)
        memcpy(sorted, found, driver->n_devices * sizeof *sorted);
    qsort(sorted, driver->n_devices, sizeof *sorted, device_compare);
    driver->devices = sorted;
    driver->devices_read = now;
    return ST_OK;
}

static struct rollout_row *row_of(struct rollout_driver *driver, uint32_t device)
{
    for (size_t i = 0; i < driver->n; i++)
        if (driver->rows[i].device == device)
            return &driver->rows[i];
    return NULL;
}

/* Devices as the file has them. What may have been changed is asked anew, at once. */
static enum status rows_load(struct rollout_driver *driver, int64_t now, struct error *err)
{
    arena_reset(driver->of_rows);
    enum status status = rollout_rows_of_writer(
        driver->writer, driver->of_rows, driver->rollout->id, &driver->rows, &driver->n, err);
    if (status != ST_OK)
        return status;
    driver->settled = mem_resize(driver->settled, driver->n + 1, sizeof *driver->settled);
    driver->commands = mem_resize(driver->commands, driver->n + 1, sizeof *driver->commands);
    for (size_t i = 0; i < driver->n; i++) {
        struct rollout_row *row = &driver->rows[i];
        driver->settled[i] = step_settled(row->step);
        if (!step_in_flight(row->step))
            continue;
        row->due = now;
        row->wait = WAIT_NOTHING;
    }
    for (size_t i = 0; i < driver->jobs.n; i++) {
        struct rollout_row *row = row_of(driver, driver->jobs.at[i]->device);
        if (row)
            row->under_way = true;
    }
    driver->loaded = true;
    return ST_OK;
}

/* Texts that rows no longer have go with their arena. */
static void texts_tidy(struct rollout_driver *driver)
{
    if (arena_used(driver->of_rows) < TEXTS_MOST + 1000 * driver->n)
        return;
    struct arena *fresh = arena_new();
    struct rollout_row *rows = arena_array(fresh, struct rollout_row, driver->n + 1);
    for (size_t i = 0; i < driver->n; i++) {
        rows[i] = driver->rows[i];
        rows[i].old = arena_strdup(fresh, rows[i].old);
        rows[i].app = arena_strdup(fresh, rows[i].app);
        rows[i].reason = arena_strdup(fresh, rows[i].reason);
    }
    arena_free(driver->of_rows);
    driver->of_rows = fresh;
    driver->rows = rows;
}

/* ---- Writing ---- */

static enum status row_write(struct rollout_driver *driver, const struct rollout_row *row,
                             struct error *err)
{
    static const char sql[] =
        "update rollout_device set step = ?3, goal = ?4, fault = ?5, had = ?6, wait = ?7,"
        " attempts = ?8, since = ?9, due = ?10, switched = ?11, looked = ?12, old = ?13, app = ?14,"
        " reason = ?15 where rollout = ?1 and device = ?2";
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(driver->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    const char *texts[] = {row->old, row->app, row->reason};
    const int64_t numbers[] = {row->attempts, row->since, row->due, row->switched, row->looked};
    sqlite3_bind_int64(stmt, 1, driver->rollout->id);
    sqlite3_bind_int64(stmt, 2, row->device);
    sqlite3_bind_text(stmt, 3, rollout_step_names[row->step], -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, row->goes_back ? "old" : "new", -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 5, row->fault);
    sqlite3_bind_int(stmt, 6, row->had);
    sqlite3_bind_text(stmt, 7, rollout_wait_names[row->wait], -1, SQLITE_STATIC);
    for (int i = 0; i < 5; i++)
        sqlite3_bind_int64(stmt, 8 + i, numbers[i]);
    for (int i = 0; i < 3; i++)
        sqlite3_bind_text(stmt, 13 + i, texts[i], -1, SQLITE_TRANSIENT);
    return writer_run(driver->writer, stmt, err);
}

/* What the page of the device shows: its version, and what was done to it. */
static enum status device_write(struct rollout_driver *driver, const struct rollout_row *row,
                                bool news, int64_t now, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        driver->writer, "update device_state set app = ?2 where device = ?1 and app <> ?2", &stmt,
        err);
    if (status == ST_OK && *row->app) {
        sqlite3_bind_int64(stmt, 1, row->device);
        sqlite3_bind_text(stmt, 2, row->app, -1, SQLITE_TRANSIENT);
        status = writer_run(driver->writer, stmt, err);
    }
    if (status != ST_OK || !news || row->step >= STEP_EXPIRED)
        return status;
    status = writer_prepare(driver->writer,
                            "insert into device_act (device, time, act, actor, detail, state)"
                            " values (?1, ?2, 'rollout', ?3, ?4, ?5)",
                            &stmt, err);
    if (status != ST_OK)
        return status;
    bool good = row->step == STEP_OK || (row->step == STEP_REVERTED && !row->fault);
    const char *detail =
        arena_printf(driver->of_rows, "%s %s: %s%s%s", driver->code, driver->rollout->app,
                     rollout_row_word(row), *row->reason ? ", " : "", row->reason);
    sqlite3_bind_int64(stmt, 1, row->device);
    sqlite3_bind_int64(stmt, 2, now);
    sqlite3_bind_text(stmt, 3, driver->access.principal, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 4, detail, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 5,
                      device_condition_names[good                        ? DEVICE_OK
                                             : row->step == STEP_UNKNOWN ? DEVICE_UNKNOWN
                                                                         : DEVICE_FAILED],
                      -1, SQLITE_STATIC);
    return writer_run(driver->writer, stmt, err);
}

static enum status rows_write(struct rollout_driver *driver, int64_t now, bool *wrote,
                              struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < driver->n && status == ST_OK; i++) {
        struct rollout_row *row = &driver->rows[i];
        if (!row->changed)
            continue;
        *wrote = true;
        status = row_write(driver, row, err);
        bool settled = step_settled(row->step);
        if (status == ST_OK)
            status = device_write(driver, row, settled && !driver->settled[i], now, err);
        driver->settled[i] = settled;
        row->changed = false;
    }
    return status;
}

static enum status lease_write(struct rollout_driver *driver, int64_t until, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(driver->writer,
                                        "update rollout set driver = ?2, lease = ?3, wave = ?4,"
                                        " soaking = ?5 where code = ?1",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, driver->code, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 2, until ? driver->name : "", -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(stmt, 3, until);
    sqlite3_bind_int(stmt, 4, driver->plan.wave);
    sqlite3_bind_int64(stmt, 5, driver->plan.soaking);
    return writer_run(driver->writer, stmt, err);
}

/* ---- Commands on their way ---- */

static bool on_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct drive_job *own = job->context;
    (void)is_stderr;
    for (size_t i = 0; i < n && own->output.n < OUTPUT_MOST; i++)
        vec_push(&own->output, bytes[i]);
    return true;
}

/* On the engine's thread: the archive stays as it is while anything is under way. */
static int64_t on_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct drive_job *own = job->context;
    size_t n = own->left < size ? own->left : size;
    memcpy(buffer, own->rest, n);
    own->rest += n;
    own->left -= n;
    return (int64_t)n;
}

static void on_done(struct fleet_job *job)
{
    struct drive_job *own = job->context;
    own->finished = true;
}

static void job_free(struct drive_job *own)
{
    vec_free(&own->output);
    arena_free(own->arena);
    free(own);
}

/* It is not asked at all: as if it had said so. */
static void job_refuse(struct drive_job *own, enum device_condition state, const char *reason)
{
    own->job.state = state;
    own->job.phase = PHASE_PIN;
    snprintf(own->job.reason, sizeof own->job.reason, "%.150s", reason);
    own->finished = true;
}

static void job_send(struct rollout_driver *driver, const struct rollout_row *row,
                     enum rollout_command command)
{
    const struct device *device = device_of(driver, row->device);
    struct drive_job *own = mem_zero(1, sizeof *own);
    own->driver = driver;
    own->arena = arena_new();
    own->device = row->device;
    own->command = command;
    vec_push(&driver->jobs, own);
    own->job.exit_status = -1;
    if (!device) {
        job_refuse(own, DEVICE_FAILED, "it is not in the inventory any more");
        return;
    }
    if (*device->quarantine) {
        job_refuse(own, DEVICE_QUARANTINED, device->quarantine);
        return;
    }
    struct device *to = arena_new_of(own->arena, struct device);
    device_copy(own->arena, to, device);
    own->job =
        (struct fleet_job){.device = to->id,
                           .code = to->code,
                           .host = to->host,
                           .user = to->user,
                           .pin = to->pin,
                           .port = to->port,
                           .kind = to->kind,
                           .identity = to->identity,
                           .hop = &to->hop,
                           .command = rollout_talk(own->arena, driver->rollout, row, command),
                           .most = OUTPUT_MOST,
                           .output = on_output,
                           .done = on_done,
                           .context = own};
    if (rollout_talk_sends(driver->rollout, row, command)) {
        own->job.input = on_input;
        own->job.idle_ms = IDLE_MS; /* as long as it moves */
        own->rest = driver->archive + row->have;
        own->left = (size_t)(driver->rollout->size - row->have);
    }
    fleet_submit(driver->options.engine, &own->job);
}

static enum status jobs_send(struct rollout_driver *driver, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < driver->n && status == ST_OK; i++) {
        enum rollout_command command = driver->commands[i];
        bool sends = rollout_talk_sends(driver->rollout, &driver->rows[i], command);
        if (command == COMMAND_NONE)
            continue;
        if (sends && !driver->archive)
            status = rollout_archive_read(driver->reader, driver->rollout, &driver->archive, err);
        if (status == ST_OK)
            job_send(driver, &driver->rows[i], command);
    }
    return status;
}

static void jobs_hear(struct rollout_driver *driver, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < driver->jobs.n; i++) {
        struct drive_job *own = driver->jobs.at[i];
        if (!own->finished) {
            driver->jobs.at[kept++] = own;
            continue;
        }
        struct rollout_row *row = row_of(driver, own->device);
        struct fleet_output output = {own->output.at ? own->output.at : "", own->output.n,
                                      own->job.exit_status};
        struct rollout_heard heard;
        if (row) {
            rollout_talk_read(driver->of_rows, own->command, &own->job, &output, &heard);
            rollout_hear(driver->rollout, row, &heard, now, driver->of_rows);
        }
        job_free(own);
    }
    driver->jobs.n = kept;
}

static bool some_finished(const struct rollout_driver *driver)
{
    for (size_t i = 0; i < driver->jobs.n; i++)
        if (driver->jobs.at[i]->finished)
            return true;
    return false;
}

/* ---- A turn ---- */

static bool is_driven(enum rollout_state state)
{
    return state == ROLLOUT_RUNNING || state == ROLLOUT_PAUSED || state == ROLLOUT_STOPPED ||
           state == ROLLOUT_RETURNING || state == ROLLOUT_CANCELLED;
}

/* Only the lease, the time, a device or somebody's change make a turn worth a transaction. */
static bool turn_needed(struct rollout_driver *driver, int64_t now)
{
    int64_t events, version = 0;
    struct error own = {0};
    bool same = reader_versions(driver->reader, &events, &version, &own) == ST_OK &&
                version == driver->version;
    error_clear(&own);
    return !driver->loaded || !same || some_finished(driver) || now >= driver->plan.next ||
           now >= driver->renew;
}

static enum status lease_check(struct rollout_driver *driver, int64_t now, struct error *err)
{
    const struct rollout *r = driver->rollout;
    bool ours = strcmp(r->driver, driver->name) == 0;
    if (!ours && *r->driver && r->lease > now) {
        struct arena *arena = arena_new();
        const char *until = time_local(arena, writer_mall(driver->writer)->zone, r->lease);
        error_set(err, ST_CONFLICT,
                  "roll-out %s is driven by %s, until %s where that is not heard of again",
                  driver->code, r->driver, until);
        arena_free(arena);
        driver->loaded = false;
        return ST_CONFLICT;
    }
    driver->loaded = driver->loaded && ours;
    return ST_OK;
}

static enum status turn_read(struct rollout_driver *driver, int64_t now, struct error *err)
{
    struct rollout *rollout = NULL;
    struct arena *fresh = arena_new();
    enum status status = rollout_of_writer(driver->writer, fresh, driver->code, &rollout, err);
    if (status == ST_OK && !rollout)
        status = error_set(err, ST_CONFLICT, "roll-out %s is gone", driver->code);
    if (status != ST_OK) {
        arena_free(fresh);
        return status;
    }
    driver->rollout = rollout;
    arena_free(driver->of_rollout);
    driver->of_rollout = fresh;
    status = lease_check(driver, now, err);
    if (status == ST_OK && !driver->loaded)
        status = rows_load(driver, now, err);
    return status;
}

static void turn_decide(struct rollout_driver *driver, int64_t now)
{
    const struct clock *clock = &writer_mall(driver->writer)->clock;
    for (size_t i = 0; i < driver->n; i++)
        driver->commands[i] = COMMAND_NONE;
    driver->plan = (struct rollout_plan){.move = ROLLOUT_VERBS,
                                         .wave = driver->rollout->wave,
                                         .soaking = driver->rollout->soaking,
                                         .next = INT64_MAX};
    jobs_hear(driver, now);
    if (is_driven(driver->rollout->state) && !driver->halting)
        rollout_decide(driver->rollout, clock, driver->rows, driver->n, now, driver->of_rows,
                       driver->commands, &driver->plan);
}

static bool is_over(const struct rollout_driver *driver)
{
    enum rollout_state state = driver->rollout->state;
    bool more = state == ROLLOUT_RUNNING || state == ROLLOUT_PAUSED || state == ROLLOUT_RETURNING ||
                driver->plan.move != ROLLOUT_VERBS;
    return !driver->halting && !more && !driver->plan.open && !driver->jobs.n;
}

static enum status turn_write(struct rollout_driver *driver, int64_t now, bool *wrote,
                              struct error *err)
{
    const struct rollout_plan *plan = &driver->plan;
    bool over = is_over(driver);
    enum status status = rows_write(driver, now, wrote, err);
    *wrote = *wrote || plan->move != ROLLOUT_VERBS || plan->wave != driver->rollout->wave ||
             plan->soaking != driver->rollout->soaking;
    if (status == ST_OK)
        status = lease_write(driver, over ? 0 : now + ROLLOUT_LEASE_S, err);
    if (status == ST_OK && plan->move != ROLLOUT_VERBS)
        status = rollout_move(driver->writer, &driver->access, driver->code, plan->move, plan->why,
                              NULL, err);
    if (status == ST_OK && *wrote)
        status = writer_touch_rows(driver->writer, err);
    driver->renew = over ? INT64_MAX : now + ROLLOUT_LEASE_S / 3;
    return status;
}

static bool goes_on(struct rollout_driver *driver, enum rollout_moment moment)
{
    if (driver->options.moment && !driver->options.moment(driver->options.context, moment))
        driver->dead = true;
    return !driver->dead;
}

static enum status turn_commit(struct rollout_driver *driver, int64_t now, bool *wrote,
                               struct error *err)
{
    enum status status = writer_begin(driver->writer, err);
    if (status == ST_OK)
        status = turn_read(driver, now, err);
    if (status == ST_OK) {
        turn_decide(driver, now);
        status = turn_write(driver, now, wrote, err);
    }
    if (status == ST_OK && *wrote && !goes_on(driver, MOMENT_BEFORE))
        status = error_set(err, ST_CANCELLED, "it was ended");
    if (status == ST_OK)
        status = writer_commit(driver->writer, err);
    if (status == ST_OK) {
        if (*wrote && !goes_on(driver, MOMENT_AFTER))
            return error_set(err, ST_CANCELLED, "it was ended");
        return ST_OK;
    }
    writer_rollback(driver->writer);
    driver->loaded = false; /* what is in memory never was in the file */
    return status;
}

enum status rollout_driver_turn(struct rollout_driver *driver, struct rollout_turn *turn,
                                struct error *err)
{
    int64_t now = time_now(), events;
    bool wrote = false;
    enum status status = ST_OK;
    fleet_collect(driver->options.engine);
    if (turn_needed(driver, now)) {
        status = devices_read(driver, now, err);
        if (status == ST_OK)
            status = turn_commit(driver, now, &wrote, err);
        if (status == ST_OK)
            status = jobs_send(driver, err);
        if (status == ST_OK)
            status = reader_versions(driver->reader, &events, &driver->version, err);
        if (status != ST_OK)
            return status;
        texts_tidy(driver);
    }
    *turn = (struct rollout_turn){.state = driver->rollout->state,
                                  .under_way = driver->jobs.n,
                                  .flight = driver->plan.flight,
                                  .open = driver->plan.open,
                                  .next = driver->plan.next,
                                  .over = is_over(driver),
                                  .did = wrote};
    /* What was not even asked has been answered. */
    if (some_finished(driver))
        turn->next = now;
    return ST_OK;
}

void rollout_driver_halt(struct rollout_driver *driver)
{
    driver->halting = true;
}

/* ---- The end ---- */

static void lease_release(struct rollout_driver *driver)
{
    struct error own = {0};
    sqlite3_stmt *stmt;
    if (writer_begin(driver->writer, &own) == ST_OK) {
        enum status status = writer_prepare(driver->writer,
                                            "update rollout set driver = '', lease = 0 where"
                                            " code = ?1 and driver = ?2",
                                            &stmt, &own);
        if (status == ST_OK) {
            sqlite3_bind_text(stmt, 1, driver->code, -1, SQLITE_TRANSIENT);
            sqlite3_bind_text(stmt, 2, driver->name, -1, SQLITE_TRANSIENT);
            status = writer_run(driver->writer, stmt, &own);
        }
        if (status != ST_OK || writer_commit(driver->writer, &own) != ST_OK)
            writer_rollback(driver->writer);
    }
    error_clear(&own); /* it runs out by itself */
}

static size_t jobs_left(const struct rollout_driver *driver)
{
    size_t left = 0;
    for (size_t i = 0; i < driver->jobs.n; i++)
        left += !driver->jobs.at[i]->finished;
    return left;
}

void rollout_driver_close(struct rollout_driver *driver)
{
    if (!driver)
        return;
    for (size_t i = 0; i < driver->jobs.n; i++)
        if (!driver->jobs.at[i]->finished)
            fleet_cancel(driver->options.engine, &driver->jobs.at[i]->job);
    while (jobs_left(driver))
        fleet_wait(driver->options.engine, WAIT_MS);
    for (size_t i = 0; i < driver->jobs.n; i++)
        job_free(driver->jobs.at[i]);
    if (!driver->dead)
        lease_release(driver);
    vec_free(&driver->jobs);
    arena_free(driver->of_rollout);
    arena_free(driver->of_rows);
    arena_free(driver->of_devices);
    free(driver->archive);
    free(driver->settled);
    free(driver->commands);
    free(driver);
}

enum status rollouts_open(struct reader *reader, struct arena *arena, const char *const **codes,
                          size_t *n, struct error *err)
{
    static const char sql[] =
        "select o.code from rollout o where o.state in ('running', 'rolling back', 'paused') or"
        " (o.state in ('stopped', 'cancelled') and o.started is not null and exists (select 1 from"
        " rollout_device d where d.rollout = o.id and d.step in ('waiting', 'staging', 'staged',"
        " 'switching', 'proving', 'confirming', 'undoing'))) order by o.id";
    VEC(const char *) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0)));
    const char **kept = arena_array(arena, const char *, found.n + 1);
    if (found.n)
        memcpy(kept, found.at, found.n * sizeof *kept);
    *codes = kept;
    *n = found.n;
    vec_free(&found);
    return status;
}
