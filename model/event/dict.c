#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/event/chunk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *table, *column;
} dicts[DICT_COUNT] = {
    [DICT_KIND] = {"kind", "name"},     [DICT_CHANNEL] = {"channel", "name"},
    [DICT_TENANT] = {"tenant", "code"}, [DICT_ZONE] = {"zone", "code"},
    [DICT_DEVICE] = {"device", "code"}, [DICT_CAMPAIGN] = {"campaign", "code"},
};

/* ---- A table of names: by id, and by hash ---- */

struct name {
    uint32_t id, size;
    const char *at;
};

struct names {
    struct arena *arena;
    const char **by_id; /* NULL: unknown */
    size_t n_ids, ids_cap;
    VEC(struct name) all;
    uint32_t *slots; /* index into all + 1; 0: free */
    size_t n_slots;
};

static size_t names_slot(const struct names *names, const char *at, size_t n)
{
    size_t slot = hash64(at, n) & (names->n_slots - 1);
    for (; names->slots[slot]; slot = (slot + 1) & (names->n_slots - 1)) {
        const struct name *name = &names->all.at[names->slots[slot] - 1];
        if (name->size == n && memcmp(name->at, at, n) == 0)
            break;
    }
    return slot;
}

static void names_grow(struct names *names)
{
    if (names->all.n * 2 < names->n_slots)
        return;
    free(names->slots);
    names->n_slots = names->n_slots ? names->n_slots * 2 : 64;
    names->slots = mem_zero(names->n_slots, sizeof *names->slots);
    for (size_t i = 0; i < names->all.n; i++)
        names->slots[names_slot(names, names->all.at[i].at, names->all.at[i].size)] =
            (uint32_t)i + 1;
}

/* Ids are dense: a table's highest is near its number of rows. One far beyond is known by name
 * only, so that a damaged row cannot ask for gigabytes. */
static const size_t ids_most = (size_t)1 << 26;

static void names_put(struct names *names, uint32_t id, const char *at, size_t n)
{
    if (!names->arena)
        names->arena = arena_new();
    names_grow(names);
    size_t slot = names_slot(names, at, n);
    if (!names->slots[slot]) {
        vec_push(
            &names->all,
            (struct name){.id = id, .size = (uint32_t)n, .at = arena_strndup(names->arena, at, n)});
        names->slots[slot] = (uint32_t)names->all.n;
    }
    struct name *name = &names->all.at[names->slots[slot] - 1];
    name->id = id;
    if (id >= ids_most)
        return;
    if (id >= names->ids_cap) {
        size_t cap = vec_capacity(names->ids_cap, (size_t)id + 1);
        names->by_id = mem_resize(names->by_id, cap, sizeof *names->by_id);
        memset(names->by_id + names->ids_cap, 0, (cap - names->ids_cap) * sizeof *names->by_id);
        names->ids_cap = cap;
    }
    names->by_id[id] = name->at;
    names->n_ids = id >= names->n_ids ? (size_t)id + 1 : names->n_ids;
}

static uint32_t names_find(const struct names *names, const char *at, size_t n)
{
    if (names->n_slots == 0)
        return 0;
    uint32_t found = names->slots[names_slot(names, at, n)];
    return found ? names->all.at[found - 1].id : 0;
}

static void names_clear(struct names *names)
{
    arena_free(names->arena);
    free(names->by_id);
    free(names->slots);
    vec_free(&names->all);
    *names = (struct names){0};
}

static void names_built_in(struct names *names, enum dict dict)
{
    for (size_t i = 0; dict == DICT_KIND && i < n_kinds; i++)
        names_put(names, kinds[i].id, kinds[i].name, strlen(kinds[i].name));
}

/* ---- The reader's copy ---- */

struct dict_copy {
    struct names names[DICT_COUNT];
    bool loaded[DICT_COUNT];
    int64_t rows; /* reader_versions when they were loaded */
};

static const char copy_key;

static void copy_clear(struct dict_copy *copy)
{
    for (int i = 0; i < DICT_COUNT; i++) {
        names_clear(&copy->names[i]);
        copy->loaded[i] = false;
    }
}

static void copy_free(void *value)
{
    copy_clear(value);
    free(value);
}

static void names_load(struct reader *reader, enum dict dict, struct names *names)
{
    char sql[96];
    snprintf(sql, sizeof sql, "select id, %s from %s", dicts[dict].column, dicts[dict].table);
    sqlite3_stmt *stmt;
    bool row = true;
    names_built_in(names, dict);
    if (reader_prepare(reader, sql, &stmt, NULL) != ST_OK)
        return;
    while (reader_step(reader, stmt, &row, NULL) == ST_OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        const char *name = (const char *)sqlite3_column_text(stmt, 1);
        if (id > 0 && id <= UINT32_MAX && name)
            names_put(names, (uint32_t)id, name, (size_t)sqlite3_column_bytes(stmt, 1));
    }
    sqlite3_reset(stmt);
}

