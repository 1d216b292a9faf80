/* States of a campaign: the table of moves. */
#include "model/campaign/state.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/state_parts.h"

#include <string.h>

const char *const campaign_state_names[CAMPAIGN_STATES] = {
    "",           N_("draft"), N_("in review"), N_("approved"),  N_("scheduled"), N_("running"),
    N_("paused"), N_("ended"), N_("archived"),  N_("cancelled"),
};

const struct campaign_move_row campaign_moves[] = {
    {VERB_SUBMIT, "submit", N_("Submit for review"), BIT(DRAFT), STATE_REVIEW, RIGHT_CAMPAIGN_EDIT,
     false, N_("Somebody else looks at it; where little is at stake, it is approved at once.")},
    {VERB_SUBMIT, "submit", N_("Submit for review"), BIT(DRAFT), STATE_APPROVED,
     RIGHT_CAMPAIGN_EDIT, false,
     N_("Audience and budget are small enough to go without an approval.")},
    {VERB_APPROVE, "approve", N_("Approve"), BIT(REVIEW), STATE_APPROVED, RIGHT_CAMPAIGN_APPROVE,
     false, N_("It may be started as it stands. Nobody approves their own work.")},
    {VERB_REJECT, "reject", N_("Reject"), BIT(REVIEW), STATE_DRAFT, RIGHT_CAMPAIGN_APPROVE, true,
     N_("Back to its author, with the reason.")},
    {VERB_START, "start", N_("Start"), BIT(APPROVED), STATE_SCHEDULED, RIGHT_CAMPAIGN_EDIT, false,
     N_("It starts by itself when its first day comes.")},
    {VERB_START, "start", N_("Start"), BIT(APPROVED) | BIT(SCHEDULED), STATE_RUNNING,
     RIGHT_CAMPAIGN_EDIT, false, N_("Its audience is fixed, and messages go out.")},
    {VERB_RUN, "run", N_("Its time has come"), BIT(SCHEDULED), STATE_RUNNING, RIGHT_CAMPAIGN_EDIT,
     false, N_("Its audience is fixed, and messages go out.")},
    {VERB_PAUSE, "pause", N_("Pause"), BIT(RUNNING), STATE_PAUSED, RIGHT_CAMPAIGN_EDIT, false,
     N_("Nothing is sent or given until it goes on.")},
    {VERB_RESUME, "resume", N_("Go on"), BIT(PAUSED), STATE_RUNNING, RIGHT_CAMPAIGN_EDIT, false,
     N_("It goes on with the people it has.")},
    {VERB_END, "end", N_("End"), BIT(RUNNING) | BIT(PAUSED), STATE_ENDED, RIGHT_CAMPAIGN_EDIT,
     false, N_("It is over for good; its result can be read.")},
    {VERB_CANCEL, "cancel", N_("Cancel"),
     BIT(DRAFT) | BIT(REVIEW) | BIT(APPROVED) | BIT(SCHEDULED) | BIT(RUNNING) | BIT(PAUSED),
     STATE_CANCELLED, RIGHT_CAMPAIGN_EDIT, false, N_("It is given up for good.")},
    {VERB_ARCHIVE, "archive", N_("Archive"), BIT(ENDED) | BIT(CANCELLED), STATE_ARCHIVED,
     RIGHT_CAMPAIGN_EDIT, false, N_("Out of the way; nothing of it is lost.")},
    {VERB_REOPEN, "change", N_("Change"),
     BIT(REVIEW) | BIT(APPROVED) | BIT(SCHEDULED) | BIT(PAUSED), STATE_REVIEW, RIGHT_CAMPAIGN_EDIT,
     false, N_("Its definition changed: it is reviewed again.")},
};
const size_t n_campaign_moves = sizeof campaign_moves / sizeof *campaign_moves;

enum campaign_state campaign_state_find(const char *name)
{
    for (int i = 1; i < CAMPAIGN_STATES; i++)
        if (strcmp(campaign_state_names[i], name) == 0)
            return (enum campaign_state)i;
    return STATE_NONE;
}

bool campaign_can(enum campaign_state state, enum campaign_verb verb)
{
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (campaign_moves[i].verb == verb && campaign_moves[i].from >> state & 1)
            return true;
    return false;
}

const char *campaign_verb_name(enum campaign_verb verb)
{
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (campaign_moves[i].verb == verb)
            return campaign_moves[i].name;
    return "";
}

/* "submit, cancel" */
static const char *moves_text(struct arena *arena, enum campaign_state state)
{
    const char *text = "", *last = "";
    for (size_t i = 0; i < n_campaign_moves; i++) {
        const struct campaign_move_row *move = &campaign_moves[i];
        if (!(move->from >> state & 1) || move->verb == VERB_REOPEN || move->verb == VERB_RUN ||
            strcmp(move->name, last) == 0)
            continue;
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", move->name);
        last = move->name;
    }
    return *text ? text : "nothing more";
}

const char *state_text(enum campaign_state state)
{
    return state == STATE_NONE ? "known by its events alone" : campaign_state_names[state];
}

enum status move_refuse(struct arena *arena, const char *code, enum campaign_state state,
                        const char *verb, struct error *err)
{
    return error_set(err, ST_CONFLICT, "campaign %s is %s, so it cannot %s; it can: %s",
                     text_quote(arena, code, strlen(code)), state_text(state), verb,
                     moves_text(arena, state));
}
