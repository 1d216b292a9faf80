#include "views/campaign_acts.h"

#include "model/base/text.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct act {
    struct access access;
    bool moves;
    enum campaign_verb verb;
    char *code, *reason;
    char *definition; /* saved */
    int64_t base_version;
    /* Out. */
    enum campaign_state state;
    char saved[CAMPAIGN_CODE];
    struct operation_result result;
};

static void act_release(void *arguments)
{
    struct act *act = arguments;
    free(act->code);
    free(act->reason);
    free(act->definition);
}

static enum status definition_save(struct writer *writer, struct act *act, struct error *err)
{
    struct arena *arena = arena_new();
    struct campaign campaign;
    const struct campaign_fault *faults;
    size_t n;
    enum status status = campaign_read(NULL, NULL, arena, act->definition, strlen(act->definition),
                                       &campaign, &faults, &n, err);
    if (status == ST_OK && n)
        status = error_set(err, ST_REFUSED, "%s: %s", faults[0].key, faults[0].message);
    if (status == ST_OK)
        status = campaign_save(writer, &act->access, &campaign, act->base_version, act->saved,
                               &act->result, err);
    arena_free(arena);
    return status;
}

static enum status act_run(struct writer *writer, void *arguments, struct error *err)
{
    struct act *act = arguments;
    return act->moves ? campaign_move(writer, &act->access, act->code, act->verb,
                                      *act->reason ? act->reason : NULL, &act->state, err)
                      : definition_save(writer, act, err);
}

static void act_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct act *act = arguments;
    struct arena *arena = arena_new();
    if (status != ST_OK) {
        /* What was written is not lost: the form opens with it again. */
        if (!act->moves)
            console_open(console, "campaign-form",
                         arena_printf(arena, "%d\n%s",
                                      act->base_version == CAMPAIGN_NEW ? CAMPAIGN_NEW : -1,
                                      act->definition));
        console_complain(console, "%s", error_text(error));
    } else if (act->moves) {
        console_say(console, _("%s is %s"), text_quote(arena, act->code, strlen(act->code)),
                    _(campaign_state_names[act->state]));
    } else {
        snprintf(console->last_change, sizeof console->last_change, "%s", act->result.id);
        if (act->base_version == CAMPAIGN_NEW)
            console_open(console, "campaign", act->saved);
        console_say(console, _("%s is saved"), text_quote(arena, act->saved, strlen(act->saved)));
    }
    if (status == ST_OK)
        console_refresh(console);
    arena_free(arena);
}

static void act_submit(struct console *console, struct act *act)
{
    act->access = console->access;
    if (console->mall->read_only) {
        console_complain(console, "%s", console->mall->why_read_only);
        act_release(act);
        return;
    }
    write_queue_submit(console->writes, &(struct write_request){.run = act_run,
                                                                .done = act_done,
                                                                .release = act_release,
                                                                .arguments = act,
                                                                .size = sizeof *act,
                                                                .context = console});
}

void campaign_act_save(struct console *console, const char *definition, int64_t base_version)
{
    struct act act = {.code = mem_strdup(""),
                      .reason = mem_strdup(""),
                      .definition = mem_strdup(definition),
                      .base_version = base_version};
    act_submit(console, &act);
}

void campaign_act_clone(struct console *console, const struct campaign *campaign)
{
    struct arena *arena = arena_new();
    struct campaign clone = campaign_clone(campaign);
    clone.name = arena_printf(arena, _("%s (copy)"), clone.name);
    if (console_may(console, RIGHT_CAMPAIGN_EDIT))
        console_open(console, "campaign-form",
                     arena_printf(arena, "%d\n%s", CAMPAIGN_NEW, campaign_write(arena, &clone)));
    arena_free(arena);
}

/* ---- Moves: which, and what is asked before ---- */

struct asked {
    struct console *console;
    char *code, *name;
    int64_t people;
    enum campaign_state state;
    enum campaign_verb verbs[CAMPAIGN_VERBS];
    size_t n;
    enum campaign_verb verb;
};

static void asked_free(struct asked *asked)
{
    free(asked->code);
    free(asked->name);
    free(asked);
}

static void asked_do(struct asked *asked, const char *reason)
{
    struct act act = {.moves = true,
                      .verb = asked->verb,
                      .code = mem_strdup(asked->code),
                      .reason = mem_strdup(reason),
                      .definition = mem_strdup("")};
    act_submit(asked->console, &act);
}

static void move_confirmed(void *context, struct dialog *dialog, bool accepted)
{
    struct asked *asked = context;
    (void)dialog;
    if (accepted)
        asked_do(asked, "");
    asked_free(asked);
}

static void reason_given(void *context, struct dialog *dialog, bool accepted)
{
    struct asked *asked = context;
    if (accepted)
        asked_do(asked, dialog_text(dialog));
    asked_free(asked);
}

static const char *reason_check(void *context, const char *text)
{
    (void)context;
    return strlen(text) < 3 ? _("at least 3 characters") : NULL;
}

static const struct campaign_move_row *row_of(enum campaign_state state, enum campaign_verb verb)
{
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (campaign_moves[i].verb == verb && campaign_moves[i].from >> state & 1)
            return &campaign_moves[i];
    return NULL;
}

/* Messages that went out, and people who were treated, cannot be called back. */
static bool is_final(const struct asked *asked)
{
    return asked->verb == VERB_START || asked->verb == VERB_END || asked->verb == VERB_CANCEL;
}

static void move_ask(struct asked *asked)
{
    const struct campaign_move_row *row = row_of(asked->state, asked->verb);
    struct arena *arena = arena_new();
    const char *text =
        arena_printf(arena, _("%s: it is for %s people. %s"), asked->name,
                     asked->people >= 0 ? text_count(arena, asked->people) : "?", _(row->summary));
    struct dialog *dialog;
    if (row->reason)
        dialog = dialog_ask(_(row->title), _("Reason"), "", reason_check, reason_given, asked);
    else if (is_final(asked) && asked->people > 0)
        dialog = dialog_confirm_number(_(row->title), text, asked->people, move_confirmed, asked);
    else
        dialog = dialog_confirm(_(row->title), text, _(row->title), move_confirmed, asked);
    console_dialog(asked->console, dialog);
    arena_free(arena);
}

static void verb_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct asked *asked = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0 || (size_t)choice >= asked->n) {
        asked_free(asked);
        return;
    }
    asked->verb = asked->verbs[choice];
    move_ask(asked);
}

void campaign_act_choose(struct console *console, const struct campaign *campaign, int64_t people)
{
    struct asked *asked = mem_zero(1, sizeof *asked);
    const char *titles[CAMPAIGN_VERBS];
    *asked = (struct asked){.console = console,
                            .code = mem_strdup(campaign->code),
                            .name = mem_strdup(campaign->name),
                            .people = people,
                            .state = campaign->state};
    for (int verb = 0; verb < VERB_REOPEN; verb++) {
        const struct campaign_move_row *row = row_of(campaign->state, (enum campaign_verb)verb);
        if (!row || verb == VERB_RUN || !access_may(&console->access, row->rights))
            continue;
        titles[asked->n] = _(row->title);
        asked->verbs[asked->n++] = (enum campaign_verb)verb;
    }
    if (asked->n)
        console_dialog(console, dialog_choose(_("What is to be done"), titles, asked->n, 0,
                                              verb_chosen, asked));
    else {
        console_say(console, "%s", _("nothing can be done with it as it is"));
        asked_free(asked);
    }
}
