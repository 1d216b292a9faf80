#include "views/people_acts.h"

#include "model/base/text.h"
#include "model/segment/label.h"
#include "model/segment/saved.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/change.h"

#include <stdlib.h>
#include <string.h>

struct act {
    enum people_act act;
    struct access access;
    char *name, *text;
    /* Out. */
    struct operation_result result;
    struct label_refreshed refreshed;
    int64_t people;
};

static void act_release(void *arguments)
{
    struct act *act = arguments;
    free(act->name);
    free(act->text);
}

static enum status labels_run(struct writer *writer, struct act *act, const char *name,
                              struct error *err)
{
    struct reader *reader;
    enum status status = access_require(&act->access, RIGHT_PEOPLE_EDIT, "run labels", err);
    if (status == ST_OK)
        status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    status = label_refresh(writer, reader, name, false, &act->refreshed, err);
    reader_close(reader);
    return status;
}

static enum status act_run(struct writer *writer, void *arguments, struct error *err)
{
    struct act *act = arguments;
    struct segment_save save = {.name = act->name,
                                .expression = act->text,
                                .freeze = act->act == ACT_SEGMENT_FREEZE,
                                .base_version = -1};
    uint32_t people = 0;
    enum status status;
    switch (act->act) {
    case ACT_SEGMENT_SAVE:
    case ACT_SEGMENT_FREEZE:
        status = segment_save(writer, &act->access, &save, &act->result, &people, err);
        act->people = people;
        return status;
    case ACT_SEGMENT_DROP:
        return segment_drop(writer, &act->access, act->name, &act->result, err);
    case ACT_LABEL_SAVE:
        status = label_save(writer, &act->access, act->name, act->text, NULL, &act->result, err);
        return status == ST_OK ? labels_run(writer, act, act->name, err) : status;
    case ACT_LABEL_RUN:
        return labels_run(writer, act, *act->name ? act->name : NULL, err);
    default:
        return label_drop(writer, &act->access, act->name, &act->result, err);
    }
}

static void act_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct act *act = arguments;
    struct arena *arena = arena_new();
    const char *name = text_quote(arena, act->name, strlen(act->name));
    if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
    else if (act->act == ACT_LABEL_RUN)
        console_say(console, _("%zu labels looked at, %zu of them changed, %zu failed"),
                    act->refreshed.labels, act->refreshed.run, act->refreshed.failed);
    else if (act->act == ACT_SEGMENT_FREEZE)
        console_say(console, _("%s keeps %lld people; u undoes it"), name, (long long)act->people);
    else if (act->act == ACT_SEGMENT_DROP || act->act == ACT_LABEL_DROP)
        console_say(console, _("%s is gone; u brings it back"), name);
    else
        console_say(console, _("%s is saved; u undoes it"), name);
    if (status == ST_OK && act->act != ACT_LABEL_RUN)
        change_note(console, act->result.id);
    if (status == ST_OK)
        console_refresh(console);
    arena_free(arena);
}

void people_act(struct console *console, enum people_act act, const char *name, const char *text)
{
    struct act arguments = {
        .act = act, .access = console->access, .name = mem_strdup(name), .text = mem_strdup(text)};
    struct write_request request = {.run = act_run,
                                    .done = act_done,
                                    .release = act_release,
                                    .arguments = &arguments,
                                    .size = sizeof arguments,
                                    .context = console};
    if (console->mall->read_only) {
        console_complain(console, "%s", console->mall->why_read_only);
        act_release(&arguments);
        return;
    }
    write_queue_submit(console->writes, &request);
}

/* ---- Dialogs before ---- */

struct asked {
    struct console *console;
    enum people_act act;
    char *name, *text;
};

static struct asked *asked_new(struct console *console, enum people_act act, const char *name,
                               const char *text)
{
    struct asked *asked = mem_zero(1, sizeof *asked);
    *asked = (struct asked){console, act, mem_strdup(name), mem_strdup(text)};
    return asked;
}

static void asked_free(struct asked *asked)
{
    free(asked->name);
    free(asked->text);
    free(asked);
}

static void name_given(void *context, struct dialog *dialog, bool accepted)
{
    struct asked *asked = context;
    if (accepted && *dialog_text(dialog))
        people_act(asked->console, asked->act, dialog_text(dialog), asked->text);
    asked_free(asked);
}

void people_act_named(struct console *console, enum people_act act, const char *name,
                      const char *text)
{
    const char *title = act == ACT_LABEL_SAVE       ? _("Save the label")
                        : act == ACT_SEGMENT_FREEZE ? _("Freeze the segment")
                                                    : _("Save the segment");
    console_dialog(console, dialog_ask(title, _("Name"), name, NULL, name_given,
                                       asked_new(console, act, name, text)));
}

static void drop_confirmed(void *context, struct dialog *dialog, bool accepted)
{
    struct asked *asked = context;
    (void)dialog;
    if (accepted)
        people_act(asked->console, asked->act, asked->name, "");
    asked_free(asked);
}

void people_act_drop(struct console *console, enum people_act act, const char *name)
{
    struct arena *arena = arena_new();
    const char *quoted = text_quote(arena, name, strlen(name));
    const char *title = act == ACT_LABEL_DROP ? _("Remove the label") : _("Remove the segment");
    console_dialog(
        console, dialog_confirm(title, arena_printf(arena, _("%s goes. u brings it back."), quoted),
                                _("Remove"), drop_confirmed, asked_new(console, act, name, "")));
    arena_free(arena);
}
