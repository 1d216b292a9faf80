#include "model/event/bulk.h"

#include "model/event/catalog.h"
#include "model/event/reffind.h"
#include "model/store/column.h"

#include <stdlib.h>

/*
 * All references of the batch in order of their keys, against each other, the tail, and the layers
 * of the index. What is new becomes the batch's own layer, together with the keys of those layers
 * that it takes in.
 */
struct resolve {
    struct event_bulk *bulk;
    struct ref_index index;
    struct ref_log tail;
    struct ref_merge *tail_keys;
    const struct ref_entry *tail_key; /* the next one */
    VEC(struct ref_walk) walks;       /* the layers taken in */
    struct ref_builder *builder;
    VEC(uint64_t) suspects; /* arrivals whose hash is in the index */
};

void bulk_drop(struct event_bulk *bulk, uint64_t arrival)
{
    int lane = (int)(arrival >> 56);
    uint64_t number = arrival & UINT64_C(0xFFFFFFFFFFFFFF);
    struct spool_drops *drops = &bulk->drops;
    if (!drops->bits[lane]) {
        drops->words[lane] = bulk->lanes[lane].arrivals / 64 + 1;
        drops->bits[lane] = mem_zero(drops->words[lane], sizeof *drops->bits[lane]);
    }
    uint64_t *word = &drops->bits[lane][number / 64], bit = UINT64_C(1) << (number % 64);
    bulk->dropped += !(*word & bit);
    *word |= bit;
}

/* ---- The tail's references ---- */

static enum status tail_read(struct resolve *resolve, struct error *err)
{
    struct event_bulk *bulk = resolve->bulk;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(bulk->shared.writer,
                                        "select seq, kind, ref from tail order by seq", &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t seq = sqlite3_column_int64(stmt, 0);
        const char *ref = (const char *)sqlite3_column_text(stmt, 2);
        size_t size = (size_t)sqlite3_column_bytes(stmt, 2);
        bulk->tail_seen = seq;
        if (size == 0 || seq <= bulk->tail_folded)
            continue;
        struct ref_entry entry = {.key =
                                      ref_key_of((uint16_t)sqlite3_column_int(stmt, 1), ref, size)};
        ref_log_add(&resolve->tail, &entry);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(bulk->shared.writer), "reading the tail", err);
    sqlite3_reset(stmt);
    ref_log_seal(&resolve->tail);
    struct ref_log *log = &resolve->tail;
    resolve->tail_keys = ref_merge_new(&log, 1);
    resolve->tail_key = ref_merge_next(resolve->tail_keys);
    return status;
}

/* A tail's key is compared whole, with the further bits of a hash, so that a hit is a duplicate. */
static bool tail_has(struct resolve *resolve, const struct ref_key *key)
{
    const struct ref_entry wanted = {.key = *key};
    while (resolve->tail_key) {
        int order = ref_entry_compare(resolve->tail_key, &wanted);
        if (order >= 0)
            return order == 0;
        resolve->tail_key = ref_merge_next(resolve->tail_keys);
    }
    return false;
}

/* ---- The batch's layer ---- */

static enum status leaf_put(void *context, int64_t family, int64_t first, const struct bytes *leaf,
                            struct error *err)
{
    return stage_leaf(context, family, first, leaf, err);
}

/* Layers at most twice as large as what goes into the new one anyway are taken in. */
static enum status layers_choose(struct resolve *resolve, int64_t keys, struct error *err)
{
    struct event_bulk *bulk = resolve->bulk;
    enum status status = ST_OK;
    for (size_t i = 0; i < resolve->index.layers.n && status == ST_OK; i++) {
        const struct ref_layer *layer = &resolve->index.layers.at[i];
        if (layer->keys > 2 * keys)
            break;
        keys += layer->keys;
        vec_push(&bulk->layers_merged, layer->batch);
        vec_push(&resolve->walks,
                 (struct ref_walk){.writer = bulk->shared.writer, .batch = layer->batch});
        status = ref_walk_next(&resolve->walks.at[resolve->walks.n - 1], err);
    }
    return status;
}

static int compare_walk(const struct ref_walk *walk, int64_t family, int64_t key)
{
    int64_t here = (int64_t)walk->keys[walk->at];
    if (walk->family != family)
        return walk->family < family ? -1 : 1;
    return (here > key) - (here < key);
}

/* The keys of layers taken in that come before this one; all of them where `end`. */
static enum status walks_copy(struct resolve *resolve, int64_t family, int64_t key, bool end,
                              struct error *err)
{
    enum status status = ST_OK;
    for (;;) {
        struct ref_walk *least = NULL;
        for (size_t i = 0; i < resolve->walks.n; i++) {
            struct ref_walk *walk = &resolve->walks.at[i];
            if (!walk->ended && (end || compare_walk(walk, family, key) < 0) &&
                (!least || compare_walk(walk, least->family, (int64_t)least->keys[least->at]) < 0))
                least = walk;
        }
        if (!least)
            return ST_OK;
        status =
            ref_builder_add(resolve->builder, least->family, (int64_t)least->keys[least->at], err);
        if (status == ST_OK)
            status = ref_walk_next(least, err);
        if (status != ST_OK)
            return status;
    }
}

