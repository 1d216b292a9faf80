#include "model/people/profile.h"

#include "model/base/hash.h"
#include "model/event/column.h"
#include "model/people/profile_rows.h"
#include "model/store/column.h"

#include <stdlib.h>

struct profiles {
    struct reader *reader;
    struct arena *arena; /* has the words */
    struct profile_words words;
    VEC(int32_t) stale; /* rising */
    uint64_t *values[PROFILE_FIELDS];
};

/* ---- Words ---- */

uint64_t profile_word(struct profile_words *words, const char *text)
{
    if (!*text)
        return 0;
    if (words->at.n * 2 >= words->size) {
        free(words->table);
        words->size = words->size ? words->size * 2 : 64;
        words->table = mem_zero(words->size, sizeof *words->table);
        for (size_t i = 1; i < words->at.n; i++) {
            size_t slot = hash64(words->at.at[i], strlen(words->at.at[i])) & (words->size - 1);
            while (words->table[slot])
                slot = (slot + 1) & (words->size - 1);
            words->table[slot] = (uint32_t)i;
        }
    }
    size_t slot = hash64(text, strlen(text)) & (words->size - 1);
    for (; words->table[slot]; slot = (slot + 1) & (words->size - 1))
        if (strcmp(words->at.at[words->table[slot]], text) == 0)
            return words->table[slot];
    vec_push(&words->at, arena_strdup(words->arena, text));
    words->table[slot] = (uint32_t)words->at.n - 1;
    return words->at.n - 1;
}

void profile_words_start(struct profile_words *words, struct arena *arena)
{
    *words = (struct profile_words){.arena = arena};
    vec_push(&words->at, "");
}

void profile_words_free(struct profile_words *words)
{
    vec_free(&words->at);
    free(words->table);
    *words = (struct profile_words){0};
}

/* The number of a word is its row's: damaged ones leave gaps or are left out. */
bool profile_word_put(struct profile_words *words, int64_t id, const char *text)
{
    return id == (int64_t)words->at.n && *text && (int64_t)profile_word(words, text) == id;
}

