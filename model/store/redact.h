/*
 * Taking a person out of what was written down about changes: the audit, operations, rows that
 * imports refused, what people left open. A record of the audit keeps who did what when; its
 * payload goes, and with it the salt, so that its hash says nothing.
 */
#ifndef ATRIUM_STORE_REDACT_H
#define ATRIUM_STORE_REDACT_H

#include "model/store/writer.h"

#include <jansson.h>

/* What a person is known by: first what is this person's alone (cards, phones, addresses), then
 * what others may have as well (a name): that goes where the person is meant, and stays where
 * another of that name is. A text of fewer than REDACT_LEAST bytes, and a number ("#17"), counts
 * only where it is a whole value, as it may well stand inside others. */
enum { REDACT_LEAST = 5 };
struct redaction {
    const char *const *texts;
    size_t n, n_own;                              /* the first n_own are this person's alone */
    int64_t audit, operations, refused, sessions; /* out: rows changed */
    json_t *records;                              /* out: their numbers; the caller's */
};

/* In a transaction. */
enum status redact_run(struct writer *writer, struct redaction *redaction, struct error *err);

/* A text with what a person is known by replaced; the caller's to free. */
char *redact_text(const struct redaction *redaction, const char *text);

#endif
