/* SHA-256 as FIPS 180-4 describes it; the letters are its own. */
#include "model/base/arena.h"
#include "model/base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64, ROUNDS = 64, LENGTH_AT = 56 };

struct sha256_sum {
    uint32_t state[8];
    uint64_t n; /* bytes so far */
    unsigned char rest[BLOCK];
};

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void schedule(const unsigned char *block, uint32_t w[ROUNDS])
{
    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
               (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < ROUNDS; t++) {
        uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
        uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
}

static void block_add(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[ROUNDS], v[8];
    schedule(block, w);
    memcpy(v, state, sizeof v);
    for (int t = 0; t < ROUNDS; t++) {
        uint32_t a = v[0], e = v[4];
        uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t choose = (e & v[5]) ^ (~e & v[6]);
        uint32_t first = v[7] + s1 + choose + constants[t] + w[t];
        uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t most = (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += first;
        v[0] = first + s0 + most;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

static void sum_begin(struct sha256_sum *sum)
{
    /* Likewise of the square roots of the first eight. */
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    *sum = (struct sha256_sum){0};
    memcpy(sum->state, start, sizeof start);
}

static void sum_end(struct sha256_sum *sum, unsigned char digest[SHA256_SIZE])
{
    uint64_t bits = sum->n * 8;
    unsigned char end[2 * BLOCK] = {0x80}, length[8];
    size_t used = sum->n % BLOCK;
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)(bits >> (56 - 8 * i));
    sha256_add(sum, end, used < LENGTH_AT ? LENGTH_AT - used : BLOCK + LENGTH_AT - used);
    sha256_add(sum, length, sizeof length);
    for (int i = 0; i < SHA256_SIZE; i++)
        digest[i] = (unsigned char)(sum->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_add(struct sha256_sum *sum, const void *bytes, size_t n)
{
    const unsigned char *from = bytes;
    size_t used = sum->n % BLOCK;
    sum->n += n;
    if (used && n >= BLOCK - used) {
        memcpy(sum->rest + used, from, BLOCK - used);
        block_add(sum->state, sum->rest);
        from += BLOCK - used;
        n -= BLOCK - used;
        used = 0;
    }
    for (; n >= BLOCK; from += BLOCK, n -= BLOCK)
        block_add(sum->state, from);
    if (n)
        memcpy(sum->rest + used, from, n);
}

struct sha256_sum *sha256_begin(void)
{
    struct sha256_sum *sum = mem_alloc(sizeof *sum);
    sum_begin(sum);
    return sum;
}

void sha256_end(struct sha256_sum *sum, unsigned char digest[SHA256_SIZE])
{
    sum_end(sum, digest);
    free(sum);
}

void sha256(const void *bytes, size_t n, unsigned char digest[SHA256_SIZE])
{
    struct sha256_sum sum;
    sum_begin(&sum);
    sha256_add(&sum, bytes, n);
    sum_end(&sum, digest);
}
