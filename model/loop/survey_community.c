/* Relations, groups and interests: rows about people, joined to what the pass noted of them. */
#include "model/base/radix.h"
#include "model/loop/survey.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum status survey_topics_read(struct survey_ground *ground, struct error *err)
{
    struct name_collector found = {.arena = ground->arena};
    struct bytes *interests = &ground->interests;
    uint32_t last = 0;
    sqlite3_stmt *stmt;
    bool row;

    if (ground->topics_known)
        return ST_OK;
    enum status status = reader_prepare(
        ground->reader, "select person, topic from interest order by person", &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        const char *topic = column_text(stmt, 1);
        uint32_t number = name_collect(&found, topic, (size_t)sqlite3_column_bytes(stmt, 1));
        if (person < 1 || person >= ground->n_people)
            continue;
        bytes_put_varint(interests, (uint32_t)person - last);
        bytes_put_varint(interests, number);
        last = (uint32_t)person;
    }
    ground->topics = names_finish(&found, &ground->topic_place);
    ground->sizes[DIM_TOPIC] = ground->topics.n;
    ground->topics_known = status == ST_OK;
    return status;
}

/* ---- Who is connected ---- */

/* Two related people, stated for those who are not in a set yet. */
static void related_state(struct survey *survey, uint32_t a, uint32_t b, uint32_t kind,
                          struct set *all, struct set *of_kind)
{
    const uint32_t both[] = {a, b};

    for (size_t k = 0; k < 2; k++) {
        struct drill_row row = {.person = both[k]};
        if (!set_has(all, both[k]))
            fact(survey->lanes, METRIC_RELATED, &row);
        if (!set_has(of_kind, both[k]))
            fact_by(survey->lanes, METRIC_RELATED, DIM_RELATION, kind, &row);
        set_add(all, both[k]);
        set_add(of_kind, both[k]);
    }
}

static void relation_kinds_state(struct survey *survey)
{
    const struct relations *relations = &survey->ground->relations;
    struct arena *arena = arena_new();
    struct set *all = set_new(arena, (uint32_t)survey->n_people);
    struct set *of_kind = set_new(arena, (uint32_t)survey->n_people);

    for (size_t kind = 0; kind < survey->ground->relation_kinds.n; kind++) {
        for (size_t block = 0; block + 1 < relations->near_from.n; block++)
            for (size_t i = relations->near_from.at[block]; i < relations->near_from.at[block + 1];
                 i++) {
                const struct near_relation *r = &relations->near.at[i];
                uint32_t first = (uint32_t)block << EVENT_BLOCK_BITS;
                if (r->kind == kind && began_before(r->since, survey->plan->to))
                    related_state(survey, first + r->person, first + r->other, r->kind, all,
                                  of_kind);
            }
        for (size_t i = 0; i < relations->far.n; i++) {
            const struct far_relation *r = &relations->far.at[i];
            if (r->kind == kind && began_before(r->since, survey->plan->to))
                related_state(survey, r->person, r->other, r->kind, all, of_kind);
        }
        memset(of_kind->words, 0, set_words(of_kind->n) * sizeof *of_kind->words);
    }
    arena_free(arena);
}

/* Adds to each of a block's people how many different ones of the same block are related to it. */
static void near_count(const struct survey *survey, size_t block, uint32_t *counts)
{
    const struct relations *relations = &survey->ground->relations;
    const struct near_relation *last = NULL;

    for (size_t i = relations->near_from.at[block]; i < relations->near_from.at[block + 1]; i++) {
        const struct near_relation *r = &relations->near.at[i];
        if (!began_before(r->since, survey->plan->to) ||
            (last && last->person == r->person && last->other == r->other))
            continue;
        last = r;
        counts[r->person]++;
        counts[r->other]++;
    }
}

/* Who is related to whom of another block, from both sides, each once. */
static note_list far_list(const struct survey *survey)
{
    const struct relations *relations = &survey->ground->relations;
    note_list list = {0};

    for (size_t i = 0; i < relations->far.n; i++) {
        const struct far_relation *r = &relations->far.at[i];
        if (!began_before(r->since, survey->plan->to))
            continue;
        vec_push(&list, note_of(r->person, r->other));
        vec_push(&list, note_of(r->other, r->person));
    }
    words_sort(list.at, list.n);
    list.n = words_unique(list.at, list.n);
    return list;
}

