#include "model/people/erase.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/event/move.h"
#include "model/people/link_parts.h"
#include "model/people/search_index.h"
#include "model/store/column.h"
#include "model/store/erased.h"
#include "model/store/redact.h"
#include "model/store/sqlite.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { REASON_LEAST = 3, REASON_MOST = 500, SCRUB_LEAST = 6 };

typedef VEC(const char *) text_list;

struct erasing {
    const struct access *access;
    struct arena *arena;
    struct erasure *erasure;
    const char *reason;      /* NULL: a preview */
    uint32_t person, number; /* number: what stands for nobody in what stays; 0 in a preview */
    VEC(uint32_t) persons;   /* with those that were joined into this one */
    text_list texts;         /* all they are known by */
    text_list contacts;      /* of these, what must not come back */
    int64_t events;
};

/* ---- The receipt ---- */

static const struct sheet_column receipt_columns[] = {
    {"what", N_("what"), CELL_TEXT},
    {"table", N_("table"), CELL_TEXT},
    {"rows", N_("rows"), CELL_COUNT},
    {"done", N_("done"), CELL_TEXT},
};

static void receipt_add(struct erasing *e, const char *what, const char *table, int64_t n,
                        const char *done)
{
    if (!n)
        return;
    struct cell *cells = sheet_row_add(e->erasure->sheet);
    cells[0] = cell_text(what);
    cells[1] = cell_text(table);
    cells[2] = cell_integer(n);
    cells[3] = cell_text(done);
}

static const char removed[] = N_("removed"), kept[] = N_("kept, of nobody"),
                  blanked[] = N_("made unreadable");

/* ---- Who, and by what they are known ---- */

static void text_note(struct erasing *e, const char *text, bool contact)
{
    if (!text || !*text)
        return;
    for (size_t i = 0; i < e->texts.n; i++)
        if (strcmp(e->texts.at[i], text) == 0)
            return;
    char *copy = arena_strdup(e->arena, text);
    vec_push(&e->texts, copy);
    if (contact)
        vec_push(&e->contacts, copy);
}

/* Texts of a question with the person as ?1, in its first column. */
static enum status texts_read(struct erasing *e, struct writer *writer, const char *sql,
                              uint32_t person, bool contact, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    sqlite3_bind_int64(stmt, 1, person);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(stmt); i++)
            text_note(e, column_text(stmt, i), contact);
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading about a person", err);
    sqlite3_reset(stmt);
    return status;
}

/* Everyone who was joined into the person, over any number of links. */
static enum status persons_find(struct erasing *e, struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    vec_push(&e->persons, e->person);
    for (size_t i = 0; i < e->persons.n && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status = writer_prepare(writer, "select person from link where target = ?1 and undone = 0",
                                &stmt, err);
        if (status != ST_OK)
            break;
        int code;
        sqlite3_bind_int64(stmt, 1, e->persons.at[i]);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
            vec_push(&e->persons, (uint32_t)sqlite3_column_int64(stmt, 0));
        if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(writer), "reading links", err);
        sqlite3_reset(stmt);
    }
    return status;
}

