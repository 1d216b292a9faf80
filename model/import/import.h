/*
 * Imports: a file into the mall, all of it or nothing (or, asked for, all but the rows that are
 * refused). A row whose `ref` is there already is a duplicate and changes nothing, and so is a row
 * of members, tenants, devices or labels that says what the mall file says already.
 *
 * Facts (events, receipts, sightings) are parsed on several threads and numbered in the order of
 * the file, so that the same file always makes the same mall. A few thousand rows go into the tail
 * of the events in one transaction; more are appended in bulk and become visible at once. The other
 * kinds are read twice: once to find what must be refused, once to write, in one transaction.
 */
#ifndef ATRIUM_IMPORT_IMPORT_H
#define ATRIUM_IMPORT_IMPORT_H

#include "model/base/sheet.h"
#include "model/import/map.h"
#include "model/import/table.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

#include <stdatomic.h>

struct import_options {
    const struct import_table *table; /* what the file is */
    const struct import_map *map;     /* NULL: it names its columns as the table does */
    bool skip_bad;                    /* leave refused rows out instead of refusing the file */
    int threads;                      /* 0: the machine's */
    const char *actor;                /* for the audit */
    const atomic_bool *cancel;        /* NULL, or looked at all the time */
    /* NULL, or called on the calling thread with bytes read of all (0: not known). */
    void (*progress)(void *context, int64_t done, int64_t total);
    void *context;
};

struct import_refusal {
    int64_t line;
    uint32_t column;
    char *message; /* "line:column: found …, expected …" */
};

enum {
    IMPORT_REFUSALS_KEPT = 100,      /* in the result */
    IMPORT_REFUSALS_RECORDED = 10000 /* in the mall file's table `refused` */
};

struct import_result {
    int64_t rows; /* = imported + duplicates + refused + erased */
    int64_t imported, duplicates, refused;
    int64_t erased; /* left out, as they are of people who were erased (model/people/erase.h) */
    double seconds;
    struct import_refusal *refusals; /* the first of them */
    size_t n_refusals;
};

/* `path` "-" is the standard input. ST_OK; ST_PARTIAL when rows were left out under skip_bad;
 * ST_REFUSED with "file:line:column: found …, expected …", ST_CANCELLED and all other failures
 * leave the mall as it was. The result is filled in either way and freed by its owner. The calling
 * thread holds no transaction. */
enum status import_run(struct writer *writer, const char *path,
                       const struct import_options *options, struct import_result *result,
                       struct error *err);
void import_result_free(struct import_result *result);

/* The latest imports, newest first: id kind source actor time rows imported duplicates refused
 * milliseconds. And the rows that one of them left out: line message. Both owned by the arena. */
enum status import_history(struct reader *reader, struct arena *arena, size_t limit,
                           struct sheet **sheet, struct error *err);
enum status import_refused(struct reader *reader, struct arena *arena, int64_t import, size_t limit,
                           struct sheet **sheet, struct error *err);

#endif
