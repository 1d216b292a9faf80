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
    snprintf(console->last_change, sizeof console->last_change, "%s", result->id);
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

static void undone(void *context, enum status status, const struct operation_result *result,
                   const struct error *error)
{
    struct console *console = context;
    (void)result;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    console->last_change[0] = 0;
    console_say(console, "%s", _("undone"));
    console_refresh(console);
}

void change_undo(struct console *console)
{
    if (!console->last_change[0])
        console_say(console, "%s", _("nothing was changed here that could be undone"));
    else
        write_queue_undo(console->writes, console->last_change, console->access.principal,
                         console->access.rights, undone, console);
}
