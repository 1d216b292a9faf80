#include "model/insight/cluster.h"

#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/base/parallel.h"
#include "model/store/reader.h"

#include <math.h>
#include <string.h>

enum { EXACT = 4000, BOOTSTRAPS = 10, BOOTSTRAP_STARTS = 3 };

static const double stable = 0.75; /* adjusted Rand from which a number of clusters counts */

/* ---- Standardising ---- */

static double scaled(const struct feature *feature, double value, bool raw)
{
    if (raw || !feature->log)
        return value;
    return value > 0 ? log1p(feature->type == CELL_MONEY ? value / 100 : value) : 0;
}

/* Mean 0 and standard deviation 1 (of the population) by feature; unknown is the mean. A feature
 * that is the same for everybody stays 0. */
static struct matrix standardise(struct arena *arena, const struct feature_table *table, bool raw)
{
    float *at = arena_alloc_array(arena, table->n * table->d + 1, sizeof *at);
    for (size_t j = 0; j < table->d; j++) {
        double sum = 0, squares = 0, n = 0;
        for (size_t i = 0; i < table->n; i++) {
            double x = scaled(&table->feature[j], (double)table->at[i * table->d + j], raw);
            sum += isnan(x) ? 0 : x;
            n += !isnan(x);
        }
        double mean = n > 0 ? sum / n : 0;
        for (size_t i = 0; i < table->n; i++) {
            double x = scaled(&table->feature[j], (double)table->at[i * table->d + j], raw);
            squares += isnan(x) ? 0 : (x - mean) * (x - mean);
        }
        double spread = n > 0 ? sqrt(squares / n) : 0;
        bool flat = spread <= 1e-12 * fmax(1, fabs(mean));
        for (size_t i = 0; i < table->n; i++) {
            double x = scaled(&table->feature[j], (double)table->at[i * table->d + j], raw);
            x = isnan(x) ? mean : x;
            at[i * table->d + j] = (float)(raw ? x : flat ? 0 : (x - mean) / spread);
        }
    }
    return (struct matrix){table->n, table->d, at};
}

/* ---- How many clusters ---- */

struct trying {
    const struct matrix *matrix; /* the rows that are looked at */
    const struct cluster_query *query;
    size_t first, n; /* numbers of clusters */
    struct kmeans base[CLUSTERS_TRIED];
    double agreed[CLUSTERS_TRIED][BOOTSTRAPS];
};

static void bootstrap_run(void *context, size_t piece)
{
    struct trying *t = context;
    size_t at = piece / BOOTSTRAPS, round = piece % BOOTSTRAPS, n = t->matrix->n;
    if (t->query->reader && reader_cancelled(t->query->reader))
        return;
    struct arena *arena = arena_new();
    struct chance chance = {hash_mix(hash_mix(t->query->seed + 1000 * at) + round)};
    uint32_t *rows = arena_array(arena, uint32_t, n);
    uint8_t *assigned = arena_alloc(arena, n);
    for (size_t i = 0; i < n; i++)
        rows[i] = (uint32_t)chance_below(&chance, n);
    struct matrix drawn = matrix_rows(arena, t->matrix, rows, n);
    struct kmeans_options options = {.k = t->first + at,
                                     .seed = chance_next(&chance),
                                     .starts = BOOTSTRAP_STARTS,
                                     .threads = 1,
                                     .reader = t->query->reader};
    struct kmeans found;
    kmeans_run(arena, &drawn, &options, &found);
    kmeans_assign(t->matrix, found.centres, options.k, 1, assigned);
    t->agreed[at][round] = rand_adjusted(t->base[at].cluster, assigned, n);
    arena_free(arena);
}

static void tries_run(struct arena *arena, const struct matrix *matrix, struct clusters *clusters,
                      size_t first, size_t n)
{
    const struct cluster_query *query = &clusters->query;
    struct trying *t = arena_new_of(arena, struct trying);
    *t = (struct trying){.matrix = matrix, .query = query, .first = first, .n = n};
    for (size_t i = 0; i < n; i++) {
        struct kmeans_options options = {.k = first + i,
                                         .seed = query->seed,
                                         .starts = query->starts,
                                         .threads = query->threads,
                                         .reader = query->reader};
        kmeans_run(arena, matrix, &options, &t->base[i]);
        clusters->tries[i] = (struct cluster_try){
            .k = first + i,
            .silhouette = silhouette(matrix, t->base[i].cluster, first + i, query->threads, NULL),
            .inertia = t->base[i].inertia};
    }
    parallel_run(query->threads, n * BOOTSTRAPS, bootstrap_run, t);
    for (size_t i = 0; i < n; i++) {
        for (int b = 0; b < BOOTSTRAPS; b++)
            clusters->tries[i].stability += t->agreed[i][b] / BOOTSTRAPS;
    }
    clusters->n_tries = n;
}

