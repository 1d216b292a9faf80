#include "model/people/member_order.h"

#include "model/base/hash.h"
#include "model/base/radix.h"
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/people/member_row.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Every column becomes a 64-bit key a person. The keys are made narrow - what they are above the
 * least, or their rank - and sorted in place as words of key and person, so that equal ones stay in
 * order of person. Texts get their rank among the different texts as a key: names and tiers repeat,
 * and what is sorted is each of them once. Phones are packed into the key where that can be, as
 * there are millions of different ones.
 */

static const uint64_t unknown_key = UINT64_MAX;

enum { LOOK_EVERY = 4096 };

/* ---- From keys to an order ---- */

/* Each key's rank among the different ones in place of the key. */
static void keys_rank(uint64_t *keys, size_t n)
{
    uint64_t *sorted = mem_alloc(n * sizeof *sorted);
    memcpy(sorted, keys, n * sizeof *sorted);
    words_sort(sorted, n);
    size_t different = words_unique(sorted, n);
    for (size_t i = 0; i < n; i++) {
        size_t low = 0, high = different;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (sorted[middle] < keys[i])
                low = middle + 1;
            else
                high = middle;
        }
        keys[i] = keys[i] == unknown_key ? unknown_key : low;
    }
    free(sorted);
}

static void keys_span(const uint64_t *keys, size_t n, uint64_t *least, uint64_t *most)
{
    *least = unknown_key;
    *most = 0;
    for (size_t i = 0; i < n; i++) {
        if (keys[i] == unknown_key)
            continue;
        *least = keys[i] < *least ? keys[i] : *least;
        *most = keys[i] > *most ? keys[i] : *most;
    }
}

/* Puts people into the order of their keys, which are used up. */
static void people_sort(uint32_t *people, uint64_t *keys, size_t n)
{
    uint64_t least, most;
    keys_span(keys, n, &least, &most);
    if (least != unknown_key && most - least >= UINT32_MAX) {
        keys_rank(keys, n);
        least = 0;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t narrow = keys[i] == unknown_key ? UINT32_MAX : keys[i] - least;
        keys[i] = narrow << 32 | people[i];
    }
    words_sort(keys, n);
    for (size_t i = 0; i < n; i++)
        people[i] = (uint32_t)keys[i];
}

static uint64_t signed_key(int64_t value, bool descending)
{
    uint64_t key = (uint64_t)value ^ (uint64_t)1 << 63;
    key = descending ? ~key : key;
    return key == unknown_key ? key - 1 : key;
}

/* ---- Texts, each once ---- */

struct texts {
    struct arena *arena;
    VEC(const char *) at;
    uint32_t *table; /* index + 1; 0: free */
    size_t size;     /* of the table, a power of two */
};

static void texts_grow(struct texts *texts)
{
    free(texts->table);
    texts->size = texts->size ? texts->size * 2 : 1024;
    texts->table = mem_zero(texts->size, sizeof *texts->table);
    for (size_t i = 0; i < texts->at.n; i++) {
        size_t slot = hash64(texts->at.at[i], strlen(texts->at.at[i])) & (texts->size - 1);
        while (texts->table[slot])
            slot = (slot + 1) & (texts->size - 1);
        texts->table[slot] = (uint32_t)i + 1;
    }
}

static uint32_t texts_put(struct texts *texts, const char *text)
{
    if (texts->at.n * 2 >= texts->size)
        texts_grow(texts);
    size_t slot = hash64(text, strlen(text)) & (texts->size - 1);
    while (texts->table[slot]) {
        uint32_t index = texts->table[slot] - 1;
        if (strcmp(texts->at.at[index], text) == 0)
            return index;
        slot = (slot + 1) & (texts->size - 1);
    }
    vec_push(&texts->at, arena_strdup(texts->arena, text));
    texts->table[slot] = (uint32_t)texts->at.n;
    return (uint32_t)texts->at.n - 1;
}

static int by_text(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int order = strcasecmp(x, y);
    return order ? order : strcmp(x, y);
}

