/* The hook that also sees tables without row numbers. */
#define SQLITE_ENABLE_PREUPDATE_HOOK

#include "model/store/change_parts.h"

#include "model/base/radix.h"
#include "model/store/sqlite.h"

#include <string.h>

enum {
    LIST_MOST = 1 << 15, /* keys of a place kept as a list */
    SET_LEAST = 4096,    /* so many of one transaction are noted as sets */
    BLOCKS = 1 << (31 - CHANGE_SET_BITS),
    SET_WORDS = CHANGE_SET_BYTES / 8,
    SET_MASK = (1 << CHANGE_SET_BITS) - 1,
};

/* ---- Keys of one place ---- */

static void key_set(struct change_keys *keys, uint64_t key)
{
    uint64_t **block = &keys->blocks[key >> CHANGE_SET_BITS];
    if (!*block)
        *block = mem_zero(SET_WORDS, sizeof **block);
    (*block)[(key & SET_MASK) / 64] |= UINT64_C(1) << (key % 64);
}

/* Numbers of people by the million take a bit each; what is too large for that stays a list. */
static void keys_shorten(struct change_keys *keys)
{
    size_t kept = 0;
    words_sort(keys->list.at, keys->list.n);
    keys->list.n = words_unique(keys->list.at, keys->list.n);
    if (keys->list.n < LIST_MOST / 2)
        return;
    if (!keys->blocks)
        keys->blocks = mem_zero(BLOCKS, sizeof *keys->blocks);
    keys->many = true;
    for (size_t i = 0; i < keys->list.n; i++)
        if (keys->list.at[i] >> 31)
            keys->list.at[kept++] = keys->list.at[i];
        else
            key_set(keys, keys->list.at[i]);
    keys->list.n = kept;
}

static void key_note(struct change_log *log, int place, int64_t key)
{
    struct change_keys *keys = &log->keys[place];
    log->any = true;
    if (keys->many && key >= 0 && key <= INT32_MAX) {
        key_set(keys, (uint64_t)key);
        return;
    }
    if (keys->list.n && keys->list.at[keys->list.n - 1] == (uint64_t)key)
        return;
    if (keys->list.n == keys->list.cap && keys->list.n >= LIST_MOST)
        keys_shorten(keys);
    vec_push(&keys->list, (uint64_t)key);
}

/* ---- Rows, as they are written ---- */

static const struct change_place batch_place = {.number = -1, .table = "batch"},
                                 tail_place = {.number = CHANGE_TAIL, .table = "tail"};

static const struct change_place *place_of(struct change_log *log, const char *table)
{
    size_t slot = ((uintptr_t)table >> 4) % (sizeof log->met / sizeof *log->met);
    if (log->met[slot].name == table && log->met[slot].place &&
        strcmp(log->met[slot].place->table, table) == 0)
        return log->met[slot].place;
    const struct change_place *place = change_place_find(table);
    if (!place && strcmp(table, "batch") == 0)
        place = &batch_place;
    if (!place && strcmp(table, "tail") == 0)
        place = &tail_place;
    log->met[slot].name = table;
    log->met[slot].place = place;
    return place;
}

static bool value_at(sqlite3 *db, bool old, int column, int64_t *number)
{
    sqlite3_value *value;
    int code =
        old ? sqlite3_preupdate_old(db, column, &value) : sqlite3_preupdate_new(db, column, &value);
    if (code != SQLITE_OK)
        return false;
    *number = sqlite3_value_int64(value);
    return true;
}

static void side_note(struct change_log *log, sqlite3 *db, const struct change_place *place,
                      bool old, int64_t row)
{
    int64_t first = row, second = 0;
    if (place->key == CHANGE_ALL)
        first = 0;
    else if (place->key != CHANGE_ROW && !value_at(db, old, place->at, &first))
        return;
    if (place->key == CHANGE_PAIR) {
        if (!value_at(db, old, place->second_at, &second))
            return;
        first = (int64_t)((uint64_t)first << CHANGE_BLOCK_BITS) | second >> place->shift;
    }
    key_note(log, place->number, first);
}

static void batch_row(struct change_log *log, sqlite3 *db, int64_t row)
{
    sqlite3_value *state;
    if (sqlite3_preupdate_new(db, 1, &state) != SQLITE_OK)
        return;
    const char *text = (const char *)sqlite3_value_text(state);
    if (!text || strcmp(text, "done") != 0)
        return;
    vec_push(&log->batches, row);
    log->any = true;
}

