/* The local side of a transfer: a file's hash, and a file that comes in under another name until it
 * is whole. Inside the module. What fails says so as a sentence in `reason`. */
#ifndef ATRIUM_FLEET_LOCAL_FILE_H
#define ATRIUM_FLEET_LOCAL_FILE_H

#include "model/base/hash.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { LOCAL_REASON = 160 };

/* What tells whether a file was written to since. */
bool local_same(const struct stat *a, const struct stat *b);

/* SHA-256 of the first `size` bytes. False: it cannot be read, is shorter, or `cancel` was set. */
bool local_hash(int fd, int64_t size, const atomic_bool *cancel, char hex[SHA256_HEX],
                char reason[LOCAL_REASON]);

/* Opens `path` to be gone on with at `at`; what lies there beyond is dropped. No link is followed,
 * and nobody else may write it meanwhile. -1 with a reason. */
int local_part_open(const char *path, int64_t at, int64_t size, char reason[LOCAL_REASON]);

/* All of `part` is there: checks its hash, brings it to the disk and gives it its name. A part with
 * another hash is removed; *other then says so. */
bool local_part_finish(const char *part, const char *name, int64_t size, const char *hex,
                       const atomic_bool *cancel, bool *other, char reason[LOCAL_REASON]);

#endif
