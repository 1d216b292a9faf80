#include "model/event/bulk.h"

#include "model/event/append.h"
#include "model/store/change.h"

#include <stdlib.h>
#include <unistd.h>

static const size_t memory_default = (size_t)1 << 30, memory_least = (size_t)1 << 20;

static int threads_of_machine(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (int)n;
}

/* Whether the file has no events yet. */
static enum status file_is_fresh(struct writer *writer, bool *fresh, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "select not exists (select 1 from chunk) and"
                                        " not exists (select 1 from tail) and"
                                        " not exists (select 1 from ref_layer) and"
                                        " not exists (select 1 from person_block) and"
                                        " not exists (select 1 from person_recent)",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    *fresh = code == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    if (code != SQLITE_ROW)
        status = sqlite_status(writer_db(writer), "looking for events", err);
    sqlite3_reset(stmt);
    return status;
}

enum status event_bulk_begin(struct writer *writer, const struct event_bulk_options *options,
                             struct event_bulk **out, struct error *err)
{
    /* What is in the tail arrived before. */
    *out = NULL;
    if (writer_mall(writer)->replica && !(options && options->replayed))
        return error_set(err, ST_DENIED,
                         "events are imported at the hub: this is a replica, which is sent them");
    enum status status = event_fold(writer, 1, err);
    return status == ST_OK ? bulk_begin(writer, options, out, err) : status;
}

enum status bulk_begin(struct writer *writer, const struct event_bulk_options *options,
                       struct event_bulk **out, struct error *err)
{
    static const struct event_bulk_options defaults;
    options = options ? options : &defaults;
    *out = NULL;
    enum status status = writer_bulk_begin(writer, err);
    if (status != ST_OK)
        return status;
    struct event_bulk *bulk = mem_zero(1, sizeof *bulk);
    const struct mall *mall = writer_mall(writer);
    bulk->clock = &mall->clock;
    bulk->replayed = options->replayed;
    bulk->threads = options->threads > 0 ? options->threads : threads_of_machine();
    bulk->shared.writer = writer;
    pthread_mutex_init(&bulk->shared.lock, NULL);
    pthread_mutex_init(&bulk->lock, NULL);
    bulk->rollup = rollup_make(bulk->clock);
    bulk->next_block = EVENT_NOBODY;
    size_t memory = options->memory ? options->memory : memory_default;
    memory = memory < memory_least ? memory_least : memory;
    bulk->spool = spool_new(mall->path, bulk->clock, memory);
    bulk->portion = memory / ((size_t)bulk->threads * 4 * sizeof(struct event));
    status = stage_clean(writer, err);
    if (status == ST_OK)
        status = file_is_fresh(writer, &bulk->shared.fresh, err);
    if (status == ST_OK)
        status = stage_open(&bulk->stage, writer, options->source, options->time, err);
    if (status == ST_OK) { /* what is staged counts with the last transaction, which waits */
        status = writer_relax(writer, true, err);
        bulk->relaxed = true;
    }
    bulk->shared.batch = bulk->stage.batch;
    bulk->shared.logged = change_logged(writer);
    if (status != ST_OK) {
        bulk_free(bulk, false);
        return status;
    }
    *out = bulk;
    return ST_OK;
}

void bulk_free(struct event_bulk *bulk, bool committed)
{
    struct writer *writer = bulk->shared.writer;
    if (!committed) {
        writer_rollback(writer);
        if (bulk->relaxed)
            writer_relax(writer, false, NULL);
        /* What is left on failure, the next bulk append removes. */
        if (bulk->stage.batch)
            stage_clean(writer, NULL);
    }
    for (size_t i = 0; i < bulk->preparers.n; i++)
        preparer_free(bulk->preparers.at[i]);
    vec_free(&bulk->preparers);
    vec_free(&bulk->idle);
    while (bulk->waiting) {
        struct bulk_block *block = bulk->waiting;
        bulk->waiting = block->next;
        prepared_free(&block->prepared);
        free(block);
    }
    for (int i = 0; i < EVENT_LANES; i++) {
        ref_log_free(&bulk->lanes[i].refs);
        free(bulk->drops.bits[i]);
    }
    ref_log_free(&bulk->block_refs);
    vec_free(&bulk->layers_merged);
    rollup_free(&bulk->rollup);
    spool_free(bulk->spool);
    pthread_mutex_destroy(&bulk->lock);
    pthread_mutex_destroy(&bulk->shared.lock);
    free(bulk);
    writer_bulk_end(writer);
}

void event_bulk_cancel(struct event_bulk *bulk)
{
    if (bulk)
        bulk_free(bulk, false);
}

/* ---- Events in any order ---- */

enum status event_bulk_add(struct event_bulk *bulk, int lane, const struct event *events, size_t n,
                           struct error *err)
{
    struct bulk_lane *to = &bulk->lanes[lane];
    for (size_t i = 0; i < n; i++) {
        enum status status = event_check(&events[i], err);
        if (status != ST_OK)
            return status;
    }
    for (size_t i = 0; i < n; i++) {
        if (!events[i].ref_size || bulk->replayed)
            continue;
        struct ref_entry entry = {.key =
                                      ref_key_of(events[i].kind, events[i].ref, events[i].ref_size),
                                  .arrival = (uint64_t)lane << 56 | (to->arrivals + i)};
        ref_log_add(&to->refs, &entry);
    }
    enum status status = spool_add(bulk->spool, lane, events, n, to->arrivals, err);
    to->arrivals += n;
    to->events += (int64_t)n;
    return status;
}

