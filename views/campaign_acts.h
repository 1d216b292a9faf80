/* Changes of campaigns from the console, on the writer's thread: moves, with what they reach stated
 * and confirmed first, and saved definitions. */
#ifndef ATRIUM_VIEWS_CAMPAIGN_ACTS_H
#define ATRIUM_VIEWS_CAMPAIGN_ACTS_H

#include "model/campaign/campaign.h"
#include "views/console.h"

/* Offers the moves that its state and the role allow, then asks what has to be asked. `people` are
 * those it is for, held out ones left out; -1: not counted. */
void campaign_act_choose(struct console *console, const struct campaign *campaign, int64_t people);

/* Saves a definition, as campaign_write writes it; base_version as in campaign_save. The campaign's
 * page opens when a new one is saved; what is refused comes back in the form. */
void campaign_act_save(struct console *console, const char *definition, int64_t base_version);

/* As a new draft, named anew. */
void campaign_act_clone(struct console *console, const struct campaign *campaign);

#endif
