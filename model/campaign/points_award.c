#include "model/campaign/points_award.h"

#include "model/campaign/points_parts.h"
#include "model/campaign/points_scan.h"
#include "model/event/place.h"
#include "model/store/column.h"
#include "model/store/setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE = 16 * EVENT_BLOCK, TRIES = 5, AWARD_REF = 64 };

/* A person's purchase, earn, refund or registration. */
struct deed {
    int64_t time, amount;
    uint32_t tenant;
    uint16_t channel;
    const char *ref;
    bool matched; /* an earn that a purchase has; a purchase that has an earn */
    bool ours;
};
typedef VEC(struct deed) deeds;

/* A refund whose receipt earned here. */
struct give_back {
    uint32_t person;
    int64_t points, time;
    char *ref;
};

struct lane {
    const struct points_rules *rules;
    uint32_t pos;             /* the channel of the POS; 0: there is none */
    const char *const *tiers; /* by person - first */
    uint32_t first;
    struct arena *arena;
    deeds purchases, earns, refunds, registers, reverses;
    VEC(struct event) events;
    VEC(struct give_back) backs;
    struct points_awards sums;
};

static void deed_push(deeds *list, const struct event_run *run, size_t row)
{
    struct deed deed = {.time = run->time[row],
                        .amount = run->amount ? run->amount[row] : 0,
                        .tenant = run->tenant ? run->tenant[row] : 0,
                        .channel = run->channel ? run->channel[row] : 0,
                        .ref = run->ref && run->ref[row] ? run->ref[row] : "",
                        .ours = run->value && run->value[row] == 1};
    vec_push(list, deed);
}

/* By reference first, then by the second: an earn stands for one purchase at most. */
static void purchases_match(struct lane *lane)
{
    for (size_t i = 0; i < lane->purchases.n; i++)
        for (size_t k = 0; *lane->purchases.at[i].ref && k < lane->earns.n; k++)
            if (!lane->earns.at[k].matched &&
                strcmp(lane->earns.at[k].ref, lane->purchases.at[i].ref) == 0) {
                lane->earns.at[k].matched = lane->purchases.at[i].matched = true;
                break;
            }
    for (size_t i = 0; i < lane->purchases.n; i++)
        for (size_t k = 0; !lane->purchases.at[i].matched && k < lane->earns.n; k++)
            if (!lane->earns.at[k].matched && !lane->earns.at[k].ours &&
                lane->earns.at[k].time == lane->purchases.at[i].time)
                lane->earns.at[k].matched = lane->purchases.at[i].matched = true;
}

static bool ref_known(const deeds *list, const char *ref)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->at[i].ref, ref) == 0)
            return true;
    return false;
}

static void event_push(struct lane *lane, uint32_t person, const struct deed *deed, int64_t points,
                       uint32_t campaign, const char *ref)
{
    struct event event = {.time = deed->time,
                          .amount = points,
                          .person = person,
                          .tenant = deed->tenant,
                          .campaign = campaign,
                          .value = 1,
                          .kind = KIND_POINTS_EARN,
                          .channel = deed->channel,
                          .ref = arena_strdup(lane->arena, ref),
                          .ref_size = (uint32_t)strlen(ref)};
    vec_push(&lane->events, event);
    /* So that a refund of the same run finds it. */
    struct deed earn = {.time = deed->time, .amount = points, .ref = event.ref, .ours = true};
    vec_push(&lane->earns, earn);
}

static void purchases_award(struct lane *lane, uint32_t person)
{
    for (size_t i = 0; i < lane->purchases.n; i++) {
        const struct deed *deed = &lane->purchases.at[i];
        char made_up[AWARD_REF];
        uint32_t campaign, same = 0;
        if (deed->matched)
            continue;
        for (size_t k = 0; k < i; k++)
            same += lane->purchases.at[k].time == deed->time && !*lane->purchases.at[k].ref;
        snprintf(made_up, sizeof made_up, "PE%" PRIu32 "-%" PRId64 "-%" PRIu32, person, deed->time,
                 same);
        const char *ref = *deed->ref ? deed->ref : made_up;
        if (!*deed->ref && ref_known(&lane->earns, ref))
            continue;
        struct points_purchase purchase = {person, deed->tenant, lane->tiers[person - lane->first],
                                           deed->time, deed->amount};
        int64_t points = points_of_purchase(lane->rules, &purchase, &campaign);
        if (points <= 0)
            continue;
        event_push(lane, person, deed, points, campaign, ref);
        lane->sums.purchases++;
        lane->sums.points += points;
    }
}

