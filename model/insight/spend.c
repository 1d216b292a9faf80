#include "model/insight/spend.h"

#include "model/base/parallel.h"
#include "model/base/stat.h"
#include "model/insight/minimize.h"
#include "model/store/reader.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE = 16384, KNOWN = 512, P = 0, Q, V };

/* Of p x and p x + q, for small whole x, which nearly all are. */
struct by_count {
    double whole, slope_p, slope_q;
};

struct evaluation {
    const struct spend *model;
    const struct spend_row *rows;
    size_t n;
    struct by_count known[KNOWN];
    double (*sums)[4];
};

static struct by_count count_find(const struct spend *m, double x)
{
    double px = m->p * x, all = stat_digamma(px + m->q);
    return (struct by_count){
        .whole = stat_log_gamma(px + m->q) - stat_log_gamma(px) - stat_log_gamma(m->q) +
                 m->q * log(m->v) + px * log(x),
        .slope_p = x * (all - stat_digamma(px)),
        .slope_q = all - stat_digamma(m->q) + log(m->v),
    };
}

static void piece_add(void *context, size_t piece)
{
    struct evaluation *e = context;
    const struct spend *m = e->model;
    size_t to = (piece + 1) * PIECE < e->n ? (piece + 1) * PIECE : e->n;
    double *sums = e->sums[piece];
    for (size_t i = piece * PIECE; i < to; i++) {
        double x = e->rows[i].x, mean = e->rows[i].mean, px = m->p * x;
        struct by_count c = x < KNOWN && x == floor(x) ? e->known[(int)x] : count_find(m, x);
        double log_mean = log(mean), total = m->v + x * mean, log_total = log(total);
        sums[3] += c.whole + (px - 1) * log_mean - (px + m->q) * log_total;
        sums[P] += c.slope_p + x * (log_mean + log(x) - log_total);
        sums[Q] += c.slope_q - log_total;
        sums[V] += m->q / m->v - (px + m->q) / total;
    }
}

double spend_log_likelihood(const struct spend *model, const struct spend_row *rows, size_t n,
                            int threads, double slope[3])
{
    struct evaluation *e = mem_zero(1, sizeof *e);
    size_t pieces = (n + PIECE - 1) / PIECE;
    double all[4] = {0};
    *e = (struct evaluation){.model = model, .rows = rows, .n = n};
    for (int x = 1; x < KNOWN; x++)
        e->known[x] = count_find(model, x);
    e->sums = mem_zero(pieces + 1, sizeof *e->sums);
    parallel_run(threads, pieces, piece_add, e);
    for (size_t i = 0; i < pieces; i++)
        for (int k = 0; k < 4; k++)
            all[k] += e->sums[i][k];
    free(e->sums);
    free(e);
    slope[P] = all[P] * model->p;
    slope[Q] = all[Q] * model->q;
    slope[V] = all[V] * model->v;
    return all[3];
}

struct fitting {
    const struct spend_row *rows;
    size_t n;
    int threads;
    const struct reader *reader;
};

static struct spend model_at(const double *at)
{
    return (struct spend){exp(at[P]), exp(at[Q]), exp(at[V])};
}

static double unlikelihood(void *context, const double *at, double *gradient)
{
    const struct fitting *f = context;
    struct spend model = model_at(at);
    double value = spend_log_likelihood(&model, f->rows, f->n, f->threads, gradient);
    for (int i = 0; i < 3; i++)
        gradient[i] = -gradient[i];
    return -value;
}

static bool fitting_stop(void *context)
{
    const struct fitting *f = context;
    return f->reader && reader_cancelled(f->reader);
}

static double mean_of(const struct spend_row *rows, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += rows[i].mean;
    return n ? sum / (double)n : 1;
}

struct spend_fit spend_fit(const struct spend_row *rows, size_t n, int threads,
                           const struct reader *reader)
{
    enum { FIRST = 20000 };
    double mean = mean_of(rows, n);
    double at[3] = {log(4), log(4), log(mean > 0 ? mean : 1)};
    size_t step = n / FIRST + 1, few = 0;
    struct spend_row *thin = mem_zero(n / step + 1, sizeof *thin);
    struct fitting fitting = {.rows = thin, .threads = threads, .reader = reader};
    for (size_t i = 0; i < n; i += step)
        thin[few++] = rows[i];
    fitting.n = few;
    struct minimum found = minimize(unlikelihood, &fitting, fitting_stop, 3, at, 25);
    if (step > 1) {
        int before = found.evaluations;
        fitting.rows = rows;
        fitting.n = n;
        found = minimize(unlikelihood, &fitting, fitting_stop, 3, at, 25);
        found.evaluations += before;
    }
    free(thin);
    return (struct spend_fit){.model = model_at(at),
                              .log_likelihood = -found.value,
                              .evaluations = found.evaluations,
                              .converged = found.converged,
                              .bound = found.bound};
}

double spend_expected(const struct spend *m, double x, double mean)
{
    double below = m->p * x + m->q - 1;
    return below > 0 ? m->p * (m->v + x * mean) / below : NAN;
}
