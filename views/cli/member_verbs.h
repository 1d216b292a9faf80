/* The verbs of `atrium member` that change something, and their lists. */
#ifndef ATRIUM_CLI_MEMBER_VERBS_H
#define ATRIUM_CLI_MEMBER_VERBS_H

#include "model/access/access.h"
#include "views/cli/cli.h"

typedef enum status cli_member_verb(struct cli *cli, struct reader *reader, struct access *access,
                                    struct error *err);

cli_member_verb cli_member_link, cli_member_unlink, cli_member_links, cli_member_consent,
    cli_member_erase, cli_member_erasures, cli_member_candidates, cli_member_conflicts,
    cli_member_settle, cli_member_unsettle;

#endif
