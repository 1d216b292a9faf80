/* `atrium manual` writes the manual page and `atrium completion` the shells' completions, both from
 * the tables of commands and actions. */
#include "model/loop/period.h"
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

/* A text of several lines: an empty one begins a paragraph. */
static void paragraphs(const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char line[4096];
        snprintf(line, sizeof line, "%.*s", (int)n, text);
        if (n)
            roff(line);
        else
            fputs(".PP", stdout);
        putchar('\n');
        text += n + (text[n] == '\n');
    }
}

/* "FILE", "bash|zsh": what people fill in is in italics, words as they are. */
static void arguments_write(const char *arguments)
{
    bool italic = false;
    for (const char *c = arguments; *c; c++) {
        bool upper = *c >= 'A' && *c <= 'Z';
        if (upper != italic)
            fputs(upper ? "\\fI" : "\\fR", stdout);
        italic = upper;
        char one[2] = {*c, 0};
        roff(one);
    }
    fputs(italic ? "\\fR" : "", stdout);
}

static void option_write(const struct cli_option *option)
{
    fputs(".TP\n\\fB\\-\\-", stdout);
    roff(option->name);
    fputs("\\fR", stdout);
    if (option->value) {
        putchar(' ');
        arguments_write(option->value);
    }
    putchar('\n');
    roff(option->summary);
    fputs(option->flags & CLI_REPEATED ? " (may be repeated)\n" : "\n", stdout);
}

static void command_write(const struct cli_command *command)
{
    fputs(".SS ", stdout);
    roff(command->name);
    fputs("\n\\fBatrium ", stdout);
    roff(command->name);
    fputs("\\fR", stdout);
    if (command->arguments && *command->arguments) {
        putchar(' ');
        arguments_write(command->arguments);
    }
    fputs("\n.PP\n", stdout);
    roff(command->summary);
    fputs(".\n", stdout);
    if (command->help) {
        fputs(".PP\n", stdout);
        paragraphs(command->help);
    }
    for (const struct cli_option *o = command->options; o && o->name; o++)
        option_write(o);
}

/* The actions of one scope that have keys. */
static void scope_write(const char *scope, const char *title)
{
    size_t n;
    const struct action *actions = actions_all(&n);
    printf(".SS %s\n", title);
    for (size_t i = 0; i < n; i++) {
        if (!*actions[i].keys || strcmp(actions[i].scope, scope) != 0)
            continue;
        fputs(".TP\n\\fB", stdout);
        roff(actions[i].keys);
        fputs("\\fR\n", stdout);
        roff(actions[i].summary);
        fputs(" (\\fI", stdout);
        roff(actions[i].name);
        fputs("\\fR)\n", stdout);
    }
}

/* What a scope is called; every other one is the name of a screen. */
static const struct {
    const char *scope, *title;
} scope_titles[] = {
    {"", "Everywhere"},
    {"panels", "On figures"},
    {"list", "On lists"},
    {"table", "On tables"},
};
enum { SCOPE_TITLES = sizeof scope_titles / sizeof *scope_titles };

static bool scope_named(const char *scope)
{
    for (size_t i = 0; i < SCOPE_TITLES; i++)
        if (strcmp(scope, scope_titles[i].scope) == 0)
            return true;
    return false;
}

static void keys_write(void)
{
    size_t n;
    const struct action *actions = actions_all(&n);
    fputs(".SH KEYS\nThe name of an action stands in brackets: it is what is typed behind "
          "\\fB:\\fR and "
          "what the\nsection [keys] of the config file gives other keys to.\n",
          stdout);
    for (size_t i = 0; i < SCOPE_TITLES; i++)
        scope_write(scope_titles[i].scope, scope_titles[i].title);
    for (size_t i = 0; i < n; i++) {
        bool first = !scope_named(actions[i].scope);
        for (size_t before = 0; before < i && first; before++)
            first = strcmp(actions[before].scope, actions[i].scope) != 0;
        char title[80];
        snprintf(title, sizeof title, "On the screen %s", actions[i].scope);
        if (first)
            scope_write(actions[i].scope, title);
    }
}

