#include "model/campaign/simulate_parts.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/plan.h"
#include "model/campaign/report.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"
#include "model/people/shop_sums.h"
#include "model/segment/segment.h"
#include "model/store/setting.h"

#include <math.h>
#include <string.h>

enum { COMPARABLE_LEAST = 4, OPEN_DAYS = 31 };

/* ---- Who and when ---- */

static enum status treated_find(struct simulate_job *job, struct error *err)
{
    const char *audience = *job->campaign->audience ? job->campaign->audience : "reachable";
    struct segment_answer answer;
    enum status status = segment_run(job->reader, job->arena, job->access, audience, &answer, err);
    if (status != ST_OK)
        return status;
    struct set *treated = set_new(job->arena, answer.people->n);
    for (uint32_t p = set_next(answer.people, 0); p != UINT32_MAX;
         p = set_next(answer.people, p + 1))
        if (!campaign_held_out(job->campaign, p))
            set_add(treated, p);
    job->treated = treated;
    job->out->audience = answer.count;
    job->out->treated = set_count(treated);
    return ST_OK;
}

static enum status days_find(struct simulate_job *job, struct error *err)
{
    const struct campaign *c = job->campaign;
    int64_t as_of, present;
    enum status status = reader_present(job->reader, &as_of, &present, err);
    if (status != ST_OK)
        return status;
    int32_t today = clock_day(job->clock, present);
    int32_t from = c->schedule.from == INT32_MIN ? today + 1 : c->schedule.from;
    int32_t to = c->schedule.to == INT32_MAX ? from + OPEN_DAYS - 1 : c->schedule.to;
    job->out->days = schedule_days(job->arena, c, from, to, &job->out->n_days);
    if (!job->out->n_days)
        return error_set(err, ST_REFUSED, "its schedule has no day on which it is on");
    int64_t first = clock_day_start(job->clock, job->out->days[0]);
    job->out->at = job->query->at ? job->query->at : first < present + 1 ? first : present + 1;
    return ST_OK;
}

/* ---- Groups ---- */

static const struct {
    int64_t least;
    const char *name;
} bands[] = {{0, N_("no points")},
             {1, N_("under 1,000 points")},
             {1000, N_("1,000 to 4,999")},
             {5000, N_("5,000 to 19,999")},
             {20000, N_("20,000 and more")}};
enum { BANDS = sizeof bands / sizeof *bands };

static void bands_make(struct simulate_job *job)
{
    const int64_t *balance = job->history.balance;
    job->out->n_groups = BANDS;
    for (size_t g = 0; g < BANDS; g++)
        job->groups[g].name = _(bands[g].name);
    for (uint32_t p = set_next(job->treated, 0); p != UINT32_MAX;
         p = set_next(job->treated, p + 1)) {
        size_t g = BANDS - 1;
        while (g && balance[p] < bands[g].least)
            g--;
        job->group_of[p] = (uint8_t)g;
    }
}

static enum status crowds_make(struct simulate_job *job, const char *by, struct error *err)
{
    struct result_query query = {.margin = NAN, .threads = job->query->threads};
    struct result_group *groups;
    size_t n;
    enum status status = result_by_parse(by, &query.by, &query.name, err);
    if (status == ST_OK && !result_bys[query.by].crowd)
        status = error_set(err, ST_USAGE,
                           "--by: a simulation is told by balance, tier, gender, "
                           "age, label, segment or attr:NAME");
    if (status == ST_OK)
        status = result_crowds_read(job->reader, job->arena, &query, job->history.n_people,
                                    job->treated, &groups, &n, err);
    if (status != ST_OK)
        return status;
    job->out->n_groups = n < SIMULATE_GROUPS ? n : SIMULATE_GROUPS;
    for (size_t g = job->out->n_groups; g-- > 0;) { /* of two, the first counts */
        job->groups[g].name = groups[g].name;
        for (uint32_t p = set_next(groups[g].people, 0); p != UINT32_MAX;
             p = set_next(groups[g].people, p + 1))
            job->group_of[p] = (uint8_t)g;
    }
    return ST_OK;
}

static enum status groups_make(struct simulate_job *job, struct error *err)
{
    const char *by = job->query->by;
    job->groups = arena_array(job->arena, struct simulate_group, SIMULATE_GROUPS);
    job->group_of = arena_array(job->arena, uint8_t, job->history.n_people + 1);
    memset(job->group_of, SIMULATE_GROUPS, job->history.n_people + 1);
    enum status status = ST_OK;
    if (by && strcmp(by, "balance") != 0)
        status = crowds_make(job, by, err);
    else
        bands_make(job);
    for (uint32_t p = set_next(job->treated, 0); status == ST_OK && p != UINT32_MAX;
         p = set_next(job->treated, p + 1)) {
        job->out->balance += job->history.balance[p];
        if (job->group_of[p] >= SIMULATE_GROUPS)
            continue;
        job->groups[job->group_of[p]].people++;
        job->groups[job->group_of[p]].balance += job->history.balance[p];
    }
    job->out->groups = job->groups;
    return status;
}

