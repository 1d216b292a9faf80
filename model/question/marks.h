/* Which events of a block match which of several expressions: bit i of a row's mask is matcher i.
 */
#ifndef ATRIUM_QUESTION_MARKS_H
#define ATRIUM_QUESTION_MARKS_H

#include "model/base/vec.h"
#include "model/question/expr.h"

/* Memory that is used again from block to block. Zeroed is empty; free with vec_free(&…->all). */
struct marks {
    VEC(uint32_t) all;
    const uint32_t *of[EVENT_RUNS]; /* by run, then row */
};

void marks_take(struct marks *marks, const struct event_block *block,
                const struct matcher *const *matchers, size_t n);

/* The notes of several matchers, in one array of the arena. */
const char *const *matchers_notes(struct arena *arena, const struct matcher *const *matchers,
                                  size_t n, size_t *n_notes);

#endif
