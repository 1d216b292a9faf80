/*
 * The people behind a pair, an expected value, a cluster, as arguments of views/people_of.h:
 *
 *   affinity OF BY A \x1f B             who bought both in the period
 *   value AT HORIZON R ALPHA A B P Q V WHAT N   of a fitted model: "band", "decile", "slipping",
 * "all" cluster AT FROM K SEED N FEATURES   cluster N (from 1) of so many; 0: everybody
 *
 * A model or a number of clusters that was found is written out, so that a list is counted with the
 * same one as the figure it stands behind.
 */
#ifndef ATRIUM_VIEWS_INSIGHT_PEOPLE_H
#define ATRIUM_VIEWS_INSIGHT_PEOPLE_H

#include "model/insight/affinity.h"
#include "model/insight/cluster.h"
#include "model/insight/value.h"
#include "views/people_of.h"

/* Arguments, owned by the arena. */
const char *insight_pair(struct arena *arena, enum affinity_of of, enum affinity_by by,
                         const char *a, const char *b);
const char *insight_value(struct arena *arena, const struct value *value, const char *what, int n);
const char *insight_cluster(struct arena *arena, const struct feature_query *asked,
                            const char *names, const struct clusters *clusters, size_t n);

/* As people_of's sources: `rest` is what stands behind the first word. */
enum status people_of_pair(struct reader *reader, struct arena *arena, const char *rest,
                           const struct people_question *question, struct people_found *found,
                           struct error *err);
enum status people_of_value(struct reader *reader, struct arena *arena, const char *rest,
                            const struct people_question *question, struct people_found *found,
                            struct error *err);
enum status people_of_cluster(struct reader *reader, struct arena *arena, const char *rest,
                              const struct people_question *question, struct people_found *found,
                              struct error *err);

/* The value model that an argument names, run again, and the indices of the people it means, those
 * of whom most is expected first. */
struct value_chosen {
    struct value value;
    size_t n;
    const uint32_t *at;
    const char *title;
};
enum status value_choose(struct reader *reader, struct arena *arena, const char *rest,
                         struct value_chosen *chosen, struct error *err);

#endif
