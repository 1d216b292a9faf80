#include "model/insight/bgnbd.h"

#include "model/base/parallel.h"
#include "model/base/stat.h"
#include "model/store/reader.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE = 16384, R = 0, ALPHA, A, B };

/* What is the same for all people with one x, and for all with one time. */
struct tables {
    double *whole, *chance;      /* by x: the part without times; ln(a / (b + x - 1)) */
    double (*slope)[4];          /* by x: derivatives of `whole` by r, alpha, a, b */
    double *log_time, *one_time; /* by time: ln(alpha + t), 1 / (alpha + t) */
};

struct evaluation {
    const struct bgnbd *model;
    const struct bgnbd_data *data;
    struct tables tables;
    double (*sums)[5]; /* by piece: derivatives by r, alpha, a, b; the log likelihood */
    bool slope;
};

static void whole_find(const struct bgnbd *m, uint32_t x, struct tables *t, bool slope)
{
    double log_alpha = log(m->alpha);
    t->whole[x] = stat_log_gamma(m->r + x) - stat_log_gamma(m->r) + m->r * log_alpha +
                  stat_log_gamma(m->a + m->b) + stat_log_gamma(m->b + x) - stat_log_gamma(m->b) -
                  stat_log_gamma(m->a + m->b + x);
    t->chance[x] = x ? log(m->a / (m->b + x - 1)) : 0;
    if (!slope)
        return;
    double both = stat_digamma(m->a + m->b) - stat_digamma(m->a + m->b + x);
    t->slope[x][R] = stat_digamma(m->r + x) - stat_digamma(m->r) + log_alpha;
    t->slope[x][ALPHA] = m->r / m->alpha;
    t->slope[x][A] = both;
    t->slope[x][B] = both + stat_digamma(m->b + x) - stat_digamma(m->b);
}

static void tables_make(struct evaluation *e)
{
    struct tables *t = &e->tables;
    const struct bgnbd_data *data = e->data;
    size_t n = (size_t)data->most_x + 1;
    t->whole = mem_zero(n, sizeof *t->whole);
    t->chance = mem_zero(n, sizeof *t->chance);
    t->slope = mem_zero(n, sizeof *t->slope);
    t->log_time = mem_zero(data->n_times + 1, sizeof *t->log_time);
    t->one_time = mem_zero(data->n_times + 1, sizeof *t->one_time);
    uint8_t *there = mem_zero(n, 1);
    for (size_t i = 0; i < data->n_rows; i++)
        there[data->rows[i].x] = 1;
    for (size_t x = 0; x < n; x++)
        if (there[x])
            whole_find(e->model, (uint32_t)x, t, e->slope);
    for (size_t i = 0; i < data->n_times; i++) {
        t->log_time[i] = log(e->model->alpha + data->times[i]);
        t->one_time[i] = 1 / (e->model->alpha + data->times[i]);
    }
    free(there);
}

static void tables_free(struct tables *t)
{
    free(t->whole);
    free(t->chance);
    free(t->slope);
    free(t->log_time);
    free(t->one_time);
}

/* One history: the logarithms of the two ways it can have come about, alive at the end or gone
 * after the last purchase, and their sum. */
static double row_add(const struct evaluation *e, const struct bgnbd_row *row, double *sums)
{
    const struct tables *t = &e->tables;
    const struct bgnbd *m = e->model;
    double n = row->people, power = m->r + row->x;
    double alive = -power * t->log_time[row->until];
    double log_sum = alive, share = 1;
    if (row->x) {
        double gone = t->chance[row->x] - power * t->log_time[row->last];
        double odds = exp(-fabs(gone - alive));
        log_sum = fmax(alive, gone) + log1p(odds);
        share = (gone > alive ? odds : 1) / (1 + odds);
    }
    if (e->slope) {
        const double *s = t->slope[row->x];
        double last = 1 - share;
        sums[R] += n * (s[R] - share * t->log_time[row->until] - last * t->log_time[row->last]);
        sums[ALPHA] +=
            n *
            (s[ALPHA] - power * (share * t->one_time[row->until] + last * t->one_time[row->last]));
        sums[A] += n * (s[A] + last / m->a);
        sums[B] += n * (s[B] - (row->x ? last / (m->b + row->x - 1) : 0));
    }
    return n * (t->whole[row->x] + log_sum);
}

static void piece_add(void *context, size_t piece)
{
    struct evaluation *e = context;
    size_t to = (piece + 1) * PIECE < e->data->n_rows ? (piece + 1) * PIECE : e->data->n_rows;
    double *sums = e->sums[piece];
    for (size_t i = piece * PIECE; i < to; i++)
        sums[4] += row_add(e, &e->data->rows[i], sums);
}

double bgnbd_log_likelihood(const struct bgnbd *model, const struct bgnbd_data *data, int threads,
                            double slope[4])
{
    struct evaluation e = {.model = model, .data = data, .slope = slope != NULL};
    size_t pieces = (data->n_rows + PIECE - 1) / PIECE;
    double all[5] = {0};
    tables_make(&e);
    e.sums = mem_zero(pieces + 1, sizeof *e.sums);
    parallel_run(threads, pieces, piece_add, &e);
    for (size_t i = 0; i < pieces; i++)
        for (int k = 0; k < 5; k++)
            all[k] += e.sums[i][k];
    free(e.sums);
    tables_free(&e.tables);
    if (slope) {
        slope[R] = all[R] * model->r;
        slope[ALPHA] = all[ALPHA] * model->alpha;
        slope[A] = all[A] * model->a;
        slope[B] = all[B] * model->b;
    }
    return all[4];
}

