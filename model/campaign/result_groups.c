/* Sums and intervals of the arms, and the breakdowns of a result. */
#include "model/campaign/result_parts.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <math.h>
#include <string.h>

const struct result_by_info result_bys[RESULT_BYS] = {
    [RESULT_BY_NONE] = {"", "", false},
    [RESULT_BY_TIER] = {"tier", N_("tier"), true},
    [RESULT_BY_GENDER] = {"gender", N_("gender"), true},
    [RESULT_BY_AGE] = {"age", N_("age"), true},
    [RESULT_BY_LABEL] = {"label", N_("label"), true},
    [RESULT_BY_SEGMENT] = {"segment", N_("segment"), true},
    [RESULT_BY_ATTRIBUTE] = {"attr", N_("attribute"), true},
    [RESULT_BY_SHOP] = {"shop", N_("shop"), false},
    [RESULT_BY_BRAND] = {"brand", N_("brand"), false},
    [RESULT_BY_CATEGORY] = {"category", N_("category"), false},
    [RESULT_BY_CONTACT] = {"contact", N_("contact"), false},
    [RESULT_BY_DAY] = {"day", N_("day"), false},
};

enum status result_by_parse(const char *text, enum result_by *by, const char **name,
                            struct error *err)
{
    size_t word = strcspn(text, ":");
    *name = text[word] == ':' ? text + word + 1 : "";
    for (int i = RESULT_BY_TIER; i < RESULT_BYS; i++)
        if (strlen(result_bys[i].name) == word && memcmp(result_bys[i].name, text, word) == 0 &&
            (i == RESULT_BY_ATTRIBUTE) == (**name != '\0')) {
            *by = (enum result_by)i;
            return ST_OK;
        }
    struct arena *arena = arena_new();
    enum status status = error_set(err, ST_USAGE,
                                   "--by: found %s, expected tier, gender, age, label, segment, "
                                   "attr:NAME, shop, brand, category, contact or day",
                                   text_quote(arena, text, strlen(text)));
    arena_free(arena);
    return status;
}

/* ---- Sums ---- */

void result_sums_of(const struct result_people *p, const struct set *among,
                    struct result_sums sums[RESULT_ARMS])
{
    for (int a = 0; a < RESULT_ARMS; a++) {
        const struct set *arm = p->arm[a];
        size_t words = set_words(p->n);
        sums[a] = (struct result_sums){0};
        for (size_t w = 0; w < words; w++) {
            uint64_t bits = arm->words[w];
            if (among)
                bits &= w < set_words(among->n) ? among->words[w] : 0;
            sums[a].people += __builtin_popcountll(bits);
            sums[a].responded += __builtin_popcountll(bits & p->responded->words[w]);
            for (; bits; bits &= bits - 1)
                sums[a].sales += p->sales[w * 64 + (size_t)__builtin_ctzll(bits)];
        }
    }
}

struct result_lift result_lift_of(const struct result_sums *sums, bool measured)
{
    const struct result_sums *t = &sums[ARM_TREATED], *h = &sums[ARM_HOLDOUT];
    struct result_lift lift = {NAN, NAN, NAN, {NAN, NAN}};
    if (!measured || !t->people || !h->people)
        return lift;
    double k1 = (double)t->responded, n1 = (double)t->people;
    double k2 = (double)h->responded, n2 = (double)h->people;
    lift.lift = k1 / n1 - k2 / n2;
    lift.z = stat_two_proportions_z(k1, n1, k2, n2);
    lift.p = stat_two_sided(lift.z);
    lift.newcombe = stat_newcombe(k1, n1, k2, n2, STAT_Z95);
    return lift;
}

static void group_finish(const struct result_job *job, struct result_group *group, bool compared)
{
    for (int a = 0; a < RESULT_ARMS; a++)
        group->rate[a] =
            stat_wilson((double)group->sums[a].responded, (double)group->sums[a].people, STAT_Z95);
    group->lift = result_lift_of(group->sums, compared && job->result->measured);
}

