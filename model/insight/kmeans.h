/*
 * K-means, and how good its answer is. Seeding by k-means++ (D. Arthur, S. Vassilvitskii, SODA
 * 2007), rounds by S. Lloyd (1982), silhouette by P. Rousseeuw (1987), the adjusted Rand index by
 * L. Hubert and P. Arabie (1985). Numbers are drawn by the own generator below and sums are put
 * together in a fixed order: a seed gives the same answer on any machine and any number of threads.
 */
#ifndef ATRIUM_INSIGHT_KMEANS_H
#define ATRIUM_INSIGHT_KMEANS_H

#include "model/base/arena.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { KMEANS_MOST = 64 };

struct reader;

/* n rows of d numbers. */
struct matrix {
    size_t n, d;
    const float *at;
};

/* A stream of random numbers (SplitMix64). */
struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *chance);
size_t chance_below(struct chance *chance, size_t n);
double chance_share(struct chance *chance); /* 0 <= x < 1 */

struct kmeans_options {
    size_t k; /* 1 .. KMEANS_MOST, at most the rows that differ */
    uint64_t seed;
    int starts; /* the best of so many; 0: 10, or 50 for 2,000 rows or fewer */
    int threads;
    const struct reader *reader; /* asked whether to stop; may be NULL */
};

struct kmeans {
    size_t k;
    double *centres;  /* k × d */
    uint8_t *cluster; /* by row; clusters are numbered by size, the largest first */
    size_t sizes[KMEANS_MOST];
    double inertia; /* sum of squared distances to the centres */
    int rounds;     /* of the start that won */
};

/* Owned by the arena. With many rows the starts look at 20,000 of them and the rounds at all. */
void kmeans_run(struct arena *arena, const struct matrix *matrix,
                const struct kmeans_options *options, struct kmeans *found);

/* The nearest of k centres to each row; the first of equals. */
void kmeans_assign(const struct matrix *matrix, const double *centres, size_t k, int threads,
                   uint8_t *cluster);

/* The mean silhouette, by euclidean distance; 0 for a cluster of one row, NaN with fewer than two
 * clusters. `by_cluster` (k, may be NULL) are the means of each. All rows are looked at: n² d
 * steps.
 */
double silhouette(const struct matrix *matrix, const uint8_t *cluster, size_t k, int threads,
                  double *by_cluster);

/* How far two partitions of n rows agree: 1 altogether, about 0 by chance. */
double rand_adjusted(const uint8_t *a, const uint8_t *b, size_t n);

/* Rows of a matrix by number. Owned by the arena. */
struct matrix matrix_rows(struct arena *arena, const struct matrix *matrix, const uint32_t *rows,
                          size_t n);

/* n of the numbers below `of`, drawn without repetition, rising; all of them where of <= n. */
uint32_t *chance_sample(struct arena *arena, struct chance *chance, size_t of, size_t n,
                        size_t *n_drawn);

#endif
