/* Inside of people: sums by shop over a period, from one parallel scan of the events. */
#ifndef ATRIUM_PEOPLE_SHOP_SUMS_H
#define ATRIUM_PEOPLE_SHOP_SUMS_H

#include "model/event/event.h"
#include "model/people/shop.h"

struct shop_sum {
    int64_t sales, member_sales, receipts;
    int64_t registrations, pos_cards;
    int64_t buyers, repeat_buyers;
};

/* at[0] is what names no shop, at[tenant] a shop, at[n] all of them together (where buyers are
 * counted once). */
struct shop_sums {
    uint32_t n;
    struct shop_sum *at;
};

/* Owned by the arena. A period with from >= to gives zeros. */
enum status shop_sums_read(struct reader *reader, int64_t from, int64_t to, struct arena *arena,
                           struct shop_sums *sums, struct error *err);

/* Net sales by tenant alone ([0]: no shop): from roll-ups where the period is whole mall days. */
enum status shop_sales_read(struct reader *reader, int64_t from, int64_t to, struct arena *arena,
                            uint32_t n, int64_t **sales, struct error *err);

/* For scans of one's own: how many threads, at most SCAN_THREADS. */
enum { SCAN_THREADS = 8 };
int scan_threads(void);

/* The person and the tenant of a run's row; 0 for none. */
static inline uint32_t run_person(const struct event_run *run, size_t row)
{
    return run->person ? run->person[row] : 0;
}
static inline uint32_t run_tenant(const struct event_run *run, size_t row)
{
    return run->tenant ? run->tenant[row] : 0;
}
static inline int64_t run_amount(const struct event_run *run, size_t row)
{
    return run->amount ? run->amount[row] : 0;
}

/* Was this person of the block a member at that time? The scan's query asks for times. */
static inline bool is_member_at(const struct event_block *block, uint32_t person, int64_t time)
{
    return person && block->registered && block->registered[person - block->first_person] <= time;
}

#endif
