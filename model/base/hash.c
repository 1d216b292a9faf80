#include "model/base/hash.h"

#include "model/base/arena.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
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
    SHA256(bytes, n, digest);
}

struct sha256_stream {
    EVP_MD_CTX *context;
};

struct sha256_stream *sha256_begin(void)
{
    struct sha256_stream *stream = mem_zero(1, sizeof *stream);
    stream->context = EVP_MD_CTX_new();
    if (!stream->context || EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory, as everywhere */
    return stream;
}

void sha256_add(struct sha256_stream *stream, const void *bytes, size_t n)
{
    EVP_DigestUpdate(stream->context, bytes, n);
}

void sha256_end(struct sha256_stream *stream, unsigned char digest[SHA256_SIZE])
{
    EVP_DigestFinal_ex(stream->context, digest, NULL);
    EVP_MD_CTX_free(stream->context);
    free(stream);
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
