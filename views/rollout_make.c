/* A planned roll-out becomes one: the reach stated, its number typed, the archive kept. */
#include "model/fleet/rollout.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/fleet_acts.h"
#include "views/fleet_desk.h"
#include "views/rollout_draft.h"
#include "views/rollout_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct making {
    struct console *console;
    void (*failed)(struct console *console);
    struct access access;
    struct arena *arena;
    struct rollout_draft draft;
    struct device *devices; /* all that were chosen: who is left out is said by the same code */
    size_t n;
    char code[16];
};

static void making_free(struct making *making)
{
    arena_free(making->arena);
    free(making);
}

static enum status make_run(struct writer *writer, void *arguments, struct error *err)
{
    struct making *m = *(struct making **)arguments;
    return rollout_make(writer, &m->access, &m->draft, m->devices, m->n, m->code, err);
}

static void make_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct making *m = *(struct making **)arguments;
    if (console->leaving)
        return;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        m->failed(console);
        return;
    }
    if (strcmp(console_top(console)->ops->name, "rollout-form") == 0)
        console_back(console);
    console_open(console, "rollout", m->code);
    console_say(console, _("%s is planned"), m->code);
    console_refresh(console);
}

static void make_release(void *arguments)
{
    making_free(*(struct making **)arguments);
}

static void agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct making *m = context;
    struct console *console = m->console;
    (void)dialog;
    if (!accepted) {
        m->failed(console);
        making_free(m);
        return;
    }
    m->access = console->access;
    write_queue_submit(console->writes, &(struct write_request){.run = make_run,
                                                                .done = make_done,
                                                                .release = make_release,
                                                                .arguments = &m,
                                                                .size = sizeof m,
                                                                .context = console});
}

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static void draft_copy(struct making *m, const struct rollout_draft *draft)
{
    m->draft = *draft;
    m->draft.app = copy(m->arena, draft->app);
    m->draft.path = copy(m->arena, draft->path);
    m->draft.selection = copy(m->arena, draft->selection);
    m->draft.waves = copy(m->arena, draft->waves);
    m->draft.threshold = copy(m->arena, draft->threshold);
    m->draft.window = copy(m->arena, draft->window);
    m->draft.weekdays = copy(m->arena, draft->weekdays);
}

void rollout_make_ask(struct console *console, const struct rollout_outlook *outlook,
                      void (*failed)(struct console *console))
{
    const struct rollout_preview *preview = &outlook->preview;
    struct making *m = mem_zero(1, sizeof *m);
    m->console = console;
    m->failed = failed;
    m->arena = arena_new();
    m->devices = devices_copy(m->arena, outlook->devices, outlook->n);
    m->n = outlook->n;
    draft_copy(m, &outlook->draft);
    struct device *coming = arena_array(m->arena, struct device, preview->kept + 1);
    for (size_t i = 0; i < preview->kept; i++)
        coming[i] = *preview->places[i].device;
    const char *text =
        arena_printf(m->arena,
                     _("%s goes to %s.\n\nIt is planned now; nothing reaches a device "
                       "before it is started."),
                     preview->rollout.app, rollout_reach_text(m->arena, coming, preview->kept));
    console_dialog(console, dialog_confirm_number(_("Plan the roll-out"), text,
                                                  (int64_t)preview->kept, agreed, m));
}
