/* A small random mall in the file and in memory, a plain reference of the people language that
 * looks at one person at a time, and random expressions for both. */
#ifndef ATRIUM_TESTS_SUPPORT_PEOPLE_WORLD_H
#define ATRIUM_TESTS_SUPPORT_PEOPLE_WORLD_H

#include "model/segment/language.h"
#include "model/segment/segment.h"
#include "tests/support/event_history.h"
#include "tests/support/people.h"

enum { WORLD_PEOPLE = 48, WORLD_EVENTS = 900, WORLD_DAY = 86400 };

struct world_person {
    uint32_t number;
    bool member;
    int tier, topic, district; /* topic -1: none; district 0: none */
    char gender[2];
    int64_t birth; /* day; INT64_MIN: unknown */
    int64_t joined;
    bool sms, app_consent, app, phone, vip, seen;
};

struct world {
    struct temp_mall mall;
    struct world_person people[WORLD_PEOPLE];
    struct test_event events[WORLD_EVENTS * 2];
    size_t n_events;
    int64_t begin;
    struct dice dice;
};

struct world *world_new(uint64_t seed);
void world_free(struct world *w);
uint64_t world_below(struct world *w, uint64_t n);

/* What memory says of a person, to the file. */
void world_person_write(struct world *w, const struct world_person *p);
/* So many random events more, in some days from a time on. */
void world_events(struct world *w, size_t n, int64_t from, int64_t days);

/* The reference. */
struct world_plain {
    const struct world *w;
    const struct world_person *p;
    const struct clock *clock;
    int64_t present;
};

bool world_plain_is(const struct world_plain *c, const struct people_expr *e);

/* An expression of at most so many levels. */
const char *world_text(struct world *w, struct arena *arena, int depth);

#endif