/* How many different people one is related to. */
static void connections_state(struct survey *survey)
{
    const struct relations *relations = &survey->ground->relations;
    struct lane *lane = survey->lanes;

    if (!lane->by[DIM_CONNECTIONS][METRIC_RELATED])
        return;
    uint32_t *counts = mem_alloc(EVENT_BLOCK * sizeof *counts);
    note_list far = far_list(survey);
    size_t at = 0;
    for (size_t block = 0; block + 1 < relations->near_from.n; block++) {
        uint32_t first = (uint32_t)block << EVENT_BLOCK_BITS;
        memset(counts, 0, EVENT_BLOCK * sizeof *counts);
        near_count(survey, block, counts);
        for (; at < far.n && note_person(far.at[at]) - first < EVENT_BLOCK; at++)
            counts[note_person(far.at[at]) - first]++;
        for (uint32_t place = 0; place < EVENT_BLOCK; place++) {
            struct drill_row row = {.person = first + place};
            uint32_t n = counts[place];
            if (n)
                fact_by(lane, METRIC_RELATED, DIM_CONNECTIONS,
                        n < CONNECTIONS_MOST ? n : CONNECTIONS_MOST, &row);
        }
    }
    vec_free(&far);
    free(counts);
}

/* ---- Groups and interests ---- */

/* A person in a cell of a crowd or a topic, and what the period knows of that person. */
static void belonging_state(struct survey *survey, enum metric_id metric, enum dimension dim,
                            size_t at, uint32_t person)
{
    struct lane *lane = survey->lanes;
    unsigned flags = survey->flags[person];
    struct drill_row row = {.person = person};

    fact_by(lane, metric, dim, at, &row);
    if (flags & PERSON_ACTIVE)
        fact_by(lane, METRIC_ACTIVE, dim, at, &row);
    if ((flags & PERSON_ACTIVE) && (flags & (PERSON_ACTED | PERSON_TOGETHER)))
        fact_by(lane, METRIC_ENGAGED, dim, at, &row);
    if (flags & PERSON_ADDRESSED) {
        fact_by(lane, METRIC_ADDRESSED, dim, at, &row);
        if (flags & PERSON_ANSWERED)
            fact_by(lane, METRIC_RESPONDED, dim, at, &row);
    }
}

static enum status groups_read(struct survey *survey, struct error *err)
{
    const struct survey_ground *ground = survey->ground;
    uint64_t *known = mem_zero(bit_words(survey->n_people), sizeof *known);
    int64_t last = 0;
    sqlite3_stmt *stmt;
    bool more;

    enum status status = reader_prepare(ground->reader,
                                        "select crowd, person from crowd_member"
                                        " where joined is null or joined < ?1 order by crowd",
                                        &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, survey->plan->to);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &more, err)) == ST_OK &&
           more) {
        int64_t crowd = sqlite3_column_int64(stmt, 0), person = sqlite3_column_int64(stmt, 1);
        struct drill_row group = {.person = (uint32_t)crowd}, row = {.person = (uint32_t)person};
        if (crowd < 1 || crowd >= (int64_t)survey->sizes[DIM_GROUP] || person < 1 ||
            person >= (int64_t)survey->n_people)
            continue;
        if (crowd != last)
            fact(survey->lanes, METRIC_GROUPS, &group);
        last = crowd;
        if (!bit_get(known, (size_t)person))
            fact(survey->lanes, METRIC_GROUP_MEMBERS, &row);
        bit_set(known, (size_t)person);
        belonging_state(survey, METRIC_GROUP_MEMBERS, DIM_GROUP, (size_t)crowd, (uint32_t)person);
    }
    free(known);
    return status;
}

static enum status group_count(struct survey *survey, struct error *err)
{
    sqlite3_stmt *stmt;
    bool more;

    enum status status =
        reader_prepare(survey->ground->reader,
                       "select id from crowd c where exists (select 1 from crowd_member m"
                       " where m.crowd = c.id and m.person > 0"
                       " and (m.joined is null or m.joined < ?1))",
                       &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, survey->plan->to);
    while (status == ST_OK &&
           (status = reader_step(survey->ground->reader, stmt, &more, err)) == ST_OK && more) {
        struct drill_row row = {.person = (uint32_t)sqlite3_column_int64(stmt, 0)};
        fact(survey->lanes, METRIC_GROUPS, &row);
    }
    return status;
}

static void topics_state(struct survey *survey)
{
    const struct survey_ground *ground = survey->ground;
    struct view in = view_of(ground->interests.at, ground->interests.n);
    struct drill_row row = {0};

    while (view_left(&in)) {
        uint32_t higher = (uint32_t)view_varint(&in), topic = (uint32_t)view_varint(&in);
        row.person += higher;
        if (higher)
            fact(survey->lanes, METRIC_INTERESTED, &row);
        belonging_state(survey, METRIC_INTERESTED, DIM_TOPIC, ground->topic_place[topic],
                        row.person);
    }
}

enum status survey_community(struct survey *survey, struct error *err)
{
    unsigned needs = survey->plan->needs;
    enum status status = ST_OK;

    if (needs & NEED_RELATIONS) {
        relation_kinds_state(survey);
        connections_state(survey);
    }
    if (needs & NEED_GROUPS)
        status = groups_read(survey, err);
    else if (needs & NEED_GROUP_COUNT)
        status = group_count(survey, err);
    if (status == ST_OK && (needs & NEED_TOPICS))
        topics_state(survey);
    return status;
}
