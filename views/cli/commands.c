/* Every command of the program, in the order help lists them. */
#include "views/cli/commands.h"

const struct cli_command *const cli_commands[] = {
    &cli_init, &cli_status, &cli_loop, &cli_visits, &cli_verify, NULL,
};
