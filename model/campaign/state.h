/*
 * The states of a campaign and the moves between them: one table. Who may move is in it too; that
 * an author does not approve what is their own, and when approval is needed at all, are checked by
 * campaign_move.
 */
#ifndef ATRIUM_CAMPAIGN_STATE_H
#define ATRIUM_CAMPAIGN_STATE_H

#include "model/access/access.h"

enum campaign_state {
    STATE_NONE, /* only events name it */
    STATE_DRAFT,
    STATE_REVIEW,
    STATE_APPROVED,
    STATE_SCHEDULED,
    STATE_RUNNING,
    STATE_PAUSED,
    STATE_ENDED,
    STATE_ARCHIVED,
    STATE_CANCELLED,
    CAMPAIGN_STATES
};
extern const char *const campaign_state_names[CAMPAIGN_STATES]; /* as in the file and in JSON */

enum campaign_verb {
    VERB_SUBMIT,
    VERB_APPROVE,
    VERB_REJECT, /* back to draft, with a reason */
    VERB_START,  /* to scheduled, or to running where its time has come */
    VERB_RUN,    /* the engine's: its time has come */
    VERB_PAUSE,
    VERB_RESUME,
    VERB_END,
    VERB_ARCHIVE,
    VERB_CANCEL,
    VERB_REOPEN, /* the definition changed: back to review or draft */
    CAMPAIGN_VERBS
};

struct campaign_move_row {
    enum campaign_verb verb;
    const char *name; /* on the command line */
    unsigned from;    /* bits 1 << enum campaign_state */
    enum campaign_state to;
    unsigned rights;
    const char *summary;
};
extern const struct campaign_move_row campaign_moves[];
extern const size_t n_campaign_moves;

/* Moves a campaign: ST_CONFLICT where its state has no such move (says which state it is in and
 * what can be done there), ST_DENIED for the role, and for an author who approves. Starting freezes
 * the audience (people_set edition). Begins and commits by itself. `reason` for reject and cancel.
 * An approval is not needed where audience and budget are at most the settings
 * campaign_free_audience and campaign_free_budget. */
enum status campaign_move(struct writer *writer, const struct access *access, const char *code,
                          enum campaign_verb verb, const char *reason, enum campaign_state *state,
                          struct error *err);

#endif
