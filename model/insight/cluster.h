/*
 * Clusters: people who are alike, by k-means over standardised features (kmeans.h, feature.h). The
 * number of clusters is given, or it is the one with the best silhouette among those that come out
 * the same when the people are drawn anew: for each number, ten samples with repetition are
 * clustered, everybody is assigned by each, and the mean adjusted Rand index to the clusters of all
 * is the stability (B. Efron's bootstrap; S. Ben-David et al. discuss what it can say).
 */
#ifndef ATRIUM_INSIGHT_CLUSTER_H
#define ATRIUM_INSIGHT_CLUSTER_H

#include "model/insight/feature.h"
#include "model/insight/kmeans.h"
#include "model/store/writer.h"

enum { CLUSTERS_TRIED = 10, CLUSTER_WORDS = 3 };

struct cluster_query {
    size_t k; /* 0: found */
    uint64_t seed;
    int starts; /* 0: as kmeans.h has it */
    int threads;
    bool raw;                    /* features as they are, neither logarithms nor standardised */
    const struct reader *reader; /* asked whether to stop; may be NULL */
};

/* A difference that sets a cluster apart, in standard deviations. */
struct cluster_word {
    size_t feature;
    double z;
};

struct cluster_group {
    size_t n;
    int64_t money;      /* fen */
    double silhouette;  /* mean of its people that were looked at */
    const double *mean; /* by feature, as it is told: of those where it is known; NaN: of nobody */
    const double *z;    /* by feature: mean of what was clustered, minus everybody's, in their
                           standard deviations */
    size_t n_words;
    struct cluster_word words[CLUSTER_WORDS]; /* the largest first */
};

struct cluster_try {
    size_t k;
    double silhouette, stability, inertia;
};

struct clusters {
    struct cluster_query query;
    const struct feature_table *table;
    size_t k;
    const uint8_t *cluster; /* by row of the table */
    const struct cluster_group *groups;
    const double *mean;    /* of everybody, by feature */
    const double *centres; /* k × d, of what was clustered */
    int64_t money;
    double inertia, silhouette, stability; /* stability NaN where k was given */
    size_t looked_at;                      /* rows that silhouettes rest on */
    size_t n_tries;
    struct cluster_try tries[CLUSTERS_TRIED];
};

/* The table is borrowed. Owned by the arena. ST_REFUSED for fewer rows than clusters. */
enum status clusters_run(struct arena *arena, const struct feature_table *table,
                         const struct cluster_query *query, struct clusters *clusters,
                         struct error *err);

/* What sets a cluster apart, in words of the user's language: "spends much, buys often, weekends";
 * "like everybody" where nothing does. Owned by the arena. */
const char *cluster_words(struct arena *arena, const struct clusters *clusters, size_t cluster);

/* Rows of a cluster's people, rising. Owned by the arena. */
const uint32_t *cluster_people(struct arena *arena, const struct clusters *clusters, size_t cluster,
                               size_t *n);

#endif
