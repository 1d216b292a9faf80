/* Figures that ask whether somebody has any event of some shop, zone, campaign …: all of a scan's
 * in one pass over the column, by a table from the name's number to the figures. Inside the module.
 */
#ifndef ATRIUM_SEGMENT_SWEEP_H
#define ATRIUM_SEGMENT_SWEEP_H

#include "model/segment/job.h"

enum { SWEEP_FIGURES = 32 };

struct sweep {
    uint16_t kind;
    unsigned column;  /* of enum event_column */
    int64_t from, to; /* the figures' span */
    size_t n_figures;
    size_t figures[SWEEP_FIGURES]; /* in the stage */
    size_t n;                      /* later names are in no figure */
    uint32_t *wanted;              /* by name: a bit for each figure */
};

/* The stage's sweeps. */
void sweeps_make(struct job *job, struct stage *stage);

/* Whether a sweep tells the figure's events of the kind. */
bool is_swept(const struct stage *stage, size_t figure, uint16_t kind);

/* Adds who has such an event in the run, by figure of the stage. */
void sweep_take(const struct sweep *sweep, const struct event_run *run, uint32_t first_person,
                uint64_t (*seen)[JOB_WORDS]);

#endif
