/* The period that --period, or --from and --to, name; all events where none is given. */
#ifndef ATRIUM_CLI_PERIOD_H
#define ATRIUM_CLI_PERIOD_H

#include "model/loop/period.h"
#include "views/cli/cli.h"

/* ST_USAGE says which option is wrong and what was expected. */
enum status cli_period(struct cli *cli, struct period *period, struct error *err);

#endif
