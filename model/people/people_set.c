#include "model/people/people_set.h"

#include "model/base/hash.h"
#include "model/event/column.h"

#include <stdio.h>
#include <stdlib.h>

enum { HERE, MISSING, BITS };

/* Steps are written where they take less than this: bits are read much faster. */
enum { STEPS_MOST = EVENT_BLOCK / 8 * 3 / 4 };

/* And of more than this no steps are tried: at two bits each they would take more. */
enum { STEPS_FEW = STEPS_MOST * 4 };

void people_set_encode(struct bytes *out, const uint64_t words[PEOPLE_SET_WORDS])
{
    uint64_t steps[EVENT_BLOCK];
    size_t start = out->n, n = 0;
    unsigned count = 0;
    for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
        count += (unsigned)__builtin_popcountll(words[i]);
    unsigned form = count > EVENT_BLOCK / 2 ? MISSING : HERE;
    uint64_t last = 0;
    bool few = count <= STEPS_FEW || count >= EVENT_BLOCK - STEPS_FEW;
    for (size_t i = 0; i < PEOPLE_SET_WORDS && few; i++)
        for (uint64_t word = form == MISSING ? ~words[i] : words[i]; word; word &= word - 1) {
            uint64_t number = i * 64 + (uint64_t)__builtin_ctzll(word);
            steps[n++] = number - last;
            last = number;
        }
    bytes_put_u32(out, 0);
    bytes_put_u8(out, form);
    bytes_put_varint(out, n);
    if (few)
        column_encode(out, steps, n);
    if (!few || out->n - start > STEPS_MOST) {
        out->n = start + 4;
        bytes_put_u8(out, BITS);
        bytes_put(out, words, EVENT_BLOCK / 8);
    }
    uint32_t sum = (uint32_t)hash64(out->at + start + 4, out->n - start - 4);
    for (size_t i = 0; i < 4; i++)
        out->at[start + i] = (unsigned char)(sum >> (8 * i));
}

bool people_set_decode(const void *data, size_t size, uint64_t words[PEOPLE_SET_WORDS])
{
    uint64_t steps[EVENT_BLOCK];
    struct view view = view_of(data, size);
    uint32_t sum = view_u32(&view);
    if (view.bad || sum != (uint32_t)hash64(view.at, view_left(&view)))
        return false;
    unsigned form = view_u8(&view);
    if (form == BITS && view_left(&view) == EVENT_BLOCK / 8) {
        memcpy(words, view.at, EVENT_BLOCK / 8);
        return true;
    }
    uint64_t n = view_varint(&view), at = 0;
    if (view.bad || form > MISSING || n > EVENT_BLOCK || !column_decode(&view, steps, n) ||
        view_left(&view))
        return false;
    memset(words, 0, PEOPLE_SET_WORDS * sizeof *words);
    for (size_t i = 0; i < n; i++) {
        at += steps[i];
        if (at >= EVENT_BLOCK || (i && !steps[i]))
            return false;
        words[at / 64] |= UINT64_C(1) << (at % 64);
    }
    for (size_t i = 0; i < PEOPLE_SET_WORDS && form == MISSING; i++)
        words[i] = ~words[i];
    return true;
}

static uint64_t last_mask(uint32_t n)
{
    return n % 64 ? (UINT64_C(1) << (n % 64)) - 1 : UINT64_MAX;
}

enum status people_set_read(struct reader *reader, sqlite3_stmt *stmt, struct set *set,
                            struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    size_t all = set_words(set->n);
    enum status status;
    bool row;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t block = sqlite3_column_int64(stmt, 0);
        if (!people_set_decode(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
                               words)) {
            sqlite3_reset(stmt);
            return error_set(err, ST_UNUSABLE,
                             "a set of people is damaged in block %lld: atrium verify says more",
                             (long long)block);
        }
        size_t first = block >= 0 && block < 1 << 18 ? (size_t)block * PEOPLE_SET_WORDS : all;
        for (size_t i = 0; i < PEOPLE_SET_WORDS && first + i < all; i++)
            set->words[first + i] |= words[i];
    }
    if (status == ST_OK && all)
        set->words[all - 1] &= last_mask(set->n);
    return status;
}

void people_set_block(const struct set *set, int32_t block, uint64_t words[PEOPLE_SET_WORDS])
{
    size_t first = (size_t)block * PEOPLE_SET_WORDS, all = set_words(set->n);
    for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
        words[i] = first + i < all ? set->words[first + i] : 0;
}

/* ---- For SQL ---- */

static bool set_of_value(sqlite3_value *value, uint64_t words[PEOPLE_SET_WORDS])
{
    const void *data = sqlite3_value_blob(value);
    return data && people_set_decode(data, (size_t)sqlite3_value_bytes(value), words);
}

static void people_has(sqlite3_context *context, int n, sqlite3_value **values)
{
    uint64_t words[PEOPLE_SET_WORDS];
    int64_t person = sqlite3_value_int64(values[1]);
    (void)n;
    if (!set_of_value(values[0], words))
        return;
    size_t at = (size_t)((uint64_t)person % EVENT_BLOCK);
    sqlite3_result_int(context, (int)(words[at / 64] >> (at % 64) & 1));
}

static void people_json(sqlite3_context *context, int n, sqlite3_value **values)
{
    uint64_t words[PEOPLE_SET_WORDS];
    struct bytes text = {0};
    (void)n;
    if (!set_of_value(values[0], words))
        return;
    uint64_t first = (uint64_t)sqlite3_value_int64(values[1]) * EVENT_BLOCK;
    for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
        for (uint64_t word = words[i]; word; word &= word - 1) {
            char number[32];
            int size =
                snprintf(number, sizeof number, "%c%llu", text.n ? ',' : '[',
                         (unsigned long long)(first + i * 64 + (uint64_t)__builtin_ctzll(word)));
            bytes_put(&text, number, (size_t)size);
        }
    bytes_put(&text, text.n ? "]" : "[]", text.n ? 1 : 2);
    sqlite3_result_text(context, (const char *)text.at, (int)text.n, SQLITE_TRANSIENT);
    free(text.at);
}

int people_set_functions(sqlite3 *db)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code =
        sqlite3_create_function_v2(db, "people_has", 2, flags, NULL, people_has, NULL, NULL, NULL);
    return code == SQLITE_OK ? sqlite3_create_function_v2(db, "people_json", 2, flags, NULL,
                                                          people_json, NULL, NULL, NULL)
                             : code;
}
