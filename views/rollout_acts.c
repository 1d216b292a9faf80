#include "views/rollout_acts.h"

#include "model/base/text.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/fleet_acts.h"
#include "views/rollout_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_LEAST = 3, WHY_MOST = 300 };

/* A move that is being asked about; then on its way to the writer. */
struct moving {
    struct console *console;
    struct access access;
    struct arena *arena;
    const char *code, *why, *reach[ROLLOUT_VERBS]; /* reach: by verb, NULL where nothing changes */
    size_t n_reach[ROLLOUT_VERBS];
    enum rollout_state state;
    enum rollout_verb verbs[ROLLOUT_VERBS], verb;
    size_t n;
};

static void moving_free(struct moving *m)
{
    arena_free(m->arena);
    free(m);
}

/* ---- The change ---- */

static enum status move_run(struct writer *writer, void *arguments, struct error *err)
{
    struct moving *m = *(struct moving **)arguments;
    return rollout_move(writer, &m->access, m->code, m->verb, *m->why ? m->why : NULL, &m->state,
                        err);
}

static void move_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct moving *m = *(struct moving **)arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    console_say(console, _("%s is %s"), m->code, _(rollout_state_names[m->state]));
    /* Who sets devices in motion also brings them there, where nobody else does. */
    if (m->verb >= ROLLOUT_START && m->verb != ROLLOUT_PAUSE)
        rollout_task_want(console->rollouts, m->code, true);
    else
        rollout_task_wake(console->rollouts);
    console_refresh(console);
}

static void move_release(void *arguments)
{
    moving_free(*(struct moving **)arguments);
}

static void move_submit(struct moving *m)
{
    m->access = m->console->access;
    write_queue_submit(m->console->writes, &(struct write_request){.run = move_run,
                                                                   .done = move_done,
                                                                   .release = move_release,
                                                                   .arguments = &m,
                                                                   .size = sizeof m,
                                                                   .context = m->console});
}

/* ---- Asking ---- */

static void move_agreed(void *context, struct dialog *dialog, bool accepted)
{
    (void)dialog;
    if (accepted)
        move_submit(context);
    else
        moving_free(context);
}

static void why_given(void *context, struct dialog *dialog, bool accepted)
{
    struct moving *m = context;
    if (accepted)
        m->why = arena_strdup(m->arena, dialog_text(dialog));
    move_agreed(m, dialog, accepted);
}

static const char *why_check(void *context, const char *text)
{
    size_t n = strlen(text);
    (void)context;
    return n < WHY_LEAST ? _("a few words, for the audit") : n > WHY_MOST ? _("too long") : NULL;
}

static void move_ask(struct moving *m)
{
    const struct rollout_move_row *move = rollout_move_of(m->state, m->verb);
    struct dialog *dialog;
    if (m->reach[m->verb]) {
        const char *text = arena_printf(m->arena, _("%s changes %s.\n\n%s"), m->code,
                                        m->reach[m->verb], _(move->summary));
        dialog = dialog_confirm_number(_(move->title), text, (int64_t)m->n_reach[m->verb],
                                       move_agreed, m);
    } else if (m->verb == ROLLOUT_CANCEL) {
        dialog =
            dialog_ask(_(move->title), _("Reason, for the audit"), "", why_check, why_given, m);
    } else {
        dialog = dialog_confirm(_(move->title),
                                arena_printf(m->arena, "%s\n\n%s", m->code, _(move->summary)),
                                _(move->title), move_agreed, m);
    }
    console_dialog(m->console, dialog);
}

static void verb_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct moving *m = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0 || (size_t)choice >= m->n) {
        moving_free(m);
        return;
    }
    m->verb = m->verbs[choice];
    move_ask(m);
}

static struct moving *moving_new(struct console *console, const struct rollout_subject *subject)
{
    struct moving *m = mem_zero(1, sizeof *m);
    m->console = console;
    m->arena = arena_new();
    m->code = arena_strdup(m->arena, subject->rollout->code);
    m->why = "";
    m->state = subject->rollout->state;
    for (int verb = 0; verb < ROLLOUT_FINISH; verb++) {
        const struct rollout_move_row *move = rollout_move_of(m->state, (enum rollout_verb)verb);
        if (!move)
            continue;
        m->verbs[m->n++] = (enum rollout_verb)verb;
        if (!move->reaches)
            continue;
        const struct device *devices =
            rollout_reach_devices(m->arena, (enum rollout_verb)verb, subject->rows, subject->n,
                                  subject->devices, subject->n_devices, &m->n_reach[verb]);
        m->reach[verb] = rollout_reach_text(m->arena, devices, m->n_reach[verb]);
    }
    return m;
}

void rollout_act_choose(struct console *console, const struct rollout_subject *subject)
{
    const char *titles[ROLLOUT_VERBS];
    if (!fleet_may_change(console))
        return;
    struct moving *m = moving_new(console, subject);
    for (size_t i = 0; i < m->n; i++)
        titles[i] = _(rollout_move_of(m->state, m->verbs[i])->title);
    if (m->n) {
        console_dialog(console,
                       dialog_choose(_("What is to be done"), titles, m->n, 0, verb_chosen, m));
    } else {
        console_say(console, "%s", _("nothing can be done with it as it is"));
        moving_free(m);
    }
}

void rollout_act(struct console *console, const struct rollout_subject *subject,
                 enum rollout_verb verb)
{
    if (!fleet_may_change(console))
        return;
    if (!rollout_move_of(subject->rollout->state, verb)) {
        console_say(console, _("%s is %s"), subject->rollout->code,
                    _(rollout_state_names[subject->rollout->state]));
        return;
    }
    struct moving *m = moving_new(console, subject);
    m->verb = verb;
    move_ask(m);
}
