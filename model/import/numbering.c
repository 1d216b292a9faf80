#include "model/import/numbering.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum {
    RESERVE = 1 << 16,        /* people's numbers at a time */
    LOOK_UP_SINGLY = 1 << 14, /* people looked up one by one before all are loaded */
    PERSON_MOST = 0x7FFFFFFF
};

/* Where the names of each kind are kept. */
static const struct table {
    const char *what; /* for messages */
    const char *find, *load, *highest, *insert;
    uint32_t most;
} tables[NAMES_OF] = {
    [NAMES_PERSON] = {"people", "select person from contact where kind = ?2 and value = ?1",
                      "select value, person from contact where kind = ?2",
                      "select value from counter where name = 'person'",
                      "insert into contact (value, person, kind) values (?1, ?2, ?3)", PERSON_MOST},
    [NAMES_KIND] = {"kinds", "select id from kind where name = ?1", "select name, id from kind",
                    "select max(id) from kind", "insert into kind (name, id) values (?1, ?2)",
                    KIND_CUSTOM * 4 - 1},
    [NAMES_CHANNEL] = {"channels", "select id from channel where name = ?1",
                       "select name, id from channel", "select max(id) from channel",
                       "insert into channel (name, id) values (?1, ?2)", UINT16_MAX},
    [NAMES_TENANT] = {"shops", "select id from tenant where code = ?1",
                      "select code, id from tenant", "select max(id) from tenant",
                      "insert into tenant (code, id) values (?1, ?2)", INT32_MAX},
    [NAMES_ZONE] = {"zones", "select id from zone where code = ?1", "select code, id from zone",
                    "select max(id) from zone", "insert into zone (code, id) values (?1, ?2)",
                    INT32_MAX},
    [NAMES_DEVICE] = {"devices", "select id from device where code = ?1",
                      "select code, id from device", "select max(id) from device",
                      "insert into device (code, id) values (?1, ?2)", INT32_MAX},
    [NAMES_CAMPAIGN] = {"campaigns", "select id from campaign where code = ?1",
                        "select code, id from campaign", "select max(id) from campaign",
                        "insert into campaign (code, id) values (?1, ?2)", INT32_MAX},
    [NAMES_ITEM] = {"items",
                    "select id from item where name = ?1 and brand = ?3 and category = ?4"
                    " and color = ?5",
                    "select name || char(31) || brand || char(31) || category || char(31) || "
                    "color, id from item",
                    "select max(id) from item",
                    "insert into item (id, name, brand, category, color) values (?2, ?1, ?3, ?4, "
                    "?5)",
                    INT32_MAX},
};

void numbering_begin(struct numbering *numbering, struct job *job, enum contact_kind contact)
{
    *numbering = (struct numbering){.job = job, .contact = contact, .arena = arena_new()};
    for (int of = 0; of < NAMES_OF; of++)
        numbering->names[of] = names_new();
    for (size_t i = 0; i < n_kinds; i++)
        names_add(numbering->names[NAMES_KIND], kinds[i].name, strlen(kinds[i].name),
                  hash64(kinds[i].name, strlen(kinds[i].name)), kinds[i].id);
}

void numbering_end(struct numbering *numbering)
{
    for (int of = 0; of < NAMES_OF; of++) {
        names_free(numbering->names[of]);
        vec_free(&numbering->fresh[of]);
    }
    erased_free(numbering->erased);
    linked_free(numbering->linked);
    reader_close(numbering->reader);
    arena_free(numbering->arena);
}

static enum status prepare(struct numbering *numbering, const char *sql, sqlite3_stmt **stmt,
                           struct error *err)
{
    return numbering->reader ? reader_prepare(numbering->reader, sql, stmt, err)
                             : writer_prepare(numbering->job->writer, sql, stmt, err);
}

static enum status step(struct numbering *numbering, sqlite3_stmt *stmt, bool *row,
                        struct error *err)
{
    int code = sqlite3_step(stmt);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return ST_OK;
    return sqlite_status(numbering->reader ? reader_db(numbering->reader)
                                           : writer_db(numbering->job->writer),
                         "reading names", err);
}

/* An item's four texts. They must stay until the statement is reset. */
static void bind_item(sqlite3_stmt *stmt, const char *at, size_t n)
{
    static const int places[] = {1, 3, 4, 5};
    const char *end = at + n;
    for (int i = 0; i < 4; i++) {
        const char *stop = memchr(at, '\x1F', (size_t)(end - at));
        if (!stop)
            stop = end;
        sqlite3_bind_text(stmt, places[i], at, (int)(stop - at), SQLITE_STATIC);
        at = stop < end ? stop + 1 : end;
    }
}

