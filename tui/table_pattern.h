/*
 * A filter's pattern: PCRE2 with JIT, UTF-8, and limits on the work of one match, so that no
 * pattern stops the screen. Case is ignored unless the pattern has a capital letter.
 */
#ifndef ATRIUM_TUI_TABLE_PATTERN_H
#define ATRIUM_TUI_TABLE_PATTERN_H

#include "tui/draw.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* NULL where it is wrong: *error (caller frees) says why and *at is the byte where. */
struct pattern *table_pattern_new(const char *text, char **error, size_t *at);
void table_pattern_free(struct pattern *pattern);

bool pattern_matches(struct pattern *pattern, const char *text);

/* Up to `max` ranges of bytes that match; empty matches are left out. */
size_t pattern_ranges(struct pattern *pattern, const char *text, struct draw_match *ranges,
                      size_t max);

/* Matches that were given up because they took too much work; they count as no match. */
size_t pattern_given_up(const struct pattern *pattern);

#endif
