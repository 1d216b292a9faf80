#include "model/import/pages.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS_MAX = 16 };

struct pages {
    struct job *job;
    const struct parse_shared *shared;
    struct parser *own; /* of the calling thread */
    int n_threads;
    pthread_t threads[THREADS_MAX];
    size_t most; /* pages under way at once */

    /* The caller's alone. */
    struct page *free;
    bool first_given, at_end;
    size_t under_way;

    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct page *first, *last; /* under way, in order of the file */
    struct page *todo;         /* the first of them that nobody parses yet */
    bool stop;
};

static void *parse_pages(void *context)
{
    struct pages *pages = context;
    struct parser *parser = parser_new(pages->shared);
    pthread_mutex_lock(&pages->lock);
    for (;;) {
        while (!pages->todo && !pages->stop)
            pthread_cond_wait(&pages->work, &pages->lock);
        if (pages->stop)
            break;
        struct page *page = pages->todo;
        pages->todo = page->next;
        pthread_mutex_unlock(&pages->lock);
        page_parse(parser, page);
        pthread_mutex_lock(&pages->lock);
        page->done = true;
        pthread_cond_signal(&pages->done);
    }
    pthread_mutex_unlock(&pages->lock);
    parser_free(parser);
    return NULL;
}

struct pages *pages_start(struct job *job, const struct parse_shared *shared, int threads)
{
    struct pages *pages = mem_zero(1, sizeof *pages);
    pages->job = job;
    pages->shared = shared;
    pages->own = parser_new(shared);
    pthread_mutex_init(&pages->lock, NULL);
    pthread_cond_init(&pages->work, NULL);
    pthread_cond_init(&pages->done, NULL);
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    while (pages->n_threads < threads &&
           pthread_create(&pages->threads[pages->n_threads], NULL, parse_pages, pages) == 0)
        pages->n_threads++;
    pages->most = pages->n_threads ? (size_t)pages->n_threads * 2 + 1 : 1;
    return pages;
}

static void page_queue(struct pages *pages, struct page *page)
{
    page->next = NULL;
    page->done = false;
    pthread_mutex_lock(&pages->lock);
    if (pages->last)
        pages->last->next = page;
    else
        pages->first = page;
    pages->last = page;
    if (!pages->todo)
        pages->todo = page;
    pthread_cond_signal(&pages->work);
    pthread_mutex_unlock(&pages->lock);
    pages->under_way++;
}

/* Fills one page with the file's next bytes. */
static enum status page_read(struct pages *pages, struct error *err)
{
    struct page *page = pages->free;
    if (page)
        pages->free = page->next;
    else
        page = mem_zero(1, sizeof *page);
    struct job *job = pages->job;
    enum status status = ST_OK;
    if (!pages->first_given) {
        pages->first_given = true;
        page->bytes = job->first;
        page->start = job->start;
        page->line = job->line;
        job->first = (struct piece_bytes){0};
    } else {
        status = source_next(job->source, &page->bytes, err);
        page->start = 0;
        page->line = page->bytes.line;
        pages->at_end = page->bytes.n == 0 && !page->bytes.too_long;
    }
    if (status == ST_OK && !pages->at_end) {
        page_queue(pages, page);
    } else {
        page->next = pages->free;
        pages->free = page;
    }
    return status;
}

enum status pages_next(struct pages *pages, struct page **page, struct error *err)
{
    *page = NULL;
    enum status status = job_progress(pages->job, err);
    while (status == ST_OK && !pages->at_end && pages->under_way < pages->most)
        status = page_read(pages, err);
    if (status != ST_OK || !pages->under_way)
        return status;
    pthread_mutex_lock(&pages->lock);
    struct page *next = pages->first;
    if (!pages->n_threads) {
        pages->todo = next->next;
        page_parse(pages->own, next);
        next->done = true;
    }
    while (!next->done)
        pthread_cond_wait(&pages->done, &pages->lock);
    pages->first = next->next;
    if (!pages->first)
        pages->last = NULL;
    pthread_mutex_unlock(&pages->lock);
    pages->under_way--;
    next->next = NULL;
    *page = next;
    return ST_OK;
}

void pages_give_back(struct pages *pages, struct page *page)
{
    page->next = pages->free;
    pages->free = page;
}

static void pages_free(struct page *page)
{
    for (struct page *next; page; page = next) {
        next = page->next;
        page_free(page);
    }
}

void pages_end(struct pages *pages)
{
    if (!pages)
        return;
    pthread_mutex_lock(&pages->lock);
    pages->stop = true;
    pthread_cond_broadcast(&pages->work);
    pthread_mutex_unlock(&pages->lock);
    for (int i = 0; i < pages->n_threads; i++)
        pthread_join(pages->threads[i], NULL);
    pages_free(pages->first);
    pages_free(pages->free);
    parser_free(pages->own);
    pthread_mutex_destroy(&pages->lock);
    pthread_cond_destroy(&pages->work);
    pthread_cond_destroy(&pages->done);
    free(pages);
}
