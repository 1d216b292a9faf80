/* Chunks without some of their columns, for those who may not see them. */
#ifndef ATRIUM_EVENT_CHUNK_DROP_H
#define ATRIUM_EVENT_CHUNK_DROP_H

#include "model/event/chunk.h"

/* The chunk with the columns of `out_columns` (bits of enum chunk_column, neither people nor times)
 * holding nothing. Nothing is decoded: a column goes with all that follows from it in linked
 * segments. False for damage, and where a column that stays is told by one that goes. */
bool chunk_drop(const void *head, size_t head_size, const void *data, size_t data_size,
                unsigned out_columns, struct chunk_bytes *out);

#endif
