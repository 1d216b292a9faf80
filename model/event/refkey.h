/*
 * The key of a reference in the index: two words that tell apart any two references of one kind.
 *
 * Receipt numbers and the like ("R00012345678", "R00012345678-2": up to five characters, a number,
 * and perhaps one separator and a small number) become their form and their number, which is exact,
 * and neighbours in the shop's book are neighbours in the index. Anything else is hashed; a hit of
 * a hash is looked up before it counts as a duplicate.
 */
#ifndef ATRIUM_EVENT_REFKEY_H
#define ATRIUM_EVENT_REFKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ref_key {
    int64_t form; /* kind and form; of a hash, kind and 48 further bits of hash */
    int64_t key;  /* the number, or 63 bits of hash; never negative */
};

struct ref_key ref_key_of(uint16_t kind, const char *ref, size_t n);

/* Whether equal keys are equal references, in the index too. */
static inline bool ref_key_exact(const struct ref_key *key)
{
    return ((uint64_t)key->form >> 48 & 7) != 0;
}

/* The family that the index keeps the key under: the form, without the further bits of a hash. */
static inline int64_t ref_key_family(const struct ref_key *key)
{
    return ref_key_exact(key) ? key->form
                              : (int64_t)((uint64_t)key->form & UINT64_C(0xFF00000000000000));
}

#endif
