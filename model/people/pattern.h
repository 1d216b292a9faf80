/* A regular expression over short texts, with limits: PCRE2 with its compiler. A pattern without
 * upper-case letters matches either case. */
#ifndef ATRIUM_PEOPLE_PATTERN_H
#define ATRIUM_PEOPLE_PATTERN_H

#include "model/base/status.h"

#include <stdbool.h>

struct pattern;

/* ST_USAGE with the position where it cannot be read. Free with pattern_free (NULL is fine). */
enum status pattern_new(const char *text, struct pattern **pattern, struct error *err);
void pattern_free(struct pattern *pattern);

/* For one thread at a time. ST_USAGE where the pattern takes too many steps on this text. */
enum status pattern_match(struct pattern *pattern, const char *text, bool *matches,
                          struct error *err);

#endif
