/* How an SMS counts. The alphabet is the default one of 3GPP TS 23.038, 6.2.1 and 6.2.1.1. */
#include "model/base/text.h"
#include "model/campaign/template.h"

#include <string.h>

enum {
    GSM_ONE = 160,  /* 140 bytes of 7 bits */
    GSM_PART = 153, /* less 6 bytes of header, and a fill bit */
    UCS_ONE = 70,
    UCS_PART = 67,
};

/* The characters of the basic table that are not ASCII. */
static const uint16_t gsm_other[] = {
    0x00A3, 0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC, 0x00F2, 0x00C7, 0x00D8, 0x00F8,
    0x00C5, 0x00E5, 0x0394, 0x03A6, 0x0393, 0x039B, 0x03A9, 0x03A0, 0x03A8, 0x03A3,
    0x0398, 0x039E, 0x00C6, 0x00E6, 0x00DF, 0x00C9, 0x00A4, 0x00A1, 0x00C4, 0x00D6,
    0x00D1, 0x00DC, 0x00A7, 0x00BF, 0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0,
};

/* Septets of a character; 0: it is not in the alphabet. */
static int gsm_units(uint32_t rune)
{
    if (rune == '\n' || rune == '\r')
        return 1;
    if (rune == 0x20AC || (rune < 0x7F && strchr("^{}\\[~]|\f", (int)rune) && rune))
        return 2;
    if (rune == '`' || rune < 0x20)
        return 0;
    if (rune < 0x7F)
        return 1;
    for (size_t i = 0; i < sizeof gsm_other / sizeof *gsm_other; i++)
        if (gsm_other[i] == rune)
            return 1;
    return 0;
}

static int units_of(uint32_t rune, bool ucs2)
{
    return !ucs2 ? gsm_units(rune) : rune > 0xFFFF ? 2 : 1;
}

/* Parts when each holds `size` units; *left: what is free in the last. */
static int parts_of(const char *text, bool ucs2, int size, int *left)
{
    size_t n = strlen(text);
    int parts = n > 0, used = 0;
    for (size_t i = 0; i < n;) {
        uint32_t rune;
        i += text_rune(text + i, n - i, &rune);
        int units = units_of(rune, ucs2);
        if (used + units > size) {
            parts++;
            used = 0;
        }
        used += units;
    }
    *left = size - used;
    return parts;
}

struct sms_count sms_count(const char *text)
{
    struct sms_count count = {0};
    size_t n = strlen(text);
    for (size_t i = 0; i < n && !count.ucs2;) {
        uint32_t rune;
        size_t step = text_rune(text + i, n - i, &rune);
        count.ucs2 = gsm_units(rune) == 0;
        if (count.ucs2)
            memcpy(count.why, text + i, step);
        i += step;
    }
    for (size_t i = 0; i < n;) {
        uint32_t rune;
        i += text_rune(text + i, n - i, &rune);
        count.units += units_of(rune, count.ucs2);
    }
    bool one = count.units <= (count.ucs2 ? UCS_ONE : GSM_ONE);
    int size = count.ucs2 ? (one ? UCS_ONE : UCS_PART) : (one ? GSM_ONE : GSM_PART);
    count.parts = parts_of(text, count.ucs2, size, &count.left);
    return count;
}
