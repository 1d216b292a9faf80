/* A scan on several threads: the calling one reads chunks on the reader's connection, workers put
 * blocks together and hand them to the caller's function. */
#include "model/event/scan.h"

#include "model/base/pipeline.h"

#include <stdlib.h>

struct parallel {
    struct scan scan;
    event_block_fn *fn;
};

struct lane {
    struct assembler *assembler;
    void *context;
};

static enum status unit_fill(void *context, void *job, bool *more, struct error *err)
{
    struct parallel *parallel = context;
    return scan_fetch(&parallel->scan, job, more, err);
}

static enum status unit_work(void *context, void *of, void *job, struct error *err)
{
    struct parallel *parallel = context;
    struct lane *lane = of;
    const struct event_block *block;
    enum status status = scan_assemble(&parallel->scan, job, lane->assembler, &block, err);
    return status == ST_OK && block ? parallel->fn(lane->context, block, err) : status;
}

static enum status lanes_run(struct parallel *parallel, void **contexts, int n, struct error *err)
{
    const struct pipeline pipeline = {unit_fill, unit_work, parallel};
    struct lane *lanes = mem_zero((size_t)n, sizeof *lanes);
    struct scan_job *jobs = mem_zero((size_t)n + 2, sizeof *jobs);
    void **all = mem_alloc((2 * (size_t)n + 2) * sizeof *all), **jobs_at = all + n;
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct lane){assembler_new(parallel->scan.query), contexts[i]};
        all[i] = &lanes[i];
    }
    for (int i = 0; i < n + 2; i++)
        jobs_at[i] = &jobs[i];
    enum status status = pipeline_run(&pipeline, all, n, jobs_at, n == 1 ? 1 : n + 2, err);
    for (int i = 0; i < n; i++)
        assembler_free(lanes[i].assembler);
    for (int i = 0; i < n + 2; i++)
        scan_job_free(&jobs[i]);
    free(all);
    free(jobs);
    free(lanes);
    return status;
}

enum status event_scan_parallel(struct reader *reader, const struct event_query *query,
                                event_block_fn *fn, void **contexts, int n_contexts,
                                struct error *err)
{
    struct parallel parallel = {.fn = fn};
    enum status status = scan_begin(&parallel.scan, reader, query, err);
    if (status == ST_OK)
        status = lanes_run(&parallel, contexts, n_contexts, err);
    scan_end(&parallel.scan);
    return status;
}