/* ---- Fitting ---- */

struct fitting {
    const struct bgnbd_data *data;
    int threads;
    const struct reader *reader;
};

static struct bgnbd model_at(const double *at)
{
    return (struct bgnbd){exp(at[R]), exp(at[ALPHA]), exp(at[A]), exp(at[B])};
}

static double unlikelihood(void *context, const double *at, double *gradient)
{
    const struct fitting *fitting = context;
    struct bgnbd model = model_at(at);
    double value = bgnbd_log_likelihood(&model, fitting->data, fitting->threads, gradient);
    for (int i = 0; i < 4; i++)
        gradient[i] = -gradient[i];
    return -value;
}

static bool fitting_stop(void *context)
{
    const struct fitting *fitting = context;
    return fitting->reader && reader_cancelled(fitting->reader);
}

/* Every k-th row, so that a first guess costs little. */
static struct bgnbd_data data_thinned(const struct bgnbd_data *data, size_t most,
                                      struct bgnbd_row **rows)
{
    struct bgnbd_data thin = *data;
    size_t step = data->n_rows / most + 1, n = 0;
    *rows = mem_zero(data->n_rows / step + 1, sizeof **rows);
    for (size_t i = 0; i < data->n_rows; i += step)
        (*rows)[n++] = data->rows[i];
    thin.rows = *rows;
    thin.n_rows = n;
    return thin;
}

/* From several places; the best of them. The likelihood has one hill on all data we know, but long
 * flat valleys far away from it. */
static struct minimum fit_from(struct fitting *fitting, double *at)
{
    double scale = fitting->data->n_times ? fitting->data->times[fitting->data->n_times - 1] : 1;
    double unit = log(scale > 0 ? scale / 10 : 1);
    const double starts[][4] = {{0, unit, 0, 0}, {-1.5, unit, 0, 1}, {0, unit + 1, -1.5, 1}};
    struct minimum best = {.value = INFINITY};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        double here[4] = {starts[i][0], starts[i][1], starts[i][2], starts[i][3]};
        struct minimum found = minimize(unlikelihood, fitting, fitting_stop, 4, here, 14);
        found.evaluations += best.evaluations;
        bool better = found.value < best.value;
        best.evaluations = found.evaluations;
        if (!better)
            continue;
        best = found;
        for (int k = 0; k < 4; k++)
            at[k] = here[k];
    }
    return best;
}

struct bgnbd_fit bgnbd_fit(const struct bgnbd_data *data, int threads, const struct reader *reader)
{
    enum { FIRST = 20000 };
    struct bgnbd_row *rows = NULL;
    struct bgnbd_data first = *data;
    struct fitting fitting = {&first, threads, reader};
    double at[4] = {0};
    if (data->n_rows > FIRST)
        first = data_thinned(data, FIRST, &rows);
    struct minimum found = fit_from(&fitting, at);
    free(rows);
    if (data->n_rows > FIRST) {
        int before = found.evaluations;
        fitting.data = data;
        found = minimize(unlikelihood, &fitting, fitting_stop, 4, at, 14);
        found.evaluations += before;
    }
    /* Where nobody seems to leave, or nobody to differ, a and b or r and alpha run away. */
    for (int k = 0; k < 4; k++)
        found.bound |= fabs(at[k]) > 10;
    return (struct bgnbd_fit){.model = model_at(at),
                              .log_likelihood = -found.value,
                              .evaluations = found.evaluations,
                              .converged = found.converged,
                              .bound = found.bound};
}

/* ---- What follows from it ---- */

double bgnbd_alive(const struct bgnbd *m, double x, double tx, double until)
{
    if (x <= 0)
        return 1;
    double odds =
        log(m->a / (m->b + x - 1)) + (m->r + x) * (log(m->alpha + until) - log(m->alpha + tx));
    return 1 / (1 + exp(odds));
}

double hypergeometric(double a, double b, double c, double z)
{
    double term = 1, sum = 1;
    for (int k = 0; k < 1000000; k++) {
        term *= (a + k) * (b + k) / ((c + k) * (k + 1)) * z;
        sum += term;
        /* Late terms shrink by less than 1/(1 - z) in all: what is left out is below rounding. */
        if (fabs(term) <= 1e-16 * (1 - z) * fabs(sum))
            break;
    }
    return sum;
}

/* (1 - ((1-z)^(r+x)) 2F1(r+x, b+x; a+b+x-1; z)) / (a - 1), by Euler's transformation
 * (1-z)^(a-1) 2F1(a+b-1-r, a-1; a+b+x-1; z) in place of the product. At a = 1 both parts are 0: a
 * millionth beside it is near enough for seven digits. */
static double gain(const struct bgnbd *m, double x, double z)
{
    double a = fabs(m->a - 1) < 1e-6 ? 1 + 1e-6 : m->a;
    double c = a + m->b + x - 1;
    if (fabs(c) < 1e-9)
        c = 1e-9;
    double rest = exp((a - 1) * log1p(-z)) * hypergeometric(c - m->r - x, a - 1, c, z);
    return (1 - rest) * c / (a - 1);
}

double bgnbd_expected(const struct bgnbd *m, double t)
{
    return t > 0 ? gain(m, 0, t / (m->alpha + t)) : 0;
}

double bgnbd_expected_after(const struct bgnbd *m, double x, double tx, double until, double t)
{
    return t > 0 ? gain(m, x, t / (m->alpha + until + t)) * bgnbd_alive(m, x, tx, until) : 0;
}
