#include "model/people/figures.h"

const uint16_t figures_kinds[] = {
    KIND_SIGHTING,      KIND_DOOR,          KIND_VISIT,          KIND_PURCHASE,
    KIND_REFUND,        KIND_POINTS_EARN,   KIND_POINTS_BURN,    KIND_POINTS_EXPIRE,
    KIND_POINTS_ADJUST, KIND_COUPON_REDEEM, KIND_POINTS_REVERSE,
};
const size_t n_figures_kinds = sizeof figures_kinds / sizeof *figures_kinds;

void figures_counter_start(struct figures_counter *counter, const struct mall *mall)
{
    *counter = (struct figures_counter){.mall = mall};
    figures_begin(counter);
}

void figures_begin(struct figures_counter *counter)
{
    counter->figures = (struct member_figures){.last_purchase = INT32_MIN};
    counter->first_visit = 0;
    counter->first_purchase = INT32_MIN;
}

/* Most purchases of a scan share their day with one before: the zone is asked once a day. */
static int32_t day_of(struct figures_counter *counter, int64_t time)
{
    if (time < counter->day_from || time >= counter->day_to) {
        const struct clock *clock = &counter->mall->clock;
        counter->day = clock_day(clock, time);
        counter->day_from = clock_day_start(clock, counter->day);
        counter->day_to = clock_day_start(clock, counter->day + 1);
    }
    return counter->day;
}

static void add_purchase(struct figures_counter *counter, int64_t time, int64_t amount)
{
    struct member_figures *f = &counter->figures;
    int32_t day = day_of(counter, time);
    f->spent += amount;
    f->purchases++;
    if (f->last_purchase == INT32_MIN)
        counter->first_purchase = day;
    if (f->last_purchase != day)
        f->purchase_days++;
    f->last_purchase = day;
}

void figures_add(struct figures_counter *counter, const struct event_run *run, size_t row)
{
    struct member_figures *f = &counter->figures;
    int64_t time = run->time[row];
    int64_t amount = run->amount ? run->amount[row] : 0;
    switch (run->kind) {
    case KIND_PURCHASE:
        add_purchase(counter, time, amount);
        break;
    case KIND_REFUND:
        f->spent -= amount;
        break;
    case KIND_POINTS_EARN:
    case KIND_POINTS_ADJUST:
    case KIND_POINTS_BURN:
    case KIND_POINTS_EXPIRE:
    case KIND_POINTS_REVERSE:
        f->points += kind_points_sign(run->kind) * amount;
        break;
    default:
        break;
    }
    if (!(kind_flags(run->kind) & KIND_PRESENCE))
        return;
    if (!f->visits)
        counter->first_visit = time;
    if (!f->visits || time - f->last_visit > counter->mall->visit_gap)
        f->visits++;
    f->last_visit = time;
}
