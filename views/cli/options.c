/* The command line's words into a struct cli: global options, the command, its options by table. */
#include "views/cli/options.h"

#include "model/base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option common_options[] = {
    {"json", NULL, 0, "one JSON document on stdout"},
    {"csv", NULL, 0, "rows as CSV on stdout"},
    {"help", NULL, 0, "what this command does"},
    {0},
};

const struct cli_option *cli_common_options(void)
{
    return common_options;
}

static const struct cli_option *option_find(const struct cli_option *options, const char *name,
                                            size_t n)
{
    for (; options && options->name; options++)
        if (strlen(options->name) == n && strncmp(options->name, name, n) == 0)
            return options;
    return NULL;
}

static enum status option_unknown(struct cli *cli, const char *word, struct error *err)
{
    const char *names[64];
    size_t n = 0;
    for (const struct cli_option *o = cli->command->options; o && o->name && n < 60; o++)
        names[n++] = o->name;
    for (const struct cli_option *o = common_options; o->name; o++)
        names[n++] = o->name;
    const char *near = text_nearest(word + strspn(word, "-"), names, n);
    return error_set(err, ST_USAGE, "%s: unknown option %s%s%s%s (see atrium %s --help)",
                     cli->command->name, text_quote(cli->arena, word, strlen(word)),
                     near ? "; did you mean --" : "", near ? near : "", near ? "?" : "",
                     cli->command->name);
}

static void given_add(struct cli *cli, const struct cli_option *option, const char *value)
{
    struct cli_given *all = arena_array(cli->arena, struct cli_given, cli->n_given + 1);
    if (cli->n_given)
        memcpy(all, cli->given, cli->n_given * sizeof *all);
    all[cli->n_given++] = (struct cli_given){option, value};
    cli->given = all;
}

/* One "--name", "--name=value" or "--name value"; *i moves over a value taken. */
static enum status option_take(struct cli *cli, int argc, char **argv, int *i, struct error *err)
{
    const char *word = argv[*i], *name = word + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *option = option_find(cli->command->options, name, n);
    if (!option)
        option = option_find(common_options, name, n);
    if (!option)
        return option_unknown(cli, word, err);
    const char *value = equals ? equals + 1 : NULL;
    if (!option->value && value)
        return error_set(err, ST_USAGE, "%s: --%s takes no value, found %s", cli->command->name,
                         option->name, text_quote(cli->arena, value, strlen(value)));
    if (option->value && !value) {
        if (*i + 1 >= argc)
            return error_set(err, ST_USAGE, "%s: --%s needs a value: %s", cli->command->name,
                             option->name, option->value);
        value = argv[++*i];
    }
    if (!(option->flags & CLI_REPEATED) && cli_value(cli, option->name))
        return error_set(err, ST_USAGE, "%s: --%s was given twice", cli->command->name,
                         option->name);
    given_add(cli, option, value ? value : "");
    return ST_OK;
}

static enum status required_check(const struct cli *cli, struct error *err)
{
    for (const struct cli_option *o = cli->command->options; o && o->name; o++)
        if ((o->flags & CLI_REQUIRED) && !cli_value(cli, o->name))
            return error_set(err, ST_USAGE, "%s: --%s %s is needed", cli->command->name, o->name,
                             o->value ? o->value : "");
    const struct cli_command *command = cli->command;
    if (cli->n_args < command->least_args ||
        (command->most_args >= 0 && cli->n_args > command->most_args))
        return error_set(err, ST_USAGE, "usage: atrium %s %s (found %d argument%s)", command->name,
                         command->arguments, cli->n_args, cli->n_args == 1 ? "" : "s");
    return ST_OK;
}

/* "-x", but not "-", "--x" or "-5": a slip that must not become a file's name. */
static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] && word[1] != '-' && (word[1] < '0' || word[1] > '9');
}

enum status cli_parse(struct cli *cli, int argc, char **argv, struct error *err)
{
    const char **args = arena_array(cli->arena, const char *, (size_t)argc + 1);
    bool only_args = false;
    for (int i = 0; i < argc; i++) {
        bool option = !only_args && strncmp(argv[i], "--", 2) == 0;
        if (option && !argv[i][2]) {
            only_args = true;
            continue;
        }
        if (!only_args && strcmp(argv[i], "-h") == 0) {
            given_add(cli, option_find(common_options, "help", 4), "");
            continue;
        }
        if (!only_args && looks_like_option(argv[i]))
            return option_unknown(cli, argv[i], err);
        if (!option) {
            args[cli->n_args++] = argv[i];
            continue;
        }
        enum status status = option_take(cli, argc, argv, &i, err);
        if (status != ST_OK)
            return status;
    }
    cli->args = args;
    cli->json = cli_switch(cli, "json");
    cli->csv = cli_switch(cli, "csv");
    if (cli_switch(cli, "help"))
        return ST_OK;
    if (cli->json && cli->csv)
        return error_set(err, ST_USAGE, "%s: --json or --csv, not both", cli->command->name);
    return required_check(cli, err);
}

const char *cli_value_at(const struct cli *cli, const char *option, size_t i)
{
    for (size_t k = 0; k < cli->n_given; k++)
        if (strcmp(cli->given[k].option->name, option) == 0 && i-- == 0)
            return cli->given[k].value;
    return NULL;
}

const char *cli_value(const struct cli *cli, const char *option)
{
    const char *last = NULL;
    for (size_t k = 0; k < cli->n_given; k++)
        if (strcmp(cli->given[k].option->name, option) == 0)
            last = cli->given[k].value;
    return last;
}

bool cli_switch(const struct cli *cli, const char *option)
{
    return cli_value(cli, option) != NULL;
}

static enum status value_wrong(struct cli *cli, const char *option, const char *value,
                               const char *expected, struct error *err)
{
    return error_set(err, ST_USAGE, "--%s: found %s, expected %s", option,
                     text_quote(cli->arena, value, strlen(value)), expected);
}

enum status cli_time(struct cli *cli, const char *option, int64_t fallback, int64_t *value,
                     struct error *err)
{
    const char *text = cli_value(cli, option);
    *value = fallback;
    if (!text)
        return ST_OK;
    struct mall *mall;
    enum status status = cli_mall(cli, &mall, err);
    if (status != ST_OK)
        return status;
    if (!time_parse(mall->zone, text, strlen(text), value))
        return value_wrong(cli, option, text,
                           "a time: YYYY-MM-DD[ HH:MM:SS], RFC 3339, or epoch seconds", err);
    return ST_OK;
}

enum status cli_integer(struct cli *cli, const char *option, int64_t least, int64_t most,
                        int64_t fallback, int64_t *value, struct error *err)
{
    const char *text = cli_value(cli, option);
    *value = fallback;
    if (!text)
        return ST_OK;
    if (!text_to_int64(text, strlen(text), value) || *value < least || *value > most)
        return value_wrong(cli, option, text,
                           arena_printf(cli->arena, "a whole number from %lld to %lld",
                                        (long long)least, (long long)most),
                           err);
    return ST_OK;
}

enum status cli_duration(struct cli *cli, const char *option, int64_t fallback, int64_t *value,
                         struct error *err)
{
    const char *text = cli_value(cli, option);
    *value = fallback;
    if (text && !text_to_duration(text, value))
        return value_wrong(cli, option, text, "a duration such as 30s, 5m, 12h or 14d", err);
    return ST_OK;
}

const char *cli_login_name(struct arena *arena)
{
    struct passwd *user = getpwuid(getuid());
    return arena_strdup(arena, user ? user->pw_name : "nobody");
}
