/* Reads what people did lately, a block at a time. */
#include "model/event/recent.h"

#include "model/event/blob.h"
#include "model/event/catalog.h"
#include "model/store/sqlite.h"

#include <stdlib.h>

/* ---- What there is ---- */

static int late_compare(const void *a, const void *b)
{
    const struct recent_late *x = a, *y = b;
    return (x->event.person > y->event.person) - (x->event.person < y->event.person);
}

static enum status tail_read(struct recent_source *source, struct error *err)
{
    struct chunk_calendar days = chunk_calendar_make(&reader_mall(source->reader)->clock, true);
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        source->reader, "select person, kind, time, amount from tail where person > 0", &stmt, err);
    while (status == ST_OK && (status = reader_step(source->reader, stmt, &row, err)) == ST_OK &&
           row) {
        struct recent_late late = {.event = {.person = (uint32_t)sqlite3_column_int64(stmt, 0),
                                             .kind = (uint16_t)sqlite3_column_int(stmt, 1),
                                             .time = sqlite3_column_int64(stmt, 2),
                                             .amount = sqlite3_column_int64(stmt, 3)}};
        if (!recent_wants(late.event.kind))
            continue;
        size_t day = chunk_calendar_find(&days, late.event.time); /* may move the spans */
        late.day = days.spans.at[day].number;
        vec_push(&source->late, late);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    if (source->late.n)
        qsort(source->late.at, source->late.n, sizeof *source->late.at, late_compare);
    chunk_calendar_free(&days);
    return status;
}

/* The next row that counts. The row itself is read just afterwards, out of the same page. */
static enum status place_step(struct recent_source *source, struct error *err)
{
    source->place = INT64_MAX;
    if (!source->places)
        return ST_OK;
    bool row;
    enum status status = reader_step(source->reader, source->places, &row, err);
    if (status == ST_OK && row)
        source->place = sqlite3_column_int64(source->places, 0);
    if (status == ST_OK && !row) {
        sqlite3_reset(source->places);
        source->places = NULL;
    }
    return status;
}

/* The block's row of the latest batch; 0: nothing is stored. */
static enum status place_find(struct recent_source *source, int32_t block, int64_t *place,
                              struct error *err)
{
    enum status status = ST_OK;
    *place = 0;
    while (status == ST_OK && source->place < recent_place(block, 0))
        status = place_step(source, err);
    while (status == ST_OK && source->place < recent_place(block + 1, 0)) {
        *place = source->place;
        status = place_step(source, err);
    }
    return status;
}

enum status recent_source_begin(struct recent_source *source, struct reader *reader,
                                struct error *err)
{
    *source = (struct recent_source){.reader = reader};
    enum status status = tail_read(source, err);
    if (status == ST_OK)
        status = reader_prepare(reader,
                                "select place from person_recent where " RECENT_BATCH
                                " in " BATCHES_DONE " order by place",
                                &source->places, err);
    return status == ST_OK ? place_step(source, err) : status;
}

void recent_source_end(struct recent_source *source)
{
    sqlite3_blob_close(source->presence);
    sqlite3_blob_close(source->tills);
    if (source->places)
        sqlite3_reset(source->places);
    vec_free(&source->late);
}

/* ---- A block ---- */

enum { ROOM = 1 << 15 }; /* most blocks have no more */

/* For n bytes in place of those that are there, which a larger vector would take along. */
static void room_make(struct bytes *bytes, size_t n)
{
    if (bytes->cap >= n)
        return;
    vec_free(bytes);
    vec_reserve(bytes, n > ROOM ? n + n / 4 : ROOM);
}

/* Straight out of the pages: a statement would copy it twice. */
static enum status column_copy(struct recent_source *source, sqlite3_blob **blob, const char *name,
                               int64_t place, struct bytes *to, struct error *err)
{
    sqlite3 *db = reader_db(source->reader);
    int code = *blob ? sqlite3_blob_reopen(*blob, place)
                     : sqlite3_blob_open(db, "main", "person_recent", name, place, 0, blob);
    int n = code == SQLITE_OK ? sqlite3_blob_bytes(*blob) : 0;
    if (code == SQLITE_OK && n > 0) {
        room_make(to, (size_t)n);
        code = sqlite3_blob_read(*blob, to->at, n, 0);
    }
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_ERROR)
        return sqlite_status(db, "reading what people did lately", err);
    if (code == SQLITE_OK && n > 0)
        to->n = (size_t)n;
    else /* a block of nothing is damage, and none at all is fine */
        bytes_put_u8(to, 0);
    return ST_OK;
}

enum status recent_source_fetch(struct recent_source *source, int32_t block, unsigned parts,
                                struct recent_bytes *stored, struct error *err)
{
    int64_t place;
    stored->presence.n = stored->tills.n = 0;
    enum status status = place_find(source, block, &place, err);
    if (status != ST_OK || !place)
        return status;
    if (parts & RECENT_PRESENCE)
        status = column_copy(source, &source->presence, "presence", place, &stored->presence, err);
    if (status == ST_OK && parts & RECENT_MONEY)
        status = column_copy(source, &source->tills, "tills", place, &stored->tills, err);
    return status;
}

