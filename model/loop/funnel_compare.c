#include "model/loop/funnel_compare.h"

#include <math.h>

struct funnel_change funnel_change_of(int64_t x1, int64_t n1, int64_t x2, int64_t n2, bool test)
{
    struct funnel_change change = {.known = n1 > 0 && n2 > 0};
    if (!change.known)
        return change;
    change.now = (double)x1 / (double)n1;
    change.then = (double)x2 / (double)n2;
    change.few = n1 < FUNNEL_FEW || n2 < FUNNEL_FEW;
    double pooled = (double)(x1 + x2) / (double)(n1 + n2);
    double spread = sqrt(pooled * (1 - pooled) * (1 / (double)n1 + 1 / (double)n2));
    change.tested = test && spread > 0;
    if (!change.tested)
        return change;
    change.z = (change.now - change.then) / spread;
    change.p = erfc(fabs(change.z) / sqrt(2));
    return change;
}

void funnel_compare(const struct funnel *now, const struct funnel *then,
                    enum funnel_measure measure, struct funnel_changes *changes)
{
    bool test = measure == FUNNEL_PEOPLE;
    *changes = (struct funnel_changes){0};
    for (size_t i = 1; i < now->n_steps && i < then->n_steps; i++) {
        const struct funnel_step *a = now->steps, *b = then->steps;
        if (a[i].hidden || b[i].hidden)
            continue;
        if (!a[0].hidden && !b[0].hidden)
            changes->whole[i] =
                funnel_change_of(a[i].count, a[0].count, b[i].count, b[0].count, test);
        if (!a[i - 1].hidden && !b[i - 1].hidden)
            changes->step[i] =
                funnel_change_of(a[i].count, a[i - 1].count, b[i].count, b[i - 1].count, test);
    }
}
