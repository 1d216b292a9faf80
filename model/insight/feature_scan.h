/* Inside of insight: which features are wanted, and how they are read. */
#ifndef ATRIUM_INSIGHT_FEATURE_SCAN_H
#define ATRIUM_INSIGHT_FEATURE_SCAN_H

#include "model/insight/feature.h"

enum feature_id {
    FEATURE_RECENCY,
    FEATURE_FREQUENCY,
    FEATURE_MONEY,
    FEATURE_BASKET,
    FEATURE_SHOPS,
    FEATURE_VISITS,
    FEATURE_DWELL,
    FEATURE_HOUR,
    FEATURE_EVENING,
    FEATURE_WEEKEND,
    FEATURE_TENURE,
    FEATURE_AGE,
    FEATURE_SHARES, /* + number of a category */
};

/* The features of a table and where each comes from. Categories are numbered from 1, the one with
 * the most shops first. */
struct feature_plan {
    size_t n;
    struct feature feature[FEATURES_MOST];
    int source[FEATURES_MOST];
    size_t n_categories; /* highest number + 1 */
    const char **categories;
    size_t n_tenants;
    const uint32_t *category; /* by shop */
};

enum status feature_plan_read(struct arena *arena, const char *names, struct feature_plan *plan,
                              struct error *err);

#endif
