#include "model/insight/kmeans.h"

#include "model/base/hash.h"
#include "model/base/parallel.h"
#include "model/store/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096, FEW = 20000, SMALL = 2000, ROUNDS = 300 };

/* ---- Random numbers ---- */

uint64_t chance_next(struct chance *chance)
{
    chance->state += UINT64_C(0x9E3779B97F4A7C15);
    return hash_mix(chance->state);
}

double chance_share(struct chance *chance)
{
    return (double)(chance_next(chance) >> 11) * 0x1p-53;
}

size_t chance_below(struct chance *chance, size_t n)
{
    return (size_t)(chance_share(chance) * (double)n);
}

uint32_t *chance_sample(struct arena *arena, struct chance *chance, size_t of, size_t n,
                        size_t *n_drawn)
{
    *n_drawn = 0;
    n = n < of ? n : of;
    uint32_t *drawn = arena_array(arena, uint32_t, n + 1);
    for (size_t i = 0; i < of && *n_drawn < n; i++) /* Knuth's selection sampling */
        if (of - i <= n - *n_drawn || chance_below(chance, of - i) < n - *n_drawn)
            drawn[(*n_drawn)++] = (uint32_t)i;
    return drawn;
}

struct matrix matrix_rows(struct arena *arena, const struct matrix *matrix, const uint32_t *rows,
                          size_t n)
{
    float *at = arena_alloc_array(arena, n * matrix->d + 1, sizeof *at);
    for (size_t i = 0; i < n; i++)
        memcpy(at + i * matrix->d, matrix->at + rows[i] * matrix->d, matrix->d * sizeof *at);
    return (struct matrix){n, matrix->d, at};
}

/* ---- Rounds ---- */

static double distance(const float *row, const double *centre, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        double away = (double)row[i] - centre[i];
        sum += away * away;
    }
    return sum;
}

static size_t nearest(const float *row, const double *centres, size_t k, size_t d, double *how_far)
{
    size_t best = 0;
    *how_far = distance(row, centres, d);
    for (size_t c = 1; c < k; c++) {
        double far = distance(row, centres + c * d, d);
        if (far < *how_far) {
            *how_far = far;
            best = c;
        }
    }
    return best;
}

struct piece {
    double inertia;
    size_t moved, sizes[KMEANS_MOST];
};

struct rounding {
    const struct matrix *matrix;
    const double *centres;
    size_t k;
    uint8_t *cluster;
    struct piece *pieces; /* NULL: nothing but assigning is wanted */
    double *sums;         /* by piece: k × d */
};

static void piece_round(void *context, size_t at)
{
    struct rounding *r = context;
    size_t d = r->matrix->d;
    size_t to = (at + 1) * PIECE < r->matrix->n ? (at + 1) * PIECE : r->matrix->n;
    for (size_t i = at * PIECE; i < to; i++) {
        const float *row = r->matrix->at + i * d;
        double far;
        size_t c = nearest(row, r->centres, r->k, d, &far);
        if (r->pieces) {
            struct piece *piece = &r->pieces[at];
            double *sums = r->sums + (at * r->k + c) * d;
            piece->moved += c != r->cluster[i];
            piece->inertia += far;
            piece->sizes[c]++;
            for (size_t j = 0; j < d; j++)
                sums[j] += (double)row[j];
        }
        r->cluster[i] = (uint8_t)c;
    }
}

void kmeans_assign(const struct matrix *matrix, const double *centres, size_t k, int threads,
                   uint8_t *cluster)
{
    struct rounding r = {.matrix = matrix, .centres = centres, .k = k, .cluster = cluster};
    parallel_run(threads, (matrix->n + PIECE - 1) / PIECE, piece_round, &r);
}

/* A cluster that lost all its rows takes the row that is furthest from its own centre. */
static void empty_fill(const struct matrix *matrix, struct rounding *r, double *centres, size_t c)
{
    size_t worst = 0, d = matrix->d;
    double most = -1;
    for (size_t i = 0; i < matrix->n; i++) {
        double far = distance(matrix->at + i * d, r->centres + r->cluster[i] * d, d);
        if (far > most) {
            most = far;
            worst = i;
        }
    }
    for (size_t j = 0; j < d; j++)
        centres[c * d + j] = (double)matrix->at[worst * d + j];
}

