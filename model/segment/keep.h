/* People that a question found, kept under a name as they are: a frozen segment without a rule. */
#ifndef ATRIUM_SEGMENT_KEEP_H
#define ATRIUM_SEGMENT_KEEP_H

#include "model/segment/saved.h"

/* Makes a new frozen segment of these people; ST_CONFLICT where the name is taken. Its expression
 * names itself, so that it can be asked but not found anew. `note` says where the people come from.
 * Begins and commits by itself; one operation, which can be undone. */
enum status segment_keep(struct writer *writer, const struct access *access, const char *name,
                         const char *note, const struct set *people,
                         struct operation_result *result, struct error *err);

#endif
