/*
 * Work that one thread feeds and several do: the calling thread fills jobs, because only it may
 * read from where they come (a connection to the mall file, so that all see one state of it), and
 * workers do them, in no particular order. Jobs go round: a free one is filled, a filled one worked
 * on. The first failure of either side ends it.
 */
#ifndef ATRIUM_BASE_PIPELINE_H
#define ATRIUM_BASE_PIPELINE_H

#include "model/base/status.h"

#include <stdbool.h>

struct pipeline {
    /* On the calling thread. *more false: there was nothing left to fill it with. */
    enum status (*fill)(void *context, void *job, bool *more, struct error *err);
    /* On a worker's thread, with the lane that is this worker's alone. */
    enum status (*work)(void *context, void *lane, void *job, struct error *err);
    void *context;
};

/* A worker for each lane. Jobs are the caller's; two more than lanes keep everybody busy. With a
 * single job everything happens on the calling thread, in the first lane. */
enum status pipeline_run(const struct pipeline *pipeline, void *const *lanes, int n_lanes,
                         void *const *jobs, int n_jobs, struct error *err);

#endif
