#include "model/campaign/message.h"

#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/campaign/plan.h"
#include "model/people/people_set.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char *const message_state_names[MESSAGE_STATES] = {
    "", N_("waiting"), N_("on its way"), N_("sent"), N_("suppressed"), N_("failed"), N_("unknown"),
};

const char *const suppression_names[SUPPRESSIONS] = {
    "", "gone", "consent", "opt-out", "address", "closed", "cap", "budget", "priority", "ended",
};

const char *const suppression_titles[SUPPRESSIONS] = {
    "",
    N_("no member any more"),
    N_("no consent"),
    N_("opted out"),
    N_("no address"),
    N_("no contact is set up"),
    N_("had enough messages"),
    N_("budget or coupons used up"),
    N_("another campaign goes first"),
    N_("ended before it left"),
};

static int named(const char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

int message_state_named(const char *name)
{
    return named(message_state_names, MESSAGE_STATES, name);
}

int suppression_named(const char *name)
{
    return named(suppression_names, SUPPRESSIONS, name);
}

int contact_named(const char *name)
{
    return named(contact_names, CONTACT_COUNT, name);
}

/* ---- Keys ---- */

enum status message_secret_get(struct writer *writer, struct message_secret *secret,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select value from secret where name = 'message'", &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    bool there = code == SQLITE_ROW;
    if (there && sqlite3_column_bytes(stmt, 0) == sizeof secret->at)
        memcpy(secret->at, sqlite3_column_blob(stmt, 0), sizeof secret->at);
    else if (there)
        status = error_set(err, ST_UNUSABLE,
                           "the key of messages is damaged: restore a copy of the mall file");
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading the key of messages", err);
    sqlite3_reset(stmt);
    if (status != ST_OK || there)
        return status;
    if (getrandom(secret->at, sizeof secret->at, 0) != (ssize_t)sizeof secret->at)
        abort();
    status = writer_prepare(writer, "insert into secret values ('message', ?1)", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_blob(stmt, 1, secret->at, (int)sizeof secret->at, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

void message_key(const struct message_secret *secret, uint32_t campaign, uint32_t person,
                 enum contact contact, char key[MESSAGE_KEY])
{
    unsigned char text[sizeof secret->at + 12], digest[SHA256_SIZE];
    char hex[SHA256_HEX];
    const uint32_t numbers[] = {campaign, person, (uint32_t)contact};
    memcpy(text, secret->at, sizeof secret->at);
    for (size_t i = 0; i < 12; i++)
        text[sizeof secret->at + i] = (unsigned char)(numbers[i / 4] >> (i % 4 * 8));
    sha256(text, sizeof text, digest);
    sha256_hex(digest, hex);
    memcpy(key, hex, MESSAGE_KEY - 1);
    key[MESSAGE_KEY - 1] = 0;
}

/* ---- Rows ---- */

enum status message_put(struct writer *writer, const struct message *m, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "insert into message (campaign, person, contact, state, reason, due, tried, time, cost,"
        " note, key, body) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        " on conflict do update set state = excluded.state, reason = excluded.reason, due ="
        " excluded.due, time = excluded.time, cost = excluded.cost, note = excluded.note, key ="
        " excluded.key, body = excluded.body where state = 1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {m->campaign, m->person, m->contact, m->state, m->reason,
                               m->due,      m->tried,  m->time,    m->cost};
    const char *const texts[] = {m->note, m->key, m->body};
    int n = (int)(sizeof numbers / sizeof *numbers);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    for (int i = 0; i < 3; i++)
        sqlite3_bind_text(stmt, n + i + 1, texts[i], -1, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

enum status message_settle(struct writer *writer, const struct message *m, bool *there,
                           struct error *err)
{
    sqlite3_stmt *stmt;
    *there = false;
    enum status status = writer_prepare(
        writer,
        "update message set state = ?4, reason = ?5, due = ?6, tried = ?7, time = ?8, note = ?9,"
        " body = iif(?10, body, '') where campaign = ?1 and person = ?2 and contact = ?3 and state"
        " = 2",
        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {m->campaign, m->person, m->contact, m->state,
                               m->reason,   m->due,    m->tried,   m->time};
    int n = (int)(sizeof numbers / sizeof *numbers);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    sqlite3_bind_text(stmt, n + 1, m->note, -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, n + 2, m->state == MESSAGE_INTENT || m->contact == CONTACT_WIFI);
    status = writer_run(writer, stmt, err);
    *there = status == ST_OK && sqlite3_changes(writer_db(writer)) > 0;
    return status;
}

/* ---- Looking ---- */

static const struct sheet_column summary_columns[MESSAGE_COLUMNS] = {
    [MESSAGE_OF] = {"campaign", N_("campaign"), CELL_TEXT},
    [MESSAGE_BY] = {"contact", N_("contact"), CELL_TEXT},
    [MESSAGE_HOW] = {"state", N_("state"), CELL_TEXT},
    [MESSAGE_WHY] = {"reason", N_("reason"), CELL_TEXT},
    [MESSAGE_PEOPLE] = {"people", N_("people"), CELL_COUNT},
    [MESSAGE_LAST] = {"last", N_("last"), CELL_TIME},
};

static const char *word(const char *const *names, int n, int64_t number)
{
    return number >= 0 && number < n ? names[number] : "?";
}

/* Counts of a few people, for whom these are kept back. */
static void summary_hide(const struct access *access, struct arena *arena, struct sheet *sheet)
{
    int64_t *people = arena_array(arena, int64_t, sheet->n_rows);
    bool *hidden = arena_array(arena, bool, sheet->n_rows);
    for (size_t i = 0; i < sheet->n_rows; i++)
        people[i] = sheet_row(sheet, i)[MESSAGE_PEOPLE].integer;
    small_groups(access, people, sheet->n_rows, hidden);
    for (size_t i = 0; i < sheet->n_rows; i++) {
        struct cell *cell = &sheet->cells[i * sheet->n_columns + MESSAGE_PEOPLE];
        *cell = small_group_cell(access, people[i], hidden[i], *cell);
    }
}

enum status message_summary(struct reader *reader, struct arena *arena, const struct access *access,
                            uint32_t campaign, struct sheet **sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    *sheet = sheet_new(arena, summary_columns, MESSAGE_COLUMNS);
    enum status status = reader_prepare(
        reader,
        campaign ? "select c.code, m.contact, m.state, m.reason, m.n, m.last from (select"
                   " campaign, contact, state, iif(state = 4, reason, 0) as reason, sum(person > "
                   "0) as n, max(time) as last from"
                   " message where campaign = ?1 group by contact, state, 4) m left join"
                   " campaign c on c.id = m.campaign order by m.contact, m.state, m.reason"
                 : "select c.code, m.contact, m.state, m.reason, m.n, m.last from (select"
                   " campaign, contact, state, iif(state = 4, reason, 0) as reason, sum(person > "
                   "0) as n, max(time) as last from"
                   " message group by campaign, contact, state, 4) m left join campaign c on"
                   " c.id = m.campaign order by m.campaign desc, m.contact, m.state, m.reason",
        &stmt, err);
    if (status == ST_OK && campaign)
        sqlite3_bind_int64(stmt, 1, campaign);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_text(arena_strdup(arena, column_text(stmt, 0)));
        cells[1] = cell_text(word(contact_names, CONTACT_COUNT, sqlite3_column_int64(stmt, 1)));
        cells[2] =
            cell_text(word(message_state_names, MESSAGE_STATES, sqlite3_column_int64(stmt, 2)));
        cells[3] = cell_text(word(suppression_names, SUPPRESSIONS, sqlite3_column_int64(stmt, 3)));
        cells[4] = cell_integer(sqlite3_column_int64(stmt, 4));
        cells[5] = cell_integer(sqlite3_column_int64(stmt, 5));
    }
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    if (status == ST_OK)
        summary_hide(access, arena, *sheet);
    return status;
}

enum status message_people(struct reader *reader, struct arena *arena, uint32_t campaign,
                           enum contact contact, enum message_state state, enum suppression reason,
                           uint32_t **people, size_t *n, struct error *err)
{
    VEC(uint32_t) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        reader,
        "select distinct person from message where campaign = ?1 and (?2 < 0 or contact = ?2) and"
        " (?3 < 0 or state = ?3) and (?4 < 0 or iif(state = 4, reason, 0) = ?4) and person > 0 "
        "order by person",
        &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, campaign);
        sqlite3_bind_int(stmt, 2, contact == CONTACT_COUNT ? -1 : (int)contact);
        sqlite3_bind_int(stmt, 3, state == MESSAGE_STATES ? -1 : (int)state);
        sqlite3_bind_int(stmt, 4, reason == SUPPRESSIONS ? -1 : (int)reason);
    }
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, (uint32_t)sqlite3_column_int64(stmt, 0));
    *people = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

enum status message_untouched(struct reader *reader, struct arena *arena,
                              const struct campaign *campaign, uint32_t *treated,
                              uint32_t *untouched, struct error *err)
{
    uint32_t end, *people, *seen_people;
    size_t n, n_seen;
    sqlite3_stmt *stmt;
    *treated = *untouched = 0;
    if (!campaign->edition)
        return ST_OK;
    enum status status = people_end(reader, &end, err);
    if (status == ST_OK)
        status = reader_prepare(
            reader, "select block, people from people_set where edition = ?1 order by block", &stmt,
            err);
    if (status != ST_OK)
        return status;
    struct set *audience = set_new(arena, end);
    sqlite3_bind_int64(stmt, 1, campaign->edition);
    status = people_set_read(reader, stmt, audience, err);
    if (status == ST_OK)
        status = message_people(reader, arena, campaign->id, CONTACT_COUNT, MESSAGE_STATES,
                                SUPPRESSIONS, &seen_people, &n_seen, err);
    if (status != ST_OK)
        return status;
    struct set *seen = set_of(arena, end, seen_people, n_seen);
    people = set_list(audience, arena, &n);
    for (size_t i = 0; i < n; i++)
        if (!campaign_held_out(campaign, people[i])) {
            ++*treated;
            *untouched += !set_has(seen, people[i]);
        }
    return ST_OK;
}
