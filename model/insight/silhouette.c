/* How good a partition is: silhouette and adjusted Rand index. */
#include "model/insight/kmeans.h"

#include "model/base/parallel.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE = 64 };

struct looking {
    const struct matrix *matrix;
    const uint8_t *cluster;
    size_t k, sizes[KMEANS_MOST];
    double *width; /* by row */
};

static double away(const float *a, const float *b, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        double part = (double)a[i] - (double)b[i];
        sum += part * part;
    }
    return sqrt(sum);
}

/* (b - a) / max(a, b): a the mean distance to the own cluster's others, b that to the nearest other
 * cluster. */
static double width_of(const struct looking *look, size_t row)
{
    const struct matrix *m = look->matrix;
    double sums[KMEANS_MOST] = {0};
    size_t own = look->cluster[row];
    for (size_t i = 0; i < m->n; i++)
        sums[look->cluster[i]] += away(m->at + row * m->d, m->at + i * m->d, m->d);
    if (look->sizes[own] < 2)
        return 0;
    double a = sums[own] / (double)(look->sizes[own] - 1), b = INFINITY;
    for (size_t c = 0; c < look->k; c++)
        if (c != own && look->sizes[c])
            b = fmin(b, sums[c] / (double)look->sizes[c]);
    return a == b ? 0 : (b - a) / fmax(a, b);
}

static void piece_look(void *context, size_t piece)
{
    struct looking *look = context;
    size_t to = (piece + 1) * PIECE < look->matrix->n ? (piece + 1) * PIECE : look->matrix->n;
    for (size_t i = piece * PIECE; i < to; i++)
        look->width[i] = width_of(look, i);
}

double silhouette(const struct matrix *matrix, const uint8_t *cluster, size_t k, int threads,
                  double *by_cluster)
{
    struct looking look = {.matrix = matrix, .cluster = cluster, .k = k};
    double sums[KMEANS_MOST] = {0}, all = 0;
    size_t there = 0;
    for (size_t i = 0; i < matrix->n; i++)
        look.sizes[cluster[i]]++;
    for (size_t c = 0; c < k; c++)
        there += look.sizes[c] > 0;
    look.width = mem_zero(matrix->n + 1, sizeof *look.width);
    if (there > 1)
        parallel_run(threads, (matrix->n + PIECE - 1) / PIECE, piece_look, &look);
    for (size_t i = 0; i < matrix->n; i++) {
        sums[cluster[i]] += look.width[i];
        all += look.width[i];
    }
    free(look.width);
    for (size_t c = 0; by_cluster && c < k; c++)
        by_cluster[c] = there > 1 && look.sizes[c] ? sums[c] / (double)look.sizes[c] : NAN;
    return there > 1 ? all / (double)matrix->n : NAN;
}

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

double rand_adjusted(const uint8_t *a, const uint8_t *b, size_t n)
{
    size_t(*both)[256] = mem_zero(256, sizeof *both);
    double together = 0, of_a = 0, of_b = 0, all = pairs((double)n);
    size_t in_b[256] = {0};
    for (size_t i = 0; i < n; i++)
        both[a[i]][b[i]]++;
    for (size_t i = 0; i < 256; i++) {
        size_t in_a = 0;
        for (size_t j = 0; j < 256; j++) {
            together += pairs((double)both[i][j]);
            in_a += both[i][j];
            in_b[j] += both[i][j];
        }
        of_a += pairs((double)in_a);
    }
    for (size_t j = 0; j < 256; j++)
        of_b += pairs((double)in_b[j]);
    free(both);
    double expected = all > 0 ? of_a * of_b / all : 0, most = (of_a + of_b) / 2;
    return most == expected ? 1 : (together - expected) / (most - expected);
}
