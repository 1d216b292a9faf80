#include "model/event/bulk.h"

#include "model/store/change.h"

#include <stdlib.h>

/* ---- Preparing what was spooled, on several threads ---- */

/* Parts are prepared in any order and staged in theirs; nobody runs further ahead than `window`. */
struct crew {
    struct event_bulk *bulk;
    const struct spool_part *parts;
    size_t n, next, staged, window;
    struct outcome {
        bool done;
        enum status status;
        struct error error;
        struct prepared prepared;
    } * outcomes;
    bool stopped;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static bool crew_take(struct crew *crew, size_t *part)
{
    pthread_mutex_lock(&crew->lock);
    while (!crew->stopped && crew->next < crew->n && crew->next >= crew->staged + crew->window)
        pthread_cond_wait(&crew->changed, &crew->lock);
    bool taken = !crew->stopped && crew->next < crew->n;
    if (taken)
        *part = crew->next++;
    pthread_mutex_unlock(&crew->lock);
    return taken;
}

struct reading {
    struct event_list events;
    struct bytes bytes;
};

/* The part's events with times in [from, to). */
static enum status portion_prepare(struct crew *crew, size_t part, int64_t from, int64_t to,
                                   struct preparer *preparer, struct reading *reading)
{
    struct event_bulk *bulk = crew->bulk;
    struct outcome *outcome = &crew->outcomes[part];
    reading->events.n = 0;
    spool_events(bulk->spool, part, &reading->bytes, bulk->dropped ? &bulk->drops : NULL, from, to,
                 &reading->events, NULL);
    return preparer_add(preparer, reading->events.at, reading->events.n, &outcome->prepared,
                        &outcome->error);
}

/* A part that is too large for memory as a whole is taken some months (of nobody, days) at a time.
 */
static enum status portions_prepare(struct crew *crew, size_t part, struct preparer *preparer,
                                    struct reading *reading)
{
    struct event_bulk *bulk = crew->bulk;
    bool nobody = crew->parts[part].block == EVENT_NOBODY;
    struct chunk_calendar calendar = chunk_calendar_make(bulk->clock, nobody);
    size_t *counts = spool_spans(bulk->spool, part, &reading->bytes, &calendar);
    enum status status = ST_OK;
    for (size_t from = 0, to; from < calendar.spans.n && status == ST_OK; from = to) {
        size_t n = counts[from];
        for (to = from + 1; to < calendar.spans.n && n + counts[to] <= bulk->portion; to++)
            n += counts[to];
        status = portion_prepare(crew, part, calendar.spans.at[from].start,
                                 calendar.spans.at[to - 1].end, preparer, reading);
    }
    free(counts);
    chunk_calendar_free(&calendar);
    return status;
}

static void part_prepare(struct crew *crew, size_t part, struct preparer *preparer,
                         struct reading *reading)
{
    struct outcome *outcome = &crew->outcomes[part];
    struct event_bulk *bulk = crew->bulk;
    const struct spool_part *of = &crew->parts[part];
    enum status status = spool_load(bulk->spool, part, &reading->bytes, &outcome->error);
    if (status == ST_OK)
        status = preparer_begin(preparer, of->block, &outcome->prepared, &outcome->error);
    if (status == ST_OK)
        status = of->events <= bulk->portion
                     ? portion_prepare(crew, part, INT64_MIN, INT64_MAX, preparer, reading)
                     : portions_prepare(crew, part, preparer, reading);
    if (status == ST_OK)
        preparer_end(preparer, &outcome->prepared);
    pthread_mutex_lock(&crew->lock);
    outcome->status = status;
    outcome->done = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

static void *crew_run(void *of)
{
    struct crew *crew = of;
    struct preparer *preparer = bulk_preparer(crew->bulk);
    struct reading reading = {0};
    size_t part;
    while (crew_take(crew, &part))
        part_prepare(crew, part, preparer, &reading);
    vec_free(&reading.events);
    free(reading.bytes.at);
    bulk_preparer_back(crew->bulk, preparer);
    return NULL;
}

static enum status crew_stage(struct crew *crew, size_t part, struct error *err)
{
    struct outcome *outcome = &crew->outcomes[part];
    pthread_mutex_lock(&crew->lock);
    while (!outcome->done)
        pthread_cond_wait(&crew->changed, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
    enum status status = outcome->status;
    if (status != ST_OK) {
        if (err) {
            error_clear(err);
            *err = outcome->error;
            outcome->error = (struct error){0};
        }
        return status;
    }
    struct shared_writer *shared = &crew->bulk->shared;
    pthread_mutex_lock(&shared->lock);
    status = prepared_stage(&outcome->prepared, &crew->bulk->stage, err);
    pthread_mutex_unlock(&shared->lock);
    prepared_free(&outcome->prepared);
    pthread_mutex_lock(&crew->lock);
    crew->staged = part + 1;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    return status;
}

static void crew_end(struct crew *crew, pthread_t *threads, int n)
{
    pthread_mutex_lock(&crew->lock);
    crew->stopped = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < crew->n; i++) {
        prepared_free(&crew->outcomes[i].prepared);
        error_clear(&crew->outcomes[i].error);
    }
    free(crew->outcomes);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
}

static enum status spooled_prepare(struct event_bulk *bulk, struct error *err)
{
    struct crew crew = {.bulk = bulk, .window = (size_t)bulk->threads * 2};
    crew.n = spool_parts(bulk->spool, &crew.parts);
    if (crew.n == 0)
        return ST_OK;
    crew.outcomes = mem_zero(crew.n, sizeof *crew.outcomes);
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.changed, NULL);
    pthread_t threads[64];
    int n_threads = 0, most = bulk->threads < 64 ? bulk->threads : 64;
    while (n_threads < most && (size_t)n_threads < crew.n &&
           pthread_create(&threads[n_threads], NULL, crew_run, &crew) == 0)
        n_threads++;
    enum status status = ST_OK;
    if (n_threads == 0)
        status = error_set(err, ST_UNUSABLE, "the machine has no thread left for this");
    for (size_t part = 0; part < crew.n && status == ST_OK; part++)
        status = crew_stage(&crew, part, err);
    crew_end(&crew, threads, n_threads);
    return status;
}

/* ---- The last transaction ---- */

static enum status layers_change(struct event_bulk *bulk, struct error *err)
{
    struct writer *writer = bulk->shared.writer;
    enum status status = ST_OK;
    for (size_t i = 0; i < bulk->layers_merged.n && status == ST_OK; i++)
        status = writer_run_with(writer, "delete from ref_layer where batch = ?1",
                                 &bulk->layers_merged.at[i], 1, err);
    if (status == ST_OK && bulk->ref_keys)
        status = writer_run_with(writer, "insert into ref_layer values (?1, ?2)",
                                 (const int64_t[]){bulk->stage.batch, bulk->ref_keys}, 2, err);
    return status;
}

static enum status
make_visible(struct event_bulk *bulk,
             enum status (*before_visible)(struct writer *, void *, struct error *), void *context,
             const struct event_bulk_counts *counts, struct error *err)
{
    struct writer *writer = bulk->shared.writer;
    bulk->relaxed = false;
    enum status status = writer_relax(writer, false, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status == ST_OK)
        status = bulk_resolve_tail(bulk, err);
    if (status == ST_OK && before_visible)
        status = before_visible(writer, context, err);
    if (status == ST_OK)
        status = layers_change(bulk, err);
    if (status == ST_OK)
        status = writer_run_with(
            writer,
            "update batch set state = 'done', rows = ?2 + ?3, imported = ?2,"
            " duplicates = ?3 where id = ?1",
            (const int64_t[]){bulk->stage.batch, counts->added, counts->duplicates}, 3, err);
    if (status == ST_OK && bulk->shared.logged)
        status =
            change_batch_note(writer,
                              &(struct change_batch){.batch = bulk->stage.batch,
                                                     .act = bulk->tail_folded ? "fold" : "append",
                                                     .tail = bulk->tail_folded},
                              err);
    if (status == ST_OK && bulk->tail_folded)
        status = writer_run_with(writer, "delete from tail where seq between 1 and ?1",
                                 &bulk->tail_folded, 1, err);
    if (status == ST_OK)
        status = writer_touch_events(writer, err);
    return status == ST_OK ? writer_commit(writer, err) : status;
}

static struct event_bulk_counts counts_of(const struct event_bulk *bulk)
{
    struct event_bulk_counts counts = {.added = bulk->block_events - bulk->dropped,
                                       .duplicates = bulk->block_duplicates + bulk->dropped};
    for (int i = 0; i < EVENT_LANES; i++)
        counts.added += bulk->lanes[i].events;
    return counts;
}

enum status event_bulk_commit(struct event_bulk *bulk,
                              enum status (*before_visible)(struct writer *, void *context,
                                                            struct error *),
                              void *context, struct event_bulk_counts *counts, struct error *err)
{
    enum status status = bulk_stage_waiting(bulk, true, err);
    if (status == ST_OK)
        status = stage_flush(&bulk->stage, err);
    if (status == ST_OK)
        status = bulk_resolve_refs(bulk, err);
    if (status == ST_OK)
        status = stage_flush(&bulk->stage, err);
    /* Blocks given whole may share places with what was spooled. */
    if (bulk->block_events)
        bulk->shared.fresh = false;
    if (status == ST_OK)
        status = spooled_prepare(bulk, err);
    for (size_t i = 0; i < bulk->preparers.n && status == ST_OK; i++)
        rollup_merge(&bulk->rollup, &bulk->preparers.at[i]->rollup);
    if (status == ST_OK)
        status = stage_rollup(&bulk->stage, &bulk->rollup, err);
    if (status == ST_OK)
        status = stage_flush(&bulk->stage, err);
    struct event_bulk_counts all = counts_of(bulk);
    if (status == ST_OK)
        status = make_visible(bulk, before_visible, context, &all, err);
    if (counts)
        *counts = status == ST_OK ? all : (struct event_bulk_counts){0};
    struct writer *writer = bulk->shared.writer;
    /* What was replaced no longer counts; what is not removed now, the next bulk append removes. */
    if (status == ST_OK) {
        writer_relax(writer, true, NULL);
        stage_clean(writer, NULL);
        writer_relax(writer, false, NULL);
    }
    bulk_free(bulk, status == ST_OK);
    return status;
}
