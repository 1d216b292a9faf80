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

/* Runs SQL on the writer in one transaction. */
void test_run(struct temp_mall *mall, const char *sql);

/* An access as a role has it, with a fixed key; needs no principal. */
struct access test_access(enum access_role role);

#endif
