#include "model/import/receipts.h"

#include "model/base/hash.h"
#include "model/event/reffind.h"
#include "model/event/refindex.h"

#include <stdlib.h>
#include <string.h>

struct receipt {
    const char *at;
    uint32_t n;
    uint32_t lines;
    int64_t line; /* of the file, where it was met first */
    int64_t time, amount;
    uint32_t person, tenant, device;
    uint16_t channel;
    bool known; /* the mall has it */
};

struct receipts {
    struct arena *arena;
    struct names *names; /* to index + 1 */
    VEC(struct receipt) list;
    VEC(struct event) events;
    uint64_t *known; /* hashes of references in the mall; 0: free */
    size_t known_n, known_mask;
    struct writer *writer;
    bool one_by_one;
    struct ref_index index;
};

static void known_put(uint64_t *slots, size_t mask, uint64_t hash)
{
    size_t i = hash & mask;
    while (slots[i] && slots[i] != hash)
        i = (i + 1) & mask;
    slots[i] = hash;
}

static void known_add(struct receipts *receipts, uint64_t hash)
{
    if (receipts->known_n >= receipts->known_mask / 4 * 3) {
        size_t size = receipts->known ? (receipts->known_mask + 1) * 2 : 1024;
        uint64_t *slots = mem_zero(size, sizeof *slots);
        for (size_t i = 0; receipts->known && i <= receipts->known_mask; i++)
            if (receipts->known[i])
                known_put(slots, size - 1, receipts->known[i]);
        free(receipts->known);
        receipts->known = slots;
        receipts->known_mask = size - 1;
    }
    known_put(receipts->known, receipts->known_mask, hash + (hash == 0));
    receipts->known_n++;
}

static bool known_has(const struct receipts *receipts, uint64_t hash)
{
    hash += hash == 0;
    if (!receipts->known)
        return false;
    size_t i = hash & receipts->known_mask;
    while (receipts->known[i] && receipts->known[i] != hash)
        i = (i + 1) & receipts->known_mask;
    return receipts->known[i] != 0;
}

static enum status on_block(void *context, const struct event_block *block, struct error *err)
{
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; block->runs[r].ref && i < block->runs[r].n; i++) {
            const char *ref = block->runs[r].ref[i];
            if (*ref)
                known_add(context, hash64(ref, strlen(ref)));
        }
    return ST_OK;
}

static enum status known_read(struct receipts *receipts, struct reader *reader, struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE, KIND_REFUND};
    struct event_query query = {.from = INT64_MIN,
                                .kinds = wanted,
                                .n_kinds = 2,
                                .columns = EVENT_TIME | EVENT_REF,
                                .nobody = true,
                                .people = true};
    return event_scan(reader, &query, on_block, receipts, err);
}

enum status receipts_open(struct writer *writer, struct reader *reader, struct receipts **out,
                          struct error *err)
{
    struct receipts *receipts = mem_zero(1, sizeof *receipts);
    receipts->arena = arena_new();
    receipts->names = names_new();
    receipts->writer = writer;
    receipts->one_by_one = reader == NULL;
    enum status status =
        reader ? known_read(receipts, reader, err) : ref_index_open(writer, &receipts->index, err);
    if (status != ST_OK) {
        receipts_close(receipts);
        receipts = NULL;
    }
    *out = receipts;
    return status;
}

void receipts_close(struct receipts *receipts)
{
    if (!receipts)
        return;
    names_free(receipts->names);
    arena_free(receipts->arena);
    vec_free(&receipts->list);
    vec_free(&receipts->events);
    free(receipts->known);
    ref_index_free(&receipts->index);
    free(receipts);
}

