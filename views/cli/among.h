/* The people that --segment leaves, for questions that look at some instead of everybody. */
#ifndef ATRIUM_CLI_AMONG_H
#define ATRIUM_CLI_AMONG_H

#include "model/access/access.h"
#include "views/cli/cli.h"

/* Rising numbers; *among NULL where --segment is not given. Names that the mall does not have are
 * said on stderr. Owned by the run's arena. */
enum status cli_among(struct cli *cli, struct reader *reader, const struct access *access,
                      const uint32_t **among, size_t *n, struct error *err);

#endif
