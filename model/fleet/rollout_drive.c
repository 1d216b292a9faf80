/* Turns: what devices said is taken in, decided, written, and only then done. */
#include "model/fleet/rollout_drive_parts.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/rollout_parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXTS_MOST = 4 << 20, DEVICES_S = 30 };

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

const struct device *driver_device(const struct rollout_driver *driver, uint32_t id)
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

struct rollout_row *driver_row(struct rollout_driver *driver, uint32_t device)
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
        row->inherited = true;
    }
    for (size_t i = 0; i < driver->jobs.n; i++) {
        struct rollout_row *row = driver_row(driver, driver->jobs.at[i]->device);
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
    return !driver->loaded || !same || driver_jobs_finished(driver) || now >= driver->plan.next ||
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
        driver->held = true;
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
        status = error_set(err, ST_REFUSED, "roll-out %s is gone", driver->code);
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
    struct rollout as_it_is = *driver->rollout;
    as_it_is.ending = driver->halting;
    driver_jobs_hear(driver, now);
    if (is_driven(as_it_is.state))
        rollout_decide(&as_it_is, clock, driver->rows, driver->n, now, driver->of_rows,
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
    enum status status = driver_rows_write(driver, now, wrote, err);
    *wrote = *wrote || plan->move != ROLLOUT_VERBS || plan->wave != driver->rollout->wave ||
             plan->soaking != driver->rollout->soaking;
    if (status == ST_OK)
        status = driver_lease_write(driver, over ? 0 : now + ROLLOUT_LEASE_S, err);
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
    *turn = (struct rollout_turn){0};
    driver->held = false;
    fleet_collect(driver->options.engine);
    if (turn_needed(driver, now)) {
        status = devices_read(driver, now, err);
        if (status == ST_OK)
            status = turn_commit(driver, now, &wrote, err);
        if (status == ST_OK)
            status = driver_jobs_send(driver, err);
        if (status == ST_OK)
            status = reader_versions(driver->reader, &events, &driver->version, err);
        turn->held = driver->held;
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
    if (driver_jobs_finished(driver))
        turn->next = now;
    return ST_OK;
}

void rollout_driver_halt(struct rollout_driver *driver)
{
    driver->plan.next = driver->halting ? driver->plan.next : time_now(); /* it is decided anew */
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

void rollout_driver_close(struct rollout_driver *driver)
{
    if (!driver)
        return;
    driver_jobs_end(driver);
    if (!driver->dead)
        lease_release(driver);
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
    *codes = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}
