#include "model/base/random.h"

#include "model/base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static _Thread_local uint64_t fixed;

void random_fix(uint64_t seed)
{
    fixed = seed;
}

void random_bytes(void *bytes, size_t n)
{
    unsigned char *at = bytes;
    for (size_t part; n; at += part, n -= part) {
        part = n < sizeof fixed ? n : sizeof fixed;
        if (fixed) {
            uint64_t word = hash_mix(fixed++);
            memcpy(at, &word, part);
        } else if (getrandom(at, part, 0) != (ssize_t)part) {
            abort();
        }
    }
}

void random_hex(char *text, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        unsigned char byte;
        random_bytes(&byte, 1);
        text[2 * i] = digits[byte >> 4];
        text[2 * i + 1] = digits[byte & 15];
    }
    text[2 * n] = 0;
}
