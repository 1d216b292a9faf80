/*
 * Together: related people whose visits overlap, and the days on which members were engaged.
 *
 * Visits are compared while the block of both people is at hand and then forgotten. Only those of
 * people who are also related to somebody of another block are kept, packed, to the end.
 */
#include "model/base/radix.h"
#include "model/loop/survey.h"

#include <stdlib.h>
#include <string.h>

/* One person's visits in order of time. */
struct visit_row {
    const struct kept_visit *at;
    size_t n;
};

static void together_note(struct lane *lane, const struct kept_visit *visit, note_list *acts)
{
    const struct survey *survey = lane->survey;

    survey->flags[visit->person] |= PERSON_TOGETHER;
    if (lane->by[DIM_DAY][METRIC_ENGAGED])
        vec_push(acts,
                 note_of(visit->person, (uint32_t)daybook_at(&survey->daybook, visit->start)));
}

/* True when any two overlap; notes the days. */
static bool visits_meet(struct lane *lane, struct visit_row a, struct visit_row b, note_list *acts)
{
    size_t i = 0, j = 0;
    bool met = false;

    while (i < a.n && j < b.n) {
        const struct kept_visit *x = &a.at[i], *y = &b.at[j];
        if (x->start <= y->end && y->start <= x->end) {
            met = true;
            together_note(lane, x, acts);
            together_note(lane, y, acts);
        }
        if (x->end < y->end)
            i++;
        else
            j++;
    }
    return met;
}

static void notes_tidy(note_list *notes)
{
    words_sort(notes->at, notes->n);
    notes->n = words_unique(notes->at, notes->n);
}

/* Whom one met, each kind of relation once. */
static void met_state(struct lane *lane, uint64_t note)
{
    struct drill_row row = {.person = note_person(note)};

    fact_by(lane, METRIC_TOGETHER, DIM_RELATION, note_what(note), &row);
}

/* An engaged member on a day. */
static void act_state(struct lane *lane, uint64_t note)
{
    const struct survey *survey = lane->survey;
    uint32_t person = note_person(note), day = note_what(note);
    struct drill_row row = {.time = survey->daybook.days[day].start, .person = person};

    if (is_engaged(survey->flags[person]))
        fact_by(lane, METRIC_ENGAGED, DIM_DAY, day, &row);
}

/* ---- In a block ---- */

static struct visit_row block_row(const struct lane *lane, uint32_t place)
{
    struct visit_row row = {0};
    size_t from = lane->kept_from[place];

    if (!from--)
        return row;
    row.at = lane->kept.at + from;
    while (from + row.n < lane->kept.n && row.at[row.n].person == row.at->person)
        row.n++;
    return row;
}

static void block_compare(struct lane *lane, size_t block)
{
    const struct survey *survey = lane->survey;
    const struct relations *relations = &survey->ground->relations;
    bool by_kind = lane->by[DIM_RELATION][METRIC_TOGETHER];

    for (size_t i = relations->near_from.at[block]; i < relations->near_from.at[block + 1]; i++) {
        const struct near_relation *r = &relations->near.at[i];
        if (!lane->kept_from[r->person] || !lane->kept_from[r->other] ||
            !began_before(r->since, survey->plan->to) ||
            !visits_meet(lane, block_row(lane, r->person), block_row(lane, r->other),
                         &lane->acts) ||
            !by_kind)
            continue;
        vec_push(&lane->met, note_of(lane->first_person + r->person, r->kind));
        vec_push(&lane->met, note_of(lane->first_person + r->other, r->kind));
    }
    notes_tidy(&lane->met);
    for (size_t i = 0; i < lane->met.n; i++)
        if (set_has(relations->far_people, note_person(lane->met.at[i])))
            vec_push(&lane->late_met, lane->met.at[i]);
        else
            met_state(lane, lane->met.at[i]);
    lane->met.n = 0;
}

/* The visits of those with relations in other blocks, packed. */
static void block_pack(struct lane *lane, struct late_visits *late)
{
    const struct set *far = lane->survey->ground->relations.far_people;

    lane->packed.n = lane->packed_people.n = 0;
    for (size_t i = 0; i < lane->kept.n;) {
        uint32_t person = lane->kept.at[i].person;
        struct visit_row row = block_row(lane, person - lane->first_person);
        int64_t before = 0;
        i += row.n;
        if (!set_has(far, person))
            continue;
        vec_push(&lane->packed_people, (struct late_person){person, (uint32_t)lane->packed.n});
        bytes_put_varint(&lane->packed, row.n);
        for (size_t k = 0; k < row.n; k++) {
            bytes_put_signed(&lane->packed, row.at[k].start - before);
            bytes_put_varint(&lane->packed, (uint64_t)(row.at[k].end - row.at[k].start));
            before = row.at[k].end;
        }
    }
    if (!lane->packed_people.n)
        return;
    late->n = lane->packed_people.n;
    late->people = mem_alloc(late->n * sizeof *late->people);
    memcpy(late->people, lane->packed_people.at, late->n * sizeof *late->people);
    late->size = lane->packed.n;
    late->bytes = mem_alloc(late->size);
    memcpy(late->bytes, lane->packed.at, late->size);
}

