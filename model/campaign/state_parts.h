/* What the files of states share; nobody else includes this. */
#ifndef ATRIUM_CAMPAIGN_STATE_PARTS_H
#define ATRIUM_CAMPAIGN_STATE_PARTS_H

#include "model/campaign/campaign.h"

#include <jansson.h>

#define BIT(state) (1u << STATE_##state)

/* One move. The first of these are the caller's. */
struct moving {
    const struct access *access;
    const char *code;
    enum campaign_verb verb;
    const char *reason;
    int64_t time;
    const char *id;   /* of the operation; NULL: one is made */
    const char *seen; /* the definition that it was made on; NULL: whatever there is */
    struct arena *arena;
    const struct campaign *campaign;
    const char *line; /* its definition */
    enum campaign_state to;
    bool begins;              /* it runs for the first time */
    const struct set *people; /* to be kept then */
    json_t *set;
};

/* Begins and commits by itself, or is part of the caller's transaction, in which nothing was
 * written yet: what it looks at is the file as it was before. */
enum status moving_run(struct writer *writer, struct moving *m, struct error *err);

const char *campaign_verb_name(enum campaign_verb verb);
const char *state_text(enum campaign_state state);

/* ST_CONFLICT: which state it is in, and what it can do there. */
enum status move_refuse(struct arena *arena, const char *code, enum campaign_state state,
                        const char *verb, struct error *err);

/* Lets a hub make moves that replicas sent; before there are threads. */
void campaign_outbox_register(void);

/* Whether audience and budget are within what goes without an approval. */
enum status approval_free(struct writer *writer, const struct campaign *campaign, bool *is,
                          struct error *err);

#endif