static enum status attributes_note(struct erasing *e, struct writer *writer, uint32_t person,
                                   struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select name, value from attribute where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        if (personal_attribute(column_text(stmt, 0)))
            text_note(e, column_text(stmt, 1), false);
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status texts_find(struct erasing *e, struct writer *writer, struct error *err)
{
    static const struct {
        const char *sql;
        bool contact;
    } questions[] = {
        {"select value from identity where person = ?1", true},
        {"select card, phone from member where person = ?1", true},
        {"select name from member where person = ?1", false},
        {"select i.value from link_identity i join link l on l.id = i.link where l.undone = 0 and"
         " ?1 in (l.person, l.target)",
         true},
        {"select json_extract(r.row, '$.card') from link_row r join link l on l.id = r.link where"
         " r.place = 'member' and l.undone = 0 and ?1 in (l.person, l.target)",
         true},
        {"select json_extract(r.row, '$.phone') from link_row r join link l on l.id = r.link where"
         " r.place = 'member' and l.undone = 0 and ?1 in (l.person, l.target)",
         true},
        {"select json_extract(r.row, '$.name') from link_row r join link l on l.id = r.link where"
         " r.place = 'member' and l.undone = 0 and ?1 in (l.person, l.target)",
         false},
    };
    enum status status = persons_find(e, writer, err);
    for (size_t p = 0; p < e->persons.n && status == ST_OK; p++) {
        uint32_t person = e->persons.at[p];
        for (size_t i = 0; i < sizeof questions / sizeof *questions && status == ST_OK; i++)
            status = texts_read(e, writer, questions[i].sql, person, questions[i].contact, err);
        if (status == ST_OK)
            status = attributes_note(e, writer, person, err);
    }
    if (status == ST_OK && e->contacts.n == 0)
        status =
            error_set(err, ST_REFUSED, "there is no person #%" PRIu32 " in this mall", e->person);
    return status;
}

/* ---- Tables ---- */

static enum status tables_erase(struct erasing *e, struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n_person_tables && status == ST_OK; i++) {
        int64_t n = 0, all = 0;
        for (size_t p = 0; p < e->persons.n && status == ST_OK; p++) {
            const struct person_table *table = &person_tables[i];
            status = table->key ? rows_forget(writer, table, e->persons.at[p], e->number, &n, err)
                                : rows_remove_all(writer, table, e->persons.at[p], &n, err);
            all += n;
        }
        receipt_add(e, person_tables[i].what, person_tables[i].table, all,
                    person_tables[i].key ? kept : removed);
    }
    return status;
}

/* Tables whose rows go by a condition with the person as ?1. */
static const struct {
    const char *what, *table, *where;
} others[] = {
    {N_("the member's card"), "member", "person = ?1"},
    {N_("people to look at in searches"), "search_tail", "person = ?1"},
    {N_("what links kept"), "link_row",
     "link in (select id from link where ?1 in (person, target))"},
    {N_("contacts of links"), "link_identity",
     "link in (select id from link where ?1 in (person, target))"},
    {N_("events that links kept"), "link_event",
     "link in (select id from link where ?1 in (person, target))"},
    {N_("links"), "link", "?1 in (person, target)"},
};

static enum status others_erase(struct erasing *e, struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others && status == ST_OK; i++) {
        int64_t all = 0;
        const char *sql =
            arena_printf(e->arena, "delete from %s where %s", others[i].table, others[i].where);
        for (size_t p = 0; p < e->persons.n && status == ST_OK; p++) {
            status = writer_run_with(writer, sql, (const int64_t[]){e->persons.at[p]}, 1, err);
            all += status == ST_OK ? sqlite3_changes(writer_db(writer)) : 0;
        }
        receipt_add(e, others[i].what, others[i].table, all, removed);
    }
    return status;
}

/* A list of the search without the person; *there false where it was not on it. */
static enum status list_without(struct writer *writer, int64_t key, const unsigned char *bytes,
                                size_t size, uint32_t place, bool *there, struct error *err)
{
    uint32_t *at = mem_alloc((size + 1) * sizeof *at);
    unsigned char *out = mem_alloc(3 * size + 3);
    size_t n = 0, used = 0;
    uint32_t last = 0;
    *there = false;
    enum status status = ST_OK;
    if (!list_take(bytes, size, at, &n))
        status = error_set(err, ST_UNUSABLE,
                           "a search list of the mall file is damaged; `atrium "
                           "verify` says more");
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        if (at[i] == place) {
            *there = true;
            continue;
        }
        used += list_put(out + used, at[i] - last);
        last = at[i];
    }
    if (status == ST_OK && *there) {
        sqlite3_stmt *stmt;
        status = writer_prepare(writer,
                                used ? "update search_part set people = ?2 where key = ?1"
                                     : "delete from search_part where key = ?1",
                                &stmt, err);
        if (status == ST_OK) {
            sqlite3_bind_int64(stmt, 1, key);
            if (used)
                sqlite3_bind_blob(stmt, 2, out, (int)used, SQLITE_STATIC);
            status = writer_run(writer, stmt, err);
        }
    }
    free(at);
    free(out);
    return status;
}

