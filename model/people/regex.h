/* A regular expression over short texts, with limits: PCRE2 with its compiler. A pattern without
 * upper-case letters matches either case. */
#ifndef ATRIUM_PEOPLE_REGEX_H
#define ATRIUM_PEOPLE_REGEX_H

#include "model/base/status.h"

#include <stdbool.h>

struct regex;

/* ST_USAGE with the position where it cannot be read. Free with regex_free (NULL is fine). */
enum status regex_new(const char *text, struct regex **pattern, struct error *err);
void regex_free(struct regex *pattern);

/* For one thread at a time. ST_USAGE where the pattern takes too many steps on this text. */
enum status regex_match(struct regex *pattern, const char *text, bool *matches, struct error *err);

#endif
