/* Inside of people: putting persons in the order of a column. */
#ifndef ATRIUM_PEOPLE_MEMBER_ORDER_H
#define ATRIUM_PEOPLE_MEMBER_ORDER_H

#include "model/people/member_list.h"

/* Reorders `people` (rising numbers without doubles) in place. `whole`: they are all the members.
 * Unknown values last, equal ones by person. */
enum status member_order(struct people_cache *cache, struct reader *reader,
                         const struct access *access, enum member_column column, bool descending,
                         bool whole, uint32_t *people, size_t n, struct error *err);

#endif
