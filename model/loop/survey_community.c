/* Relations, groups and interests: rows about people, joined to what the pass noted of them. */
#include "model/loop/survey.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

/* ---- Relations ---- */

static uint32_t relation_kind(struct name_collector *found, sqlite3_stmt *stmt)
{
    const char *text = column_text(stmt, 3);

    return name_collect(found, text, (size_t)sqlite3_column_bytes(stmt, 3));
}

enum status survey_relations_read(struct survey_ground *ground, bool by_kind, struct error *err)
{
    struct name_collector found = {.arena = ground->arena};
    VEC(struct relation) relations = {0};
    const uint32_t *place;
    sqlite3_stmt *stmt;
    bool row;

    if (ground->relations_known)
        return ST_OK;
    if (!by_kind)
        name_collect(&found, "", 0);
    enum status status = reader_prepare(ground->reader,
                                        by_kind ? "select person, other, since, kind from relation"
                                                : "select person, other, since from relation",
                                        &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0), other = sqlite3_column_int64(stmt, 1);
        int64_t since = sqlite3_column_int64(stmt, 2); /* unknown: 0 */
        if (person == other || person < 1 || person >= ground->columns.n || other < 1 ||
            other >= ground->columns.n)
            continue;
        vec_push(&relations, (struct relation){
                                 .person = (uint32_t)person,
                                 .other = (uint32_t)other,
                                 .kind = by_kind ? relation_kind(&found, stmt) : 0,
                                 .since = since < 0            ? 0
                                          : since > UINT32_MAX ? UINT32_MAX
                                                               : (uint32_t)since,
                             });
    }
    ground->relation_kinds = names_finish(&found, &place);
    if (status == ST_OK && relations.n) {
        struct relation *at = arena_array(ground->scratch, struct relation, relations.n);
        memcpy(at, relations.at, relations.n * sizeof *at);
        for (size_t i = 0; i < relations.n; i++)
            at[i].kind = place[at[i].kind];
        ground->relations = at;
        ground->n_relations = relations.n;
    }
    vec_free(&relations);
    ground->sizes[DIM_RELATION] = ground->relation_kinds.n;
    ground->relations_known = status == ST_OK;
    return status;
}

static bool began_before(const struct relation *relation, int64_t to)
{
    return relation->since == 0 || relation->since < to;
}

enum status survey_topics_read(struct survey_ground *ground, struct error *err)
{
    struct name_collector topics_found = {.arena = ground->arena};
    VEC(struct interest) interests = {0};
    const uint32_t *place;
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
        uint32_t number = name_collect(&topics_found, topic, (size_t)sqlite3_column_bytes(stmt, 1));
        if (person > 0 && person < ground->columns.n)
            vec_push(&interests, (struct interest){(uint32_t)person, number});
    }
    ground->topics = names_finish(&topics_found, &place);
    if (status == ST_OK && interests.n) {
        struct interest *at = arena_array(ground->scratch, struct interest, interests.n);
        for (size_t i = 0; i < interests.n; i++)
            at[i] = (struct interest){interests.at[i].person, place[interests.at[i].topic]};
        ground->interests = at;
        ground->n_interests = interests.n;
    }
    vec_free(&interests);
    ground->sizes[DIM_TOPIC] = ground->topics.n;
    ground->topics_known = status == ST_OK;
    return status;
}

/* ---- Visits together ---- */

/* All kept visits, one person's after the other; `first` holds a place + 1 by person. */
struct album {
    size_t n;
    struct kept_visit *visits;
    uint32_t *first;
};

static struct album album_make(const struct survey *survey)
{
    struct album album = {.first = mem_zero(survey->n_people, sizeof(uint32_t))};
    size_t n = 0;

    for (size_t l = 0; l < survey->n_lanes; l++)
        n += survey->lanes[l].kept.n;
    album.visits = mem_alloc((n + 1) * sizeof *album.visits);
    for (size_t l = 0; l < survey->n_lanes; l++) {
        size_t some = survey->lanes[l].kept.n;
        if (some)
            memcpy(album.visits + album.n, survey->lanes[l].kept.at, some * sizeof *album.visits);
        album.n += some;
    }
    for (size_t i = album.n; i-- > 0;)
        album.first[album.visits[i].person] = (uint32_t)i + 1;
    return album;
}

static void album_free(struct album *album)
{
    free(album->visits);
    free(album->first);
}

static void together_note(struct survey *survey, const struct kept_visit *visit)
{
    struct act act = {visit->person, daybook_at(&survey->daybook, visit->start)};

    survey->flags[visit->person] |= PERSON_TOGETHER;
    vec_push(&survey->lanes->acts, act);
}

/* Both persons' visits in order of time; true when any two overlap. */
static bool pair_compare(struct survey *survey, const struct album *album, uint32_t a, uint32_t b)
{
    size_t i = album->first[a], j = album->first[b];
    bool met = false;

    if (!i-- || !j--)
        return false;
    while (i < album->n && album->visits[i].person == a && j < album->n &&
           album->visits[j].person == b) {
        const struct kept_visit *x = &album->visits[i], *y = &album->visits[j];
        if (x->start <= y->end && y->start <= x->end) {
            met = true;
            together_note(survey, x);
            together_note(survey, y);
        }
        if (x->end < y->end)
            i++;
        else
            j++;
    }
    return met;
}

