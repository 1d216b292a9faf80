/* A set of 64-bit hashes of device addresses, for counting distinct ones. */
#ifndef ATRIUM_LOOP_ADDRESSES_H
#define ATRIUM_LOOP_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

struct addresses {
    uint64_t *slots; /* 0: empty */
    size_t n, cap;
};

/* 0 is no address and is left out. */
void addresses_add(struct addresses *set, uint64_t address);
void addresses_free(struct addresses *set);

#endif
