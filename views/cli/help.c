#include "views/cli/help.h"

#include "views/cli/options.h"

#include <string.h>

static const struct {
    int status;
    const char *meaning;
} exits[] = {
    {0, "done"},
    {1, "part of it failed (a device, a row under --skip-bad)"},
    {2, "wrong usage"},
    {3, "input refused, nothing written"},
    {4, "not allowed"},
    {5, "conflict"},
    {6, "the mall file cannot be used"},
};

static void options_print(FILE *out, const struct cli_option *options)
{
    for (; options && options->name; options++)
        fprintf(out, "  --%s%s%-*s %s%s\n", options->name, options->value ? " " : "",
                (int)(24 - strlen(options->name)), options->value ? options->value : "",
                options->summary,
                options->flags & CLI_REPEATED   ? " (may be repeated)"
                : options->flags & CLI_REQUIRED ? " (needed)"
                                                : "");
}

void cli_help_all(FILE *out)
{
    fputs(
        "atrium: the membership loop of a shopping mall, in a terminal\n\n"
        "usage: atrium [-m MALL] [--as PRINCIPAL] [COMMAND …]\n\n"
        "Without a command, the console opens on MALL (default $ATRIUM_MALL, else the user's data\n"
        "folder). `atrium demo` makes a mall to look at.\n\ncommands:\n",
        out);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        fprintf(out, "  %-11s %s\n", (*c)->name, (*c)->summary);
    fputs("\nEvery command has --help and --json; rows also come as --csv.\n\nexit status:\n", out);
    for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
        fprintf(out, "  %d  %s\n", exits[i].status, exits[i].meaning);
}

void cli_help_command(FILE *out, const struct cli_command *command)
{
    fprintf(out, "usage: atrium %s %s\n\n%s\n", command->name, command->arguments,
            command->summary);
    if (command->help)
        fprintf(out, "\n%s\n", command->help);
    fputs("\noptions:\n", out);
    options_print(out, command->options);
    options_print(out, cli_common_options());
}
