#include "model/people/consent.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <string.h>

enum { SOURCE_MOST = 200 };

const char *const consent_names[CONSENT_COUNT] = {"sms", "app", "wifi"};
static const char *const fields[CONSENT_COUNT] = {"consent_sms", "consent_app", "consent_wifi"};

enum status consent_set(struct writer *writer, const struct access *access,
                        const struct consent_change *change, struct operation_result *result,
                        struct error *err)
{
    size_t n = change->source ? strlen(change->source) : 0;
    if (n < 1 || n > SOURCE_MOST || !text_valid(change->source, n))
        return error_set(err, ST_REFUSED, "source: expected a line of 1 to %d bytes", SOURCE_MOST);
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
                           .reason = change->source};
    enum status status = operation_apply(writer, &op, result, err);
    json_decref(set);
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
