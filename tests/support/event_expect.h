/*
 * A mall for tests of events, and everything that it answers compared with a plain reference:
 * scans, cursors, roll-ups, columns by person, totals, SQL, verify.
 */
#ifndef ATRIUM_TESTS_EVENT_EXPECT_H
#define ATRIUM_TESTS_EVENT_EXPECT_H

#include "tests/support/event_history.h"
#include "tests/support/temp.h"

struct fixture {
    struct arena *arena;
    struct temp_mall temp;
    struct mall *mall;
    struct writer *writer;
    struct error err;
};

enum { EVERY_COLUMN = (1 << 11) - 1 };
static const int64_t year_2024 = 1704067200, day = 86400;

/* Ends the test with the fixture's error unless the call is well. */
#define OK(call) fixture_check(f, (call), #call)
void fixture_check(struct fixture *f, enum status status, const char *what);

/* For cmocka_unit_test_setup_teardown; the state is a struct fixture. */
int event_set_up(void **state);
int event_tear_down(void **state);

/* All columns of all events. */
extern const struct event_query everything;

/* Appends a part of a history, in one transaction or in bulk on several lanes. */
void history_append(struct fixture *f, const struct history *history, size_t from, size_t to,
                    size_t *duplicates);
void history_bulk(struct fixture *f, const struct history *history, size_t from, size_t to,
                  size_t memory, struct event_bulk_counts *counts);

/* What a scan gives, and what everything answers, once the history was appended. */
void expect_scan(struct fixture *f, const struct history *history, const struct event_query *query);
void expect_all(struct fixture *f, const struct history *history, struct dice *dice);

int64_t sql_integer(struct fixture *f, struct reader *reader, const char *sql);

#endif
