/* What a simulation rests on: the comparable days, balances, and how people burned before. */
#include "model/campaign/simulate_parts.h"

#include "model/people/shop_sums.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS_LEAST = 20 };

/* What one thread finds. */
struct lane {
    struct simulate_job *job;
    struct day_finder day;
    struct past_day *days; /* counts of its own */
    VEC(struct stop) stops, mine;
    VEC(struct part) parts;
    int64_t receipts, burns;
};

void simulate_history_free(struct history *history)
{
    free(history->balance);
    free(history->habits);
    vec_free(&history->stops);
    vec_free(&history->parts);
}

/* ---- Which days ---- */

static bool day_compares(const struct campaign *c, int32_t day)
{
    return !c->schedule.weekdays || c->schedule.weekdays >> date_weekday(day) & 1;
}

/* The latest days before the moment on which the mall sold anything. */
static enum status days_choose(struct simulate_job *job, struct error *err)
{
    struct history *h = &job->history;
    int32_t end = clock_day(job->clock, job->out->at), first = end - SIMULATE_HISTORY;
    const struct rollup_cell *cells;
    size_t n_cells;
    bool sold[SIMULATE_HISTORY] = {false};
    struct arena *work = arena_new();
    enum status status = rollup_days(job->reader, work, first, end, &cells, &n_cells, err);
    for (size_t i = 0; status == ST_OK && i < n_cells; i++)
        if (cells[i].kind == KIND_PURCHASE && cells[i].day >= first && cells[i].day < end)
            sold[cells[i].day - first] = true;
    arena_free(work);
    h->days = arena_array(job->arena, struct past_day, SIMULATE_DAYS);
    for (int32_t d = SIMULATE_HISTORY - 1; d >= 0 && h->n_days < SIMULATE_DAYS; d--)
        if (sold[d] && day_compares(job->campaign, first + d))
            h->days[h->n_days++].day = first + d;
    for (size_t i = 0; i < h->n_days / 2; i++) {
        struct past_day swap = h->days[i];
        h->days[i] = h->days[h->n_days - 1 - i];
        h->days[h->n_days - 1 - i] = swap;
    }
    job->out->from = h->n_days ? clock_day_start(job->clock, h->days[0].day) : 0;
    return status;
}

