/* Groups of cohorts. Inside the module. */
#ifndef ATRIUM_LOOP_RETENTION_PARTS_H
#define ATRIUM_LOOP_RETENTION_PARTS_H

#include "model/loop/funnel_parts.h"
#include "model/loop/retention.h"

/* A group's rows while they can still be changed: rows x periods in both arrays. */
struct retention_table {
    const char *name;
    const struct retention_row *rows;
    int64_t *values, *revenue;
};

/* What start events in [from, to) are told apart by. *list_group: the number of the query's group,
 * or as many as there are. */
enum status retention_split(struct reader *reader, struct arena *arena,
                            const struct retention_query *query, int64_t from, int64_t to,
                            struct funnel_split *split, size_t *list_group, struct error *err);

/* The tables with a cohort, the largest first, without what `access` (NULL: all) may not see. */
void retention_groups_order(struct arena *arena, const struct access *access,
                            struct retention_table *tables, size_t n, struct retention *retention);

#endif