void survey_together(struct survey *survey)
{
    const struct survey_ground *ground = survey->ground;
    struct album album = album_make(survey);
    struct lane *lane = survey->lanes;
    bool by_kind = lane->by[DIM_RELATION][METRIC_TOGETHER];
    uint64_t *met = by_kind ? mem_zero(bit_words(survey->n_people), sizeof *met) : NULL;

    for (size_t kind = 0; kind < ground->relation_kinds.n; kind++) {
        for (size_t i = 0; i < ground->n_relations; i++) {
            const struct relation *r = &ground->relations[i];
            if (r->kind != kind || !began_before(r, survey->plan->to) ||
                !pair_compare(survey, &album, r->person, r->other) || !by_kind)
                continue;
            uint32_t both[2] = {r->person, r->other};
            for (size_t k = 0; k < 2; k++) {
                struct drill_row row = {.person = both[k]};
                if (!bit_get(met, both[k]))
                    fact_by(lane, METRIC_TOGETHER, DIM_RELATION, kind, &row);
                bit_set(met, both[k]);
            }
        }
        if (met)
            memset(met, 0, bit_words(survey->n_people) * sizeof *met);
    }
    free(met);
    album_free(&album);
}

/* ---- Who is connected ---- */

static void relation_kinds_state(struct survey *survey)
{
    const struct survey_ground *ground = survey->ground;
    uint64_t *all = mem_zero(bit_words(survey->n_people), sizeof *all);
    uint64_t *seen = mem_zero(bit_words(survey->n_people), sizeof *seen);

    for (size_t kind = 0; kind < ground->relation_kinds.n; kind++) {
        for (size_t i = 0; i < ground->n_relations; i++) {
            const struct relation *r = &ground->relations[i];
            uint32_t both[2] = {r->person, r->other};
            if (r->kind != kind || !began_before(r, survey->plan->to))
                continue;
            for (size_t k = 0; k < 2; k++) {
                struct drill_row row = {.person = both[k]};
                if (!bit_get(all, both[k]))
                    fact(survey->lanes, METRIC_RELATED, &row);
                if (!bit_get(seen, both[k]))
                    fact_by(survey->lanes, METRIC_RELATED, DIM_RELATION, kind, &row);
                bit_set(all, both[k]);
                bit_set(seen, both[k]);
            }
        }
        memset(seen, 0, bit_words(survey->n_people) * sizeof *seen);
    }
    free(all);
    free(seen);
}

static int number_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Everybody's others, one person's after the other: first[person] .. first[person + 1]. */
static uint32_t *others_gather(const struct survey *survey, uint32_t *first)
{
    const struct survey_ground *ground = survey->ground;
    uint32_t *others = mem_alloc((ground->n_relations * 2 + 1) * sizeof *others);

    for (size_t i = 0; i < ground->n_relations; i++) {
        const struct relation *r = &ground->relations[i];
        if (!began_before(r, survey->plan->to))
            continue;
        first[r->person + 1]++;
        first[r->other + 1]++;
    }
    for (size_t p = 0; p < survey->n_people; p++)
        first[p + 1] += first[p];
    for (size_t i = ground->n_relations; i-- > 0;) {
        const struct relation *r = &ground->relations[i];
        if (!began_before(r, survey->plan->to))
            continue;
        others[--first[r->person + 1]] = r->other;
        others[--first[r->other + 1]] = r->person;
    }
    return others;
}

/* How many different people one is related to. Gathering has moved each person's start down to
 * first[person + 1]. */
static void connections_state(struct survey *survey)
{
    struct lane *lane = survey->lanes;

    if (!lane->by[DIM_CONNECTIONS][METRIC_RELATED])
        return;
    uint32_t *first = mem_zero(survey->n_people + 2, sizeof *first);
    uint32_t *others = others_gather(survey, first);
    size_t n = 0;
    for (size_t i = 0; i < survey->ground->n_relations; i++)
        n += began_before(&survey->ground->relations[i], survey->plan->to) ? 2 : 0;
    for (uint32_t person = 1; person < survey->n_people; person++) {
        size_t begin = first[person + 1];
        size_t end = person + 1 < survey->n_people ? first[person + 2] : n;
        struct drill_row row = {.person = person};
        size_t different = 0;
        if (begin == end)
            continue;
        qsort(others + begin, end - begin, sizeof *others, number_compare);
        for (size_t i = begin; i < end; i++)
            different += i == begin || others[i] != others[i - 1];
        fact_by(lane, METRIC_RELATED, DIM_CONNECTIONS,
                different < CONNECTIONS_MOST ? different : CONNECTIONS_MOST, &row);
    }
    free(first);
    free(others);
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
    uint32_t last = 0;

    for (size_t i = 0; i < ground->n_interests; i++) {
        struct drill_row row = {.person = ground->interests[i].person};
        if (row.person != last)
            fact(survey->lanes, METRIC_INTERESTED, &row);
        last = row.person;
        belonging_state(survey, METRIC_INTERESTED, DIM_TOPIC, ground->interests[i].topic,
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