/* One integer of a query with perhaps a name and a number; 0 where there is no row. */
static enum status ask(struct numbering *numbering, const char *sql, enum names_of of,
                       const char *at, size_t n, int number, int64_t *value, struct error *err)
{
    sqlite3_stmt *stmt;
    *value = 0;
    enum status status = prepare(numbering, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    if (at && of == NAMES_ITEM)
        bind_item(stmt, at, n);
    else if (at)
        sqlite3_bind_text(stmt, 1, at, (int)n, SQLITE_STATIC);
    if (number)
        sqlite3_bind_int(stmt, 2, number);
    bool row;
    status = step(numbering, stmt, &row, err);
    if (status == ST_OK && row)
        *value = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return status;
}

static enum status highest_read(struct numbering *numbering, struct error *err)
{
    for (int of = 0; of < NAMES_OF; of++) {
        int64_t value;
        enum status status =
            ask(numbering, tables[of].highest, (enum names_of)of, NULL, 0, 0, &value, err);
        if (status != ST_OK)
            return status;
        if (of == NAMES_KIND && value < KIND_CUSTOM)
            value = KIND_CUSTOM - 1;
        numbering->highest[of] = (uint32_t)value;
    }
    return ST_OK;
}

enum status numbering_load(struct numbering *numbering, enum names_of of, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = prepare(numbering, tables[of].load, &stmt, err);
    if (status != ST_OK)
        return status;
    if (of == NAMES_PERSON)
        sqlite3_bind_int(stmt, 2, numbering->contact);
    bool row;
    while ((status = step(numbering, stmt, &row, err)) == ST_OK && row) {
        const char *name = column_text(stmt, 0);
        size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
        uint64_t hash = hash64(name, n);
        if (n < UINT16_MAX && !names_find(numbering->names[of], name, n, hash))
            names_add(numbering->names[of], name, n, hash, (uint32_t)sqlite3_column_int64(stmt, 1));
    }
    sqlite3_reset(stmt);
    numbering->loaded[of] = true;
    return status;
}

enum status numbering_small(struct numbering *numbering, struct error *err)
{
    enum status status = highest_read(numbering, err);
    if (status == ST_OK)
        status = erased_open(numbering->job->writer, &numbering->erased, err);
    if (status == ST_OK)
        status =
            linked_open_few(numbering->job->writer, numbering->contact, &numbering->linked, err);
    numbering->reserved = PERSON_MOST;
    return status;
}

enum status numbering_large(struct numbering *numbering, struct error *err)
{
    enum status status = reader_open(writer_mall(numbering->job->writer), &numbering->reader, err);
    if (status == ST_OK)
        status = reader_begin(numbering->reader, err);
    if (status == ST_OK)
        status = highest_read(numbering, err);
    if (status == ST_OK)
        status = erased_open(numbering->job->writer, &numbering->erased, err);
    if (status == ST_OK)
        status = linked_open(numbering->job->writer, numbering->contact,
                             numbering->names[NAMES_PERSON], &numbering->linked, err);
    for (int of = NAMES_PERSON + 1; of < NAMES_OF && status == ST_OK; of++)
        if (of != NAMES_ITEM || numbering->job->options->table->kind == IMPORT_RECEIPTS)
            status = numbering_load(numbering, (enum names_of)of, err);
    return status;
}

/* Raises the counter of people by a whole reservation. */
static enum status reserve(struct numbering *numbering, struct error *err)
{
    struct writer *writer = numbering->job->writer;
    sqlite3_stmt *stmt;
    int64_t to = 0;
    enum status status = writer_begin(writer, err);
    if (status == ST_OK)
        status = writer_prepare(writer,
                                "update counter set value = value + ?1 where name = 'person' "
                                "returning value",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, RESERVE);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            to = sqlite3_column_int64(stmt, 0);
        status = writer_run(writer, stmt, err);
    }
    if (status == ST_OK && (to < RESERVE || to > PERSON_MOST))
        status = error_set(err, ST_REFUSED, "the mall has no numbers for people left");
    if (status != ST_OK) {
        writer_rollback(writer);
        return status;
    }
    status = writer_commit(writer, err);
    if (to - RESERVE != numbering->reserved) {
        numbering->highest[NAMES_PERSON] = (uint32_t)(to - RESERVE);
        numbering->unused = to - RESERVE;
    }
    numbering->reserved = to;
    return status;
}

static enum status too_many(struct numbering *numbering, enum names_of of,
                            const struct fresh_name *name, struct error *err)
{
    return error_set(err, ST_REFUSED,
                     "%s:%lld:%u: found %s, one more than the %u different %s a mall can hold, "
                     "expected one that is known",
                     source_name(numbering->job->source), (long long)name->line, name->column,
                     text_quote(numbering->arena, name->at, name->n),
                     of == NAMES_KIND ? tables[of].most + 1 - KIND_CUSTOM : tables[of].most,
                     tables[of].what);
}

static enum status number_new(struct numbering *numbering, enum names_of of,
                              struct fresh_name *name, struct error *err)
{
    enum status status = ST_OK;
    if (of == NAMES_PERSON && numbering->highest[of] >= numbering->reserved)
        status = reserve(numbering, err);
    if (status != ST_OK)
        return status;
    if (numbering->highest[of] >= tables[of].most)
        return too_many(numbering, of, name, err);
    name->number = ++numbering->highest[of];
    struct new_name added = {.at = arena_strndup(numbering->arena, name->at, name->n),
                             .n = name->n,
                             .number = name->number};
    vec_push(&numbering->fresh[of], added);
    names_add(numbering->names[of], name->at, name->n, name->hash, name->number);
    return ST_OK;
}

