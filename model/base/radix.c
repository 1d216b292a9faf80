#include "model/base/radix.h"

#include <string.h>

enum { FEW = 48, VALUES = 256, TOP_SHIFT = 56 };

static void few_sort(uint64_t *at, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t word = at[i];
        size_t k = i;
        for (; k > 0 && at[k - 1] > word; k--)
            at[k] = at[k - 1];
        at[k] = word;
    }
}

/* Moves every word into the stretch of its byte: each cycle begins with the first word that is not
 * in place and ends where that one came from. */
static void words_deal(uint64_t *at, const size_t counts[VALUES], int shift)
{
    size_t next[VALUES], end[VALUES], sum = 0;
    for (int v = 0; v < VALUES; v++) {
        next[v] = sum;
        sum += counts[v];
        end[v] = sum;
    }
    for (int v = 0; v < VALUES; v++)
        while (next[v] < end[v]) {
            uint64_t word = at[next[v]];
            for (int b = word >> shift & 0xFF; b != v; b = word >> shift & 0xFF) {
                uint64_t swap = at[next[b]];
                at[next[b]++] = word;
                word = swap;
            }
            at[next[v]++] = word;
        }
}

static void words_sort_from(uint64_t *at, size_t n, int shift)
{
    size_t counts[VALUES];
    for (;; shift -= 8) {
        if (n <= FEW) {
            few_sort(at, n);
            return;
        }
        memset(counts, 0, sizeof counts);
        for (size_t i = 0; i < n; i++)
            counts[at[i] >> shift & 0xFF]++;
        if (counts[at[0] >> shift & 0xFF] < n)
            break; /* a byte in which they differ */
        if (shift == 0)
            return;
    }
    words_deal(at, counts, shift);
    for (int v = 0; v < VALUES && shift; at += counts[v++])
        words_sort_from(at, counts[v], shift - 8);
}

void words_sort(uint64_t *at, size_t n)
{
    words_sort_from(at, n, TOP_SHIFT);
}

size_t words_unique(uint64_t *at, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!kept || at[kept - 1] != at[i])
            at[kept++] = at[i];
    return kept;
}
