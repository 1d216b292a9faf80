/* Random bytes of the system, for ids, salts and keys. */
#ifndef ATRIUM_BASE_RANDOM_H
#define ATRIUM_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Ends the program where the system has none. */
void random_bytes(void *bytes, size_t n);

/* Lower-case hexadecimal of n random bytes, with a final NUL: text has 2 * n + 1. */
void random_hex(char *text, size_t n);

/* From here on, in this thread, what follows from a seed: for tests that are played again; 0: the
 * system's. */
void random_fix(uint64_t seed);

#endif
