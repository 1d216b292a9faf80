/* Clusters kept as labels: hand-kept lists of people that other questions can name. */
#ifndef ATRIUM_INSIGHT_CLUSTER_LABEL_H
#define ATRIUM_INSIGHT_CLUSTER_LABEL_H

#include "model/access/access.h"
#include "model/insight/cluster.h"

/* Labels NAME-1 … NAME-k, in one transaction with an audit record; labels of that name from an
 * earlier run are replaced, those beyond k removed. ST_DENIED without the right to edit people,
 * ST_REFUSED for a name that is empty or too long, ST_CONFLICT where a label of that name has a
 * rule of its own. Begins and commits by itself. */
enum status clusters_save(struct writer *writer, const struct access *access,
                          const struct clusters *clusters, const char *name, struct error *err);

#endif
