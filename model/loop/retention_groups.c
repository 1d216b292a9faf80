#include "model/access/access.h"
#include "model/base/text.h"
#include "model/loop/funnel_plan.h"
#include "model/loop/retention_parts.h"

#include <stdlib.h>
#include <string.h>

enum status retention_split(struct reader *reader, struct arena *arena,
                            const struct retention_query *query, int64_t from, int64_t to,
                            struct funnel_split *split, size_t *list_group, struct error *err)
{
    uint32_t n_people;
    const struct funnel_query asked = {.steps = &query->start,
                                       .n_steps = 1,
                                       .from = from,
                                       .to = to,
                                       .by = query->by,
                                       .sets = query->sets,
                                       .n_sets = query->n_sets};
    enum status status = funnel_people_number(reader, &n_people, err);
    if (status == ST_OK)
        status = funnel_split_make(reader, arena, &asked, n_people, split, err);
    if (status != ST_OK)
        return status;
    *list_group = query->list_group ? 0 : split->n;
    while (*list_group < split->n && strcmp(split->names[*list_group], query->list_group) != 0)
        ++*list_group;
    if (query->list_group && *list_group == split->n)
        return error_set(err, ST_USAGE, "there is no group %s by %s",
                         text_quote(arena, query->list_group, strlen(query->list_group)),
                         funnel_by_names[query->by]);
    return ST_OK;
}

enum status retention_bind(struct reader *reader, struct arena *arena, const struct access *access,
                           struct retention_query *query, struct error *err)
{
    struct funnel_plan plan = {.query.by = query->by};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = funnel_plan_bind(reader, arena, access, &plan, err);
    reader_end(reader);
    query->sets = plan.query.sets;
    query->n_sets = plan.query.n_sets;
    return status;
}

/* One cell of all groups: they add up to that of everyone, which is shown. */
static void cell_keep_back(const struct access *access, struct retention_table *tables, size_t n,
                           size_t cell, int64_t *people, bool *hidden)
{
    for (size_t g = 0; g < n; g++)
        people[g] = tables[g].values[cell];
    small_groups(access, people, n, hidden);
    for (size_t g = 0; g < n; g++)
        if (hidden[g]) {
            tables[g].values[cell] = RETENTION_HIDDEN;
            tables[g].revenue[cell] = 0;
        }
}

static int64_t table_people(const struct retention_table *table, size_t n_rows)
{
    int64_t people = 0;
    for (size_t row = 0; row < n_rows; row++)
        people += table->rows[row].values[0];
    return people;
}

struct sized {
    int64_t people;
    struct retention_group group;
};

static int sized_compare(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;
    if (x->people != y->people)
        return x->people > y->people ? -1 : 1;
    return strcmp(x->group.name, y->group.name);
}

void retention_groups_order(struct arena *arena, const struct access *access,
                            struct retention_table *tables, size_t n, struct retention *retention)
{
    size_t cells = retention->n_rows * (size_t)retention->periods;
    struct sized *sized = arena_array(arena, struct sized, n + 1);
    struct retention_group *groups = arena_array(arena, struct retention_group, n + 1);
    bool *hidden = arena_array(arena, bool, n + 1);
    int64_t *people = arena_array(arena, int64_t, n + 1);
    for (size_t g = 0; g < n; g++)
        sized[g] = (struct sized){table_people(&tables[g], retention->n_rows),
                                  {tables[g].name, tables[g].rows}};
    for (size_t cell = 0; cell < cells && access && access->least_people; cell++)
        cell_keep_back(access, tables, n, cell, people, hidden);
    if (n)
        qsort(sized, n, sizeof *sized, sized_compare);
    while (retention->n_groups < n && sized[retention->n_groups].people) {
        groups[retention->n_groups] = sized[retention->n_groups].group;
        retention->n_groups++;
    }
    retention->groups = groups;
}

struct retention_sum retention_sum(const struct retention_row *rows, size_t n_rows, int k)
{
    struct retention_sum sum = {0};
    for (size_t i = 0; i < n_rows; i++)
        if (k < rows[i].open && rows[i].values[0] != RETENTION_HIDDEN &&
            rows[i].values[k] != RETENTION_HIDDEN) {
            sum.people += rows[i].values[0];
            sum.value += rows[i].values[k];
            sum.first_revenue += rows[i].revenue[0];
            sum.revenue += rows[i].revenue[k];
        }
    return sum;
}