/* ---- The references in order ---- */

/* One key, met for the first time in this batch. */
static enum status key_settle(struct resolve *resolve, const struct ref_entry *entry,
                              struct error *err)
{
    const struct ref_key *key = &entry->key;
    enum status status = ST_OK;
    bool in_index = false;
    if (tail_has(resolve, key)) {
        bulk_drop(resolve->bulk, entry->arrival);
        return ST_OK;
    }
    if (resolve->index.layers.n)
        status = ref_index_has(&resolve->index, key, &in_index, err);
    if (status != ST_OK)
        return status;
    if (in_index) {
        if (ref_key_exact(key))
            bulk_drop(resolve->bulk, entry->arrival);
        else
            vec_push(&resolve->suspects, entry->arrival);
        return ST_OK;
    }
    status = walks_copy(resolve, ref_key_family(key), key->key, false, err);
    if (status == ST_OK)
        status = ref_builder_add(resolve->builder, ref_key_family(key), key->key, err);
    return status;
}

static enum status twice(const struct ref_entry *entry, struct error *err)
{
    return error_set(err, ST_REFUSED,
                     "a reference stands in two blocks of people (key %llx of form %llx): events "
                     "added by whole blocks must have references of their own",
                     (unsigned long long)entry->key.key, (unsigned long long)entry->key.form);
}

static enum status keys_settle(struct resolve *resolve, struct ref_merge *merge, struct error *err)
{
    struct ref_entry last = {0};
    bool first = true;
    const struct ref_entry *entry;
    enum status status = ST_OK;
    while (status == ST_OK && (entry = ref_merge_next(merge))) {
        bool same_slot = !first && ref_key_family(&entry->key) == ref_key_family(&last.key) &&
                         entry->key.key == last.key.key;
        if (same_slot && entry->key.form == last.key.form) {
            /* `last` is the event that stays. Of a whole block's and a spooled one the spooled one
             * goes, as the block is staged already; it sorts first. */
            if (entry->arrival != UINT64_MAX)
                bulk_drop(resolve->bulk, entry->arrival);
            else if (last.arrival != UINT64_MAX)
                bulk_drop(resolve->bulk, last.arrival);
            else
                status = twice(entry, err);
            if (entry->arrival == UINT64_MAX)
                last.arrival = UINT64_MAX;
            continue;
        }
        /* Two hashes that agree in what the index keeps are one key there. */
        if (!same_slot)
            status = key_settle(resolve, entry, err);
        first = false;
        last = *entry;
    }
    if (status == ST_OK)
        status = walks_copy(resolve, 0, 0, true, err);
    return status == ST_OK ? ref_builder_end(resolve->builder, err) : status;
}

/* ---- Suspects ---- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

struct wanted_list {
    struct ref_wanted *at;
    size_t n, cap;
};

/* The events of a part that are suspects, with their references copied. */
static enum status part_suspects(struct resolve *resolve, size_t part, int32_t block,
                                 struct arena *arena, struct wanted_list *wanted, struct error *err)
{
    struct event_list events = {0};
    struct arrival_list arrivals = {0};
    struct bytes bytes = {0};
    enum status status = spool_load(resolve->bulk->spool, part, &bytes, err);
    if (status == ST_OK)
        spool_events(resolve->bulk->spool, part, &bytes, NULL, INT64_MIN, INT64_MAX, &events,
                     &arrivals);
    for (size_t i = 0; status == ST_OK && i < events.n; i++) {
        const struct event *event = &events.at[i];
        if (!event->ref_size || !bsearch(&arrivals.at[i], resolve->suspects.at, resolve->suspects.n,
                                         sizeof *resolve->suspects.at, compare_u64))
            continue;
        vec_push(wanted,
                 (struct ref_wanted){.kind = event->kind,
                                     .block = block,
                                     .ref = arena_strndup(arena, event->ref, event->ref_size),
                                     .size = event->ref_size,
                                     .mark = arrivals.at[i]});
    }
    vec_free(&events);
    vec_free(&arrivals);
    free(bytes.at);
    return status;
}

static enum status suspects_settle(struct resolve *resolve, struct error *err)
{
    if (resolve->suspects.n == 0)
        return ST_OK;
    qsort(resolve->suspects.at, resolve->suspects.n, sizeof *resolve->suspects.at, compare_u64);
    struct event_bulk *bulk = resolve->bulk;
    const struct spool_part *parts;
    struct arena *arena = arena_new();
    struct wanted_list wanted = {0};
    size_t n = spool_parts(bulk->spool, &parts);
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = part_suspects(resolve, i, parts[i].block, arena, &wanted, err);
    if (status == ST_OK)
        status = ref_find(bulk->shared.writer, 0, wanted.at, wanted.n, err);
    for (size_t i = 0; status == ST_OK && i < wanted.n; i++)
        if (wanted.at[i].found)
            bulk_drop(bulk, wanted.at[i].mark);
    vec_free(&wanted);
    arena_free(arena);
    return status;
}

/* ---- All of it ---- */

