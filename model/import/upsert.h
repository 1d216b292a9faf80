/* Rows of members, tenants, devices and labels into their tables: new ones are inserted, known ones
 * changed where they differ. Only columns that the file has are touched. */
#ifndef ATRIUM_IMPORT_UPSERT_H
#define ATRIUM_IMPORT_UPSERT_H

#include "model/import/job.h"

struct row_value {
    enum { VALUE_ABSENT, VALUE_NULL, VALUE_INTEGER, VALUE_TEXT } is;
    int64_t integer;
    const char *at;
    uint32_t n;
};

struct upsert;

/* Inside the writer's transaction. upsert_close is due where *upsert was set. */
enum status upsert_open(struct job *job, struct upsert **upsert, struct error *err);
void upsert_close(struct upsert *upsert); /* NULL is fine */

/* One row: values of the table's columns, then of the families. */
enum status upsert_row(struct upsert *upsert, struct row_value *values, bool *changed,
                       struct error *err);

/* Before the commit: counters. After it: the index that finds people. */
enum status upsert_finish(struct upsert *upsert, struct error *err);
enum status upsert_after(struct job *job, struct error *err);

#endif