void change_log_row(struct change_log *log, sqlite3 *db, int what, const char *table,
                    sqlite3_int64 before, sqlite3_int64 after)
{
    const struct change_place *place = log->on || log->capture ? place_of(log, table) : NULL;
    if (!place)
        return;
    if (place == &batch_place) {
        if (what != SQLITE_DELETE)
            batch_row(log, db, after);
        return;
    }
    if (place == &tail_place) {
        if (what == SQLITE_DELETE) /* what is new or moved replicas find out themselves */
            key_note(log, CHANGE_TAIL, before);
        return;
    }
    if (what != SQLITE_INSERT)
        side_note(log, db, place, true, before);
    if (what != SQLITE_DELETE)
        side_note(log, db, place, false, after);
}

/* ---- A transaction ---- */

enum status change_log_look(struct change_log *log, sqlite3 *db, struct error *err)
{
    int64_t hub;
    enum status status = sqlite_integer(db,
                                        "select sum(case name when 'seq' then 1 when 'principal'"
                                        " then 2 else 0 end) from sync",
                                        0, &hub, err);
    log->on = status == ST_OK && hub & 1;
    log->capture = status == ST_OK && hub & 2;
    return status;
}

static void keys_clear(struct change_keys *keys)
{
    for (size_t i = 0; keys->blocks && i < BLOCKS; i++)
        free(keys->blocks[i]);
    free(keys->blocks);
    keys->blocks = NULL;
    keys->many = false;
    keys->list.n = 0;
}

void change_log_forget(struct change_log *log)
{
    if (!log->any)
        return;
    for (size_t i = 0; i < CHANGE_PLACES; i++)
        keys_clear(&log->keys[i]);
    log->batches.n = 0;
    log->tail = 0;
    log->any = false;
    log->before_commit = NULL;
}

void change_log_free(struct change_log *log)
{
    log->any = true;
    change_log_forget(log);
    for (size_t i = 0; i < CHANGE_PLACES; i++)
        vec_free(&log->keys[i].list);
    vec_free(&log->batches);
}

static enum status list_write(struct writer *writer, int place, const uint64_t *keys, size_t n,
                              int64_t seq, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = writer_run_with(writer,
                                 "insert into change (place, key, seq) values (?1, ?2, ?3)"
                                 " on conflict do update set seq = ?3",
                                 (const int64_t[]){place, (int64_t)keys[i], seq}, 3, err);
    return status;
}