/* All lists of one part, of the build in use and of one being made. */
static enum status part_erase(struct writer *writer, uint32_t person, int build, int64_t *lists,
                              struct error *err)
{
    int64_t key = piece_key(build, person >> PART_BITS, 0), end = key + ((int64_t)1 << PIECE_BITS);
    enum status status = ST_OK;
    struct bytes list = {0};
    while (status == ST_OK) {
        sqlite3_stmt *stmt;
        bool there;
        status = writer_prepare(
            writer,
            "select key, people from search_part where key >= ?1 and key < ?2 order by key limit 1",
            &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int64(stmt, 1, key);
        sqlite3_bind_int64(stmt, 2, end);
        int code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) {
            key = sqlite3_column_int64(stmt, 0);
            list.n = 0;
            bytes_put(&list, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
        }
        sqlite3_reset(stmt);
        if (code != SQLITE_ROW)
            break;
        status = list_without(writer, key, list.at, list.n, person & (PART_SIZE - 1), &there, err);
        *lists += there;
        key++;
    }
    free(list.at);
    return status;
}

static enum status search_erase(struct erasing *e, struct writer *writer, struct error *err)
{
    int64_t lists = 0;
    enum status status = ST_OK;
    for (size_t p = 0; p < e->persons.n && status == ST_OK; p++)
        for (int build = 0; build < 2 && status == ST_OK; build++)
            status = part_erase(writer, e->persons.at[p], build, &lists, err);
    receipt_add(e, N_("search lists"), "search_part", lists, removed);
    return status;
}

static enum status contacts_keep(struct erasing *e, struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < e->contacts.n && status == ST_OK; i++)
        status = erased_add(writer, e->contacts.at[i], strlen(e->contacts.at[i]), err);
    e->erasure->contacts = (int64_t)e->contacts.n;
    return status;
}

/* ---- The record ---- */

static enum status records_redact(struct erasing *e, struct writer *writer, json_t **records,
                                  const char **reason, struct error *err)
{
    text_list all = {0};
    for (size_t i = 0; i < e->contacts.n; i++)
        vec_push(&all, e->contacts.at[i]);
    for (size_t i = 0; i < e->persons.n; i++)
        vec_push(&all, arena_printf(e->arena, "#%" PRIu32, e->persons.at[i]));
    struct redaction redaction = {.n_own = all.n};
    for (size_t i = 0; i < e->texts.n; i++)
        vec_push(&all, e->texts.at[i]);
    redaction.texts = all.at;
    redaction.n = all.n;
    enum status status = redact_run(writer, &redaction, err);
    receipt_add(e, N_("records of changes"), "audit", redaction.audit, blanked);
    receipt_add(e, N_("changes that could be undone"), "operation", redaction.operations, removed);
    receipt_add(e, N_("refused rows of imports"), "refused", redaction.refused, blanked);
    receipt_add(e, N_("what people left open"), "session", redaction.sessions, removed);
    char *text = redact_text(&redaction, e->reason ? e->reason : "");
    *reason = arena_strdup(e->arena, text);
    free(text);
    *records = redaction.records;
    vec_free(&all);
    return status;
}

static json_t *receipt_json(const struct sheet *sheet)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        json_array_append_new(rows, json_pack("{s:s, s:I, s:s}", "table", cells[1].text, "rows",
                                              (json_int_t)cells[2].integer, "done", cells[3].text));
    }
    return rows;
}

