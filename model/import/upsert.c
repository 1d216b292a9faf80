#include "model/import/upsert.h"

#include "model/base/hash.h"
#include "model/base/vec.h"
#include "model/import/names.h"
#include "model/people/label_list.h"
#include "model/people/profile.h"
#include "model/people/search.h"
#include "model/store/circle.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { CONSENT_COLUMNS = 3 };

struct upsert {
    struct job *job;
    struct writer *writer;
    sqlite3 *db;
    sqlite3_stmt *row;                          /* the table's own insert or update */
    struct names *referred[IMPORT_COLUMNS_MAX]; /* by column: codes of a dictionary to numbers */
    uint32_t *labels;                           /* of label: columns, by family */
    char *phone;                                /* of the member at hand, before */
    int64_t person;                             /* the highest number given */
    size_t consents;                            /* the first of a member's columns of consents */
    size_t bastion;                             /* a device's column of it; 0: no devices */
    VEC(char *) behind;                         /* devices that are behind one */
};

/* insert into T (key, a, b) values (?1, ?2, ?3) on conflict (key) do update set a = excluded.a, …,
 * version = version + 1 where a is not excluded.a or …: nothing to set changes nothing. */
static char *row_sql(struct arena *arena, const struct import_table *table,
                     const struct layout *layout)
{
    bool member = table->kind == IMPORT_MEMBERS;
    char *names = arena_strdup(arena, member ? "person" : "");
    char *values = arena_strdup(arena, member ? "?100" : "");
    char *sets = arena_strdup(arena, ""), *differs = arena_strdup(arena, "");
    for (size_t i = 0; i < table->n_columns; i++) {
        const char *place = table->columns[i].place;
        if (!place || layout->slots[i].from == SLOT_NONE)
            continue;
        const char *comma = *names ? ", " : "";
        names = arena_printf(arena, "%s%s%s", names, comma, place);
        values = arena_printf(arena, "%s%s?%zu", values, comma, i + 1);
        if (i == 0)
            continue;
        sets = arena_printf(arena, "%s%s = excluded.%s, ", sets, place, place);
        differs = arena_printf(arena, "%s%s%s.%s is not excluded.%s", differs,
                               *differs ? " or " : "", table->rows, place, place);
    }
    const char *key = member ? "person" : table->columns[0].place;
    if (!*differs)
        return arena_printf(arena, "insert into %s (%s) values (%s) on conflict (%s) do nothing",
                            table->rows, names, values, key);
    return arena_printf(arena,
                        "insert into %s (%s) values (%s) on conflict (%s) do update set %sversion "
                        "= version + 1 where %s",
                        table->rows, names, values, key, sets, differs);
}