/* What no table knows, as roff. */
static const char front[] =
    ".TH ATRIUM 1 \"\" \"atrium " ATRIUM_VERSION "\" \"User Commands\"\n"
    ".SH NAME\natrium \\- the membership loop of a shopping mall, in a terminal\n"
    ".SH SYNOPSIS\n\\fBatrium\\fR [\\fB\\-m\\fR \\fIMALL\\fR] [\\fB\\-\\-as\\fR \\fIPRINCIPAL\\fR] "
    "[\\fICOMMAND\\fR \\&...]\n"
    ".SH DESCRIPTION\nWithout a command the console opens on a mall file: who comes, who becomes a "
    "member, who buys and\ncomes again, and who belongs together. \\fBatrium demo\\fR makes a mall "
    "to look at.\n.PP\n"
    "Commands print tables for people. Progress and messages go to stderr. Commands that change "
    "something take turns\nand wait up to 10 seconds; an open console is no obstacle.\n"
    ".SH OPTIONS\nIn front of the command:\n"
    ".TP\n\\fB\\-m\\fR \\fIMALL\\fR\nthe mall file; else $ATRIUM_MALL, else "
    "$XDG_DATA_HOME/atrium/atrium.mall\n"
    ".TP\n\\fB\\-\\-as\\fR \\fIPRINCIPAL\\fR\nwho asks; the login name unless given. Others than "
    "the owner of the mall file must be among its principals\n"
    ".TP\n\\fB\\-\\-version\\fR\nthe version\n.PP\nOf every command:\n";

static const char forms[] =
    ".SH FORMS\n.TP\ntimes\n2026\\-10\\-05, '2026\\-10\\-05 18:30:00' in the mall's zone, RFC "
    "3339, or "
    "epoch seconds\n"
    ".TP\nperiods\ntoday, yesterday, 7d, 30d, 90d, month, quarter, year; 14d; 2026; 2026\\-10; "
    "2026\\-10\\-05;\n2026\\-10\\-01..2026\\-10\\-07, both days included\n"
    ".TP\nfilters\nregular expressions as pcre2pattern(3) describes them; ! in front keeps the "
    "rows "
    "that do not match\n";

static const char back[] =
    ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\npart of it failed: rows were left out under "
    "\\-\\-skip\\-bad\n.TP\n2\nwrong usage\n.TP\n3\ninput refused, nothing written\n.TP\n4\nnot "
    "allowed\n.TP\n5\nconflict\n.TP\n6\nthe mall file cannot be used\n.TP\n130\nstopped with "
    "Ctrl-C\n"
    ".SH ENVIRONMENT\n.TP\nATRIUM_MALL\nthe mall file when \\-m is not given\n"
    ".TP\nATRIUM_LANG\nlanguage of the console, before LANGUAGE, LC_ALL, LC_MESSAGES and LANG\n"
    ".TP\nATRIUM_MAPS\na folder with maps for import\n"
    ".TP\nNO_COLOR\nno colours\n"
    ".SH FILES\n.TP\n.I $XDG_CONFIG_HOME/atrium/config.ini\n"
    "section [screen]: colors = 256, 16, 8 or 0; borders = ascii or lines; mouse = yes or no; "
    "language.\nSection [keys]: ACTION = KEY \\&...\n"
    ".TP\n.I $XDG_STATE_HOME/atrium/\nwhere one stopped, columns, histories\n"
    ".TP\n.I $XDG_DATA_HOME/atrium/atrium.mall\nthe mall file when none is named. While it is open "
    "it has companions \\-wal, \\-shm and .lock\n"
    ".SH EXAMPLES\n.EX\natrium demo\natrium loop \\-\\-period 30d \\-\\-compare year\n"
    "atrium \\-m shop.mall import events sales.csv \\-\\-skip\\-bad\n"
    "atrium sql 'select tier, count(*) from v_member group by tier' \\-\\-csv\n.EE\n";

