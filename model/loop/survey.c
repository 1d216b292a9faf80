#include "model/loop/survey.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- What each metric needs to be looked at ---- */

static const unsigned metric_needs[METRIC_END] = {
    [METRIC_VISITS] = NEED_VISITS,
    [METRIC_PEOPLE_SEEN] = NEED_VISITS,
    [METRIC_NEW_PEOPLE] = NEED_VISITS,
    [METRIC_RETURNING_PEOPLE] = NEED_VISITS,
    [METRIC_VISITORS] = NEED_VISITS,
    [METRIC_MEMBERS_SEEN] = NEED_VISITS,
    [METRIC_DWELL_TOTAL] = NEED_VISITS,
    [METRIC_VISITS_WITH_DWELL] = NEED_VISITS,
    [METRIC_VISITS_UNDER_10_MIN] = NEED_VISITS,
    [METRIC_DETECTIONS] = NEED_SIGHTINGS,
    [METRIC_RANDOM_DETECTIONS] = NEED_SIGHTINGS,
    [METRIC_DEVICES] = NEED_SIGHTINGS | NEED_PEOPLE | NEED_ADDRESSES,
    [METRIC_RANDOM_DEVICES] = NEED_SIGHTINGS | NEED_ADDRESSES,
    [METRIC_PRESENT] = NEED_VISITS,
    [METRIC_REGISTRATIONS] = NEED_REGISTERS,
    [METRIC_REGISTRATIONS_POS] = NEED_REGISTERS,
    [METRIC_REGISTRATIONS_APP] = NEED_REGISTERS,
    [METRIC_NEW_MEMBERS] = NEED_PEOPLE,
    [METRIC_SMART_POS_SHOPS] = NEED_SHOPS,
    [METRIC_REGISTERING_SHOPS] = NEED_REGISTERS | NEED_SHOPS,
    [METRIC_VISITORS_CONVERTED] = NEED_VISITS | NEED_PEOPLE,
    [METRIC_CONVERTED_AFTER_VISIT] = NEED_PEOPLE,
    [METRIC_TIME_TO_CONVERT_MEDIAN] = NEED_PEOPLE,
    [METRIC_TIME_TO_CONVERT_MEAN] = NEED_PEOPLE,
    [METRIC_ACTIVE] = NEED_ACTIVITY | NEED_PEOPLE,
    [METRIC_MEMBERS] = NEED_PEOPLE,
    [METRIC_REACHABLE] = NEED_PEOPLE | NEED_REACHABLE,
    [METRIC_RECEIPTS] = NEED_SALES,
    [METRIC_SALES] = NEED_SALES,
    [METRIC_MEMBER_SALES] = NEED_SALES,
    [METRIC_VISITOR_SALES] = NEED_SALES,
    [METRIC_ANONYMOUS_SALES] = NEED_SALES,
    [METRIC_SHOPS_MEMBER_SHARE_80] = NEED_SALES | NEED_SHOPS,
    [METRIC_POINTS_EARNED] = NEED_ACTIVITY,
    [METRIC_POINTS_BURNED] = NEED_ACTIVITY,
    [METRIC_POINTS_OUTSTANDING] = NEED_BALANCES,
    [METRIC_POINTS_LIABILITY] = NEED_BALANCES,
    [METRIC_BUYERS] = NEED_SALES,
    [METRIC_REPEAT_BUYERS] = NEED_SALES,
    [METRIC_WHEEL_STARTED] = NEED_PEOPLE,
    [METRIC_WHEEL_PURCHASED] = NEED_WHEEL,
    [METRIC_WHEEL_EARNED] = NEED_WHEEL,
    [METRIC_WHEEL_AGAIN] = NEED_WHEEL,
    [METRIC_WHEEL_ROUNDS] = NEED_WHEEL,
    [METRIC_ACTIVATED] = NEED_WHEEL,
    [METRIC_ENGAGED] = NEED_ACTIVITY | NEED_ACTS | NEED_TOGETHER | NEED_PEOPLE,
    [METRIC_GROUPS] = NEED_GROUP_COUNT,
    [METRIC_GROUP_MEMBERS] = NEED_GROUPS,
    [METRIC_GROUP_POSTS] = NEED_ACTS,
    [METRIC_GROUP_EVENTS] = NEED_ACTS,
    [METRIC_REFERRALS] = NEED_ACTS,
    [METRIC_REVIEWS] = NEED_ACTS,
    [METRIC_RELATED] = NEED_RELATIONS,
    [METRIC_TOGETHER] = NEED_TOGETHER | NEED_PEOPLE,
    [METRIC_INTERESTED] = NEED_TOPICS,
    [METRIC_MESSAGES_SENT] = NEED_MESSAGES,
    [METRIC_MESSAGES_OPENED] = NEED_MESSAGES,
    [METRIC_MESSAGES_CLICKED] = NEED_MESSAGES,
    [METRIC_ADDRESSED] = NEED_MESSAGES | NEED_PEOPLE,
    [METRIC_RESPONDED] = NEED_MESSAGES | NEED_PEOPLE,
    [METRIC_COUPONS_ISSUED] = NEED_MESSAGES,
    [METRIC_COUPONS_REDEEMED] = NEED_MESSAGES,
    [METRIC_BENEFITS] = NEED_MESSAGES,
};

