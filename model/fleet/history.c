#include "model/fleet/history.h"

/* A look that had no answer counts as asked alone. */
static const char keep_sql[] =
    "insert into device_sample (device, hour, asked, answered, load, disk, clock)"
    " values (?1, ?2, 1, ?3, iif(?3, ?4, -1), iif(?3, ?5, -1), iif(?3, ?6, 0))"
    " on conflict (device, hour) do update set asked = asked + 1, answered = answered + ?3,"
    " load = max(load, iif(?3, ?4, -1)), disk = max(disk, iif(?3, ?5, -1)),"
    " clock = iif(?3 and abs(?6) > abs(clock), ?6, clock)";

static enum status old_drop(struct writer *writer, uint32_t device, int64_t hour, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "delete from device_sample where device = ?1 and hour <= ?2", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    sqlite3_bind_int64(stmt, 2, hour - SAMPLE_HOURS);
    return writer_run(writer, stmt, err);
}

enum status device_sample_keep(struct writer *writer, const struct device_sight *sight,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t hour = sight->time / 3600;
    enum status status = writer_prepare(writer, keep_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, sight->device);
    sqlite3_bind_int64(stmt, 2, hour);
    sqlite3_bind_int(stmt, 3, sight->seen > 0);
    sqlite3_bind_int(stmt, 4, sight->load);
    sqlite3_bind_int(stmt, 5, sight->disk);
    sqlite3_bind_int64(stmt, 6, sight->clock_ms);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? old_drop(writer, sight->device, hour, err) : status;
}

enum status device_samples_read(struct reader *reader, const struct access *access, uint32_t device,
                                int64_t last, struct device_sample *samples, size_t n,
                                struct error *err)
{
    int64_t first = last - (int64_t)n + 1;
    sqlite3_stmt *stmt;
    bool row = true;
    for (size_t i = 0; i < n; i++)
        samples[i] = (struct device_sample){.hour = first + (int64_t)i, .load = -1, .disk = -1};
    enum status status = access_require(access, RIGHT_DEVICES, "see devices", err);
    if (status == ST_OK)
        status = reader_prepare(reader,
                                "select hour, asked, answered, load, disk, clock"
                                " from device_sample where device = ?1 and hour between ?2 and ?3",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    sqlite3_bind_int64(stmt, 2, first);
    sqlite3_bind_int64(stmt, 3, last);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct device_sample *sample = &samples[sqlite3_column_int64(stmt, 0) - first];
        sample->asked = sqlite3_column_int(stmt, 1);
        sample->answered = sqlite3_column_int(stmt, 2);
        sample->load = sqlite3_column_int(stmt, 3);
        sample->disk = sqlite3_column_int(stmt, 4);
        sample->clock_ms = sqlite3_column_int64(stmt, 5);
    }
    sqlite3_reset(stmt);
    return status;
}
