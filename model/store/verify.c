#include "model/store/verify.h"

#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/store/column.h"
#include "model/store/operation_parts.h"
#include "model/store/setting.h"

#include <stdio.h>
#include <string.h>

enum { EXAMPLES = 3, REGISTERED = 64 };

/* ---- Findings ---- */

static enum status finding_set(struct verify *verify, bool good, const char *format, va_list args)
{
    verify->result.good = good;
    verify->result.finding = arena_vprintf(verify->arena, format, args);
    return ST_OK;
}

enum status verify_good(struct verify *verify, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    finding_set(verify, true, format, args);
    va_end(args);
    return ST_OK;
}

enum status verify_bad(struct verify *verify, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    finding_set(verify, false, format, args);
    va_end(args);
    return ST_OK;
}

static char *quoted_column(struct verify *verify, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    text = text ? text : "";
    return text_quote(verify->arena, text, strlen(text));
}

enum status verify_none(struct verify *verify, const char *sql, const char *count_sql,
                        const char *things, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(verify->reader, sql, &stmt, err);
    bool row = true;
    int64_t wrong = 0, all = 0;
    const char *examples = "";
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        if (wrong < EXAMPLES)
            examples = arena_printf(verify->arena, "%s%s%s", examples, wrong ? ", " : "",
                                    quoted_column(verify, stmt, 0));
        wrong++;
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    if (status == ST_OK)
        status = reader_integer(verify->reader, count_sql, 0, &all, err);
    if (status != ST_OK)
        return status;
    char *counted = text_count(verify->arena, all);
    if (wrong == 0)
        return verify_good(verify, "%s %s", counted, _(things));
    return verify_bad(verify, _("%s of %s %s, such as %s"), text_count(verify->arena, wrong),
                      counted, _(things), examples);
}

/* ---- SQLite's own ---- */

static enum status sqlite_check(struct verify *verify, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(verify->reader, "pragma integrity_check(20)", &stmt, err);
    const char *found = "";
    int n = 0;
    bool row = true;
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        const char *line = column_text(stmt, 0);
        if (strcmp(line, "ok") != 0)
            found = arena_printf(verify->arena, "%s%s%s", found, n++ ? "; " : "",
                                 text_quote(verify->arena, line, strlen(line)));
    }
    if (status != ST_OK)
        return status;
    sqlite3_reset(stmt);
    int64_t pages = 0;
    status = reader_integer(verify->reader, "pragma page_count", 0, &pages, err);
    if (status != ST_OK)
        return status;
    return n ? verify_bad(verify, "%s", found)
             : verify_good(verify, _("%s pages"), text_count(verify->arena, pages));
}

/* ---- References and dictionaries ---- */

static enum status references_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "select 'shop ' || code || ': zone ' || zone from tenant"
        " where zone <> 0 and zone not in (select id from zone)"
        " union all select 'device ' || code || ': shop ' || tenant from device"
        " where tenant <> 0 and tenant not in (select id from tenant)"
        " union all select 'device ' || code || ': zone ' || zone from device"
        " where zone <> 0 and zone not in (select id from zone)"
        " union all select 'member ' || card || ': channel ' || channel from member"
        " where channel <> 0 and channel not in (select id from channel)"
        " union all select 'label ' || label || ': person ' || person from label_member"
        " where label not in (select id from label)"
        " union all select 'group ' || crowd || ': person ' || person from crowd_member"
        " where crowd not in (select id from crowd)"
        " union all select 'refused row of import ' || import from refused"
        " where import not in (select id from import)",
        "select (select count(*) from tenant) + (select count(*) from device)"
        " + (select count(*) from member) + (select count(*) from label_member)"
        " + (select count(*) from crowd_member)",
        N_("rows with references"), err);
}

static enum status dictionaries_check(struct verify *verify, struct error *err)
{
#define DICTIONARY(table, name)                                                                    \
    "select '" #table " ' || id || ' has no name' from " #table " where id < 1 or " #name " = ''"
    return verify_none(
        verify,
        DICTIONARY(kind, name) " union all " DICTIONARY(channel, name) " union all " DICTIONARY(
            zone,
            code) " union all " DICTIONARY(tenant,
                                           code) " union all " DICTIONARY(device,
                                                                          code) " union "
                                                                                "all " DICTIONARY(
                                                                                    campaign, code),
        "select (select count(*) from kind) + (select count(*) from channel)"
        " + (select count(*) from zone) + (select count(*) from tenant)"
        " + (select count(*) from device) + (select count(*) from campaign)",
        N_("names"), err);
#undef DICTIONARY
}

