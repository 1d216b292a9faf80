/* The verbs of `atrium campaign`, a file each. */
#ifndef ATRIUM_CLI_CAMPAIGN_VERBS_H
#define ATRIUM_CLI_CAMPAIGN_VERBS_H

#include "model/access/access.h"
#include "views/cli/cli.h"

typedef enum status cli_campaign_verb(struct cli *cli, struct reader *reader, struct access *access,
                                      struct error *err);

cli_campaign_verb cli_campaign_result, cli_campaign_simulate;

#endif
