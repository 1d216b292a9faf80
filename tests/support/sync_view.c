#include "tests/support/sync_view.h"

#include "model/base/vec.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const role_names[] = {"operator", "manager", "analyst", "technician", "admin"};
enum { ROLES = 5, COLUMNS_MOST = 64 };

/*
 * By operator, manager, analyst, technician, admin: operators and managers see members masked,
 * analysts pseudonyms, technicians devices and nobody, admins all. Campaigns, labels and what
 * questions are asked of are nothing for a technician, how devices are reached nothing for those
 * who do not look after them; who did what to people and what was said to them is not for
 * analysts; and what was written to a person is the hub's.
 */
static const struct {
    const char *table, *columns, *has; /* columns "*": the others */
} rules[] = {
    {"setting", "name value version", "fffff"},
    {"kind", "id name", "fffff"},
    {"channel", "id name", "fffff"},
    {"zone", "id code name floor version", "fffff"},
    {"tenant", "id code name category floor zone smart_pos brand note version", "fffff"},
    {"device", "id code kind model tenant zone floor version", "fffff"},
    {"device", "host port user pin identity bastion", "aaaff"},
    {"device", "quarantine note", "afaff"},
    {"rollout",
     "id code app file size sha256 selection devices canary waves threshold coverage soak trial"
     " expires window_from window_to weekdays back state author approved_by started ended why"
     " version wave soaking driver lease",
     "aaaff"},
    {"rollout_device",
     "rollout device wave step goal fault had wait attempts since due switched looked old app"
     " reason",
     "aaaff"},
    {"collect_day",
     "device day receipts amount card_receipts card_amount sightings random duplicates refused"
     " clocked",
     "aaaff"},
    {"device_sample", "device hour asked answered load disk clock", "aaaff"},
    {"config", "id key text version", "aaaff"},
    {"config_queue", "device actor time expires", "aaaff"},
    {"device_state",
     "device time seen state phase reason milliseconds offered app config wanted load disk clock"
     " spool",
     "aaaff"},
    {"device_act", "id device time act actor detail state exit milliseconds", "aaaff"},
    {"campaign",
     "id code name kind goal audience holdout value minimum points factor gift shops valid stock"
     " stacking from_day to_day weekdays hour_from hour_to blackout contacts message per_person"
     " per_window quiet_from quiet_to budget priority state author approved_by approved started"
     " ended edition version",
     "fffaf"},
    {"item", "id name brand category color", "fffaf"},
    {"contact", "kind person", "fffaf"},
    {"contact", "value", "mmmaf"},
    {"member",
     "person gender birth joined channel tier income community car house consent_sms consent_app"
     " consent_wifi app version",
     "fffaf"},
    {"member", "card", "mmpaf"},
    {"member", "name phone", "mmaaf"},
    {"attribute", "person name", "fffaf"},
    {"attribute", "value", "mmmaf"},
    {"interest", "person topic weight", "fffaf"},
    {"relation", "person other kind since", "fffaf"},
    {"crowd", "id code name topic version", "fffaf"},
    {"crowd_member", "crowd person role joined", "fffaf"},
    {"label", "id name rule author note as_of version", "fffaf"},
    {"label_people", "label block people", "fffaf"},
    {"label_state",
     "label version rule people batch tail rows day as_of time milliseconds blocks spans tables"
     " seen error",
     "fffaf"},
    {"label_member", "label person", "fffaf"},
    {"segment", "id name expression kind author note as_of edition version", "fffaf"},
    {"people_set", "edition block people", "fffaf"},
    {"funnel", "id name definition author version", "fffaf"},
    {"link", "id person target evidence confidence actor time undone undone_by", "aaaaf"},
    {"link_row", "id link place moved row", "aaaaf"},
    {"link_identity", "link kind value", "aaaaf"},
    {"link_event", "id link month head data", "aaaaf"},
    {"conflict_settled", "what verdict reason actor time", "aaaaf"},
    {"consent", "id person contact given time", "fffaf"},
    {"consent", "source actor", "ffaaf"},
    {"erasure", "id time actor reason receipt", "afaaf"},
    {"erasure", "seq", "aaaaa"},
    {"principal", "name role version", "fffff"},
    {"principal", "key", "aaaaf"},
    {"message", "campaign person contact state reason due tried time cost", "fffaf"},
    {"message", "note key body", "aaaaf"},
    {"task", "id campaign person tenant text state due made actor note version", "ffaaf"},
    {"device_queue", "id device kind tenant campaign expires state reason had time", "ffaff"},
    {"device_queue", "person", "ffaaf"},
    {"device_queue", "key", "nnanf"},
    {"device_queue", "payload", "aaaaf"},
    {"coupon",
     "id own campaign person state value minimum issued expires claimed expired used tenant amount"
     " given touched",
     "fffaf"},
    {"coupon", "code", "ffnaf"},
    {"coupon", "issue_ref redeem_ref", "ffaaf"},
    {"coupon_dispute", "ref code campaign reason time tenant value", "ffaaf"},
    {"campaign_sum", "campaign name value", "fffaf"},
    {"points_terms", "id since months version", "fffaf"},
    {"points_rule", "id name shops tier per_yuan factor weekdays from_day to_day priority version",
     "fffaf"},
    {"points_hold", "ref person points campaign tenant made expires state", "ffaaf"},
};