/* One round: assigns all rows and moves the centres to their means. Returns how many moved. */
static size_t round_run(struct rounding *r, double *centres, int threads, double *inertia)
{
    size_t d = r->matrix->d, n = (r->matrix->n + PIECE - 1) / PIECE, moved = 0;
    size_t sizes[KMEANS_MOST] = {0};
    double *next = mem_zero(r->k * d + 1, sizeof *next);
    memset(r->pieces, 0, n * sizeof *r->pieces);
    memset(r->sums, 0, n * r->k * d * sizeof *r->sums);
    parallel_run(threads, n, piece_round, r);
    *inertia = 0;
    for (size_t p = 0; p < n; p++) {
        *inertia += r->pieces[p].inertia;
        moved += r->pieces[p].moved;
        for (size_t c = 0; c < r->k; c++)
            sizes[c] += r->pieces[p].sizes[c];
        for (size_t j = 0; j < r->k * d; j++)
            next[j] += r->sums[p * r->k * d + j];
    }
    for (size_t c = 0; c < r->k; c++) {
        for (size_t j = 0; j < d && sizes[c]; j++)
            next[c * d + j] /= (double)sizes[c];
        if (!sizes[c] && r->matrix->n)
            empty_fill(r->matrix, r, next, c);
        moved += !sizes[c];
    }
    memcpy(centres, next, r->k * d * sizeof *centres);
    free(next);
    return moved;
}

/* Until nothing moves; with many rows, until a round gains less than a millionth. */
static int rounds_run(const struct matrix *matrix, size_t k, int threads,
                      const struct reader *reader, double *centres, uint8_t *cluster,
                      double *inertia)
{
    size_t n = (matrix->n + PIECE - 1) / PIECE;
    struct rounding r = {.matrix = matrix, .centres = centres, .k = k, .cluster = cluster};
    double before = INFINITY;
    int rounds = 0;
    r.pieces = mem_zero(n + 1, sizeof *r.pieces);
    r.sums = mem_zero(n * k * matrix->d + 1, sizeof *r.sums);
    while (rounds < ROUNDS && !(reader && reader_cancelled(reader))) {
        size_t moved = round_run(&r, centres, threads, inertia);
        rounds++;
        if ((rounds > 1 && !moved) ||
            (matrix->n > FEW && before - *inertia <= 1e-6 * *inertia && rounds > 2))
            break;
        before = *inertia;
    }
    free(r.pieces);
    free(r.sums);
    return rounds;
}

/* ---- Single rows ---- */

/* Lloyd's rounds rest where moving one row alone would still help, as its move also moves both
 * centres: J. Hartigan, Clustering Algorithms (1975). Moves single rows until none helps; returns
 * how many moved. */
static size_t singles_move(const struct matrix *matrix, size_t k, double *centres, uint8_t *cluster)
{
    size_t d = matrix->d, sizes[KMEANS_MOST] = {0}, all = 0, moved = 1;
    for (size_t i = 0; i < matrix->n; i++)
        sizes[cluster[i]]++;
    for (int pass = 0; pass < ROUNDS && moved; pass++, all += moved) {
        moved = 0;
        for (size_t i = 0; i < matrix->n; i++) {
            const float *row = matrix->at + i * d;
            size_t own = cluster[i], best = own;
            double n = (double)sizes[own];
            if (sizes[own] < 2)
                continue;
            double least = n / (n - 1) * distance(row, centres + own * d, d) * (1 - 1e-12);
            for (size_t c = 0; c < k; c++) {
                double m = (double)sizes[c];
                double cost = c == own ? least : m / (m + 1) * distance(row, centres + c * d, d);
                if (cost < least) {
                    least = cost;
                    best = c;
                }
            }
            if (best == own)
                continue;
            double m = (double)sizes[best];
            for (size_t j = 0; j < d; j++) {
                double x = (double)row[j];
                centres[own * d + j] = (centres[own * d + j] * n - x) / (n - 1);
                centres[best * d + j] = (centres[best * d + j] * m + x) / (m + 1);
            }
            sizes[own]--;
            sizes[best]++;
            cluster[i] = (uint8_t)best;
            moved++;
        }
    }
    return all;
}

/* ---- Starts ---- */

/* The first centre is any row; each next one is drawn by the square of its distance to the nearest
 * centre so far. */
