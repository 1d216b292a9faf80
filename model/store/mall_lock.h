/* The lock of an opened replica's mall, for mall.c alone. */
#ifndef ATRIUM_STORE_MALL_LOCK_H
#define ATRIUM_STORE_MALL_LOCK_H

#include "model/store/lock_clock.h"
#include "model/store/mall.h"

/* What the file said when it was last read; makes the mall's lock the first time. */
void mall_lock_set(struct mall *mall, const struct lock_clock *clock);
void mall_lock_free(struct mall *mall);

#endif
