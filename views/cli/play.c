/* `atrium play`: drives the console with keys and prints screens, without a terminal. */
#include "views/cli/play.h"

#include "model/base/arena.h"
#include "model/base/text.h"
#include "tui/key.h"
#include "tui/locale.h"
#include "views/cli/commands.h"
#include "views/console.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A script under way. */
struct play {
    const struct play_options *options;
    struct console *console; /* made by the first line that needs it */
    int line;
    int rows, cols;
};

static enum status wrong(struct play *play, const char *found, const char *expected,
                         struct error *err)
{
    struct arena *arena = arena_new();
    enum status status =
        error_set(err, ST_REFUSED, "%s:%d: found %s, expected %s", play->options->name, play->line,
                  text_quote(arena, found, strlen(found)), expected);
    arena_free(arena);
    return status;
}

/* Goes on until nothing is under way: no question, no key, no frame. */
static void settle(struct play *play)
{
    enum { STEP_MS = 50 };
    struct console *console = play->console;
    while (!console->leaving && (console_busy(console) || !loop_idle(console->loop)))
        loop_step(console->loop, STEP_MS);
}

static enum status console_ready(struct play *play, struct error *err)
{
    if (play->console)
        return ST_OK;
    struct console_options options = {
        .mall_path = play->options->mall_path,
        .principal = play->options->principal,
        .rows = play->rows,
        .cols = play->cols,
        .still = true,
        .forgetful = true,
    };
    return console_new(&options, &play->console, err);
}

static void screen_print(struct play *play)
{
    settle(play);
    loop_redraw(play->console->loop);
    loop_step(play->console->loop, 0);
    char *text = screen_text();
    if (play->options->screens)
        json_array_append_new(play->options->screens, json_string(text));
    else
        printf("%s\n", text);
    free(text);
}

static enum status keys_feed(struct play *play, char *names, struct error *err)
{
    for (char *rest = names, *name; (name = strsep(&rest, " \t"));) {
        if (!*name)
            continue;
        uint32_t key = key_by_name(name);
        if (!key)
            return wrong(play, name, "a key such as Down, Enter, Ctrl-r, 7 or /", err);
        loop_feed(play->console->loop, key);
        settle(play);
        if (play->console->leaving)
            return ST_OK;
    }
    return ST_OK;
}

static void text_feed(struct play *play, const char *text)
{
    for (size_t n = strlen(text), i = 0; i < n;) {
        uint32_t rune;
        i += text_rune(text + i, n - i, &rune);
        loop_feed(play->console->loop, rune);
        settle(play);
    }
}

static bool size_read(const char *text, int *rows, int *cols)
{
    char rest;
    return sscanf(text, "%4dx%4d%c", cols, rows, &rest) == 2 && *cols >= 20 && *cols <= 1000 &&
           *rows >= 5 && *rows <= 500;
}

static enum status size_set(struct play *play, const char *text, struct error *err)
{
    if (!size_read(text, &play->rows, &play->cols))
        return wrong(play, text, "a size such as 80x24", err);
    return play->console ? wrong(play, "size", "it before the first key or screen", err) : ST_OK;
}

static enum status line_play(struct play *play, char *line, struct error *err)
{
    char *rest = line, *verb = strsep(&rest, " \t");
    if (!*verb || *verb == '#')
        return ST_OK;
    if (strcmp(verb, "size") == 0)
        return size_set(play, rest ? rest : "", err);
    if (strcmp(verb, "language") == 0) {
        locale_set_language(rest ? rest : "en");
        return ST_OK;
    }
    enum status status = console_ready(play, err);
    if (status != ST_OK)
        return status;
    settle(play);
    if (strcmp(verb, "key") == 0)
        return keys_feed(play, rest ? rest : verb + strlen(verb), err);
    if (strcmp(verb, "type") == 0)
        text_feed(play, rest ? rest : "");
    else if (strcmp(verb, "screen") == 0)
        screen_print(play);
    else
        return wrong(play, verb, "size, language, key, type or screen", err);
    return ST_OK;
}

enum status play_script(FILE *file, const struct play_options *options, struct error *err)
{
    struct play play = {.options = options, .rows = options->rows, .cols = options->cols};
    char *line = NULL;
    size_t size = 0;
    enum status status = ST_OK;
    while (status == ST_OK && (!play.console || !play.console->leaving) &&
           getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        play.line++;
        status = line_play(&play, line, err);
    }
    free(line);
    console_free(play.console);
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    const char *name = cli->args[0], *size = cli_value(cli, "size");
    struct play_options options = {
        .mall_path = cli->mall_path,
        .principal = cli->principal,
        .name = name,
        .rows = 24,
        .cols = 80,
    };
    if (size && !size_read(size, &options.rows, &options.cols))
        return error_set(err, ST_USAGE, "--size %s: expected a size such as 80x24", size);
    bool from_stdin = strcmp(name, "-") == 0;
    FILE *file = from_stdin ? stdin : fopen(name, "r");
    if (!file)
        return error_set(err, ST_REFUSED, "%s: %s", name, strerror(errno));
    options.screens = cli->json ? json_array() : NULL;
    enum status status = play_script(file, &options, err);
    if (!from_stdin)
        fclose(file);
    if (status != ST_OK || !cli->json) {
        json_decref(options.screens);
        return status;
    }
    return cli_print_json(cli, json_pack("{s:o}", "screens", options.screens), err);
}

static const struct cli_option options[] = {
    {"size", "COLSxROWS", 0, "of the screen, 80x24 unless set"},
    {0},
};

const struct cli_command cli_play = {
    .name = "play",
    .arguments = "SCRIPT",
    .summary = "drive the console with keys and print its screens",
    .help = "The script has one instruction a line: `size 80x24`, `language zh_CN`,\n"
            "`key Down Enter Ctrl-r`, `type some text`, `screen`. Lines that begin with # are\n"
            "comments; - reads the standard input. Each instruction waits until nothing is under\n"
            "way, so the same script on the same mall prints the same screens.",
    .options = options,
    .least_args = 1,
    .most_args = 1,
    .run = run,
};