static enum status record_write(struct erasing *e, struct writer *writer, json_t *records,
                                const char *reason, struct error *err)
{
    unsigned char random[4] = {0};
    int64_t now = time_now();
    int year, month, day;
    sqlite3_stmt *stmt;
    struct erasure *erasure = e->erasure;
    if (getrandom(random, sizeof random, 0) != sizeof random)
        abort();
    date_civil((int32_t)(now / 86400), &year, &month, &day);
    snprintf(erasure->id, sizeof erasure->id, "E-%d-%02X%02X%02X%02X", year, random[0], random[1],
             random[2], random[3]);
    json_t *detail = json_pack("{s:s, s:O}", "reason", reason, "redacted", records);
    enum status status =
        audit_append(writer, e->access->principal, "erase", "member", erasure->id, detail, err);
    json_decref(detail);
    if (status == ST_OK)
        status = writer_prepare(writer,
                                "insert into erasure values (?1, ?2, ?3, ?4, ?5, coalesce((select"
                                " cast(value as integer) from sync where name = 'seq'), 0))",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    json_t *rows = receipt_json(erasure->sheet);
    char *receipt = json_dumps(rows, JSON_COMPACT);
    sqlite3_bind_text(stmt, 1, erasure->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, now);
    sqlite3_bind_text(stmt, 3, e->access->principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, reason, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, receipt, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    free(receipt);
    json_decref(rows);
    return status;
}

/* ---- All of it, in one transaction ---- */

static enum status rows_erase(struct erasing *e, struct writer *writer, struct error *err)
{
    json_t *records = NULL;
    const char *reason = "";
    e->erasure->sheet =
        sheet_new(e->arena, receipt_columns, sizeof receipt_columns / sizeof *receipt_columns);
    e->persons.n = e->texts.n = e->contacts.n = 0;
    enum status status = texts_find(e, writer, err);
    if (status == ST_OK)
        status = search_erase(e, writer, err);
    if (status == ST_OK)
        status = tables_erase(e, writer, err);
    if (status == ST_OK)
        status = others_erase(e, writer, err);
    if (status == ST_OK)
        status = records_redact(e, writer, &records, &reason, err);
    receipt_add(e, N_("events"), "chunk", e->events, kept);
    if (status == ST_OK)
        status = contacts_keep(e, writer, err);
    receipt_add(e, N_("keyed hashes of contacts, against later imports"), "erased",
                (int64_t)e->contacts.n, N_("added"));
    if (status == ST_OK && e->reason)
        status = record_write(e, writer, records, reason, err);
    json_decref(records);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

static enum status erase_apply(struct writer *writer, struct event_move *move, void *context,
                               struct error *err)
{
    struct erasing *e = context;
    e->events = (int64_t)move->moved.n;
    e->number = move->to;
    return rows_erase(e, writer, err);
}

/* A number that nobody has had, for the events. */
static enum status number_take(struct writer *writer, uint32_t *number, struct error *err)
{
    int64_t value = 0;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK)
        status = writer_run_with(
            writer, "update counter set value = value + 1 where name = 'person'", NULL, 0, err);
    if (status == ST_OK)
        status = writer_ask_with(writer, "select value from counter where name = 'person'", NULL, 0,
                                 0, &value, err);
    if (status == ST_OK && (value < 1 || value > INT32_MAX))
        status = error_set(err, ST_REFUSED, "the mall has no numbers for people left");
    if (status == ST_OK)
        status = writer_commit(writer, err);
    if (status != ST_OK)
        writer_rollback(writer);
    *number = (uint32_t)value;
    return status;
}

/* Texts that are long enough to be told from others by chance. */
static enum status bytes_erase(struct erasing *e, struct writer *writer, struct error *err)
{
    struct writer_scrub scrub;
    size_t n = 0;
    for (size_t i = 0; i < e->contacts.n; i++)
        if (strlen(e->contacts.at[i]) >= SCRUB_LEAST)
            e->contacts.at[n++] = e->contacts.at[i];
    enum status status = writer_scrub(writer, e->contacts.at, n, &scrub, err);
    e->erasure->rewritten = scrub.rewritten;
    e->erasure->log_left = scrub.log_left;
    return status;
}

/* Each of them hears of it with its next pull. */
static enum status replicas_count(struct erasing *e, struct writer *writer, struct error *err)
{
    return sqlite_integer(writer_db(writer), "select count(*) from replica", 0,
                          &e->erasure->replicas, err);
}

static void erasing_end(struct erasing *e)
{
    vec_free(&e->persons);
    vec_free(&e->texts);
    vec_free(&e->contacts);
}

enum status member_erase(struct writer *writer, const struct access *access, uint32_t person,
                         const char *reason, struct arena *arena, struct erasure *erasure,
                         struct error *err)
{
    struct erasing e = {
        .access = access, .arena = arena, .erasure = erasure, .reason = reason, .person = person};
    uint32_t number = 0;
    size_t n = reason ? strlen(reason) : 0;
    *erasure = (struct erasure){0};
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "erase members", err);
    if (status == ST_OK && (n < REASON_LEAST || n > REASON_MOST || !text_valid(reason, n)))
        status = error_set(err, ST_REFUSED,
                           "an erasure needs a reason of %d to %d bytes for the receipt; this one "
                           "has %zu",
                           REASON_LEAST, REASON_MOST, n);
    if (status == ST_OK)
        status = texts_find(&e, writer, err);
    if (status == ST_OK)
        status = writer_overwrite(writer, true, err);
    if (status == ST_OK)
        status = number_take(writer, &number, err);
    struct event_move move = {
        .from = person, .to = number, .arena = arena, .before_visible = erase_apply, .context = &e};
    if (status == ST_OK)
        status = event_move(writer, &move, err);
    if (status == ST_OK)
        status = bytes_erase(&e, writer, err);
    if (status == ST_OK)
        status = replicas_count(&e, writer, err);
    writer_overwrite(writer, false, NULL);
    vec_free(&move.moved);
    erasing_end(&e);
    return status;
}

static enum status events_count(void *context, const struct event_block *block, struct error *err)
{
    int64_t *n = context;
    (void)err;
    for (size_t i = 0; i < block->n_runs; i++)
        *n += (int64_t)block->runs[i].n;
    return ST_OK;
}

enum status member_erase_preview(struct reader *reader, struct writer *writer,
                                 const struct access *access, uint32_t person, struct arena *arena,
                                 struct erasure *erasure, struct error *err)
{
    struct erasing e = {.access = access, .arena = arena, .erasure = erasure, .person = person};
    const struct event_query all = {
        .from = INT64_MIN, .people = true, .person_first = person, .person_last = person};
    *erasure = (struct erasure){0};
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "erase members", err);
    if (status == ST_OK)
        status = event_scan(reader, &all, events_count, &e.events, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status == ST_OK) {
        status = rows_erase(&e, writer, err);
        writer_rollback(writer);
    }
    if (status == ST_OK)
        status = replicas_count(&e, writer, err);
    erasing_end(&e);
    return status;
}