/* rank[i]: the place of text i among all. */
static uint32_t *texts_rank(const struct texts *texts)
{
    size_t n = texts->at.n;
    const char **sorted = mem_alloc((n + 1) * sizeof *sorted);
    uint32_t *rank = mem_alloc((n + 1) * sizeof *rank);
    if (n)
        memcpy(sorted, texts->at.at, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_text);
    for (size_t i = 0; i < n; i++) {
        size_t slot = hash64(sorted[i], strlen(sorted[i])) & (texts->size - 1);
        while (texts->at.at[texts->table[slot] - 1] != sorted[i])
            slot = (slot + 1) & (texts->size - 1);
        rank[texts->table[slot] - 1] = (uint32_t)i;
    }
    free(sorted);
    return rank;
}

/* ---- Keys from rows ---- */

struct order {
    struct reader *reader;
    const struct access *access;
    enum member_column column;
    bool descending;
    int32_t today;
    struct texts texts;
    bool is_text;
    bool packs;    /* texts are packed into keys while they can be */
    bool unpacked; /* one could not */
};

/* What phones are written with, in the order of bytes: four bits a character, the first highest. */
static bool text_pack(const char *text, uint64_t *key)
{
    static const char known[] = " ()+-0123456789";
    enum { MOST = 15 };
    *key = 0;
    for (int i = 0; i <= MOST; i++) {
        const char *found = *text ? strchr(known, *text) : NULL;
        if (*text && (!found || i == MOST))
            return false;
        *key = *key << 4 | (found ? (uint64_t)(found - known) + 1 : 0);
        text += *text != '\0';
    }
    return true;
}

static uint64_t text_key(struct order *order, const char *text)
{
    uint64_t key;
    if (order->packs) {
        bool packed = text_pack(text ? text : "", &key);
        order->unpacked |= !packed;
        return key == 0 ? unknown_key : order->descending ? ~key : key;
    }
    order->is_text = true;
    return text && *text ? texts_put(&order->texts, text) : unknown_key;
}

static uint64_t row_key(struct order *order, const struct member_row *row)
{
    int age;
    switch (order->column) {
    case MEMBER_CARD:
        return text_key(order, row->card);
    case MEMBER_NAME:
        return text_key(order, row->name);
    case MEMBER_PHONE:
        return text_key(order, row->phone);
    case MEMBER_TIER:
        return text_key(order, row->tier);
    case MEMBER_GENDER:
        return text_key(order, row->gender);
    case MEMBER_CHANNEL:
        return text_key(order, dict_name(order->reader, DICT_CHANNEL, row->channel));
    case MEMBER_AGE:
        age = age_at(row->birth, order->today);
        return age < 0 ? unknown_key : signed_key(age, order->descending);
    case MEMBER_JOINED:
        return row->joined ? signed_key(row->joined, order->descending) : unknown_key;
    case MEMBER_CONSENT:
        return row->member ? signed_key(row->sms + row->app + row->wifi, order->descending)
                           : unknown_key;
    default:
        return unknown_key;
    }
}

static enum status look(struct reader *reader, size_t done, size_t total, struct error *err)
{
    if (done % LOOK_EVERY)
        return ST_OK;
    reader_progress(reader, (int64_t)done, (int64_t)total);
    return reader_cancelled(reader) ? error_set(err, ST_CANCELLED, "sorting was cancelled") : ST_OK;
}

/* The columns of MEMBER_ROW_COLUMNS with all but those that the order needs left out: what is not
 * read from five million rows saves seconds. */
