/* Inside of the search: folded text, pieces, and where their lists stand. See search.h. */
#ifndef ATRIUM_PEOPLE_SEARCH_INDEX_H
#define ATRIUM_PEOPLE_SEARCH_INDEX_H

#include "model/base/vec.h"
#include "model/people/search.h"

enum { PART_BITS = 18, PART_SIZE = 1 << PART_BITS, PIECE_BITS = 45, QUAD = 4 };

/* Folded text as code points without spaces. `start` marks the first letter of a word. */
struct folded_rune {
    uint32_t rune;
    bool start;
};
typedef VEC(struct folded_rune) folded_text;

/* A name: everything but spaces. A code (card, phone): letters and digits only. Both replace what
 * `out` held; free with vec_free. */
void fold_name(folded_text *out, const char *text, size_t n);
void fold_code(folded_text *out, const char *text, size_t n);

/* True when `piece` stands somewhere in `whole`; at the start of a word if asked. */
bool folded_contains(const folded_text *whole, const folded_text *piece, bool word_start);

/* Chinese, Japanese, Korean: one character says something. */
bool rune_is_wide(uint32_t rune);

/* The pieces by which a name or a code is found, appended to `pieces`. */
typedef VEC(uint64_t) piece_list;
void pieces_of_name(piece_list *pieces, const folded_text *name);
void pieces_of_code(piece_list *pieces, const folded_text *code);

/* The pieces that all who match a searched name (or a code of at least QUAD characters) have. */
void pieces_to_find_name(piece_list *pieces, const folded_text *name);

/* The key of a piece's list in a part, for the lists of build number `build`. */
static inline int64_t piece_key(int64_t build, uint32_t part, uint64_t piece)
{
    return (build & 1) << 60 | (int64_t)part << PIECE_BITS | (int64_t)piece;
}

/* Lists of rising numbers below PART_SIZE as differences of 7 bits a byte. */
size_t list_put(unsigned char *at, uint32_t difference); /* at most 3 bytes */
bool list_take(const unsigned char *bytes, size_t size, uint32_t *at, size_t *n);

#endif
