/* A group of people at a glance: one line of portrait, from the members' columns alone, for the
 * form while an audience is edited. */
#ifndef ATRIUM_CAMPAIGN_GLANCE_H
#define ATRIUM_CAMPAIGN_GLANCE_H

#include "model/base/set.h"
#include "model/store/reader.h"

struct glance {
    int64_t people, members;
    int64_t women, men; /* where it is known */
    int64_t with_age;
    int median_age;   /* -1: nobody's is known */
    const char *tier; /* the commonest level; "": nobody has one */
    int64_t of_tier;
};

/* Between reader_begin and reader_end. Owned by the arena. */
enum status glance_take(struct reader *reader, struct arena *arena, const struct set *people,
                        struct glance *glance, struct error *err);

#endif