static void registers_award(struct lane *lane, uint32_t person)
{
    for (size_t i = 0; i < lane->registers.n; i++)
        for (size_t k = 0; k < lane->rules->n_gifts; k++) {
            const struct deed *deed = &lane->registers.at[i];
            const struct points_campaign *gift = &lane->rules->gifts[k];
            char ref[AWARD_REF];
            snprintf(ref, sizeof ref, "PG%" PRIu32 "-%" PRIu32, person, gift->campaign->id);
            /* Whom it was for could not be known before they registered: the audience says nothing
             * about newcomers. */
            struct points_campaign open = {gift->campaign, gift->shops, NULL};
            if (deed->channel != lane->pos || ref_known(&lane->earns, ref) ||
                !points_campaign_open(&open, lane->rules->clock, deed->time, deed->tenant, person))
                continue;
            event_push(lane, person, deed, gift->campaign->offer.points, gift->campaign->id, ref);
            lane->sums.gifts++;
            lane->sums.gift_points += gift->campaign->offer.points;
        }
}

/* The share of what its receipt earned that the refund is of the receipt, rounded down. */
static void refunds_look(struct lane *lane, uint32_t person)
{
    for (size_t i = 0; i < lane->refunds.n; i++) {
        const struct deed *refund = &lane->refunds.at[i], *bought = NULL, *earned = NULL;
        for (size_t k = 0; *refund->ref && k < lane->purchases.n && !bought; k++)
            if (strcmp(lane->purchases.at[k].ref, refund->ref) == 0)
                bought = &lane->purchases.at[k];
        for (size_t k = 0; *refund->ref && k < lane->earns.n && !earned; k++)
            if (lane->earns.at[k].ours && strcmp(lane->earns.at[k].ref, refund->ref) == 0)
                earned = &lane->earns.at[k];
        if (!bought || !earned || bought->amount <= 0 || refund->amount <= 0) {
            lane->sums.unsaid += !bought;
            continue;
        }
        if (ref_known(&lane->reverses, refund->ref))
            continue;
        int64_t part = refund->amount < bought->amount ? refund->amount : bought->amount;
        int64_t points = (int64_t)((double)earned->amount * (double)part / (double)bought->amount);
        struct give_back back = {person, points, refund->time,
                                 arena_strdup(lane->arena, refund->ref)};
        if (points > 0)
            vec_push(&lane->backs, back);
    }
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        const struct event_run *run;
        size_t row;
        lane->purchases.n = lane->earns.n = lane->refunds.n = lane->registers.n = 0;
        lane->reverses.n = 0;
        while (event_cursor_next(&cursor, &run, &row))
            deed_push(run->kind == KIND_PURCHASE      ? &lane->purchases
                      : run->kind == KIND_REFUND      ? &lane->refunds
                      : run->kind == KIND_POINTS_EARN ? &lane->earns
                      : run->kind == KIND_REGISTER    ? &lane->registers
                                                      : &lane->reverses,
                      run, row);
        purchases_match(lane);
        purchases_award(lane, person);
        registers_award(lane, person);
        refunds_look(lane, person);
    }
    return ST_OK;
}

/* ---- A range ---- */

struct range {
    struct arena *arena;
    const struct access *access;
    int64_t since;
    uint32_t first, last;
    int64_t seen;
    const char **tiers;
    struct lane lanes[POINTS_LANES];
    int n_lanes;
    size_t n_events;
    struct points_awards sums;
};

static enum status tiers_read(struct range *range, struct reader *reader, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    const char *last = "";
    enum status status = reader_prepare(
        reader, "select person, tier from member where person between ?1 and ?2", &stmt, err);
    range->tiers = arena_array(range->arena, const char *, range->last - range->first + 1);
    for (uint32_t i = 0; i <= range->last - range->first; i++)
        range->tiers[i] = "";
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, range->first);
    sqlite3_bind_int64(stmt, 2, range->last);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *tier = column_text(stmt, 1);
        if (strcmp(tier, last) != 0)
            last = arena_strdup(range->arena, tier);
        range->tiers[sqlite3_column_int64(stmt, 0) - range->first] = last;
    }
    return status;
}

