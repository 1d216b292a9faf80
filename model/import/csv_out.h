/* Writing delimited text: fields with quotes where they need them, in blocks to a sink. */
#ifndef ATRIUM_IMPORT_CSV_OUT_H
#define ATRIUM_IMPORT_CSV_OUT_H

#include "model/base/time.h"
#include "model/import/export.h"

struct csv_out {
    export_sink *sink;
    void *context;
    const struct zone *zone;
    char *bytes;
    size_t n;
    bool in_row;
    int64_t rows;
    /* The last local day met, in which no clock changes: [from, to), its date and offset. */
    int64_t from, to;
    char date[11], offset[7];
    enum status status;
    struct error *err;
};

void csv_out_begin(struct csv_out *out, const struct zone *zone, export_sink *sink, void *context,
                   struct error *err);
/* Flushes and frees; the first thing that went wrong. */
enum status csv_out_end(struct csv_out *out);

void csv_out_text(struct csv_out *out, const char *at, size_t n);
void csv_out_empty(struct csv_out *out);
void csv_out_integer(struct csv_out *out, int64_t value);
void csv_out_money(struct csv_out *out, int64_t fen);
void csv_out_time(struct csv_out *out, int64_t utc);
void csv_out_date(struct csv_out *out, int64_t day);
/* Ends a row; the header is one too, but is not counted. */
void csv_out_row(struct csv_out *out, bool header);

#endif
