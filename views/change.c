#include "views/change.h"

#include "model/store/write_queue.h"

#include <stdlib.h>
#include <string.h>

static void changed(void *context, enum status status, const struct operation_result *result,
                    const struct error *error)
{
    struct console *console = context;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    change_note(console, result->id);
    console_say(console, "%s", _("changed; u undoes it"));
    console_refresh(console);
}

void console_change(struct console *console, const char *entity, const char *target,
                    enum operation_verb verb, int64_t base_version, json_t *set, const char *reason)
{
    struct operation op = {
        .actor = console->access.principal,
        .rights = console->access.rights,
        .entity = entity,
        .target = target,
        .verb = verb,
        .base_version = base_version,
        .set = set,
        .reason = reason,
    };
    if (console->mall->read_only)
        console_complain(console, "%s", console->mall->why_read_only);
    else
        write_queue_operation(console->writes, &op, changed, console);
}

/* ---- Taking back ---- */

struct change_back {
    change_back_run *run;
    struct access access;
    int64_t number;
    char text[512];
};

void change_free(struct console *console)
{
    free(console->back);
    console->back = NULL;
}

void change_note(struct console *console, const char *operation)
{
    snprintf(console->last_change, sizeof console->last_change, "%s", operation);
    change_free(console);
}

void change_note_back(struct console *console, change_back_run *run, int64_t number,
                      const char *text)
{
    change_note(console, "");
    if (!run)
        return;
    console->back = mem_zero(1, sizeof *console->back);
    console->back->run = run;
    console->back->access = console->access;
    console->back->number = number;
    snprintf(console->back->text, sizeof console->back->text, "%s", text);
}

static enum status back_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct change_back *back = arguments;
    return back->run(writer, &back->access, back->number, back->text, err);
}

static void undone(void *context, enum status status, const struct operation_result *result,
                   const struct error *error)
{
    struct console *console = context;
    (void)result;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    change_note(console, "");
    console_say(console, "%s", _("undone"));
    console_refresh(console);
}

static void back_done(void *context, void *arguments, enum status status, const struct error *error)
{
    (void)arguments;
    undone(context, status, NULL, error);
}

void change_undo(struct console *console)
{
    if (console->back) {
        struct write_request request = {.run = back_run,
                                        .done = back_done,
                                        .arguments = console->back,
                                        .size = sizeof *console->back,
                                        .context = console};
        write_queue_submit(console->writes, &request);
    } else if (!console->last_change[0])
        console_say(console, "%s", _("nothing was changed here that could be undone"));
    else
        write_queue_undo(console->writes, console->last_change, console->access.principal,
                         console->access.rights, undone, console);
}