static void groups_hide(struct simulate_job *job)
{
    const struct access *access = job->access;
    if (!access || !access->least_people)
        return;
    int64_t people[SIMULATE_GROUPS];
    bool hidden[SIMULATE_GROUPS];
    for (size_t g = 0; g < job->out->n_groups; g++)
        people[g] = job->groups[g].people;
    small_groups(access, people, job->out->n_groups, hidden);
    for (size_t g = 0; g < job->out->n_groups; g++)
        job->groups[g].hidden = hidden[g];
}

/* ---- Running ---- */

static int64_t shoppers_count(const struct simulate_job *job)
{
    const struct history *h = &job->history;
    struct arena *work = arena_new();
    struct set *seen = set_new(work, h->n_people + 1);
    for (size_t i = 0; i < h->n_days; i++)
        for (size_t k = h->days[i].first; k < h->days[i].first + h->days[i].n; k++)
            set_add(seen, h->stops.at[k].person);
    int64_t n = set_count(seen);
    arena_free(work);
    return n;
}

static const char *note_of(const struct simulation *s)
{
    switch (s->basis) {
    case BASIS_POINTS_DAYS:
        return _("Rests on earlier points days.");
    case BASIS_COUPONS:
        return _("Rests on how earlier coupons were redeemed; whether this one is like them is not "
                 "known. Sales are of the receipts, not what the campaign adds.");
    default:
        break;
    }
    return s->campaign->kind == CAMPAIGN_POINTS_MULTIPLIER
               ? _("Rests on ordinary days: people are taken to buy as they did. What more they "
                   "would buy is not known.")
               : _("Rests on ordinary days, as there were no earlier points days: people are taken "
                   "to come and burn as they did. What the campaign adds is not in it, so take it "
                   "as the least.");
}

static enum status days_run(struct simulate_job *job, struct error *err)
{
    struct simulation *out = job->out;
    bool cash = job->campaign->kind == CAMPAIGN_POINTS_CASH;
    reader_progress_part(job->reader, 0, 700);
    enum status status = history_read(job, err);
    if (status != ST_OK)
        return status;
    out->comparable = job->history.n_days;
    if (out->comparable <
        (out->basis == BASIS_POINTS_DAYS ? SIMULATE_POINTS_DAYS : COMPARABLE_LEAST))
        return error_set(err, ST_REFUSED,
                         "only %zu comparable days before it (the same weekdays in the %d days "
                         "before): too few to go by",
                         out->comparable, SIMULATE_HISTORY);
    if (cash && !job->history.parts.n)
        return error_set(err, ST_REFUSED,
                         "nobody of its audience burned points on a receipt in the time before: "
                         "there is nothing to go by");
    out->shoppers = shoppers_count(job);
    status = groups_make(job, err);
    reader_progress_part(job->reader, 700, 1000);
    return status == ST_OK ? draws_play(job, err) : status;
}

static enum status job_run(struct simulate_job *job, struct error *err)
{
    enum campaign_kind kind = job->campaign->kind;
    struct set *shops = NULL;
    bool days = kind == CAMPAIGN_POINTS_CASH || kind == CAMPAIGN_POINTS_MULTIPLIER;
    if (!days && kind != CAMPAIGN_COUPON && kind != CAMPAIGN_WIN_BACK)
        return error_set(err, ST_REFUSED,
                         "history says nothing about a campaign of the kind %s: points days, "
                         "multipliers and coupons can be simulated",
                         campaign_kinds[kind].name);
    if (!days && !job->campaign->offer.value)
        return error_set(err, ST_REFUSED, "its offer has no value: what it costs cannot be said");
    enum status status = days_find(job, err);
    if (status == ST_OK)
        status = treated_find(job, err);
    if (status == ST_OK && *job->campaign->offer.shops)
        status =
            shops_of(reader_db(job->reader), job->arena, job->campaign->offer.shops, &shops, err);
    job->shops = shops;
    if (status == ST_OK)
        status = days ? days_run(job, err) : coupons_play(job, err);
    if (status != ST_OK)
        return status;
    job->out->note = note_of(job->out);
    groups_hide(job);
    return ST_OK;
}

