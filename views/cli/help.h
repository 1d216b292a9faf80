/* Help, the manual page and shell completion, all read from the command tables. */
#ifndef ATRIUM_CLI_HELP_H
#define ATRIUM_CLI_HELP_H

#include "views/cli/cli.h"

#include <stdio.h>

void cli_help_all(FILE *out);
void cli_help_command(FILE *out, const struct cli_command *command);

#endif
