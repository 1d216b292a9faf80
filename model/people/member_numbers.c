/* Figures of everyone, from one parallel scan of the events: columns of 20 bytes a person. */
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/people/figures.h"
#include "model/people/member_row.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MOST = 8, WAIT_MS = 50 };

/* A figure that does not fit its column: one of very few. */
struct large {
    uint32_t person;
    int column;
    int64_t value;
};
enum large_column { LARGE_SPENT, LARGE_POINTS, LARGE_PURCHASES, LARGE_DAYS, LARGE_VISITS };

typedef VEC(struct large) large_list;

struct member_numbers {
    char *path;      /* of the mall */
    int64_t version; /* of the events */
    int references;
    uint32_t n;
    int64_t first_time;
    int32_t first_day;
    int32_t *spent, *points;
    uint32_t *last_visit; /* seconds since first_time, plus 1; 0: none */
    uint16_t *purchases, *purchase_days, *visits;
    uint16_t *last_purchase; /* days since first_day, plus 1; 0: none */
    large_list large;        /* rising by person, column */
};

struct people_cache {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct member_numbers *numbers;
    bool computing;
};

/* ---- One person's figures into the columns, and back ---- */

static int64_t kept(large_list *large, uint32_t person, int column, int64_t value, int64_t least,
                    int64_t most)
{
    if (value > least && value < most)
        return value;
    vec_push(large, (struct large){person, column, value});
    return most;
}

static void numbers_put(struct member_numbers *n, large_list *large, uint32_t person,
                        const struct member_figures *f)
{
    n->spent[person] = (int32_t)kept(large, person, LARGE_SPENT, f->spent, INT32_MIN, INT32_MAX);
    n->points[person] = (int32_t)kept(large, person, LARGE_POINTS, f->points, INT32_MIN, INT32_MAX);
    n->purchases[person] =
        (uint16_t)kept(large, person, LARGE_PURCHASES, f->purchases, -1, UINT16_MAX);
    n->purchase_days[person] =
        (uint16_t)kept(large, person, LARGE_DAYS, f->purchase_days, -1, UINT16_MAX);
    n->visits[person] = (uint16_t)kept(large, person, LARGE_VISITS, f->visits, -1, UINT16_MAX);
    if (f->visits)
        n->last_visit[person] = (uint32_t)(f->last_visit - n->first_time) + 1;
    if (f->last_purchase != INT32_MIN)
        n->last_purchase[person] = (uint16_t)(f->last_purchase - n->first_day + 1);
}

static int by_person_column(const void *a, const void *b)
{
    const struct large *x = a, *y = b;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    return x->column - y->column;
}

static int64_t large_value(const struct member_numbers *n, uint32_t person, int column)
{
    struct large key = {.person = person, .column = column};
    const struct large *found =
        n->large.n ? bsearch(&key, n->large.at, n->large.n, sizeof key, by_person_column) : NULL;
    return found ? found->value : 0;
}

struct member_figures member_figures_of(const struct member_numbers *n, uint32_t person)
{
    struct member_figures f = {.last_purchase = INT32_MIN};
    if (person >= n->n)
        return f;
    f.spent =
        n->spent[person] == INT32_MAX ? large_value(n, person, LARGE_SPENT) : n->spent[person];
    f.points =
        n->points[person] == INT32_MAX ? large_value(n, person, LARGE_POINTS) : n->points[person];
    f.purchases = n->purchases[person] == UINT16_MAX
                      ? (uint32_t)large_value(n, person, LARGE_PURCHASES)
                      : n->purchases[person];
    f.purchase_days = n->purchase_days[person] == UINT16_MAX
                          ? (uint32_t)large_value(n, person, LARGE_DAYS)
                          : n->purchase_days[person];
    f.visits = n->visits[person] == UINT16_MAX ? (uint32_t)large_value(n, person, LARGE_VISITS)
                                               : n->visits[person];
    if (n->last_visit[person])
        f.last_visit = n->first_time + n->last_visit[person] - 1;
    if (n->last_purchase[person])
        f.last_purchase = n->first_day + n->last_purchase[person] - 1;
    return f;
}

/* ---- The scan ---- */

struct scan {
    struct member_numbers *numbers;
    const struct reader *reader;
    struct figures_counter counter;
    large_list large;
    atomic_llong *people_done;
};

static enum status numbers_block(void *context, const struct event_block *block, struct error *err)
{
    struct scan *scan = context;
    struct event_cursor cursor;
    uint32_t person;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        const struct event_run *run;
        size_t row;
        figures_begin(&scan->counter);
        while (event_cursor_next(&cursor, &run, &row))
            figures_add(&scan->counter, run, row);
        if (person < scan->numbers->n)
            numbers_put(scan->numbers, &scan->large, person, &scan->counter.figures);
    }
    if (reader_cancelled(scan->reader))
        return error_set(err, ST_CANCELLED, "counting was cancelled");
    atomic_fetch_add(scan->people_done, EVENT_BLOCK);
    return ST_OK;
}

static enum status numbers_scan(struct reader *reader, struct member_numbers *numbers,
                                struct error *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = cores < 1 ? 1 : cores > THREADS_MOST ? THREADS_MOST : (int)cores;
    struct scan scans[THREADS_MOST];
    void *contexts[THREADS_MOST];
    atomic_llong done = 0;
    for (int i = 0; i < threads; i++) {
        scans[i] = (struct scan){.numbers = numbers, .reader = reader, .people_done = &done};
        figures_counter_start(&scans[i].counter, reader_mall(reader));
        contexts[i] = &scans[i];
    }
    struct event_query query = {.from = INT64_MIN,
                                .kinds = figures_kinds,
                                .n_kinds = n_figures_kinds,
                                .columns = EVENT_TIME | EVENT_AMOUNT,
                                .people = true};
    enum status status = event_scan_parallel(reader, &query, numbers_block, contexts, threads, err);
    for (int i = 0; i < threads; i++) {
        for (size_t k = 0; k < scans[i].large.n; k++)
            vec_push(&numbers->large, scans[i].large.at[k]);
        vec_free(&scans[i].large);
    }
    if (numbers->large.n)
        qsort(numbers->large.at, numbers->large.n, sizeof *numbers->large.at, by_person_column);
    return status;
}

