/* How long points live: the table points_terms, "earned from then on, good to the end of so many
 * months after the month they were earned in". Months are of mall days. */
#ifndef ATRIUM_CAMPAIGN_POINTS_TERMS_H
#define ATRIUM_CAMPAIGN_POINTS_TERMS_H

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/store/reader.h"

#define POINTS_NEVER INT64_MAX

struct points_term {
    int64_t since;  /* time */
    int32_t months; /* 0: for ever */
};

/* Terms in force, with the months already looked up. One for each thread: points_terms_copy. */
struct points_terms {
    const struct clock *clock;
    VEC(struct points_term) terms; /* rising by since */
    struct points_span {
        int64_t from, to, expires;
    } last;
    VEC(struct points_span) spans; /* disjoint and rising */
};

enum status points_terms_read(struct reader *reader, struct points_terms *terms, struct error *err);
/* "2024-01-01" as a date number; false for anything else. */
bool points_day_read(const char *text, int32_t *day);

void points_terms_copy(struct points_terms *to, const struct points_terms *from);
void points_terms_free(struct points_terms *terms);

/* The moment from which points of this time are no longer good; POINTS_NEVER. */
int64_t points_expiry(struct points_terms *terms, int64_t time);

#endif
