#include "model/people/consent.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/column.h"

#include <string.h>

enum { SOURCE_MOST = 200 };

const char *const consent_names[CONSENT_COUNT] = {"sms", "app", "wifi"};
static const char *const fields[CONSENT_COUNT] = {"consent_sms", "consent_app", "consent_wifi"};

static enum status history_add(struct writer *writer, const struct access *access,
                               const struct consent_change *change, int contact, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into consent (person, contact, given, time, source, actor) select person, ?2, ?3,"
        " ?4, ?5, ?6 from member where card = ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, change->card, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, consent_names[contact], -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 3, change->given[contact]);
    sqlite3_bind_int64(stmt, 4, time_now());
    sqlite3_bind_text(stmt, 5, change->source, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 6, access->principal, -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

static enum status consent_write(struct writer *writer, const struct access *access,
                                 const struct consent_change *change, struct error *err)
{
    json_t *set = json_object();
    for (int i = 0; i < CONSENT_COUNT; i++)
        if (change->set[i])
            json_object_set_new(set, fields[i], json_boolean(change->given[i]));
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "member",
                           .target = change->card,
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = set,
                           .reason = change->reason};
    enum status status = operation_apply(writer, &op, NULL, err);
    for (int i = 0; i < CONSENT_COUNT && status == ST_OK; i++)
        if (change->set[i])
            status = history_add(writer, access, change, i, err);
    json_decref(set);
    return status;
}

enum status consent_set(struct writer *writer, const struct access *access,
                        const struct consent_change *change, struct error *err)
{
    size_t n = change->source ? strlen(change->source) : 0;
    if (n < 1 || n > SOURCE_MOST || !text_valid(change->source, n))
        return error_set(err, ST_REFUSED, "source: expected a line of 1 to %d bytes", SOURCE_MOST);
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = consent_write(writer, access, change, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status consent_holds(struct reader *reader, uint32_t person, enum consent_contact contact,
                          bool *holds, struct error *err)
{
    static const char *const questions[CONSENT_COUNT] = {
        "select consent_sms from member where person = ?1",
        "select consent_app from member where person = ?1",
        "select consent_wifi from member where person = ?1",
    };
    sqlite3_stmt *stmt;
    bool row = false;
    *holds = false;
    enum status status = reader_prepare(reader, questions[contact], &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    *holds = status == ST_OK && row && sqlite3_column_int(stmt, 0) != 0;
    sqlite3_reset(stmt);
    return status;
}

enum status consent_history(struct reader *reader, uint32_t person, struct arena *arena,
                            struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"contact", N_("contact"), CELL_TEXT}, {"given", N_("consent"), CELL_TEXT},
        {"time", N_("time"), CELL_TIME},       {"source", N_("source"), CELL_TEXT},
        {"actor", N_("who"), CELL_TEXT},
    };
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    enum status status = reader_prepare(
        reader,
        "select * from (select contact, given, time, source, actor, id from consent where"
        " person = ?1 union all select c.contact, c.given, null, 'as registered', null, 0 from"
        " (select person, 'sms' as contact, consent_sms as given from member union all select"
        " person, 'app', consent_app from member union all select person, 'wifi', consent_wifi"
        " from member) c where c.person = ?1 and not exists (select 1 from consent h where"
        " h.person = c.person and h.contact = c.contact)) order by id desc, contact",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_text(arena_strdup(arena, column_text(stmt, 0)));
        cells[1] = cell_text(sqlite3_column_int(stmt, 1) ? "yes" : "no");
        if (sqlite3_column_type(stmt, 2) != SQLITE_NULL)
            cells[2] = cell_integer(sqlite3_column_int64(stmt, 2));
        cells[3] = cell_text(arena_strdup(arena, column_text(stmt, 3)));
        if (sqlite3_column_type(stmt, 4) != SQLITE_NULL)
            cells[4] = cell_text(arena_strdup(arena, column_text(stmt, 4)));
    }
    sqlite3_reset(stmt);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    return status;
}
