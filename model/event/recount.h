/* Everything that is kept beside the events, counted again from the events. Inside the module. */
#ifndef ATRIUM_EVENT_RECOUNT_H
#define ATRIUM_EVENT_RECOUNT_H

#include "model/event/reflog.h"
#include "model/event/rollup.h"
#include "model/store/reader.h"

enum { RECOUNT_EXAMPLES = 5 };

/* What is wrong: how often, and the first few in words. */
struct faults {
    int64_t n;
    char *text; /* of the examples; NULL: none */
};
void faults_add(struct faults *faults, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct recount {
    int64_t version; /* of the events */
    int64_t chunks, events, people_blocks, recent_blocks, refs;
    struct faults chunk_faults, people_faults, recent_faults;
    struct rollup rollup;
    struct ref_log keys; /* sealed */
};

/* Kept with the reader until the events change. Damage is a fault, not an error. */
enum status recount_read(struct reader *reader, struct recount **recount, struct error *err);

#endif