static struct result_group *groups_new(struct result_job *job, size_t n)
{
    struct result_group *groups = arena_array(job->arena, struct result_group, n + 1);
    for (size_t i = 0; i < n; i++)
        groups[i] = (struct result_group){
            .name = "", .burned = -1, .given = -1, .touched = -1, .last_sales = -1};
    return groups;
}

/* ---- Crowds ---- */

static enum status crowds_read(struct result_job *job, struct error *err)
{
    struct result_people *p = job->people;
    struct result_group *groups;
    size_t n;
    struct set *both = set_new(job->arena, p->n);
    set_or(both, p->arm[ARM_TREATED]);
    set_or(both, p->arm[ARM_HOLDOUT]);
    enum status status =
        result_crowds_read(job->reader, job->arena, job->query, p->n, both, &groups, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        result_sums_of(p, groups[i].people, groups[i].sums);
        group_finish(job, &groups[i], true);
    }
    job->result->groups = groups;
    job->result->n_groups = n;
    return status;
}

/* ---- Contacts ---- */

/* Whom a channel reached first of all is no part of the audience chosen by chance, so there is
 * nothing to compare with: counts, their intervals, and last touch. */
static enum status contacts_read(struct result_job *job, struct error *err)
{
    struct result_people *p = job->people;
    struct result_group *groups = groups_new(job, p->n_channels);
    size_t n = 0;
    (void)err;
    for (uint32_t c = 0; c < p->n_channels; c++) {
        if (!p->by_channel[c])
            continue;
        struct result_group *group = &groups[n++];
        group->name =
            c ? arena_strdup(job->arena, dict_name(job->reader, DICT_CHANNEL, c)) : _("not known");
        group->key = c;
        group->people = p->by_channel[c];
        group->last_sales = job->last_by[c];
        result_sums_of(p, group->people, group->sums);
        group_finish(job, group, false);
    }
    job->result->groups = groups;
    job->result->n_groups = n;
    return ST_OK;
}

/* ---- Shops, brands, categories, days ---- */

static uint32_t place_of(const struct result_job *job, uint32_t tenant, int64_t time)
{
    if (job->query->by == RESULT_BY_DAY)
        return (uint32_t)(clock_day(job->clock, time) - job->first_day);
    return tenant < job->n_places ? job->place_of[tenant] : 0;
}

static int64_t use_value(const struct result_job *job, const struct result_use *use)
{
    switch (use->kind) {
    case KIND_POINTS_BURN:
    case KIND_POINTS_EARN:
        return use->amount * 100 / job->points_rate;
    case KIND_COUPON_REDEEM:
        return use->amount ? use->amount : job->campaign->offer.value;
    case KIND_BENEFIT:
        return use->amount;
    default:
        return 0;
    }
}

static bool group_is_empty(const struct result_group *g)
{
    return !g->sums[0].responded && !g->sums[1].responded && !g->sums[0].sales &&
           !g->sums[1].sales && !g->given && !g->touched;
}

static const char *place_name(struct result_job *job, uint32_t place)
{
    if (job->query->by == RESULT_BY_DAY)
        return date_text(job->arena, job->first_day + (int32_t)place);
    return job->place_names[place];
}

