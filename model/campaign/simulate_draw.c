/* Playing the draws: each by itself from the seed, so that threads change nothing. */
#include "model/campaign/simulate_parts.h"

#include "model/base/hash.h"
#include "model/base/parallel.h"
#include "model/loop/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORK = 30 * 1000 * 1000, DRAWS_LEAST = 50, DRAWS_MOST = 1000, LEAN = 10 };

/* What a draw came to. */
struct drawn {
    int64_t users, points, sales;
    int64_t group_users[SIMULATE_GROUPS], group_points[SIMULATE_GROUPS];
};

struct playing {
    struct simulate_job *job;
    struct drawn *drawn; /* by draw */
    struct {
        size_t *at; /* comparable days of the weekday */
        size_t n;
    } by_weekday[7];
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

/* A person's own habit, weighed against everybody's: (burns + m p) ÷ (receipts + m). And what it
 * expects on the comparable days, to be held against what happened. */
static void chances_make(struct history *h)
{
    double all = h->receipts ? (double)h->burns / (double)h->receipts : 0;
    for (size_t i = 0; i < h->n_days; i++)
        for (size_t k = h->days[i].first; k < h->days[i].first + h->days[i].n; k++) {
            struct stop *stop = &h->stops.at[k];
            const struct habit *habit = &h->habits[stop->person];
            double chance =
                (habit->burns + SIMULATE_PRIOR * all) / (habit->receipts + (double)SIMULATE_PRIOR);
            stop->chance = (float)chance;
            if (stop->size < SIZES)
                h->days[i].expected[stop->size] += chance;
        }
}

/* Only who has points today can burn any. */
static void stops_narrow(struct simulate_job *job)
{
    struct history *h = &job->history;
    size_t kept = 0;
    for (size_t i = 0; i < h->n_days; i++) {
        size_t from = h->days[i].first, to = from + h->days[i].n;
        h->days[i].first = kept;
        for (size_t k = from; k < to; k++)
            if (h->balance[h->stops.at[k].person] >= job->rate)
                h->stops.at[kept++] = h->stops.at[k];
        h->days[i].n = kept - h->days[i].first;
    }
    h->stops.n = kept;
}

/* How much more (or less) often points are burned on such days than habits say, by size: of the
 * days drawn. A size with little of its own leans on all sizes. */
static void level_draw(const struct playing *play, struct stream *random, double level[SIZES])
{
    const struct history *h = &play->job->history;
    double expected[SIZES] = {0}, burns[SIZES] = {0}, all = 0, all_expected = 0;
    for (size_t i = 0; i < h->n_days; i++) {
        const struct past_day *day = &h->days[stream_below(random, h->n_days)];
        for (int size = 0; size < SIZES; size++) {
            expected[size] += day->expected[size];
            burns[size] += (double)day->burns[size];
        }
    }
    for (int size = 0; size < SIZES; size++) {
        all += burns[size];
        all_expected += expected[size];
    }
    double usual = all_expected > 0 ? all / all_expected : 0;
    for (int size = 0; size < SIZES; size++)
        level[size] = (burns[size] + LEAN * usual) / (expected[size] + LEAN);
}

/* ---- A draw ---- */

/* By person; `stamp` is the draw it is of. */
struct player {
    int64_t left;
    uint32_t stamp;
    bool used;
};

static struct player *person_begin(const struct history *h, struct player *players, uint32_t person,
                                   uint32_t stamp)
{
    struct player *player = &players[person];
    if (player->stamp != stamp)
        *player = (struct player){h->balance[person], stamp, false};
    return player;
}

static void stop_count(const struct playing *play, struct player *player, struct drawn *out,
                       const struct stop *stop, int64_t points)
{
    const struct simulate_job *job = play->job;
    size_t group = job->group_of ? job->group_of[stop->person] : SIMULATE_GROUPS;
    bool first = !player->used;
    player->used = true;
    out->users += first;
    out->points += points;
    out->sales += stop->amount;
    if (group < SIMULATE_GROUPS) {
        out->group_users[group] += first;
        out->group_points[group] += points;
    }
}

static void day_play(const struct playing *play, struct player *players, struct stream *random,
                     const struct past_day *day, const double level[SIZES], uint32_t stamp,
                     struct drawn *out)
{
    const struct simulate_job *job = play->job;
    const struct history *h = &job->history;
    for (size_t i = day->first; i < day->first + day->n; i++) {
        const struct stop *stop = &h->stops.at[i];
        struct player *player = person_begin(h, players, stop->person, stamp);
        int64_t most = (int64_t)stop->amount * job->rate / 100;
        most = player->left < most ? player->left : most;
        int size = size_of(most, job->rate);
        if (size == SIZES || stream_unit(random) >= level[size] * (double)stop->chance)
            continue;
        size_t at = h->parts_from[size] + stream_below(random, h->parts_n[size]);
        int64_t points = (int64_t)((double)most * (double)h->parts.at[at].part + 0.5);
        if (points <= 0)
            continue;
        player->left -= points;
        stop_count(play, player, out, stop, points);
    }
}

/* Who bought on such a day earns so many times the points. */
static void day_multiply(const struct playing *play, struct player *players,
                         const struct past_day *day, uint32_t stamp, struct drawn *out)
{
    const struct simulate_job *job = play->job;
    const struct history *h = &job->history;
    for (size_t i = day->first; i < day->first + day->n; i++) {
        const struct stop *stop = &h->stops.at[i];
        stop_count(play, person_begin(h, players, stop->person, stamp), out, stop,
                   (int64_t)stop->earned * (job->campaign->offer.factor - 100) / 100);
    }
}

static void draw_play(const struct playing *play, struct player *players, size_t number)
{
    const struct simulate_job *job = play->job;
    const struct history *h = &job->history;
    struct stream random = {hash_mix(job->out->seed ^ hash_mix(number + 1))};
    struct drawn *out = &play->drawn[number];
    double level[SIZES];
    level_draw(play, &random, level);
    for (size_t i = 0; i < job->out->n_days; i++) {
        int weekday = date_weekday(job->out->days[i]);
        size_t n = play->by_weekday[weekday].n;
        const struct past_day *day =
            n ? &h->days[play->by_weekday[weekday].at[stream_below(&random, n)]]
              : &h->days[stream_below(&random, h->n_days)];
        if (job->campaign->kind == CAMPAIGN_POINTS_MULTIPLIER)
            day_multiply(play, players, day, (uint32_t)number + 1, out);
        else
            day_play(play, players, &random, day, level, (uint32_t)number + 1, out);
    }
}

/* A thread's share of the draws. */
static void share_play(void *context, size_t piece)
{
    const struct playing *play = context;
    const struct simulate_job *job = play->job;
    struct player *players = mem_zero(job->history.n_people + 1, sizeof *players);
    for (size_t d = piece; d < (size_t)job->out->draws; d += (size_t)job->threads) {
        if (reader_cancelled(job->reader))
            break;
        draw_play(play, players, d);
    }
    free(players);
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

/* Fen that a point is in the books; what is burned is no longer owed, what is given is owed more.
 */
static double liability_of_point(const struct simulate_job *job)
{
    enum { MANY = 1000000000 };
    int64_t fen = 0;
    if (!points_value(job->reader, MANY, &fen))
        return NAN;
    double value = (double)fen / MANY;
    return job->campaign->kind == CAMPAIGN_POINTS_MULTIPLIER ? -value : value;
}

static void ranges_fill(struct simulate_job *job, const struct drawn *drawn)
{
    enum { USERS, POINTS, VALUE, SALES, LEVERAGE, LIABILITY, RANGES };
    struct simulation *out = job->out;
    struct simulate_range *into[RANGES] = {&out->users, &out->points,   &out->value,
                                           &out->sales, &out->leverage, &out->liability};
    size_t n = (size_t)out->draws, enough = 0;
    double *values[RANGES], owed = liability_of_point(job);
    for (int r = 0; r < RANGES; r++)
        values[r] = arena_array(job->arena, double, n);
    for (size_t d = 0; d < n; d++) {
        double value = (double)drawn[d].points * 100 / (double)job->rate;
        values[USERS][d] = (double)drawn[d].users;
        values[POINTS][d] = (double)drawn[d].points;
        values[VALUE][d] = value;
        values[SALES][d] = (double)drawn[d].sales;
        values[LEVERAGE][d] = value > 0 ? (double)drawn[d].sales / value : 0;
        values[LIABILITY][d] = (double)drawn[d].points * owed;
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
    chances_make(h);
    if (job->campaign->kind == CAMPAIGN_POINTS_CASH)
        stops_narrow(job);
    job->out->draws = draws_for(job);
    play.drawn = mem_zero((size_t)job->out->draws, sizeof *play.drawn);
    for (size_t i = 0; i < h->n_days; i++) {
        int weekday = date_weekday(h->days[i].day);
        if (!play.by_weekday[weekday].at)
            play.by_weekday[weekday].at = arena_array(job->arena, size_t, h->n_days);
        play.by_weekday[weekday].at[play.by_weekday[weekday].n++] = i;
    }
    parallel_run(job->threads, (size_t)job->threads, share_play, &play);
    bool cancelled = reader_cancelled(job->reader);
    if (!cancelled)
        ranges_fill(job, play.drawn);
    free(play.drawn);
    return cancelled ? error_set(err, ST_CANCELLED, "the simulation was cancelled") : ST_OK;
}
