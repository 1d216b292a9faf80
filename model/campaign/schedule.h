/* When a campaign is on: days by dates, weekdays and blackouts; hours of the mall's clock. */
#ifndef ATRIUM_CAMPAIGN_SCHEDULE_H
#define ATRIUM_CAMPAIGN_SCHEDULE_H

#include "model/campaign/campaign.h"

/* Its days, rising; none where it has no end and `to` is INT32_MAX. [from, to] bounds them. */
const int32_t *schedule_days(struct arena *arena, const struct campaign *campaign, int32_t from,
                             int32_t to, size_t *n);

bool schedule_has_day(const struct campaign *campaign, int32_t day);

/* Whether it is on at a moment; *next (may be NULL) the moment when that changes, INT64_MAX for
 * never. Hours past midnight (22:00-02:00) belong to the day they began on. */
bool schedule_on(const struct campaign *campaign, const struct clock *clock, int64_t time,
                 int64_t *next);

/* The moment at or after `time` that lies outside the quiet hours. */
int64_t schedule_loud(const struct campaign *campaign, const struct clock *clock, int64_t time);

#endif
