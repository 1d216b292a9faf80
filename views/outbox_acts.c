#include "views/outbox_acts.h"

#include "model/base/intl.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settling {
    struct console *console;
    struct access access;
    char id[80];
    bool drop, take;
    json_t *set;
};

static enum status settle_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct settling *settling = arguments;
    if (settling->drop)
        return outbox_drop(writer, &settling->access, settling->id, err);
    return outbox_resolve(writer, &settling->access, settling->id, settling->take, settling->set,
                          err);
}

static void settle_done(void *context, void *arguments, enum status status,
                        const struct error *error)
{
    struct console *console = context;
    const struct settling *settling = arguments;
    if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
    else
        console_say(console, "%s",
                    settling->drop   ? _("given up: it is as it was before")
                    : settling->take ? _("theirs it is")
                                     : _("set against the hub's version; it goes with the next "
                                         "session"));
    console_refresh(console);
}

static void settle_release(void *arguments)
{
    json_decref(((struct settling *)arguments)->set);
}

static void settle_submit(const struct settling *settling)
{
    struct write_request request = {.run = settle_run,
                                    .done = settle_done,
                                    .release = settle_release,
                                    .arguments = settling,
                                    .size = sizeof *settling,
                                    .context = settling->console};
    write_queue_submit(settling->console->writes, &request);
}

static struct settling settling_of(struct console *console, const char *id)
{
    struct settling settling = {.console = console, .access = console->access};
    snprintf(settling.id, sizeof settling.id, "%s", id);
    return settling;
}

void outbox_act_resolve(struct console *console, const char *id, bool take, json_t *set)
{
    struct settling settling = settling_of(console, id);
    settling.take = take;
    settling.set = set;
    settle_submit(&settling);
}

static void drop_said(void *context, struct dialog *dialog, bool accepted)
{
    struct settling *settling = context;
    (void)dialog;
    if (accepted)
        settle_submit(settling);
    free(settling);
}

void outbox_act_drop(struct console *console, const struct outbox_entry *entry)
{
    struct settling *settling = mem_zero(1, sizeof *settling);
    struct arena *arena = arena_new();
    *settling = settling_of(console, entry->id);
    settling->drop = true;
    const char *kind = *entry->entity ? entry->entity : entry->verb;
    char *text = arena_printf(arena,
                              _("%s %s: the edit is given up, and what it changed here is as "
                                "it was before."),
                              word_translated("thing", kind), entry->target);
    console_dialog(console,
                   dialog_confirm(_("Give it up"), text, _("Give up"), drop_said, settling));
    arena_free(arena);
}
