/* What a key of a dimension is called, for tables and titles. */
#ifndef ATRIUM_LOOP_LABEL_H
#define ATRIUM_LOOP_LABEL_H

#include "model/loop/survey.h"

/* "Nike", "F2-A", "5 Oct 2017", "13:00", "at once"; "–" for none. `ground` may be NULL. Owned by
 * the arena. */
const char *label_of(struct reader *reader, struct arena *arena, const struct survey_ground *ground,
                     enum dimension dim, int64_t key);

#endif
