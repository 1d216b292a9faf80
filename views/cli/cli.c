#include "views/cli/cli.h"

#include "model/access/access.h"
#include "model/base/text.h"
#include "tui/locale.h"
#include "tui/text.h"
#include "views/cli/commands.h"
#include "views/cli/help.h"
#include "views/cli/options.h"
#include "views/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status cli_mall(struct cli *cli, struct mall **mall, struct error *err)
{
    enum status status = cli->mall ? ST_OK : mall_open(cli->mall_path, &cli->mall, err);
    *mall = cli->mall;
    return status;
}

/* Whoever was named with --as must be known, and may do what the command needs. */
static enum status principal_check(struct cli *cli, struct error *err)
{
    struct access access;
    if (!cli->named && !cli->command->rights)
        return ST_OK;
    enum status status = access_lookup(cli->reader, cli->principal, &access, err);
    return status == ST_OK ? access_require(&access, cli->command->rights, "do that", err) : status;
}

enum status cli_reader(struct cli *cli, struct reader **reader, struct error *err)
{
    struct mall *mall;
    enum status status = cli_mall(cli, &mall, err);
    if (status == ST_OK && !cli->reader) {
        status = reader_open(mall, &cli->reader, err);
        if (status == ST_OK)
            status = principal_check(cli, err);
    }
    *reader = cli->reader;
    return status;
}

enum status cli_writer(struct cli *cli, struct writer **writer, struct error *err)
{
    struct mall *mall;
    enum status status = cli_mall(cli, &mall, err);
    if (status == ST_OK && !cli->writer)
        status = writer_open(mall, &cli->writer, err);
    *writer = cli->writer;
    return status;
}

static void cli_close(struct cli *cli)
{
    if (cli->reader)
        reader_close(cli->reader);
    if (cli->writer)
        writer_close(cli->writer);
    if (cli->mall)
        mall_close(cli->mall);
    arena_free(cli->arena);
}

const struct cli_command *cli_command_find(const char *name)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static enum status command_unknown(struct cli *cli, const char *word, struct error *err)
{
    const char *names[64];
    size_t n = 0;
    for (const struct cli_command *const *c = cli_commands; *c && n < 64; c++)
        names[n++] = (*c)->name;
    const char *near = text_nearest(word, names, n);
    return error_set(err, ST_USAGE, "unknown command %s%s%s%s (see atrium --help)",
                     text_quote(cli->arena, word, strlen(word)), near ? "; did you mean " : "",
                     near ? near : "", near ? "?" : "");
}

/* "-m MALL", "--as NAME", "--help", "--version" before the command; *at is left on its name. */
static enum status global_parse(struct cli *cli, int argc, char **argv, int *at, bool *ended,
                                struct error *err)
{
    for (; *at < argc && argv[*at][0] == '-'; ++*at) {
        const char *word = argv[*at];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            cli_help_all(stdout);
            *ended = true;
            return ST_OK;
        }
        if (strcmp(word, "--version") == 0) {
            puts("atrium " ATRIUM_VERSION);
            *ended = true;
            return ST_OK;
        }
        const char **value = strcmp(word, "-m") == 0     ? &cli->mall_path
                             : strcmp(word, "--as") == 0 ? &cli->principal
                                                         : NULL;
        if (!value)
            return error_set(err, ST_USAGE,
                             "unknown option %s before the command (see atrium --help)",
                             text_quote(cli->arena, word, strlen(word)));
        if (++*at >= argc)
            return error_set(err, ST_USAGE, "%s needs a value", word);
        cli->named |= value == &cli->principal;
        *value = argv[*at];
    }
    return ST_OK;
}

static enum status run(struct cli *cli, int argc, char **argv, struct error *err)
{
    int at = 1;
    bool ended = false;
    enum status status = global_parse(cli, argc, argv, &at, &ended, err);
    if (status != ST_OK || ended)
        return status;
    if (!cli->mall_path) {
        char *path = mall_default_path();
        cli->mall_path = arena_strdup(cli->arena, path);
        free(path);
    }
    if (!cli->principal)
        cli->principal = cli_login_name(cli->arena);
    if (at == argc) {
        cli->open_console = true;
        return ST_OK;
    }
    cli->command = cli_command_find(argv[at]);
    if (!cli->command)
        return command_unknown(cli, argv[at], err);
    status = cli_parse(cli, argc - at - 1, argv + at + 1, err);
    if (status != ST_OK)
        return status;
    /* Commands answer in English, alike for everybody who reads them or parses them; the user's
     * language is the console's, which `demo` opens and `play` draws. */
    if (cli->command != &cli_play && cli->command != &cli_demo)
        locale_set_language("en");
    if (cli_switch(cli, "help")) {
        cli_help_command(stdout, cli->command);
        return ST_OK;
    }
    return cli->command->run(cli, err);
}

int cli_main(int argc, char **argv)
{
    struct cli cli = {.arena = arena_new()};
    struct error err = {0};
    enum status status = run(&cli, argc, argv, &err);
    cli_progress(&cli, "", -1, 0);
    if (status == ST_OK && cli.open_console)
        status = console_start(cli.mall_path, cli.principal, &err);
    if (cli.leave)
        cli.leave(cli.leaving);
    if (err.message) {
        char *clean = text_clean(err.message, -1);
        fprintf(stderr, "atrium: %s\n", clean);
        free(clean);
    } else if (status != ST_OK && status != ST_PARTIAL) {
        fprintf(stderr, "atrium: %s\n", status_name(status));
    }
    error_clear(&err);
    cli_close(&cli);
    return status == ST_CANCELLED ? 130 : (int)status;
}
