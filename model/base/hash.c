#include "model/base/hash.h"

#include "model/base/late.h"
#include "sonames.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
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

/* ---- SHA-256 ---- */

static struct {
    LATE_MEMBER(SHA256)
} crypto;

static void crypto_load(void)
{
    static const char *const names[] = {LATE_NAME(SHA256)};
    struct error err = {0};
    if (late_load(SONAME_CRYPTO, names, 1, &crypto, &err) == ST_OK)
        return;
    fprintf(stderr, "atrium: %s\n",
            error_text(&err)); /* as the loader says it of other libraries */
    abort();
}

void sha256(const void *bytes, size_t n, unsigned char digest[SHA256_SIZE])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, crypto_load);
    crypto.SHA256(bytes, n, digest);
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
