/* Groups of a funnel, and the figures of a step. */
#include "model/base/intl.h"
#include "model/loop/funnel_parts.h"
#include "model/loop/names.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

const char *const funnel_by_names[FUNNEL_BY_COUNT] = {
    NULL,       N_("shop"),     N_("category"), N_("channel"), N_("zone"),   N_("month"),
    N_("tier"), N_("campaign"), N_("gender"),   N_("age"),     N_("income"), N_("community"),
    N_("car"),  N_("house"),    N_("coupon"),   N_("label"),   N_("segment")};

/* Stages of life by years of age: from this one on. */
static const struct {
    int from;
    const char *name;
} stages[] = {{0, "under 18"}, {18, "18-24"}, {25, "25-34"}, {35, "35-44"},
              {45, "45-54"},   {55, "55-64"}, {65, "65+"}};
enum { STAGES = sizeof stages / sizeof *stages };

/* Numbers for the texts that a query of (id, text) gives; 0 is none. */
static enum status texts_number(struct reader *reader, struct arena *arena, const char *sql,
                                size_t n_ids, struct funnel_split *split, const uint32_t **of,
                                struct error *err)
{
    struct name_collector collector = {.arena = arena};
    uint32_t *numbers = arena_array(arena, uint32_t, n_ids + 1);
    sqlite3_stmt *stmt;
    bool row = false;
    name_collect(&collector, "", 0);
    enum status status = reader_prepare(reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id >= 0 && (size_t)id < n_ids)
            numbers[id] = name_collect(&collector, column_text(stmt, 1),
                                       (size_t)sqlite3_column_bytes(stmt, 1));
    }
    const uint32_t *place;
    struct names names = names_finish(&collector, &place);
    for (size_t i = 0; i < n_ids; i++)
        numbers[i] = place[numbers[i]];
    split->n = names.n;
    split->names = (const char **)names.at;
    *of = numbers;
    return status;
}

enum status funnel_categories(struct reader *reader, struct arena *arena, size_t n_tenants,
                              const uint32_t **of_tenant, struct error *err)
{
    struct funnel_split split = {0};
    return texts_number(reader, arena, "select id, category from tenant", n_tenants, &split,
                        of_tenant, err);
}

/* A text column of members; the SQL is of this list alone. */
static enum status member_split(struct reader *reader, struct arena *arena, enum funnel_by by,
                                uint32_t n_people, struct funnel_split *split, struct error *err)
{
    static const char *const sql[FUNNEL_BY_COUNT] = {
        [FUNNEL_BY_TIER] = "select person, tier from member",
        [FUNNEL_BY_GENDER] = "select person, gender from member",
        [FUNNEL_BY_INCOME] = "select person, income from member",
        [FUNNEL_BY_COMMUNITY] = "select person, community from member",
        [FUNNEL_BY_CAR] = "select person, car from member",
        [FUNNEL_BY_HOUSE] = "select person, house from member",
    };
    return texts_number(reader, arena, sql[by], n_people, split, &split->of_person, err);
}

static enum status age_split(struct reader *reader, struct arena *arena, uint32_t n_people,
                             struct funnel_split *split, struct error *err)
{
    int32_t *birth = arena_array(arena, int32_t, n_people + (size_t)1);
    sqlite3_stmt *stmt;
    bool row = false;
    for (size_t i = 0; i < n_people; i++)
        birth[i] = INT32_MIN;
    enum status status = reader_prepare(
        reader, "select person, birth from member where birth is not null", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0), day = sqlite3_column_int64(stmt, 1);
        if (person >= 0 && person < n_people && day > -1000000 && day < 1000000)
            birth[person] = (int32_t)day;
    }
    split->birth = birth;
    split->n = STAGES + 1;
    split->names = arena_array(arena, const char *, split->n);
    split->names[0] = "";
    for (size_t i = 0; i < STAGES; i++)
        split->names[i + 1] = stages[i].name;
    return status;
}

/* Whole years from one day to another; -1 where there are none. */
static int years(int32_t birth, int32_t day)
{
    int y, m, d, year, month, mday;
    if (birth == INT32_MIN || birth > day)
        return -1;
    date_civil(birth, &y, &m, &d);
    date_civil(day, &year, &month, &mday);
    return year - y - (month < m || (month == m && mday < d));
}

