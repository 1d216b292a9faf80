/*
 * Features: numbers about each person that clusters are made of, from the events and the members'
 * rows; or the columns of a file.
 */
#ifndef ATRIUM_INSIGHT_FEATURE_H
#define ATRIUM_INSIGHT_FEATURE_H

#include "model/base/sheet.h"
#include "model/insight/table_file.h"
#include "model/store/reader.h"

enum { FEATURES_MOST = 32 };

struct feature {
    const char *name;  /* "money", "share:coffee" */
    const char *title; /* marked for translation; `of` stands for its %s, if there is one */
    const char *high,
        *low;       /* what sets apart who has much or little of it, marked, with %s likewise */
    const char *of; /* a category, or NULL */
    enum cell_type type; /* of its mean: CELL_REAL, CELL_SHARE, CELL_MONEY (fen) */
    bool log;            /* spread over decades: ln(1 + x) is what is standardised */
    const char *summary; /* for help */
};

/* The features of a mall; "categories" stands for a share:CATEGORY of each of the largest. */
extern const struct feature features[];
extern const size_t n_features;
extern const char features_usual[]; /* names between commas */

/* n people with d features, row by row; NaN: not known. */
struct feature_table {
    size_t n, d;
    struct feature feature[FEATURES_MOST];
    float *at;
    const uint32_t *people; /* rising; NULL: rows of a file */
    const int64_t *money;   /* fen, by row; NULL: rows of a file */
};

struct feature_query {
    const char *names; /* between commas; NULL: features_usual */
    int64_t from, at;  /* events in [from, at]; people are those who bought then */
    int threads;
    const uint32_t *among; /* rising; NULL: everybody */
    size_t n_among;
};

/* Owned by the arena. ST_USAGE naming the word that is no feature. */
enum status features_read(struct reader *reader, struct arena *arena,
                          const struct feature_query *query, struct feature_table *table,
                          struct error *err);

/* Columns of a file as features; names NULL: all. An empty cell is unknown. */
enum status features_of_file(struct arena *arena, const struct table_file *file, const char *names,
                             struct feature_table *table, struct error *err);

/* A title or word of a feature in the user's language, its %s filled in. */
const char *feature_text(struct arena *arena, const struct feature *feature, const char *text);

#endif
