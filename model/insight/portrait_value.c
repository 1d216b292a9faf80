/* What is to be expected of a group, beside everybody: means over those who ever bought. */
#include "model/insight/portrait.h"
#include "model/insight/value.h"

#include <math.h>

/* Sums over people in order of their numbers, so that threads change nothing. */
struct sums {
    double n, sum, squares;
};

static void add(struct sums *sums, double value)
{
    if (!isfinite(value))
        return;
    sums->n++;
    sums->sum += value;
    sums->squares += value * value;
}

static void figure_state(const struct access *access, bool one, struct portrait_figure *f,
                         const struct sums *group, const struct sums *mall)
{
    static const double z95 = 1.959963984540054;
    *f = (struct portrait_figure){.index = NAN, .low = NAN, .high = NAN, .n = (int64_t)group->n};
    f->value[0] = group->n > 0 ? group->sum / group->n : NAN;
    f->value[1] = mall->n > 0 ? mall->sum / mall->n : NAN;
    f->small = f->n < PORTRAIT_SMALL;
    f->known = group->n > 0;
    if (!one && small_group(access, f->n)) {
        f->known = false;
        f->n = 0;
    }
    if (!f->known || !(f->value[1] > 0))
        return;
    f->index = 100 * f->value[0] / f->value[1];
    if (group->n < 2)
        return;
    double variance = (group->squares - group->n * f->value[0] * f->value[0]) / (group->n - 1);
    double half = z95 * sqrt(variance > 0 ? variance / group->n : 0);
    f->low = 100 * (f->value[0] - half) / f->value[1];
    f->high = 100 * (f->value[0] + half) / f->value[1];
}

enum status portrait_expect(struct reader *reader, struct arena *arena, const struct access *access,
                            const struct portrait_query *query,
                            struct portrait_figure figures[FIGURE_COUNT], struct error *err)
{
    struct value_query asked = {.at = query->to - 1, .threads = query->threads};
    struct value value;
    struct sums group[3] = {0}, mall[3] = {0};
    int64_t as_of, present = asked.at;
    enum status status = access_require(access, RIGHT_QUESTIONS, "see portraits of people", err);
    if (status == ST_OK && !query->one)
        status = small_group_check(access, set_count(query->group), err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    asked.at = asked.at < present ? asked.at : present;
    if (status == ST_OK)
        status = value_run(reader, arena, &asked, &value, err);
    if (status == ST_REFUSED) { /* too few have bought for any expectation */
        error_clear(err);
        value.n = 0;
        status = ST_OK;
    }
    for (size_t i = 0; status == ST_OK && i < value.n; i++) {
        const struct value_person *person = &value.people[i];
        const double values[3] = {person->alive, person->expected, person->worth};
        for (int k = 0; k < 3; k++) {
            add(&mall[k], values[k]);
            if (set_has(query->group, person->person))
                add(&group[k], values[k]);
        }
    }
    for (int k = 0; status == ST_OK && k < 3; k++)
        figure_state(access, query->one, &figures[FIGURE_ALIVE + k], &group[k], &mall[k]);
    return status;
}
