#include "model/people/shop_sums.h"

#include <unistd.h>

int scan_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > SCAN_THREADS ? SCAN_THREADS : (int)cores;
}

/* What one thread adds up. `seen` says for each shop (and for all, at n) which person bought there
 * last: runs are in order of person, so that is enough to count everyone once. */
struct adder {
    struct reader *reader;
    const struct clock *clock;
    struct shop_sum *sums;
    struct {
        uint32_t person;
        int32_t day;
        bool repeated;
    } * seen;
    uint32_t n;
    uint32_t pos;
    int64_t day_from, day_to;
    int32_t day;
};

static int32_t day_of(struct adder *adder, int64_t time)
{
    if (time < adder->day_from || time >= adder->day_to) {
        adder->day = clock_day(adder->clock, time);
        adder->day_from = clock_day_start(adder->clock, adder->day);
        adder->day_to = clock_day_start(adder->clock, adder->day + 1);
    }
    return adder->day;
}

static void add_buyer(struct adder *adder, uint32_t shop, uint32_t person, int32_t day)
{
    if (adder->seen[shop].person != person) {
        adder->seen[shop].person = person;
        adder->seen[shop].day = day;
        adder->seen[shop].repeated = false;
        adder->sums[shop].buyers++;
    } else if (!adder->seen[shop].repeated && adder->seen[shop].day != day) {
        adder->seen[shop].repeated = true;
        adder->sums[shop].repeat_buyers++;
    }
}

static void add_money(struct adder *adder, const struct event_block *block,
                      const struct event_run *run)
{
    bool purchase = run->kind == KIND_PURCHASE;
    for (size_t i = 0; i < run->n; i++) {
        uint32_t shop = run_tenant(run, i), person = run_person(run, i);
        int64_t amount = purchase ? run_amount(run, i) : -run_amount(run, i);
        shop = shop < adder->n ? shop : 0;
        adder->sums[shop].sales += amount;
        if (is_member_at(block, person, run->time[i]))
            adder->sums[shop].member_sales += amount;
        if (!purchase)
            continue;
        adder->sums[shop].receipts++;
        if (person) {
            int32_t day = day_of(adder, run->time[i]);
            add_buyer(adder, shop, person, day);
            add_buyer(adder, adder->n, person, day);
        }
    }
}

static void add_registrations(struct adder *adder, const struct event_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        uint32_t shop = run_tenant(run, i);
        shop = shop < adder->n ? shop : 0;
        adder->sums[shop].registrations++;
        if (adder->pos && run->channel && run->channel[i] == adder->pos)
            adder->sums[shop].pos_cards++;
    }
}

static enum status add_block(void *context, const struct event_block *block, struct error *err)
{
    struct adder *adder = context;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        if (run->kind == KIND_REGISTER)
            add_registrations(adder, run);
        else
            add_money(adder, block, run);
    }
    return reader_cancelled(adder->reader)
               ? error_set(err, ST_CANCELLED, "adding up the shops was cancelled")
               : ST_OK;
}

static void sums_merge(struct shop_sums *sums, const struct shop_sum *other)
{
    for (uint32_t i = 0; i <= sums->n; i++) {
        struct shop_sum *to = &sums->at[i];
        to->sales += other[i].sales;
        to->member_sales += other[i].member_sales;
        to->receipts += other[i].receipts;
        to->registrations += other[i].registrations;
        to->pos_cards += other[i].pos_cards;
        to->buyers += other[i].buyers;
        to->repeat_buyers += other[i].repeat_buyers;
    }
}

/* Buyers of the whole mall were counted once already; the rest of the last row is the sum. */
static void sums_total(struct shop_sums *sums)
{
    struct shop_sum *all = &sums->at[sums->n];
    for (uint32_t i = 0; i < sums->n; i++) {
        all->sales += sums->at[i].sales;
        all->member_sales += sums->at[i].member_sales;
        all->receipts += sums->at[i].receipts;
        all->registrations += sums->at[i].registrations;
        all->pos_cards += sums->at[i].pos_cards;
    }
}

enum status shop_sums_read(struct reader *reader, int64_t from, int64_t to, struct arena *arena,
                           struct shop_sums *sums, struct error *err)
{
    static const uint16_t kinds_asked[] = {KIND_REGISTER, KIND_PURCHASE, KIND_REFUND};
    sums->n = dict_size(reader, DICT_TENANT) + 1;
    sums->at = arena_array(arena, struct shop_sum, sums->n + 1);
    if (from >= to)
        return ST_OK;
    struct arena *work = arena_new();
    struct adder adders[SCAN_THREADS];
    void *contexts[SCAN_THREADS];
    int threads = scan_threads();
    for (int i = 0; i < threads; i++) {
        adders[i] = (struct adder){.reader = reader,
                                   .clock = &reader_mall(reader)->clock,
                                   .n = sums->n,
                                   .pos = dict_id(reader, DICT_CHANNEL, "pos", 3)};
        adders[i].sums = arena_array(work, struct shop_sum, sums->n + 1);
        adders[i].seen = arena_alloc_array(work, sums->n + 1, sizeof *adders[i].seen);
        contexts[i] = &adders[i];
    }
    struct event_query query = {.from = from,
                                .to = to,
                                .kinds = kinds_asked,
                                .n_kinds = 3,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_CHANNEL | EVENT_AMOUNT,
                                .nobody = true,
                                .people = true,
                                .times = true};
    enum status status = event_scan_parallel(reader, &query, add_block, contexts, threads, err);
    for (int i = 0; !status && i < threads; i++)
        sums_merge(sums, adders[i].sums);
    if (!status)
        sums_total(sums);
    arena_free(work);
    return status;
}

/* ---- Sales alone ---- */

static bool is_day_start(const struct clock *clock, int64_t time)
{
    return clock_day_start(clock, clock_day(clock, time)) == time;
}

static enum status sales_of_days(struct reader *reader, int64_t from, int64_t to, uint32_t n,
                                 int64_t *sales, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    const struct rollup_cell *cells;
    size_t n_cells;
    struct arena *work = arena_new();
    enum status status = rollup_days(reader, work, clock_day(clock, from), clock_day(clock, to),
                                     &cells, &n_cells, err);
    for (size_t i = 0; !status && i < n_cells; i++) {
        uint32_t shop = cells[i].tenant < n ? cells[i].tenant : 0;
        if (cells[i].kind == KIND_PURCHASE)
            sales[shop] += cells[i].amount;
        else if (cells[i].kind == KIND_REFUND)
            sales[shop] -= cells[i].amount;
    }
    arena_free(work);
    return status;
}

enum status shop_sales_read(struct reader *reader, int64_t from, int64_t to, struct arena *arena,
                            uint32_t n, int64_t **sales, struct error *err)
{
    *sales = arena_array(arena, int64_t, n + 1);
    if (from >= to)
        return ST_OK;
    const struct clock *clock = &reader_mall(reader)->clock;
    if (is_day_start(clock, from) && is_day_start(clock, to))
        return sales_of_days(reader, from, to, n, *sales, err);
    struct shop_sums sums;
    struct arena *work = arena_new();
    enum status status = shop_sums_read(reader, from, to, work, &sums, err);
    for (uint32_t i = 0; !status && i < n && i < sums.n; i++)
        (*sales)[i] = sums.at[i].sales;
    arena_free(work);
    return status;
}
