/* What many devices said to one command, as few rows. */
#ifndef ATRIUM_VIEWS_FLEET_FOLD_H
#define ATRIUM_VIEWS_FLEET_FOLD_H

#include "model/base/sheet.h"
#include "model/fleet/work.h"

enum { FOLDED_MOST = 64 << 10 }; /* bytes of output that are shown of a device */

struct folded_row {
    const struct fleet_output *output; /* what they said; NULL: no answer, or not yet */
    bool majority;                     /* the largest group */
    bool running;
    enum device_condition state;
    enum fleet_phase phase;
    const char *reason;
    size_t n;
    const size_t *members; /* indices of the results, rising */
};

struct folded {
    struct sheet *sheet; /* a row each */
    uint64_t *keys;
    const struct folded_row *rows;
    size_t n, same, differ, without, running; /* devices, but for n */
};

/* Groups of equal answers, the largest first; then those without an answer by where and why; then
 * those that still run, by phase. Owned by the arena; points into the results. */
struct folded *fleet_results_fold(struct arena *arena, struct fleet_work *work);

/* The lines of a row for people: the answer of the majority, what is different from it, or who
 * has which trouble. Columns: mark, line. */
struct sheet *fleet_row_lines(struct arena *arena, struct fleet_work *work,
                              const struct folded *folded, size_t row);

/* "973 identical, 22 differ, 5 no answer" */
const char *folded_text(struct arena *arena, const struct folded *folded);

#endif