static enum status resolve_run(struct resolve *resolve, struct ref_log **logs, size_t n_logs,
                               int64_t keys, struct error *err)
{
    struct event_bulk *bulk = resolve->bulk;
    enum status status = ref_index_open(bulk->shared.writer, &resolve->index, err);
    if (status == ST_OK)
        status = tail_read(resolve, err);
    if (status == ST_OK && keys)
        status = layers_choose(resolve, keys, err);
    if (status == ST_OK && keys) {
        struct ref_merge *merge = ref_merge_new(logs, n_logs);
        status = keys_settle(resolve, merge, err);
        ref_merge_free(merge);
    }
    if (status == ST_OK)
        status = suspects_settle(resolve, err);
    bulk->ref_keys = resolve->builder->n_keys;
    return status;
}

enum status bulk_resolve_refs(struct event_bulk *bulk, struct error *err)
{
    struct resolve resolve = {.bulk = bulk, .builder = mem_zero(1, sizeof *resolve.builder)};
    struct ref_log *logs[EVENT_LANES + 1];
    int64_t keys = 0;
    for (int i = 0; i <= EVENT_LANES; i++) {
        logs[i] = i < EVENT_LANES ? &bulk->lanes[i].refs : &bulk->block_refs;
        ref_log_seal(logs[i]);
        keys += (int64_t)logs[i]->n;
    }
    resolve.builder->put = leaf_put;
    resolve.builder->context = &bulk->stage;
    enum status status = resolve_run(&resolve, logs, EVENT_LANES + 1, keys, err);
    for (size_t i = 0; i < resolve.walks.n; i++)
        ref_walk_free(&resolve.walks.at[i]);
    for (int i = 0; i <= EVENT_LANES; i++)
        ref_log_free(logs[i]);
    vec_free(&resolve.walks);
    vec_free(&resolve.suspects);
    ref_merge_free(resolve.tail_keys);
    ref_log_free(&resolve.tail);
    ref_index_free(&resolve.index);
    free(resolve.builder->bytes.at);
    free(resolve.builder);
    return status;
}

/* ---- What came to the tail meanwhile ---- */

static enum status late_read(struct event_bulk *bulk, struct arena *arena,
                             struct wanted_list *wanted, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        bulk->shared.writer, "select seq, kind, person, ref from tail where seq > ?1 and ref <> ''",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, bulk->tail_seen);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        size_t size = (size_t)sqlite3_column_bytes(stmt, 3);
        const char *ref = column_text(stmt, 3);
        vec_push(wanted,
                 (struct ref_wanted){.mark = (uint64_t)sqlite3_column_int64(stmt, 0),
                                     .kind = (uint16_t)sqlite3_column_int(stmt, 1),
                                     .block = person_block((uint32_t)sqlite3_column_int64(stmt, 2)),
                                     .ref = arena_strndup(arena, ref, size),
                                     .size = (uint32_t)size});
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(bulk->shared.writer), "reading the tail", err);
    sqlite3_reset(stmt);
    return status;
}

/* Looks for one late row's key in the batch's own layer; those found there are moved forward. */
static enum status late_keep(struct event_bulk *bulk, struct wanted_list *wanted, struct error *err)
{
    struct ref_index own = {.writer = bulk->shared.writer};
    vec_push(&own.layers, (struct ref_layer){.batch = bulk->stage.batch});
    size_t n = 0;
    enum status status = ST_OK;
    for (size_t i = 0; i < wanted->n && status == ST_OK; i++) {
        bool has = false;
        struct ref_wanted *row = &wanted->at[i];
        struct ref_key key = ref_key_of(row->kind, row->ref, row->size);
        status = ref_index_has(&own, &key, &has, err);
        if (has)
            wanted->at[n++] = *row;
    }
    wanted->n = n;
    ref_index_free(&own);
    return status;
}

/* A row of the tail whose reference the batch brings as well: the batch's event stays. */
static enum status late_remove(struct event_bulk *bulk, const struct ref_wanted *row,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(bulk->shared.writer, "delete from tail where seq = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->mark);
    return writer_run(bulk->shared.writer, stmt, err);
}

enum status bulk_resolve_tail(struct event_bulk *bulk, struct error *err)
{
    struct arena *arena = arena_new();
    struct wanted_list wanted = {0};
    enum status status = late_read(bulk, arena, &wanted, err);
    if (status == ST_OK && bulk->ref_keys)
        status = late_keep(bulk, &wanted, err);
    /* Exact keys need no look at the events; of hashes only those found in a chunk go. */
    for (size_t i = 0; status == ST_OK && bulk->ref_keys && i < wanted.n; i++) {
        struct ref_key key = ref_key_of(wanted.at[i].kind, wanted.at[i].ref, wanted.at[i].size);
        bool in_batch = ref_key_exact(&key);
        if (!in_batch) {
            struct ref_wanted one = wanted.at[i];
            status = ref_find(bulk->shared.writer, bulk->stage.batch, &one, 1, err);
            in_batch = one.found;
        }
        if (status == ST_OK && in_batch)
            status = late_remove(bulk, &wanted.at[i], err);
    }
    vec_free(&wanted);
    arena_free(arena);
    return status;
}
