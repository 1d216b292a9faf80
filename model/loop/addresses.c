#include "model/loop/addresses.h"
#include "model/base/arena.h"
#include "model/base/hash.h"

#include <stdlib.h>

static void put(struct addresses *set, uint64_t address)
{
    size_t at = hash_mix(address) & (set->cap - 1);

    while (set->slots[at] && set->slots[at] != address)
        at = (at + 1) & (set->cap - 1);
    set->n += set->slots[at] == 0;
    set->slots[at] = address;
}

static void grow(struct addresses *set)
{
    struct addresses wider = {.cap = set->cap ? set->cap * 2 : 1024};

    wider.slots = mem_zero(wider.cap, sizeof *wider.slots);
    for (size_t i = 0; i < set->cap; i++)
        if (set->slots[i])
            put(&wider, set->slots[i]);
    free(set->slots);
    *set = wider;
}

void addresses_add(struct addresses *set, uint64_t address)
{
    if (!address)
        return;
    if (set->n * 2 >= set->cap)
        grow(set);
    put(set, address);
}

void addresses_free(struct addresses *set)
{
    free(set->slots);
    *set = (struct addresses){0};
}
