/* What is different between two texts, line by line. */
#ifndef ATRIUM_FLEET_DIFF_H
#define ATRIUM_FLEET_DIFF_H

#include "model/base/arena.h"

#include <stddef.h>

struct diff_line {
    char mark; /* ' ': in both, '-': only in the first, '+': only in the second */
    const char *text;
    size_t n; /* bytes, without the newline */
};

/* The lines of both texts in order: those marked ' ' and '-' are the first text, ' ' and '+' the
 * second. As many lines as can be are kept (the longest common subsequence), but where more than
 * a thousand lines differ at both sides: there the middle is given as replaced whole. Points
 * into the texts; owned by the arena. */
const struct diff_line *text_diff(struct arena *arena, const char *a, size_t a_size, const char *b,
                                  size_t b_size, size_t *n);

#endif
