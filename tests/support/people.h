/* Help for tests about people: members by hand, access of every role. */
#ifndef ATRIUM_TESTS_PEOPLE_H
#define ATRIUM_TESTS_PEOPLE_H

#include "model/access/access.h"
#include "tests/support/temp.h"

/* What a member's row holds; NULL text is "". */
struct test_member {
    uint32_t person;
    const char *card, *name, *phone, *tier, *gender;
    int64_t joined;
};

/* Inserts members (with a card identity, and a phone identity where there is one), raises the
 * 'person' counter, in one transaction. */
void test_members_add(struct temp_mall *mall, const struct test_member *members, size_t n);

/* An event with names in place of numbers; NULL and 0: none. Amounts in fen or points. */
struct test_event {
    int64_t time;
    uint32_t person;
    const char *kind, *tenant, *zone, *channel, *device;
    int64_t amount;
    const char *ref;
};

/* Appends them in one transaction; tenants, zones, devices and channels that are new get a row. */
void test_events_add(struct temp_mall *mall, const struct test_event *events, size_t n);

/* Local time at the mall (Asia/Shanghai) to UTC seconds. */
int64_t test_time(int year, int month, int day, int hour, int minute);

/* Runs SQL on the writer in one transaction. */
void test_run(struct temp_mall *mall, const char *sql);

/* An access as a role has it, with a fixed key; needs no principal. */
struct access test_access(enum access_role role);

#endif
