/*
 * Sets of small numbers - people, mostly - as one bit each. Numbers are below `n`; words past the
 * end do not exist, bits past n in the last word are 0.
 */
#ifndef ATRIUM_BASE_SET_H
#define ATRIUM_BASE_SET_H

#include "model/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct set {
    uint32_t n; /* numbers are 0 .. n - 1 */
    uint64_t *words;
};

static inline size_t set_words(uint32_t n)
{
    return ((size_t)n + 63) / 64;
}

/* An empty set of numbers below n, owned by the arena. */
struct set *set_new(struct arena *arena, uint32_t n);

/* False for numbers that are not below n. */
static inline bool set_has(const struct set *set, uint32_t number)
{
    return number < set->n && (set->words[number / 64] >> (number % 64) & 1);
}

/* The number must be below n. Threads may add to one set where their numbers share no word. */
static inline void set_add(struct set *set, uint32_t number)
{
    set->words[number / 64] |= UINT64_C(1) << (number % 64);
}
static inline void set_remove(struct set *set, uint32_t number)
{
    set->words[number / 64] &= ~(UINT64_C(1) << (number % 64));
}

uint32_t set_count(const struct set *set);

/* How many are in both. The sets may differ in n. */
uint32_t set_count_both(const struct set *a, const struct set *b);

/* Into `set`: those also in `other`, those of either (below set->n), those not in `other`. */
void set_and(struct set *set, const struct set *other);
void set_or(struct set *set, const struct set *other);
void set_minus(struct set *set, const struct set *other);

/* Every number of [first, last) that was not in it, and no longer those that were. `last` is at
 * most n. */
void set_flip(struct set *set, uint32_t first, uint32_t last);

/* The least number of the set that is at least `from`; UINT32_MAX where there is none:
 * `for (uint32_t i = set_next(s, 0); i != UINT32_MAX; i = set_next(s, i + 1))`. */
uint32_t set_next(const struct set *set, uint32_t from);

/* From rising or unordered numbers (those not below n are left out), and to rising ones. Owned by
 * the arena. */
struct set *set_of(struct arena *arena, uint32_t n, const uint32_t *numbers, size_t n_numbers);
uint32_t *set_list(const struct set *set, struct arena *arena, size_t *n_numbers);

#endif
