/*
 * Verify: every invariant of a mall file, each a named check with its finding. Checks register in
 * one table; a module that keeps an invariant adds its row there (see verify.c).
 */
#ifndef ATRIUM_STORE_VERIFY_H
#define ATRIUM_STORE_VERIFY_H

#include "model/base/sheet.h"
#include "model/store/reader.h"

struct verify_result {
    const char *check; /* "sqlite", "foreign keys", "audit chain", "chunks", "roll-ups", ... */
    bool good;
    const char *finding; /* what was counted, or what is wrong and where; owned by the arena */
};

/* Called after each check, for progress. */
typedef void verify_report(void *context, const struct verify_result *result);

/* Runs all checks; *bad is the number that failed. An error is returned only when the checks could
 * not be run at all. */
enum status verify_run(struct reader *reader, struct arena *arena, verify_report *report,
                       void *context, int *bad, struct error *err);

#endif