struct survey_plan survey_plan_of(int64_t from, int64_t to)
{
    return (struct survey_plan){.from = from,
                                .to = to,
                                .target = METRIC_END,
                                .limit = DRILL_LIMIT,
                                .addresses_most = ADDRESSES_MOST};
}

void survey_plan_add(struct survey_plan *plan, enum metric_id metric, enum dimension dim)
{
    if (metrics[metric].part != METRIC_END && plan->wanted[metric] &&
        (dim == DIM_NONE || plan->by[dim][metric]))
        return;
    plan->wanted[metric] = true;
    plan->by[dim][metric] = dim != DIM_NONE;
    plan->needs |= metric_needs[metric];
    if (dim == DIM_AREA)
        plan->needs |= NEED_VISITS;
    if (dim == DIM_GROUP)
        plan->needs |= NEED_GROUPS;
    if (dim == DIM_TOPIC)
        plan->needs |= NEED_TOPICS;
    if (metric == METRIC_TOGETHER || metric == METRIC_ENGAGED)
        plan->needs |= NEED_VISITS;
    if (metric == METRIC_REGISTERING_SHOPS)
        survey_plan_add(plan, METRIC_REGISTRATIONS, DIM_TENANT);
    if (metric == METRIC_SHOPS_MEMBER_SHARE_80) {
        survey_plan_add(plan, METRIC_SALES, DIM_TENANT);
        survey_plan_add(plan, METRIC_MEMBER_SALES, DIM_TENANT);
    }
    if (metrics[metric].part != METRIC_END && metrics[metric].part != metric) {
        survey_plan_add(plan, metrics[metric].part, dim);
        survey_plan_add(plan, metrics[metric].whole, dim);
    }
}

static bool asked_by(const struct survey_plan *plan, enum dimension dim)
{
    for (size_t m = 0; m < METRIC_END; m++)
        if (plan->by[dim][m])
            return true;
    return false;
}

/* ---- Lists ---- */

static bool row_before(const struct drill_row *a, const struct drill_row *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    if (a->person != b->person)
        return a->person < b->person;
    return a->kind < b->kind;
}

/* Puts the row at the top in its place below: the earliest stays on top. */
static void heap_sink(struct drill_row *heap, size_t n)
{
    size_t at = 0;

    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= n)
            return;
        if (child + 1 < n && row_before(&heap[child + 1], &heap[child]))
            child++;
        if (!row_before(&heap[child], &heap[at]))
            return;
        struct drill_row row = heap[at];
        heap[at] = heap[child];
        heap[child] = row;
        at = child;
    }
}

static void heap_rise(struct drill_row *heap, size_t at)
{
    while (at && row_before(&heap[at], &heap[(at - 1) / 2])) {
        struct drill_row row = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = row;
        at = (at - 1) / 2;
    }
}

