/* What members said about consents on a replica, said once more on the hub. A withdrawal holds
 * whatever else happened to the member's row. A consent holds only where nothing was said since it
 * was given: an older one never undoes a withdrawal, and which is older is told by versions, as
 * clocks of consoles are nobody's word. */
#include "model/base/text.h"
#include "model/people/consent.h"
#include "model/store/column.h"
#include "model/sync/outbox_parts.h"

#include <stdlib.h>
#include <string.h>

static const char *const fields[CONSENT_COUNT] = {"consent_sms", "consent_app", "consent_wifi"};

static bool is_given(const json_t *value)
{
    return json_is_true(value) || json_integer_value(value) == 1 ||
           (json_is_string(value) && strcmp(json_string_value(value), "yes") == 0);
}

/* Whether an operation after the version said something about the contact. */
static enum status said_since(struct writer *writer, const char *card, const char *field,
                              int64_t version, bool *said, struct error *err)
{
    sqlite3_stmt *stmt;
    *said = false;
    enum status status = writer_prepare(
        writer,
        "select exists (select 1 from operation o join audit a on a.seq = o.seq where o.entity ="
        " 'member' and o.target = ?1 and o.result_version > ?2 and json_valid(a.after) and"
        " json_extract(a.after, '$.' || ?3) is not null)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, card, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, version);
    sqlite3_bind_text(stmt, 3, field, -1, SQLITE_STATIC);
    *said = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return status;
}

/* One contact: what is given here must not have been withdrawn there meanwhile. */
static enum status consent_check(struct writer *writer, const struct outbox_edit *edit,
                                 const json_t *now, int contact, struct error *err)
{
    const json_t *seen = json_object_get(json_object_get(edit->detail, "seen"), fields[contact]);
    bool said;
    if (json_is_true(json_object_get(now, fields[contact])))
        return ST_OK;
    enum status status = said_since(writer, edit->target, fields[contact], edit->base, &said, err);
    if (status == ST_OK && (said || is_given(seen)))
        status = error_set(err, ST_CONFLICT,
                           "%s: it was withdrawn since this consent was given; record it anew if "
                           "the member agrees again",
                           consent_names[contact]);
    return status;
}

static enum status consents_check(struct writer *writer, const struct outbox_edit *edit,
                                  json_t **kept, struct error *err)
{
    json_t *said = json_object_get(edit->detail, "fields"), *now = NULL;
    int64_t version;
    enum status status = operation_read(writer, "member", edit->target, &now, &version, err);
    size_t known = 0;
    *kept = json_object();
    for (int i = 0; i < CONSENT_COUNT && status == ST_OK; i++) {
        json_t *value = json_object_get(said, fields[i]);
        known += value != NULL;
        if (value && is_given(value) && version != edit->base)
            status = consent_check(writer, edit, now, i, err);
        if (value && status == ST_OK)
            json_object_set(*kept, fields[i], value);
    }
    if (status == ST_OK && (!known || known != json_object_size(said)))
        status = error_set(err, ST_REFUSED, "there is no such consent");
    json_decref(now);
    return status;
}

static enum status apply(struct writer *writer, const struct access *access,
                         const struct outbox_edit *edit, struct error *err)
{
    const char *reason = json_string_value(json_object_get(edit->detail, "reason"));
    json_t *set = NULL;
    enum status status = consents_check(writer, edit, &set, err);
    struct operation op = {.id = edit->id,
                           .actor = access->principal,
                           .rights = access->rights,
                           .entity = "member",
                           .target = edit->target,
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = set,
                           .reason = reason && *reason ? reason : NULL};
    if (status == ST_OK)
        status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    return status;
}

static enum status theirs(struct writer *writer, const char *target, json_t *out, struct error *err)
{
    json_t *now = NULL;
    int64_t version;
    enum status status = operation_read(writer, "member", target, &now, &version, err);
    for (int i = 0; i < CONSENT_COUNT; i++)
        if (json_object_get(now, fields[i]))
            json_object_set(out, fields[i], json_object_get(now, fields[i]));
    json_decref(now);
    return status;
}

const struct outbox_verb outbox_consent = {
    .name = "consent", .apply = apply, .entity = "member", .theirs = theirs};
