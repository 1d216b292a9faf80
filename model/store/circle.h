/* Rows that refer to rows of their own table - a device to the bastion it is reached over - have to
 * come to an end. */
#ifndef ATRIUM_STORE_CIRCLE_H
#define ATRIUM_STORE_CIRCLE_H

#include "model/store/writer.h"

/* Where device `id` is, or is to be, reached over device `to`: ST_REFUSED with the names along the
 * way where that comes back to `id`. Looks at the rows as the writer has them now, but not at what
 * `id` itself refers to. */
enum status circle_check(struct writer *writer, int64_t id, int64_t to, struct error *err);

#endif