static size_t late_from(const struct recent_source *source, uint32_t person)
{
    size_t low = 0, high = source->late.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (source->late.at[middle].event.person < person)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

enum status recent_source_open(const struct recent_source *source, int32_t block, unsigned parts,
                               const struct recent_bytes *stored, struct recent_block *out,
                               struct error *err)
{
    const struct clock *clock = &reader_mall(source->reader)->clock;
    uint32_t first = block_first_person(block);
    bool good = true;
    *out = (struct recent_block){
        .source = source,
        .first_person = first,
        .late_from = late_from(source, first),
        .late_to = late_from(source, first + EVENT_BLOCK),
        .presence.known = true,
        .money = {.known = true, .since = RECENT_NEVER},
    };
    if (parts & RECENT_PRESENCE && stored->presence.n)
        good = recent_presence_open(blob_view(stored->presence.at, stored->presence.n), clock,
                                    &out->presence);
    if (good && parts & RECENT_MONEY && stored->tills.n)
        good = recent_money_open(blob_view(stored->tills.at, stored->tills.n), clock, &out->money);
    return good ? ST_OK
                : error_set(err, ST_UNUSABLE,
                            "what the people of block %d did lately is damaged: restore a copy of "
                            "the mall file, or run `atrium verify`",
                            block);
}

/* ---- Who was there ---- */

/* A value of `width` planes is compared with `least`, 64 people at a time. */
static uint64_t planes_compare(const struct recent_presence *presence, size_t word, uint64_t least)
{
    size_t n_words = (size_t)(presence->n + 63) / 64;
    uint64_t more = 0, equal = UINT64_MAX;
    for (unsigned plane = 0; plane < presence->width; plane++) {
        uint64_t bits = recent_word(presence->planes, plane * n_words + word);
        if (least >> (presence->width - 1 - plane) & 1) {
            equal &= bits;
        } else {
            more |= equal & bits;
            equal &= ~bits;
        }
    }
    return more | equal;
}

void recent_seen(const struct recent_block *block, int32_t day, uint64_t words[RECENT_WORDS])
{
    const struct recent_presence *presence = &block->presence;
    int64_t least = (int64_t)day - presence->low + 1;
    size_t n_words = (size_t)(presence->n + 63) / 64;
    memset(words, 0, RECENT_WORDS * sizeof *words);
    least = least < 1 ? 1 : least;
    for (size_t i = 0; i < n_words && least >> presence->width == 0; i++)
        words[i] = planes_compare(presence, i, (uint64_t)least);
    for (size_t i = block->late_from; i < block->late_to; i++) {
        const struct recent_late *late = &block->source->late.at[i];
        uint32_t at = late->event.person - block->first_person;
        if (late->day >= day)
            words[at / 64] |= UINT64_C(1) << (at % 64);
    }
}

/* ---- Tills ---- */

/* Finds the k-th one of a row of bits, for rising k. Part of who calls it, whose processor it is
 * made for. */
struct finder {
    const unsigned char *bits;
    size_t n_words, word, before; /* ones before `word` */
};

__attribute__((always_inline)) static inline size_t finder_next(struct finder *finder, size_t k)
{
    for (; finder->word < finder->n_words; finder->word++) {
        uint64_t bits = recent_word(finder->bits, finder->word);
        size_t here = (size_t)__builtin_popcountll(bits);
        if (finder->before + here > k) {
            for (size_t skip = k - finder->before; skip > 0; skip--)
                bits &= bits - 1;
            return finder->word * 64 + (size_t)__builtin_ctzll(bits);
        }
        finder->before += here;
    }
    return SIZE_MAX; /* more people than tills was found when the bytes were opened */
}

struct asked {
    int32_t from, to;
    bool purchases;
    recent_till_fn *fn;
    void *context;
};

static void person_tills(const struct recent_money *money, uint32_t person, size_t at,
                         const struct asked *asked)
{
    const struct coded *values = asked->purchases ? &money->purchases : &money->money;
    if (at >= money->n_tills)
        return;
    do {
        int32_t day = (int32_t)coded_at(&money->day, at);
        if (day >= asked->from && day < asked->to)
            asked->fn(asked->context, person, day, coded_at(values, at));
        at++;
    } while (at < money->n_tills && !(recent_word(money->first, at / 64) >> (at % 64) & 1));
}

static void late_tills(const struct recent_block *block, const uint64_t *among,
                       const struct asked *asked)
{
    for (size_t i = block->late_from; i < block->late_to; i++) {
        const struct recent_late *late = &block->source->late.at[i];
        uint32_t person = late->event.person - block->first_person;
        if (!recent_is_till(late->event.kind) || !(among[person / 64] >> (person % 64) & 1) ||
            late->day < asked->from || late->day >= asked->to)
            continue;
        struct recent_till till = recent_till_of(&late->event, late->day);
        asked->fn(asked->context, person, late->day,
                  asked->purchases ? till.purchases : till.money);
    }
}

/* Counting bits is half of it, and the processors of the last fifteen years have a word for that
 * which the least of them has not: the program asks when it starts. */
#if defined __x86_64__ && !defined __clang__ && !defined __SANITIZE_THREAD__ &&                    \
    !defined __SANITIZE_ADDRESS__
__attribute__((target_clones("popcnt", "default")))
#endif
void recent_tills_each(const struct recent_block *block, const uint64_t among[RECENT_WORDS],
                       int32_t from, int32_t to, bool purchases, recent_till_fn *fn, void *context)
{
    const struct asked asked = {from, to, purchases, fn, context};
    const struct recent_money *money = &block->money;
    struct finder finder = {.bits = money->first, .n_words = ((size_t)money->n_tills + 63) / 64};
    size_t before = 0;
    for (size_t i = 0; i < (size_t)(money->n + 63) / 64; i++) {
        uint64_t who = recent_word(money->who, i);
        for (uint64_t left = who & among[i]; left; left &= left - 1) {
            uint64_t below = (left & -left) - 1;
            size_t k = before + (size_t)__builtin_popcountll(who & below);
            uint32_t person = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left);
            person_tills(money, person, finder_next(&finder, k), &asked);
        }
        before += (size_t)__builtin_popcountll(who);
    }
    late_tills(block, among, &asked);
}
