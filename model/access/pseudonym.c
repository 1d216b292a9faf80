#include "model/access/access.h"

#include <string.h>

/*
 * A Feistel network of eight rounds over the two halves of a person number, with SipHash-2-4
 * (Aumasson and Bernstein, 2012) as its round function: a permutation of 32-bit numbers that
 * nobody without the key can compute.
 */

enum { ROUNDS = 8, DIGITS = 7 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* no I, L, O, U */

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash-2-4 of one 64-bit word. */
static uint64_t sip_word(const uint64_t key[2], uint64_t word)
{
    uint64_t v[4] = {key[0] ^ 0x736F6D6570736575u, key[1] ^ 0x646F72616E646F6Du,
                     key[0] ^ 0x6C7967656E657261u, key[1] ^ 0x7465646279746573u};
    const uint64_t blocks[2] = {word, (uint64_t)8 << 56};
    for (int b = 0; b < 2; b++) {
        v[3] ^= blocks[b];
        sip_round(v);
        sip_round(v);
        v[0] ^= blocks[b];
    }
    v[2] ^= 0xFF;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint32_t permute(const uint64_t key[2], uint32_t x, bool back)
{
    uint32_t left = x >> 16, right = x & 0xFFFF;
    for (int i = 0; i < ROUNDS; i++) {
        unsigned round = (unsigned)(back ? ROUNDS - 1 - i : i);
        uint32_t from = back ? left : right;
        uint32_t mixed = (uint32_t)(sip_word(key, (uint64_t)round << 16 | from) & 0xFFFF);
        if (back) {
            left = right ^ mixed;
            right = from;
        } else {
            right = left ^ mixed;
            left = from;
        }
    }
    return left << 16 | right;
}

void pseudonym_write(const uint64_t key[2], uint32_t person, char text[PSEUDONYM_SIZE])
{
    uint32_t x = permute(key, person, false);
    text[0] = 'P';
    text[1] = '-';
    for (int i = 0; i < DIGITS; i++)
        text[2 + i] = alphabet[(uint64_t)x >> (5 * (DIGITS - 1 - i)) & 31];
    text[2 + DIGITS] = '\0';
}

static bool digits_read(const char *text, uint32_t *number)
{
    if (strlen(text) != 2 + DIGITS || (text[0] != 'P' && text[0] != 'p') || text[1] != '-')
        return false;
    uint64_t x = 0;
    for (int i = 0; i < DIGITS; i++) {
        char c = text[2 + i];
        const char *digit = strchr(alphabet, c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        if (!digit)
            return false;
        x = x << 5 | (uint64_t)(digit - alphabet);
    }
    *number = (uint32_t)x;
    return x <= UINT32_MAX;
}

bool pseudonym_read(const uint64_t key[2], const char *text, uint32_t *person)
{
    uint32_t number;
    if (!digits_read(text, &number))
        return false;
    *person = permute(key, number, true);
    return true;
}

uint32_t pseudonym_number(const char *text)
{
    uint32_t number;
    return digits_read(text, &number) ? number : 0;
}
