/* Crowds: the people of a campaign by what is known of them, as sets. */
#include "model/campaign/result_parts.h"

#include "model/base/intl.h"
#include "model/insight/portrait_group.h"
#include "model/people/member_row.h"
#include "model/people/profile.h"
#include "model/segment/saved.h"
#include "model/segment/segment.h"
#include "model/segment/vocabulary.h"
#include "model/store/column.h"

#include <stdio.h>
#include <string.h>

struct crowds {
    struct reader *reader;
    struct arena *arena;
    const struct result_query *query;
    const struct set *among;
    uint32_t n_people;
    VEC(struct result_group) groups;
};

static struct result_group *crowd_add(struct crowds *c, const char *name, const struct set *people)
{
    vec_push(&c->groups, (struct result_group){.name = name,
                                               .people = people,
                                               .burned = -1,
                                               .given = -1,
                                               .touched = -1,
                                               .last_sales = -1});
    return &c->groups.at[c->groups.n - 1];
}

/* Everybody in no other group. */
static void crowd_rest(struct crowds *c, const char *name)
{
    struct set *rest = set_new(c->arena, c->n_people);
    set_or(rest, c->among);
    for (size_t i = 0; i < c->groups.n; i++)
        set_minus(rest, c->groups.at[i].people);
    if (set_count(rest))
        crowd_add(c, name, rest);
}

/* ---- Fields of members ---- */

enum { AGES = 7 };
static const int age_ends[AGES - 1] = {18, 25, 35, 45, 55, 65};
static const char *const ages[AGES] = {N_("under 18"), "18–24", "25–34",          "35–44",
                                       "45–54",        "55–64", N_("65 and over")};

static int age_of(uint64_t birth, int32_t today)
{
    int years = birth ? age_at((int64_t)birth - PROFILE_DAY, today) : -1, stage = 0;
    while (years >= 0 && stage < AGES - 1 && years >= age_ends[stage])
        stage++;
    return years < 0 ? -1 : stage;
}

