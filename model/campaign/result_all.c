/* The results of all campaigns together: pairs of a person and a campaign. */
#include "model/campaign/result_parts.h"

#include "model/base/intl.h"

#include <math.h>

static void group_add_to(struct result_group *group, const struct result_sums sums[RESULT_ARMS])
{
    for (int a = 0; a < RESULT_ARMS; a++) {
        group->sums[a].people += sums[a].people;
        group->sums[a].responded += sums[a].responded;
        group->sums[a].sales += sums[a].sales;
    }
}

struct totalling {
    struct reader *reader;
    struct arena *arena;
    const struct access *access;
    const struct result_query *query;
    struct result_totals *totals;
    struct result_group *groups; /* by crowd, or by channel */
    size_t n_groups;
};

static enum status groups_begin(struct totalling *t, struct error *err)
{
    enum result_by by = t->query->by;
    if (by != RESULT_BY_NONE && !result_bys[by].crowd)
        return error_set(err, ST_USAGE,
                         "all campaigns together are told by crowd or by contact, not by %s",
                         result_bys[by].name);
    if (by == RESULT_BY_NONE) {
        t->n_groups = dict_size(t->reader, DICT_CHANNEL) + 1;
        t->groups = arena_array(t->arena, struct result_group, t->n_groups);
        for (uint32_t c = 0; c < t->n_groups; c++)
            t->groups[c].name =
                c ? arena_strdup(t->arena, dict_name(t->reader, DICT_CHANNEL, c)) : _("not known");
        return ST_OK;
    }
    uint32_t n = 0;
    enum status status = people_end(t->reader, &n, err);
    if (status != ST_OK)
        return status;
    struct set *everybody = set_new(t->arena, n);
    set_flip(everybody, n ? 1 : 0, n);
    return result_crowds_read(t->reader, t->arena, t->query, n, everybody, &t->groups, &t->n_groups,
                              err);
}

static void groups_take(struct totalling *t, const struct campaign_result *result)
{
    const struct result_people *p = result->people;
    struct result_sums sums[RESULT_ARMS];
    for (size_t i = 0; i < t->n_groups; i++) {
        const struct set *people = t->groups[i].people;
        if (t->query->by == RESULT_BY_NONE)
            people = i < p->n_channels ? p->by_channel[i] : NULL;
        if (!people)
            continue;
        result_sums_of(p, people, sums);
        group_add_to(&t->groups[i], sums);
    }
}

static void groups_end(struct totalling *t)
{
    struct result_totals *totals = t->totals;
    size_t n = 0;
    for (size_t i = 0; i < t->n_groups; i++) {
        struct result_group *g = &t->groups[i];
        if (!g->sums[0].people && !g->sums[1].people)
            continue;
        for (int a = 0; a < RESULT_ARMS; a++)
            g->rate[a] =
                stat_wilson((double)g->sums[a].responded, (double)g->sums[a].people, STAT_Z95);
        g->lift = result_lift_of(g->sums, false);
        g->burned = g->given = g->touched = g->last_sales = -1;
        g->people = NULL;
        t->groups[n++] = *g;
    }
    groups_hide_small(t->arena, t->access, t->groups, n);
    totals->groups = t->groups;
    totals->n_groups = n;
    for (int a = 0; t->access && a < RESULT_ARMS; a++) {
        totals->hidden[a][0] = small_group(t->access, totals->sums[a].people);
        totals->hidden[a][1] = small_group(t->access, totals->sums[a].responded);
    }
}

/* Each in memory of its own, so that only one is held at a time. */
static enum status totals_take(struct totalling *t, const struct campaign *campaign,
                               const struct census *census, struct campaign_result *into,
                               struct error *err)
{
    struct result_query plain = {.margin = NAN, .threads = t->query->threads};
    struct arena *work = arena_new();
    enum status status = result_one_run(t->reader, work, campaign, census, &plain, into, err);
    if (status == ST_OK) {
        groups_take(t, into);
        struct result_group sum = {0};
        for (int a = 0; a < RESULT_ARMS; a++)
            sum.sums[a] = t->totals->sums[a];
        group_add_to(&sum, into->sums);
        for (int a = 0; a < RESULT_ARMS; a++)
            t->totals->sums[a] = sum.sums[a];
        result_people_release((struct result_people *)into->people);
        into->people = NULL;
        into->days = NULL;
        into->n_days = 0;
        into->suppressed = NULL;
        into->n_suppressed = 0;
        into->reason = arena_strdup(t->arena, into->reason);
        result_hide_small(t->arena, t->access, into);
    }
    arena_free(work);
    return status;
}

static enum status totals_run(struct totalling *t, struct error *err)
{
    const struct campaign *campaigns;
    struct census census;
    size_t n = 0;
    enum status status = census_read(t->reader, t->arena, t->query->threads, &census, err);
    if (status == ST_OK)
        status = campaign_list(t->reader, t->arena, 0, &campaigns, &n, err);
    if (status == ST_OK)
        status = groups_begin(t, err);
    struct campaign_result *results = arena_array(t->arena, struct campaign_result, n + 1);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        const struct campaign *c = &campaigns[i];
        if (c->id >= census.n || (!census.at[c->id].events && !c->edition))
            continue;
        reader_progress_part(t->reader, (int)(i * 1000 / n), (int)((i + 1) * 1000 / n));
        status = totals_take(t, c, &census, &results[t->totals->n], err);
        t->totals->n += status == ST_OK;
    }
    t->totals->results = results;
    if (status == ST_OK)
        groups_end(t);
    return status;
}

enum status campaign_results_all(struct reader *reader, struct arena *arena,
                                 const struct access *access, const struct result_query *query,
                                 struct result_totals *totals, struct error *err)
{
    struct totalling t = {reader, arena, access, query, totals, NULL, 0};
    *totals = (struct result_totals){0};
    enum status status =
        access ? access_require(access, RIGHT_QUESTIONS, "look at results", err) : ST_OK;
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = totals_run(&t, err);
    reader_end(reader);
    return status;
}
