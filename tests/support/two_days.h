/* A small mall of two days whose right answers were worked out by hand: three members, a device,
 * three shops. */
#ifndef ATRIUM_TESTS_SUPPORT_TWO_DAYS_H
#define ATRIUM_TESTS_SUPPORT_TWO_DAYS_H

#include "tests/support/people.h"

/* The clock on its first and second day. */
#define A(hour, minute) test_time(2024, 10, 17, hour, minute)
#define B(hour, minute) test_time(2024, 10, 18, hour, minute)

struct temp_mall two_days_mall(void);

#endif