static int day_number(const struct history *h, int32_t day)
{
    size_t low = 0, high = h->n_days;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (h->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < h->n_days && h->days[low].day == day ? (int)low : -1;
}

/* ---- One person ---- */

/* Points that a receipt could have taken. */
static int64_t points_usable(const struct simulate_job *job, int64_t balance, int64_t amount)
{
    int64_t most = amount * job->rate / 100;
    return balance < most ? balance : most;
}

/* The last receipt, which points of the same moment belong to. */
struct receipt {
    int64_t time, usable, amount;
    int day;      /* of the comparable days; -1: none */
    bool counted; /* in the habit */
    size_t stop;  /* in lane->mine; SIZE_MAX: none */
};

static void take_purchase(struct lane *lane, struct habit *habit, const struct event_run *run,
                          size_t row, int64_t balance, struct receipt *last)
{
    struct simulate_job *job = lane->job;
    int64_t time = run->time[row], amount = run_amount(run, row);
    bool here = !job->shops || set_has(job->shops, run_tenant(run, row));
    *last =
        (struct receipt){time, points_usable(job, balance, amount), amount, -1, false, SIZE_MAX};
    if (time < job->out->from)
        return;
    int day = here ? day_number(&job->history, day_find(&lane->day, time)) : -1;
    last->day = day;
    last->counted = last->usable >= job->rate;
    habit->receipts += last->counted;
    if (day < 0)
        return;
    last->stop = lane->mine.n;
    vec_push(&lane->mine,
             (struct stop){run->person[row], amount > UINT32_MAX ? UINT32_MAX : (uint32_t)amount, 0,
                           (uint16_t)day, (uint8_t)size_of(last->usable, job->rate), 0});
}

static void take_burn(struct lane *lane, struct habit *habit, const struct event_run *run,
                      size_t row, struct receipt *last)
{
    int64_t points = run_amount(run, row);
    if (run->time[row] != last->time || !last->counted || run->time[row] < lane->job->out->from)
        return;
    double part = (double)points / (double)last->usable;
    int size = size_of(last->usable, lane->job->rate);
    habit->burns++;
    last->counted = false; /* a receipt burns once */
    vec_push(&lane->parts,
             (struct part){(float)(part > 1 ? 1 : part), (int16_t)last->day, (uint8_t)size});
    if (last->day < 0)
        return;
    lane->days[last->day].burns[size]++;
    lane->days[last->day].named += run->campaign && run->campaign[row];
}

/* In order of time: the balance runs along. */
static void take_person(struct lane *lane, struct event_cursor *cursor, uint32_t person)
{
    struct history *h = &lane->job->history;
    struct habit *habit = &h->habits[person];
    struct receipt last = {.time = INT64_MIN, .stop = SIZE_MAX};
    const struct event_run *run;
    int64_t balance = 0;
    size_t row;
    lane->mine.n = 0;
    while (event_cursor_next(cursor, &run, &row)) {
        int64_t amount = run_amount(run, row);
        switch (run->kind) {
        case KIND_PURCHASE:
            take_purchase(lane, habit, run, row, balance, &last);
            break;
        case KIND_POINTS_EARN:
            balance += amount;
            if (last.stop != SIZE_MAX && last.time == run->time[row])
                lane->mine.at[last.stop].earned += (uint32_t)amount;
            break;
        case KIND_POINTS_BURN:
            take_burn(lane, habit, run, row, &last);
            balance -= amount;
            break;
        case KIND_POINTS_ADJUST:
            balance += amount;
            break;
        default: /* expired, reversed */
            balance -= amount;
        }
    }
    h->balance[person] = balance;
    lane->receipts += habit->receipts;
    lane->burns += habit->burns;
    bool cash = lane->job->campaign->kind == CAMPAIGN_POINTS_CASH;
    for (size_t i = 0; i < lane->mine.n; i++)
        if (!cash || balance >= lane->job->rate || lane->mine.at[i].size < SIZES)
            vec_push(&lane->stops, lane->mine.at[i]);
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person))
        if (set_has(lane->job->treated, person))
            take_person(lane, &cursor, person);
    return reader_cancelled(lane->job->reader)
               ? error_set(err, ST_CANCELLED, "the simulation was cancelled")
               : ST_OK;
}

/* ---- Together ---- */

static int stop_compare(const void *a, const void *b)
{
    const struct stop *x = a, *y = b;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->person != y->person)
        return x->person < y->person ? -1 : 1;
    if (x->amount != y->amount)
        return x->amount < y->amount ? -1 : 1;
    return x->earned < y->earned ? -1 : x->earned > y->earned;
}

static int part_compare(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

static void lanes_merge(struct history *h, struct lane *lanes, int n)
{
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; k < h->n_days; k++) {
            for (int size = 0; size < SIZES; size++)
                h->days[k].burns[size] += lanes[i].days[k].burns[size];
            h->days[k].named += lanes[i].days[k].named;
        }
        vec_reserve(&h->stops, lanes[i].stops.n);
        if (lanes[i].stops.n)
            memcpy(h->stops.at + h->stops.n, lanes[i].stops.at,
                   lanes[i].stops.n * sizeof *h->stops.at);
        h->stops.n += lanes[i].stops.n;
        for (size_t k = 0; k < lanes[i].parts.n; k++)
            vec_push(&h->parts, lanes[i].parts.at[k]);
        h->receipts += lanes[i].receipts;
        h->burns += lanes[i].burns;
    }
    if (h->stops.n)
        qsort(h->stops.at, h->stops.n, sizeof *h->stops.at, stop_compare);
}