/* ---- People ---- */

static enum status members_check(struct verify *verify, struct error *err)
{
    return verify_none(verify,
                       "select m.card from member m where not exists (select 1 from identity i"
                       " where i.kind = 'card' and i.value = m.card and i.person = m.person)",
                       "select count(*) from member", N_("members know their card"), err);
}

static enum status phones_check(struct verify *verify, struct error *err)
{
    return verify_none(verify,
                       "select m.card from member m where m.phone <> '' and not exists"
                       " (select 1 from identity i where i.kind = 'phone' and i.value = m.phone)",
                       "select count(*) from member where phone <> ''",
                       N_("phones lead to a person"), err);
}

static enum status persons_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "with most(n) as (select value from counter where name = 'person')"
        " select i.kind || ' ' || i.value || ': person ' || i.person from identity i, most"
        " where i.person < 1 or i.person > most.n"
        " union all select 'member ' || m.card || ': person ' || m.person from member m, most"
        " where m.person < 1 or m.person > most.n"
        " union all select 'label ' || l.label || ': person ' || l.person from label_member l, most"
        " where l.person < 1 or l.person > most.n"
        " union all select 'attribute ' || a.name || ': person ' || a.person from attribute a, most"
        " where a.person < 1 or a.person > most.n"
        " union all select 'relation: person ' || r.person || ' and ' || r.other from relation r,"
        " most where min(r.person, r.other) < 1 or max(r.person, r.other) > most.n",
        "select count(*) from identity", N_("contacts, each of a person that was given a number"),
        err);
}

/* ---- Operations and audit ---- */

/* Text columns in the order of struct audit_record, from column 2 on. */
static struct audit_record record_of(sqlite3_stmt *stmt)
{
    const char *text[8];
    for (int i = 0; i < 8; i++) {
        text[i] = (const char *)sqlite3_column_text(stmt, 2 + i);
        text[i] = text[i] ? text[i] : ""; /* in a damaged file */
    }
    return (struct audit_record){text[0], text[1], text[2], text[3],
                                 text[4], text[5], text[6], text[7]};
}

/* What is known of the chain while it is walked. */
struct chain {
    unsigned char hash[32];
    json_t *names;      /* seq of each record that erasures name */
    VEC(int64_t) found; /* seq of each record without its payload */
};

/* A record of an erasure names those that it took the payload of. */
static void chain_note(struct chain *chain, const struct audit_record *record)
{
    json_t *after, *seq;
    size_t i;
    if (strcmp(record->act, "erase") != 0)
        return;
    after = json_loads(record->after, 0, NULL);
    json_array_foreach(json_object_get(after, "redacted"), i, seq)
    {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)json_integer_value(seq));
        json_object_set_new(chain->names, name, json_true());
    }
    json_decref(after);
}

static bool record_continues(struct chain *chain, sqlite3_stmt *stmt, int64_t seq)
{
    const void *payload = sqlite3_column_blob(stmt, 11);
    if (sqlite3_column_int64(stmt, 0) != seq || sqlite3_column_bytes(stmt, 10) != 32 ||
        sqlite3_column_bytes(stmt, 11) != 32)
        return false;
    struct audit_record record = record_of(stmt);
    unsigned char expected[32];
    int salt = sqlite3_column_bytes(stmt, 12);
    if (salt == AUDIT_SALT)
        audit_payload(sqlite3_column_blob(stmt, 12), &record, expected);
    if (salt && (salt != AUDIT_SALT || memcmp(expected, payload, 32) != 0))
        return false;
    if (!salt)
        vec_push(&chain->found, seq);
    audit_hash(chain->hash, seq, sqlite3_column_int64(stmt, 1), &record, payload, expected);
    memcpy(chain->hash, expected, 32);
    chain_note(chain, &record);
    return memcmp(sqlite3_column_blob(stmt, 10), expected, 32) == 0;
}

