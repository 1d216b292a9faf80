/* What a turn writes into the mall file. */
#include "model/fleet/rollout_drive_parts.h"

#include <string.h>

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

enum status driver_rows_write(struct rollout_driver *driver, int64_t now, bool *wrote,
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

enum status driver_lease_write(struct rollout_driver *driver, int64_t until, struct error *err)
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
