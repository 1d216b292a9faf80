/* Distinct random addresses: counted in the pass over the period as far as memory goes, and then in
 * further passes over the sightings of nobody, each for another part of the addresses. */
#include "model/base/radix.h"
#include "model/loop/survey.h"

static enum status addresses_block(void *context, const struct event_block *block,
                                   struct error *err)
{
    struct lane *lane = context;
    (void)err;

    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->address && i < run->n; i++)
            addresses_add(&lane->addresses, run->address[i]);
    }
    return ST_OK;
}

/* Counts what all lanes have of a part. */
static void part_count(struct survey *survey)
{
    struct addresses *all = &survey->lanes[0].addresses;

    for (size_t l = 1; l < survey->n_lanes; l++)
        addresses_take(all, &survey->lanes[l].addresses);
    addresses_tidy(all);
    survey->lanes[0].total[METRIC_RANDOM_DEVICES].n += (int64_t)all->n;
    for (size_t i = 0;
         lists_addresses(survey->plan) && i < all->n && survey->listed.n < survey->plan->limit; i++)
        vec_push(&survey->listed, all->at[i]);
}

static enum status part_scan(struct survey *survey, unsigned bits, uint32_t part, struct error *err)
{
    static const uint16_t sighting = KIND_SIGHTING;
    struct event_query query = {.from = survey->plan->from,
                                .to = survey->plan->to,
                                .kinds = &sighting,
                                .n_kinds = 1,
                                .columns = EVENT_TIME | EVENT_ADDRESS,
                                .nobody = true};
    void *contexts[LANES_MOST];

    for (size_t i = 0; i < survey->n_lanes; i++) {
        struct addresses *set = &survey->lanes[i].addresses;
        set->n = 0;
        set->most = 0;
        set->bits = bits;
        set->part = part;
        contexts[i] = &survey->lanes[i];
    }
    return event_scan_parallel(survey->ground->reader, &query, addresses_block, contexts,
                               (int)survey->n_lanes, err);
}

enum status survey_addresses(struct survey *survey, struct error *err)
{
    enum status status = ST_OK;
    unsigned bits = 0;

    for (size_t l = 0; l < survey->n_lanes; l++)
        if (survey->lanes[l].addresses.bits > bits)
            bits = survey->lanes[l].addresses.bits;
    for (size_t l = 0; l < survey->n_lanes; l++)
        addresses_narrow(&survey->lanes[l].addresses, bits);
    part_count(survey);
    for (uint32_t part = 1; status == ST_OK && part < UINT32_C(1) << bits; part++) {
        status = part_scan(survey, bits, part, err);
        part_count(survey);
    }
    words_sort(survey->listed.at, survey->listed.n);
    return status;
}
