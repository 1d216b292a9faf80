/*
 * Exports: what the mall holds, as files that an import reads: importing an export into an empty
 * mall and exporting again gives the same bytes.
 *
 * `sightings` are detections with a Wi-Fi device, `receipts` the lines of receipts, `events` all
 * that is neither, nor the purchase that a receipt's lines make. Events come by person, in time.
 */
#ifndef ATRIUM_IMPORT_EXPORT_H
#define ATRIUM_IMPORT_EXPORT_H

#include "model/import/table.h"
#include "model/store/reader.h"

struct export_options {
    const struct import_table *table;
    int64_t from, to; /* facts: [from, to); to = 0: no end; from = INT64_MIN: no start */
};

/* Takes a part of the file; a status other than ST_OK ends the export with it. */
typedef enum status export_sink(void *context, const char *bytes, size_t n, struct error *err);

/* Streams the file to the sink, header first; *rows (may be NULL) is how many rows there were. */
enum status export_run(struct reader *reader, const struct export_options *options,
                       export_sink *sink, void *context, int64_t *rows, struct error *err);

#endif
