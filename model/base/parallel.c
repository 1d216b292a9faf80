#include "model/base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MOST = 16 };

struct work {
    void (*fn)(void *context, size_t piece);
    void *context;
    size_t n;
    atomic_size_t next;
};

static void *work_run(void *of)
{
    struct work *work = of;
    for (size_t piece; (piece = atomic_fetch_add(&work->next, 1)) < work->n;)
        work->fn(work->context, piece);
    return NULL;
}

void parallel_run(int threads, size_t n, void (*fn)(void *context, size_t piece), void *context)
{
    struct work work = {.fn = fn, .context = context, .n = n};
    pthread_t others[MOST];
    long most = threads ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    int started = 0;
    while (started < most - 1 && started < MOST && (size_t)started + 1 < n &&
           pthread_create(&others[started], NULL, work_run, &work) == 0)
        started++;
    work_run(&work); /* this thread takes its share, and all of it where none could be started */
    for (int i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}
