/* One import at work: what its parts share. */
#ifndef ATRIUM_IMPORT_JOB_H
#define ATRIUM_IMPORT_JOB_H

#include "model/base/vec.h"
#include "model/import/import.h"
#include "model/import/layout.h"
#include "model/import/source.h"

struct job {
    struct writer *writer;
    const struct import_options *options;
    struct import_result *result;
    struct arena *arena; /* as long as the import */
    struct source *source;
    struct csv_format format;
    struct layout layout;
    struct zone *own_zone; /* the map's, or NULL */
    const struct zone *zone;
    int64_t started_ns;
    int readings, reading; /* how often the file is read, and which time this is, from 0 */
    VEC(struct import_refusal)
    refusals; /* at most IMPORT_REFUSALS_RECORDED; messages in the arena */

    /* The first piece, from behind the header. */
    struct piece_bytes first;
    size_t start;
    int64_t line;
};

/* Opens the file and binds its header. job_close is due either way. */
enum status job_open(struct job *job, const char *path, bool twice, struct error *err);
void job_close(struct job *job);

/* Goes to the first row again (a job opened for reading twice). */
enum status job_again(struct job *job, struct error *err);

/* A row is refused: ST_OK under skip_bad, else the error of the whole import. */
enum status job_refuse(struct job *job, int64_t line, uint32_t column, const char *message,
                       struct error *err);

/* Reports progress; ST_CANCELLED when that was asked. */
enum status job_progress(struct job *job, struct error *err);

/* Inside the import's (last) transaction: records it and what it refused, tells the audit. */
enum status job_record(struct job *job, struct error *err);

/* After a commit that counted duplicates: puts the final counts and time into the record. */
enum status job_record_counts(struct job *job, struct error *err);

/* Both parts of import_run. */
enum status facts_import(struct job *job, struct error *err);
enum status rows_import(struct job *job, struct error *err);

#endif