/* The set of each word or age that occurs; sets[0] is of those whose field is empty. */
static enum status field_sets(struct crowds *c, enum profile_field field, int32_t today,
                              struct set ***sets, size_t *n, const char *const **words,
                              struct profiles *profiles, struct error *err)
{
    const uint64_t *values[PROFILE_FIELDS];
    VEC(struct set *) found = {0};
    uint32_t blocks = (c->n_people + EVENT_BLOCK - 1) / EVENT_BLOCK;
    enum status status = ST_OK;
    for (uint32_t b = 0; status == ST_OK && b < blocks; b++) {
        uint32_t first = b * EVENT_BLOCK;
        uint32_t end = first + EVENT_BLOCK < c->n_people ? first + EVENT_BLOCK : c->n_people;
        if (set_next(c->among, first) >= end)
            continue;
        status = profiles_read(profiles, (int32_t)b, 1u << field, values, err);
        for (uint32_t p = set_next(c->among, first); status == ST_OK && p < end;
             p = set_next(c->among, p + 1)) {
            uint64_t value = values[field] ? values[field][p - first] : 0;
            size_t at = field == PROFILE_BIRTH ? (size_t)(age_of(value, today) + 1) : (size_t)value;
            while (found.n <= at)
                vec_push(&found, NULL);
            if (!found.at[at])
                found.at[at] = set_new(c->arena, c->n_people);
            set_add(found.at[at], p);
        }
        if (reader_cancelled(c->reader))
            status = error_set(err, ST_CANCELLED, "the result was cancelled");
    }
    size_t n_words;
    *words = profiles_words(profiles, &n_words);
    *sets = vec_copy(c->arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

static enum status by_field(struct crowds *c, enum profile_field field, struct error *err)
{
    struct profiles *profiles = NULL;
    struct set **sets;
    const char *const *words;
    size_t n = 0;
    int32_t today = 0;
    enum status status = present_day(c->reader, &today, err);
    if (status == ST_OK)
        status = profiles_open(c->reader, &profiles, err);
    if (status == ST_OK)
        status = field_sets(c, field, today, &sets, &n, &words, profiles, err);
    for (size_t i = 1; status == ST_OK && i < n; i++)
        if (sets[i])
            crowd_add(c, field == PROFILE_BIRTH ? _(ages[i - 1]) : arena_strdup(c->arena, words[i]),
                      sets[i]);
    if (status == ST_OK && n && sets[0])
        crowd_add(c, _("not known"), sets[0]);
    profiles_close(profiles);
    return status;
}

static enum status by_tier(struct crowds *c, struct error *err)
{
    return by_field(c, PROFILE_TIER, err);
}
static enum status by_gender(struct crowds *c, struct error *err)
{
    return by_field(c, PROFILE_GENDER, err);
}
static enum status by_age(struct crowds *c, struct error *err)
{
    return by_field(c, PROFILE_BIRTH, err);
}

/* ---- Lists ---- */

static enum status by_label(struct crowds *c, struct error *err)
{
    VEC(struct label_name {
        int64_t id;
        const char *name;
    })
    names = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(c->reader, "select id, name from label order by name", &stmt, err);
    while (status == ST_OK && (status = reader_step(c->reader, stmt, &row, err)) == ST_OK && row &&
           names.n < RESULT_GROUPS)
        vec_push(&names, (struct label_name){sqlite3_column_int64(stmt, 0),
                                             arena_strdup(c->arena, column_text(stmt, 1))});
    if (status == ST_OK)
        sqlite3_reset(stmt);
    for (size_t i = 0; status == ST_OK && i < names.n; i++) {
        struct set *people = set_new(c->arena, c->n_people);
        status = group_label_set(c->reader, names.at[i].id, people, err);
        set_and(people, c->among);
        if (status == ST_OK && set_count(people))
            crowd_add(c, names.at[i].name, people);
    }
    vec_free(&names);
    return status;
}

static enum status by_segment(struct crowds *c, struct error *err)
{
    const struct saved_segment *segments;
    size_t n = 0, n_plans = 0;
    enum status status = saved_segments(c->reader, c->arena, &segments, &n, err);
    n = n > RESULT_GROUPS ? RESULT_GROUPS : n;
    const struct segment_plan **plans = arena_array(c->arena, const struct segment_plan *, n + 1);
    struct set **sets = arena_array(c->arena, struct set *, n + 1);
    const char **names = arena_array(c->arena, const char *, n + 1);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct error why = {0};
        const char *text = arena_printf(c->arena, "anyone and segment:%s",
                                        segment_name_text(c->arena, segments[i].name));
        /* One that can no longer be read, as a label in it went, has no people. */
        if (segment_bind(c->reader, c->arena, NULL, text, &plans[n_plans], &why) == ST_OK)
            names[n_plans++] = segments[i].name;
        error_clear(&why);
    }
    if (status == ST_OK && n_plans)
        status = segment_evaluate(c->reader, c->arena, plans, n_plans, c->among, c->query->threads,
                                  sets, err);
    for (size_t i = 0; status == ST_OK && i < n_plans; i++)
        if (set_count(sets[i]))
            crowd_add(c, names[i], sets[i]);
    return status;
}

/* ---- Free attributes ---- */

static enum status by_attribute(struct crowds *c, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    struct set *people = NULL;
    if (personal_attribute(c->query->name))
        return error_set(err, ST_DENIED, "attr:%s tells who a person is: it makes no crowds",
                         c->query->name);
    enum status status = reader_prepare(c->reader,
                                        "select person, value from attribute where name = ?1"
                                        " order by value, person",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, c->query->name, -1, SQLITE_STATIC);
    while ((status = reader_step(c->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        const char *value = column_text(stmt, 1);
        if (person <= 0 || person >= c->n_people || !set_has(c->among, (uint32_t)person))
            continue;
        if (!people || strcmp(c->groups.at[c->groups.n - 1].name, value) != 0) {
            if (c->groups.n == RESULT_GROUPS)
                break;
            people = set_new(c->arena, c->n_people);
            crowd_add(c, arena_strdup(c->arena, value), people);
        }
        set_add(people, (uint32_t)person);
    }
    sqlite3_reset(stmt);
    if (status == ST_OK)
        crowd_rest(c, _("not known"));
    return status;
}

enum status result_crowds_read(struct reader *reader, struct arena *arena,
                               const struct result_query *query, uint32_t n_people,
                               const struct set *among, struct result_group **groups, size_t *n,
                               struct error *err)
{
    static enum status (*const readers[RESULT_BYS])(struct crowds *, struct error *) = {
        [RESULT_BY_TIER] = by_tier,       [RESULT_BY_GENDER] = by_gender,
        [RESULT_BY_AGE] = by_age,         [RESULT_BY_LABEL] = by_label,
        [RESULT_BY_SEGMENT] = by_segment, [RESULT_BY_ATTRIBUTE] = by_attribute,
    };
    struct crowds crowds = {
        .reader = reader, .arena = arena, .query = query, .among = among, .n_people = n_people};
    enum status status = readers[query->by](&crowds, err);
    *n = crowds.groups.n;
    *groups = arena_array(arena, struct result_group, *n + 1);
    if (*n)
        memcpy(*groups, crowds.groups.at, *n * sizeof **groups);
    vec_free(&crowds.groups);
    return status;
}
