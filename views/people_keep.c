#include "views/people_keep.h"

#include "model/base/text.h"
#include "model/segment/keep.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the dialog is about, then what the writer's thread works on. */
struct keep {
    struct console *console;
    char *name, *note;
    struct arena *arena; /* of the set */
    struct set *people;
    struct access access;
    struct operation_result result;
};

static void keep_free(struct keep *keep)
{
    free(keep->name);
    free(keep->note);
    arena_free(keep->arena);
    free(keep);
}

static enum status keep_run(struct writer *writer, void *arguments, struct error *err)
{
    struct keep *keep = *(struct keep **)arguments;
    return segment_keep(writer, &keep->access, keep->name, keep->note, keep->people, &keep->result,
                        err);
}

static void keep_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct keep *keep = *(struct keep **)arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    struct arena *arena = arena_new();
    change_note(console, keep->result.id);
    console_refresh(console);
    console_say(console, _("%s people are the segment '%s' now; u undoes it"),
                text_count(arena, set_count(keep->people)), keep->name);
    arena_free(arena);
}

static void keep_release(void *arguments)
{
    keep_free(*(struct keep **)arguments);
}

static const char *name_check(void *context, const char *text)
{
    (void)context;
    return *text ? NULL : _("it needs a name");
}

static void name_given(void *context, struct dialog *dialog, bool accepted)
{
    struct keep *keep = context;
    if (!accepted || !*dialog_text(dialog)) {
        keep_free(keep);
        return;
    }
    free(keep->name);
    keep->name = mem_strdup(dialog_text(dialog));
    struct write_request request = {.run = keep_run,
                                    .done = keep_done,
                                    .release = keep_release,
                                    .arguments = &keep,
                                    .size = sizeof(struct keep *),
                                    .context = keep->console};
    write_queue_submit(keep->console->writes, &request);
}

void people_keep(struct console *console, const uint32_t *people, size_t n, const char *suggestion)
{
    if (!console_may(console, RIGHT_QUESTIONS))
        return;
    if (console->mall->read_only) {
        console_complain(console, "%s", console->mall->why_read_only);
        return;
    }
    if (!n) {
        console_say(console, "%s", _("there is nobody to keep"));
        return;
    }
    if (small_group(&console->access, (int64_t)n)) {
        console_complain(console, "%s", _("too few people to be told apart for your role"));
        return;
    }
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = people[i] > most ? people[i] : most;
    struct keep *keep = mem_zero(1, sizeof *keep);
    keep->console = console;
    keep->note = mem_strdup(suggestion);
    keep->arena = arena_new();
    keep->people = set_of(keep->arena, most + 1, people, n);
    keep->access = console->access;
    console_dialog(console, dialog_ask(_("Keep these people"), _("Name of the segment"), suggestion,
                                       name_check, name_given, keep));
}