/* An unreadable table leaves its names empty: what is shown then is a number without a name, and
 * the question that asked fails by itself. */
static const struct names *names_of(struct reader *reader, enum dict dict)
{
    struct dict_copy *copy = reader_kept(reader, &copy_key);
    if (!copy) {
        copy = mem_zero(1, sizeof *copy);
        reader_keep(reader, &copy_key, copy, copy_free);
    }
    int64_t events, rows;
    if (reader_versions(reader, &events, &rows, NULL) == ST_OK && rows != copy->rows) {
        copy_clear(copy);
        copy->rows = rows;
    }
    if (!copy->loaded[dict]) {
        names_load(reader, dict, &copy->names[dict]);
        copy->loaded[dict] = true;
    }
    return &copy->names[dict];
}

const char *dict_name(struct reader *reader, enum dict dict, uint32_t id)
{
    if (id == 0)
        return "";
    const struct names *names = names_of(reader, dict);
    return id < names->n_ids && names->by_id[id] ? names->by_id[id] : "";
}

uint32_t dict_id(struct reader *reader, enum dict dict, const char *name, size_t n)
{
    return n ? names_find(names_of(reader, dict), name, n) : 0;
}

uint32_t dict_size(struct reader *reader, enum dict dict)
{
    const struct names *names = names_of(reader, dict);
    return names->n_ids ? (uint32_t)names->n_ids - 1 : 0;
}

/* ---- The writer's copy ---- */

struct dict_writer {
    struct names names[DICT_COUNT];
    uint64_t epoch;
};

static const char writer_key;

static void dict_writer_free(void *value)
{
    struct dict_writer *kept = value;
    for (int i = 0; i < DICT_COUNT; i++)
        names_clear(&kept->names[i]);
    free(kept);
}

static struct names *writer_names(struct writer *writer, enum dict dict)
{
    struct dict_writer *kept = writer_kept(writer, &writer_key);
    if (!kept) {
        kept = mem_zero(1, sizeof *kept);
        kept->epoch = writer_epoch(writer);
        writer_keep(writer, &writer_key, kept, dict_writer_free);
    }
    if (kept->epoch != writer_epoch(writer)) {
        for (int i = 0; i < DICT_COUNT; i++)
            names_clear(&kept->names[i]);
        kept->epoch = writer_epoch(writer);
    }
    if (kept->names[dict].all.n == 0)
        names_built_in(&kept->names[dict], dict);
    return &kept->names[dict];
}

static enum status intern_find(struct writer *writer, enum dict dict, const char *name, size_t n,
                               uint32_t *id, struct error *err)
{
    char sql[96];
    snprintf(sql, sizeof sql, "select id from %s where %s = ?1", dicts[dict].table,
             dicts[dict].column);
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, (int)n, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    *id = code == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(stmt, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "looking up a name", err);
    sqlite3_reset(stmt);
    return status;
}

/* Custom kinds are numbered from KIND_CUSTOM; the other tables as SQLite does. */
static enum status intern_add(struct writer *writer, enum dict dict, const char *name, size_t n,
                              uint32_t *id, struct error *err)
{
    char sql[160];
    if (dict == DICT_KIND)
        snprintf(sql, sizeof sql,
                 "insert into kind (id, name) select max(coalesce(max(id) + 1, 0), %d), ?1"
                 " from kind",
                 KIND_CUSTOM);
    else
        snprintf(sql, sizeof sql, "insert into %s (%s) values (?1)", dicts[dict].table,
                 dicts[dict].column);
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, (int)n, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    int64_t last = sqlite3_last_insert_rowid(writer_db(writer));
    if (status == ST_OK && dict == DICT_KIND && last > KIND_MAX)
        return error_set(err, ST_REFUSED,
                         "there is no room for another kind of event: a mall has at most %d of its "
                         "own; use one of the kinds there are",
                         KIND_MAX - KIND_CUSTOM + 1);
    *id = (uint32_t)last;
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

enum status dict_intern(struct writer *writer, enum dict dict, const char *name, size_t n,
                        uint32_t *id, struct error *err)
{
    *id = 0;
    if (n == 0)
        return ST_OK;
    struct names *names = writer_names(writer, dict);
    *id = names_find(names, name, n);
    if (*id)
        return ST_OK;
    if (!text_valid(name, n)) {
        struct arena *arena = arena_new();
        error_set(err, ST_REFUSED, "the %s %s is not readable text", dicts[dict].table,
                  text_quote(arena, name, n));
        arena_free(arena);
        return ST_REFUSED;
    }
    enum status status = intern_find(writer, dict, name, n, id, err);
    if (status == ST_OK && *id == 0)
        status = intern_add(writer, dict, name, n, id, err);
    if (status == ST_OK)
        names_put(names, *id, name, n);
    return status;
}
