#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/people/search_index.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* What a piece is made from stands in its top bits, the piece itself or a hash of it below. Hashed
 * pieces share lists now and then; every hit is checked against the row anyway. */
enum piece_class { PIECE_WIDE = 1, PIECE_START, PIECE_PAIR, PIECE_QUAD };
enum { CLASS_SHIFT = 42, PAIR_MASK = 0x7FFF, QUAD_MASK = 0xFFFF };

bool rune_is_wide(uint32_t rune)
{
    return rune >= 0x2E80 && !(rune >= 0xFB00 && rune < 0x1F000);
}

/* Folding changes neither ASCII (but for case) nor the common Chinese characters. */
static bool is_plain(uint32_t rune)
{
    return rune < 0x80 || (rune >= 0x4E00 && rune <= 0x9FFF);
}

static void fold_plain(folded_text *out, const char *text, size_t n)
{
    bool start = true;
    for (size_t at = 0; at < n;) {
        uint32_t rune;
        at += text_rune(text + at, n - at, &rune);
        if (rune == ' ' || rune == '\t') {
            start = true;
            continue;
        }
        if (rune >= 'A' && rune <= 'Z')
            rune += 'a' - 'A';
        vec_push(out, (struct folded_rune){rune, start});
        start = false;
    }
}

static void fold_any(folded_text *out, const char *text, size_t n)
{
    utf8proc_uint8_t *folded = NULL;
    utf8proc_ssize_t size =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &folded,
                     UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK |
                         UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
    /* Ill-formed text cannot be folded; it is compared as it stands. */
    if (size < 0)
        fold_plain(out, text, n);
    else
        fold_plain(out, (const char *)folded, (size_t)size);
    free(folded);
}

void fold_name(folded_text *out, const char *text, size_t n)
{
    out->n = 0;
    bool plain = true;
    for (size_t at = 0; plain && at < n;) {
        uint32_t rune;
        at += text_rune(text + at, n - at, &rune);
        plain = is_plain(rune);
    }
    if (plain)
        fold_plain(out, text, n);
    else
        fold_any(out, text, n);
}

static bool is_code(uint32_t rune)
{
    return (rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') || rune >= 0x80;
}

void fold_code(folded_text *out, const char *text, size_t n)
{
    fold_name(out, text, n);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++)
        if (is_code(out->at[i].rune))
            out->at[kept++] = out->at[i];
    out->n = kept;
}

bool folded_contains(const folded_text *whole, const folded_text *piece, bool word_start)
{
    for (size_t at = 0; at + piece->n <= whole->n; at++) {
        size_t i = 0;
        while (i < piece->n && whole->at[at + i].rune == piece->at[i].rune)
            i++;
        if (i == piece->n && (!word_start || whole->at[at].start))
            return true;
    }
    return false;
}

char *search_fold_text(struct arena *arena, const char *text, size_t n)
{
    folded_text folded = {0};
    fold_name(&folded, text, n);
    char *out = arena_alloc(arena, folded.n * 4 + 1);
    size_t size = 0;
    for (size_t i = 0; i < folded.n; i++)
        size += text_put_rune(folded.at[i].rune, out + size);
    out[size] = '\0';
    vec_free(&folded);
    return out;
}

static uint64_t piece(enum piece_class class, uint64_t payload)
{
    return (uint64_t) class << CLASS_SHIFT | payload;
}

static uint64_t pair_piece(uint32_t a, uint32_t b)
{
    return piece(PIECE_PAIR, hash_mix((uint64_t)a << 21 | b) & PAIR_MASK);
}

static void put_pairs(piece_list *pieces, const folded_text *name)
{
    for (size_t i = 0; i + 1 < name->n; i++)
        vec_push(pieces, pair_piece(name->at[i].rune, name->at[i + 1].rune));
}

static void put_wide(piece_list *pieces, const folded_text *name)
{
    for (size_t i = 0; i < name->n; i++)
        if (rune_is_wide(name->at[i].rune))
            vec_push(pieces, piece(PIECE_WIDE, name->at[i].rune));
}

void pieces_of_name(piece_list *pieces, const folded_text *name)
{
    for (size_t i = 0; i < name->n; i++)
        if (name->at[i].start && !rune_is_wide(name->at[i].rune))
            vec_push(pieces, piece(PIECE_START, name->at[i].rune));
    put_wide(pieces, name);
    put_pairs(pieces, name);
}

void pieces_to_find_name(piece_list *pieces, const folded_text *name)
{
    if (name->n == 1 && !rune_is_wide(name->at[0].rune))
        vec_push(pieces, piece(PIECE_START, name->at[0].rune));
    put_wide(pieces, name);
    put_pairs(pieces, name);
}

void pieces_of_code(piece_list *pieces, const folded_text *code)
{
    for (size_t i = 0; i + QUAD <= code->n; i++) {
        uint64_t mixed = 0;
        for (size_t k = 0; k < QUAD; k++)
            mixed = hash_mix(mixed ^ code->at[i + k].rune);
        vec_push(pieces, piece(PIECE_QUAD, mixed & QUAD_MASK));
    }
}

size_t list_put(unsigned char *at, uint32_t difference)
{
    size_t n = 0;
    for (; difference >= 0x80; difference >>= 7)
        at[n++] = (unsigned char)(difference | 0x80);
    at[n++] = (unsigned char)difference;
    return n;
}

bool list_take(const unsigned char *bytes, size_t size, uint32_t *at, size_t *n)
{
    uint32_t last = 0;
    size_t count = 0;
    for (size_t i = 0; i < size;) {
        uint32_t difference = 0;
        for (int shift = 0;; shift += 7) {
            if (i == size || shift > 14)
                return false;
            difference |= (uint32_t)(bytes[i] & 0x7F) << shift;
            if (!(bytes[i++] & 0x80))
                break;
        }
        last += difference;
        if (last >= PART_SIZE)
            return false;
        at[count++] = last;
    }
    *n = count;
    return true;
}
