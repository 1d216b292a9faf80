/*
 * Sorting of many words without memory for a second copy: radix sort from the highest byte down, in
 * place. What does not fit a word is sorted by making it fit: a key above, a number below, so that
 * equal keys come in order of the number.
 */
#ifndef ATRIUM_BASE_RADIX_H
#define ATRIUM_BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* Rising. `at` may be NULL where n is 0. */
void words_sort(uint64_t *at, size_t n);

/* Sorted words without doubles; how many are left. */
size_t words_unique(uint64_t *at, size_t n);

#endif