enum status campaign_simulate(struct reader *reader, struct arena *arena,
                              const struct access *access, const struct campaign *campaign,
                              const struct simulate_query *query, struct simulation *simulation,
                              struct error *err)
{
    *simulation = (struct simulation){
        .campaign = campaign, .seed = query->seed ? query->seed : 1, .enough = NAN};
    struct simulate_job job = {.reader = reader,
                               .arena = arena,
                               .access = access,
                               .campaign = campaign,
                               .query = query,
                               .out = simulation,
                               .clock = &reader_mall(reader)->clock,
                               .threads = query->threads ? query->threads : scan_threads()};
    enum status status =
        access ? access_require(access, RIGHT_QUESTIONS, "simulate campaigns", err) : ST_OK;
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = setting_integer(reader, "points_per_yuan", &job.rate, err);
    if (campaign->kind == CAMPAIGN_POINTS_CASH && campaign->offer.points > 0)
        job.rate = campaign->offer.points;
    if (status == ST_OK)
        status = job_run(&job, err);
    simulate_history_free(&job.history);
    reader_end(reader);
    return status;
}

/* ---- As tables and words ---- */

struct sheet *simulate_sheet(struct arena *arena, const struct simulation *s)
{
    static const struct sheet_column columns[] = {{"figure", N_("in a draw"), CELL_TEXT},
                                                  {"low", N_("low (5%)"), CELL_TEXT},
                                                  {"median", N_("median"), CELL_TEXT},
                                                  {"high", N_("high (95%)"), CELL_TEXT},
                                                  {"mean", N_("mean"), CELL_TEXT}};
    const struct {
        const char *name;
        const struct simulate_range *range;
        enum { COUNT, MONEY, TIMES } unit;
    } rows[] = {{_("people who use it"), &s->users, COUNT},
                {_("points"), &s->points, COUNT},
                {_("value given"), &s->value, MONEY},
                {_("sales touched"), &s->sales, MONEY},
                {_("leverage"), &s->leverage, TIMES},
                {_("liability taken off"), &s->liability, MONEY}};
    struct sheet *sheet = sheet_new(arena, columns, 5);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const double values[] = {rows[i].range->low, rows[i].range->median, rows[i].range->high,
                                 rows[i].range->mean};
        if (s->basis == BASIS_COUPONS &&
            (rows[i].range == &s->points || rows[i].range == &s->liability))
            continue;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(rows[i].name);
        for (int v = 0; v < 4; v++)
            cells[v + 1] =
                cell_text(rows[i].unit == COUNT   ? text_count(arena, llround(values[v]))
                          : rows[i].unit == MONEY ? report_money(arena, values[v] / 100, false)
                                                  : report_times(arena, values[v]));
    }
    return sheet;
}

struct sheet *simulate_groups_sheet(struct arena *arena, const struct access *access,
                                    const struct simulation *s)
{
    static const struct sheet_column columns[] = {{"name", N_("who"), CELL_TEXT},
                                                  {"people", N_("people"), CELL_COUNT},
                                                  {"balance", N_("points they have"), CELL_COUNT},
                                                  {"users", N_("use it"), CELL_COUNT},
                                                  {"points", N_("points"), CELL_COUNT}};
    struct sheet *sheet = sheet_new(arena, columns, 5);
    for (size_t i = 0; i < s->n_groups; i++) {
        const struct simulate_group *g = &s->groups[i];
        struct cell *cells = sheet_row_add(sheet);
        const int64_t values[] = {g->people, g->balance, llround(g->users), llround(g->points)};
        cells[0] = cell_text(g->name);
        for (int v = 0; v < 4; v++)
            cells[v + 1] = !g->hidden ? cell_integer(values[v])
                                      : cell_hidden(access && small_group(access, g->people)
                                                        ? access->least_people
                                                        : 0);
    }
    return sheet;
}

const char *simulate_headline(struct arena *arena, const struct simulation *s)
{
    const char *people = text_count(arena, llround(s->users.median));
    const char *low = report_money(arena, s->value.low / 100, false);
    const char *high = report_money(arena, s->value.high / 100, false);
    const char *what = arena_printf(
        arena, _("About %s people would use it and get %s (90%% of the draws: %s to %s)."), people,
        report_money(arena, s->value.median / 100, false), low, high);
    if (!isfinite(s->enough))
        return arena_printf(arena, _("%s A budget of %s is enough in 95 of 100 draws."), what,
                            text_money(arena, s->budget));
    return arena_printf(
        arena, _("%s Its budget of %s is enough in %.0f%% of the draws; %s would be in 95%%."),
        what, text_money(arena, s->campaign->limits.budget), s->enough * 100,
        text_money(arena, s->budget));
}
