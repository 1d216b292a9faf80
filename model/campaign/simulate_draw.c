/* Playing the draws: each by itself from the seed, so that threads change nothing. */
#include "model/campaign/simulate_parts.h"

#include "model/base/hash.h"
#include "model/base/parallel.h"
#include "model/loop/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORK = 60 * 1000 * 1000, DRAWS_LEAST = 50, DRAWS_MOST = 1000 };

/* What a draw came to. */
struct drawn {
    int64_t users, points, sales;
    int64_t group_users[SIMULATE_GROUPS], group_points[SIMULATE_GROUPS];
};

struct playing {
    struct simulate_job *job;
    struct drawn *drawn; /* by draw */
    double *chance;      /* by person: of burning on a receipt, at the usual level */
    struct {
        size_t *at; /* comparable days of the weekday */
        size_t n;
    } by_weekday[7];
    double level; /* burns ÷ receipts on all comparable days, to what habits expect there */
};

/* A stream of numbers that depends on the seed and on what it is for. */
struct stream {
    uint64_t state;
};
static uint64_t stream_next(struct stream *s)
{
    s->state += UINT64_C(0x9E3779B97F4A7C15);
    return hash_mix(s->state);
}
static double stream_unit(struct stream *s)
{
    return (double)(stream_next(s) >> 11) * 0x1p-53;
}
static size_t stream_below(struct stream *s, size_t n)
{
    return (size_t)(stream_unit(s) * (double)n);
}

/* ---- Chances ---- */

/* A person's own habit, weighed against everybody's: (burns + m p) ÷ (receipts + m). */
static void chances_make(struct playing *play)
{
    const struct history *h = &play->job->history;
    double all = h->receipts ? (double)h->burns / (double)h->receipts : 0;
    for (size_t i = 0; i < h->stops.n; i++) {
        uint32_t person = h->stops.at[i].person;
        const struct habit *habit = &h->habits[person];
        play->chance[person] =
            (habit->burns + SIMULATE_PRIOR * all) / (habit->receipts + (double)SIMULATE_PRIOR);
    }
}

/* How much more (or less) is burned on such days than habits say: of the days drawn. */
static double level_draw(const struct playing *play, struct stream *random)
{
    const struct history *h = &play->job->history;
    double all = h->receipts ? (double)h->burns / (double)h->receipts : 0;
    int64_t stops = 0, burns = 0;
    for (size_t i = 0; i < h->n_days; i++) {
        const struct past_day *day = &h->days[stream_below(random, h->n_days)];
        stops += day->stops;
        burns += day->burns;
    }
    return stops && all > 0 ? (double)burns / (double)stops / all : 0;
}

/* ---- A draw ---- */

struct player {
    uint32_t *stamp; /* by person: the draw that last touched `left` and counted the person */
    int64_t *left;
    bool *used;
};

static void person_begin(const struct history *h, struct player *player, uint32_t person,
                         uint32_t stamp)
{
    if (player->stamp[person] == stamp)
        return;
    player->stamp[person] = stamp;
    player->left[person] = h->balance[person];
    player->used[person] = false;
}

static void stop_count(const struct playing *play, struct player *player, struct drawn *out,
                       const struct stop *stop, int64_t points)
{
    const struct simulate_job *job = play->job;
    size_t group = job->group_of ? job->group_of[stop->person] : SIMULATE_GROUPS;
    bool first = !player->used[stop->person];
    player->used[stop->person] = true;
    out->users += first;
    out->points += points;
    out->sales += stop->amount;
    if (group < SIMULATE_GROUPS) {
        out->group_users[group] += first;
        out->group_points[group] += points;
    }
}

static void day_play(const struct playing *play, struct player *player, struct stream *random,
                     const struct past_day *day, double level, uint32_t stamp, struct drawn *out)
{
    const struct simulate_job *job = play->job;
    const struct history *h = &job->history;
    for (size_t i = day->first; i < day->first + day->n; i++) {
        const struct stop *stop = &h->stops.at[i];
        int64_t most = (int64_t)stop->amount * job->rate / 100;
        person_begin(h, player, stop->person, stamp);
        most = player->left[stop->person] < most ? player->left[stop->person] : most;
        if (stream_unit(random) >= level * play->chance[stop->person] || most < job->rate)
            continue;
        double part = h->parts.at[stream_below(random, h->parts.n)];
        int64_t points = (int64_t)((double)most * part + 0.5);
        if (points <= 0)
            continue;
        player->left[stop->person] -= points;
        stop_count(play, player, out, stop, points);
    }
}

/* Who bought on such a day earns so many times the points. */
static void day_multiply(const struct playing *play, struct player *player,
                         const struct past_day *day, uint32_t stamp, struct drawn *out)
{
    const struct simulate_job *job = play->job;
    const struct history *h = &job->history;
    for (size_t i = day->first; i < day->first + day->n; i++) {
        const struct stop *stop = &h->stops.at[i];
        person_begin(h, player, stop->person, stamp);
        stop_count(play, player, out, stop,
                   (int64_t)stop->earned * (job->campaign->offer.factor - 100) / 100);
    }
}