static enum status range_scan(struct range *range, struct reader *reader,
                              const struct points_rules *rules, struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE, KIND_REFUND, KIND_REGISTER, KIND_POINTS_EARN,
                                      KIND_POINTS_REVERSE};
    void *contexts[POINTS_LANES];
    struct event_query query = {.from = range->since,
                                .kinds = wanted,
                                .n_kinds = sizeof wanted / sizeof *wanted,
                                .columns = EVENT_TIME | EVENT_AMOUNT | EVENT_TENANT |
                                           EVENT_CHANNEL | EVENT_VALUE | EVENT_REF,
                                .people = true,
                                .person_first = range->first,
                                .person_last = range->last};
    range->n_lanes = points_lanes();
    for (int i = 0; i < range->n_lanes; i++) {
        range->lanes[i] = (struct lane){.rules = rules,
                                        .pos = dict_id(reader, DICT_CHANNEL, "pos", 3),
                                        .tiers = range->tiers,
                                        .first = range->first,
                                        .arena = arena_new()};
        contexts[i] = &range->lanes[i];
    }
    return event_scan_parallel(reader, &query, block_take, contexts, range->n_lanes, err);
}

static void range_free(struct range *range)
{
    for (int i = 0; i < range->n_lanes; i++) {
        struct lane *lane = &range->lanes[i];
        vec_free(&lane->purchases);
        vec_free(&lane->earns);
        vec_free(&lane->refunds);
        vec_free(&lane->registers);
        vec_free(&lane->reverses);
        vec_free(&lane->events);
        vec_free(&lane->backs);
        arena_free(lane->arena);
    }
    arena_free(range->arena);
}

static enum status range_look(struct range *range, struct reader *reader, struct error *err)
{
    struct points_rules rules;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = reader_integer(reader, "select max(seq) from tail", 0, &range->seen, err);
    if (status == ST_OK)
        status = points_rules_read(reader, range->arena, &rules, err);
    if (status == ST_OK)
        status = tiers_read(range, reader, err);
    if (status == ST_OK)
        status = range_scan(range, reader, &rules, err);
    reader_end(reader);
    for (int i = 0; i < range->n_lanes; i++) {
        const struct points_awards *sums = &range->lanes[i].sums;
        range->n_events += range->lanes[i].events.n;
        range->sums.purchases += sums->purchases;
        range->sums.points += sums->points;
        range->sums.gifts += sums->gifts;
        range->sums.gift_points += sums->gift_points;
        range->sums.unsaid += sums->unsaid;
    }
    return status;
}