/* ---- Whole blocks ---- */

struct preparer *bulk_preparer(struct event_bulk *bulk)
{
    struct preparer *preparer;
    pthread_mutex_lock(&bulk->lock);
    if (bulk->idle.n) {
        preparer = bulk->idle.at[--bulk->idle.n];
    } else {
        preparer = preparer_new(&bulk->shared, bulk->clock);
        vec_push(&bulk->preparers, preparer);
    }
    pthread_mutex_unlock(&bulk->lock);
    return preparer;
}

void bulk_preparer_back(struct event_bulk *bulk, struct preparer *preparer)
{
    pthread_mutex_lock(&bulk->lock);
    vec_push(&bulk->idle, preparer);
    pthread_mutex_unlock(&bulk->lock);
}

static void waiting_put(struct event_bulk *bulk, struct prepared *prepared)
{
    struct bulk_block *block = mem_zero(1, sizeof *block), **at = &bulk->waiting;
    block->prepared = *prepared;
    while (*at && (*at)->prepared.block < prepared->block)
        at = &(*at)->next;
    block->next = *at;
    *at = block;
}

enum status bulk_stage_waiting(struct event_bulk *bulk, bool all, struct error *err)
{
    enum status status = ST_OK;
    while (status == ST_OK && bulk->waiting &&
           (all || bulk->waiting->prepared.block <= bulk->next_block)) {
        struct bulk_block *block = bulk->waiting;
        bulk->waiting = block->next;
        pthread_mutex_lock(&bulk->shared.lock);
        status = prepared_stage(&block->prepared, &bulk->stage, err);
        pthread_mutex_unlock(&bulk->shared.lock);
        bulk->next_block = block->prepared.block + 1;
        prepared_free(&block->prepared);
        free(block);
    }
    return status;
}

/* The same reference twice in a block: the later event goes. Others are noted for the index. */
struct block_refs {
    struct ref_entry *at;
    size_t n, cap;
};

static bool same_key(const struct ref_entry *a, const struct ref_entry *b)
{
    return a->key.form == b->key.form && a->key.key == b->key.key;
}

/* `kept` gets the events without duplicates, and is left alone where there are none. */
static size_t block_refs_find(const struct event *events, size_t n, struct block_refs *refs,
                              struct event_list *kept)
{
    size_t n_unique = 0, n_more = 0;
    uint64_t *more = NULL;
    for (size_t i = 0; i < n; i++)
        if (events[i].ref_size)
            vec_push(refs, (struct ref_entry){
                               .key = ref_key_of(events[i].kind, events[i].ref, events[i].ref_size),
                               .arrival = i});
    if (refs->n)
        ref_entries_sort(refs->at, refs->n);
    for (size_t i = 0; i < refs->n; i++) {
        if (n_unique == 0 || !same_key(&refs->at[n_unique - 1], &refs->at[i])) {
            refs->at[n_unique++] = refs->at[i];
            continue;
        }
        if (!more)
            more = mem_zero(n / 64 + 1, sizeof *more);
        more[refs->at[i].arrival / 64] |= UINT64_C(1) << (refs->at[i].arrival % 64);
        n_more++;
    }
    refs->n = n_unique;
    for (size_t i = 0; more && i < n; i++)
        if (!(more[i / 64] >> (i % 64) & 1))
            vec_push(kept, events[i]);
    free(more);
    return n_more;
}

/* Where the file has events already, references have to be compared with all of it first. */
static enum status block_spool(struct event_bulk *bulk, const struct event *events, size_t n,
                               struct error *err)
{
    pthread_mutex_lock(&bulk->lock);
    enum status status = event_bulk_add(bulk, 0, events, n, err);
    pthread_mutex_unlock(&bulk->lock);
    return status;
}

static enum status block_check(int32_t block, const struct event *events, size_t n,
                               struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        enum status status = event_check(&events[i], err);
        if (status == ST_OK && person_block(events[i].person) != block)
            status = error_set(err, ST_REFUSED, "an event of person %u is not of block %d",
                               events[i].person, block);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

enum status event_bulk_add_block(struct event_bulk *bulk, int32_t block, const struct event *events,
                                 size_t n, struct error *err)
{
    enum status status = block_check(block, events, n, err);
    if (status != ST_OK)
        return status;
    if (!bulk->shared.fresh)
        return block_spool(bulk, events, n, err);
    struct block_refs refs = {0};
    struct event_list kept = {0};
    size_t duplicates = block_refs_find(events, n, &refs, &kept);
    struct preparer *preparer = bulk_preparer(bulk);
    struct prepared prepared;
    status = preparer_begin(preparer, block, &prepared, err);
    if (status == ST_OK)
        status =
            preparer_add(preparer, duplicates ? kept.at : events, n - duplicates, &prepared, err);
    if (status == ST_OK)
        preparer_end(preparer, &prepared);
    bulk_preparer_back(bulk, preparer);
    if (status == ST_OK) {
        pthread_mutex_lock(&bulk->lock);
        bulk->block_events += prepared.events;
        bulk->block_duplicates += (int64_t)duplicates;
        for (size_t i = 0; i < refs.n; i++) {
            refs.at[i].arrival = UINT64_MAX; /* nothing to drop any more */
            ref_log_add(&bulk->block_refs, &refs.at[i]);
        }
        waiting_put(bulk, &prepared);
        status = bulk_stage_waiting(bulk, false, err);
        pthread_mutex_unlock(&bulk->lock);
    } else {
        prepared_free(&prepared);
    }
    vec_free(&refs);
    vec_free(&kept);
    return status;
}
