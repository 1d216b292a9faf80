/* From a survey's sums to figures. */
#include "model/loop/survey.h"

#include <string.h>

/* Puts the value of rank k (from 0) at that place, no greater ones before it and no lesser ones
 * behind it: quickselect. */
static int64_t rank_place(int64_t *values, size_t n, size_t k)
{
    size_t from = 0, to = n; /* the value is in [from, to) */

    while (to - from > 1) {
        int64_t pivot = values[from + (to - 1 - from) / 2];
        size_t i = from, j = to - 1;
        for (;; i++, j--) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i >= j)
                break;
            int64_t value = values[i];
            values[i] = values[j];
            values[j] = value;
        }
        if (k <= j)
            to = j + 1;
        else
            from = j + 1;
    }
    return values[k];
}

int64_t median_of(int64_t *values, size_t n)
{
    if (!n)
        return 0;
    int64_t low = rank_place(values, n, (n - 1) / 2), high = rank_place(values, n, n / 2);
    return low + (high - low) / 2;
}

static const struct sum *cell_of(const struct survey *survey, enum metric_id metric,
                                 enum dimension dim, size_t at)
{
    const struct lane *all = &survey->lanes[0];

    if (dim == DIM_NONE)
        return &all->total[metric];
    return all->by[dim][metric] ? &all->by[dim][metric][at] : NULL;
}

static int64_t value_of(enum metric_id metric, const struct sum *sum)
{
    return metrics[metric].sum == SUM_AMOUNT ? sum->amount : sum->n;
}

static struct figure whole_number(int64_t value, int64_t sample)
{
    return (struct figure){
        .known = true, .integer = value, .real = (double)value, .sample = sample};
}

static struct figure ratio(const struct survey *survey, enum metric_id metric, enum dimension dim,
                           size_t at)
{
    const struct metric *m = &metrics[metric];
    const struct sum *part = cell_of(survey, m->part, dim, at);
    const struct sum *whole = cell_of(survey, m->whole, dim, at);
    struct figure figure = {0};

    if (!part || !whole)
        return figure;
    figure.sample = whole->n;
    figure.small = whole->n < survey->ground->mall->small_sample;
    if (value_of(m->whole, whole) == 0)
        return figure;
    figure.known = true;
    figure.real = (double)value_of(m->part, part) / (double)value_of(m->whole, whole);
    if (m->unit == METRIC_UNIT_DURATION)
        figure.integer = (int64_t)(figure.real + 0.5);
    return figure;
}

static struct figure liability(const struct survey *survey)
{
    const struct sum *points = cell_of(survey, METRIC_POINTS_OUTSTANDING, DIM_NONE, 0);
    int64_t fen;

    return points_value(survey->ground->reader, points->amount, &fen) ? whole_number(fen, points->n)
                                                                      : (struct figure){0};
}

static struct figure computed(const struct survey *survey, enum metric_id metric,
                              enum dimension dim, size_t at)
{
    const struct sum *sum;
    struct figure figure;

    if (metrics[metric].sum == SUM_RATIO)
        return ratio(survey, metric, dim, at);
    if (metric == METRIC_POINTS_LIABILITY)
        return liability(survey);
    sum = cell_of(survey, metric, dim, at);
    if (!sum)
        return (struct figure){0};
    if (metric != METRIC_TIME_TO_CONVERT_MEDIAN && metric != METRIC_TIME_TO_CONVERT_MEAN)
        return whole_number(value_of(metric, sum), sum->n);
    figure = whole_number(0, cell_of(survey, METRIC_CONVERTED_AFTER_VISIT, DIM_NONE, 0)->n);
    figure.known = figure.sample > 0;
    figure.small = figure.sample < survey->ground->mall->small_sample;
    if (figure.known && metric == METRIC_TIME_TO_CONVERT_MEDIAN)
        figure.integer = median_of(survey->delays.at, survey->delays.n);
    else if (figure.known)
        figure.integer = cell_of(survey, metric, DIM_NONE, 0)->amount / figure.sample;
    figure.real = (double)figure.integer;
    return figure;
}

struct figure survey_figure(const struct survey *survey, enum metric_id metric, enum dimension dim,
                            size_t at)
{
    struct figure figure = {0};

    if (!survey->plan->wanted[metric])
        return figure;
    figure = computed(survey, metric, dim, at);
    figure.asked = true;
    return figure;
}
