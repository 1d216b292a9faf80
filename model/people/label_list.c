#include "model/people/label_list.h"

#include <stdlib.h>

static const char rows_sql[] =
    "select person from label_member where label = ?1 and person between ?2 and ?3";

static void rows_bind(sqlite3_stmt *stmt, int64_t label, int64_t block)
{
    sqlite3_bind_int64(stmt, 1, label);
    sqlite3_bind_int64(stmt, 2, block << EVENT_BLOCK_BITS);
    sqlite3_bind_int64(stmt, 3, (block << EVENT_BLOCK_BITS) + EVENT_BLOCK - 1);
}

static void row_take(sqlite3_stmt *stmt, uint64_t words[PEOPLE_SET_WORDS])
{
    uint64_t at = (uint64_t)sqlite3_column_int64(stmt, 0) & (EVENT_BLOCK - 1);
    words[at / 64] |= UINT64_C(1) << (at % 64);
}

/* ---- Reading ---- */

static enum status rows_read(struct reader *reader, int64_t label, int64_t block,
                             uint64_t words[PEOPLE_SET_WORDS], struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    memset(words, 0, PEOPLE_SET_WORDS * sizeof *words);
    enum status status = reader_prepare(reader, rows_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    rows_bind(stmt, label, block);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        row_take(stmt, words);
    sqlite3_reset(stmt);
    return status;
}

/* The changed blocks, rising. To be freed. */
static enum status stale_read(struct reader *reader, int64_t label, int64_t **blocks, size_t *n,
                              struct error *err)
{
    VEC(int64_t) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        reader, "select block from label_stale where label = ?1 order by block", &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, label);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, sqlite3_column_int64(stmt, 0));
    if (status == ST_OK)
        sqlite3_reset(stmt);
    *blocks = found.at;
    *n = found.n;
    return status;
}

static enum status blocks_add(struct reader *reader, int64_t label, const int64_t *blocks, size_t n,
                              struct set *set, struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    enum status status = ST_OK;
    size_t all = set_words(set->n);
    for (size_t k = 0; k < n && status == ST_OK; k++) {
        size_t first =
            blocks[k] < 0 || blocks[k] > INT32_MAX ? all : (size_t)blocks[k] * PEOPLE_SET_WORDS;
        status = rows_read(reader, label, blocks[k], words, err);
        for (size_t i = 0; i < PEOPLE_SET_WORDS && first + i < all; i++)
            set->words[first + i] |= words[i];
    }
    if (set->n % 64 && all)
        set->words[all - 1] &= (UINT64_C(1) << (set->n % 64)) - 1;
    if (set->n)
        set_remove(set, 0);
    return status;
}

enum status label_list_read(struct reader *reader, int64_t label, struct set *set,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t *blocks = NULL;
    size_t n = 0;
    enum status status = stale_read(reader, label, &blocks, &n, err);
    if (status == ST_OK)
        status = reader_prepare(reader,
                                "select block, people from label_list l where label = ?1 and not"
                                " exists (select 1 from label_stale s where s.label = l.label and"
                                " s.block = l.block)",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, label);
        status = people_set_read(reader, stmt, set, err);
        sqlite3_reset(stmt);
    }
    if (status == ST_OK)
        status = blocks_add(reader, label, blocks, n, set, err);
    free(blocks);
    return status;
}

/* ---- Folding ---- */

static enum status step(struct writer *writer, sqlite3_stmt *stmt, bool *row, struct error *err)
{
    int code = sqlite3_step(stmt);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE
               ? ST_OK
               : sqlite_status(writer_db(writer), "folding lists of people", err);
}

static enum status set_save(struct writer *writer, int64_t label, int64_t block,
                            const uint64_t words[PEOPLE_SET_WORDS], struct error *err)
{
    struct bytes bytes = {0};
    sqlite3_stmt *stmt;
    uint64_t any = 0;
    for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
        any |= words[i];
    people_set_encode(&bytes, words);
    enum status status = writer_prepare(
        writer,
        any ? "insert or replace into label_list (label, block, people) values (?1, ?2, ?3)"
            : "delete from label_list where label = ?1 and block = ?2",
        &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, label);
        sqlite3_bind_int64(stmt, 2, block);
        if (any)
            sqlite3_bind_blob(stmt, 3, bytes.at, (int)bytes.n, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    vec_free(&bytes);
    return status;
}

static enum status block_fold(struct writer *writer, int64_t label, int64_t block,
                              struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS] = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = writer_prepare(writer, rows_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    rows_bind(stmt, label, block);
    while ((status = step(writer, stmt, &row, err)) == ST_OK && row)
        row_take(stmt, words);
    sqlite3_reset(stmt);
    if (status == ST_OK)
        status = set_save(writer, label, block, words, err);
    if (status == ST_OK)
        status = writer_prepare(writer, "delete from label_stale where label = ?1 and block = ?2",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, label);
    sqlite3_bind_int64(stmt, 2, block);
    return writer_run(writer, stmt, err);
}

enum { BLOCKS_AT_ONCE = 64 };

/* Some changed blocks in one transaction; *more is false when there are none left. */
static enum status turn(struct writer *writer, bool *more, struct error *err)
{
    int64_t labels[BLOCKS_AT_ONCE], blocks[BLOCKS_AT_ONCE];
    size_t n = 0;
    sqlite3_stmt *stmt;
    bool row = true;
    *more = false;
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = writer_prepare(writer, "select label, block from label_stale limit 64", &stmt, err);
    while (status == ST_OK && (status = step(writer, stmt, &row, err)) == ST_OK && row &&
           n < BLOCKS_AT_ONCE) {
        labels[n] = sqlite3_column_int64(stmt, 0);
        blocks[n++] = sqlite3_column_int64(stmt, 1);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = block_fold(writer, labels[i], blocks[i], err);
    *more = n == BLOCKS_AT_ONCE;
    if (status == ST_OK && n)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status label_list_fold(struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    bool more = true;
    while (status == ST_OK && more)
        status = turn(writer, &more, err);
    return status;
}

/* ---- Verify ---- */

static enum status set_check(struct reader *reader, int64_t label, int64_t block,
                             const uint64_t words[PEOPLE_SET_WORDS], bool good, struct error *err)
{
    uint64_t rows[PEOPLE_SET_WORDS];
    enum status status = rows_read(reader, label, block, rows, err);
    if (status == ST_OK && (!good || memcmp(words, rows, sizeof rows) != 0))
        status = error_set(err, ST_UNUSABLE,
                           "the set of label %lld, block %lld is not what its rows say",
                           (long long)label, (long long)block);
    return status;
}

enum status label_list_verify(struct reader *reader, int64_t *n, struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    sqlite3_stmt *stmt;
    bool row = true;
    *n = 0;
    /* Also blocks that have rows and no set. */
    enum status status = reader_prepare(
        reader,
        "select b.label, b.block, l.people from (select label, block from label_list union"
        " select label, person >> 14 from label_member) b left join label_list l using (label,"
        " block) where not exists (select 1 from label_stale s where s.label = b.label and"
        " s.block = b.block)",
        &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        ++*n;
        bool good = people_set_decode(sqlite3_column_blob(stmt, 2),
                                      (size_t)sqlite3_column_bytes(stmt, 2), words);
        status = set_check(reader, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                           words, good, err);
        if (reader_cancelled(reader))
            status = error_set(err, ST_CANCELLED, "the check was cancelled");
    }
    sqlite3_reset(stmt);
    return status;
}
