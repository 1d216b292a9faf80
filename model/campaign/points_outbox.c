#include "model/campaign/points_outbox.h"

#include "model/base/text.h"
#include "model/event/append.h"
#include "model/store/column.h"
#include "model/sync/outbox.h"

#include <string.h>

enum status points_outbox_begin(struct writer *writer, const struct points_entry *entry,
                                struct error *err)
{
    if (!writer_mall(writer)->replica)
        return ST_OK;
    if (entry->act != POINTS_ADJUST)
        return error_set(
            err, ST_REFUSED,
            "points are earned, burned, expired and reversed at the hub; a replica can "
            "only adjust them");
    event_append_pending(writer, true);
    return ST_OK;
}

/* A person's card, or "#NUMBER" of somebody who has none. */
static enum status target_of(struct writer *writer, uint32_t person, char target[256],
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    snprintf(target, 256, "#%u", person);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(target, 256, "%s", column_text(stmt, 0));
    sqlite3_reset(stmt);
    return ST_OK;
}

enum status points_outbox_put(struct writer *writer, const struct access *access,
                              const struct points_entry *entry, const char *ref, struct error *err)
{
    char target[256];
    if (!writer_mall(writer)->replica)
        return ST_OK;
    event_append_pending(writer, false);
    enum status status = target_of(writer, entry->person, target, err);
    if (status != ST_OK)
        return status;
    json_t *detail =
        json_pack("{s:I, s:I, s:i, s:i, s:i, s:s}", "points", (json_int_t)entry->points, "time",
                  (json_int_t)(entry->time ? entry->time : time_now()), "campaign",
                  (int)entry->campaign, "tenant", (int)entry->tenant, "channel",
                  (int)entry->channel, "reason", entry->reason ? entry->reason : "");
    status = outbox_put(writer, "points", ref, access->principal, target, detail, err);
    json_decref(detail);
    return status;
}

/* ---- On the hub ---- */

static enum status person_of(struct writer *writer, const char *target, uint32_t *person,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t number;
    *person = 0;
    if (*target == '#' && text_to_int64(target + 1, strlen(target + 1), &number) && number > 0 &&
        number <= UINT32_MAX) {
        *person = (uint32_t)number;
        return ST_OK;
    }
    enum status status = writer_prepare(
        writer, "select person from contact where kind = 1 and value = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, target, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *person = (uint32_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return *person
               ? ST_OK
               : error_set(err, ST_REFUSED, "the member of this adjustment is not there any more");
}

/* Who has no card is somebody by a contact, or by what happened; a number whose contacts are gone
 * is nobody's any more. */
static enum status person_check(struct writer *writer, uint32_t person, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "select exists (select 1 from contact where person = ?1 and kind between 1 and 5) or"
        " exists (select 1 from member where person = ?1)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    bool there = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return there
               ? ST_OK
               : error_set(err, ST_REFUSED, "the member of this adjustment is not there any more");
}

/* A clock that is ahead, or says it is, posts nothing after now: the balance would know of it
 * before it happened. */
static enum status points_apply(struct writer *writer, const struct access *access,
                                const struct outbox_edit *edit, struct error *err)
{
    struct points_posted posted;
    const json_t *detail = edit->detail;
    const char *reason = json_string_value(json_object_get(detail, "reason"));
    int64_t time = json_integer_value(json_object_get(detail, "time")), now = time_now();
    struct points_entry entry = {
        .act = POINTS_ADJUST,
        .points = json_integer_value(json_object_get(detail, "points")),
        .time = time > now ? now : time,
        .campaign = (uint32_t)json_integer_value(json_object_get(detail, "campaign")),
        .tenant = (uint32_t)json_integer_value(json_object_get(detail, "tenant")),
        .channel = (uint32_t)json_integer_value(json_object_get(detail, "channel")),
        .ref = edit->id,
        .reason = reason && *reason ? reason : NULL};
    enum status status = person_of(writer, edit->target, &entry.person, err);
    if (status == ST_OK)
        status = person_check(writer, entry.person, err);
    return status == ST_OK ? points_post(writer, access, &entry, &posted, err) : status;
}

void points_outbox_register(void)
{
    static const struct outbox_verb verb = {.name = "points", .apply = points_apply};
    outbox_verb_register(&verb);
}
