#include "model/insight/value.h"

#include "model/base/parallel.h"
#include "model/insight/value_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 8192 };

/* ---- Equal histories as one row ---- */

static int row_compare(const void *a, const void *b)
{
    const struct bgnbd_row *x = a, *y = b;
    if (x->until != y->until)
        return x->until < y->until ? -1 : 1;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return x->x < y->x ? -1 : x->x > y->x;
}

static size_t rows_aggregate(struct bgnbd_row *rows, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(rows, n, sizeof *rows, row_compare);
    for (size_t i = 0; i < n; i++)
        if (kept && row_compare(&rows[kept - 1], &rows[i]) == 0)
            rows[kept - 1].people += rows[i].people;
        else
            rows[kept++] = rows[i];
    return kept;
}

static enum status data_finish(struct bgnbd_data *data, struct bgnbd_row *rows, size_t n,
                               struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].x >= BGNBD_MOST_X)
            return error_set(err, ST_REFUSED, "somebody has %u purchases, expected fewer than %d",
                             rows[i].x, BGNBD_MOST_X);
        data->most_x = rows[i].x > data->most_x ? rows[i].x : data->most_x;
    }
    data->n_rows = rows_aggregate(rows, n);
    data->rows = rows;
    data->people = (int64_t)n;
    return ST_OK;
}

/* Times are whole days: their number is their index. */
static enum status data_of_people(struct arena *arena, const struct value *value,
                                  struct bgnbd_data *data, struct error *err)
{
    struct bgnbd_row *rows = arena_array(arena, struct bgnbd_row, value->n + 1);
    int32_t most = 0;
    for (size_t i = 0; i < value->n; i++) {
        const struct value_person *p = &value->people[i];
        rows[i] = (struct bgnbd_row){p->x, (uint32_t)p->last, (uint32_t)p->until, 1};
        most = p->until > most ? p->until : most;
    }
    double *times = arena_array(arena, double, (size_t)most + 1);
    for (int32_t i = 0; i <= most; i++)
        times[i] = i / value->query.unit;
    data->times = times;
    data->n_times = (size_t)most + 1;
    return data_finish(data, rows, value->n, err);
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static uint32_t time_index(const struct bgnbd_data *data, double time)
{
    const double *found =
        bsearch(&time, data->times, data->n_times, sizeof *data->times, double_compare);
    return found ? (uint32_t)(found - data->times) : 0;
}

static enum status data_of_histories(struct arena *arena, const struct value_history *histories,
                                     size_t n, struct bgnbd_data *data, struct error *err)
{
    struct bgnbd_row *rows = arena_array(arena, struct bgnbd_row, n + 1);
    double *times = arena_array(arena, double, 2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        times[2 * i] = histories[i].last;
        times[2 * i + 1] = histories[i].until;
    }
    if (n)
        qsort(times, 2 * n, sizeof *times, double_compare);
    for (size_t i = 0; i < 2 * n; i++)
        if (!data->n_times || times[data->n_times - 1] < times[i])
            times[data->n_times++] = times[i];
    data->times = times;
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct bgnbd_row){(uint32_t)histories[i].x, time_index(data, histories[i].last),
                                     time_index(data, histories[i].until), 1};
    return data_finish(data, rows, n, err);
}

/* ---- Fitting ---- */

static void repeaters_count(struct value *value)
{
    for (size_t i = 0; i < value->n; i++)
        value->repeaters += value->people[i].x > 0;
}

static enum status models_fit(struct reader *reader, struct arena *arena, struct value *value,
                              const struct bgnbd_data *data, struct error *err)
{
    const struct value_query *query = &value->query;
    value->fitted = !query->model;
    if (query->model)
        value->fit = (struct bgnbd_fit){.model = *query->model, .converged = true};
    else if (value->repeaters < 10)
        return error_set(err, ST_REFUSED,
                         "%zu people bought, %lld of them again: expected at least 10 who did, so "
                         "that there is something to fit; give --parameters, or a later date",
                         value->n, (long long)value->repeaters);
    else
        value->fit = bgnbd_fit(data, query->threads, reader);
    if (query->model && data->n_rows)
        value->fit.log_likelihood = bgnbd_log_likelihood(query->model, data, query->threads, NULL);
    struct spend_row *rows = arena_array(arena, struct spend_row, value->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < value->n; i++)
        if (value->people[i].x && value->people[i].again > 0)
            rows[n++] =
                (struct spend_row){value->people[i].x, (double)value->people[i].again / 100 /
                                                           (double)value->people[i].x};
    value->paying = (int64_t)n;
    if (query->spend)
        value->spend = (struct spend_fit){.model = *query->spend, .converged = true};
    else if (n >= 10)
        value->spend = spend_fit(rows, n, query->threads, reader);
    value->money_known = (query->spend || n >= 10) && value->spend.model.q > 1;
    if (reader && reader_cancelled(reader))
        return error_set(err, ST_CANCELLED, "the question was cancelled");
    return ST_OK;
}

/* ---- What each person is expected to do ---- */

struct expecting {
    const struct value *value;
    struct value_person *people;
    const struct value_history *histories; /* NULL: of days */
};

static void person_expect(const struct value *value, struct value_person *p, double last,
                          double until, double mean)
{
    const struct bgnbd *model = &value->fit.model;
    p->alive = bgnbd_alive(model, p->x, last, until);
    p->expected = bgnbd_expected_after(model, p->x, last, until, value->query.horizon);
    p->worth = NAN;
    if (value->money_known)
        p->worth = p->expected * 100 *
                   spend_expected(&value->spend.model, mean > 0 ? p->x : 0, mean > 0 ? mean : 0);
}