static char *walk_sql(enum member_column column)
{
    static const struct {
        const char *name, *without;
        enum member_column column;
    } parts[] = {
        {"card", "''", MEMBER_CARD},           {"name", "''", MEMBER_NAME},
        {"phone", "''", MEMBER_PHONE},         {"tier", "''", MEMBER_TIER},
        {"gender", "''", MEMBER_GENDER},       {"birth", "null", MEMBER_AGE},
        {"joined", "0", MEMBER_JOINED},        {"channel", "0", MEMBER_CHANNEL},
        {"consent_sms", "0", MEMBER_CONSENT},  {"consent_app", "0", MEMBER_CONSENT},
        {"consent_wifi", "0", MEMBER_CONSENT},
    };
    char *sql = mem_strdup("select person");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char *more =
            mem_printf("%s, %s", sql, parts[i].column == column ? parts[i].name : parts[i].without);
        free(sql);
        sql = more;
    }
    char *whole = mem_printf("%s, 0 from member order by person", sql);
    free(sql);
    return whole;
}

/* Most members: one walk along the table, which has them in order of person. */
static enum status keys_of_table(struct order *order, const uint32_t *people, size_t n,
                                 uint64_t *keys, struct error *err)
{
    sqlite3_stmt *stmt;
    bool there;
    size_t at = 0;
    char *sql = walk_sql(order->column);
    enum status status = reader_prepare(order->reader, sql, &stmt, err);
    free(sql);
    if (status)
        return status;
    while (!status && (status = reader_step(order->reader, stmt, &there, err)) == ST_OK && there) {
        struct member_row row;
        member_row_take(stmt, &row);
        for (; at < n && people[at] < row.person; at++)
            keys[at] = unknown_key;
        if (at < n && people[at] == row.person) {
            keys[at] = row_key(order, &row);
            status = look(order->reader, ++at, n, err);
        }
    }
    for (; at < n; at++)
        keys[at] = unknown_key;
    sqlite3_reset(stmt);
    return status;
}

static enum status keys_of_people(struct order *order, const uint32_t *people, size_t n,
                                  uint64_t *keys, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = ST_OK;
    for (size_t i = 0; !status && i < n; i++) {
        struct member_row row;
        bool there;
        status = member_row_read(order->reader, people[i], arena, &row, &there, err);
        keys[i] = !status && there ? row_key(order, &row) : unknown_key;
        arena_reset(arena);
        if (!status)
            status = look(order->reader, i + 1, n, err);
    }
    arena_free(arena);
    return status;
}

static void keys_of_texts(struct order *order, uint64_t *keys, size_t n)
{
    uint32_t *rank = texts_rank(&order->texts);
    for (size_t i = 0; i < n; i++)
        if (keys[i] != unknown_key)
            keys[i] = signed_key(rank[keys[i]], order->descending);
    free(rank);
}

/* ---- Keys from figures, from pseudonyms ---- */

static uint64_t figure_key(const struct member_figures *f, enum member_column column,
                           bool descending)
{
    switch (column) {
    case MEMBER_LAST_VISIT:
        return f->visits ? signed_key(f->last_visit, descending) : unknown_key;
    case MEMBER_VISITS:
        return signed_key(f->visits, descending);
    case MEMBER_SPENT:
        return signed_key(f->spent, descending);
    case MEMBER_PURCHASES:
        return signed_key(f->purchases, descending);
    case MEMBER_PURCHASE_DAYS:
        return signed_key(f->purchase_days, descending);
    case MEMBER_LAST_PURCHASE:
        return f->last_purchase == INT32_MIN ? unknown_key
                                             : signed_key(f->last_purchase, descending);
    case MEMBER_POINTS:
        return signed_key(f->points, descending);
    default:
        return unknown_key;
    }
}

static bool is_figure(enum member_column column)
{
    return column == MEMBER_LAST_VISIT || (column >= MEMBER_VISITS && column <= MEMBER_POINTS);
}

static enum status keys_of_figures(struct people_cache *cache, struct order *order,
                                   const uint32_t *people, size_t n, uint64_t *keys,
                                   struct error *err)
{
    const struct member_numbers *numbers;
    struct people_cache *own = cache ? NULL : people_cache_new();
    struct people_cache *used = cache ? cache : own;
    enum status status = member_numbers_get(used, order->reader, &numbers, err);
    if (!status) {
        for (size_t i = 0; i < n; i++) {
            struct member_figures f = member_figures_of(numbers, people[i]);
            keys[i] = figure_key(&f, order->column, order->descending);
        }
        member_numbers_release(used, numbers);
    }
    people_cache_free(own);
    return status;
}