/* Nobody of the range may have earned in between; then the record. */
static enum status range_settle(struct writer *writer, void *context, struct error *err)
{
    struct range *range = context;
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "select count(*) from tail where seq > ?1 and person"
                                        " between ?2 and ?3 and kind = ?4",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {range->seen, range->first, range->last, KIND_POINTS_EARN};
    for (int i = 0; i < 4; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    bool touched = sqlite3_step(stmt) != SQLITE_ROW || sqlite3_column_int64(stmt, 0) > 0;
    sqlite3_reset(stmt);
    if (touched)
        return error_set(err, ST_CONFLICT,
                         "points were posted while receipts were looked at; run it again");
    json_t *detail =
        json_pack("{s:I, s:I, s:I, s:I}", "purchases", (json_int_t)range->sums.purchases, "points",
                  (json_int_t)range->sums.points, "gifts", (json_int_t)range->sums.gifts,
                  "gift_points", (json_int_t)range->sums.gift_points);
    status = audit_append(writer, range->access->principal, "points earn", "mall", "", detail, err);
    json_decref(detail);
    return status;
}

static enum status range_post(struct range *range, struct event_bulk *bulk, struct error *err)
{
    enum status status = ST_OK;
    for (int i = 0; i < range->n_lanes && status == ST_OK; i++)
        if (range->lanes[i].events.n)
            status =
                event_bulk_add(bulk, 0, range->lanes[i].events.at, range->lanes[i].events.n, err);
    if (status != ST_OK || !range->n_events) {
        event_bulk_cancel(bulk);
        return status;
    }
    return event_bulk_commit(bulk, range_settle, range, NULL, err);
}

/* Refunds one at a time: each is an entry of an account. */
static enum status backs_post(struct writer *writer, struct range *range, struct error *err)
{
    enum status status = ST_OK;
    for (int i = 0; i < range->n_lanes; i++)
        for (size_t k = 0; k < range->lanes[i].backs.n && status == ST_OK; k++) {
            const struct give_back *back = &range->lanes[i].backs.at[k];
            struct points_posted posted;
            struct points_entry entry = {.act = POINTS_REVERSE,
                                         .person = back->person,
                                         .points = back->points,
                                         .time = back->time,
                                         .ref = back->ref,
                                         .of = back->ref,
                                         .what = POINTS_EARN};
            status = points_post(writer, range->access, &entry, &posted, err);
            if (status == ST_CONFLICT || status == ST_REFUSED) {
                error_clear(err); /* taken back by hand before, or a reference too long */
                status = ST_OK;
                range->sums.unsaid++;
                continue;
            }
            range->sums.refunds += !posted.repeated;
            range->sums.taken += posted.repeated ? 0 : posted.points;
        }
    return status;
}

static enum status range_run(struct writer *writer, struct range *range, bool *again,
                             struct error *err)
{
    struct event_bulk *bulk;
    struct event_bulk_options options = {
        .memory = (size_t)64 << 20, .threads = 1, .source = "points earn"};
    struct reader *reader;
    *again = false;
    range->arena = arena_new();
    enum status status = points_reader(writer, &reader, err);
    if (status == ST_OK)
        status = event_bulk_begin(writer, &options, &bulk, err);
    if (status != ST_OK)
        return status;
    status = range_look(range, reader, err);
    if (status != ST_OK) {
        event_bulk_cancel(bulk);
        return status;
    }
    status = range_post(range, bulk, err);
    *again = status == ST_CONFLICT;
    return status == ST_OK ? backs_post(writer, range, err) : status;
}

static enum status since_read(struct reader *reader, int64_t *since, struct error *err)
{
    struct arena *arena = arena_new();
    const char *text;
    int32_t day = 0;
    enum status status = setting_text(reader, arena, "points_since", &text, err);
    bool known = status == ST_OK && points_day_read(text, &day);
    arena_free(arena);
    if (status != ST_OK)
        return status;
    *since = clock_day_start(&reader_mall(reader)->clock, day);
    if (known)
        return ST_OK;
    return error_set(err, ST_CONFLICT,
                     "points of receipts are not kept here: set points_since to the first day of "
                     "which they are, or say it with --since");
}

enum status points_award_run(struct writer *writer, const struct access *access, int64_t since,
                             void (*progress)(void *context, int64_t done, int64_t total),
                             void *context, struct points_awards *awards, struct error *err)
{
    struct reader *reader;
    uint32_t end = 0;
    *awards = (struct points_awards){0};
    enum status status = access_require(access, RIGHT_CAMPAIGN_EDIT, "give points", err);
    if (status == ST_OK)
        status = points_reader(writer, &reader, err);
    if (status == ST_OK && since == INT64_MIN)
        status = since_read(reader, &since, err);
    if (status == ST_OK)
        status = people_end(reader, &end, err);
    for (uint64_t first = 0; first < end && status == ST_OK; first += RANGE) {
        bool again = true;
        for (int i = 0; i < TRIES && again; i++) {
            struct range range = {.access = access, .since = since};
            range.first = first ? (uint32_t)first : 1;
            range.last = (uint32_t)(first + RANGE - 1);
            error_clear(err);
            status = range_run(writer, &range, &again, err);
            if (status == ST_OK) {
                awards->purchases += range.sums.purchases;
                awards->points += range.sums.points;
                awards->gifts += range.sums.gifts;
                awards->gift_points += range.sums.gift_points;
                awards->refunds += range.sums.refunds;
                awards->taken += range.sums.taken;
                awards->unsaid += range.sums.unsaid;
            }
            range_free(&range);
        }
        if (progress)
            progress(context, (int64_t)(first + RANGE < end ? first + RANGE : end), (int64_t)end);
    }
    return status;
}