static void piece_expect(void *context, size_t piece)
{
    const struct expecting *e = context;
    size_t to = (piece + 1) * PIECE < e->value->n ? (piece + 1) * PIECE : e->value->n;
    for (size_t i = piece * PIECE; i < to; i++) {
        struct value_person *p = &e->people[i];
        double unit = e->value->query.unit;
        double mean = p->x && p->again > 0 ? (double)p->again / 100 / p->x : 0;
        if (e->histories)
            person_expect(e->value, p, e->histories[i].last, e->histories[i].until, mean);
        else
            person_expect(e->value, p, p->last / unit, p->until / unit, mean);
    }
}

/* ---- Sums ---- */

int value_band(double alive)
{
    int band = (int)(alive * VALUE_BANDS);
    return band < 0 ? 0 : band < VALUE_BANDS ? band : VALUE_BANDS - 1;
}

bool value_slipping(const struct value *value, const struct value_person *person)
{
    return person->money > 0 && (double)person->money >= value->loyal && person->alive < 0.5;
}

struct ranked {
    double expected;
    uint32_t at;
};

static int ranked_compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->expected != y->expected)
        return x->expected > y->expected ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int money_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void group_add(struct value_group *group, const struct value_person *p)
{
    group->people++;
    group->alive += p->alive;
    group->expected += p->expected;
    group->worth += isnan(p->worth) ? 0 : p->worth;
    group->money += p->money;
    group->held += p->held;
    group->held_money += p->held_money;
}

static void order_make(struct arena *arena, struct value *value)
{
    struct ranked *ranked = mem_zero(value->n + 1, sizeof *ranked);
    uint32_t *order = arena_array(arena, uint32_t, value->n + 1);
    for (size_t i = 0; i < value->n; i++)
        ranked[i] = (struct ranked){value->people[i].expected, (uint32_t)i};
    if (value->n)
        qsort(ranked, value->n, sizeof *ranked, ranked_compare);
    for (size_t i = 0; i < value->n; i++) {
        order[i] = ranked[i].at;
        group_add(&value->deciles[i * VALUE_DECILES / value->n], &value->people[ranked[i].at]);
    }
    free(ranked);
    value->order = order;
}

static void sums_make(struct arena *arena, struct value *value)
{
    int64_t *money = mem_zero(value->n + 1, sizeof *money);
    for (size_t i = 0; i < value->n; i++)
        money[i] = value->people[i].money;
    if (value->n)
        qsort(money, value->n, sizeof *money, money_compare);
    value->loyal = value->n ? (double)money[value->n - 1 - (value->n - 1) / 5] : 0;
    free(money);
    for (size_t i = 0; i < value->n; i++) {
        const struct value_person *p = &value->people[i];
        group_add(&value->all, p);
        value->bands[value_band(p->alive)]++;
        if (!value_slipping(value, p))
            continue;
        value->slipping++;
        value->slipping_money += (double)p->money;
    }
    order_make(arena, value);
}

/* ---- The whole ---- */

static enum status finish(struct reader *reader, struct arena *arena, struct value *value,
                          struct value_person *people, const struct value_history *histories,
                          struct error *err)
{
    struct bgnbd_data data = {0};
    value->people = people;
    repeaters_count(value);
    enum status status = histories ? data_of_histories(arena, histories, value->n, &data, err)
                                   : data_of_people(arena, value, &data, err);
    if (status == ST_OK)
        status = models_fit(reader, arena, value, &data, err);
    if (status != ST_OK)
        return status;
    struct expecting expecting = {value, people, histories};
    parallel_run(value->query.threads, (value->n + PIECE - 1) / PIECE, piece_expect, &expecting);
    sums_make(arena, value);
    return ST_OK;
}

enum status value_run(struct reader *reader, struct arena *arena, const struct value_query *query,
                      struct value *value, struct error *err)
{
    struct value_person *people = NULL;
    *value = (struct value){.query = *query};
    struct value_query *q = &value->query;
    q->unit = q->unit > 0 ? q->unit : 7;
    q->calibration = q->calibration ? q->calibration : q->at;
    if (q->calibration > q->at)
        return error_set(err, ST_USAGE, "the calibration ends after the time that is known");
    const struct clock *clock = &reader_mall(reader)->clock;
    int32_t held = clock_day(clock, q->at) - clock_day(clock, q->calibration);
    if (!(q->horizon > 0))
        q->horizon = (held > 0 ? held : 91) / q->unit;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = value_scan(reader, arena, q, &people, &value->n, err);
    if (status == ST_OK)
        status = finish(reader, arena, value, people, NULL, err);
    reader_end(reader);
    return status;
}

enum status value_run_histories(struct arena *arena, const struct value_history *histories,
                                size_t n, const struct value_query *query, struct value *value,
                                struct error *err)
{
    *value = (struct value){.query = *query, .n = n};
    value->query.unit = query->unit > 0 ? query->unit : 1;
    value->query.horizon = query->horizon > 0 ? query->horizon : 91 / value->query.unit;
    struct value_person *people = arena_array(arena, struct value_person, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct value_history *h = &histories[i];
        double money = isnan(h->mean) ? 0 : h->mean * h->x;
        people[i] = (struct value_person){.person = (uint32_t)i + 1,
                                          .x = (uint32_t)h->x,
                                          .money = (int64_t)llround(money),
                                          .again = (int64_t)llround(money)};
    }
    return finish(NULL, arena, value, people, histories, err);
}