/* The first record whose payload no erasure took; 0: none. */
static int64_t chain_unaccounted(const struct chain *chain)
{
    for (size_t i = 0; i < chain->found.n; i++) {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)chain->found.at[i]);
        if (!json_object_get(chain->names, name))
            return chain->found.at[i];
    }
    return 0;
}

static enum status chain_walk(struct verify *verify, struct chain *chain, int64_t *seq,
                              bool *broken, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        reader_prepare(verify->reader,
                       "select seq, time, actor, act, entity, target, before, after, reason, "
                       "operation, hash, payload, salt from audit order by seq",
                       &stmt, err);
    bool row = true;
    *seq = 0;
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        if (record_continues(chain, stmt, ++*seq))
            continue;
        int64_t found = sqlite3_column_int64(stmt, 0);
        *broken = true;
        sqlite3_reset(stmt);
        return verify_bad(verify,
                          "the chain breaks at record %lld (found record %lld): it was changed, "
                          "or one before it was removed",
                          (long long)*seq, (long long)found);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

static enum status chain_end(struct verify *verify, const struct chain *chain, int64_t seq,
                             struct error *err)
{
    int64_t last = 0, bare = chain_unaccounted(chain);
    enum status status = reader_integer(
        verify->reader, "select value from counter where name = 'audit'", 0, &last, err);
    if (status != ST_OK)
        return status;
    if (last != seq)
        return verify_bad(verify, "found %lld records, expected %lld: the last ones were removed",
                          (long long)seq, (long long)last);
    if (bare)
        return verify_bad(verify,
                          "what record %lld says was removed, and no erasure says that it did",
                          (long long)bare);
    char hex[SHA256_HEX];
    sha256_hex(chain->hash, hex);
    return verify_good(verify, _("%s records, the last is %.16s"), text_count(verify->arena, seq),
                       seq ? hex : "-");
}

static enum status audit_check(struct verify *verify, struct error *err)
{
    struct chain chain = {.names = json_object()};
    int64_t seq = 0;
    bool broken = false;
    enum status status = chain_walk(verify, &chain, &seq, &broken, err);
    if (status == ST_OK && !broken)
        status = chain_end(verify, &chain, seq, err);
    json_decref(chain.names);
    vec_free(&chain.found);
    return status;
}

/* Who was joined into another has nothing left. */
static enum status links_check(struct verify *verify, struct error *err)
{
    return verify_none(verify,
                       "select 'link ' || l.id from link l where l.undone = 0 and (exists"
                       " (select 1 from member m where m.person = l.person) or exists (select 1"
                       " from identity i where i.person = l.person))",
                       "select count(*) from link where undone = 0", N_("links between persons"),
                       err);
}

static enum status operations_check(struct verify *verify, struct error *err)
{
    return verify_none(verify,
                       "select o.id from operation o left join audit a on a.seq = o.seq"
                       " where a.seq is null or a.operation <> o.id or a.target <> o.target"
                       " or (o.undone_by <> '' and o.undone_by not in (select id from operation))",
                       "select count(*) from operation", N_("operations with their audit record"),
                       err);
}

/* ---- Settings and counters ---- */

static enum status settings_check(struct verify *verify, struct error *err)
{
    const char *wrong = "";
    for (size_t i = 0; i < n_settings; i++) {
        sqlite3_stmt *stmt;
        enum status status =
            reader_prepare(verify->reader, "select value from setting where name = ?1", &stmt, err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_text(stmt, 1, settings[i].name, -1, SQLITE_STATIC);
        bool row = false;
        status = reader_step(verify->reader, stmt, &row, err);
        struct error found = {0};
        if (status == ST_OK && !row)
            error_set(&found, ST_REFUSED, "%s is missing", settings[i].name);
        else if (status == ST_OK)
            setting_check(settings[i].name, column_text(stmt, 0), &found);
        sqlite3_reset(stmt);
        if (found.message)
            wrong = arena_printf(verify->arena, "%s%s%s", wrong, *wrong ? "; " : "", found.message);
        error_clear(&found);
        if (status != ST_OK)
            return status;
    }
    return *wrong ? verify_bad(verify, "%s", wrong)
                  : verify_good(verify, _("%zu settings"), n_settings);
}

static enum status counters_check(struct verify *verify, struct error *err)
{
    return verify_none(verify,
                       "with expected(name) as (values ('events'), ('rows'), ('person'),"
                       " ('batch'), ('audit'))"
                       " select e.name from expected e left join counter c on c.name = e.name"
                       " where c.value is null or c.value < 0",
                       "select count(*) from counter", N_("counters"), err);
}

/* ---- All of them ---- */

static const struct check {
    const char *name;
    verify_check *run;
} checks[] = {
    {N_("sqlite"), sqlite_check},         {N_("settings"), settings_check},
    {N_("counters"), counters_check},     {N_("dictionaries"), dictionaries_check},
    {N_("references"), references_check}, {N_("members"), members_check},
    {N_("phones"), phones_check},         {N_("persons"), persons_check},
    {N_("links"), links_check},           {N_("audit chain"), audit_check},
    {N_("operations"), operations_check},
};

static struct check registered[REGISTERED];
static size_t n_registered;

void verify_register(const char *name, verify_check *check)
{
    for (size_t i = 0; i < n_registered; i++)
        if (registered[i].run == check)
            return;
    if (n_registered < REGISTERED)
        registered[n_registered++] = (struct check){name, check};
}

static struct replacement {
    const char *name, *why;
    verify_check *run;
} replacements[8];
static size_t n_replacements;

void verify_replica(const char *name, verify_check *check, const char *why)
{
    for (size_t i = 0; i < n_replacements; i++)
        if (strcmp(replacements[i].name, name) == 0)
            return;
    if (n_replacements < sizeof replacements / sizeof *replacements)
        replacements[n_replacements++] = (struct replacement){name, why, check};
}

static const struct replacement *replacement_of(const char *name)
{
    for (size_t i = 0; i < n_replacements; i++)
        if (strcmp(replacements[i].name, name) == 0)
            return &replacements[i];
    return NULL;
}

static enum status check_run(struct verify *verify, const struct check *check, struct error *err)
{
    struct error found = {0};
    verify->result = (struct verify_result){.check = check->name, .finding = ""};
    const struct replacement *other =
        reader_mall(verify->reader)->replica ? replacement_of(check->name) : NULL;
    verify->result.left_out = other && !other->run;
    if (verify->result.left_out)
        return verify_good(verify, "%s", _(other->why));
    enum status status = (other ? other->run : check->run)(verify, &found);
    if (status == ST_CANCELLED)
        error_set(err, ST_CANCELLED, "%s", error_text(&found));
    else if (status != ST_OK)
        verify_bad(verify, "%s", error_text(&found));
    error_clear(&found);
    return status == ST_CANCELLED ? ST_CANCELLED : ST_OK;
}

/* Not even the counters can be read: SQLite's check says what it finds. */
static enum status unreadable_report(struct verify *verify, verify_report *report, void *context,
                                     int *bad, struct error *err)
{
    enum status status = check_run(verify, checks, err);
    if (status != ST_OK)
        return status;
    if (verify->result.good)
        verify_bad(verify, "%s", error_text(err));
    *bad = 1;
    if (report)
        report(context, &verify->result);
    error_clear(err);
    return ST_OK;
}

enum status verify_run(struct reader *reader, struct arena *arena, verify_report *report,
                       void *context, int *bad, struct error *err)
{
    *bad = 0;
    const size_t own = sizeof checks / sizeof *checks, all = own + n_registered;
    struct verify verify = {.reader = reader, .arena = arena};
    enum status status = reader_begin(reader, err);
    if (status == ST_UNUSABLE)
        return unreadable_report(&verify, report, context, bad, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; status == ST_OK && i < all; i++) {
        status = check_run(&verify, i < own ? checks + i : registered + (i - own), err);
        if (status != ST_OK)
            break;
        *bad += !verify.result.good;
        if (report)
            report(context, &verify.result);
        reader_progress(reader, (int64_t)i + 1, (int64_t)all);
    }
    reader_end(reader);
    return status;
}
