/*
 * The states of a campaign and the moves between them: one table. Who may move is in it too. That
 * nobody approves their own work, when approval is needed at all and what a change leads to are
 * rules about every operation on a campaign (operation_rule), whoever makes it: campaign_move and
 * campaign_save only make operations that keep them.
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

/* STATE_NONE for a word that is none. */
enum campaign_state campaign_state_find(const char *name);

enum campaign_verb {
    VERB_SUBMIT, /* to review; to approved where no approval is needed */
    VERB_APPROVE,
    VERB_REJECT, /* back to draft, with a reason */
    VERB_START,  /* to scheduled, or to running where its time has come */
    VERB_RUN,    /* the engine's: its time has come */
    VERB_PAUSE,
    VERB_RESUME,
    VERB_END,
    VERB_CANCEL,
    VERB_ARCHIVE,
    VERB_REOPEN, /* what a change of the definition does: back to review */
    CAMPAIGN_VERBS
};

struct campaign_move_row {
    enum campaign_verb verb;
    const char *name;  /* on the command line */
    const char *title; /* on screens, translated where shown */
    unsigned from;     /* bits 1 << enum campaign_state */
    enum campaign_state to;
    unsigned rights;
    bool reason; /* must be given */
    const char *summary;
};
extern const struct campaign_move_row campaign_moves[];
extern const size_t n_campaign_moves;

/* Whether some row has this verb from this state; the verbs a person can choose, not the engine's,
 * are those below VERB_REOPEN but VERB_RUN. */
bool campaign_can(enum campaign_state state, enum campaign_verb verb);

/* Moves a campaign: ST_CONFLICT where its state has no such move (says which state it is in and
 * what can be done there), where nobody is in the audience that starts, or its last day is over;
 * ST_DENIED for the role, and for who approves their own work. Starting freezes the audience
 * (people_set edition). Begins and commits by itself; `state` may be NULL, `reason` too.
 * An approval is not needed where audience and budget are at most the settings
 * campaign_free_audience and campaign_free_budget. */
enum status campaign_move(struct writer *writer, const struct access *access, const char *code,
                          enum campaign_verb verb, const char *reason, enum campaign_state *state,
                          struct error *err);

/* What time alone does: starts what is scheduled and has come, ends what is over. One campaign that
 * cannot be moved does not keep the others: its error is the one given. *moved (may be NULL) counts
 * those that did. */
enum status campaigns_advance(struct writer *writer, const struct access *access, int64_t time,
                              size_t *moved, struct error *err);

/* The rule of the entity "campaign" and what else the module adds; before there are threads. */
void campaign_register(void);

/* Time, actor, what was done ("create", "change", the name of a verb), state after it, keys that
 * changed, reason; the latest first. Owned by the arena. */
struct campaign_deed {
    int64_t time;
    const char *actor, *act, *state, *changed, *reason;
};
enum status campaign_history(struct reader *reader, struct arena *arena, const char *code,
                             const struct campaign_deed **deeds, size_t *n, struct error *err);

#endif
