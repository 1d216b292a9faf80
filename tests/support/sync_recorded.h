/*
 * Sessions between a hub and a replica as they were once said, to be said again with something odd
 * about them: for fuzzing past the frames' numbers and checksums, which are made right again, and
 * so are the hashes of batches.
 */
#ifndef ATRIUM_TESTS_SYNC_RECORDED_H
#define ATRIUM_TESTS_SYNC_RECORDED_H

#include "model/base/vec.h"
#include "model/sync/frame.h"
#include "tests/support/sync_world.h"

enum { RECORDED_FIRST, RECORDED_LATER, RECORDED_SESSIONS }; /* a first copy; edits and a pull */

struct said {
    enum frame_type type;
    unsigned char *bytes; /* plain */
    size_t n;
};
struct all_said {
    struct said *at;
    size_t n, cap;
};

struct recorded {
    struct all_said up, down;      /* from the replica, from the hub */
    char *hub, *replica;           /* the files before it; replica NULL: none */
    size_t hub_size, replica_size; /* their bytes */
};

/* A hub with some of everything, and a replica of `admin`. Made once a process. */
struct sync_world *recorded_world(void);
const struct recorded *recorded_session(int which);
/* Both files as they were before it; the world is closed. */
void recorded_put_back(const struct recorded *session);

/* What was said, changed as `data` says (six bytes a change), as bytes for a wire. The caller frees
 * what *pieces gets: where frames end in them, so that the other end may be asked between. */
struct wire_bytes {
    unsigned char *at;
    size_t n, cap;
};
struct wire_ends {
    size_t *at;
    size_t n, cap;
};
void recorded_say(const struct all_said *said, const uint8_t *data, size_t size,
                  struct wire_bytes *bytes, struct wire_ends *ends);

#endif
