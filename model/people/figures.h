/* Inside of people: one person's figures, added up event by event in order of time. The list's
 * columns and the member's page count with the same code. */
#ifndef ATRIUM_PEOPLE_FIGURES_H
#define ATRIUM_PEOPLE_FIGURES_H

#include "model/event/event.h"
#include "model/people/member_list.h"

/* The kinds that figures_add looks at. */
extern const uint16_t figures_kinds[];
extern const size_t n_figures_kinds;

struct figures_counter {
    const struct mall *mall;
    struct member_figures figures;
    int64_t first_visit;      /* 0: none */
    int32_t first_purchase;   /* mall day */
    int64_t day_from, day_to; /* the mall day looked up last */
    int32_t day;
};

void figures_counter_start(struct figures_counter *counter, const struct mall *mall);

/* A new person; then its events. */
void figures_begin(struct figures_counter *counter);
void figures_add(struct figures_counter *counter, const struct event_run *run, size_t row);

#endif