void lane_catch(struct lane *lane, enum metric_id metric, const struct drill_row *row)
{
    struct survey *survey = lane->survey;

    switch (metrics[metric].behind) {
    case BEHIND_PEOPLE:
    case BEHIND_DEVICES:
    case BEHIND_SHOPS:
    case BEHIND_GROUPS:
        bit_set(survey->people, row->person);
        return;
    default:
        break;
    }
    if (lane->caught.n < survey->plan->limit) {
        vec_push(&lane->caught, *row);
        heap_rise(lane->caught.at, lane->caught.n - 1);
    } else if (lane->caught.n && row_before(&lane->caught.at[0], row)) {
        lane->caught.at[0] = *row;
        heap_sink(lane->caught.at, lane->caught.n);
    }
}

/* ---- Setting up ---- */

static const enum dimension time_dims[] = {DIM_DAY, DIM_HOUR, DIM_WEEK_HOUR, DIM_DAY_HOUR};

static void lane_prepare(struct lane *lane, struct survey *survey)
{
    const struct survey_plan *plan = survey->plan;
    struct arena *arena = survey->ground->scratch;

    lane->survey = survey;
    lane->serial = 1;
    for (size_t dim = 1; dim < DIM_COUNT; dim++)
        for (size_t m = 0; m < METRIC_END; m++) {
            if (!plan->by[dim][m])
                continue;
            lane->by[dim][m] = arena_array(arena, struct sum, survey->sizes[dim]);
            if (metrics[m].behind == BEHIND_PEOPLE)
                lane->stamp[dim][m] = arena_array(arena, uint32_t, survey->sizes[dim]);
        }
    for (size_t m = 0; m < METRIC_END; m++)
        for (size_t d = 0; d < sizeof time_dims / sizeof *time_dims; d++)
            lane->by_time[m] |= plan->by[time_dims[d]][m];
    /* Visits are stated once for all their metrics. */
    static const enum metric_id of_visits[] = {METRIC_DWELL_TOTAL, METRIC_VISITS_WITH_DWELL,
                                               METRIC_VISITS_UNDER_10_MIN};
    for (size_t i = 0; i < sizeof of_visits / sizeof *of_visits; i++)
        lane->by_time[METRIC_VISITS] |= lane->by_time[of_visits[i]];
    if (plan->by[DIM_DAY][METRIC_ACTIVE])
        lane->active_days =
            arena_array(arena, uint64_t, (size_t)survey->daybook.n * EVENT_BLOCK / 64);
    lane->addresses.most = plan->addresses_most;
    if (plan->needs & NEED_TOGETHER)
        lane->kept_from = arena_array(arena, uint32_t, EVENT_BLOCK);
    lane->zone_serial = arena_array(arena, uint32_t, survey->sizes[DIM_ZONE]);
    lane->zone_person = arena_array(arena, uint32_t, survey->sizes[DIM_ZONE]);
    lane->zone_dwell = arena_array(arena, int64_t, survey->sizes[DIM_ZONE]);
}

static size_t target_place(const struct survey *survey)
{
    const struct survey_plan *plan = survey->plan;
    int64_t at = plan->target_key;

    if (plan->target_dim == DIM_DAY)
        at -= survey->daybook.first_day;
    if (plan->target_dim == DIM_DAY_HOUR)
        at -= (int64_t)survey->daybook.first_day * 24;
    if (plan->target_dim == DIM_NONE)
        at = 0;
    return at >= 0 && at < (int64_t)survey->sizes[plan->target_dim] ? (size_t)at : SIZE_MAX;
}

static size_t late_blocks(const struct survey *survey)
{
    return (survey->n_people >> EVENT_BLOCK_BITS) + 1;
}

