#include "model/question/marks.h"

#include <string.h>

void marks_take(struct marks *marks, const struct event_block *block,
                const struct matcher *const *matchers, size_t n)
{
    size_t rows = 0, done = 0;
    for (size_t r = 0; r < block->n_runs; r++)
        rows += block->runs[r].n;
    marks->all.n = 0;
    vec_reserve(&marks->all, rows + 1);
    memset(marks->all.at, 0, rows * sizeof *marks->all.at);
    for (size_t r = 0; r < block->n_runs; r++) {
        for (size_t i = 0; i < n; i++)
            matcher_mark(matchers[i], &block->runs[r], UINT32_C(1) << i, marks->all.at + done);
        marks->of[r] = marks->all.at + done;
        done += block->runs[r].n;
    }
}

const char *const *matchers_notes(struct arena *arena, const struct matcher *const *matchers,
                                  size_t n, size_t *n_notes)
{
    *n_notes = 0;
    for (size_t i = 0; i < n; i++)
        *n_notes += matchers[i]->n_notes;
    const char **notes = arena_array(arena, const char *, *n_notes + 1);
    for (size_t i = 0, at = 0; i < n; i++)
        for (size_t k = 0; k < matchers[i]->n_notes; k++)
            notes[at++] = matchers[i]->notes[k];
    return notes;
}