static enum status manual_run(struct cli *cli, struct error *err)
{
    (void)cli;
    (void)err;
    fputs(front, stdout);
    for (const struct cli_option *o = cli_common_options(); o->name; o++)
        option_write(o);
    fputs(".SH COMMANDS\n", stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        command_write(*c);
    keys_write();
    fputs(forms, stdout);
    fputs(back, stdout);
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

/* The words of "find TEXT | show CARD": what is in capitals is for people to fill in. */
static void words_write(const char *arguments)
{
    for (const char *c = arguments ? arguments : ""; *c;) {
        size_t n = strcspn(c, " |[]");
        bool word = n && c[0] >= 'a' && c[0] <= 'z';
        if (word)
            printf("%.*s ", (int)n, c);
        c += n + (c[n] != 0);
    }
}

/* What may follow an option; false: a file, or anything. */
static bool value_words(const struct cli_option *option)
{
    const char *value = option->value ? option->value : "";
    if (strcmp(value, "PERIOD") == 0) {
        for (size_t i = 0; i < n_period_choices; i++)
            if (period_choices[i].name != PERIOD_CUSTOM)
                printf("%s ", period_choices[i].id);
        return true;
    }
    if (strcmp(value, "WITH") == 0) {
        for (size_t i = 0; i < n_compare_choices; i++)
            printf("%s ", compare_choices[i].id);
        return true;
    }
    words_write(value);
    return *value >= 'a' && *value <= 'z';
}

static void bash_command(const struct cli_command *command)
{
    printf("    %s)\n        options='", command->name);
    options_write(command);
    fputs("'\n        words='", stdout);
    words_write(command->arguments);
    fputs("'\n        case $before in\n", stdout);
    for (const struct cli_option *o = command->options; o && o->name; o++) {
        if (!o->value)
            continue;
        printf("        --%s) values='", o->name);
        value_words(o);
        fputs("'; taken=1 ;;\n", stdout);
    }
    fputs("        esac ;;\n", stdout);
}

static void bash_write(void)
{
    fputs("_atrium() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command= options= words= values= taken= at=0 i\n"
          "    COMPREPLY=()\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        -m|--as) ((i++)) ;;\n"
          "        -*) ;;\n"
          "        *) command=${COMP_WORDS[i]} at=$i; break ;;\n"
          "        esac\n"
          "    done\n"
          "    case $command in\n"
          "    '') case $before in\n"
          "        -m) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
          "        --as) ;;\n"
          "        *) COMPREPLY=($(compgen -W '-m --as --help --version ",
          stdout);
    names_write(" ");
    fputs("' -- \"$word\")) ;;\n        esac\n        return ;;\n", stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        bash_command(*c);
    fputs(
        "    esac\n"
        "    if [[ $taken && $values ]]; then COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
        "    elif [[ $word == -* && ! $taken ]]; then\n"
        "        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
        "    elif [[ $words && ! $taken && $COMP_CWORD == $((at + 1)) ]]; then\n"
        "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
        "    else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
        "}\n"
        "complete -o filenames -F _atrium atrium\n",
        stdout);
}

/* Inside '…' a quote ends it, stands alone, and begins it again. */
static void quoted_write(const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
}

static void zsh_write(void)
{
    fputs("#compdef atrium\n_atrium() {\n    local -a commands\n    commands=(\n", stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        printf("        '%s:", (*c)->name);
        quoted_write((*c)->summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n    _arguments -C '-m[mall file]:file:_files' '--as[principal]:name:' "
          "'1:command:->command' '*::argument:->argument'\n"
          "    case $state in\n    command) _describe command commands ;;\n"
          "    argument)\n        case $words[1] in\n",
          stdout);
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        printf("        %s) compadd -- ", (*c)->name);
        words_write((*c)->arguments);
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
