/* What holds of a replica in place of what holds of a whole mall: its settings, cards and phones are
 * as its role sees them, no more and no less, and what was edited is in the outbox. */
#include "model/base/intl.h"
#include "model/store/column.h"
#include "model/store/setting.h"
#include "model/store/verify.h"
#include "model/sync/outbox_parts.h"
#include "model/sync/policy.h"

#include <string.h>

/* ---- Settings ---- */

/* Whether the role's replica has a setting of that name. */
static enum status setting_seen(struct verify *verify, const struct access *access,
                                const char *name, bool *seen, struct error *err)
{
    struct policy_table table;
    sqlite3_stmt *stmt;
    bool row;
    policy_table(access->role, change_place_find("setting"), &table);
    *seen = true;
    if (!table.where)
        return ST_OK;
    enum status status =
        reader_prepare(verify->reader,
                       arena_printf(verify->arena, "select %s from (select ?1 as name)",
                                    table.where),
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(verify->reader, stmt, &row, err);
    *seen = status == ST_OK && row && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return status;
}

static enum status settings_check(struct verify *verify, struct error *err)
{
    struct access access;
    const char *wrong = "";
    size_t n = 0;
    enum status status = access_lookup(verify->reader, "verify", &access, err);
    for (size_t i = 0; i < n_settings && status == ST_OK; i++) {
        const char *name = settings[i].name;
        struct error found = {0};
        sqlite3_stmt *stmt;
        bool seen, row = false;
        status = setting_seen(verify, &access, name, &seen, err);
        if (status == ST_OK)
            status = reader_prepare(verify->reader, "select value from setting where name = ?1",
                                    &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
        status = reader_step(verify->reader, stmt, &row, err);
        /* What it may not see has the value that a new mall has. */
        if (status == ST_OK && seen && !row)
            error_set(&found, ST_REFUSED, "%s is missing", name);
        else if (status == ST_OK && !seen && row &&
                 (!settings[i].initial || strcmp(column_text(stmt, 0), settings[i].initial) != 0))
            error_set(&found, ST_REFUSED, "%s is not for this role to know", name);
        else if (status == ST_OK && row)
            setting_check(name, column_text(stmt, 0), &found);
        sqlite3_reset(stmt);
        if (found.message)
            wrong = arena_printf(verify->arena, "%s%s%s", wrong, *wrong ? "; " : "", found.message);
        error_clear(&found);
        n += seen;
    }
    if (status != ST_OK)
        return status;
    return *wrong ? verify_bad(verify, "%s", wrong) : verify_good(verify, _("%zu settings"), n);
}

/* ---- Cards and phones ---- */

/* A contact that begins so, up to what stands behind '#'. */
#define MASKED_AS(text) "i.value >= " text " || '#' and i.value < " text " || '$'"

static const char no_people[] = "select 'member ' || person from member union all"
                                " select 'contact of ' || person from contact";

static enum status members_masked(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "select 'member ' || m.person from member m where m.card not like '%#' || m.person or not"
        " exists (select 1 from contact i where i.kind = 1 and i.person = m.person and " MASKED_AS(
            "substr(m.card, 1, length(m.card) - length(m.person) - 1)") ")",
        "select count(*) from member", N_("members have a card of their own"), err);
}

static enum status members_keyed(struct verify *verify, const struct access *access,
                                 struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    int64_t n = 0;
    enum status status =
        reader_prepare(verify->reader, "select person, card, name, phone from member", &stmt, err);
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        uint32_t person = 0;
        n++;
        if (pseudonym_read(access->key, column_text(stmt, 1), &person) &&
            person == (uint32_t)sqlite3_column_int64(stmt, 0) && !*column_text(stmt, 2) &&
            !*column_text(stmt, 3))
            continue;
        int64_t found = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        return verify_bad(verify, "member %lld is known by something else than a pseudonym",
                          (long long)found);
    }
    if (status != ST_OK)
        return status;
    sqlite3_reset(stmt);
    return verify_good(verify, _("%lld members have a pseudonym of their own"), (long long)n);
}

static enum status members_check(struct verify *verify, struct error *err)
{
    struct access access;
    enum status status = access_lookup(verify->reader, "verify", &access, err);
    if (status != ST_OK)
        return status;
    switch (access.mask) {
    case MASK_PEOPLE:
        return verify_none(verify, no_people, "select count(*) from member", N_("members"), err);
    case MASK_PSEUDONYM:
        return members_keyed(verify, &access, err);
    case MASK_CONTACTS:
        return members_masked(verify, err);
    default:
        return verify_none(verify,
                           "select m.card from member m where not exists (select 1 from identity i"
                           " where i.kind = 'card' and i.value = m.card and i.person = m.person)",
                           "select count(*) from member", N_("members know their card"), err);
    }
}

/* A phone may be somebody else's who had it first, and one that was typed here is not masked. */
static enum status phones_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "select 'member ' || m.person from member m where m.phone <> '' and not exists (select 1"
        " from contact i where i.kind = 2 and (i.value = m.phone or (" MASKED_AS(
            "m.phone") ")))",
        "select count(*) from member where phone <> ''", N_("phones lead to a person"), err);
}

/* ---- The outbox ---- */

static enum status outbox_check(struct verify *verify, struct error *err)
{
    if (!reader_mall(verify->reader)->replica)
        return verify_none(verify, "select 'edit ' || id from outbox", "select count(*) from outbox",
                           N_("edits of a replica"), err);
    return verify_none(
        verify,
        "select 'edit ' || id from outbox where not json_valid(detail) or not json_valid(before) or"
        " state not in ('pending', 'waiting', 'conflict', 'refused', 'done')"
        " union all select 'event ' || -seq || ' that no edit made' from tail where seq < 0 and ref"
        " not in (select id from outbox where state <> 'refused')",
        "select count(*) from outbox", N_("edits, with what they did here"), err);
}

void sync_verify_register(void)
{
    verify_register(N_("outbox"), outbox_check);
    verify_replica("settings", settings_check, NULL);
    verify_replica("members", members_check, NULL);
    verify_replica("phones", phones_check, NULL);
    verify_replica("event references", NULL,
                   N_("left out: only the hub has the index of references, and looked for what came "
                      "twice"));
}
