/*
 * Sets of 64-bit hashes of device addresses, for counting distinct ones. A list is sorted and rid
 * of doubles whenever it is full, so that millions take eight bytes each.
 *
 * A set may be told to keep no more than so many: it then keeps only a part of all addresses, those
 * whose own hash ends in `part` in its last `bits` bits, halving the part whenever it is full. Who
 * counts goes over the addresses again for each other part.
 */
#ifndef ATRIUM_LOOP_ADDRESSES_H
#define ATRIUM_LOOP_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addresses {
    uint64_t *at; /* rising and each once after addresses_tidy */
    size_t n, cap;
    size_t most; /* 0: all are kept */
    unsigned bits;
    uint32_t part;
};

/* 0 is no address and is left out. */
void addresses_add(struct addresses *set, uint64_t address);

/* Leaves out what is not of the part of so many bits, at least as many as so far. */
void addresses_narrow(struct addresses *set, unsigned bits);

/* Adds all of another, which is empty afterwards. */
void addresses_take(struct addresses *set, struct addresses *from);
void addresses_tidy(struct addresses *set);
void addresses_free(struct addresses *set);

#endif
