/*
 * Names to numbers: a compact table that one thread adds to while others look things up in it.
 *
 * Adding is the owner's alone. Finding needs no lock: an entry is complete before its slot is
 * published, and an outgrown table stays until the end, so a reader either finds a name or does not
 * find it yet. Eight bytes a slot, eight and the name's own an entry.
 */
#ifndef ATRIUM_IMPORT_NAMES_H
#define ATRIUM_IMPORT_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct names;

struct names *names_new(void);
void names_free(struct names *names); /* NULL is fine */

/* The number of a name, 0 where there is none. `hash` is hash64 of it. */
uint32_t names_find(const struct names *names, const char *name, size_t n, uint64_t hash);

/* Starts to load what names_find will look at for this hash, then what that points to. */
void names_prefetch(const struct names *names, uint64_t hash);
void names_prefetch_entry(const struct names *names, uint64_t hash);

/* Adds a name that is not there yet; n < 65536, number > 0. */
void names_add(struct names *names, const char *name, size_t n, uint64_t hash, uint32_t number);

size_t names_count(const struct names *names);

#endif