/* What the mall knows of a name that the table in memory does not. */
static enum status number_look_up(struct numbering *numbering, enum names_of of,
                                  struct fresh_name *name, struct error *err)
{
    if (of == NAMES_PERSON && numbering->reader && numbering->looked_up++ == LOOK_UP_SINGLY) {
        enum status status = numbering_load(numbering, of, err);
        name->number = names_find(numbering->names[of], name->at, name->n, name->hash);
        return status;
    }
    int64_t number = 0;
    uint32_t old = 0;
    enum status status = ST_OK;
    /* With a reader all links were read already. */
    if (of == NAMES_PERSON && !numbering->reader)
        status =
            linked_look(numbering->linked, numbering->job->writer, name->at, name->n, &old, err);
    if (status == ST_OK && !old)
        status = ask(numbering, tables[of].find, of, name->at, name->n,
                     of == NAMES_PERSON ? numbering->contact : 0, &number, err);
    number = old ? old : number;
    name->number = (uint32_t)number;
    if (number)
        names_add(numbering->names[of], name->at, name->n, name->hash, name->number);
    return status;
}

enum status numbering_take(struct numbering *numbering, struct page *page, struct error *err)
{
    for (int i = 0; i < NAMES_OF; i++) {
        enum names_of of = (enum names_of)i;
        for (size_t k = 0; k < page->fresh[of].names.n; k++) {
            struct fresh_name *name = &page->fresh[of].names.at[k];
            enum status status = ST_OK;
            name->number = names_find(numbering->names[of], name->at, name->n, name->hash);
            if (!name->number && !numbering->loaded[of])
                status = number_look_up(numbering, of, name, err);
            if (status == ST_OK && !name->number && of == NAMES_PERSON &&
                erased_has(numbering->erased, name->at, name->n)) {
                name->number = PERSON_ERASED;
                names_add(numbering->names[of], name->at, name->n, name->hash, name->number);
            }
            if (status == ST_OK && !name->number)
                status = number_new(numbering, of, name, err);
            if (status != ST_OK)
                return status;
        }
    }
    page_patch(page);
    return ST_OK;
}

/* ---- Writing ---- */

static int by_text(const void *a, const void *b)
{
    const struct new_name *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->n < y->n ? x->n : y->n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static enum status write_names(struct numbering *numbering, enum names_of of, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(numbering->job->writer, tables[of].insert, &stmt, err);
    for (size_t i = 0; i < numbering->fresh[of].n && status == ST_OK; i++) {
        const struct new_name *name = &numbering->fresh[of].at[i];
        if (of == NAMES_ITEM)
            bind_item(stmt, name->at, name->n);
        else
            sqlite3_bind_text(stmt, 1, name->at, (int)name->n, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, name->number);
        if (of == NAMES_PERSON)
            sqlite3_bind_int(stmt, 3, numbering->contact);
        int code = sqlite3_step(stmt);
        if (code == SQLITE_CONSTRAINT)
            status = error_set(err, ST_CONFLICT,
                               "another program added %s or one of its neighbours to the %s while "
                               "the file was read; nothing was written, import it again",
                               text_quote(numbering->arena, name->at, name->n), tables[of].what);
        else if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(numbering->job->writer), "writing names", err);
        sqlite3_reset(stmt);
    }
    return status;
}

/* The counter of people: to the last number given out, unless others got numbers since. */
static enum status write_counter(struct numbering *numbering, int64_t to, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(numbering->job->writer,
                       numbering->reader ? "update counter set value = ?1 where name = 'person' "
                                           "and value = ?2"
                                         : "update counter set value = ?1 where name = 'person' "
                                           "and 0 <> ?2",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, to);
    sqlite3_bind_int64(stmt, 2, numbering->reserved);
    return writer_run(numbering->job->writer, stmt, err);
}

enum status numbering_write(struct numbering *numbering, struct error *err)
{
    /* In order of their text: rows of one page of the file are written together. */
    if (numbering->fresh[NAMES_PERSON].n)
        qsort(numbering->fresh[NAMES_PERSON].at, numbering->fresh[NAMES_PERSON].n,
              sizeof *numbering->fresh[NAMES_PERSON].at, by_text);
    enum status status = ST_OK;
    for (int of = 0; of < NAMES_OF && status == ST_OK; of++)
        if (numbering->fresh[of].n)
            status = write_names(numbering, (enum names_of)of, err);
    if (status == ST_OK && numbering->fresh[NAMES_PERSON].n)
        status = write_counter(numbering, numbering->highest[NAMES_PERSON], err);
    return status;
}

void numbering_abandon(struct numbering *numbering)
{
    if (!numbering->reader || !numbering->reserved)
        return;
    struct error err = {0};
    if (writer_begin(numbering->job->writer, &err) == ST_OK) {
        if (write_counter(numbering, numbering->unused, &err) != ST_OK ||
            writer_commit(numbering->job->writer, &err) != ST_OK)
            writer_rollback(numbering->job->writer);
    }
    error_clear(&err);
}
