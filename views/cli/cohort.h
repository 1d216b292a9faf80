/* What the commands about cohorts share: retention and lifecycle. */
#ifndef ATRIUM_CLI_COHORT_H
#define ATRIUM_CLI_COHORT_H

#include "model/access/access.h"
#include "model/loop/retention.h"
#include "views/cli/cli.h"

/* --period. */
enum status cohort_length(struct cli *cli, enum bucket_length *length, struct error *err);

/* --from and --to, all events by default. */
enum status cohort_stretch(struct cli *cli, int64_t *from, int64_t *to, struct error *err);

/* --segment: an expression of the people language, or nothing: NULL. Owned by the run. */
enum status cohort_among(struct cli *cli, const struct set **among, struct error *err);

/* The people of an expression, whoever asks: what is shown of them is looked at later. */
enum status cohort_of(struct cli *cli, const char *text, const struct set **people,
                      struct error *err);

/* Names that the mall does not have, on stderr. */
void cohort_notes(const char *const *notes, size_t n);

/* The number of the period that the first n bytes name ("2017-10", or its number from 0) among
 * these; -1: none. */
int64_t cohort_period(struct cli *cli, const struct buckets *buckets, const char *text, size_t n);

/* People as rows; `money` may be NULL. NULL with an error for who may not see them. */
struct sheet *cohort_people(struct cli *cli, const uint32_t *people, const int64_t *money, size_t n,
                            struct error *err);

/* A count of people as JSON: null where it is kept back. */
json_t *cohort_count(const struct access *access, int64_t people);

#endif
