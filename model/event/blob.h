/* A blob with a checksum: four bytes of hash in front of what it is about. */
#ifndef ATRIUM_EVENT_BLOB_H
#define ATRIUM_EVENT_BLOB_H

#include "model/base/hash.h"
#include "model/event/bytes.h"

#include <sqlite3.h>

static inline void blob_begin(struct bytes *out)
{
    out->n = 0;
    bytes_put_u32(out, 0);
}

static inline void blob_end(struct bytes *out)
{
    uint32_t sum = (uint32_t)hash64(out->at + 4, out->n - 4);
    for (int i = 0; i < 4; i++)
        out->at[i] = (unsigned char)(sum >> (8 * i));
}

/* What follows the checksum; `bad` where it does not match. */
static inline struct view blob_view(const void *at, size_t n)
{
    struct view in = view_of(at, n);
    uint32_t sum = view_u32(&in);
    if (!in.bad && sum != (uint32_t)hash64(in.at, view_left(&in)))
        in.bad = true;
    return in;
}

static inline struct view blob_column(sqlite3_stmt *stmt, int column)
{
    const void *at = sqlite3_column_blob(stmt, column);
    return blob_view(at, (size_t)sqlite3_column_bytes(stmt, column));
}

#endif
