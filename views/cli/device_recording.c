/* atrium device recording: the recorded shells, and playing one. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/fleet/recordings.h"
#include "views/cli/device.h"
#include "views/player.h"
#include "views/session.h"
#include "views/start.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCREEN_MOST = 1 << 20 };

/* The folder of this person's recordings, or "". Owned by the arena. */
static const char *folder_here(struct arena *arena)
{
    char *path = state_path("shell/");
    const char *folder = path ? arena_strndup(arena, path, strlen(path) - 1) : "";
    free(path);
    return folder;
}

static const struct sheet_column columns[] = {
    {"time", NULL, CELL_TIME},       {"device", NULL, CELL_TEXT}, {"who", NULL, CELL_TEXT},
    {"seconds", NULL, CELL_REAL, 1}, {"bytes", NULL, CELL_COUNT}, {"file", NULL, CELL_TEXT},
    {"here", NULL, CELL_TEXT},
};

static bool is_selected(const struct device_request *request, const char *code)
{
    for (size_t i = 0; i < request->n; i++)
        if (strcmp(request->devices[i].code, code) == 0)
            return true;
    return false;
}

static enum status recording_list(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    const struct recorded_shell *shells;
    size_t n;
    bool on = cli_value(cli, "on") != NULL;
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    enum status status = recordings_read(request->reader, &request->access, cli->arena,
                                         folder_here(cli->arena), "", &shells, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        const struct recorded_shell *shell = &shells[i];
        if (on && !is_selected(request, shell->device))
            continue;
        struct cell *cells = sheet_row_add(sheet);
        if (shell->time)
            cells[0] = cell_integer(shell->time);
        cells[1] = cell_text(*shell->device ? shell->device : NULL);
        cells[2] = cell_text(*shell->who ? shell->who : NULL);
        if (shell->milliseconds >= 0)
            cells[3] = cell_real((double)shell->milliseconds / 1000);
        if (shell->bytes >= 0)
            cells[4] = cell_integer(shell->bytes);
        cells[5] = cell_text(shell->file);
        cells[6] = cell_text(shell->path ? "yes" : "no");
    }
    return status == ST_OK ? cli_print_sheet(cli, "recordings", sheet, err) : status;
}

/* A name as list shows it, or a path. */
static const char *path_of(struct arena *arena, const char *word)
{
    if (strchr(word, '/') || access(word, F_OK) == 0)
        return word;
    return arena_printf(arena, "%s/%s", folder_here(arena), word);
}

static const char *file_needed(struct cli *cli, struct error *err)
{
    if (cli->n_args == 3)
        return path_of(cli->arena, cli->args[2]);
    error_set(err, ST_USAGE, "device recording %s: found %d words behind it, expected FILE",
              cli->args[1], cli->n_args - 2);
    return NULL;
}

/* ---- show ---- */

static json_t *show_json(struct cli *cli, const struct replay_head *head, int64_t at, char *text)
{
    json_t *rows = json_array();
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        json_array_append_new(rows, json_string(line));
    }
    json_t *started = head->started && cli->mall
                          ? json_string(time_rfc3339(cli->arena, cli->mall->zone, head->started))
                          : json_null();
    return json_pack("{s:s, s:o, s:i, s:i, s:f, s:f, s:I, s:I, s:s, s:s?, s:o}", "title",
                     head->title, "started", started, "width", head->cols, "height", head->rows,
                     "seconds", (double)head->length_us / 1e6, "at", (double)at / 1e6, "events",
                     (json_int_t)head->events, "bytes", (json_int_t)head->bytes, "sha256",
                     head->sha256, "problem", head->problem, "rows", rows);
}

/* What was on its screen at a time, the end where none is said. */
static enum status recording_show(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    const char *path = file_needed(cli, err), *at = cli_value(cli, "at");
    atomic_bool cancel = false;
    struct replay *replay;
    int64_t seconds = 0;
    if (!path)
        return ST_USAGE;
    enum status status = cli_duration(cli, "at", 0, &seconds, err);
    if (status == ST_OK)
        status = replay_open(path, &cancel, &replay, err);
    if (status != ST_OK)
        return status;
    struct replay_head head = *replay_head(replay);
    struct player *player = player_new(replay);
    player_seek(player, at ? seconds * 1000000 : head.length_us);
    player_work(player, INT64_MAX);
    char *raw = emulator_text(player_screen(player));
    char *text = device_clean(cli->arena, raw, strlen(raw), SCREEN_MOST, true, NULL);
    free(raw);
    if (cli->json) {
        status = cli_print_json(cli, show_json(cli, &head, player_time(player), text), err);
    } else {
        for (char *line = text, *next; line && *line; line = next) {
            next = strchr(line, '\n');
            if (next)
                *next++ = '\0';
            cli_say(cli, "%s", line);
        }
    }
    if (status == ST_OK && head.problem)
        status = error_set(err, ST_PARTIAL, "%s: %s; what lies before it is shown",
                           text_quote(cli->arena, path, strlen(path)), head.problem);
    player_free(player);
    return status;
}

static enum status recording_play(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    const char *path = file_needed(cli, err);
    struct replay_head head;
    if (!path)
        return ST_USAGE;
    /* A file that is none is refused before the terminal becomes a screen. */
    enum status status = replay_peek(cli->arena, path, &head, err);
    if (status != ST_OK)
        return status;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(err, ST_USAGE,
                         "device recording play needs a terminal; recording show prints what was "
                         "on the screen");
    return console_start_at(cli->mall_path, cli->principal, "recording", path, NULL, err);
}

enum status device_recording(struct device_request *request, struct error *err)
{
    static const struct {
        const char *name;
        enum status (*run)(struct device_request *request, struct error *err);
    } verbs[] = {{"list", recording_list}, {"show", recording_show}, {"play", recording_play}};
    struct cli *cli = request->cli;
    const char *word = cli->n_args > 1 ? cli->args[1] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, word) == 0)
            return verbs[i].run(request, err);
    return error_set(err, ST_USAGE, "device recording: found %s, expected list, show or play",
                     text_quote(cli->arena, word, strlen(word)));
}