/* What an earlier transaction wrote and this one wrote again is noted once. */
static enum status older_clear(struct writer *writer, int place, int64_t block,
                               const uint64_t *words, struct error *err)
{
    enum { MOST = 64 };
    int64_t seqs[MOST];
    uint64_t kept[SET_WORDS];
    size_t n = 0;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select seq from change_set where place = ?1 and block = ?2 limit 64", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, place);
    sqlite3_bind_int64(stmt, 2, block);
    while (n < MOST && sqlite3_step(stmt) == SQLITE_ROW)
        seqs[n++] = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        uint64_t any = 0;
        status = writer_prepare(
            writer, "select keys from change_set where place = ?1 and block = ?2 and seq = ?3",
            &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int(stmt, 1, place);
        sqlite3_bind_int64(stmt, 2, block);
        sqlite3_bind_int64(stmt, 3, seqs[i]);
        memset(kept, 0, sizeof kept);
        if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == sizeof kept)
            memcpy(kept, sqlite3_column_blob(stmt, 0), sizeof kept);
        sqlite3_reset(stmt);
        for (size_t w = 0; w < SET_WORDS; w++)
            any |= kept[w] &= ~words[w];
        status = writer_prepare(writer,
                                any ? "update change_set set keys = ?4 where place = ?1 and"
                                      " block = ?2 and seq = ?3"
                                    : "delete from change_set where place = ?1 and block = ?2 and"
                                      " seq = ?3",
                                &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int(stmt, 1, place);
        sqlite3_bind_int64(stmt, 2, block);
        sqlite3_bind_int64(stmt, 3, seqs[i]);
        if (any)
            sqlite3_bind_blob(stmt, 4, kept, sizeof kept, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    return status;
}

static enum status set_write(struct writer *writer, int place, int64_t block, const uint64_t *words,
                             int64_t seq, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = older_clear(writer, place, block, words, err);
    if (status == ST_OK)
        status = writer_prepare(
            writer, "insert or replace into change_set (place, block, seq, keys) values (?,?,?,?)",
            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, place);
    sqlite3_bind_int64(stmt, 2, block);
    sqlite3_bind_int64(stmt, 3, seq);
    sqlite3_bind_blob(stmt, 4, words, CHANGE_SET_BYTES, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

/* A long list of small numbers as sets. */
static void list_to_blocks(struct change_keys *keys)
{
    if (!keys->blocks && keys->list.n >= SET_LEAST) {
        keys->blocks = mem_zero(BLOCKS, sizeof *keys->blocks);
        keys->many = true;
    }
    size_t kept = 0;
    for (size_t i = 0; keys->many && i < keys->list.n; i++)
        if (keys->list.at[i] >> 31)
            keys->list.at[kept++] = keys->list.at[i];
        else
            key_set(keys, keys->list.at[i]);
    if (keys->many)
        keys->list.n = kept;
}

static enum status place_write(struct change_log *log, struct writer *writer, int place,
                               int64_t seq, struct error *err)
{
    struct change_keys *keys = &log->keys[place];
    enum status status = ST_OK;
    if (keys->list.n) {
        words_sort(keys->list.at, keys->list.n);
        keys->list.n = words_unique(keys->list.at, keys->list.n);
    }
    size_t first = 0;
    while (place == CHANGE_TAIL && first < keys->list.n &&
           (int64_t)keys->list.at[first] <= log->tail)
        first++; /* folded: that is said once */
    if (place != CHANGE_TAIL)
        list_to_blocks(keys);
    status = list_write(writer, place, keys->list.at + first, keys->list.n - first, seq, err);
    for (int64_t block = 0; keys->many && block < BLOCKS && status == ST_OK; block++)
        if (keys->blocks[block])
            status = set_write(writer, place, block, keys->blocks[block], seq, err);
    return status;
}

enum status change_log_write(struct change_log *log, struct writer *writer, struct error *err)
{
    int64_t seq;
    if (!log->any)
        return ST_OK;
    if (!log->on) {
        enum status saved = log->before_commit ? log->before_commit(writer, err) : ST_OK;
        change_log_forget(log);
        return saved;
    }
    enum status status = writer_run_with(
        writer, "update sync set value = value + 1 where name = 'seq'", NULL, 0, err);
    if (status == ST_OK)
        status = sqlite_integer(writer_db(writer),
                                "select cast(value as integer) from sync where name = 'seq'", 0,
                                &seq, err);
    for (int place = 0; place < CHANGE_PLACES && status == ST_OK; place++)
        if (log->keys[place].list.n || log->keys[place].many)
            status = place_write(log, writer, place, seq, err);
    for (size_t i = 0; i < log->batches.n && status == ST_OK; i++)
        status = writer_run_with(writer,
                                 "insert or ignore into event_log (batch, seq, act) values"
                                 " (?1, ?2, 'other')",
                                 (const int64_t[]){log->batches.at[i], seq}, 2, err);
    change_log_forget(log);
    return status;
}

/* ---- Events ---- */

bool change_logged(const struct writer *writer)
{
    return writer_changes((struct writer *)writer)->on;
}

enum status change_batch_note(struct writer *writer, const struct change_batch *batch,
                              struct error *err)
{
    struct change_log *log = writer_changes(writer);
    sqlite3_stmt *stmt;
    if (!log->on)
        return ST_OK;
    enum status status = writer_prepare(
        writer,
        "insert into event_log (batch, seq, act, tail, source, target, events) select ?1,"
        " value + 1, ?2, ?3, ?4, ?5, ?6 from sync where name = 'seq'",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, batch->batch);
    sqlite3_bind_text(stmt, 2, batch->act, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, batch->tail);
    sqlite3_bind_int64(stmt, 4, batch->source);
    sqlite3_bind_int64(stmt, 5, batch->target);
    sqlite3_bind_blob(stmt, 6, batch->events ? batch->events : "", (int)batch->size, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    log->any = true;
    if (batch->tail > log->tail)
        log->tail = batch->tail;
    return status;
}

enum status change_log_begin(struct writer *writer, const char *epoch, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "insert or ignore into sync values ('epoch', ?1), ('seq', '0')", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, epoch, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? change_log_look(writer_changes(writer), writer_db(writer), err)
                           : status;
}

/* ---- On a replica ---- */

void change_capture(struct writer *writer, bool on)
{
    change_log_forget(writer_changes(writer));
    writer_changes(writer)->capture = on;
}

void change_before_commit(struct writer *writer,
                          enum status (*run)(struct writer *writer, struct error *err))
{
    writer_changes(writer)->before_commit = run;
    writer_changes(writer)->any = true;
}

enum status change_captured(struct writer *writer, change_key_fn *fn, void *context,
                            struct error *err)
{
    struct change_log *log = writer_changes(writer);
    enum status status = ST_OK;
    for (size_t i = 0; i < n_change_places && status == ST_OK; i++) {
        struct change_keys *keys = &log->keys[change_places[i].number];
        if (keys->many)
            return error_set(err, ST_REFUSED,
                             "one edit changes too many things at once for a "
                             "replica: make it on the hub");
        if (keys->list.n) {
            words_sort(keys->list.at, keys->list.n);
            keys->list.n = words_unique(keys->list.at, keys->list.n);
        }
        for (size_t k = 0; k < keys->list.n && status == ST_OK; k++)
            status = fn(context, &change_places[i], (int64_t)keys->list.at[k], err);
    }
    return status;
}