static void survey_prepare(struct survey *survey, struct survey_ground *ground,
                           const struct survey_plan *plan)
{
    long threads = sysconf(_SC_NPROCESSORS_ONLN);
    size_t bits;

    survey->ground = ground;
    survey->plan = plan;
    survey->daybook = daybook_make(ground->scratch, &ground->mall->clock, plan->from, plan->to);
    memcpy(survey->sizes, ground->sizes, sizeof survey->sizes);
    survey->sizes[DIM_DAY] = (size_t)survey->daybook.n;
    survey->sizes[DIM_DAY_HOUR] = (size_t)survey->daybook.n * 24;
    survey->n_people = ground->n_people ? ground->n_people : 1;
    survey->flags = mem_zero(survey->n_people, sizeof *survey->flags);
    bits = survey->n_people;
    if (bits < survey->sizes[DIM_GROUP])
        bits = survey->sizes[DIM_GROUP];
    if (bits < survey->sizes[DIM_TENANT])
        bits = survey->sizes[DIM_TENANT];
    survey->people = mem_zero(bit_words(bits), sizeof *survey->people);
    survey->target_at = target_place(survey);
    survey->n_lanes = threads < 1 ? 1 : threads > LANES_MOST ? LANES_MOST : (size_t)threads;
    survey->lanes = arena_array(ground->scratch, struct lane, survey->n_lanes);
    for (size_t i = 0; i < survey->n_lanes; i++)
        lane_prepare(&survey->lanes[i], survey);
    if (plan->needs & NEED_TOGETHER)
        survey->late = mem_zero(late_blocks(survey), sizeof *survey->late);
}

/* ---- The pass ---- */

/* In a damaged file the events may know more people than the counter does, which is what all sums
 * by person are sized by. */
static enum status people_check(const struct survey *survey, const struct event_block *block,
                                struct error *err)
{
    for (size_t i = 0; i < block->n_runs && block->block != EVENT_NOBODY; i++) {
        const struct event_run *run = &block->runs[i];
        uint32_t last = run->n ? run->person[run->n - 1] : 0; /* they rise */
        if (last >= survey->n_people)
            return error_set(err, ST_UNUSABLE,
                             "the counter of people is damaged: there are events of person %u of "
                             "%zu; restore a copy of the mall file, or run `atrium verify`",
                             last, survey->n_people - 1);
    }
    return ST_OK;
}

static enum status take_block(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    unsigned needs = lane->survey->plan->needs;
    bool people = block->block != EVENT_NOBODY;
    enum status status = people_check(lane->survey, block, err);

    if (status != ST_OK)
        return status;
    lane->first_person = block->first_person;
    lane->first_presence = block->first_presence;
    lane->registered = block->registered;
    if ((needs & NEED_VISITS) && people)
        survey_visits(lane, block);
    survey_events(lane, block);
    if ((needs & NEED_TOGETHER) && people)
        survey_block_together(lane, block);
    if (people)
        survey_block_acts(lane);
    return ST_OK;
}

static bool kind_is_needed(const struct kind_info *kind, unsigned needs)
{
    static const struct {
        unsigned need;
        uint16_t first, last;
    } ranges[] = {
        {NEED_SIGHTINGS, KIND_SIGHTING, KIND_SIGHTING},
        {NEED_REGISTERS, KIND_REGISTER, KIND_REGISTER},
        {NEED_SALES, KIND_PURCHASE, KIND_REFUND},
        {NEED_MESSAGES, KIND_COUPON_ISSUE, KIND_COUPON_ISSUE},
        {NEED_MESSAGES, KIND_COUPON_REDEEM, KIND_COUPON_REDEEM},
        {NEED_MESSAGES, KIND_MESSAGE_SENT, KIND_MESSAGE_CLICKED},
        {NEED_MESSAGES, KIND_BENEFIT, KIND_BENEFIT},
    };

    if ((needs & NEED_VISITS) && (kind->flags & KIND_PRESENCE))
        return true;
    if ((needs & NEED_ACTIVITY) && (kind->flags & KIND_ACTIVE))
        return true;
    if ((needs & NEED_ACTS) && (kind->flags & KIND_ENGAGED))
        return true;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if ((needs & ranges[i].need) && kind->id >= ranges[i].first && kind->id <= ranges[i].last)
            return true;
    return false;
}

