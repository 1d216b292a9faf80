/* The parts of the command value. */
#ifndef ATRIUM_CLI_VALUE_H
#define ATRIUM_CLI_VALUE_H

#include "model/access/access.h"
#include "model/insight/table_file.h"
#include "model/insight/value.h"
#include "views/cli/cli.h"

/* "0.24,4.41,0.79,2.43" of an option as exactly n numbers above 0 (`zero`: or 0); *given false
 * where the option is not there. */
enum status cli_numbers(struct cli *cli, const char *option, size_t n, bool zero, double *values,
                        bool *given, struct error *err);

/* Histories of a file: columns x, tx, T and perhaps the mean money. */
enum status value_histories_read(struct cli *cli, const char *path,
                                 struct value_history **histories, size_t *n, struct error *err);

/* Prints the answer with the `top` people of whom most is expected, and `person` (NULL: nobody in
 * particular). `access` NULL: histories of a file, named by their rows. */
enum status value_print(struct cli *cli, const struct value *value, const struct access *access,
                        const uint32_t *person, size_t top, struct error *err);

#endif
