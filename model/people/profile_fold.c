/* Making the columns of blocks whose members changed. */
#include "model/base/hash.h"
#include "model/event/column.h"
#include "model/people/profile_rows.h"
#include "model/store/column.h"

#include <stdlib.h>

struct folder {
    struct writer *writer;
    struct arena *arena;
    struct profile_words words;
    size_t words_kept; /* of them are in the file */
    uint64_t *values[PROFILE_FIELDS];
    struct bytes bytes;
};

static enum status step(struct folder *f, sqlite3_stmt *stmt, bool *row, struct error *err)
{
    int code = sqlite3_step(stmt);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE
               ? ST_OK
               : sqlite_status(writer_db(f->writer), "folding the members' columns", err);
}

/* The words in the file; inside the transaction, as another process may have added some. */
static enum status words_load(struct folder *f, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true, good = true;
    profile_words_free(&f->words);
    arena_reset(f->arena);
    profile_words_start(&f->words, f->arena);
    enum status status =
        writer_prepare(f->writer, "select id, word from profile_word order by id", &stmt, err);
    while (status == ST_OK && (status = step(f, stmt, &row, err)) == ST_OK && row && good)
        good = profile_word_put(&f->words, sqlite3_column_int64(stmt, 0), column_text(stmt, 1));
    if (status == ST_OK)
        sqlite3_reset(stmt);
    f->words_kept = f->words.at.n;
    return status == ST_OK && !good
               ? error_set(err, ST_UNUSABLE, "the words of the members' columns are damaged")
               : status;
}

static enum status words_save(struct folder *f, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        f->writer, "insert into profile_word (id, word) values (?1, ?2)", &stmt, err);
    for (; status == ST_OK && f->words_kept < f->words.at.n; f->words_kept++) {
        sqlite3_bind_int64(stmt, 1, (int64_t)f->words_kept);
        sqlite3_bind_text(stmt, 2, f->words.at.at[f->words_kept], -1, SQLITE_STATIC);
        status = writer_run(f->writer, stmt, err);
    }
    return status;
}

/* A column that is 0 for everybody has no row. */
static enum status column_save(struct folder *f, int32_t block, int field, struct error *err)
{
    uint64_t any = 0;
    for (size_t i = 0; i < EVENT_BLOCK; i++)
        any |= f->values[field][i];
    f->bytes.n = 0;
    bytes_put_u32(&f->bytes, 0);
    column_encode(&f->bytes, f->values[field], EVENT_BLOCK);
    uint32_t sum = (uint32_t)hash64(f->bytes.at + 4, f->bytes.n - 4);
    for (int i = 0; i < 4; i++)
        f->bytes.at[i] = (unsigned char)(sum >> (8 * i));
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(f->writer,
                       any ? "insert or replace into profile (place, data) values (?1, ?2)"
                           : "delete from profile where place = ?1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, profile_place(field, block));
    if (any)
        sqlite3_bind_blob(stmt, 2, f->bytes.at, (int)f->bytes.n, SQLITE_STATIC);
    return writer_run(f->writer, stmt, err);
}

static enum status block_fold(struct folder *f, int32_t block, struct error *err)
{
    uint32_t first = (uint32_t)block << EVENT_BLOCK_BITS;
    sqlite3_stmt *stmt;
    bool row = true;
    for (int i = 0; i < PROFILE_FIELDS; i++)
        memset(f->values[i], 0, EVENT_BLOCK * sizeof *f->values[i]);
    enum status status = writer_prepare(f->writer, profile_rows_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, (int64_t)first + EVENT_BLOCK - 1);
    while ((status = step(f, stmt, &row, err)) == ST_OK && row)
        profile_row(stmt, &f->words, first, f->values);
    sqlite3_reset(stmt);
    for (int i = 0; i < PROFILE_FIELDS && status == ST_OK; i++)
        status = column_save(f, block, i, err);
    if (status == ST_OK)
        status =
            writer_prepare(f->writer, "delete from profile_stale where block = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, block);
    return writer_run(f->writer, stmt, err);
}

/* One changed block in a transaction of its own; *more is false when there are none left. */
static enum status turn(struct folder *f, bool *more, struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t block = 0;
    enum status status = writer_begin(f->writer, err);
    if (status != ST_OK)
        return status;
    status = writer_prepare(f->writer, "select min(block) from profile_stale", &stmt, err);
    if (status == ST_OK)
        status = step(f, stmt, more, err);
    *more = status == ST_OK && *more && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    if (status == ST_OK) {
        block = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    if (!*more || status != ST_OK) {
        writer_rollback(f->writer);
        return status;
    }
    status = words_load(f, err);
    if (status == ST_OK)
        status = block_fold(f, (int32_t)block, err);
    if (status == ST_OK)
        status = words_save(f, err);
    if (status == ST_OK)
        return writer_commit(f->writer, err);
    writer_rollback(f->writer);
    return status;
}

enum status profile_fold(struct writer *writer, struct error *err)
{
    struct folder f = {.writer = writer, .arena = arena_new()};
    enum status status = ST_OK;
    bool more = true;
    for (int i = 0; i < PROFILE_FIELDS; i++)
        f.values[i] = mem_alloc(EVENT_BLOCK * sizeof *f.values[i]);
    while (status == ST_OK && more)
        status = turn(&f, &more, err);
    for (int i = 0; i < PROFILE_FIELDS; i++)
        free(f.values[i]);
    free(f.bytes.at);
    profile_words_free(&f.words);
    arena_free(f.arena);
    return status;
}
