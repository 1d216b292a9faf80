/*
 * Growing arrays: `VEC(struct visit) visits = {0}; vec_push(&visits, v); free(visits.at);`.
 * The elements are at `.at`, their number is `.n`.
 */
#ifndef ATRIUM_BASE_VEC_H
#define ATRIUM_BASE_VEC_H

#include "model/base/arena.h"

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        size_t n, cap;                                                                             \
    }

/* Makes room for `more` further elements. */
#define vec_reserve(v, more)                                                                       \
    ((v)->cap - (v)->n >= (size_t)(more)                                                           \
         ? (void)0                                                                                 \
         : (void)((v)->cap = vec_capacity((v)->cap, (v)->n + (size_t)(more)),                      \
                  (v)->at = mem_resize((v)->at, (v)->cap, sizeof *(v)->at)))

#define vec_push(v, ...) (vec_reserve((v), 1), (v)->at[(v)->n++] = (__VA_ARGS__))

/* Its elements in the arena, and one zeroed after them: never NULL. */
#define vec_copy(arena, v)                                                                         \
    ((__typeof__((v)->at))arena_copy((arena), (v)->at, (v)->n, sizeof *(v)->at))

#define vec_free(v) (free((v)->at), (v)->at = NULL, (v)->n = (v)->cap = 0)

/* The next capacity that holds `need`. */
static inline size_t vec_capacity(size_t cap, size_t need)
{
    size_t next = cap ? cap * 2 : 8;
    return next < need ? need : next;
}

#endif
