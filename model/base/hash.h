/* Hashes: a fast 64-bit one for tables and dictionaries (XXH3 of libxxhash), SHA-256 of libnettle
 * where a hash is evidence (the audit chain, configurations, files): of the libraries that have it,
 * the one that costs a start nothing to speak of (doc/measured.md). */
#ifndef ATRIUM_BASE_HASH_H
#define ATRIUM_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash64(const void *bytes, size_t n);

/* As hash64, mixed with a seed: for independent tables and for keyed decisions. */
uint64_t hash64_seed(const void *bytes, size_t n, uint64_t seed);

/* A bijective mix of one word (the finaliser of SplitMix64). */
uint64_t hash_mix(uint64_t x);

enum { SHA256_SIZE = 32, SHA256_HEX = 65 };

void sha256(const void *bytes, size_t n, unsigned char digest[SHA256_SIZE]);

/* The same of bytes that come in parts: begin, add, end (which frees it). */
struct sha256_sum;
struct sha256_sum *sha256_begin(void);
void sha256_add(struct sha256_sum *sum, const void *bytes, size_t n);
void sha256_end(struct sha256_sum *sum, unsigned char digest[SHA256_SIZE]);

/* Lower-case hexadecimal with a final NUL. */
void sha256_hex(const unsigned char digest[SHA256_SIZE], char hex[SHA256_HEX]);

#endif
