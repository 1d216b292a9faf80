/*
 * Verify: every invariant of a mall file, each a named check with its finding. The store's own
 * checks are one table in verify.c; a module that keeps an invariant registers its checks.
 */
#ifndef ATRIUM_STORE_VERIFY_H
#define ATRIUM_STORE_VERIFY_H

#include "model/base/sheet.h"
#include "model/store/reader.h"

struct verify_result {
    const char *check; /* "sqlite", "foreign keys", "audit chain", "chunks", "roll-ups", ... */
    bool good;
    bool left_out;       /* it says nothing of such a file; `finding` says why */
    const char *finding; /* what was counted, or what is wrong and where; owned by the arena */
};

/* A check looks at the mall through the reader (inside one reader_begin .. reader_end for all) and
 * ends with verify_good or verify_bad. An error other than ST_CANCELLED counts as a finding too: a
 * damaged file must not end the checking. */
struct verify;
typedef enum status verify_check(struct verify *verify, struct error *err);

struct verify {
    struct reader *reader;
    struct arena *arena; /* for findings; lives as long as the results */
    struct verify_result result;
};

/* What was counted ("12 records"), or what is wrong and where. Both return ST_OK. */
enum status verify_good(struct verify *verify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum status verify_bad(struct verify *verify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For the usual check: `sql` selects what must not be; its first column says where, in words or as
 * a key. Good: "none among N things", N counted by `count_sql`. */
enum status verify_none(struct verify *verify, const char *sql, const char *count_sql,
                        const char *things, struct error *err);

/* Adds a check after the store's own. Register at the start of the program; the name must outlive
 * it. Registering one twice does nothing. */
void verify_register(const char *name, verify_check *check);

/* On a replica, which has what its role may see, `check` (NULL: none can hold, and `why` says so)
 * takes the place of the one of that name. */
void verify_replica(const char *name, verify_check *check, const char *why);

/* Called after each check, for progress. */
typedef void verify_report(void *context, const struct verify_result *result);

/* Runs all checks; *bad is the number that failed. An error is returned only when the checks could
 * not be run at all. */
enum status verify_run(struct reader *reader, struct arena *arena, verify_report *report,
                       void *context, int *bad, struct error *err);

#endif
