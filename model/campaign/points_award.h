/*
 * Points for what people did: purchases that came without points of their own, registrations under
 * a campaign that gives for them, and refunds of receipts that earned here.
 *
 * The run looks at everything from the setting points_since on (a day; empty: not at all), which is
 * when the mall's points began to be kept here: late imports are found too, and nothing is earned
 * twice. A purchase has points of its own where the same person has a points_earn with its
 * reference, or one of the same second that no other purchase needs. What is posted carries the
 * purchase's reference, so that an import of the same points later is a duplicate.
 */
#ifndef ATRIUM_CAMPAIGN_POINTS_AWARD_H
#define ATRIUM_CAMPAIGN_POINTS_AWARD_H

#include "model/campaign/points_rules.h"

struct points_awards {
    int64_t purchases, points;      /* that earned, and how many points */
    int64_t gifts, gift_points;     /* for registering */
    int64_t refunds, taken, unsaid; /* refunds taken back; those without a receipt that earned */
};

/* From `since` (time; INT64_MIN: as the setting says) to now. Kills and concurrent posting as in
 * points_expire.h. `progress` may be NULL. */
enum status points_award_run(struct writer *writer, const struct access *access, int64_t since,
                             void (*progress)(void *context, int64_t done, int64_t total),
                             void *context, struct points_awards *awards, struct error *err);

#endif
