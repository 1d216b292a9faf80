/* The recorded shells of a device, or of all; the argument is its code, or "". */
#include "model/fleet/recordings.h"
#include "views/screens.h"
#include "views/session.h"
#include "views/sheet_view.h"

#include <stdlib.h>
#include <string.h>

struct recordings_question {
    struct access access;
    char device[256], folder[4096];
};

static const struct sheet_column columns[] = {
    {"time", N_("time"), CELL_TIME},    {"device", N_("device"), CELL_TEXT},
    {"who", N_("who"), CELL_TEXT},      {"length", N_("length"), CELL_DURATION},
    {"bytes", N_("bytes"), CELL_COUNT}, {"file", N_("file"), CELL_TEXT},
};

static void row_fill(struct cell *cells, const struct recorded_shell *shell)
{
    if (shell->time)
        cells[0] = cell_integer(shell->time);
    cells[1] = cell_text(*shell->device ? shell->device : NULL);
    cells[2] = cell_text(*shell->who ? shell->who : NULL);
    if (shell->milliseconds >= 0)
        cells[3] = cell_integer(shell->milliseconds / 1000);
    if (shell->bytes >= 0)
        cells[4] = cell_integer(shell->bytes);
    cells[5] = cell_text(shell->path ? shell->file : _("on another machine"));
}

static void *recordings_ask(struct reader *reader, struct arena *arena, const void *parameters,
                            struct error *err)
{
    const struct recordings_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    const struct recorded_shell *shells;
    size_t n;
    if (recordings_read(reader, &question->access, arena, question->folder, question->device,
                        &shells, &n, err) != ST_OK)
        return NULL;
    *answer = (struct sheet_answer){
        .metric = -1,
        .sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns),
        .screen = "recording",
        .open = arena_array(arena, const char *, n + 1),
    };
    for (size_t i = 0; i < n; i++) {
        row_fill(sheet_row_add(answer->sheet), &shells[i]);
        answer->open[i] = shells[i].path;
    }
    return answer;
}

static void recordings_refresh(struct view *view)
{
    struct recordings_question question = {.access = view->console->access};
    char *folder = state_path("shell/");
    snprintf(question.device, sizeof question.device, "%s", view->argument);
    snprintf(question.folder, sizeof question.folder, "%s", folder ? folder : "");
    free(folder);
    size_t n = strlen(question.folder);
    if (n)
        question.folder[n - 1] = '\0';
    view_ask(view, 0, _("recordings"), recordings_ask, &question, sizeof question);
}

static void recordings_open(struct view *view)
{
    sheet_view_open(view, "recordings", _("recordings"));
    recordings_refresh(view);
}

static const char *recordings_subtitle(struct view *view)
{
    return *view->argument ? view->argument : NULL;
}

const struct view_ops view_recordings = {
    .name = "recordings",
    .title = N_("Recordings"),
    .about = N_("Shells that were recorded: when, on which device, by whom, how long. Enter plays "
                "one. Those that were opened on another machine are there."),
    .rights = RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
    .size = sizeof(struct sheet_state),
    .open = recordings_open,
    .close = sheet_view_close,
    .refresh = recordings_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = recordings_subtitle,
};
