/* The whole of one configuration, and the versions of one text. */
#include "model/base/text.h"
#include "model/fleet/config.h"
#include "model/fleet/diff.h"
#include "views/actions.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <string.h>

enum { VERSIONS = 500, NAMED = 3 };

/* ---- What is desired of one device ---- */

struct text_question {
    struct access access;
    char name[512]; /* a device's code, or the key of a text */
};

static const struct sheet_column text_columns[] = {{"line", N_("line"), CELL_TEXT}};

static void *text_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct text_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    const struct device *device;
    const struct config_set *set;
    if (device_by_code(reader, &question->access, arena, question->name, &device, err) != ST_OK ||
        config_set_read(reader, &question->access, arena, &set, err) != ST_OK)
        return NULL;
    *answer = (struct sheet_answer){.metric = -1, .sheet = sheet_new(arena, text_columns, 1)};
    const char *text = config_desired(arena, set, device);
    for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
        sheet_row_add(answer->sheet)[0] =
            cell_text(arena_strndup(arena, text, strcspn(text, "\n")));
    answer->title = question->name;
    return answer;
}

static void question_ask(struct view *view, const char *title, view_ask_fn *ask)
{
    struct text_question question = {.access = view->console->access};
    snprintf(question.name, sizeof question.name, "%s", view->argument);
    view_ask(view, 0, title, ask, &question, sizeof question);
}

static void text_refresh(struct view *view)
{
    question_ask(view, _("configurations"), text_ask);
}

static void text_open(struct view *view)
{
    sheet_view_open(view, "config-text", _("lines"));
    text_refresh(view);
}

const struct view_ops view_config_text = {
    .name = "config-text",
    .title = N_("Desired configuration"),
    .about = N_("All that a device should have: the text of its kind, its own keys laid over it, "
                "and its words filled in."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct sheet_state),
    .open = text_open,
    .close = sheet_view_close,
    .refresh = text_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};

/* ---- Versions ---- */

static const struct sheet_column history_columns[] = {
    {"time", N_("time"), CELL_TIME},        {"author", N_("who"), CELL_TEXT},
    {"version", N_("version"), CELL_COUNT}, {"changed", N_("changed"), CELL_TEXT},
    {"reason", N_("reason"), CELL_TEXT},
};

/* "-beat=5 +beat=9" */
static const char *change_text(struct arena *arena, const char *before, const char *after)
{
    size_t n, named = 0;
    const char *text = "";
    if (!after)
        return _("removed");
    const struct diff_line *lines = text_diff(
        arena, before ? before : "", before ? strlen(before) : 0, after, strlen(after), &n);
    for (size_t i = 0; i < n && named <= NAMED; i++) {
        if (lines[i].mark == ' ' || !lines[i].n)
            continue;
        text = named++ == NAMED ? arena_printf(arena, "%s …", text)
                                : arena_printf(arena, "%s%s%c%.*s", text, *text ? " " : "",
                                               lines[i].mark, (int)lines[i].n, lines[i].text);
    }
    return text;
}

static void *history_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct text_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    const struct config_version *versions;
    size_t n;
    if (config_history(reader, &question->access, arena, question->name, VERSIONS, &versions, &n,
                       err) != ST_OK)
        return NULL;
    *answer = (struct sheet_answer){.metric = -1, .sheet = sheet_new(arena, history_columns, 5)};
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(answer->sheet);
        const char *before = i + 1 < n ? versions[i + 1].text : NULL;
        cells[0] = cell_integer(versions[i].time);
        cells[1] = cell_text(versions[i].author);
        cells[2] = cell_integer(versions[i].version);
        cells[3] = cell_text(change_text(arena, before, versions[i].text));
        cells[4] = cell_text(*versions[i].reason ? versions[i].reason : NULL);
    }
    answer->title = question->name;
    return answer;
}

static void history_refresh(struct view *view)
{
    question_ask(view, _("versions"), history_ask);
}

static void history_open(struct view *view)
{
    sheet_view_open(view, "config-history", _("versions"));
    history_refresh(view);
}

const struct view_ops view_config_history = {
    .name = "config-history",
    .title = N_("Versions"),
    .about = N_("Who changed what is desired of a kind or a device, when, and how."),
    .rights = RIGHT_DEVICES,
    .size = sizeof(struct sheet_state),
    .open = history_open,
    .close = sheet_view_close,
    .refresh = history_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
