#include "model/campaign/suppress.h"

#include "model/store/column.h"

#include <jansson.h>
#include <string.h>

enum status recipient_read(struct writer *writer, struct arena *arena, uint32_t person,
                           struct recipient *recipient, struct error *err)
{
    sqlite3_stmt *stmt;
    *recipient = (struct recipient){.person = person};
    enum status status = writer_prepare(
        writer,
        "select card, name, phone, tier, consent_sms, consent_app, consent_wifi, app from member"
        " where person = ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *recipient = (struct recipient){
            .person = person,
            .member = true,
            .card = arena_strdup(arena, column_text(stmt, 0)),
            .name = arena_strdup(arena, column_text(stmt, 1)),
            .phone = arena_strdup(arena, column_text(stmt, 2)),
            .tier = arena_strdup(arena, column_text(stmt, 3)),
            .sms = sqlite3_column_int(stmt, 4) != 0,
            .app = sqlite3_column_int(stmt, 5) != 0,
            .wifi = sqlite3_column_int(stmt, 6) != 0,
            .has_app = sqlite3_column_int(stmt, 7) != 0,
        };
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading a member", err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- Consent ---- */

/* Without consent: whether the person said no, or was never asked. */
static enum status refusal_of(struct writer *writer, uint32_t person, const char *contact,
                              enum suppression *reason, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select 1 from consent where person = ?1 and contact = ?2 limit 1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_text(stmt, 2, contact, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    *reason = code == SQLITE_ROW ? SUPPRESS_OPT_OUT : SUPPRESS_CONSENT;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading consents", err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- Addresses ---- */

/* The person's contacts of a kind (3 app, 4 Wi-Fi device), in order. */
static enum status values_of(struct writer *writer, uint32_t person, int kind, json_t *values,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    enum status status = writer_prepare(
        writer, "select value from contact where person = ?1 and kind = ?2 order by value", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_int(stmt, 2, kind);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        json_array_append_new(values, json_string(column_text(stmt, 0)));
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading contacts", err);
    sqlite3_reset(stmt);
    return status;
}

/* The account, or the card where the app knows people by it. */
static enum status app_address(struct writer *writer, struct arena *arena,
                               const struct recipient *recipient, const char **address,
                               struct error *err)
{
    json_t *values = json_array();
    *address = "";
    enum status status = values_of(writer, recipient->person, 3, values, err);
    const char *first = json_string_value(json_array_get(values, 0));
    if (status == ST_OK && recipient->has_app)
        *address = first ? arena_strdup(arena, first) : recipient->card;
    json_decref(values);
    return status;
}

static enum status wifi_address(struct writer *writer, struct arena *arena,
                                const struct recipient *recipient, const char **address,
                                struct error *err)
{
    json_t *values = json_array();
    *address = "";
    enum status status = values_of(writer, recipient->person, 4, values, err);
    if (status == ST_OK && json_array_size(values)) {
        char *text = json_dumps(values, JSON_COMPACT);
        *address = text ? arena_strdup(arena, text) : "";
        free(text);
    }
    json_decref(values);
    return status;
}

static enum status address_of(struct writer *writer, struct arena *arena,
                              const struct recipient *recipient, enum contact contact,
                              const char **address, struct error *err)
{
    switch (contact) {
    case CONTACT_SMS:
        *address = recipient->phone;
        return ST_OK;
    case CONTACT_APP:
        return app_address(writer, arena, recipient, address, err);
    case CONTACT_WIFI:
        return wifi_address(writer, arena, recipient, address, err);
    default:
        *address = recipient->card;
        return ST_OK;
    }
}

enum status suppress_contact(struct writer *writer, struct arena *arena,
                             const struct contact_lines *lines, const struct recipient *recipient,
                             enum contact contact, enum suppression *reason, const char **address,
                             struct error *err)
{
    const struct {
        bool asked, agreed;
    } consents[CONTACT_COUNT] = {
        [CONTACT_SMS] = {true, recipient->sms},
        [CONTACT_APP] = {true, recipient->app},
        [CONTACT_WIFI] = {true, recipient->wifi},
    };
    *reason = SUPPRESS_NONE;
    *address = "";
    if (!recipient->member)
        *reason = SUPPRESS_GONE;
    else if (!lines->at[contact].adapter)
        *reason = SUPPRESS_CLOSED;
    if (*reason)
        return ST_OK;
    if (consents[contact].asked && !consents[contact].agreed)
        return refusal_of(writer, recipient->person, contact_names[contact], reason, err);
    enum status status = address_of(writer, arena, recipient, contact, address, err);
    if (status == ST_OK && !**address)
        *reason = SUPPRESS_ADDRESS;
    return status;
}

/* ---- The person's other messages ---- */

static int priority_of(const struct suppress_rules *rules, uint32_t campaign)
{
    return campaign < rules->n_priorities ? rules->priorities[campaign] : 0;
}

static enum status others_judge(struct writer *writer, const struct suppress_rules *rules,
                                uint32_t person, enum suppression *reason, struct error *err)
{
    const struct campaign *c = rules->campaign;
    int64_t window = rules->now - c->limits.per_window, n = 0;
    sqlite3_stmt *stmt;
    int code;
    bool outranked = false;
    for (size_t i = 0; i < rules->n_rivals && !outranked; i++)
        outranked =
            set_has(rules->rivals[i].treated, person) && !set_has(rules->rivals[i].seen, person);
    enum status status = writer_prepare(
        writer,
        "select campaign, time from message where person = ?1 and time > ?2 and state in (2, 3, 6)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_int64(stmt, 2, window < rules->today - 1 ? window : rules->today - 1);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        uint32_t campaign = (uint32_t)sqlite3_column_int64(stmt, 0);
        int64_t time = sqlite3_column_int64(stmt, 1);
        n += time > window;
        outranked = outranked || (campaign != c->id && time >= rules->today &&
                                  priority_of(rules, campaign) > c->limits.priority);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading messages", err);
    sqlite3_reset(stmt);
    *reason = outranked                                               ? SUPPRESS_PRIORITY
              : c->limits.per_person > 0 && n >= c->limits.per_person ? SUPPRESS_CAP
                                                                      : SUPPRESS_NONE;
    return status;
}

/* ---- All of it ---- */

/* How near a contact came to holding. */
static int nearness(enum suppression reason)
{
    static const int order[SUPPRESSIONS] = {[SUPPRESS_CLOSED] = 1,
                                            [SUPPRESS_CONSENT] = 2,
                                            [SUPPRESS_OPT_OUT] = 3,
                                            [SUPPRESS_ADDRESS] = 4};
    return order[reason];
}

enum status suppress_judge(struct writer *writer, struct arena *arena,
                           const struct suppress_rules *rules, const struct recipient *recipient,
                           size_t first, struct verdict *verdict, struct error *err)
{
    const struct campaign *c = rules->campaign;
    enum status status = ST_OK;
    *verdict = (struct verdict){.reason = SUPPRESS_CLOSED, .address = ""};
    for (size_t i = first; i < c->n_contacts && status == ST_OK; i++) {
        enum suppression reason;
        const char *address;
        if (c->contacts[i] == CONTACT_SCREEN)
            continue;
        status = suppress_contact(writer, arena, rules->lines, recipient, c->contacts[i], &reason,
                                  &address, err);
        if (verdict->contact == CONTACT_NONE || reason == SUPPRESS_NONE ||
            nearness(reason) > nearness(verdict->reason))
            *verdict = (struct verdict){c->contacts[i], reason, address};
        if (reason == SUPPRESS_NONE || reason == SUPPRESS_GONE)
            break;
    }
    if (status == ST_OK && verdict->reason == SUPPRESS_NONE)
        status = others_judge(writer, rules, recipient->person, &verdict->reason, err);
    return status;
}
