#include "tui/text.h"

#include "tui/memory.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    REPLACEMENT = 0xFFFD,
    JOINER = 0x200D,
    RUNES_MAX = 5, /* CCHARW_MAX of curses: one spacing character and four marks */
};

size_t rune_next(const char *at, const char *end, int32_t *rune)
{
    if (at >= end)
        return 0;
    const unsigned char *s = (const unsigned char *)at;
    size_t left = (size_t)(end - at);
    *rune = -1;
    if (s[0] < 0x80) {
        *rune = s[0];
        return 1;
    }
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || n > left)
        return 1;
    uint32_t value = s[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (s[i] & 0x3F);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[n] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return 1;
    *rune = (int32_t)value;
    return n;
}

size_t rune_put(uint32_t rune, char out[4])
{
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    size_t n = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--, rune >>= 6)
        out[i] = (char)(0x80 | (rune & 0x3F));
    out[0] = (char)(lead[n] | rune);
    return n;
}

bool rune_unsafe(int32_t rune)
{
    return rune < 0x20 || (rune >= 0x7F && rune < 0xA0) || rune == 0x61C ||
           (rune >= 0x200E && rune <= 0x200F) || (rune >= 0x2028 && rune <= 0x202E) ||
           (rune >= 0x2066 && rune <= 0x206F) || (rune >= 0xFFF9 && rune <= 0xFFFB);
}

/* The shape that curses and every terminal agree on; 0 width stays for marks. */
static int rune_cells(int32_t rune)
{
    int cells = wcwidth((wchar_t)rune);
    return cells > 2 ? 2 : cells;
}

static bool rune_selects(int32_t rune) /* joiners, variation selectors and tags */
{
    return rune == JOINER || rune == 0x200C || (rune >= 0xFE00 && rune <= 0xFE0F) ||
           (rune >= 0xE0000 && rune <= 0xE0FFF);
}

static bool rune_is_flag_letter(int32_t rune)
{
    return rune >= 0x1F1E6 && rune <= 0x1F1FF;
}

static bool rune_is_skin_tone(int32_t rune)
{
    return rune >= 0x1F3FB && rune <= 0x1F3FF;
}

/* The first character of a cluster, which decides the width. */
static void glyph_start(struct glyph *glyph, int32_t rune)
{
    if (rune == 0xAD)
        rune = '-'; /* soft hyphen: terminals differ on whether it shows */
    if (rune_is_flag_letter(rune))
        rune = 'A' + (rune - 0x1F1E6);
    int cells = rune_unsafe(rune) ? -1 : rune_cells(rune);
    glyph->n = 1;
    glyph->cells = cells > 0 ? cells : 1;
    glyph->runes[0] = cells > 0 ? (wchar_t)rune : REPLACEMENT;
    if (cells != 0 || rune_selects(rune))
        return;
    utf8proc_category_t category = utf8proc_category(rune);
    if (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME) {
        glyph->runes[0] = ' '; /* a mark without a character stands on a space */
        glyph->runes[glyph->n++] = (wchar_t)rune;
    }
}

bool glyph_next(const char **at, const char *end, struct glyph *glyph)
{
    const char *here = *at;
    int32_t rune, next;
    size_t n = rune_next(here, end, &rune);
    if (n == 0)
        return false;
    here += n;
    *at = here;
    glyph_start(glyph, rune);
    if (rune < 0 || rune_is_flag_letter(rune) || (here < end && (unsigned char)*here < 0x80))
        return true;
    utf8proc_int32_t state = 0;
    while ((n = rune_next(here, end, &next)) > 0 && next >= 0) {
        if (utf8proc_grapheme_break_stateful(rune, next, &state))
            break;
        int cells = rune_cells(next);
        if (cells > 0 && rune != JOINER && !rune_is_skin_tone(next))
            break; /* a vowel sign with a width of its own gets cells of its own */
        if (cells == 0 && !rune_selects(next) && glyph->n < RUNES_MAX)
            glyph->runes[glyph->n++] = (wchar_t)next;
        here += n;
        rune = next;
    }
    *at = here;
    return true;
}

