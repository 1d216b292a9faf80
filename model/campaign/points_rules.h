/*
 * How points are earned: the table points_rule and campaigns that multiply.
 *
 * Of the rules that give points (per_yuan above 0) and fit - shop, membership level, weekday, days
 * - the one with the highest priority counts, of equal ones the oldest. Of what multiplies - rules
 * without points of their own, and running campaigns of the kind points-multiplier for those who
 * are of the audience and not held out - only the largest factor counts, so that factors never
 * pile up.
 *
 *   points = fen × per_yuan × factor of the rule × largest factor ÷ 100,000,000, rounded down
 */
#ifndef ATRIUM_CAMPAIGN_POINTS_RULES_H
#define ATRIUM_CAMPAIGN_POINTS_RULES_H

#include "model/campaign/campaign.h"
#include "model/campaign/ledger.h"

struct points_rule {
    uint32_t id;
    const char *name, *tier;
    const struct set *shops; /* NULL: all, nobody's shop too */
    int64_t per_yuan, factor, priority;
    unsigned weekdays;
    int32_t from, to; /* days, both included; INT32_MIN, INT32_MAX: open */
};

/* A campaign that takes part in earning: it multiplies, or gives for registering. */
struct points_campaign {
    const struct campaign *campaign;
    const struct set *shops, *people; /* NULL: all */
};

struct points_rules {
    const struct clock *clock;
    size_t n_rules; /* the highest priority first */
    const struct points_rule *rules;
    size_t n_multipliers, n_gifts;
    const struct points_campaign *multipliers, *gifts;
};

/* Owned by the arena; inside reader_begin .. reader_end. ST_REFUSED naming a rule whose shops
 * cannot be read. */
enum status points_rules_read(struct reader *reader, struct arena *arena,
                              struct points_rules *rules, struct error *err);

/* A purchase, and what it earns; *campaign the one whose factor counted, 0 for none. */
struct points_purchase {
    uint32_t person, tenant;
    const char *tier; /* "" for none */
    int64_t time, amount;
};
int64_t points_of_purchase(const struct points_rules *rules, const struct points_purchase *purchase,
                           uint32_t *campaign);

/* Whether a campaign was running and open at a moment, at a shop, for a person. */
bool points_campaign_open(const struct points_campaign *campaign, const struct clock *clock,
                          int64_t time, uint32_t tenant, uint32_t person);

/* What a receipt of `amount` fen earns a member now, by their level. */
enum status points_for_amount(struct reader *reader, struct arena *arena, uint32_t person,
                              uint32_t tenant, int64_t time, int64_t amount, int64_t *points,
                              uint32_t *campaign, struct error *err);

/* Rules and terms as rows. */
struct sheet *points_rules_sheet(struct reader *reader, struct arena *arena, struct error *err);
struct sheet *points_terms_sheet(struct reader *reader, struct arena *arena, struct error *err);

/* Checks of what people enter, with the operation. At the start of the program. */
void points_register(void);

#endif
