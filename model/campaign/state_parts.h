/* What the files of states share; nobody else includes this. */
#ifndef ATRIUM_CAMPAIGN_STATE_PARTS_H
#define ATRIUM_CAMPAIGN_STATE_PARTS_H

#include "model/campaign/campaign.h"

#define BIT(state) (1u << STATE_##state)

const char *campaign_verb_name(enum campaign_verb verb);
const char *state_text(enum campaign_state state);

/* ST_CONFLICT: which state it is in, and what it can do there. */
enum status move_refuse(struct arena *arena, const char *code, enum campaign_state state,
                        const char *verb, struct error *err);

/* Whether audience and budget are within what goes without an approval. */
enum status approval_free(struct writer *writer, const struct campaign *campaign, bool *is,
                          struct error *err);

#endif
