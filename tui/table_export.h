/*
 * Export of a table: the rows it shows, or those of them that are marked, as bytes for a file, a
 * command or the clipboard. The table walks its source window by window; where rows come later, the
 * export goes on when they arrive, and the screen stays usable.
 */
#ifndef ATRIUM_TUI_TABLE_EXPORT_H
#define ATRIUM_TUI_TABLE_EXPORT_H

#include "tui/table.h"

enum table_format {
    TABLE_CSV,  /* RFC 4180 with a header of column names, LF line ends */
    TABLE_JSON, /* an array of objects, a row a line; numbers are numbers, unknown is null */
    TABLE_TSV,  /* titles and texts as on the screen, for the clipboard */
};

struct table_export_result {
    int64_t rows;   /* written */
    int64_t hidden; /* marked rows that the filter hides and that were not written */
    bool stopped;   /* the writer said no, or the query changed on the way */
};

struct table_writer {
    /* Takes bytes; false stops the export (a full disk, a closed pipe). */
    bool (*write)(void *context, const char *bytes, size_t n);
    /* Called once at the end, also after table_export_stop(). */
    void (*done)(void *context, const struct table_export_result *result);
    void *context;
};

/* Starts; small in-memory tables are done when it returns. `all_columns`: also hidden ones. False:
 * one is already running. */
bool table_export(struct table *table, enum table_format format, bool marked_only, bool all_columns,
                  const struct table_writer *writer);
void table_export_stop(struct table *table);

/* Rows written so far of those in all, for the status line; -1 when none is running. */
int64_t table_export_progress(const struct table *table, int64_t *of);

/* One CSV field, quoted where it must be, or one JSON string with its quotes; appended to a
 * malloc'ed text. For other exports. */
struct buffer;
void table_put_csv(struct buffer *buffer, const char *text);
void table_put_json(struct buffer *buffer, const char *text);

#endif
