/* Commands of several verbs: `member find TEXT`. The first word says which. */
#ifndef ATRIUM_VIEWS_CLI_VERB_H
#define ATRIUM_VIEWS_CLI_VERB_H

#include "model/access/access.h"
#include "views/cli/cli.h"

enum { VERB_WORDS_ANY = 1 << 20 };

struct cli_verb {
    const char *name; /* NULL ends a table; a verb may have several rows, told apart by words */
    int least, most;  /* words after the verb */
    enum status (*run)(struct cli *cli, struct reader *reader, struct access *access,
                       struct error *err);
};

/* Runs the verb that the first word names, with a reader and the rights of who asks. ST_USAGE where
 * no row of the tables has that name and so many words after it. */
enum status cli_verb_run(struct cli *cli, const struct cli_verb *const *tables, size_t n_tables,
                         struct error *err);

/* ST_USAGE for a first word that is none of these, or is one with too few or too many words. */
enum status cli_verb_refuse(struct cli *cli, const char *const *names, size_t n, struct error *err);

#endif