static enum status words_read(struct profiles *p, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(p->reader, "select id, word from profile_word order by id", &stmt, err);
    while (status == ST_OK && (status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row)
        if (!profile_word_put(&p->words, sqlite3_column_int64(stmt, 0), column_text(stmt, 1)))
            return error_set(err, ST_UNUSABLE,
                             "the words of the members' columns are damaged: atrium verify says "
                             "more");
    return status;
}

/* ---- Rows into columns ---- */

void profile_row(sqlite3_stmt *stmt, struct profile_words *words, uint32_t first,
                 uint64_t *const values[PROFILE_FIELDS])
{
    int64_t person = sqlite3_column_int64(stmt, 0);
    if (person < first || person >= (int64_t)first + EVENT_BLOCK)
        return;
    size_t at = (size_t)person - first;
    uint64_t flags = PROFILE_MEMBER;
    for (int i = 0; i < 5; i++)
        flags |= sqlite3_column_int(stmt, 10 + i) ? (uint64_t)PROFILE_SMS << i : 0;
    values[PROFILE_FLAGS][at] = flags;
    for (int f = PROFILE_GENDER; f <= PROFILE_HOUSE; f++)
        values[f][at] = profile_word(words, column_text(stmt, f));
    values[PROFILE_CHANNEL][at] = (uint64_t)sqlite3_column_int64(stmt, PROFILE_CHANNEL);
    if (sqlite3_column_type(stmt, PROFILE_BIRTH) != SQLITE_NULL)
        values[PROFILE_BIRTH][at] =
            (uint64_t)(sqlite3_column_int64(stmt, PROFILE_BIRTH) + PROFILE_DAY);
    values[PROFILE_JOINED][at] = (uint64_t)sqlite3_column_int64(stmt, PROFILE_JOINED);
}

static enum status rows_read(struct profiles *p, int32_t block, struct error *err)
{
    uint32_t first = (uint32_t)block << EVENT_BLOCK_BITS;
    sqlite3_stmt *stmt;
    bool row = true;
    for (int f = 0; f < PROFILE_FIELDS; f++)
        memset(p->values[f], 0, EVENT_BLOCK * sizeof *p->values[f]);
    enum status status = reader_prepare(p->reader, profile_rows_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, (int64_t)first + EVENT_BLOCK - 1);
    while ((status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row)
        profile_row(stmt, &p->words, first, p->values);
    return status;
}

/* ---- Columns ---- */

bool profile_decode(const void *data, size_t size, uint64_t *values)
{
    struct view view = view_of(data, size);
    uint32_t sum = view_u32(&view);
    if (view.bad || sum != (uint32_t)hash64(view.at, view_left(&view)))
        return false;
    return column_decode(&view, values, EVENT_BLOCK) && !view_left(&view);
}

static enum status column_read(struct profiles *p, int32_t block, int field, bool *there,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        reader_prepare(p->reader, "select data from profile where place = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, profile_place(field, block));
    status = reader_step(p->reader, stmt, there, err);
    if (status == ST_OK && *there &&
        !profile_decode(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                        p->values[field]))
        status = error_set(err, ST_UNUSABLE,
                           "the members' column %d of block %d is damaged: atrium verify says more",
                           field, block);
    sqlite3_reset(stmt);
    return status;
}

static bool is_stale(const struct profiles *p, int32_t block)
{
    size_t low = 0, high = p->stale.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->stale.at[middle] < block)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->stale.n && p->stale.at[low] == block;
}

enum status profiles_read(struct profiles *p, int32_t block, unsigned fields,
                          const uint64_t *values[PROFILE_FIELDS], struct error *err)
{
    bool stale = is_stale(p, block);
    enum status status = stale ? rows_read(p, block, err) : ST_OK;
    for (int f = 0; f < PROFILE_FIELDS && status == ST_OK; f++) {
        bool there = stale;
        values[f] = NULL;
        if (!(fields >> f & 1))
            continue;
        if (!stale)
            status = column_read(p, block, f, &there, err);
        values[f] = there ? p->values[f] : NULL;
    }
    return status;
}

static enum status test_block(struct column_tester *tester, sqlite3_stmt *stmt, int32_t block,
                              uint64_t words[EVENT_BLOCK / 64], struct error *err)
{
    struct view view = view_of(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
    uint32_t sum = view_u32(&view);
    if (view.bad || sum != (uint32_t)hash64(view.at, view_left(&view)) ||
        !column_test(tester, &view, EVENT_BLOCK, words) || view_left(&view))
        return error_set(err, ST_UNUSABLE,
                         "a members' column of block %d is damaged: atrium verify says more",
                         block);
    return ST_OK;
}

/* As far as the set goes. */
static void words_lay(struct set *people, uint32_t block, const uint64_t *words)
{
    size_t first = (size_t)block * (EVENT_BLOCK / 64), all = set_words(people->n);
    for (size_t i = 0; i < EVENT_BLOCK / 64 && first + i < all; i++)
        people->words[first + i] = words[i];
}

enum status profiles_test(struct profiles *p, enum profile_field field,
                          struct column_tester *tester, struct set *people, uint8_t *done,
                          uint32_t n_blocks, struct error *err)
{
    uint64_t words[EVENT_BLOCK / 64];
    sqlite3_stmt *stmt;
    bool row = true;
    memset(words, tester->n_table && tester->table[0] ? 0xFF : 0, sizeof words);
    for (uint32_t block = 0; block < n_blocks; block++) {
        done[block] = !is_stale(p, (int32_t)block);
        if (done[block])
            words_lay(people, block, words);
    }
    enum status status = reader_prepare(
        p->reader, "select place, data from profile where place between ?1 and ?2 order by place",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, profile_place(field, 0));
    sqlite3_bind_int64(stmt, 2, profile_place(field, (int32_t)n_blocks - 1));
    while (status == ST_OK && (status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row) {
        uint32_t block = (uint32_t)(sqlite3_column_int64(stmt, 0) - profile_place(field, 0));
        if (block >= n_blocks || !done[block])
            continue;
        status = test_block(tester, stmt, (int32_t)block, words, err);
        if (status == ST_OK)
            words_lay(people, block, words);
    }
    sqlite3_reset(stmt);
    return status;
}

const char *const *profiles_words(const struct profiles *p, size_t *n)
{
    *n = p->words.at.n;
    return p->words.at.at;
}

static enum status stale_read(struct profiles *p, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(p->reader, "select block from profile_stale order by block", &stmt, err);
    while (status == ST_OK && (status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&p->stale, sqlite3_column_int(stmt, 0));
    return status;
}

enum status profiles_open(struct reader *reader, struct profiles **out, struct error *err)
{
    struct profiles *p = mem_zero(1, sizeof *p);
    *out = NULL;
    p->reader = reader;
    p->arena = arena_new();
    profile_words_start(&p->words, p->arena);
    for (int f = 0; f < PROFILE_FIELDS; f++)
        p->values[f] = mem_alloc(EVENT_BLOCK * sizeof *p->values[f]);
    enum status status = words_read(p, err);
    if (status == ST_OK)
        status = stale_read(p, err);
    if (status == ST_OK)
        *out = p;
    else
        profiles_close(p);
    return status;
}

void profiles_close(struct profiles *p)
{
    if (!p)
        return;
    for (int f = 0; f < PROFILE_FIELDS; f++)
        free(p->values[f]);
    profile_words_free(&p->words);
    vec_free(&p->stale);
    arena_free(p->arena);
    free(p);
}

/* ---- Verify ---- */

static enum status block_verify(struct profiles *p, int32_t block, uint64_t *const kept[],
                                struct error *err)
{
    const uint64_t *values[PROFILE_FIELDS];
    enum status status = profiles_read(p, block, (1u << PROFILE_FIELDS) - 1, values, err);
    for (int f = 0; f < PROFILE_FIELDS && status == ST_OK; f++) {
        memset(kept[f], 0, EVENT_BLOCK * sizeof *kept[f]);
        if (values[f])
            memcpy(kept[f], values[f], EVENT_BLOCK * sizeof *kept[f]);
    }
    if (status == ST_OK)
        status = rows_read(p, block, err);
    for (int f = 0; f < PROFILE_FIELDS && status == ST_OK; f++)
        if (memcmp(kept[f], p->values[f], EVENT_BLOCK * sizeof *kept[f]) != 0)
            status = error_set(err, ST_UNUSABLE,
                               "column %d of block %d is not what the members' rows say", f, block);
    return status;
}

enum status profile_verify(struct reader *reader, struct error *err)
{
    struct profiles *p = NULL;
    uint64_t *kept[PROFILE_FIELDS];
    int64_t highest = 0;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    for (int f = 0; f < PROFILE_FIELDS; f++)
        kept[f] = mem_alloc(EVENT_BLOCK * sizeof *kept[f]);
    status = profiles_open(reader, &p, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(person) from member", 0, &highest, err);
    if (highest < 0 || highest > INT32_MAX)
        highest = 0;
    for (int32_t block = 0; block <= highest >> EVENT_BLOCK_BITS && status == ST_OK; block++)
        if (reader_cancelled(reader))
            status = error_set(err, ST_CANCELLED, "the question was cancelled");
        else if (!is_stale(p, block))
            status = block_verify(p, block, kept, err);
    for (int f = 0; f < PROFILE_FIELDS; f++)
        free(kept[f]);
    profiles_close(p);
    reader_end(reader);
    return status;
}
