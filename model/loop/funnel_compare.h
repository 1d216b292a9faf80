/* Two answers of one funnel side by side: two periods, or two groups of people. */
#ifndef ATRIUM_LOOP_FUNNEL_COMPARE_H
#define ATRIUM_LOOP_FUNNEL_COMPARE_H

#include "model/loop/funnel.h"

enum { FUNNEL_FEW = 30 }; /* entries: a share of fewer is dimmed */

/* One rate of the first answer against the same of the second. */
struct funnel_change {
    bool known; /* neither is divided by zero */
    double now, then;
    bool few;    /* of fewer than FUNNEL_FEW */
    bool tested; /* people, and not all or none of both */
    /* Two proportions, pooled: z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)) with p = (x1 + x2) /
     * (n1 + n2); p is two-sided. (Fleiss, Statistical Methods for Rates and Proportions, 2.3) */
    double z, p;
};

struct funnel_changes {
    struct funnel_change whole[FUNNEL_STEPS]; /* of those who entered, by step; [0] is not known */
    struct funnel_change step[FUNNEL_STEPS];  /* of those at the step before */
};

/* Of steps that are hidden nothing is known. The steps must be as many. Turns of one person depend
 * on each other, so that totals and amounts are compared and not tested. */
void funnel_compare(const struct funnel *now, const struct funnel *then,
                    enum funnel_measure measure, struct funnel_changes *changes);

/* One rate: x1 of n1 against x2 of n2. */
struct funnel_change funnel_change_of(int64_t x1, int64_t n1, int64_t x2, int64_t n2, bool test);

#endif