/* ---- Making and freeing ---- */

static void numbers_free(struct member_numbers *n)
{
    if (!n)
        return;
    free(n->path);
    free(n->spent);
    free(n->points);
    free(n->last_visit);
    free(n->purchases);
    free(n->purchase_days);
    free(n->visits);
    free(n->last_purchase);
    vec_free(&n->large);
    free(n);
}

static struct member_numbers *numbers_new(struct reader *reader, int64_t people, int64_t version,
                                          int64_t first_time)
{
    struct member_numbers *n = mem_zero(1, sizeof *n);
    n->path = mem_strdup(reader_mall(reader)->path);
    n->version = version;
    n->references = 1;
    n->n = (uint32_t)people + 1;
    n->first_time = first_time;
    n->first_day = clock_day(&reader_mall(reader)->clock, first_time);
    n->spent = mem_zero(n->n, sizeof *n->spent);
    n->points = mem_zero(n->n, sizeof *n->points);
    n->last_visit = mem_zero(n->n, sizeof *n->last_visit);
    n->purchases = mem_zero(n->n, sizeof *n->purchases);
    n->purchase_days = mem_zero(n->n, sizeof *n->purchase_days);
    n->visits = mem_zero(n->n, sizeof *n->visits);
    n->last_purchase = mem_zero(n->n, sizeof *n->last_purchase);
    return n;
}

static enum status numbers_compute(struct reader *reader, struct member_numbers **out,
                                   struct error *err)
{
    int64_t people, version, rows;
    struct event_totals totals;
    enum status status = reader_begin(reader, err);
    if (status)
        return status;
    status = reader_versions(reader, &version, &rows, err);
    if (!status)
        status = reader_integer(reader, "select value from counter where name = 'person'", 0,
                                &people, err);
    if (!status)
        status = event_totals(reader, &totals, err);
    if (!status) {
        struct member_numbers *numbers = numbers_new(reader, people, version, totals.first);
        status = numbers_scan(reader, numbers, err);
        if (status)
            numbers_free(numbers);
        else
            *out = numbers;
    }
    reader_end(reader);
    return status;
}

/* ---- The cache ---- */

struct people_cache *people_cache_new(void)
{
    struct people_cache *cache = mem_zero(1, sizeof *cache);
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->changed, NULL);
    return cache;
}

void people_cache_free(struct people_cache *cache)
{
    if (!cache)
        return;
    numbers_free(cache->numbers);
    pthread_mutex_destroy(&cache->lock);
    pthread_cond_destroy(&cache->changed);
    free(cache);
}

static bool numbers_fit(const struct member_numbers *numbers, const struct reader *reader,
                        int64_t version)
{
    return numbers && numbers->version == version &&
           strcmp(numbers->path, reader_mall(reader)->path) == 0;
}

/* With the lock held. */
static void numbers_drop(struct member_numbers *numbers)
{
    if (numbers && --numbers->references == 0)
        numbers_free(numbers);
}

static void wait_a_little(struct people_cache *cache)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&cache->changed, &cache->lock, &until);
}

/* With the lock held; gives it away meanwhile. */
static enum status cache_fill(struct people_cache *cache, struct reader *reader, struct error *err)
{
    struct member_numbers *made = NULL;
    cache->computing = true;
    /* The old figures go first: two of them would be 200 MB at five million people. */
    numbers_drop(cache->numbers);
    cache->numbers = NULL;
    pthread_mutex_unlock(&cache->lock);
    enum status status = numbers_compute(reader, &made, err);
    pthread_mutex_lock(&cache->lock);
    cache->computing = false;
    cache->numbers = made;
    pthread_cond_broadcast(&cache->changed);
    return status;
}

enum status member_numbers_get(struct people_cache *cache, struct reader *reader,
                               const struct member_numbers **numbers, struct error *err)
{
    int64_t version, rows;
    enum status status = reader_begin(reader, err);
    if (status)
        return status;
    status = reader_versions(reader, &version, &rows, err);
    pthread_mutex_lock(&cache->lock);
    while (!status && !numbers_fit(cache->numbers, reader, version)) {
        if (reader_cancelled(reader))
            status = error_set(err, ST_CANCELLED, "counting was cancelled");
        else if (cache->computing)
            wait_a_little(cache);
        else
            status = cache_fill(cache, reader, err);
    }
    if (!status) {
        cache->numbers->references++;
        *numbers = cache->numbers;
    }
    pthread_mutex_unlock(&cache->lock);
    reader_end(reader);
    return status;
}

const struct member_numbers *member_numbers_peek(struct people_cache *cache, struct reader *reader)
{
    int64_t version, rows;
    if (!cache || reader_versions(reader, &version, &rows, NULL))
        return NULL;
    pthread_mutex_lock(&cache->lock);
    struct member_numbers *numbers =
        numbers_fit(cache->numbers, reader, version) ? cache->numbers : NULL;
    if (numbers)
        numbers->references++;
    pthread_mutex_unlock(&cache->lock);
    return numbers;
}

void member_numbers_release(struct people_cache *cache, const struct member_numbers *numbers)
{
    if (!numbers)
        return;
    pthread_mutex_lock(&cache->lock);
    numbers_drop((struct member_numbers *)numbers);
    pthread_mutex_unlock(&cache->lock);
}
