/*
 * Layout: where each of our columns comes from in one particular file: a field of the record, a
 * column of the lookup file, a constant or a pattern. Made once from the header and the map, then
 * immutable and shared by threads.
 */
#ifndef ATRIUM_IMPORT_LAYOUT_H
#define ATRIUM_IMPORT_LAYOUT_H

#include "model/base/csv.h"
#include "model/import/map.h"

enum slot_from { SLOT_NONE, SLOT_FIELD, SLOT_LOOKUP, SLOT_TEXT, SLOT_PATTERN };

struct pattern; /* text with {columns} in it */

struct slot {
    enum slot_from from;
    uint32_t field;   /* of the record or of the lookup file's */
    const char *text; /* SLOT_TEXT */
    uint32_t n;
    const struct pattern *pattern;
    double factor; /* 0: none */
};

struct family_column {
    bool label; /* label:NAME, else attr:NAME */
    const char *name;
    struct slot slot;
};

struct layout {
    const struct import_table *table;
    size_t n_fields; /* of every record */
    struct slot slots[IMPORT_COLUMNS_MAX];
    size_t n_families;
    struct family_column *families;
    struct lookup *lookup;
    uint32_t lookup_field; /* of the record: what to look up */
    /* For layout_row: cells that are fields as they are, and all the others that change by row. */
    size_t n_direct, n_other;
    struct direct_cell {
        uint32_t cell, field;
    } * direct;
    struct other_cell {
        uint32_t cell;
        const struct slot *slot;
    } * other;
};

/* One value of a row and where it stands. Never a NULL `at`. */
struct row_cell {
    const char *at;
    uint32_t n, column;
    int64_t line;
};

/* Binds a header (fields of one record, from `line` of `source`) to the table's columns. `folder`
 * is where the lookup file is looked for. ST_REFUSED with "source:line:column: …" for columns that
 * are unknown, missing or doubled. Everything belongs to the arena, the lookup to layout_end. */
enum status layout_bind(struct layout *layout, const struct import_table *table,
                        const struct import_map *map, const struct csv_field *header,
                        size_t n_header, int64_t line, const char *source, const char *folder,
                        struct arena *arena, struct error *err);
void layout_end(struct layout *layout);

/* Cells of no row yet: those of columns that the file does not have stay as they are here. */
void layout_cells(const struct layout *layout, struct row_cell *cells);

/* The cells of the record that `csv` found: the table's columns, then the families. The record has
 * n_fields fields. Patterns are made in the arena. */
void layout_row(const struct layout *layout, const struct csv_reader *csv, struct arena *arena,
                struct row_cell *cells);

#endif
