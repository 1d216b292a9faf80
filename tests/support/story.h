/*
 * A random mall of few people and many events, and a plain reference that counts every metric of it
 * by looking at everything: what the surveys of model/loop are tested against.
 */
#ifndef ATRIUM_TESTS_STORY_H
#define ATRIUM_TESTS_STORY_H

#include "model/loop/survey.h"
#include "tests/support/temp.h"

enum {
    PEOPLE = 60,
    TENANTS = 5,
    ZONES = 3,
    CHANNELS = 3,
    CAMPAIGNS = 2,
    CROWDS = 3,
    TOPICS = 2,
    RELATIONS = 30,
    DAYS = 75,
    MOST_EVENTS = 4000,
};

/* People are told of by numbers from 1 on; in half of the malls their numbers in the file lie in
 * three blocks of events. */
struct story {
    uint64_t seed;
    bool spread;
    struct arena *arena;
    char *folder, *path;
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    int64_t start;
    size_t n;
    struct event events[MOST_EVENTS];
    uint32_t relation[RELATIONS][2];
    int relation_kind[RELATIONS];
    int64_t relation_since[RELATIONS]; /* 0: not known */
    bool in_crowd[CROWDS + 1][PEOPLE + 1], likes[TOPICS][PEOPLE + 1];
    uint32_t tenant_zone[TENANTS + 1], tenant_category[TENANTS + 1]; /* category 0: none */
    bool smart[TENANTS + 1];
    bool reachable[PEOPLE + 1];
};

/* The same seed tells the same story. Ends the test on an error. */
struct story *story_new(uint64_t seed);
void story_free(struct story *story);

/* The next number of the story's dice, below n. */
uint64_t draw(struct story *story, uint64_t n);

enum { KEYS = DAYS * 24 + 200 };

/* `sums` by metric, dimension and key; days and day hours count from the period's first day. */
struct reference {
    const struct story *story;
    int64_t from, to;
    int32_t first_day;
    struct sum sums[METRIC_END][DIM_COUNT][KEYS];
    int64_t first_presence[PEOPLE + 1], registered[PEOPLE + 1];
    bool active[PEOPLE + 1], acted[PEOPLE + 1], together[PEOPLE + 1], visitor[PEOPLE + 1];
    bool addressed[PEOPLE + 1], answered[PEOPLE + 1];
    bool active_on[PEOPLE + 1][DAYS + 3], engaged_on[PEOPLE + 1][DAYS + 3];
    size_t n_visits;
    struct naive_visit {
        uint32_t person;
        int64_t start, end;
    } visits[MOST_EVENTS];
};

/* Free with free(). */
struct reference *reference_new(const struct story *story, int64_t from, int64_t to);

/* What a key of a dimension counts from: the period's first day. */
int64_t key_base(const struct reference *reference, enum dimension dim);

#endif
