/* Settling what contradicts itself, and taking that back. */
#include "model/people/candidate.h"

#include "model/base/text.h"
#include "model/base/time.h"

#include <string.h>

enum { REASON_LEAST = 3, REASON_MOST = 500 };

static enum status key_check(const char *key, struct error *err)
{
    if (*key && strlen(key) <= REASON_MOST &&
        strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789:,") == strlen(key))
        return ST_OK;
    return error_set(err, ST_REFUSED,
                     "key: expected one that `member conflicts` or `member candidates` shows, such "
                     "as pair:3,17");
}

enum status conflict_settle(struct writer *writer, const struct access *access, const char *key,
                            const char *reason, struct error *err)
{
    size_t n = reason ? strlen(reason) : 0;
    sqlite3_stmt *stmt;
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "settle conflicts", err);
    if (status == ST_OK && (n < REASON_LEAST || n > REASON_MOST || !text_valid(reason, n)))
        status = error_set(err, ST_REFUSED, "reason: expected a line of %d to %d bytes",
                           REASON_LEAST, REASON_MOST);
    if (status == ST_OK)
        status = key_check(key, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = writer_prepare(
        writer, "insert or replace into conflict_settled values (?1, 'settled', ?2, ?3, ?4)", &stmt,
        err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, reason, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 3, access->principal, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 4, time_now());
        status = writer_run(writer, stmt, err);
    }
    json_t *detail = json_pack("{s:s}", "reason", reason);
    if (status == ST_OK)
        status = audit_append(writer, access->principal, "settle", "conflict", key, detail, err);
    json_decref(detail);
    if (status == ST_OK)
        status = writer_touch_rows(writer, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static enum status settled_remove(struct writer *writer, const struct access *access,
                                  const char *key, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "delete from conflict_settled where what = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    if (status == ST_OK && !sqlite3_changes(writer_db(writer)))
        status = error_set(err, ST_REFUSED, "%s is not settled", key);
    if (status == ST_OK)
        status = audit_append(writer, access->principal, "unsettle", "conflict", key, NULL, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

enum status conflict_unsettle(struct writer *writer, const struct access *access, const char *key,
                              struct error *err)
{
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "settle conflicts", err);
    if (status == ST_OK)
        status = key_check(key, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = settled_remove(writer, access, key, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}