static size_t stage_of(const struct funnel_split *split, uint32_t person, int64_t time)
{
    int32_t birth = person < split->n_people ? split->birth[person] : INT32_MIN;
    int age = birth == INT32_MIN ? -1 : years(birth, clock_day(split->clock, time));
    size_t stage = 0;
    while (stage < STAGES && age >= stages[stage].from)
        stage++;
    return stage;
}

static void sets_split(struct arena *arena, const struct funnel_query *query,
                       struct funnel_split *split)
{
    split->sets = query->sets;
    split->n = query->n_sets + 1;
    split->names = arena_array(arena, const char *, split->n);
    split->names[0] = "";
    for (size_t i = 0; i < query->n_sets; i++)
        split->names[i + 1] = query->sets[i].name;
}

bool funnel_split_has(const struct funnel_split *split, uint32_t person, size_t number)
{
    if (number)
        return set_has(split->sets[number - 1].people, person);
    for (size_t i = 1; i < split->n; i++)
        if (set_has(split->sets[i - 1].people, person))
            return false;
    return true;
}

static void dict_split(struct reader *reader, struct arena *arena, enum dict dict,
                       struct funnel_split *split)
{
    split->n = (size_t)dict_size(reader, dict) + 1;
    split->names = arena_array(arena, const char *, split->n);
    for (size_t i = 0; i < split->n; i++)
        split->names[i] = arena_strdup(arena, dict_name(reader, dict, (uint32_t)i));
}

static enum status month_split(struct reader *reader, struct arena *arena,
                               const struct funnel_query *query, struct funnel_split *split,
                               struct error *err)
{
    struct event_totals totals;
    enum status status = event_totals(reader, &totals, err);
    if (status != ST_OK)
        return status;
    int64_t from = query->from > totals.first ? query->from : totals.first;
    int64_t to = query->to < totals.last ? query->to : totals.last;
    split->first_month = clock_month(split->clock, from);
    int32_t last = to < from ? split->first_month : clock_month(split->clock, to);
    split->n = (size_t)(last - split->first_month + 1);
    if (split->n > FUNNEL_MONTHS)
        return error_set(err, ST_USAGE,
                         "by month: the events span %zu months, at most %d are told "
                         "apart; a shorter period would do",
                         split->n, FUNNEL_MONTHS);
    split->names = arena_array(arena, const char *, split->n);
    for (size_t i = 0; i < split->n; i++) {
        int32_t month = split->first_month + (int32_t)i;
        split->names[i] = arena_printf(arena, "%04d-%02d", month / 12, month % 12 + 1);
    }
    return ST_OK;
}

enum status funnel_split_make(struct reader *reader, struct arena *arena,
                              const struct funnel_query *query, uint32_t n_people,
                              struct funnel_split *split, struct error *err)
{
    *split = (struct funnel_split){.by = query->by, .n = 1, .clock = &reader_mall(reader)->clock};
    split->n_tenants = (size_t)dict_size(reader, DICT_TENANT) + 1;
    split->n_people = n_people;
    switch (query->by) {
    case FUNNEL_BY_SHOP:
        split->columns = EVENT_TENANT;
        dict_split(reader, arena, DICT_TENANT, split);
        return ST_OK;
    case FUNNEL_BY_CATEGORY:
        split->columns = EVENT_TENANT;
        return texts_number(reader, arena, "select id, category from tenant", split->n_tenants,
                            split, &split->of_tenant, err);
    case FUNNEL_BY_CHANNEL:
        split->columns = EVENT_CHANNEL;
        dict_split(reader, arena, DICT_CHANNEL, split);
        return ST_OK;
    case FUNNEL_BY_ZONE:
        split->columns = EVENT_ZONE;
        dict_split(reader, arena, DICT_ZONE, split);
        return ST_OK;
    case FUNNEL_BY_MONTH:
        return month_split(reader, arena, query, split, err);
    case FUNNEL_BY_CAMPAIGN:
        split->columns = EVENT_CAMPAIGN;
        dict_split(reader, arena, DICT_CAMPAIGN, split);
        return ST_OK;
    case FUNNEL_BY_COUPON:
        return funnel_coupon_split(reader, arena, query, split, err);
    case FUNNEL_BY_AGE:
        return age_split(reader, arena, n_people, split, err);
    case FUNNEL_BY_TIER:
    case FUNNEL_BY_GENDER:
    case FUNNEL_BY_INCOME:
    case FUNNEL_BY_COMMUNITY:
    case FUNNEL_BY_CAR:
    case FUNNEL_BY_HOUSE:
        return member_split(reader, arena, query->by, n_people, split, err);
    case FUNNEL_BY_LABEL:
    case FUNNEL_BY_SEGMENT:
        sets_split(arena, query, split);
        return ST_OK;
    default:
        return ST_OK;
    }
}