static void draw_play(const struct playing *play, struct player *player, size_t number)
{
    const struct simulate_job *job = play->job;
    const struct history *h = &job->history;
    struct stream random = {hash_mix(job->out->seed ^ hash_mix(number + 1))};
    struct drawn *out = &play->drawn[number];
    double level = level_draw(play, &random);
    for (size_t i = 0; i < job->out->n_days; i++) {
        int weekday = date_weekday(job->out->days[i]);
        size_t n = play->by_weekday[weekday].n;
        const struct past_day *day =
            n ? &h->days[play->by_weekday[weekday].at[stream_below(&random, n)]]
              : &h->days[stream_below(&random, h->n_days)];
        if (job->campaign->kind == CAMPAIGN_POINTS_MULTIPLIER)
            day_multiply(play, player, day, (uint32_t)number + 1, out);
        else
            day_play(play, player, &random, day, level, (uint32_t)number + 1, out);
    }
}

/* A thread's share of the draws. */
static void share_play(void *context, size_t piece)
{
    const struct playing *play = context;
    const struct simulate_job *job = play->job;
    size_t n = job->history.n_people + 1;
    struct player player = {mem_zero(n, sizeof *player.stamp), mem_zero(n, sizeof *player.left),
                            mem_zero(n, sizeof *player.used)};
    for (size_t d = piece; d < (size_t)job->out->draws; d += (size_t)job->threads) {
        if (reader_cancelled(job->reader))
            break;
        draw_play(play, &player, d);
    }
    free(player.stamp);
    free(player.left);
    free(player.used);
}

/* ---- What they came to ---- */

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct simulate_range range_of(double *values, size_t n)
{
    double sum = 0;
    qsort(values, n, sizeof *values, double_compare);
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return (struct simulate_range){sum / (double)n, stat_quantile(values, n, 0.05),
                                   stat_quantile(values, n, 0.5), stat_quantile(values, n, 0.95)};
}

static double liability_of(const struct simulate_job *job, int64_t points)
{
    int64_t fen = 0;
    if (!points_value(job->reader, points, &fen))
        return NAN;
    return job->campaign->kind == CAMPAIGN_POINTS_MULTIPLIER ? -(double)fen : (double)fen;
}

static void ranges_fill(struct simulate_job *job, const struct drawn *drawn)
{
    enum { USERS, POINTS, VALUE, SALES, LEVERAGE, LIABILITY, RANGES };
    struct simulation *out = job->out;
    struct simulate_range *into[RANGES] = {&out->users, &out->points,   &out->value,
                                           &out->sales, &out->leverage, &out->liability};
    size_t n = (size_t)out->draws, enough = 0;
    double *values[RANGES];
    for (int r = 0; r < RANGES; r++)
        values[r] = arena_array(job->arena, double, n);
    for (size_t d = 0; d < n; d++) {
        double value = (double)drawn[d].points * 100 / (double)job->rate;
        values[USERS][d] = (double)drawn[d].users;
        values[POINTS][d] = (double)drawn[d].points;
        values[VALUE][d] = value;
        values[SALES][d] = (double)drawn[d].sales;
        values[LEVERAGE][d] = value > 0 ? (double)drawn[d].sales / value : 0;
        values[LIABILITY][d] = liability_of(job, drawn[d].points);
        enough += value <= (double)job->campaign->limits.budget;
        for (size_t g = 0; g < out->n_groups; g++) {
            job->groups[g].users += (double)drawn[d].group_users[g] / (double)n;
            job->groups[g].points += (double)drawn[d].group_points[g] / (double)n;
        }
    }
    for (int r = 0; r < RANGES; r++)
        *into[r] = range_of(values[r], n);
    out->budget = (int64_t)ceil(out->value.high / 100) * 100;
    out->enough = job->campaign->limits.budget ? (double)enough / (double)n : NAN;
}

static int draws_for(const struct simulate_job *job)
{
    const struct history *h = &job->history;
    if (job->query->draws)
        return job->query->draws;
    double work = (double)h->stops.n / (double)h->n_days * (double)job->out->n_days + 1;
    double draws = WORK / work;
    return draws < DRAWS_LEAST ? DRAWS_LEAST : draws > DRAWS_MOST ? DRAWS_MOST : (int)draws;
}

enum status draws_play(struct simulate_job *job, struct error *err)
{
    struct history *h = &job->history;
    struct playing play = {.job = job};
    job->out->draws = draws_for(job);
    play.drawn = mem_zero((size_t)job->out->draws, sizeof *play.drawn);
    play.chance = mem_zero(h->n_people + 1, sizeof *play.chance);
    for (size_t i = 0; i < h->n_days; i++) {
        int weekday = date_weekday(h->days[i].day);
        if (!play.by_weekday[weekday].at)
            play.by_weekday[weekday].at = arena_array(job->arena, size_t, h->n_days);
        play.by_weekday[weekday].at[play.by_weekday[weekday].n++] = i;
    }
    chances_make(&play);
    parallel_run(job->threads, (size_t)job->threads, share_play, &play);
    bool cancelled = reader_cancelled(job->reader);
    if (!cancelled)
        ranges_fill(job, play.drawn);
    free(play.drawn);
    free(play.chance);
    return cancelled ? error_set(err, ST_CANCELLED, "the simulation was cancelled") : ST_OK;
}
