/* Every command of the program, in the order help lists them. */
#include "views/cli/commands.h"

const struct cli_command *const cli_commands[] = {
    &demo_command,
    NULL,
};