size_t funnel_split_of(const struct funnel_split *split, const struct event_run *run, size_t row)
{
    size_t number = 0;
    switch (split->by) {
    case FUNNEL_BY_SHOP:
        number = run->tenant ? run->tenant[row] : 0;
        break;
    case FUNNEL_BY_CATEGORY:
        number = run->tenant ? run->tenant[row] : 0;
        number = split->of_tenant[number < split->n_tenants ? number : 0];
        break;
    case FUNNEL_BY_CHANNEL:
        number = run->channel ? run->channel[row] : 0;
        break;
    case FUNNEL_BY_ZONE:
        number = run->zone ? run->zone[row] : 0;
        break;
    case FUNNEL_BY_MONTH:
        number = (size_t)(clock_month(split->clock, run->time[row]) - split->first_month);
        break;
    case FUNNEL_BY_CAMPAIGN:
        number = run->campaign ? run->campaign[row] : 0;
        break;
    case FUNNEL_BY_COUPON:
        number = funnel_coupon_of(split, run, row);
        break;
    case FUNNEL_BY_AGE:
        number = stage_of(split, run->person[row], run->time[row]);
        break;
    case FUNNEL_BY_TIER:
    case FUNNEL_BY_GENDER:
    case FUNNEL_BY_INCOME:
    case FUNNEL_BY_COMMUNITY:
    case FUNNEL_BY_CAR:
    case FUNNEL_BY_HOUSE:
        number = split->of_person[run->person[row] < split->n_people ? run->person[row] : 0];
        break;
    default:
        break;
    }
    return number < split->n ? number : 0;
}

/* ---- Means and medians ---- */

enum { SELECT_RADIX = 1 << 11 };

/* How many times begin with the upper bits of `prefix`, by the bits from `shift` on. */
static void times_count(struct funnel_tally *const *tallies, size_t n, uint32_t prefix,
                        uint32_t mask, unsigned shift, size_t *counts)
{
    memset(counts, 0, SELECT_RADIX * sizeof *counts);
    for (size_t t = 0; t < n; t++) {
        const uint32_t *time = tallies[t]->times.at, *end = time + tallies[t]->times.n;
        for (; time < end; time++)
            if ((*time & mask) == prefix)
                counts[*time >> shift & (SELECT_RADIX - 1)]++;
    }
}

/* The k-th least, eleven bits at a time from the top. *equal: how many are like it or less. */
static uint32_t times_select(struct funnel_tally *const *tallies, size_t n, size_t k, size_t *equal)
{
    size_t counts[SELECT_RADIX], below = 0;
    uint32_t prefix = 0, mask = 0, digit;
    for (int pass = 0; pass < 3; pass++) {
        unsigned shift = pass == 0 ? 21 : pass == 1 ? 10 : 0;
        times_count(tallies, n, prefix, mask, shift, counts);
        for (digit = 0; k - below >= counts[digit]; digit++)
            below += counts[digit];
        mask = ~((UINT32_C(1) << shift) - 1);
        prefix |= digit << shift;
        if (pass == 2)
            below += counts[digit];
    }
    *equal = below;
    return prefix;
}

static uint32_t times_after(struct funnel_tally *const *tallies, size_t n, uint32_t than)
{
    uint32_t least = UINT32_MAX;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < tallies[t]->times.n; i++)
            if (tallies[t]->times.at[i] > than && tallies[t]->times.at[i] < least)
                least = tallies[t]->times.at[i];
    return least;
}

/* With an even number, the mean of the two in the middle. */
static double times_median(struct funnel_tally *const *tallies, size_t n, size_t all)
{
    size_t upto;
    uint32_t low = times_select(tallies, n, (all - 1) / 2, &upto);
    uint32_t high = all / 2 < upto ? low : times_after(tallies, n, low);
    return ((double)low + (double)high) / 2;
}

struct funnel_step funnel_step_of(struct funnel_tally *const *tallies, size_t n)
{
    struct funnel_step step = {0};
    int64_t sum = 0;
    size_t all = 0;
    for (size_t t = 0; t < n; t++) {
        step.count += tallies[t]->count;
        sum += tallies[t]->sum;
        all += tallies[t]->times.n;
    }
    if (!all)
        return step;
    step.timed = true;
    step.mean_s = (double)sum / (double)all;
    step.median_s = times_median(tallies, n, all);
    return step;
}