void survey_block_together(struct lane *lane, const struct event_block *block)
{
    struct survey *survey = lane->survey;

    for (size_t i = lane->kept.n; i-- > 0;)
        lane->kept_from[lane->kept.at[i].person - lane->first_person] = (uint32_t)i + 1;
    block_compare(lane, (size_t)block->block);
    block_pack(lane, &survey->late[block->block]);
    for (size_t i = 0; i < lane->kept.n; i++)
        lane->kept_from[lane->kept.at[i].person - lane->first_person] = 0;
    lane->kept.n = 0;
}

/* Days of those whose visits are not needed any more: all that happened to them is known. */
void survey_block_acts(struct lane *lane)
{
    const struct set *far = lane->survey->ground->relations.far_people;

    notes_tidy(&lane->acts);
    for (size_t i = 0; i < lane->acts.n; i++)
        if (far && set_has(far, note_person(lane->acts.at[i])))
            vec_push(&lane->late_acts, lane->acts.at[i]);
        else
            act_state(lane, lane->acts.at[i]);
    lane->acts.n = 0;
}

/* ---- Between blocks ---- */

typedef VEC(struct kept_visit) visit_list;

static void late_unpack(const struct survey *survey, uint32_t person, visit_list *visits)
{
    const struct late_visits *late = &survey->late[person >> EVENT_BLOCK_BITS];
    size_t low = 0, high = late->n;

    visits->n = 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (late->people[middle].person < person)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == late->n || late->people[low].person != person)
        return;
    struct view in = view_of(late->bytes + late->people[low].at, late->size - late->people[low].at);
    int64_t before = 0;
    for (uint64_t n = view_varint(&in); n && !in.bad; n--) {
        int64_t start = before + view_signed(&in);
        before = start + (int64_t)view_varint(&in);
        vec_push(visits, (struct kept_visit){person, start, before});
    }
}

/* Moves what the lanes have of a list into the first lane's and tidies it. */
#define LATE_GATHER(survey, list)                                                                  \
    do {                                                                                           \
        for (size_t l_ = 1; l_ < (survey)->n_lanes; l_++) {                                        \
            struct lane *lane_ = &(survey)->lanes[l_];                                             \
            for (size_t i_ = 0; i_ < lane_->list.n; i_++)                                          \
                vec_push(&(survey)->lanes[0].list, lane_->list.at[i_]);                            \
            vec_free(&lane_->list);                                                                \
        }                                                                                          \
        notes_tidy(&(survey)->lanes[0].list);                                                      \
    } while (0)

void survey_together(struct survey *survey)
{
    const struct relations *relations = &survey->ground->relations;
    struct lane *lane = &survey->lanes[0];
    visit_list one = {0}, two = {0};
    uint32_t unpacked = 0;

    for (size_t i = 0; i < relations->far.n; i++) {
        const struct far_relation *r = &relations->far.at[i];
        if (!began_before(r->since, survey->plan->to))
            continue;
        if (r->person != unpacked)
            late_unpack(survey, r->person, &one);
        unpacked = r->person;
        if (!one.n)
            continue;
        late_unpack(survey, r->other, &two);
        struct visit_row a = {one.at, one.n}, b = {two.at, two.n};
        if (!visits_meet(lane, a, b, &lane->late_acts) || !lane->by[DIM_RELATION][METRIC_TOGETHER])
            continue;
        vec_push(&lane->late_met, note_of(r->person, r->kind));
        vec_push(&lane->late_met, note_of(r->other, r->kind));
    }
    vec_free(&one);
    vec_free(&two);
    LATE_GATHER(survey, late_met);
    for (size_t i = 0; i < lane->late_met.n; i++)
        met_state(lane, lane->late_met.at[i]);
    vec_free(&lane->late_met);
}

void survey_acts(struct survey *survey)
{
    struct lane *lane = &survey->lanes[0];

    LATE_GATHER(survey, late_acts);
    for (size_t i = 0; i < lane->late_acts.n; i++)
        act_state(lane, lane->late_acts.at[i]);
    vec_free(&lane->late_acts);
}