int text_cells(const char *text)
{
    const char *end = text + strlen(text);
    struct glyph glyph;
    int cells = 0;
    while (glyph_next(&text, end, &glyph))
        cells += glyph.cells;
    return cells;
}

size_t text_fit(const char *text, int cells, int *used)
{
    const char *at = text, *end = text + strlen(text), *before = text;
    struct glyph glyph;
    int sum = 0;
    while (glyph_next(&at, end, &glyph) && sum + glyph.cells <= cells) {
        sum += glyph.cells;
        before = at;
    }
    if (used)
        *used = sum;
    return (size_t)(before - text);
}

char *text_clean(const char *text, int cells)
{
    size_t length = strlen(text);
    bool cut = false;
    if (cells >= 0 && text_fit(text, cells, NULL) < length) {
        length = text_fit(text, cells > 0 ? cells - 1 : 0, NULL);
        cut = cells > 0;
    }
    /* A bad byte grows to the three of U+FFFD; a lone mark gets a space. */
    char *clean = tui_zero(length * 3 + 4, 1), *out = clean;
    const char *at = text, *end = text + length;
    struct glyph glyph;
    while (glyph_next(&at, end, &glyph))
        for (int i = 0; i < glyph.n; i++)
            out += rune_put((uint32_t)glyph.runes[i], out);
    if (cut)
        memcpy(out, "…", sizeof "…");
    return clean;
}

/* Chinese punctuation that must not begin a line. */
static bool closes(wchar_t rune)
{
    return wcschr(L"，。！？；：、）」』》】〉”’…—％", rune) != NULL;
}

struct wrap {
    struct text_line *lines;
    size_t n, cap;
};

static void wrap_add(struct wrap *wrap, size_t from, size_t to)
{
    if (wrap->n == wrap->cap) {
        wrap->cap = wrap->cap ? wrap->cap * 2 : 8;
        wrap->lines = tui_resize(wrap->lines, wrap->cap, sizeof *wrap->lines);
    }
    wrap->lines[wrap->n++] = (struct text_line){from, to};
}

/* One paragraph (no newline in it), which starts at `base` of the whole text. */
static void wrap_paragraph(struct wrap *wrap, const char *text, const char *end, size_t base,
                           int cells)
{
    const char *at = text, *line = text;
    const char *stop = NULL, *resume = NULL; /* the last place to break: line's end, next's start */
    struct glyph glyph;
    bool wide_before = false;
    int used = 0;
    for (const char *here = at; glyph_next(&at, end, &glyph); here = at) {
        bool space = glyph.n == 1 && glyph.runes[0] == ' ';
        if (here > line && !space && (wide_before || glyph.cells == 2) && !closes(glyph.runes[0]) &&
            resume != here)
            stop = resume = here;
        if (used + glyph.cells > cells && here > line && !space) {
            if (!resume || resume <= line)
                stop = resume = here;
            wrap_add(wrap, base + (size_t)(line - text), base + (size_t)(stop - text));
            at = line = resume;
            stop = resume = NULL;
            used = 0;
            wide_before = false;
            continue;
        }
        used += glyph.cells;
        wide_before = glyph.cells == 2;
        if (space) {
            if (resume != here)
                stop = here;
            resume = at;
        }
    }
    if (resume == end && stop > line)
        end = stop; /* no spaces at the end */
    wrap_add(wrap, base + (size_t)(line - text), base + (size_t)(end - text));
}

size_t text_wrap(const char *text, int cells, struct text_line **lines)
{
    struct wrap wrap = {0};
    const char *at = text;
    while (*at) {
        const char *end = strchrnul(at, '\n');
        wrap_paragraph(&wrap, at, end, (size_t)(at - text), cells > 2 ? cells : 2);
        at = *end ? end + 1 : end;
    }
    *lines = wrap.lines;
    return wrap.n;
}