static int64_t day_burns(const struct past_day *day)
{
    int64_t burns = 0;
    for (int size = 0; size < SIZES; size++)
        burns += day->burns[size];
    return burns;
}

static bool is_points_day(const struct past_day *day)
{
    return day->named && day->named * 2 >= day_burns(day);
}

/* Burns of the days that count; a size with too few of its own draws from all of them. */
static void parts_settle(struct history *h, bool only)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->parts.n; i++) {
        int day = h->parts.at[i].day;
        if (!only || (day >= 0 && is_points_day(&h->days[day])))
            h->parts.at[kept++] = h->parts.at[i];
    }
    h->parts.n = kept;
    if (kept)
        qsort(h->parts.at, kept, sizeof *h->parts.at, part_compare);
    for (size_t at = 0, size = 0; size < SIZES; size++) {
        size_t from = at;
        while (at < kept && h->parts.at[at].size == size)
            at++;
        bool own = at - from >= PARTS_LEAST;
        h->parts_from[size] = own ? from : 0;
        h->parts_n[size] = own ? at - from : kept;
    }
}

/* Earlier points days, where there are enough of them, stand for the days to come; else ordinary
 * days do. */
static void days_settle(struct simulate_job *job)
{
    struct history *h = &job->history;
    size_t named = 0, at = 0, kept = 0;
    for (size_t i = 0; i < h->n_days; i++)
        named += is_points_day(&h->days[i]);
    bool only = job->campaign->kind == CAMPAIGN_POINTS_CASH && named >= SIMULATE_POINTS_DAYS;
    job->out->basis = only ? BASIS_POINTS_DAYS : BASIS_DAYS;
    parts_settle(h, only);
    for (size_t i = 0; i < h->n_days; i++) {
        struct past_day day = h->days[i];
        day.first = at;
        while (at < h->stops.n && h->stops.at[at].day == i)
            at++;
        day.n = at - day.first;
        if (!only || is_points_day(&day))
            h->days[kept++] = day;
    }
    h->n_days = kept;
}

enum status history_read(struct simulate_job *job, struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE,      KIND_POINTS_EARN,   KIND_POINTS_BURN,
                                      KIND_POINTS_EXPIRE, KIND_POINTS_ADJUST, KIND_POINTS_REVERSE};
    struct history *h = &job->history;
    struct lane lanes[RESULT_LANES] = {0};
    void *contexts[RESULT_LANES];
    enum status status = people_end(job->reader, &h->n_people, err);
    if (status == ST_OK)
        status = days_choose(job, err);
    if (status != ST_OK)
        return status;
    h->balance = mem_zero(h->n_people + 1, sizeof *h->balance);
    h->habits = mem_zero(h->n_people + 1, sizeof *h->habits);
    struct event_query query = {.from = INT64_MIN,
                                .to = job->out->at,
                                .kinds = wanted,
                                .n_kinds = sizeof wanted / sizeof *wanted,
                                .columns =
                                    EVENT_TIME | EVENT_TENANT | EVENT_AMOUNT | EVENT_CAMPAIGN,
                                .people = true};
    for (int i = 0; i < job->threads; i++) {
        lanes[i].job = job;
        lanes[i].day.clock = job->clock;
        lanes[i].days = arena_array(job->arena, struct past_day, SIMULATE_DAYS);
        contexts[i] = &lanes[i];
    }
    status = event_scan_parallel(job->reader, &query, block_take, contexts, job->threads, err);
    if (status == ST_OK) {
        lanes_merge(h, lanes, job->threads);
        days_settle(job);
    }
    for (int i = 0; i < job->threads; i++) {
        vec_free(&lanes[i].stops);
        vec_free(&lanes[i].mine);
        vec_free(&lanes[i].parts);
    }
    return status;
}