static void centres_draw(const struct matrix *matrix, size_t k, struct chance *chance,
                         double *centres)
{
    size_t d = matrix->d, row = chance_below(chance, matrix->n);
    double *far = mem_zero(matrix->n + 1, sizeof *far);
    for (size_t c = 0; c < k; c++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            centres[c * d + j] = (double)matrix->at[row * d + j];
        for (size_t i = 0; i < matrix->n; i++) {
            double here = distance(matrix->at + i * d, centres + c * d, d);
            far[i] = c == 0 || here < far[i] ? here : far[i];
            sum += far[i];
        }
        double at = chance_share(chance) * sum;
        for (row = 0; row + 1 < matrix->n && (at >= far[row] || far[row] == 0); row++)
            at -= far[row];
    }
    free(far);
}

struct starting {
    const struct matrix *matrix;
    const struct kmeans_options *options;
    double *centres; /* by start: k × d */
    double *inertia;
    int *rounds;
};

static void start_run(void *context, size_t start)
{
    struct starting *s = context;
    size_t k = s->options->k;
    double *centres = s->centres + start * k * s->matrix->d;
    struct chance chance = {hash_mix(s->options->seed * 1000003 + start)};
    uint8_t *cluster = mem_zero(s->matrix->n + 1, 1);
    centres_draw(s->matrix, k, &chance, centres);
    s->rounds[start] =
        rounds_run(s->matrix, k, 1, s->options->reader, centres, cluster, &s->inertia[start]);
    /* Rounds after it make the centres exact means again, and the inertia theirs. */
    if (singles_move(s->matrix, k, centres, cluster))
        s->rounds[start] +=
            rounds_run(s->matrix, k, 1, s->options->reader, centres, cluster, &s->inertia[start]);
    free(cluster);
}

/* ---- Numbering by size ---- */

static void clusters_number(const struct matrix *matrix, struct kmeans *found)
{
    size_t sizes[KMEANS_MOST] = {0}, order[KMEANS_MOST], d = matrix->d;
    uint8_t number[KMEANS_MOST];
    double *centres = mem_zero(found->k * d + 1, sizeof *centres);
    for (size_t i = 0; i < matrix->n; i++)
        sizes[found->cluster[i]]++;
    for (size_t c = 0; c < found->k; c++) {
        size_t at = c;
        for (; at && sizes[order[at - 1]] < sizes[c]; at--)
            order[at] = order[at - 1];
        order[at] = c;
    }
    for (size_t c = 0; c < found->k; c++) {
        number[order[c]] = (uint8_t)c;
        found->sizes[c] = sizes[order[c]];
        memcpy(centres + c * d, found->centres + order[c] * d, d * sizeof *centres);
    }
    memcpy(found->centres, centres, found->k * d * sizeof *centres);
    for (size_t i = 0; i < matrix->n; i++)
        found->cluster[i] = number[found->cluster[i]];
    free(centres);
}

void kmeans_run(struct arena *arena, const struct matrix *matrix,
                const struct kmeans_options *options, struct kmeans *found)
{
    size_t starts = options->starts > 0 ? (size_t)options->starts : matrix->n <= SMALL ? 50 : 10;
    size_t best = 0, n_few;
    size_t cells = options->k * matrix->d;
    struct matrix few = *matrix;
    *found = (struct kmeans){.k = options->k};
    found->centres = arena_array(arena, double, cells + 1);
    found->cluster = arena_alloc(arena, matrix->n + 1);
    if (!matrix->n)
        return;
    if (matrix->n > FEW) {
        struct chance chance = {hash_mix(options->seed)};
        uint32_t *rows = chance_sample(arena, &chance, matrix->n, FEW, &n_few);
        few = matrix_rows(arena, matrix, rows, n_few);
    }
    struct starting s = {.matrix = &few, .options = options};
    s.centres = mem_zero(starts * cells + 1, sizeof *s.centres);
    s.inertia = mem_zero(starts, sizeof *s.inertia);
    s.rounds = mem_zero(starts, sizeof *s.rounds);
    parallel_run(options->threads, starts, start_run, &s);
    for (size_t i = 1; i < starts; i++)
        best = s.inertia[i] < s.inertia[best] ? i : best;
    memcpy(found->centres, s.centres + best * cells, cells * sizeof *found->centres);
    found->rounds = s.rounds[best];
    int more = rounds_run(matrix, options->k, options->threads, options->reader, found->centres,
                          found->cluster, &found->inertia);
    found->rounds += matrix->n > FEW ? more : 0;
    clusters_number(matrix, found);
    free(s.centres);
    free(s.inertia);
    free(s.rounds);
}
