/*
 * Figures of a sample of the people (model/event/sample.h) as estimates of everybody's: counts and
 * money ÷ share, to the digits that mean something; rates and times stay as they were found. Small
 * groups are kept back before, by the people of the sample; what was kept back stays so and no
 * longer says below what, as the limit is one of the sample. With share 1 nothing changes. What is
 * changed is made anew in the arena.
 */
#ifndef ATRIUM_LOOP_ESTIMATE_H
#define ATRIUM_LOOP_ESTIMATE_H

#include "model/loop/funnel.h"
#include "model/loop/retention.h"

void funnel_estimate(struct arena *arena, double share, struct funnel *funnel);
void retention_estimate(struct arena *arena, double share, struct retention *retention);
void lifecycle_estimate(struct arena *arena, double share, struct lifecycle *lifecycle);

#endif
