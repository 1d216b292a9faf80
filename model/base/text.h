/*
 * Text: UTF-8 checking, quoting outside bytes for messages, strict number parsing, and how amounts
 * are written. Everything here is independent of the C locale.
 */
#ifndef ATRIUM_BASE_TEXT_H
#define ATRIUM_BASE_TEXT_H

#include "model/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the n bytes are well-formed UTF-8 without NUL, control characters below U+0020 other
 * than tab, or U+007F..U+009F. What is stored in a mall file as text passes this. */
bool text_valid(const char *bytes, size_t n);

/* Decodes one code point at `at` (n bytes left, n > 0) into *rune and returns its length; an
 * ill-formed sequence gives U+FFFD and length 1. */
size_t text_rune(const char *at, size_t n, uint32_t *rune);

/* Writes one code point as UTF-8 into out[4]; returns its length. */
size_t text_put_rune(uint32_t rune, char out[4]);

/* Outside bytes for an error message: quoted with '...', control characters and ill-formed bytes as
 * \xNN, cut after about 60 characters with "…". Owned by the arena. */
char *text_quote(struct arena *arena, const char *bytes, size_t n);
/* The same of what another program gives as its reason: without quotes, about 600 characters. */
char *text_sentence(struct arena *arena, const char *bytes, size_t n);

/* Whole-string parsers: true only when all n bytes are one number in range. No spaces, no locale.
 */
bool text_to_int64(const char *bytes, size_t n, int64_t *value);
bool text_to_double(const char *bytes, size_t n, double *value);

/* "12", "12.3", "-12.34" in currency units to hundredths (fen). More decimals are refused unless
 * they are zeros. */
bool text_to_fen(const char *bytes, size_t n, int64_t *fen);

/* A plain decimal in currency units, "1234.50" or "1234" where there are no hundredths. */
char *text_from_fen(struct arena *arena, int64_t fen);

/* For people: "1,284,930", "-1,234.50". */
char *text_count(struct arena *arena, int64_t value);
char *text_money(struct arena *arena, int64_t fen);

/* A duration for people in at most two units: "41 s", "58 min", "3 h 05", "12 d". */
char *text_duration(struct arena *arena, int64_t seconds);

/* "30s 5m 12h 14d" to seconds; true when all of it was read. */
bool text_to_duration(const char *text, int64_t *seconds);

/* Canonical form of a MAC ("aa:bb:cc:dd:ee:ff", also with '-' or without separators) as 48 bits.
 * False for anything else, such as a hash. */
bool text_to_mac(const char *bytes, size_t n, uint64_t *mac);

/* IEEE 802: the second least significant bit of the first octet set means a locally administered,
 * in practice randomised, address. */
bool mac_is_random(uint64_t mac);

/* ASCII case is ignored. */
bool text_equal_nocase(const char *a, const char *b);

/* Whether the word is among `words`, which single blanks separate. */
bool text_has_word(const char *words, const char *word);

/* The candidate nearest to `word` by edit distance, for "did you mean"; NULL when none is near. */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

#endif
