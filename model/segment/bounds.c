/* Which tests a figure's value meets. Most compare with a bound, and labels come in rows of them -
 * spent at least 100, 200, 300 -, so the value is placed once among all bounds of its figure. */
#include "model/segment/job.h"

/* ---- What a test compares with ---- */

static const int64_t never = INT64_MIN;

bool value_meets(const struct test *test, int64_t value)
{
    if (value == never)
        return false;
    if (test->bare)
        return test->deed->id == DOES_LAST || test->deed->id == DOES_FIRST || value > 0;
    return number_meets(test, value);
}

static bool is_moment(const struct deed *deed)
{
    return deed->id == DOES_LAST || deed->id == DOES_FIRST;
}

/* Whether the test is value >= *bound, or value < *bound where *below. Of moments there may be
 * none, which is not below anything. */
static bool test_bound(const struct test *test, int64_t *bound, bool *below)
{
    bool moment = is_moment(test->deed);
    *below = !test->bare && (test->op == OP_LT || test->op == OP_LE);
    if (test->bare)
        *bound = moment ? never + 1 : 1;
    else if (test->op == OP_GE || test->op == OP_LT)
        *bound = test->low[0];
    else if (test->op == OP_GT || test->op == OP_LE)
        *bound = test->high[0];
    else
        return false;
    return !(moment && (*below || *bound == never));
}

static void bound_add(struct figure *figure, int64_t bound)
{
    size_t at = 0;
    while (at < figure->n_bounds && figure->bounds[at] < bound)
        at++;
    if (figure->n_bounds == BOUNDS_MOST || (at < figure->n_bounds && figure->bounds[at] == bound))
        return;
    memmove(figure->bounds + at + 1, figure->bounds + at,
            (figure->n_bounds - at) * sizeof *figure->bounds);
    figure->bounds[at] = bound;
    figure->n_bounds++;
}

static bool counts_events(const struct deed *deed)
{
    return deed->simply || deed->id == DOES_DID || deed->id == DOES_BOUGHT;
}

void figure_bounds(struct figure *figure)
{
    int64_t bound = 0;
    bool below;
    figure->n_bounds = 0;
    for (size_t i = 0; i < figure->slots.n; i++)
        if (test_bound(figure->slots.at[i]->test, &bound, &below))
            bound_add(figure, bound);
    figure->any = counts_events(figure->deed);
    for (size_t i = 0; i < figure->slots.n; i++) {
        struct slot *slot = figure->slots.at[i];
        slot->bound = 0;
        if (test_bound(slot->test, &bound, &slot->below))
            for (size_t b = 0; b < figure->n_bounds; b++)
                if (figure->bounds[b] == bound)
                    slot->bound = (int)b + 1;
        figure->any = figure->any && slot->bound && bound == 1 && !slot->below;
    }
}

/* ---- Values ---- */

/* How many bounds are not above it. */
static inline size_t level_of(const struct figure *figure, int64_t value)
{
    size_t level = 0;
    for (size_t b = 0; b < figure->n_bounds; b++)
        level += value >= figure->bounds[b];
    return level;
}

static uint64_t test_meet(const struct test *test, uint64_t some, const int64_t *values)
{
    uint64_t met = 0;
    for (uint64_t left = some; left; left &= left - 1) {
        unsigned k = (unsigned)__builtin_ctzll(left);
        met |= (uint64_t)value_meets(test, values[k]) << k;
    }
    return met;
}

void figure_meet(const struct figure *figure, uint64_t some, const int64_t *values, uint64_t *met)
{
    uint64_t from[BOUNDS_MOST + 2] = {0}; /* by level: whose values reach it */
    for (uint64_t left = figure->n_bounds ? some : 0; left; left &= left - 1) {
        unsigned k = (unsigned)__builtin_ctzll(left);
        from[level_of(figure, values[k])] |= UINT64_C(1) << k;
    }
    for (size_t level = figure->n_bounds; level-- > 0;)
        from[level] |= from[level + 1];
    for (size_t s = 0; s < figure->slots.n; s++) {
        const struct slot *slot = figure->slots.at[s];
        if (!slot->bound)
            met[s] = test_meet(slot->test, some, values);
        else
            met[s] = slot->below ? some & ~from[slot->bound] : from[slot->bound];
    }
}
