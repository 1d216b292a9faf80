/* Contacts that stay in the mall file: queues that devices read, and tasks for staff. */
#include "model/campaign/contact_adapter.h"

#include "model/base/time.h"

static enum status queue_put(struct writer *writer, const char *kind,
                             const struct outgoing *message, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert or ignore into device_queue (kind, tenant, campaign, person, key, payload, expires,"
        " time) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, kind, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, message->tenant);
    sqlite3_bind_int64(stmt, 3, message->campaign);
    sqlite3_bind_int64(stmt, 4, message->person);
    sqlite3_bind_text(stmt, 5, message->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 6, message->body, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 7, message->expires);
    sqlite3_bind_int64(stmt, 8, time_now());
    return writer_run(writer, stmt, err);
}

static enum status pos_put(struct writer *writer, const struct outgoing *message, struct error *err)
{
    return queue_put(writer, "pos", message, err);
}

static enum status screen_put(struct writer *writer, const struct outgoing *message,
                              struct error *err)
{
    return queue_put(writer, "screen", message, err);
}

static enum status staff_put(struct writer *writer, const struct outgoing *message,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "insert into task (campaign, person, tenant, text, due, made) values (?1,"
                       " ?2, ?3, ?4, ?5, ?6)",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, message->campaign);
    sqlite3_bind_int64(stmt, 2, message->person);
    sqlite3_bind_int64(stmt, 3, message->tenant);
    sqlite3_bind_text(stmt, 4, message->text, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, message->expires);
    sqlite3_bind_int64(stmt, 6, time_now());
    return writer_run(writer, stmt, err);
}

const struct contact_adapter contact_pos = {.name = "pos", .idempotent = true, .put = pos_put};
const struct contact_adapter contact_screen = {
    .name = "screen", .idempotent = true, .put = screen_put};
const struct contact_adapter contact_staff = {
    .name = "staff", .idempotent = true, .put = staff_put};
