/* Help for tests of campaigns: an audience as a campaign that started keeps it. */
#ifndef ATRIUM_TESTS_EDITION_H
#define ATRIUM_TESTS_EDITION_H

#include "model/store/writer.h"

/* The people [first, last] as an edition of people_set, inside the writer's transaction. */
void test_edition_write(struct writer *writer, int64_t edition, uint32_t first, uint32_t last);

#endif
