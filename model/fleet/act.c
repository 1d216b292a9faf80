#include "model/fleet/act.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/store/operation.h"

#include <string.h>

enum { TEXT_MOST = 400, DETAIL_MOST = 65536 };

static const char acts_sql[] =
    "select time, exit, milliseconds, act, actor, detail, state from device_act"
    " where device = ?1 order by id desc limit ?2";
enum { FIRST_TEXT = 3 };

static struct device_act act_read(sqlite3_stmt *stmt, struct arena *arena)
{
    bool known = sqlite3_column_type(stmt, 1) != SQLITE_NULL;
    return (struct device_act){
        .time = sqlite3_column_int64(stmt, 0),
        .exit_status = known ? sqlite3_column_int(stmt, 1) : -1,
        .milliseconds = sqlite3_column_int64(stmt, 2),
        .act = device_clean_column(stmt, FIRST_TEXT, arena, TEXT_MOST),
        .actor = device_clean_column(stmt, FIRST_TEXT + 1, arena, TEXT_MOST),
        .detail = device_clean_column(stmt, FIRST_TEXT + 2, arena, TEXT_MOST),
        .state = device_clean_column(stmt, FIRST_TEXT + 3, arena, TEXT_MOST),
    };
}

enum status device_acts_read(struct reader *reader, const struct access *access,
                             struct arena *arena, uint32_t device, size_t most,
                             const struct device_act **acts, size_t *n, struct error *err)
{
    VEC(struct device_act) found = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum status status = access_require(access, RIGHT_DEVICES, "see devices", err);
    if (status == ST_OK)
        status = reader_prepare(reader, acts_sql, &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, device);
        sqlite3_bind_int64(stmt, 2, (sqlite3_int64)most);
    }
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, act_read(stmt, arena));
    *acts = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

enum status device_act_announce(struct writer *writer, const char *actor, const char *act,
                                const char *detail, size_t devices, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    struct arena *arena = arena_new();
    /* It may name a file of a device, whose bytes need not be text. */
    const char *text = device_clean(arena, detail, strlen(detail), DETAIL_MOST, true, NULL);
    json_t *about = json_pack("{s:s, s:I}", "detail", text, "devices", (json_int_t)devices);
    status = audit_append(writer, actor, act, "device", "", about, err);
    json_decref(about);
    arena_free(arena);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static enum status outcome_insert(struct writer *writer, const char *actor, const char *act,
                                  const char *detail, const struct fleet_result *result,
                                  struct error *err)
{
    const struct fleet_job *job = &result->job;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "insert into device_act (device, time, act, actor, detail,"
                                        " state, exit, milliseconds)"
                                        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, result->device->id);
    sqlite3_bind_int64(stmt, 2, time_now());
    sqlite3_bind_text(stmt, 3, act, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 4, actor, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 5, detail, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 6, device_condition_names[job->state], -1, SQLITE_STATIC);
    if (job->exit_status >= 0)
        sqlite3_bind_int(stmt, 7, job->exit_status);
    else
        sqlite3_bind_null(stmt, 7);
    sqlite3_bind_int64(stmt, 8, job->total_ns / 1000000);
    return writer_run(writer, stmt, err);
}

enum status device_acts_keep(struct writer *writer, const char *actor, const char *act,
                             const char *detail, const struct fleet_result *results, size_t n,
                             struct error *err)
{
    enum status status = writer_begin(writer, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = outcome_insert(writer, actor, act, detail, &results[i], err);
    if (status == ST_OK)
        status = writer_touch_rows(writer, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}
