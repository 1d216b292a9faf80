#include "model/insight/value_scan.h"

#include "model/base/set.h"
#include "model/base/vec.h"
#include "model/event/event.h"

#include <string.h>
#include <unistd.h>

enum { LANES = 16 };

struct lane {
    const struct value_query *query;
    const struct clock *clock;
    const struct set *among; /* NULL: everybody */
    int32_t end_day;         /* of the calibration */
    int64_t from, to;        /* of the mall day looked at last */
    int32_t day;
    VEC(struct value_person) people;
};

static int32_t day_of(struct lane *lane, int64_t time)
{
    if (time < lane->from || time >= lane->to) {
        lane->day = clock_day(lane->clock, time);
        lane->from = clock_day_start(lane->clock, lane->day);
        lane->to = clock_day_start(lane->clock, lane->day + 1);
    }
    return lane->day;
}

struct history {
    struct value_person is;
    int32_t first, last, held_last;
};

static void purchase_add(struct lane *lane, struct history *h, int64_t time, int64_t amount)
{
    int32_t day = day_of(lane, time);
    if (time > lane->query->calibration) {
        h->is.held_money += amount;
        if (day == h->held_last || day == h->last)
            return;
        h->held_last = day;
        h->is.held++;
        return;
    }
    h->is.money += amount;
    if (h->first == INT32_MIN)
        h->first = h->last = day;
    if (day != h->last) {
        h->last = day;
        h->is.x++;
    }
    h->is.again += day != h->first ? amount : 0;
}

/* A refund takes its money off: that of the first day only while there was no other. */
static void refund_add(struct lane *lane, struct history *h, int64_t time, int64_t amount)
{
    if (time > lane->query->calibration) {
        h->is.held_money -= amount;
        return;
    }
    h->is.money -= amount;
    h->is.again -= h->first != INT32_MIN && h->last != h->first ? amount : 0;
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    const struct event_run *run;
    uint32_t person;
    size_t row;
    (void)err;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        struct history h = {
            .is.person = person, .first = INT32_MIN, .last = INT32_MIN, .held_last = INT32_MIN};
        if (lane->among && !set_has(lane->among, person))
            continue;
        while (event_cursor_next(&cursor, &run, &row)) {
            int64_t amount = run->amount ? run->amount[row] : 0;
            if (run->kind == KIND_REFUND)
                refund_add(lane, &h, run->time[row], amount);
            else
                purchase_add(lane, &h, run->time[row], amount);
        }
        if (h.first == INT32_MIN)
            continue;
        h.is.last = h.last - h.first;
        h.is.until = lane->end_day - h.first;
        vec_push(&lane->people, h.is);
    }
    return ST_OK;
}

static int person_compare(const void *a, const void *b)
{
    const struct value_person *x = a, *y = b;
    return x->person < y->person ? -1 : x->person > y->person;
}

static void lanes_merge(struct arena *arena, const struct lane *lanes, int n,
                        struct value_person **people, size_t *n_people)
{
    size_t all = 0;
    for (int i = 0; i < n; i++)
        all += lanes[i].people.n;
    *people = arena_array(arena, struct value_person, all);
    *n_people = 0;
    for (int i = 0; i < n; i++) {
        if (lanes[i].people.n)
            memcpy(*people + *n_people, lanes[i].people.at, lanes[i].people.n * sizeof **people);
        *n_people += lanes[i].people.n;
    }
    if (n > 1 && all)
        qsort(*people, all, sizeof **people, person_compare);
}

enum status value_scan(struct reader *reader, struct arena *arena, const struct value_query *query,
                       struct value_person **people, size_t *n_people, struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE, KIND_REFUND};
    struct lane lanes[LANES];
    void *contexts[LANES];
    const struct clock *clock = &reader_mall(reader)->clock;
    long most = query->threads ? query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = most < 1 ? 1 : most > LANES ? LANES : (int)most;
    struct event_query scan = {.from = INT64_MIN,
                               .to = query->at + 1,
                               .kinds = wanted,
                               .n_kinds = 2,
                               .columns = EVENT_TIME | EVENT_AMOUNT,
                               .people = true};
    const struct set *among = NULL;
    if (query->among)
        among = set_of(arena, query->n_among ? query->among[query->n_among - 1] + 1 : 1,
                       query->among, query->n_among);
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct lane){.query = query,
                                 .clock = clock,
                                 .among = among,
                                 .end_day = clock_day(clock, query->calibration)};
        contexts[i] = &lanes[i];
    }
    enum status status = event_scan_parallel(reader, &scan, block_take, contexts, n, err);
    if (status == ST_OK)
        lanes_merge(arena, lanes, n, people, n_people);
    for (int i = 0; i < n; i++)
        vec_free(&lanes[i].people);
    return status;
}
