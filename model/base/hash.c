#include "model/base/hash.h"

#include "model/base/arena.h"

#include <nettle/sha2.h>
#include <stdlib.h>
#include <xxhash.h>

uint64_t hash64(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

uint64_t hash64_seed(const void *bytes, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, n, seed);
}

uint64_t hash_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

void sha256(const void *bytes, size_t n, unsigned char digest[SHA256_SIZE])
{
    struct sha256_ctx context;
    sha256_init(&context);
    sha256_update(&context, n, bytes);
    sha256_digest(&context, SHA256_SIZE, digest);
}

struct sha256_sum {
    struct sha256_ctx context;
};

struct sha256_sum *sha256_begin(void)
{
    struct sha256_sum *sum = mem_zero(1, sizeof *sum);
    sha256_init(&sum->context);
    return sum;
}

void sha256_add(struct sha256_sum *sum, const void *bytes, size_t n)
{
    sha256_update(&sum->context, n, bytes);
}

void sha256_end(struct sha256_sum *sum, unsigned char digest[SHA256_SIZE])
{
    sha256_digest(&sum->context, SHA256_SIZE, digest);
    free(sum);
}

void sha256_hex(const unsigned char digest[SHA256_SIZE], char hex[SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < SHA256_SIZE; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * SHA256_SIZE] = 0;
}
