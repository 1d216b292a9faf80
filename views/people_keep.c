#include "views/people_keep.h"

#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the dialog is about, then what the writer's thread works on. */
struct keep {
    struct console *console;
    char *name;
    uint32_t *people;
    size_t n, visitors; /* visitors have no card that a label could name */
    char principal[64];
    unsigned rights;
    char id[65]; /* of the operation */
};

static void keep_free(struct keep *keep)
{
    free(keep->name);
    free(keep->people);
    free(keep);
}

/* ---- On the writer's thread ---- */

static enum status cards_find(struct writer *writer, struct keep *keep, json_t *cards,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    for (size_t i = 0; i < keep->n; i++) {
        enum status status =
            writer_prepare(writer, "select card from member where person = ?1 limit 1", &stmt, err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_int64(stmt, 1, keep->people[i]);
        int code = sqlite3_step(stmt);
        if (code == SQLITE_ROW)
            json_array_append_new(cards, json_string(column_text(stmt, 0)));
        else if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(writer), "looking up a card", err);
        keep->visitors += code == SQLITE_DONE;
        sqlite3_reset(stmt);
        if (status != ST_OK)
            return status;
    }
    if (json_array_size(cards) > PEOPLE_AT_ONCE)
        return error_set(err, ST_REFUSED,
                         "a label takes %d people at once, this list has %zu members; a shorter "
                         "list would do",
                         PEOPLE_AT_ONCE, json_array_size(cards));
    return ST_OK;
}

static enum status keep_run(struct writer *writer, void *arguments, struct error *err)
{
    struct keep *keep = *(struct keep **)arguments;
    struct operation_result result;
    json_t *cards = json_array();
    enum status status = cards_find(writer, keep, cards, err);
    json_t *set = json_pack("{s:s, s:o}", "author", keep->principal, "add", cards);
    struct operation op = {.actor = keep->principal,
                           .rights = keep->rights,
                           .entity = "label",
                           .target = keep->name,
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    if (status == ST_OK)
        status = operation_apply(writer, &op, &result, err);
    if (status == ST_OK)
        snprintf(keep->id, sizeof keep->id, "%s", result.id);
    json_decref(set);
    return status;
}

/* ---- On the screen's thread ---- */

static void keep_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct keep *keep = *(struct keep **)arguments;
    struct arena *arena = arena_new();
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
    } else {
        snprintf(console->last_change, sizeof console->last_change, "%s", keep->id);
        console_say(console, _("%s people are the label '%s' now; u undoes it%s"),
                    text_count(arena, (int64_t)(keep->n - keep->visitors)), keep->name,
                    keep->visitors ? _("; visitors without a card are left out") : "");
        console_refresh(console);
    }
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
    struct console *console = keep->console;
    free(keep->name);
    keep->name = mem_strdup(dialog_text(dialog));
    struct write_request request = {.run = keep_run,
                                    .done = keep_done,
                                    .release = keep_release,
                                    .arguments = &keep,
                                    .size = sizeof(struct keep *),
                                    .context = console};
    write_queue_submit(console->writes, &request);
}

void people_keep(struct console *console, const uint32_t *people, size_t n, const char *suggestion)
{
    if (!console_may(console, RIGHT_PEOPLE_EDIT))
        return;
    if (console->mall->read_only) {
        console_complain(console, "%s", console->mall->why_read_only);
        return;
    }
    if (!n) {
        console_say(console, "%s", _("there is nobody to keep"));
        return;
    }
    struct keep *keep = mem_zero(1, sizeof *keep);
    keep->console = console;
    keep->name = mem_strdup("");
    keep->people = mem_zero(n, sizeof *keep->people);
    memcpy(keep->people, people, n * sizeof *people);
    keep->n = n;
    keep->rights = console->access.rights;
    snprintf(keep->principal, sizeof keep->principal, "%s", console->access.principal);
    console_dialog(console, dialog_ask(_("Keep these people"), _("Name of the label"), suggestion,
                                       name_check, name_given, keep));
}