/* The best silhouette among the stable; where none is, the best of silhouette times stability. */
static const struct cluster_try *best_try(const struct clusters *clusters)
{
    const struct cluster_try *best = NULL;
    bool any = false;
    for (size_t i = 0; i < clusters->n_tries; i++)
        any |= clusters->tries[i].stability >= stable;
    for (size_t i = 0; i < clusters->n_tries; i++) {
        const struct cluster_try *t = &clusters->tries[i];
        if (any && t->stability < stable)
            continue;
        double worth = any ? t->silhouette : t->silhouette * t->stability;
        double so_far = !best ? -2 : any ? best->silhouette : best->silhouette * best->stability;
        best = worth > so_far ? t : best;
    }
    return best;
}

/* ---- What sets clusters apart ---- */

static void words_find(struct cluster_group *group, size_t d)
{
    static const double least = 0.4, least_first = 0.2;
    for (size_t j = 0; j < d; j++) {
        size_t at = group->n_words < CLUSTER_WORDS ? group->n_words : CLUSTER_WORDS;
        while (at && fabs(group->words[at - 1].z) < fabs(group->z[j])) {
            if (at < CLUSTER_WORDS)
                group->words[at] = group->words[at - 1];
            at--;
        }
        if (at < CLUSTER_WORDS)
            group->words[at] = (struct cluster_word){j, group->z[j]};
        group->n_words += group->n_words < CLUSTER_WORDS;
    }
    while (group->n_words > 1 && fabs(group->words[group->n_words - 1].z) < least)
        group->n_words--;
    if (group->n_words == 1 && fabs(group->words[0].z) < least_first)
        group->n_words = 0;
}

/* Means of the features as they are told, by cluster; `mean` of everybody. */
static void means_find(struct arena *arena, struct clusters *clusters, double *mean,
                       struct cluster_group *groups)
{
    const struct feature_table *table = clusters->table;
    size_t d = table->d, k = clusters->k;
    double *sums = arena_array(arena, double, (k + 1) * d + 1);
    double *known = arena_array(arena, double, (k + 1) * d + 1);
    for (size_t i = 0; i < table->n; i++)
        for (size_t j = 0; j < d; j++) {
            double x = (double)table->at[i * d + j];
            if (isnan(x))
                continue;
            sums[clusters->cluster[i] * d + j] += x;
            known[clusters->cluster[i] * d + j]++;
        }
    for (size_t c = 0; c < k; c++) {
        double *own = arena_array(arena, double, d);
        for (size_t j = 0; j < d; j++) {
            sums[k * d + j] += sums[c * d + j];
            known[k * d + j] += known[c * d + j];
            own[j] = known[c * d + j] > 0 ? sums[c * d + j] / known[c * d + j] : NAN;
        }
        groups[c].mean = own;
    }
    for (size_t j = 0; j < d; j++)
        mean[j] = known[k * d + j] > 0 ? sums[k * d + j] / known[k * d + j] : NAN;
}

/* Standardised differences: of raw features they are made here. */
static void apart_find(struct arena *arena, const struct clusters *clusters,
                       const struct matrix *matrix, struct cluster_group *groups)
{
    size_t d = matrix->d;
    double *mean = arena_array(arena, double, d), *spread = arena_array(arena, double, d);
    for (size_t i = 0; i < matrix->n; i++)
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)matrix->at[i * d + j] / (double)matrix->n;
    for (size_t i = 0; i < matrix->n; i++)
        for (size_t j = 0; j < d; j++) {
            double off = (double)matrix->at[i * d + j] - mean[j];
            spread[j] += off * off / (double)matrix->n;
        }
    for (size_t c = 0; c < clusters->k; c++) {
        double *z = arena_array(arena, double, d);
        for (size_t j = 0; j < d; j++) {
            double off = clusters->centres[c * d + j] - mean[j];
            z[j] = spread[j] > 0 ? off / sqrt(spread[j]) : 0;
        }
        groups[c].z = z;
        words_find(&groups[c], d);
    }
}

