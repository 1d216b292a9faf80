#include "model/base/set.h"

struct set *set_new(struct arena *arena, uint32_t n)
{
    struct set *set = arena_new_of(arena, struct set);
    *set = (struct set){.n = n, .words = arena_array(arena, uint64_t, set_words(n))};
    return set;
}

uint32_t set_count(const struct set *set)
{
    uint32_t count = 0;
    for (size_t i = 0; i < set_words(set->n); i++)
        count += (uint32_t)__builtin_popcountll(set->words[i]);
    return count;
}

static size_t words_of_both(const struct set *a, const struct set *b)
{
    return set_words(a->n < b->n ? a->n : b->n);
}

uint32_t set_count_both(const struct set *a, const struct set *b)
{
    uint32_t count = 0;
    for (size_t i = 0; i < words_of_both(a, b); i++)
        count += (uint32_t)__builtin_popcountll(a->words[i] & b->words[i]);
    return count;
}

/* The bits of a set's last word that are numbers of it. */
static uint64_t last_mask(uint32_t n)
{
    return n % 64 ? (UINT64_C(1) << (n % 64)) - 1 : UINT64_MAX;
}

void set_and(struct set *set, const struct set *other)
{
    size_t both = words_of_both(set, other);
    for (size_t i = 0; i < both; i++)
        set->words[i] &= other->words[i];
    for (size_t i = both; i < set_words(set->n); i++)
        set->words[i] = 0;
}

void set_or(struct set *set, const struct set *other)
{
    size_t both = words_of_both(set, other);
    for (size_t i = 0; i < both; i++)
        set->words[i] |= other->words[i];
    if (both && both == set_words(set->n))
        set->words[both - 1] &= last_mask(set->n);
}

void set_minus(struct set *set, const struct set *other)
{
    for (size_t i = 0; i < words_of_both(set, other); i++)
        set->words[i] &= ~other->words[i];
}

void set_flip(struct set *set, uint32_t first, uint32_t last)
{
    for (size_t i = first / 64; first < last && i <= (last - 1) / 64; i++) {
        uint64_t mask = UINT64_MAX;
        if (i == first / 64)
            mask &= UINT64_MAX << (first % 64);
        if (i == (last - 1) / 64)
            mask &= last_mask(last);
        set->words[i] ^= mask;
    }
}

uint32_t set_next(const struct set *set, uint32_t from)
{
    size_t i = from / 64;
    if (from >= set->n)
        return UINT32_MAX;
    uint64_t word = set->words[i] & UINT64_MAX << (from % 64);
    while (!word) {
        if (++i >= set_words(set->n))
            return UINT32_MAX;
        word = set->words[i];
    }
    return (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
}

struct set *set_of(struct arena *arena, uint32_t n, const uint32_t *numbers, size_t n_numbers)
{
    struct set *set = set_new(arena, n);
    for (size_t i = 0; i < n_numbers; i++)
        if (numbers[i] < n)
            set_add(set, numbers[i]);
    return set;
}

uint32_t *set_list(const struct set *set, struct arena *arena, size_t *n_numbers)
{
    uint32_t *numbers = arena_array(arena, uint32_t, set_count(set));
    size_t n = 0;
    for (uint32_t i = set_next(set, 0); i != UINT32_MAX; i = set_next(set, i + 1))
        numbers[n++] = i;
    *n_numbers = n;
    return numbers;
}
