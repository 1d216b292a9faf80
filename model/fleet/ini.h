/*
 * Configuration texts: `[section]` and `key = value` lines, one laid over another, and words in
 * braces that stand for what a device is.
 *
 * Nothing is written anew that need not be: comments, empty lines and the order stay as they are
 * in the text below; of the one above only its keys count.
 */
#ifndef ATRIUM_FLEET_INI_H
#define ATRIUM_FLEET_INI_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdbool.h>

enum { INI_MOST = 1 << 16 }; /* bytes of a text */

/* ST_REFUSED naming the first line that is no comment, `[section]` or `key = value`: "line 3: …".
 */
enum status ini_check(const char *text, struct error *err);

/* `over` laid over `base`: a key that both have gets the line of `over` in its place (a key that
 * stands twice in `base` once), one that `base` has not is put at the end of its section, a new
 * section at the end of all. Sections and keys are compared as they are written. Both texts have
 * passed ini_check, or lines that did not are kept as they are. Owned by the arena. */
const char *ini_overlay(struct arena *arena, const char *base, const char *over);

/* What words in braces stand for: {device} {kind} … */
struct ini_word {
    const char *name, *value;
};

/* ST_REFUSED naming the first `{word}` of lower-case letters that is none of `words`. */
enum status ini_words_check(const char *text, const struct ini_word *words, size_t n,
                            struct error *err);
/* Whether there is any. */
bool ini_has_words(const char *text);
/* The text with its words replaced; other braces stay. Owned by the arena. */
const char *ini_words_fill(struct arena *arena, const char *text, const struct ini_word *words,
                           size_t n);

#endif