static unsigned columns_needed(const struct survey_plan *plan)
{
    unsigned columns = EVENT_TIME;

    if (plan->target != METRIC_END && (metrics[plan->target].behind == BEHIND_EVENTS ||
                                       metrics[plan->target].behind == BEHIND_VISITS))
        columns |= EVENT_TENANT | EVENT_ZONE | EVENT_CHANNEL | EVENT_DEVICE | EVENT_AMOUNT |
                   EVENT_CAMPAIGN | EVENT_ADDRESS;
    if (plan->needs & (NEED_SALES | NEED_ACTIVITY))
        columns |= EVENT_AMOUNT;
    if (plan->needs & NEED_REGISTERS)
        columns |= EVENT_CHANNEL;
    if (asked_by(plan, DIM_CHANNEL))
        columns |= EVENT_CHANNEL;
    if (asked_by(plan, DIM_CAMPAIGN))
        columns |= EVENT_CAMPAIGN;
    if (asked_by(plan, DIM_TENANT) || asked_by(plan, DIM_CATEGORY))
        columns |= EVENT_TENANT;
    if (asked_by(plan, DIM_ZONE) || asked_by(plan, DIM_AREA))
        columns |= EVENT_ZONE | EVENT_TENANT | EVENT_DEVICE | EVENT_AMOUNT;
    if (plan->needs & NEED_ADDRESSES)
        columns |= EVENT_ADDRESS;
    return columns;
}

static enum status survey_scan(struct survey *survey, struct error *err)
{
    const struct survey_plan *plan = survey->plan;
    uint16_t wanted[KIND_BUILT_IN_END];
    size_t n = 0;
    void *contexts[LANES_MOST];

    for (size_t k = 0; k < n_kinds; k++)
        if (kind_is_needed(&kinds[k], plan->needs))
            wanted[n++] = kinds[k].id;
    if (!n)
        return ST_OK;
    struct event_query query = {.from = plan->from,
                                .to = plan->to,
                                .kinds = wanted,
                                .n_kinds = n,
                                .columns = columns_needed(plan),
                                .nobody = true,
                                .people = true,
                                .times = true};
    for (size_t i = 0; i < survey->n_lanes; i++)
        contexts[i] = &survey->lanes[i];
    return event_scan_parallel(survey->ground->reader, &query, take_block, contexts,
                               (int)survey->n_lanes, err);
}

/* All lanes' sums into the first. */
static void survey_merge(struct survey *survey)
{
    struct lane *all = &survey->lanes[0];

    for (size_t l = 1; l < survey->n_lanes; l++) {
        struct lane *lane = &survey->lanes[l];
        for (size_t m = 0; m < METRIC_END; m++) {
            all->total[m].n += lane->total[m].n;
            all->total[m].amount += lane->total[m].amount;
            for (size_t dim = 1; dim < DIM_COUNT; dim++)
                for (size_t i = 0; all->by[dim][m] && i < survey->sizes[dim]; i++) {
                    all->by[dim][m][i].n += lane->by[dim][m][i].n;
                    all->by[dim][m][i].amount += lane->by[dim][m][i].amount;
                }
        }
        for (size_t i = 0; i < lane->caught.n; i++)
            vec_push(&all->caught, lane->caught.at[i]);
        for (size_t d = 0; d < WHEEL_DELAYS; d++) {
            for (size_t i = 0; i < lane->wheel[d].n; i++)
                vec_push(&all->wheel[d], lane->wheel[d].at[i]);
            vec_free(&lane->wheel[d]);
        }
    }
}

