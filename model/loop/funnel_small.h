/*
 * Small groups of a funnel: what is kept back from who sees pseudonyms. Steps that a few people
 * made are hidden, in all and in groups; of the groups of one step also so many others that none
 * follows from the total. Of distributions the least and the most, which are one person's each, and
 * buckets in the same way.
 */
#ifndef ATRIUM_LOOP_FUNNEL_SMALL_H
#define ATRIUM_LOOP_FUNNEL_SMALL_H

#include "model/access/access.h"
#include "model/loop/funnel.h"

/* Takes counts, amounts and times out of such steps and marks them hidden; nothing for an access
 * that sees people. What it changes is made anew in the arena. */
void funnel_hide_small(struct arena *arena, const struct access *access, struct funnel *funnel);

#endif