/* What an analyst sees in place of a card is sorted; names and phones, which are not seen, not. */
static void keys_of_pseudonyms(struct order *order, const uint32_t *people, size_t n,
                               uint64_t *keys)
{
    char text[PSEUDONYM_SIZE];
    for (size_t i = 0; i < n; i++) {
        uint64_t key = 0;
        pseudonym_write(order->access->key, people[i], text);
        for (int k = 2; text[k]; k++)
            key = key << 8 | (unsigned char)text[k];
        keys[i] = signed_key((int64_t)key, order->descending);
    }
}

static bool is_hidden(const struct order *order)
{
    return order->access->mask == MASK_PSEUDONYM &&
           (order->column == MEMBER_NAME || order->column == MEMBER_PHONE);
}

/* ---- In order of an index ---- */

/* Cards are all different and have an index: walking it is quicker than sorting. */
static enum status order_by_card(struct order *order, uint32_t *people, size_t n, struct error *err)
{
    sqlite3_stmt *stmt;
    bool there;
    size_t at = 0;
    enum status status = reader_prepare(
        order->reader,
        order->descending ? "select person from member order by card collate binary desc"
                          : "select person from member order by card collate binary",
        &stmt, err);
    if (status)
        return status;
    while (!status && at < n && (status = reader_step(order->reader, stmt, &there, err)) == ST_OK &&
           there) {
        people[at++] = (uint32_t)sqlite3_column_int64(stmt, 0);
        status = look(order->reader, at, n, err);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- The whole ---- */

static enum status keys_of_rows(struct order *order, bool walk, const uint32_t *people, size_t n,
                                uint64_t *keys, struct error *err)
{
    order->packs = order->column == MEMBER_PHONE;
    for (;;) {
        enum status status = walk ? keys_of_table(order, people, n, keys, err)
                                  : keys_of_people(order, people, n, keys, err);
        if (status || !order->unpacked)
            return status;
        order->packs = order->unpacked = false; /* once more, by their texts */
    }
}

static enum status keys_make(struct people_cache *cache, struct order *order, bool whole,
                             const uint32_t *people, size_t n, uint64_t *keys, struct error *err)
{
    if (is_figure(order->column))
        return keys_of_figures(cache, order, people, n, keys, err);
    int64_t members = 0;
    enum status status = whole ? ST_OK : member_count(order->reader, &members, err);
    if (status)
        return status;
    /* A look at one row costs about as much as three in passing. The card of a visitor is none of
     * a member's. */
    bool walk = whole || (order->column != MEMBER_CARD && n > (size_t)members / 3);
    if (order->access->mask == MASK_PSEUDONYM && order->column == MEMBER_CARD)
        keys_of_pseudonyms(order, people, n, keys);
    else
        status = keys_of_rows(order, walk, people, n, keys, err);
    if (!status && order->is_text)
        keys_of_texts(order, keys, n);
    return status;
}

enum status member_order(struct people_cache *cache, struct reader *reader,
                         const struct access *access, enum member_column column, bool descending,
                         bool whole, uint32_t *people, size_t n, struct error *err)
{
    struct order order = {
        .reader = reader, .access = access, .column = column, .descending = descending};
    enum status status = present_day(reader, &order.today, err);
    if (status || n < 2 || is_hidden(&order))
        return status;
    if (whole && column == MEMBER_CARD && access->mask != MASK_PSEUDONYM)
        return order_by_card(&order, people, n, err);
    uint64_t *keys = mem_alloc(n * sizeof *keys);
    order.texts.arena = arena_new();
    status = keys_make(cache, &order, whole, people, n, keys, err);
    if (!status)
        people_sort(people, keys, n);
    vec_free(&order.texts.at);
    free(order.texts.table);
    arena_free(order.texts.arena);
    free(keys);
    return status;
}