static enum status ask(struct upsert *upsert, const char *sql, const char *at, size_t n,
                       int64_t *value, struct error *err)
{
    sqlite3_stmt *stmt;
    *value = 0;
    enum status status = writer_prepare(upsert->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    if (at)
        sqlite3_bind_text(stmt, 1, at, (int)n, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(stmt, 0);
    else if (code != SQLITE_DONE)
        status = sqlite_status(upsert->db, "importing", err);
    if (code == SQLITE_ROW)
        return writer_run(upsert->writer, stmt, err);
    sqlite3_reset(stmt);
    return status;
}

/* The number of a code in a dictionary table, added where it is new. */
static enum status referred_number(struct upsert *upsert, size_t column,
                                   const struct row_value *value, int64_t *number,
                                   struct error *err)
{
    *number = 0;
    if (value->n == 0)
        return ST_OK;
    uint64_t hash = hash64(value->at, value->n);
    if (!upsert->referred[column])
        upsert->referred[column] = names_new();
    *number = names_find(upsert->referred[column], value->at, value->n, hash);
    if (*number)
        return ST_OK;
    const char *table = upsert->job->options->table->columns[column].refers;
    const char *name = strcmp(table, "channel") == 0 ? "name" : "code";
    struct arena *arena = upsert->job->arena;
    enum status status =
        ask(upsert, arena_printf(arena, "select id from %s where %s = ?1", table, name), value->at,
            value->n, number, err);
    if (status == ST_OK && !*number)
        status =
            ask(upsert,
                arena_printf(arena, "insert into %s (%s) values (?1) returning id", table, name),
                value->at, value->n, number, err);
    if (status == ST_OK)
        names_add(upsert->referred[column], value->at, value->n, hash, (uint32_t)*number);
    return status;
}

static enum status label_number(struct upsert *upsert, const char *name, size_t n, int64_t *id,
                                struct error *err)
{
    enum status status = ask(upsert, "select id from label where name = ?1", name, n, id, err);
    if (status == ST_OK && !*id)
        status = ask(upsert, "insert into label (name) values (?1) returning id", name, n, id, err);
    return status;
}

enum status upsert_open(struct job *job, struct upsert **out, struct error *err)
{
    struct upsert *upsert = mem_zero(1, sizeof *upsert);
    const struct layout *layout = &job->layout;
    upsert->job = job;
    upsert->writer = job->writer;
    upsert->db = writer_db(job->writer);
    *out = upsert;
    upsert->labels = mem_zero(layout->n_families, sizeof *upsert->labels);
    enum status status = ask(upsert, "select value from counter where name = 'person'", NULL, 0,
                             &upsert->person, err);
    for (size_t i = 0; i < job->options->table->n_columns; i++)
        if (strcmp(job->options->table->columns[i].name, "consent_sms") == 0)
            upsert->consents = i;
    for (size_t i = 0; i < job->options->table->n_columns; i++)
        if (strcmp(job->options->table->columns[i].name, "bastion") == 0)
            upsert->bastion = i;
    for (size_t i = 0; i < layout->n_families && status == ST_OK; i++) {
        int64_t id = 0;
        if (layout->families[i].label)
            status = label_number(upsert, layout->families[i].name,
                                  strlen(layout->families[i].name), &id, err);
        upsert->labels[i] = (uint32_t)id;
    }
    if (status == ST_OK)
        status = writer_prepare(job->writer, row_sql(job->arena, job->options->table, layout),
                                &upsert->row, err);
    return status;
}

void upsert_close(struct upsert *upsert)
{
    if (!upsert)
        return;
    for (size_t i = 0; i < IMPORT_COLUMNS_MAX; i++)
        names_free(upsert->referred[i]);
    while (upsert->behind.n)
        free(upsert->behind.at[--upsert->behind.n]);
    vec_free(&upsert->behind);
    free(upsert->labels);
    free(upsert->phone);
    free(upsert);
}

/* Of the table `contact`, kind 1 is a card, 2 a phone (model/store/contact.h). */

/* The person of a card; *added says that there was none. */
static enum status person_of(struct upsert *upsert, const struct row_value *card, int64_t *person,
                             bool *added, struct error *err)
{
    enum status status = ask(upsert, "select person from contact where kind = 1 and value = ?1",
                             card->at, card->n, person, err);
    *added = false;
    if (status != ST_OK || *person)
        return status;
    if (upsert->person >= INT32_MAX)
        return error_set(err, ST_REFUSED, "the mall has no numbers for people left");
    *person = ++upsert->person;
    *added = true;
    sqlite3_stmt *stmt;
    status = writer_prepare(
        upsert->writer, "insert into contact (kind, value, person) values (1, ?1, ?2)", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, card->at, (int)card->n, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, *person);
    return writer_run(upsert->writer, stmt, err);
}

static enum status row_bind(struct upsert *upsert, const struct row_value *values,
                            struct error *err)
{
    const struct import_table *table = upsert->job->options->table;
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct row_value *value = &values[i];
        int at = (int)i + 1;
        if (value->is == VALUE_ABSENT || !table->columns[i].place)
            continue;
        int64_t number;
        enum status status = ST_OK;
        if (table->columns[i].refers) {
            status = referred_number(upsert, i, value, &number, err);
            sqlite3_bind_int64(upsert->row, at, number);
        } else if (value->is == VALUE_INTEGER) {
            sqlite3_bind_int64(upsert->row, at, value->integer);
        } else if (value->is == VALUE_TEXT) {
            sqlite3_bind_text(upsert->row, at, value->at, (int)value->n, SQLITE_STATIC);
        } else {
            sqlite3_bind_null(upsert->row, at);
        }
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

/* Runs a statement with two numbers and perhaps two texts; *changed when it changed a row. */
static enum status change(struct upsert *upsert, const char *sql, int64_t a, int64_t b,
                          const char *name, const struct row_value *text, bool *changed,
                          struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(upsert->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, a);
    if (b)
        sqlite3_bind_int64(stmt, 2, b);
    if (name)
        sqlite3_bind_text(stmt, 2, name, -1, SQLITE_STATIC);
    if (text)
        sqlite3_bind_text(stmt, 3, text->at, (int)text->n, SQLITE_STATIC);
    status = writer_run(upsert->writer, stmt, err);
    *changed = *changed || sqlite3_changes(upsert->db) > 0;
    return status;
}

static enum status families_write(struct upsert *upsert, int64_t person,
                                  const struct row_value *values, bool *changed, struct error *err)
{
    const struct layout *layout = &upsert->job->layout;
    enum status status = ST_OK;
    for (size_t i = 0; i < layout->n_families && status == ST_OK; i++) {
        const char *name = layout->families[i].name;
        if (layout->families[i].label)
            status = change(upsert,
                            values[i].integer
                                ? "insert or ignore into label_member (label, person) values (?1, "
                                  "?2)"
                                : "delete from label_member where label = ?1 and person = ?2",
                            upsert->labels[i], person, NULL, NULL, changed, err);
        else if (values[i].n)
            status = change(upsert,
                            "insert into attribute (person, name, value) values (?1, ?2, ?3) on "
                            "conflict (person, name) do update set value = excluded.value where "
                            "value is not excluded.value",
                            person, 0, name, &values[i], changed, err);
        else
            status = change(upsert, "delete from attribute where person = ?1 and name = ?2", person,
                            0, name, NULL, changed, err);
    }
    return status;
}

/* A phone identifies whoever had it first; when that person gives it up, the next one who has it.
 */
static enum status phone_write(struct upsert *upsert, int64_t person, const struct row_value *old,
                               const struct row_value *phone, struct error *err)
{
    bool changed = false;
    enum status status = ST_OK;
    if (old->n == phone->n && memcmp(old->at, phone->at, old->n) == 0)
        return ST_OK;
    if (old->n)
        status = change(upsert, "delete from contact where kind = 2 and value = ?3 and person = ?1",
                        person, 0, NULL, old, &changed, err);
    if (status == ST_OK && changed)
        status = change(upsert,
                        "insert or ignore into contact select 2, phone, person from member "
                        "where phone = ?3 and phone <> '' and person <> ?1 order by person limit 1",
                        person, 0, NULL, old, &changed, err);
    if (status == ST_OK && phone->n)
        status =
            change(upsert, "insert or ignore into contact (kind, value, person) values (2, ?3, ?1)",
                   person, 0, NULL, phone, &changed, err);
    return status;
}

/* ---- Members ---- */

/* What the member at hand has before the row is written. */
struct before {
    bool member, joined; /* joined: the card came by a link, the member's own is another */
    struct row_value phone;
    bool consents[CONSENT_COLUMNS];
};

static const char *const consent_names[CONSENT_COLUMNS] = {"sms", "app", "wifi"};

/* The phone is copied for as long as the row. */
static enum status before_read(struct upsert *upsert, int64_t person, const struct row_value *card,
                               struct before *before, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(upsert->writer,
                                        "select phone, card, consent_sms, consent_app,"
                                        " consent_wifi from member where person = ?1",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        struct row_value *phone = &before->phone;
        phone->n = (uint32_t)sqlite3_column_bytes(stmt, 0);
        upsert->phone = mem_resize(upsert->phone, (size_t)phone->n + 1, 1);
        memcpy(upsert->phone, column_text(stmt, 0), (size_t)phone->n + 1);
        phone->at = upsert->phone;
        before->member = true;
        before->joined = (uint32_t)sqlite3_column_bytes(stmt, 1) != card->n ||
                         memcmp(column_text(stmt, 1), card->at, card->n) != 0;
        for (int i = 0; i < CONSENT_COLUMNS; i++)
            before->consents[i] = sqlite3_column_int(stmt, 2 + i) != 0;
    }
    sqlite3_reset(stmt);
    return ST_OK;
}

/* Whether the person opted out in other words than those of a file. */
static enum status opted_out(struct upsert *upsert, int64_t person, const char *contact, bool *out,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(upsert->writer,
                                        "select given, source like 'import: %' from consent where"
                                        " person = ?1 and contact = ?2 order by id desc limit 1",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_text(stmt, 2, contact, -1, SQLITE_STATIC);
    *out = sqlite3_step(stmt) == SQLITE_ROW && !sqlite3_column_int(stmt, 0) &&
           !sqlite3_column_int(stmt, 1);
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status consent_note(struct upsert *upsert, int64_t person, const char *contact,
                                bool given, struct error *err)
{
    struct job *job = upsert->job;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(upsert->writer,
                                        "insert into consent (person, contact, given, time, source,"
                                        " actor) values (?1, ?2, ?3, ?4, 'import: ' || ?5, ?6)",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_text(stmt, 2, contact, -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 3, given);
    sqlite3_bind_int64(stmt, 4, time_now());
    sqlite3_bind_text(stmt, 5, source_name(job->source), -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 6, job->options->actor ? job->options->actor : "", -1, SQLITE_STATIC);
    return writer_run(upsert->writer, stmt, err);
}

/* A file's consents: changes are kept with time and source, and no file, which may be older than
 * what the person said since, turns an opt-out back on. */
static enum status consents_take(struct upsert *upsert, int64_t person, const struct before *before,
                                 struct row_value *values, struct error *err)
{
    enum status status = ST_OK;
    for (int i = 0; i < CONSENT_COLUMNS && status == ST_OK; i++) {
        struct row_value *value = &values[upsert->consents + i];
        bool out = false;
        if (!before->member || value->is != VALUE_INTEGER ||
            (value->integer != 0) == before->consents[i])
            continue;
        if (value->integer)
            status = opted_out(upsert, person, consent_names[i], &out, err);
        if (status == ST_OK && out)
            value->integer = 0;
        else if (status == ST_OK)
            status = consent_note(upsert, person, consent_names[i], value->integer != 0, err);
    }
    return status;
}

static enum status member_write(struct upsert *upsert, int64_t person, bool added,
                                const struct before *before, const struct row_value *values,
                                bool *changed, struct error *err)
{
    enum status status = row_bind(upsert, values, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(upsert->row, 100, person);
    status = writer_run(upsert->writer, upsert->row, err);
    bool row_changed = status == ST_OK && sqlite3_changes(upsert->db) > 0;
    if (row_changed && !added)
        status = search_touch(upsert->writer, (uint32_t)person, err);
    *changed = row_changed;
    if (status == ST_OK && row_changed && values[MEMBER_FILE_PHONE].is == VALUE_TEXT)
        status = phone_write(upsert, person, &before->phone, &values[MEMBER_FILE_PHONE], err);
    if (status == ST_OK)
        status = families_write(upsert, person, values + upsert->job->options->table->n_columns,
                                changed, err);
    return status;
}

static enum status member_row(struct upsert *upsert, struct row_value *values, bool *changed,
                              struct error *err)
{
    int64_t person;
    bool added;
    struct before before = {.phone = {.is = VALUE_TEXT, .at = ""}};
    enum status status = person_of(upsert, &values[0], &person, &added, err);
    if (status == ST_OK && !added)
        status = before_read(upsert, person, &values[0], &before, err);
    /* Of two cards that are one person's, the member's own says what holds. */
    if (status != ST_OK || before.joined)
        return status;
    status = consents_take(upsert, person, &before, values, err);
    return status == ST_OK ? member_write(upsert, person, added, &before, values, changed, err)
                           : status;
}

static enum status label_row(struct upsert *upsert, const struct row_value *values, bool *changed,
                             struct error *err)
{
    int64_t id;
    enum status status =
        ask(upsert, "select id from label where name = ?1", values[0].at, values[0].n, &id, err);
    if (status == ST_OK && !id) {
        status = label_number(upsert, values[0].at, values[0].n, &id, err);
        *changed = true;
    }
    if (status == ST_OK && values[1].is == VALUE_TEXT && values[1].n)
        status = change(upsert,
                        "update label set rule = ?3, version = version + 1 where id = ?1 and rule "
                        "is not ?3",
                        id, 0, NULL, &values[1], changed, err);
    if (status != ST_OK || values[2].is != VALUE_TEXT || !values[2].n)
        return status;
    int64_t person;
    bool added;
    status = person_of(upsert, &values[2], &person, &added, err);
    if (status == ST_OK)
        status =
            change(upsert, "insert or ignore into label_member (label, person) values (?1, ?2)", id,
                   person, NULL, NULL, changed, err);
    return status;
}

/* A device that is reached over another one is looked at when all rows are in: their order does not
 * matter. */
static void bastion_note(struct upsert *upsert, const struct row_value *values)
{
    const struct row_value *bastion = &values[upsert->bastion];
    if (bastion->is == VALUE_TEXT && bastion->n)
        vec_push(&upsert->behind, mem_printf("%.*s", (int)values[0].n, values[0].at));
}

enum status upsert_row(struct upsert *upsert, struct row_value *values, bool *changed,
                       struct error *err)
{
    *changed = false;
    if (upsert->job->options->table->kind == IMPORT_MEMBERS)
        return member_row(upsert, values, changed, err);
    if (upsert->job->options->table->kind == IMPORT_LABELS)
        return label_row(upsert, values, changed, err);
    enum status status = row_bind(upsert, values, err);
    if (status == ST_OK)
        status = writer_run(upsert->writer, upsert->row, err);
    *changed = status == ST_OK && sqlite3_changes(upsert->db) > 0;
    if (upsert->bastion)
        bastion_note(upsert, values);
    return status;
}

static enum status bastion_check(struct upsert *upsert, const char *code, struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t id = 0, to = 0;
    enum status status = writer_prepare(
        upsert->writer, "select id, bastion from device where code = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        id = sqlite3_column_int64(stmt, 0);
        to = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return to ? circle_check(upsert->writer, id, to, err) : ST_OK;
}

enum status upsert_finish(struct upsert *upsert, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = ST_OK;
    for (size_t i = 0; i < upsert->behind.n && status == ST_OK; i++)
        status = bastion_check(upsert, upsert->behind.at[i], err);
    if (status != ST_OK)
        return status;
    status = writer_prepare(upsert->writer, "update counter set value = ?1 where name = 'person'",
                            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, upsert->person);
    return writer_run(upsert->writer, stmt, err);
}

enum status upsert_after(struct job *job, struct error *err)
{
    enum status status = label_list_fold(job->writer, err);
    if (status != ST_OK || job->options->table->kind != IMPORT_MEMBERS)
        return status;
    status = profile_fold(job->writer, err);
    return status == ST_OK ? search_fold(job->writer, err) : status;
}
