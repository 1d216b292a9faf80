/* People in the answers of commands: the subject's name as the asker may see it. */
#ifndef ATRIUM_CLI_PEOPLE_LIST_H
#define ATRIUM_CLI_PEOPLE_LIST_H

#include "model/access/access.h"
#include "views/cli/cli.h"

/* Who asks; ST_DENIED unless people may be seen. */
enum status cli_people_access(struct cli *cli, struct access *access, struct error *err);

/* The card, or the name that events give the person. Owned by the run's arena. */
enum status cli_subject(struct cli *cli, const struct access *access, uint32_t person,
                        const char **subject, struct error *err);

#endif
