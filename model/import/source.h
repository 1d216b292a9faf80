/*
 * A source: a file or a stream read in pieces of whole records, in UTF-8 whatever its encoding.
 */
#ifndef ATRIUM_IMPORT_SOURCE_H
#define ATRIUM_IMPORT_SOURCE_H

#include "model/base/csv.h"
#include "model/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCE_PIECE = 1 << 20 }; /* bytes of a piece, about */

struct source;

/* A piece's memory, kept from piece to piece by its user. */
struct piece_bytes {
    char *at; /* freed by the user */
    size_t n, cap;
    int64_t line;  /* of the first byte */
    bool too_long; /* nothing but a line of more than CSV_RECORD_MAX bytes, which is left out */
};

/* `path` "-" is the standard input. A stream that has to be read twice (`again`) is kept in a
 * nameless temporary file. `encoding` as iconv names it, NULL for UTF-8. ST_REFUSED. */
enum status source_open(const char *path, const char *encoding, bool again, struct source **source,
                        struct error *err);
void source_close(struct source *source); /* NULL is fine */

/* "members.csv", or "stdin": for messages. */
const char *source_name(const struct source *source);

/* Bytes read so far, and in all (0: not known). */
int64_t source_done(const struct source *source);
int64_t source_size(const struct source *source);

/* Leaves out `skip` lines at the start; format for finding records. Before the first piece. */
enum status source_start(struct source *source, const struct csv_format *format, int64_t skip,
                         struct error *err);

/* The next piece; n == 0 and not too_long at the end. */
enum status source_next(struct source *source, struct piece_bytes *piece, struct error *err);

/* From the start again; only where `again` was said. source_start must follow. */
enum status source_rewind(struct source *source, struct error *err);

#endif
