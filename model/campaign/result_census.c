/* Which campaigns the events name, and when: one pass over the kinds that can name one. */
#include "model/campaign/result_parts.h"

#include "model/people/shop_sums.h"

static const uint16_t naming[] = {
    KIND_REGISTER,     KIND_PURCHASE,      KIND_POINTS_EARN,    KIND_POINTS_BURN,
    KIND_COUPON_ISSUE, KIND_COUPON_CLAIM,  KIND_COUPON_REDEEM,  KIND_MESSAGE_SENT,
    KIND_BENEFIT,      KIND_COUPON_EXPIRE, KIND_MESSAGE_OPENED, KIND_MESSAGE_CLICKED,
};

struct counting {
    struct reader *reader;
    uint32_t n;
    struct census_row *at;
};

static void row_count(struct census_row *row, uint16_t kind, int64_t time)
{
    row->first = !row->events || time < row->first ? time : row->first;
    row->last = !row->events || time > row->last ? time : row->last;
    row->events++;
    row->uses += kind == KIND_COUPON_REDEEM || kind == KIND_POINTS_BURN || kind == KIND_BENEFIT;
}

static enum status block_count(void *context, const struct event_block *block, struct error *err)
{
    struct counting *counting = context;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->campaign && i < run->n; i++)
            if (run->campaign[i] && run->campaign[i] < counting->n)
                row_count(&counting->at[run->campaign[i]], run->kind, run->time[i]);
    }
    return reader_cancelled(counting->reader)
               ? error_set(err, ST_CANCELLED, "the result was cancelled")
               : ST_OK;
}

enum status census_read(struct reader *reader, struct arena *arena, int threads,
                        struct census *census, struct error *err)
{
    struct counting lanes[RESULT_LANES];
    void *contexts[RESULT_LANES];
    const struct event_query query = {.from = INT64_MIN,
                                      .kinds = naming,
                                      .n_kinds = sizeof naming / sizeof *naming,
                                      .columns = EVENT_TIME | EVENT_CAMPAIGN,
                                      .nobody = true,
                                      .people = true};
    threads = threads ? threads : scan_threads();
    census->n = dict_size(reader, DICT_CAMPAIGN) + 1;
    census->at = arena_array(arena, struct census_row, census->n);
    for (int i = 0; i < threads; i++) {
        lanes[i] =
            (struct counting){reader, census->n, arena_array(arena, struct census_row, census->n)};
        contexts[i] = &lanes[i];
    }
    enum status status = event_scan_parallel(reader, &query, block_count, contexts, threads, err);
    for (int i = 0; status == ST_OK && i < threads; i++)
        for (uint32_t c = 0; c < census->n; c++) {
            struct census_row *to = &census->at[c], *from = &lanes[i].at[c];
            if (!from->events)
                continue;
            to->first = !to->events || from->first < to->first ? from->first : to->first;
            to->last = !to->events || from->last > to->last ? from->last : to->last;
            to->events += from->events;
            to->uses += from->uses;
        }
    return status;
}
