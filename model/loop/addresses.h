/* A set of 64-bit hashes of device addresses, for counting distinct ones: a list that is sorted and
 * rid of doubles whenever it is full, so that millions take eight bytes each. */
#ifndef ATRIUM_LOOP_ADDRESSES_H
#define ATRIUM_LOOP_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

struct addresses {
    uint64_t *at; /* rising and each once after addresses_tidy */
    size_t n, cap;
};

/* 0 is no address and is left out. */
void addresses_add(struct addresses *set, uint64_t address);

/* Adds all of another, which is empty afterwards. */
void addresses_take(struct addresses *set, struct addresses *from);
void addresses_tidy(struct addresses *set);
void addresses_free(struct addresses *set);

#endif