static enum status in_tail(struct receipts *receipts, uint16_t kind, const struct event *line,
                           bool *there, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(receipts->writer,
                       "select 1 from tail where kind = ?1 and ref = ?2 and ref <> ''", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, kind);
    sqlite3_bind_text(stmt, 2, line->ref, (int)line->ref_size, SQLITE_STATIC);
    *there = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* Whether the mall has an event of this kind for a line's receipt: in the tail, or in chunks, where
 * an index says no, or yes, or (of references without a number in them) perhaps. */
static enum status in_mall(struct receipts *receipts, uint16_t kind, const struct event *line,
                           bool *there, struct error *err)
{
    enum status status = in_tail(receipts, kind, line, there, err);
    if (status != ST_OK || *there)
        return status;
    struct ref_key key = ref_key_of(kind, line->ref, line->ref_size);
    status = ref_index_has(&receipts->index, &key, there, err);
    if (status != ST_OK || !*there || ref_key_exact(&key))
        return status;
    struct ref_wanted wanted = {.kind = kind,
                                .block = line->person ? (int32_t)(line->person >> EVENT_BLOCK_BITS)
                                                      : EVENT_NOBODY,
                                .ref = line->ref,
                                .size = line->ref_size};
    status = ref_find(receipts->writer, 0, &wanted, 1, err);
    *there = wanted.found;
    return status;
}

static enum status known_ask(struct receipts *receipts, const struct event *line, bool *known,
                             struct error *err)
{
    enum status status = in_mall(receipts, KIND_PURCHASE, line, known, err);
    if (status == ST_OK && !*known)
        status = in_mall(receipts, KIND_REFUND, line, known, err);
    return status;
}

/* The receipt of a line, made of the first. */
static enum status receipt_of(struct receipts *receipts, const struct event *line,
                              int64_t file_line, struct receipt **found, struct error *err)
{
    uint64_t hash = hash64(line->ref, line->ref_size);
    uint32_t number = names_find(receipts->names, line->ref, line->ref_size, hash);
    if (number) {
        *found = &receipts->list.at[number - 1];
        return ST_OK;
    }
    struct receipt receipt = {.at = arena_strndup(receipts->arena, line->ref, line->ref_size),
                              .n = line->ref_size,
                              .line = file_line,
                              .time = line->time,
                              .person = line->person,
                              .tenant = line->tenant,
                              .device = line->device,
                              .channel = line->channel};
    enum status status = ST_OK;
    if (receipts->one_by_one)
        status = known_ask(receipts, line, &receipt.known, err);
    else
        receipt.known = known_has(receipts, hash);
    vec_push(&receipts->list, receipt);
    names_add(receipts->names, line->ref, line->ref_size, hash, (uint32_t)receipts->list.n);
    *found = &receipts->list.at[receipts->list.n - 1];
    return status;
}

/* Why a line cannot be one of its receipt, or NULL. */
static const char *contradiction(const struct receipt *receipt, const struct event *line,
                                 int64_t *sum)
{
    if (receipt->tenant != line->tenant)
        return "another tenant";
    if (receipt->person != line->person)
        return "another member";
    if (__builtin_add_overflow(receipt->amount, line->amount, sum))
        return "an amount too large";
    return NULL;
}

enum status receipts_take(struct receipts *receipts, struct page *page, int64_t *duplicates,
                          struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < page->events.n; i++) {
        struct event *line = &page->events.at[i];
        struct receipt *receipt;
        enum status status = receipt_of(receipts, line, page->lines.at[i], &receipt, err);
        if (status != ST_OK)
            return status;
        int64_t sum = 0;
        const char *wrong = contradiction(receipt, line, &sum);
        if (wrong) {
            page_refuse(page, page->lines.at[i], 1,
                        "found %s than on line %lld of the same receipt, expected one tenant, one "
                        "member and one sum a receipt",
                        wrong, (long long)receipt->line);
            continue;
        }
        if (receipt->known) {
            ++*duplicates;
            continue;
        }
        receipt->amount = sum;
        if (line->time < receipt->time)
            receipt->time = line->time;
        line->ref =
            arena_printf(page->arena, "%.*s#%u", (int)receipt->n, receipt->at, ++receipt->lines);
        line->ref_size = (uint32_t)strlen(line->ref);
        page->events.at[kept++] = *line;
    }
    page->events.n = kept;
    return ST_OK;
}

struct event *receipts_events(struct receipts *receipts, size_t *n)
{
    for (size_t i = 0; i < receipts->list.n; i++) {
        const struct receipt *receipt = &receipts->list.at[i];
        if (receipt->known)
            continue;
        struct event event = {.time = receipt->time,
                              .kind = receipt->amount < 0 ? KIND_REFUND : KIND_PURCHASE,
                              .amount = receipt->amount < 0 ? -receipt->amount : receipt->amount,
                              .person = receipt->person,
                              .tenant = receipt->tenant,
                              .device = receipt->device,
                              .channel = receipt->channel,
                              .ref = receipt->at,
                              .ref_size = receipt->n};
        vec_push(&receipts->events, event);
    }
    *n = receipts->events.n;
    return receipts->events.at;
}
