/*
 * Who was erased must not come back. Of each contact an erased person had, a keyed hash is kept;
 * imports and new members are compared with them. The key is random and the mall's own: without it
 * the hashes say nothing, not even by trying all phone numbers.
 */
#ifndef ATRIUM_STORE_ERASED_H
#define ATRIUM_STORE_ERASED_H

#include "model/store/writer.h"

struct erased;

/* The hashes there are now; *erased is NULL where nobody was erased. */
enum status erased_open(struct writer *writer, struct erased **erased, struct error *err);
void erased_free(struct erased *erased); /* NULL is fine */

/* Whether a card, a phone, an address is one of an erased person. False for NULL and for "". */
bool erased_has(const struct erased *erased, const char *value, size_t n);

/* In a transaction. Makes the key with the first. */
enum status erased_add(struct writer *writer, const char *value, size_t n, struct error *err);

#endif
