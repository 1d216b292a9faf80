#include "model/fleet/clean.h"

#include "model/base/text.h"

#include <string.h>

/* What is not seen but does something to what is: directions, joins, tags, and the marks of byte
 * order and of lines that some terminals obey. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},
    {0x180B, 0x180F}, {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xD800, 0xDFFF}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool shown(uint32_t rune, bool lines)
{
    if (rune == '\n' || rune == '\t')
        return lines;
    if (rune < 0x20 || (rune >= 0x7F && rune < 0xA0) || rune > 0x10FFFF)
        return false;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (rune >= hidden[i].first && rune <= hidden[i].last)
            return false;
    return true;
}

bool device_rune_shown(uint32_t rune)
{
    return shown(rune, false);
}

char *device_clean(struct arena *arena, const char *bytes, size_t n, size_t most, bool lines,
                   bool *cut)
{
    static const char mark[] = "\xEF\xBF\xBD";
    size_t room = n < most / 3 + 1 ? 3 * n : most, used = 0, at = 0;
    char *text = arena_alloc(arena, room + 4 + 1);
    bool marked = false;
    while (at < n) {
        uint32_t rune;
        size_t size = text_rune(bytes + at, n - at, &rune);
        bool ill = rune == 0xFFFD && size == 1;
        /* A line that ends with CR LF is just a line. */
        if (lines && rune == '\r' && at + 1 < n && bytes[at + 1] == '\n') {
            at++;
            continue;
        }
        bool good = !ill && shown(rune, lines);
        size_t needed = good ? size : sizeof mark - 1;
        if (good || !marked) {
            if (used + needed > most)
                break;
            memcpy(text + used, good ? bytes + at : mark, needed);
            used += needed;
        }
        marked = !good;
        at += size;
    }
    text[used] = '\0';
    if (cut)
        *cut = at < n;
    return text;
}

const char *device_clean_column(sqlite3_stmt *stmt, int column, struct arena *arena, size_t most)
{
    const char *bytes = (const char *)sqlite3_column_text(stmt, column);
    size_t n = (size_t)sqlite3_column_bytes(stmt, column);
    return bytes ? device_clean(arena, bytes, n, most, false, NULL) : "";
}
