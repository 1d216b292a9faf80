/*
 * Maps: how a foreign file is read as one of atrium's. An INI file, see doc/import.md:
 *
 *   [file]      what it is for, delimiter, header, columns, skip, quotes, encoding, zone, date
 *   [columns]   THEIRS = OURS, or THEIRS = ignore; * = ignore for all that are not named
 *   [constants] OURS = text, in which {THEIRS} stands for that column and {line} for the line
 *   [multiply]  OURS = factor
 *   [lookup]    file = products.csv, key = product_id: columns of a second file, joined by a key
 */
#ifndef ATRIUM_IMPORT_MAP_H
#define ATRIUM_IMPORT_MAP_H

#include "model/base/csv.h"
#include "model/base/status.h"
#include "model/import/table.h"
#include "model/import/value.h"

struct map_column {
    const char *theirs, *ours; /* ours NULL: ignored */
    int line;                  /* in the map */
};

struct map_constant {
    const char *ours, *text;
    int line;
};

struct map_factor {
    const char *ours;
    double factor;
    int line;
};

struct import_map {
    struct arena *arena;
    char *path;
    const struct import_table *table; /* what it is for, or NULL */
    struct csv_format format;
    bool header;
    int64_t skip;         /* lines in front of the header (or the first row) */
    const char *encoding; /* as iconv names it; NULL: UTF-8 */
    const char *zone;     /* NULL: the mall's */
    const struct date_format *date;
    const char **names; /* header = no: the columns' names */
    size_t n_names;
    bool ignore_rest;
    struct map_column *columns;
    size_t n_columns;
    struct map_constant *constants;
    size_t n_constants;
    struct map_factor *factors;
    size_t n_factors;
    const char *lookup_file, *lookup_key; /* both or none */
};

/* Reads a map. ST_REFUSED with "map:line: …" for what it does not understand. */
enum status import_map_load(const char *path, struct import_map **map, struct error *err);
void import_map_free(struct import_map *map); /* NULL is fine */

/* The path that a --map argument stands for: that file, or NAME.ini in $ATRIUM_MAPS, in the
 * installed maps, or in fixtures/maps beside the program's build folder. ST_REFUSED naming the maps
 * there are. Owned by the arena. */
enum status import_map_find(struct arena *arena, const char *name, const char **path,
                            struct error *err);

#endif
