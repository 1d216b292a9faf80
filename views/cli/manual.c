/* `atrium manual` writes the manual page and `atrium completion` the shells' completions, both from
 * the tables of commands and actions. */
#include "views/actions.h"
#include "views/cli/commands.h"
#include "views/cli/options.h"

#include <stdio.h>
#include <string.h>

/* roff: a backslash, and a dot or quote at the start of a line, would be instructions. */
static void roff(const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
        start = *text == '\n';
    }
}

static void option_write(const struct cli_option *option)
{
    fputs(".TP\n.B \\-\\-", stdout);
    roff(option->name);
    if (option->value) {
        putchar(' ');
        roff(option->value);
    }
    putchar('\n');
    roff(option->summary);
    putchar('\n');
}

static void command_write(const struct cli_command *command)
{
    fputs(".SS ", stdout);
    roff(command->name);
    putchar(' ');
    roff(command->arguments);
    putchar('\n');
    roff(command->summary);
    putchar('\n');
    if (command->help) {
        fputs(".PP\n", stdout);
        roff(command->help);
        putchar('\n');
    }
    for (const struct cli_option *o = command->options; o && o->name; o++)
        option_write(o);
}

static void keys_write(void)
{
    size_t n;
    const struct action *actions = actions_all(&n);
    fputs(".SH KEYS\nArrow keys and vi keys move; the config file's section [keys] binds others.\n",
          stdout);
    for (size_t i = 0; i < n; i++) {
        if (!*actions[i].keys)
            continue;
        fputs(".TP\n.B ", stdout);
        roff(actions[i].keys);
        printf("\n.RI ( ");
        roff(*actions[i].scope ? actions[i].scope : "everywhere");
        fputs(" )\n", stdout);
        roff(actions[i].summary);
        putchar('\n');
    }
}

static enum status manual_run(struct cli *cli, struct error *err)
{
    (void)cli;
    (void)err;
    fputs(".TH ATRIUM 1 \"\" \"atrium " ATRIUM_VERSION "\" \"User Commands\"\n"
          ".SH NAME\natrium \\- the membership loop of a shopping mall, in a terminal\n"
          ".SH SYNOPSIS\n.B atrium\n[\\-m MALL] [\\-\\-as PRINCIPAL] [COMMAND ...]\n"
          ".SH DESCRIPTION\nWithout a command the console opens on MALL: $ATRIUM_MALL unless "
          "given, else the user's data folder.\nEvery command has \\-\\-help and \\-\\-json; where "
          "rows come out also \\-\\-csv.\n.SH COMMANDS\n",
          stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        command_write(*c);
    keys_write();
    fputs(".SH EXIT STATUS\n0 done; 1 part of it failed; 2 wrong usage; 3 input refused, nothing "
          "written; 4 not allowed; 5 conflict; 6 the mall file cannot be used.\n"
          ".SH FILES\n.TP\n.I $XDG_CONFIG_HOME/atrium/config.ini\nscreen and keys\n.TP\n"
          ".I $XDG_STATE_HOME/atrium/\nwhere one stopped, columns, histories\n.TP\n"
          ".I $XDG_DATA_HOME/atrium/atrium.mall\nthe mall file when none is named\n",
          stdout);
    return ST_OK;
}

/* ---- Completion ---- */

static void names_write(const char *separator)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        printf("%s%s", c == cli_commands ? "" : separator, (*c)->name);
}

static void options_write(const struct cli_command *command)
{
    for (const struct cli_option *o = command->options; o && o->name; o++)
        printf("--%s ", o->name);
    for (const struct cli_option *o = cli_common_options(); o->name; o++)
        printf("--%s ", o->name);
}

static void bash_write(void)
{
    fputs("_atrium() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} command= i\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        -m|--as) ((i++)) ;;\n"
          "        -*) ;;\n"
          "        *) command=${COMP_WORDS[i]}; break ;;\n"
          "        esac\n"
          "    done\n"
          "    local options=\n"
          "    case $command in\n"
          "    '') COMPREPLY=($(compgen -W '-m --as --help --version ",
          stdout);
    names_write(" ");
    fputs("' -- \"$word\")); return ;;\n", stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        printf("    %s) options='", (*c)->name);
        options_write(*c);
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n"
          "    if [[ $word == -* ]]; then COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
          "    else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
          "}\n"
          "complete -o filenames -F _atrium atrium\n",
          stdout);
}

static void zsh_write(void)
{
    fputs("#compdef atrium\n_atrium() {\n    local -a commands\n    commands=(\n", stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        printf("        '%s:", (*c)->name);
        for (const char *s = (*c)->summary; *s; s++)
            if (*s == '\'')
                fputs("'\\''", stdout);
            else
                putchar(*s);
        fputs("'\n", stdout);
    }
    fputs("    )\n    _arguments -C '-m[mall file]:file:_files' '--as[principal]:name:' "
          "'1:command:->command' '*::argument:->argument'\n"
          "    case $state in\n    command) _describe command commands ;;\n"
          "    argument)\n        case $words[1] in\n",
          stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        printf("        %s) compadd -- ", (*c)->name);
        options_write(*c);
        fputs(";;\n", stdout);
    }
    fputs("        esac\n        _files ;;\n    esac\n}\n_atrium \"$@\"\n", stdout);
}

static enum status completion_run(struct cli *cli, struct error *err)
{
    if (strcmp(cli->args[0], "bash") == 0)
        bash_write();
    else if (strcmp(cli->args[0], "zsh") == 0)
        zsh_write();
    else
        return error_set(err, ST_USAGE, "completion: found '%s', expected bash or zsh",
                         cli->args[0]);
    return ST_OK;
}

const struct cli_command cli_manual = {
    .name = "manual",
    .arguments = "",
    .summary = "the manual page, for man -l",
    .run = manual_run,
};

const struct cli_command cli_completion = {
    .name = "completion",
    .arguments = "bash|zsh",
    .summary = "completions for a shell",
    .least_args = 1,
    .most_args = 1,
    .run = completion_run,
};
