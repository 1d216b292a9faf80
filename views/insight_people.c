#include "views/insight_people.h"

#include "tui/intl.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- A pair ---- */

const char *insight_pair(struct arena *arena, enum affinity_of of, enum affinity_by by,
                         const char *a, const char *b)
{
    return arena_printf(arena, "affinity %d %d %s\x1f%s", (int)of, (int)by, a, b);
}

enum status people_of_pair(struct reader *reader, struct arena *arena, const char *rest,
                           const struct people_question *question, struct people_found *found,
                           struct error *err)
{
    int of, by, at = 0;
    struct affinity_people people;
    if (sscanf(rest, "%d %d %n", &of, &by, &at) < 2 || !at || of < 0 || of >= AFFINITY_OF_COUNT ||
        by < 0 || by >= AFFINITY_BY_COUNT || !strchr(rest + at, '\x1f'))
        return error_set(err, ST_USAGE, "this names no pair");
    const char *mark = strchr(rest + at, '\x1f');
    const char *a = arena_strndup(arena, rest + at, (size_t)(mark - rest) - (size_t)at);
    struct affinity_query query = {.of = (enum affinity_of)of,
                                   .by = (enum affinity_by)by,
                                   .from = question->period.from,
                                   .to = question->period.until};
    enum status status = affinity_people_run(reader, arena, &query, a, mark + 1, &people, err);
    if (status != ST_OK)
        return status;
    found->people = people.people;
    found->n = people.n;
    found->title = arena_printf(arena, _("%s and %s"), a, mark + 1);
    if (by != AFFINITY_PERSON)
        found->title =
            arena_printf(arena, by == AFFINITY_VISIT ? _("%s: %lld visits") : _("%s: %lld baskets"),
                         found->title, (long long)people.all);
    if (people.nobody)
        found->title = arena_printf(arena, _("%s, %lld of nobody known"), found->title,
                                    (long long)people.nobody);
    return ST_OK;
}

/* ---- Expected value ---- */

const char *insight_value(struct arena *arena, const struct value *value, const char *what, int n)
{
    const struct bgnbd *m = &value->fit.model;
    const struct spend *s = &value->spend.model;
    return arena_printf(arena,
                        "value %" PRId64 " %.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g %s %d",
                        value->query.at, value->query.horizon, m->r, m->alpha, m->a, m->b,
                        value->money_known ? s->p : 0, value->money_known ? s->q : 0,
                        value->money_known ? s->v : 0, what, n);
}

static int index_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_meant(const struct value *value, size_t place, const char *what, int n)
{
    const struct value_person *person = &value->people[value->order[place]];
    if (strcmp(what, "band") == 0)
        return value_band(person->alive) == n;
    if (strcmp(what, "decile") == 0)
        return (int)(place * VALUE_DECILES / value->n) == n;
    if (strcmp(what, "slipping") == 0)
        return value_slipping(value, person);
    return true;
}

static const char *value_title(struct arena *arena, const char *what, int n)
{
    if (strcmp(what, "band") == 0)
        return arena_printf(arena, _("chance to be alive %d to %d%%"), n * 10, n * 10 + 10);
    if (strcmp(what, "decile") == 0)
        return arena_printf(arena, _("tenth %d by expected purchases"), n + 1);
    return strcmp(what, "slipping") == 0 ? _("slipping away") : _("everybody who bought");
}

enum status value_choose(struct reader *reader, struct arena *arena, const char *rest,
                         struct value_chosen *chosen, struct error *err)
{
    struct bgnbd model;
    struct spend spend;
    struct value_query query = {.unit = 7, .model = &model};
    char what[16] = "";
    int n = 0;
    if (sscanf(rest, "%" SCNd64 " %lg %lg %lg %lg %lg %lg %lg %lg %15s %d", &query.at,
               &query.horizon, &model.r, &model.alpha, &model.a, &model.b, &spend.p, &spend.q,
               &spend.v, what, &n) < 10 ||
        !(model.r > 0 && model.alpha > 0 && model.a > 0 && model.b > 0 && query.horizon > 0))
        return error_set(err, ST_USAGE, "this names no people by their value");
    query.spend = spend.p > 0 && spend.v > 0 ? &spend : NULL;
    enum status status = value_run(reader, arena, &query, &chosen->value, err);
    if (status != ST_OK)
        return status;
    uint32_t *at = arena_array(arena, uint32_t, chosen->value.n + 1);
    chosen->n = 0;
    for (size_t i = 0; i < chosen->value.n; i++)
        if (is_meant(&chosen->value, i, what, n))
            at[chosen->n++] = chosen->value.order[i];
    chosen->at = at;
    chosen->title = value_title(arena, what, n);
    return ST_OK;
}

enum status people_of_value(struct reader *reader, struct arena *arena, const char *rest,
                            const struct people_question *question, struct people_found *found,
                            struct error *err)
{
    struct value_chosen chosen;
    (void)question;
    enum status status = value_choose(reader, arena, rest, &chosen, err);
    if (status != ST_OK)
        return status;
    uint32_t *people = arena_array(arena, uint32_t, chosen.n + 1);
    for (size_t i = 0; i < chosen.n; i++)
        people[i] = chosen.value.people[chosen.at[i]].person;
    if (chosen.n)
        qsort(people, chosen.n, sizeof *people, index_compare);
    found->people = people;
    found->n = chosen.n;
    found->title = chosen.title;
    return ST_OK;
}

/* ---- A cluster ---- */

const char *insight_cluster(struct arena *arena, const struct feature_query *asked,
                            const char *names, const struct clusters *clusters, size_t n)
{
    return arena_printf(arena, "cluster %" PRId64 " %" PRId64 " %zu %" PRIu64 " %zu %s", asked->at,
                        asked->from, clusters->k, clusters->query.seed, n, names);
}

enum status people_of_cluster(struct reader *reader, struct arena *arena, const char *rest,
                              const struct people_question *question, struct people_found *found,
                              struct error *err)
{
    struct feature_query asked = {0};
    struct cluster_query query = {.reader = reader};
    struct feature_table table;
    struct clusters clusters;
    size_t n = 0;
    int at = 0;
    (void)question;
    if (sscanf(rest, "%" SCNd64 " %" SCNd64 " %zu %" SCNu64 " %zu %n", &asked.at, &asked.from,
               &query.k, &query.seed, &n, &at) < 5 ||
        !at || query.k < 1 || query.k > KMEANS_MOST || n > query.k)
        return error_set(err, ST_USAGE, "this names no cluster");
    asked.names = rest + at;
    enum status status = features_read(reader, arena, &asked, &table, err);
    if (status == ST_OK)
        status = clusters_run(arena, &table, &query, &clusters, err);
    if (status != ST_OK)
        return status;
    found->people = table.people;
    found->n = table.n;
    found->title = _("everybody who bought");
    if (!n)
        return ST_OK;
    found->people = cluster_people(arena, &clusters, n - 1, &found->n);
    found->title =
        arena_printf(arena, _("cluster %zu: %s"), n, cluster_words(arena, &clusters, n - 1));
    return ST_OK;
}
