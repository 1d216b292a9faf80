/* A funnel question at work: what its lanes share and what each counts. Inside the module. */
#ifndef ATRIUM_LOOP_FUNNEL_PARTS_H
#define ATRIUM_LOOP_FUNNEL_PARTS_H

#include "model/loop/funnel_path.h"
#include "model/question/expr.h"

/* What entries are told apart by: each has a number from 0 to n - 1. */
struct funnel_split {
    enum funnel_by by;
    unsigned columns; /* of enum event_column, that the scan must read */
    size_t n;
    const char **names;        /* by number */
    int32_t first_month;       /* FUNNEL_BY_MONTH: number 0 */
    const uint32_t *of_tenant; /* FUNNEL_BY_CATEGORY: by shop */
    size_t n_tenants;
    const uint32_t *of_person; /* FUNNEL_BY_TIER */
    size_t n_people;
    const struct clock *clock;
};

enum status funnel_split_make(struct reader *reader, struct arena *arena,
                              const struct funnel_query *query, uint32_t n_people,
                              struct funnel_split *split, struct error *err);
size_t funnel_split_of(const struct funnel_split *split, const struct event_run *run, size_t row);

/* People at a step and their seconds since the step before. */
struct funnel_tally {
    int64_t count, sum;
    VEC(uint32_t) times;
};

/* The step's figures from all lanes' tallies; they are not changed. */
struct funnel_step funnel_step_of(struct funnel_tally *const *tallies, size_t n);

#endif
