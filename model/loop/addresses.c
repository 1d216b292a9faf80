#include "model/loop/addresses.h"
#include "model/base/radix.h"
#include "model/base/vec.h"

#include <string.h>

enum { FIRST_CAP = 1024 };

void addresses_tidy(struct addresses *set)
{
    words_sort(set->at, set->n);
    set->n = words_unique(set->at, set->n);
}

void addresses_add(struct addresses *set, uint64_t address)
{
    if (!address)
        return;
    if (set->n == set->cap) {
        addresses_tidy(set);
        /* Seldom enough: what was gained is worth the next sorting. */
        if (set->n >= set->cap / 2)
            vec_reserve(set, set->cap ? set->cap : FIRST_CAP);
    }
    set->at[set->n++] = address;
}

void addresses_take(struct addresses *set, struct addresses *from)
{
    if (from->n) {
        addresses_tidy(from);
        vec_reserve(set, from->n);
        memcpy(set->at + set->n, from->at, from->n * sizeof *from->at);
        set->n += from->n;
    }
    addresses_free(from);
}

void addresses_free(struct addresses *set)
{
    vec_free(set);
}
