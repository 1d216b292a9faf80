/* When a campaign is on: days by dates, weekdays and blackouts; hours of the mall's clock. */
#ifndef ATRIUM_CAMPAIGN_SCHEDULE_H
#define ATRIUM_CAMPAIGN_SCHEDULE_H

#include "model/campaign/campaign.h"

enum { SCHEDULE_LONGEST = 3660 }; /* days from the first to the last */

/* Its days in [from, to], rising; none where that has no end on either side. Owned by the arena. */
const int32_t *schedule_days(struct arena *arena, const struct campaign *campaign, int32_t from,
                             int32_t to, size_t *n);

bool schedule_has_day(const struct campaign *campaign, int32_t day);

/* Whether it is on at a moment; *next (may be NULL) the moment when that changes, INT64_MAX for
 * never. Days without hours are mall days, from the mall's day boundary to the next; hours are the
 * clock's on the day's date, and those past midnight (22:00-02:00) belong to the day they began
 * on. */
bool schedule_on(const struct campaign *campaign, const struct clock *clock, int64_t time,
                 int64_t *next);

/* The end of its last day: when it is over. INT64_MAX where it has no last day. */
int64_t schedule_end(const struct campaign *campaign, const struct clock *clock);

/* The moment at or after `time` that lies outside the quiet hours. */
int64_t schedule_loud(const struct campaign *campaign, const struct clock *clock, int64_t time);

#endif
