/*
 * A story (story.h) with what portraits look at beside it - genders, incomes, labels, receipt lines
 * - a group of its people and a period; and a plain reference that counts them person by person.
 */
#ifndef ATRIUM_TESTS_TALE_H
#define ATRIUM_TESTS_TALE_H

#include "model/insight/portrait.h"
#include "tests/support/story.h"

enum { LINES = 500, ITEMS = 6, MOST_ROWS = 64 };

struct tale {
    struct story *story;
    uint32_t number[PEOPLE + 1]; /* of each person in the file */
    int gender[PEOPLE + 1], income[PEOPLE + 1], labelled[PEOPLE + 1];
    size_t n_lines;
    struct event lines[LINES];
    bool in[PEOPLE + 1];
    int64_t from, to, area_from;
};

/* The same seed tells the same tale. Ends the test on an error. */
struct tale *tale_new(uint64_t seed);
void tale_free(struct tale *tale);

/* Another group and another period. */
void tale_ask(struct tale *tale);

/* People (or visits) with something, and those it could be of, by name. */
struct plain_row {
    char name[32];
    int64_t people[2], of[2];
};

struct plain {
    size_t n[PART_COUNT];
    struct plain_row rows[PART_COUNT][MOST_ROWS];
    int64_t of[PART_COUNT][2];
    int64_t seen[2], buyers[2], net[2], gross[2], receipts[2], days[2], visits[2], dwell[2];
    int64_t dwelt[2], addressed[2], responded[2], refunders[2], lined[2], pieces[2];
    int64_t hours[2][7][24];
};

/* Free with free(). */
struct plain *plain_new(const struct tale *tale);

#endif
