/*
 * A sample of the people, for a first answer before the exact one.
 *
 * People are numbered as they come, so early blocks of them differ from late ones: the sample takes
 * blocks at equal distances over all of them, and of the events of nobody every so many-th mall
 * day. While a reader looks at a sample, its scans (event_scan, event_scan_parallel,
 * person_times_each) see nothing else; what reads rows asks sample_people. Counts of the sample ÷
 * its share are estimates of everybody's: sample_estimate. Blocks are clusters (who came in the
 * same week is in one), so an estimate of what happens to newcomers of a short time is rough; rates
 * are better than counts.
 */
#ifndef ATRIUM_EVENT_SAMPLE_H
#define ATRIUM_EVENT_SAMPLE_H

#include "model/event/event.h"

struct sample {
    uint8_t *blocks;   /* by block: 1 where it is looked at */
    uint32_t n_blocks; /* of all people */
    uint32_t n_taken;  /* that are looked at, at most n_blocks */
    uint32_t people;   /* highest number + 1, of all */
    double share;      /* of the people, above 0 to 1 */
};

/* The number of blocks that people have: what a sample is taken of. */
enum status sample_blocks(struct reader *reader, uint32_t *n, struct error *err);

/* Some `wanted` blocks, at least one and at most all. Owned by the arena; inside reader_begin. */
enum status sample_take(struct reader *reader, struct arena *arena, uint32_t wanted,
                        struct sample *sample, struct error *err);

/* From now on the reader looks at the sample, which must stay; NULL: at everybody again. */
void sample_look(struct reader *reader, const struct sample *sample);

/* What the reader looks at; NULL: everybody. And its share: 1 for everybody. */
const struct sample *sample_of(const struct reader *reader);
double sample_share(const struct reader *reader);

/* The people of the sample, for what is no scan; NULL: everybody. Owned by the arena. */
const struct set *sample_people(const struct reader *reader, struct arena *arena);

bool sample_has_block(const struct sample *sample, int32_t block);
bool sample_has_day(const struct sample *sample, int32_t day); /* of nobody's events */

/* What a count of the sample says of everybody: count ÷ share, rounded to the power of ten below
 * its standard error (√count ÷ share, as of independent people), so that no digit is shown that
 * means nothing. 0 stays 0 and a negative count is that of its opposite. With share 1 the count
 * itself. */
int64_t sample_estimate(double share, int64_t count);

/* The same for a sum over `count` people: as many digits as the count has. */
int64_t sample_estimate_sum(double share, int64_t sum, int64_t count);

#endif
