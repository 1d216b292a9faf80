/* Parsing of the command line by the tables of cli.h. */
#ifndef ATRIUM_CLI_OPTIONS_H
#define ATRIUM_CLI_OPTIONS_H

#include "views/cli/cli.h"

/* The options that every command has; ends with a row whose name is NULL. */
const struct cli_option *cli_common_options(void);

/* The words after the command's name into cli->given and cli->args. ST_USAGE says which word is
 * wrong. With --help nothing else is checked. */
enum status cli_parse(struct cli *cli, int argc, char **argv, struct error *err);

/* The name of the login user, the default principal. */
const char *cli_login_name(struct arena *arena);

#endif
