/* What changed after a position, in order: single keys, sets of keys, and batches of events, each
 * read up to a limit and laid into one list. */
#include "model/sync/pull_parts.h"

#include "model/store/sqlite.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_AT_ONCE = 4000, SETS_AT_ONCE = 2, EVENTS_AT_ONCE = 4 };

static int item_compare(const void *left, const void *right)
{
    const struct pull_item *a = left, *b = right;
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

/* After the last item of a source that has more, another source's items have to wait. */
struct bound {
    bool there;
    struct pull_item last;
};

static void bound_lower(struct bound *bound, const struct pull_item *last)
{
    if (!bound->there || item_compare(last, &bound->last) < 0)
        bound->last = *last;
    bound->there = true;
}

static enum status keys_read(struct pull *pull, struct pull_items *items, struct bound *bound,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    size_t n = 0;
    enum status status = reader_prepare(pull->reader,
                                        "select seq, place, key from change where"
                                        " (seq, place, key) > (?1, ?2, ?3)"
                                        " order by seq, place, key limit ?4",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, pull->at.seq);
    sqlite3_bind_int(stmt, 2, pull->at.place);
    sqlite3_bind_int64(stmt, 3, pull->at.key);
    sqlite3_bind_int(stmt, 4, KEYS_AT_ONCE);
    struct pull_item item = {0};
    while ((status = reader_step(pull->reader, stmt, &row, err)) == ST_OK && row) {
        item = (struct pull_item){sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1),
                                  sqlite3_column_int64(stmt, 2), false};
        vec_push(&items->all, item);
        n++;
    }
    if (status == ST_OK && n == KEYS_AT_ONCE)
        bound_lower(bound, &item);
    sqlite3_reset(stmt);
    return status;
}

static void set_expand(struct pull *pull, const struct pull_item *first, const uint64_t *words,
                       struct pull_items *items)
{
    for (size_t w = 0; w < CHANGE_SET_BYTES / 8; w++)
        for (uint64_t left = words[w]; left; left &= left - 1) {
            struct pull_item item = *first;
            item.key += (int64_t)w * 64 + __builtin_ctzll(left);
            if (item.seq != pull->at.seq || item.place != pull->at.place || item.key > pull->at.key)
                vec_push(&items->all, item);
        }
}

static enum status sets_read(struct pull *pull, struct pull_items *items, struct bound *bound,
                             struct error *err)
{
    uint64_t words[CHANGE_SET_BYTES / 8];
    sqlite3_stmt *stmt;
    bool row = true;
    size_t n = 0;
    enum status status = reader_prepare(pull->reader,
                                        "select seq, place, block, keys from change_set where"
                                        " (seq, place, block) >= (?1, ?2, ?3)"
                                        " order by seq, place, block limit ?4",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, pull->at.seq);
    sqlite3_bind_int(stmt, 2, pull->at.place);
    sqlite3_bind_int64(stmt, 3, pull->at.key >> CHANGE_SET_BITS);
    sqlite3_bind_int(stmt, 4, SETS_AT_ONCE);
    struct pull_item first = {0};
    while ((status = reader_step(pull->reader, stmt, &row, err)) == ST_OK && row) {
        first = (struct pull_item){sqlite3_column_int64(stmt, 0), sqlite3_column_int(stmt, 1),
                                   sqlite3_column_int64(stmt, 2) << CHANGE_SET_BITS, false};
        n++;
        if (sqlite3_column_bytes(stmt, 3) != sizeof words)
            continue;
        memcpy(words, sqlite3_column_blob(stmt, 3), sizeof words);
        set_expand(pull, &first, words, items);
    }
    if (status == ST_OK && n == SETS_AT_ONCE) {
        first.key += (1 << CHANGE_SET_BITS) - 1;
        bound_lower(bound, &first);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status events_read(struct pull *pull, struct pull_items *items, struct bound *bound,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    size_t n = 0;
    const struct position *at = &pull->at;
    enum status status = reader_prepare(pull->reader,
                                        "select seq, batch from event_log where seq > ?1 or"
                                        " (seq = ?1 and (?2 < 63 or (?2 = 63 and batch >= ?3)))"
                                        " order by seq, batch limit ?4",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, at->seq);
    sqlite3_bind_int(stmt, 2, at->place);
    sqlite3_bind_int64(stmt, 3, at->key);
    sqlite3_bind_int(stmt, 4, EVENTS_AT_ONCE);
    struct pull_item item = {0};
    while ((status = reader_step(pull->reader, stmt, &row, err)) == ST_OK && row) {
        item = (struct pull_item){sqlite3_column_int64(stmt, 0), POSITION_EVENTS,
                                  sqlite3_column_int64(stmt, 1), false};
        bool same = item.seq == at->seq && at->place == POSITION_EVENTS && item.key == at->key;
        item.going_on = same && at->block != INT32_MAX;
        if (!same || item.going_on)
            vec_push(&items->all, item);
        n++;
    }
    if (status == ST_OK && n == EVENTS_AT_ONCE)
        bound_lower(bound, &item);
    sqlite3_reset(stmt);
    return status;
}

enum status pull_items_read(struct pull *pull, struct pull_items *items, bool *rest,
                            struct error *err)
{
    struct bound bound = {0};
    enum status status = keys_read(pull, items, &bound, err);
    if (status == ST_OK)
        status = sets_read(pull, items, &bound, err);
    if (status == ST_OK)
        status = events_read(pull, items, &bound, err);
    if (items->all.n)
        qsort(items->all.at, items->all.n, sizeof *items->all.at, item_compare);
    while (bound.there && items->all.n &&
           item_compare(&items->all.at[items->all.n - 1], &bound.last) > 0)
        items->all.n--;
    *rest = bound.there;
    return status;
}

/* ---- Whether there is a way on ---- */

enum status pull_possible(struct reader *reader, const char *principal, const char *replica,
                          const struct position *position, bool *possible, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *possible = false;
    enum status status = reader_prepare(
        reader,
        "select coalesce((select cast(value as integer) from sync where name = 'floor'), 0) <= ?1"
        " and ?1 <= (select cast(value as integer) from sync where name = 'seq')"
        " and not exists (select 1 from event_log where act = 'other' and seq > ?1)"
        " and (?3 = 0 or exists (select 1 from replica where principal = ?2 and id = ?4 and batch ="
        " ?3))",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, position->seq);
    sqlite3_bind_text(stmt, 2, principal, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, position->copy ? position->batch : 0);
    sqlite3_bind_text(stmt, 4, replica, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, &row, err);
    *possible = status == ST_OK && row && sqlite3_column_int(stmt, 0);
    sqlite3_reset(stmt);
    return status;
}
