/* The commands, one file each. A new one gets a line here and one in commands.c. */
#ifndef ATRIUM_CLI_COMMANDS_H
#define ATRIUM_CLI_COMMANDS_H

#include "views/cli/cli.h"

extern const struct cli_command demo_command;

#endif