static int group_compare(const void *a, const void *b)
{
    const struct result_group *x = a, *y = b;
    int64_t one = x->sums[0].sales + x->touched, two = y->sums[0].sales + y->touched;
    if (one != two)
        return one > two ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static void places_sum(struct result_job *job, struct result_group *groups, uint32_t n)
{
    struct result_people *p = job->people;
    for (uint32_t i = 0; i < n; i++) {
        groups[i].key = i;
        groups[i].burned = groups[i].given = groups[i].touched = 0;
        for (int a = 0; a < RESULT_ARMS; a++)
            groups[i].sums[a].people = job->result->sums[a].people;
    }
    for (size_t i = 0; i < p->places.n; i++) {
        const struct result_pair *pair = &p->places.at[i];
        enum result_arm arm = set_has(p->arm[ARM_HOLDOUT], pair->person);
        if (pair->key >= n)
            continue;
        groups[pair->key].sums[arm].responded += pair->bought;
        groups[pair->key].sums[arm].sales += pair->sales;
    }
    for (size_t i = 0; i < job->uses.n; i++) {
        const struct result_use *use = &job->uses.at[i];
        uint32_t at = place_of(job, use->tenant, use->time);
        if (at >= n)
            continue;
        groups[at].burned += use->kind == KIND_POINTS_BURN ? use->amount : 0;
        groups[at].given += use_value(job, use);
    }
    for (size_t i = 0; i < job->receipts.n; i++) {
        uint32_t at = place_of(job, job->receipts.at[i].tenant, job->receipts.at[i].time);
        if (at < n)
            groups[at].touched += job->receipts.at[i].amount;
    }
}

static enum status places_read(struct result_job *job, struct error *err)
{
    bool days = job->query->by == RESULT_BY_DAY;
    uint32_t n = days ? (uint32_t)(job->last_day - job->first_day + 1) : job->n_place_names;
    struct result_group *groups = groups_new(job, n);
    size_t kept = 0;
    (void)err;
    places_sum(job, groups, n);
    for (uint32_t i = 0; i < n; i++)
        if (days ? job->on[i] || !group_is_empty(&groups[i]) : !group_is_empty(&groups[i]))
            groups[kept++] = groups[i];
    if (!days && kept)
        qsort(groups, kept, sizeof *groups, group_compare);
    if (kept > RESULT_GROUPS) {
        job->result->n_left_out = kept - RESULT_GROUPS;
        kept = RESULT_GROUPS;
    }
    for (size_t i = 0; i < kept; i++) {
        groups[i].name = place_name(job, groups[i].key);
        group_finish(job, &groups[i], true);
    }
    job->result->groups = groups;
    job->result->n_groups = kept;
    return ST_OK;
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Brands and categories are numbered by their names; a shop by itself. */
enum status result_places_name(struct result_job *job, struct error *err)
{
    static const char *const sql[RESULT_BYS] = {
        [RESULT_BY_SHOP] = "select id, code || ' ' || name from tenant",
        [RESULT_BY_BRAND] = "select id, brand from tenant",
        [RESULT_BY_CATEGORY] = "select id, category from tenant",
    };
    const char *question = sql[job->query->by];
    if (!question)
        return ST_OK;
    uint32_t n = dict_size(job->reader, DICT_TENANT) + 1;
    const char **texts = arena_array(job->arena, const char *, n);
    const char **names = arena_array(job->arena, const char *, n + 1);
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(job->reader, question, &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id > 0 && id < n)
            texts[id] = arena_strdup(job->arena, column_text(stmt, 1));
    }
    if (status != ST_OK)
        return status;
    sqlite3_reset(stmt);
    uint32_t *place = arena_array(job->arena, uint32_t, n), n_names = 1;
    names[0] = _("not known");
    for (uint32_t i = 1; i < n; i++)
        if (texts[i] && *texts[i])
            names[n_names++] = texts[i];
    if (job->query->by == RESULT_BY_SHOP) {
        for (uint32_t i = 0; i < n; i++) {
            place[i] = i;
            names[i] = texts[i] ? texts[i] : _("not known");
        }
        n_names = n;
    } else {
        uint32_t unique = 1;
        qsort(names + 1, n_names - 1, sizeof *names, text_compare);
        for (uint32_t i = 1; i < n_names; i++)
            if (unique == 1 || strcmp(names[i], names[unique - 1]) != 0)
                names[unique++] = names[i];
        n_names = unique;
        for (uint32_t i = 1; i < n; i++) {
            const char **at = texts[i] && *texts[i] ? bsearch(&texts[i], names + 1, n_names - 1,
                                                              sizeof *names, text_compare)
                                                    : NULL;
            place[i] = at ? (uint32_t)(at - names) : 0;
        }
    }
    job->place_of = place;
    job->place_names = names;
    job->n_places = n;
    job->n_place_names = n_names;
    return ST_OK;
}

enum status result_groups_read(struct result_job *job, struct error *err)
{
    enum result_by by = job->query->by;
    if (by == RESULT_BY_NONE)
        return ST_OK;
    if (result_bys[by].crowd)
        return crowds_read(job, err);
    return by == RESULT_BY_CONTACT ? contacts_read(job, err) : places_read(job, err);
}
