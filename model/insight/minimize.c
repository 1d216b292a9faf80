#include "model/insight/minimize.h"

#include <math.h>
#include <string.h>

enum { STEPS = 200, HALVINGS = 40 };

struct state {
    size_t n;
    double bound;
    double at[MINIMIZE_MOST], gradient[MINIMIZE_MOST], value;
    double inverse[MINIMIZE_MOST][MINIMIZE_MOST]; /* of the second derivatives */
    double promise;                               /* how much lower the last step was to lead */
};

static double product(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void inverse_reset(struct state *s, double scale)
{
    memset(s->inverse, 0, sizeof s->inverse);
    for (size_t i = 0; i < s->n; i++)
        s->inverse[i][i] = scale;
}

/* A variable that stands at its bound and would go beyond has no slope. */
static void gradient_hold(const struct state *s, const double *at, double *gradient)
{
    for (size_t i = 0; i < s->n; i++)
        if ((at[i] >= s->bound && gradient[i] < 0) || (at[i] <= -s->bound && gradient[i] > 0))
            gradient[i] = 0;
}

static bool flat(const struct state *s)
{
    double most = 0;
    for (size_t i = 0; i < s->n; i++)
        most = fmax(most, fabs(s->gradient[i]));
    return most <= 1e-9 * fmax(1, fabs(s->value));
}

static void direction_find(const struct state *s, double *direction)
{
    double length = 0;
    for (size_t i = 0; i < s->n; i++)
        direction[i] = -product(s->inverse[i], s->gradient, s->n);
    /* Variables are logarithms: one step changes none by more than a factor of e². */
    for (size_t i = 0; i < s->n; i++)
        length = fmax(length, fabs(direction[i]));
    for (size_t i = 0; i < s->n && length > 2; i++)
        direction[i] *= 2 / length;
}

static void inverse_update(struct state *s, const double *step, const double *turn)
{
    double sy = product(step, turn, s->n), along[MINIMIZE_MOST];
    if (sy <= 1e-14 * sqrt(product(step, step, s->n) * product(turn, turn, s->n)))
        return;
    for (size_t i = 0; i < s->n; i++)
        along[i] = product(s->inverse[i], turn, s->n);
    double scale = (1 + product(turn, along, s->n) / sy) / sy;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->n; j++)
            s->inverse[i][j] +=
                scale * step[i] * step[j] - (along[i] * step[j] + step[i] * along[j]) / sy;
}

/* Goes a step; false: nothing lower lies that way. */
static bool step_go(struct state *s, minimize_fn *fn, void *context, int *evaluations)
{
    double direction[MINIMIZE_MOST], to[MINIMIZE_MOST], gradient[MINIMIZE_MOST] = {0};
    double step[MINIMIZE_MOST], turn[MINIMIZE_MOST], size = 1;
    direction_find(s, direction);
    double slope = product(direction, s->gradient, s->n);
    s->promise = -slope;
    if (!(slope < 0))
        return false;
    for (int i = 0; i < HALVINGS; i++, size /= 2) {
        for (size_t k = 0; k < s->n; k++)
            to[k] = fmin(s->bound, fmax(-s->bound, s->at[k] + size * direction[k]));
        double value = fn(context, to, gradient);
        (*evaluations)++;
        if (!isfinite(value) || value > s->value + 1e-4 * size * slope)
            continue;
        gradient_hold(s, to, gradient);
        for (size_t k = 0; k < s->n; k++) {
            step[k] = to[k] - s->at[k];
            turn[k] = gradient[k] - s->gradient[k];
        }
        bool moved = value < s->value;
        s->value = value;
        memcpy(s->at, to, s->n * sizeof *to);
        memcpy(s->gradient, gradient, s->n * sizeof *gradient);
        inverse_update(s, step, turn);
        return moved;
    }
    return false;
}

struct minimum minimize(minimize_fn *fn, void *context, bool (*stop)(void *context), size_t n,
                        double *at, double bound)
{
    struct state s = {.n = n, .bound = bound, .promise = INFINITY};
    struct minimum found = {.evaluations = 1};
    memcpy(s.at, at, n * sizeof *at);
    s.value = fn(context, s.at, s.gradient);
    gradient_hold(&s, s.at, s.gradient);
    inverse_reset(&s, 1 / fmax(1, sqrt(product(s.gradient, s.gradient, n))));
    bool fresh = true;
    for (int i = 0; i < STEPS && isfinite(s.value) && !flat(&s) && !(stop && stop(context)); i++) {
        if (step_go(&s, fn, context, &found.evaluations)) {
            fresh = false;
            continue;
        }
        /* Not even straight down, or less to gain than rounding shows. */
        if (fresh || s.promise <= 1e-11 * fmax(1, fabs(s.value)))
            break;
        inverse_reset(&s, 1 / fmax(1, sqrt(product(s.gradient, s.gradient, n))));
        fresh = true;
    }
    memcpy(at, s.at, n * sizeof *at);
    found.value = s.value;
    found.converged =
        isfinite(s.value) && (flat(&s) || s.promise <= 1e-11 * fmax(1, fabs(s.value)));
    for (size_t i = 0; i < n; i++)
        found.bound |= fabs(s.at[i]) >= bound;
    return found;
}