void survey_shops(struct survey *survey)
{
    struct lane *lane = &survey->lanes[0];
    const struct sum *registered = lane->by[DIM_TENANT][METRIC_REGISTRATIONS];
    const struct sum *sales = lane->by[DIM_TENANT][METRIC_SALES];
    const struct sum *to_members = lane->by[DIM_TENANT][METRIC_MEMBER_SALES];

    for (uint32_t tenant = 1; tenant < survey->ground->places.n_tenants; tenant++) {
        struct drill_row row = {.person = tenant};
        if (survey->ground->places.smart_pos[tenant])
            fact(lane, METRIC_SMART_POS_SHOPS, &row);
        if (registered && registered[tenant].n)
            fact(lane, METRIC_REGISTERING_SHOPS, &row);
        if (sales && to_members && sales[tenant].amount > 0 &&
            to_members[tenant].amount * 5 > sales[tenant].amount * 4)
            fact(lane, METRIC_SHOPS_MEMBER_SHARE_80, &row);
    }
}

/* The next scan is this part, in hundredths, of the survey's work. */
static void part_begin(const struct survey_ground *ground, int from, int to)
{
    int whole = ground->part_to - ground->part_from;

    reader_progress_part(ground->reader, ground->part_from + whole * from / 100,
                         ground->part_from + whole * to / 100);
}

enum status survey_run(struct survey_ground *ground, const struct survey_plan *plan,
                       struct survey **out, struct error *err)
{
    struct survey *survey = arena_new_of(ground->scratch, struct survey);
    enum status status = ST_OK;

    if (plan->needs & (NEED_TOGETHER | NEED_RELATIONS))
        status = survey_relations_read(ground, asked_by(plan, DIM_RELATION), err);
    if (status == ST_OK && (plan->needs & NEED_TOPICS))
        status = survey_topics_read(ground, err);
    if (status != ST_OK)
        return status;
    survey_prepare(survey, ground, plan);
    bool more = plan->needs & (NEED_WHEEL | NEED_BALANCES | NEED_ADDRESSES);
    part_begin(ground, 0, more ? 60 : 100);
    status = survey_scan(survey, err);
    part_begin(ground, 60, 80);
    if (status == ST_OK && (plan->needs & NEED_TOGETHER))
        survey_together(survey);
    if (status == ST_OK)
        survey_acts(survey);
    if (status == ST_OK && (plan->needs & (NEED_PEOPLE | NEED_WHEEL)))
        status = survey_people(survey, err);
    if (status == ST_OK && (plan->needs & NEED_WHEEL))
        status = survey_wheel(survey, err);
    part_begin(ground, 80, 90);
    if (status == ST_OK && (plan->needs & NEED_BALANCES))
        status = survey_balances(survey, err);
    part_begin(ground, 90, 100);
    if (status == ST_OK && (plan->needs & NEED_ADDRESSES))
        status = survey_addresses(survey, err);
    if (status == ST_OK)
        status = survey_community(survey, err);
    if (status == ST_OK) {
        survey_merge(survey);
        survey_shops(survey);
        survey->lanes[0].total[METRIC_DEVICES].n += survey->lanes[0].total[METRIC_RANDOM_DEVICES].n;
        *out = survey;
    } else {
        survey_end(survey);
    }
    return status;
}

void survey_end(struct survey *survey)
{
    if (!survey)
        return;
    for (size_t l = 0; l < survey->n_lanes; l++) {
        struct lane *lane = &survey->lanes[l];
        vec_free(&lane->caught);
        vec_free(&lane->kept);
        vec_free(&lane->acts);
        vec_free(&lane->met);
        vec_free(&lane->packed);
        vec_free(&lane->packed_people);
        vec_free(&lane->late_acts);
        vec_free(&lane->late_met);
        vec_free(&lane->visit_zones);
        vec_free(&lane->person_zones);
        for (size_t d = 0; d < WHEEL_DELAYS; d++)
            vec_free(&lane->wheel[d]);
        addresses_free(&lane->addresses);
    }
    for (size_t i = 0; survey->late && i < late_blocks(survey); i++) {
        free(survey->late[i].people);
        free(survey->late[i].bytes);
    }
    free(survey->late);
    free(survey->flags);
    free(survey->people);
    vec_free(&survey->delays);
    vec_free(&survey->listed);
    survey->n_lanes = 0;
    survey->late = NULL;
    survey->flags = NULL;
    survey->people = NULL;
}
