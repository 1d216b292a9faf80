/* The hook that also sees tables without row numbers. */
#define SQLITE_ENABLE_PREUPDATE_HOOK

#include "model/store/stale.h"

#include "model/base/radix.h"

#include <string.h>

enum { LISTS_MOST = 1 << 16, LIST_BITS = 31 - STALE_BLOCK_BITS };

/* ---- Members ---- */

static void member_changed(struct stale *stale, sqlite3_int64 row)
{
    if (row < 0 || row > INT32_MAX)
        return;
    uint64_t block = (uint64_t)row >> STALE_BLOCK_BITS;
    stale->any = true;
    stale->blocks[block / 64] |= UINT64_C(1) << (block % 64);
}

/* ---- Labels ---- */

static void lists_tidy(struct stale *stale)
{
    words_sort(stale->lists.at, stale->lists.n);
    stale->lists.n = words_unique(stale->lists.at, stale->lists.n);
}

static void list_changed(struct stale *stale, sqlite3_value *label, sqlite3_value *person)
{
    int64_t id = sqlite3_value_int64(label), number = sqlite3_value_int64(person);
    if (id < 0 || id >= INT64_C(1) << (63 - LIST_BITS) || number < 0 || number > INT32_MAX)
        return;
    uint64_t place = (uint64_t)id << LIST_BITS | (uint64_t)number >> STALE_BLOCK_BITS;
    if (stale->lists.n && stale->lists.at[stale->lists.n - 1] == place)
        return;
    if (stale->lists.n == stale->lists.cap && stale->lists.n >= LISTS_MOST)
        lists_tidy(stale);
    vec_push(&stale->lists, place);
}

void stale_row(struct stale *stale, sqlite3 *db, int what, const char *table, sqlite3_int64 before,
               sqlite3_int64 after)
{
    sqlite3_value *label, *person;
    if (strcmp(table, "member") == 0) {
        member_changed(stale, before);
        member_changed(stale, after);
    }
    if (table[0] != 'l' || strcmp(table, "label_member") != 0)
        return;
    if (what != SQLITE_INSERT && sqlite3_preupdate_old(db, 0, &label) == SQLITE_OK &&
        sqlite3_preupdate_old(db, 1, &person) == SQLITE_OK)
        list_changed(stale, label, person);
    if (what != SQLITE_DELETE && sqlite3_preupdate_new(db, 0, &label) == SQLITE_OK &&
        sqlite3_preupdate_new(db, 1, &person) == SQLITE_OK)
        list_changed(stale, label, person);
}

/* ---- A transaction ---- */

void stale_forget(struct stale *stale)
{
    if (stale->any)
        memset(stale->blocks, 0, sizeof stale->blocks);
    stale->any = false;
    stale->lists.n = 0;
}

void stale_free(struct stale *stale)
{
    vec_free(&stale->lists);
}

static enum status lists_write(struct stale *stale, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = ST_OK;
    if (stale->lists.n)
        lists_tidy(stale);
    for (size_t i = 0; i < stale->lists.n && status == ST_OK; i++) {
        status = writer_prepare(
            writer, "insert or ignore into label_stale (label, block) values (?1, ?2)", &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_int64(stmt, 1, (int64_t)(stale->lists.at[i] >> LIST_BITS));
        sqlite3_bind_int64(stmt, 2, (int64_t)(stale->lists.at[i] & (STALE_BLOCKS - 1)));
        status = writer_run(writer, stmt, err);
    }
    return status;
}

static enum status members_write(struct stale *stale, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    if (!stale->any)
        return ST_OK;
    enum status status = writer_prepare(
        writer, "insert or ignore into profile_stale (block) values (?1)", &stmt, err);
    for (int block = 0; block < STALE_BLOCKS && status == ST_OK; block++) {
        if (!(stale->blocks[block / 64] >> (block % 64) & 1))
            continue;
        sqlite3_bind_int64(stmt, 1, block);
        status = writer_run(writer, stmt, err);
    }
    return status;
}

enum status stale_write(struct stale *stale, struct writer *writer, struct error *err)
{
    enum status status = members_write(stale, writer, err);
    if (status == ST_OK)
        status = lists_write(stale, writer, err);
    stale_forget(stale);
    return status;
}
