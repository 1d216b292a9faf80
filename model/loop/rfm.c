#include "model/loop/rfm.h"

#include "model/base/vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16 };

const char *const rfm_names[RFM_PARTS] = {"recency", "frequency", "monetary"};

struct buyer {
    uint32_t person;
    int64_t value[RFM_PARTS];
};

struct lane {
    const struct clock *clock;
    int64_t day;      /* of `at` */
    int64_t from, to; /* of the mall day looked at last */
    int32_t number;
    VEC(struct buyer) buyers;
};

/* A person's events come in order, so most fall into the day of the one before. */
static int32_t day_of(struct lane *lane, int64_t time)
{
    if (time >= lane->from && time < lane->to)
        return lane->number;
    lane->number = clock_day(lane->clock, time);
    lane->from = clock_day_start(lane->clock, lane->number);
    lane->to = clock_day_start(lane->clock, lane->number + 1);
    return lane->number;
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        struct buyer buyer = {.person = person};
        int64_t last = INT64_MIN;
        for (uint32_t k = 0; k < cursor.n; k++) {
            const struct event_run *run = &block->runs[cursor.active[k]];
            size_t from = cursor.at[cursor.active[k]], to = cursor.end[cursor.active[k]];
            for (size_t i = from; i < to; i++) {
                int64_t amount = run->amount ? run->amount[i] : 0;
                buyer.value[RFM_MONETARY] += run->kind == KIND_REFUND ? -amount : amount;
                if (run->kind != KIND_PURCHASE || day_of(lane, run->time[i]) == last)
                    continue;
                last = lane->number;
                buyer.value[RFM_FREQUENCY]++;
            }
        }
        if (last == INT64_MIN)
            continue;
        buyer.value[RFM_RECENCY] = lane->day - last;
        vec_push(&lane->buyers, buyer);
    }
    return ST_OK;
}

static int buyer_compare(const void *a, const void *b)
{
    const struct buyer *x = a, *y = b;
    return x->person < y->person ? -1 : x->person > y->person;
}

static int number_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

double quantile_7(const int64_t *sorted, size_t n, double p)
{
    double place = (double)(n - 1) * p, below = floor(place);
    size_t i = (size_t)below, next = i + 1 < n ? i + 1 : i;
    return (double)sorted[i] + (place - below) * (double)(sorted[next] - sorted[i]);
}

static void cuts_make(struct rfm *rfm, const struct buyer *buyers, enum rfm_part part)
{
    int64_t *sorted = mem_zero(rfm->n, sizeof *sorted);
    for (size_t i = 0; i < rfm->n; i++)
        sorted[i] = buyers[i].value[part];
    qsort(sorted, rfm->n, sizeof *sorted, number_compare);
    for (int k = 0; k < 4; k++)
        rfm->cuts[part][k] = quantile_7(sorted, rfm->n, (k + 1) / 5.0);
    free(sorted);
}

static uint8_t score_of(const struct rfm *rfm, enum rfm_part part, int64_t value)
{
    int score = 1;
    for (int k = 0; k < 4; k++)
        score += rfm->cuts[part][k] < (double)value;
    return (uint8_t)(part == RFM_RECENCY ? 6 - score : score);
}

static void scores_make(struct arena *arena, struct rfm *rfm, const struct buyer *buyers)
{
    uint32_t *people = arena_array(arena, uint32_t, rfm->n);
    uint8_t(*score)[RFM_PARTS] = arena_alloc_array(arena, rfm->n, sizeof *score);
    int64_t(*value)[RFM_PARTS] = arena_alloc_array(arena, rfm->n, sizeof *value);
    for (size_t i = 0; i < rfm->n; i++) {
        people[i] = buyers[i].person;
        for (int part = 0; part < RFM_PARTS; part++) {
            value[i][part] = buyers[i].value[part];
            score[i][part] = score_of(rfm, (enum rfm_part)part, value[i][part]);
            rfm->counts[part][score[i][part] - 1]++;
        }
        int64_t *cell = &rfm->cells[score[i][0] - 1][score[i][1] - 1][score[i][2] - 1];
        rfm->n_cells += (*cell)++ == 0;
    }
    rfm->people = people;
    rfm->score = (const uint8_t(*)[RFM_PARTS])score;
    rfm->value = (const int64_t(*)[RFM_PARTS])value;
}

static void lanes_merge(struct arena *arena, struct lane *lanes, int n, struct rfm *rfm)
{
    struct lane *all = &lanes[0];
    for (int l = 1; l < n; l++)
        for (size_t i = 0; i < lanes[l].buyers.n; i++)
            vec_push(&all->buyers, lanes[l].buyers.at[i]);
    rfm->n = all->buyers.n;
    if (!rfm->n)
        return;
    qsort(all->buyers.at, rfm->n, sizeof *all->buyers.at, buyer_compare);
    for (int part = 0; part < RFM_PARTS; part++)
        cuts_make(rfm, all->buyers.at, (enum rfm_part)part);
    scores_make(arena, rfm, all->buyers.at);
}

enum status rfm_run(struct reader *reader, struct arena *arena, int64_t at, int threads,
                    struct rfm *rfm, struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE, KIND_REFUND};
    const struct clock *clock = &reader_mall(reader)->clock;
    struct lane lanes[LANES];
    void *contexts[LANES];
    long most = threads ? threads : sysconf(_SC_NPROCESSORS_ONLN);
    int n = most < 1 ? 1 : most > LANES ? LANES : (int)most;
    struct event_query scan = {.from = INT64_MIN,
                               .to = at + 1,
                               .kinds = wanted,
                               .n_kinds = 2,
                               .columns = EVENT_TIME | EVENT_AMOUNT,
                               .people = true};
    *rfm = (struct rfm){.at = at};
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct lane){.clock = clock, .day = clock_day(clock, at)};
        contexts[i] = &lanes[i];
    }
    enum status status = event_scan_parallel(reader, &scan, block_take, contexts, n, err);
    if (status == ST_OK)
        lanes_merge(arena, lanes, n, rfm);
    for (int i = 0; i < n; i++)
        vec_free(&lanes[i].buyers);
    return status;
}