/* Of each file alone: no replica gets them. */
static const char own_tables[] =
    " counter contact_kind profile profile_word profile_stale label_list label_stale erased secret"
    " operation audit batch import refused chunk tail ref_layer ref_leaf person_block"
    " person_recent rollup_day rollup_hour session search_part search_tail sync change change_set"
    " event_log event_delta replica outbox outbox_base archive collect device_offered ";

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0))
            return true;
    return false;
}

static int role_number(const char *role)
{
    for (int i = 0; i < ROLES; i++)
        if (strcmp(role_names[i], role) == 0)
            return i;
    fail_msg("no role %s", role);
    return 0;
}

char view_column(const char *role, const char *table, const char *column)
{
    if (has_word(own_tables, table))
        return 'a';
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].table, table) == 0 && has_word(rules[i].columns, column))
            return rules[i].has[role_number(role)];
    return 0;
}

/* ---- Masks, by hand ---- */

/* Bytes of the n-th character on; n below 0 from the end. */
static size_t character_at(const char *text, int n)
{
    size_t at = n < 0 ? strlen(text) : 0;
    for (; n < 0 && at; n++)
        do
            at--;
        while (at && ((unsigned char)text[at] & 0xC0) == 0x80);
    for (; n > 0 && text[at]; n--)
        do
            at++;
        while (((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

static int characters(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static const char *ends_kept(struct arena *arena, const char *text, int head, int tail,
                             const char *stars)
{
    return arena_printf(arena, "%.*s%s%s", (int)character_at(text, head), text, stars,
                        tail ? text + character_at(text, -tail) : "");
}

static const char *name_masked(struct arena *arena, const char *text)
{
    return *text ? ends_kept(arena, text, 1, 0, (unsigned char)*text >= 0xE2 ? "*" : "***") : "";
}

static const char *phone_masked(struct arena *arena, const char *text)
{
    int n = characters(text);
    return n >= 11  ? ends_kept(arena, text, n - 8, 4, "****")
           : n >= 8 ? ends_kept(arena, text, 2, 2, "****")
           : n      ? "****"
                    : "";
}

static const char *card_masked(struct arena *arena, const char *text)
{
    int n = characters(text);
    return n ? ends_kept(arena, text, 0, n > 4 ? 3 : n > 1 ? 1 : 0, "*****") : "";
}

static const char *address_masked(struct arena *arena, const char *text)
{
    int n = characters(text);
    unsigned a, b, rest[4];
    if (n == 17 &&
        sscanf(text, "%x:%x:%x:%x:%x:%x", &a, &b, rest, rest + 1, rest + 2, rest + 3) == 6)
        return arena_printf(arena, "%02x:%02x:**:**:**:**", a, b);
    return n >= 8 ? ends_kept(arena, text, 2, 2, "****") : n ? "****" : "";
}

/* Of the attributes that tests use. */
static bool attribute_personal(const char *name)
{
    return strcmp(name, "e_mail") == 0 || strcmp(name, "home address") == 0;
}

bool view_personal(const char *table, const char *column)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].table, table) == 0 && has_word(rules[i].columns, column))
            return strchr(rules[i].has, 'm') || strchr(rules[i].has, 'p') ||
                   strcmp(rules[i].has, "aaaaf") == 0;
    return false;
}

/* ---- Rows as lines ---- */

typedef VEC(const char *) lines;

struct view {
    struct arena *arena;
    struct view_words *words;
    const char *principal, *role;
    bool analyst, admin;
    const char *found;
};

static const char *cell_text(struct view *v, sqlite3_stmt *stmt, int column)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return "NULL";
    if (sqlite3_column_type(stmt, column) != SQLITE_BLOB)
        return arena_strdup(v->arena, (const char *)sqlite3_column_text(stmt, column));
    size_t n = (size_t)sqlite3_column_bytes(stmt, column);
    const unsigned char *bytes = sqlite3_column_blob(stmt, column);
    char *text = arena_alloc(v->arena, 2 * n + 1);
    *text = 0;
    for (size_t i = 0; i < n; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

static int64_t cell_number(sqlite3_stmt *stmt, const char *name)
{
    for (int i = 0; i < sqlite3_column_count(stmt); i++)
        if (strcmp(sqlite3_column_name(stmt, i), name) == 0)
            return sqlite3_column_int64(stmt, i);
    return 0;
}

/* A word of its own for each person, always the same, that says nothing: what it is is the hub's
 * secret, so it is what the replica first said. */
static const char *word_of(struct view *v, uint32_t person)
{
    return person < VIEW_PEOPLE && *v->words->words[person] ? v->words->words[person] : "?";
}

static void words_take(struct view *v, sqlite3 *replica)
{
    sqlite3_stmt *stmt;
    assert_int_equal(
        sqlite3_prepare_v2(replica, "select person, card from member", -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        uint32_t person = (uint32_t)sqlite3_column_int64(stmt, 0);
        const char *word = (const char *)sqlite3_column_text(stmt, 1);
        if (person >= VIEW_PEOPLE || *v->words->words[person])
            continue;
        if (strlen(word) != 9 || strncmp(word, "P-", 2) != 0 ||
            strspn(word + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != 7)
            v->found = arena_printf(v->arena, "'%s' is no pseudonym", word);
        for (uint32_t i = 0; i < VIEW_PEOPLE && !v->found; i++)
            if (strcmp(v->words->words[i], word) == 0)
                v->found = arena_printf(v->arena, "%s is both %u and %u", word, i, person);
        snprintf(v->words->words[person], sizeof v->words->words[person], "%.9s", word);
    }
    sqlite3_finalize(stmt);
}

static const char *masked(struct view *v, const char *table, const char *column, const char *text,
                          sqlite3_stmt *stmt, int number)
{
    long long person = cell_number(stmt, "person");
    int64_t kind = cell_number(stmt, "kind");
    if (strcmp(table, "contact") == 0)
        return arena_printf(v->arena, "%s#%lld.%d",
                            v->analyst  ? ""
                            : kind == 1 ? card_masked(v->arena, text)
                            : kind == 2 ? phone_masked(v->arena, text)
                                        : address_masked(v->arena, text),
                            person, number);
    if (strcmp(column, "card") == 0)
        return arena_printf(v->arena, "%s#%lld", card_masked(v->arena, text), person);
    if (strcmp(column, "name") == 0)
        return name_masked(v->arena, text);
    if (strcmp(column, "phone") == 0)
        return phone_masked(v->arena, text);
    if (strcmp(table, "attribute") == 0)
        return attribute_personal((const char *)sqlite3_column_text(stmt, 1))
                   ? address_masked(v->arena, text)
                   : text;
    fail_msg("no mask for %s.%s", table, column);
    return text;
}

/* Rows that are not for everybody. */
static bool row_out(struct view *v, const char *table, sqlite3_stmt *stmt)
{
    const char *first = (const char *)sqlite3_column_text(stmt, 0);
    if (strcmp(table, "setting") == 0)
        return strcmp(first, "pseudonym_key") == 0 ||
               (!v->admin && strncmp(first, "contact", 7) == 0);
    if (strcmp(table, "principal") == 0)
        return !v->admin && strcmp(first, v->principal) != 0;
    return strcmp(table, "attribute") == 0 && v->analyst &&
           attribute_personal((const char *)sqlite3_column_text(stmt, 1));
}

static const char *row_line(struct view *v, const char *table, sqlite3_stmt *stmt, bool hub,
                            int number)
{
    const char *line = "";
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *column = sqlite3_column_name(stmt, i), *text = cell_text(v, stmt, i);
        char has = view_column(v->role, table, column);
        long long id = cell_number(stmt, "id");
        if (!has)
            fail_msg("%s.%s: say in tests/support/sync_view.c who has it", table, column);
        if (has == 'a' && hub)
            text = "";
        if (has == 'a' && !hub && (strcmp(text, "0") == 0 || strcmp(text, "NULL") == 0))
            text = "";
        if (hub && strcmp(text, "NULL") != 0 && has == 'm')
            text = masked(v, table, column, text, stmt, number);
        if (hub && has == 'p')
            text = word_of(v, (uint32_t)cell_number(stmt, "person"));
        if (hub && has == 'n')
            text = arena_printf(v->arena, "#%lld", id);
        line = arena_printf(v->arena, "%s|%s", line, text);
    }
    return line;
}

static int line_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void table_lines(struct view *v, sqlite3 *db, const char *table, bool hub, lines *out)
{
    sqlite3_stmt *stmt;
    int number = 0;
    int64_t last = -1;
    const char *order = strcmp(table, "contact") == 0 ? "order by person, kind, value" : "";
    const char *sql = arena_printf(v->arena, "select * from %s %s", table, order);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        int64_t person = cell_number(stmt, "person");
        number = person == last ? number + 1 : 0;
        last = person;
        if (!hub || !row_out(v, table, stmt))
            vec_push(out, row_line(v, table, stmt, hub, number));
    }
    sqlite3_finalize(stmt);
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, line_compare);
}

static void table_compare(struct view *v, sqlite3 *hub, sqlite3 *replica, const char *table,
                          bool any)
{
    lines must = {0}, is = {0};
    if (any)
        table_lines(v, hub, table, true, &must);
    table_lines(v, replica, table, false, &is);
    for (size_t i = 0; (i < must.n || i < is.n) && !v->found; i++) {
        const char *a = i < must.n ? must.at[i] : "(nothing)";
        const char *b = i < is.n ? is.at[i] : "(nothing)";
        if (strcmp(a, b) != 0)
            v->found =
                arena_printf(v->arena, "%s of %s, %s: row %zu of %zu/%zu must be %.300s, is %.300s",
                             table, v->principal, v->role, i, must.n, is.n, a, b);
    }
    vec_free(&must);
    vec_free(&is);
}

static void tables_compare(struct view *v, sqlite3 *hub, sqlite3 *replica)
{
    sqlite3_stmt *stmt;
    const char *last = "";
    if (v->analyst)
        words_take(v, replica);
    /* Every table of the file, so that none is forgotten. */
    assert_int_equal(sqlite3_prepare_v2(hub,
                                        "select t.name, c.name from sqlite_schema t join"
                                        " pragma_table_info(t.name) c where t.type = 'table' and"
                                        " t.name not like 'sqlite%' order by t.name, c.cid",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (!v->found && sqlite3_step(stmt) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(stmt, 0);
        bool any = false;
        if (strcmp(table, last) == 0 || has_word(own_tables, table))
            continue;
        last = arena_strdup(v->arena, table);
        for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
            any |= strcmp(rules[i].table, table) == 0 && rules[i].has[role_number(v->role)] != 'a';
        table_compare(v, hub, replica, last, any);
    }
    sqlite3_finalize(stmt);
}

const char *view_differ(const char *hub, const char *replica, const char *principal,
                        const char *role, struct view_words *words, struct arena *arena)
{
    struct view v = {
        arena, words, principal, role, strcmp(role, "analyst") == 0, strcmp(role, "admin") == 0,
        NULL};
    sqlite3 *a = NULL, *b = NULL;
    assert_int_equal(sqlite3_open_v2(hub, &a, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_open_v2(replica, &b, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_exec(a, "begin", NULL, NULL, NULL);
    sqlite3_exec(b, "begin", NULL, NULL, NULL);
    tables_compare(&v, a, b);
    sqlite3_close(a);
    sqlite3_close(b);
    return v.found;
}
