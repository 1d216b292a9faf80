#include "model/event/refkey.h"

#include "model/base/hash.h"

/*
 * The form of a number, from the top: kind (8 bits), digits where it has leading zeros, else 0 (5),
 * length of the prefix plus one (3), separator (8), prefix (40). A hash has zero for the length.
 */
enum { PREFIX_MAX = 5, DIGITS_MAX = 18, SMALL = 4096, SMALL_DIGITS = 4 };

static const uint64_t big_end = UINT64_C(1) << 50; /* before a small number of 12 bits */

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits; how many, or 0 where there are more than `most`. */
static size_t number_read(const char *at, size_t n, size_t most, uint64_t *number)
{
    size_t i = 0;
    for (*number = 0; i < n && digit(at[i]); i++) {
        if (i == most)
            return 0;
        *number = *number * 10 + (uint64_t)(at[i] - '0');
    }
    return i;
}

static bool number_key(const char *ref, size_t n, struct ref_key *key)
{
    size_t prefix = 0;
    uint64_t form = 0, number, small = 0;
    for (; prefix < n && !digit(ref[prefix]); prefix++) {
        if (prefix == PREFIX_MAX)
            return false;
        form = form << 8 | (unsigned char)ref[prefix];
    }
    size_t digits = number_read(ref + prefix, n - prefix, DIGITS_MAX, &number);
    size_t end = prefix + digits;
    if (digits == 0)
        return false;
    if (end < n) {
        size_t more = number_read(ref + end + 1, n - end - 1, SMALL_DIGITS, &small);
        /* A small number with leading zeros would not be told apart from one without. */
        if (more == 0 || end + 1 + more != n || small >= SMALL || number >= big_end ||
            (more > 1 && ref[end + 1] == '0') || ref[end] == '\0')
            return false;
        form |= (uint64_t)(unsigned char)ref[end] << 40;
        number = number << 12 | small;
    }
    uint64_t zeros = digits > 1 && ref[prefix] == '0' ? digits : 0;
    key->form = (int64_t)(form | (uint64_t)(prefix + 1) << 48 | zeros << 51);
    key->key = (int64_t)number;
    return true;
}

struct ref_key ref_key_of(uint16_t kind, const char *ref, size_t n)
{
    struct ref_key key;
    if (!number_key(ref, n, &key)) {
        key.form = (int64_t)(hash64_seed(ref, n, 0x7265662d6b6579) >> 16);
        key.key = (int64_t)(hash64(ref, n) >> 1);
    }
    key.form = (int64_t)((uint64_t)key.form | (uint64_t)kind << 56);
    return key;
}
