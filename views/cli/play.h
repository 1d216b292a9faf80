/* Playing a script of keys on a console that no terminal shows. */
#ifndef ATRIUM_CLI_PLAY_H
#define ATRIUM_CLI_PLAY_H

#include "model/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct play_options {
    const char *mall_path, *principal;
    const char *name; /* of the script, for messages */
    int rows, cols;   /* until the script sets a size */
    bool sealed;      /* the console writes no file and runs no command */
    json_t *screens;  /* an array that the screens are added to; NULL: they are printed */
};

/* Plays to the end of the file, or until the script leaves the console. ST_REFUSED with
 * "name:line: …" for a line that is none. */
enum status play_script(FILE *file, const struct play_options *options, struct error *err);

#endif