enum status erasure_list(struct reader *reader, struct arena *arena, struct sheet **sheet,
                         struct error *err)
{
    static const struct sheet_column columns[] = {
        {"id", N_("receipt"), CELL_TEXT}, {"time", N_("time"), CELL_TIME},
        {"actor", N_("who"), CELL_TEXT},  {"reason", N_("reason"), CELL_TEXT},
        {"rows", N_("rows"), CELL_COUNT}, {"replicas", N_("replicas to follow"), CELL_COUNT},
    };
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    enum status status = reader_prepare(
        reader,
        "select id, time, actor, reason, (select sum(json_extract(value, '$.rows')) from"
        " json_each(receipt)), (select count(*) from replica r where r.seq <= erasure.seq or"
        " r.position = '') from erasure order by time desc, id",
        &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_text(arena_strdup(arena, column_text(stmt, 0)));
        cells[1] = cell_integer(sqlite3_column_int64(stmt, 1));
        cells[2] = cell_text(arena_strdup(arena, column_text(stmt, 2)));
        cells[3] = cell_text(arena_strdup(arena, column_text(stmt, 3)));
        cells[4] = cell_integer(sqlite3_column_int64(stmt, 4));
        cells[5] = cell_integer(sqlite3_column_int64(stmt, 5));
    }
    sqlite3_reset(stmt);
    return status;
}
