#include "model/loop/addresses.h"
#include "model/base/hash.h"
#include "model/base/radix.h"
#include "model/base/vec.h"

#include <string.h>

enum { FIRST_CAP = 1024, MOST_BITS = 31 };

static bool is_of_part(const struct addresses *set, uint64_t address)
{
    uint32_t mask = (UINT32_C(1) << set->bits) - 1;

    return ((uint32_t)hash_mix(address) & mask) == (set->part & mask);
}

void addresses_tidy(struct addresses *set)
{
    words_sort(set->at, set->n);
    set->n = words_unique(set->at, set->n);
}

void addresses_narrow(struct addresses *set, unsigned bits)
{
    size_t kept = 0;

    if (bits == set->bits)
        return;
    set->bits = bits;
    for (size_t i = 0; i < set->n; i++)
        if (is_of_part(set, set->at[i]))
            set->at[kept++] = set->at[i];
    set->n = kept;
}

static void room_make(struct addresses *set)
{
    addresses_tidy(set);
    if (set->most && set->n >= set->most / 2 && set->bits < MOST_BITS)
        addresses_narrow(set, set->bits + 1);
    /* Seldom enough: what was gained is worth the next sorting. */
    if (set->n >= set->cap / 2)
        vec_reserve(set, set->cap                             ? set->cap
                         : set->most && set->most < FIRST_CAP ? set->most
                                                              : FIRST_CAP);
}

void addresses_add(struct addresses *set, uint64_t address)
{
    if (!address || (set->bits && !is_of_part(set, address)))
        return;
    if (set->n == set->cap) {
        room_make(set);
        if (!is_of_part(set, address)) /* it may have got narrower */
            return;
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