static void groups_make(struct arena *arena, const struct matrix *matrix, struct clusters *clusters,
                        const struct kmeans *found)
{
    const struct feature_table *table = clusters->table;
    struct cluster_group *groups = arena_array(arena, struct cluster_group, clusters->k);
    double *mean = arena_array(arena, double, table->d);
    for (size_t c = 0; c < clusters->k; c++)
        groups[c].n = found->sizes[c];
    for (size_t i = 0; table->money && i < table->n; i++) {
        groups[found->cluster[i]].money += table->money[i];
        clusters->money += table->money[i];
    }
    means_find(arena, clusters, mean, groups);
    apart_find(arena, clusters, matrix, groups);
    clusters->mean = mean;
    clusters->groups = groups;
}

/* The silhouette of the final clusters, on the rows that are looked at. */
static void silhouette_find(struct arena *arena, const struct matrix *looked, const uint32_t *rows,
                            struct clusters *clusters)
{
    struct cluster_group *groups = (struct cluster_group *)clusters->groups;
    double by_cluster[KMEANS_MOST];
    uint8_t *cluster = arena_alloc(arena, looked->n + 1);
    for (size_t i = 0; i < looked->n; i++)
        cluster[i] = clusters->cluster[rows[i]];
    clusters->silhouette =
        silhouette(looked, cluster, clusters->k, clusters->query.threads, by_cluster);
    for (size_t c = 0; c < clusters->k; c++)
        groups[c].silhouette = by_cluster[c];
    clusters->looked_at = looked->n;
}

static bool stopped(const struct cluster_query *query)
{
    return query->reader && reader_cancelled(query->reader);
}

enum status clusters_run(struct arena *arena, const struct feature_table *table,
                         const struct cluster_query *query, struct clusters *clusters,
                         struct error *err)
{
    *clusters = (struct clusters){.query = *query, .table = table, .k = query->k, .stability = NAN};
    size_t n_looked, least = query->k ? query->k : 3;
    if (table->n < least)
        return error_set(err, ST_REFUSED, "%zu people bought, expected at least %zu to tell apart",
                         table->n, least);
    struct chance chance = {hash_mix(query->seed)};
    struct matrix matrix = standardise(arena, table, query->raw);
    uint32_t *rows = chance_sample(arena, &chance, table->n, EXACT, &n_looked);
    struct matrix looked = matrix_rows(arena, &matrix, rows, n_looked);
    if (!query->k) {
        size_t most = n_looked - 1 < 11 ? n_looked - 1 : 11;
        tries_run(arena, &looked, clusters, 2, most - 1);
        const struct cluster_try *best = best_try(clusters);
        clusters->k = best ? best->k : 2;
        clusters->stability = best ? best->stability : NAN;
    }
    if (stopped(query))
        return error_set(err, ST_CANCELLED, "the question was cancelled");
    struct kmeans found;
    kmeans_run(arena, &matrix,
               &(struct kmeans_options){.k = clusters->k,
                                        .seed = query->seed,
                                        .starts = query->starts,
                                        .threads = query->threads,
                                        .reader = query->reader},
               &found);
    if (stopped(query))
        return error_set(err, ST_CANCELLED, "the question was cancelled");
    clusters->cluster = found.cluster;
    clusters->centres = found.centres;
    clusters->inertia = found.inertia;
    groups_make(arena, &matrix, clusters, &found);
    silhouette_find(arena, &looked, rows, clusters);
    return ST_OK;
}

/* ---- In words ---- */

const char *cluster_words(struct arena *arena, const struct clusters *clusters, size_t cluster)
{
    const struct cluster_group *group = &clusters->groups[cluster];
    const char *text = NULL;
    for (size_t i = 0; i < group->n_words; i++) {
        const struct feature *feature = &clusters->table->feature[group->words[i].feature];
        const char *word =
            feature_text(arena, feature, group->words[i].z > 0 ? feature->high : feature->low);
        text = text ? arena_printf(arena, _("%s, %s"), text, word) : word;
    }
    return text ? text : _("like everybody");
}

const uint32_t *cluster_people(struct arena *arena, const struct clusters *clusters, size_t cluster,
                               size_t *n)
{
    const struct feature_table *table = clusters->table;
    uint32_t *people = arena_array(arena, uint32_t, clusters->groups[cluster].n + 1);
    *n = 0;
    for (size_t i = 0; i < table->n; i++)
        if (clusters->cluster[i] == cluster)
            people[(*n)++] = table->people ? table->people[i] : (uint32_t)i + 1;
    return people;
}
