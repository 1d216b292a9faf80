/* Inside a transfer: a piece for each device. A piece belongs to one thread at a time: the
 * collecting one, the engine's while its job is under way, the transfer's own while its task is.
 * Only `moved` is looked at meanwhile. */
#ifndef ATRIUM_FLEET_TRANSFER_PARTS_H
#define ATRIUM_FLEET_TRANSFER_PARTS_H

#include "model/base/task.h"
#include "model/fleet/local_file.h"
#include "model/fleet/transfer.h"

enum { SAID_MOST = 400, HEAD_MOST = 256 };

struct piece {
    struct transfer_result result; /* of `job` a copy, when it is finished */
    struct transfer *transfer;
    struct fleet_job job;
    struct task task;
    const char *part; /* get: the file while it comes in */
    const char *along;
    int fd;                  /* get: of `part` while it is written */
    int64_t at;              /* next byte of the file */
    int64_t began;           /* where this attempt began */
    int64_t moved;           /* bytes that are there as far as is known; read by any thread */
    char prefix[SHA256_HEX]; /* get: hash of what is there */
    char head[HEAD_MOST];    /* first line of stdout */
    size_t head_n;
    bool headed, whole, other, sent_along;
    char said[SAID_MOST]; /* what came beside the file */
    size_t said_n;
    char trouble[LOCAL_REASON]; /* on this side; "" */
    char sha256[SHA256_HEX];
    int64_t size;
    const char *text;  /* put: its bytes; NULL: of the transfer's file */
    int64_t confirmed; /* the most that was there for certain; -1: not known */
    int fruitless, mismatches;
};

struct transfer {
    struct fleet_engine *engine;
    struct arena *arena;
    struct transfer_options options;
    struct task_pool *pool;
    struct task hash; /* put: of the file */
    struct stat source;
    int fd; /* put: of the file; -1: bytes, or get */
    int64_t size;
    char sha256[SHA256_HEX];
    char reason[LOCAL_REASON];
    struct piece *pieces;
    struct transfer_result *results;
    size_t n, left;
    bool ending;
};

/* ---- What both ways share (transfer_piece.c) ---- */

bool piece_gets(const struct piece *piece);
void piece_moved(struct piece *piece, int64_t moved);
/* Without a byte; while the device looks at all of the file. */
int64_t piece_idle_ms(const struct piece *piece);
int64_t piece_hashing_ms(const struct piece *piece);

/* It is done, one way or the other; with the last words of a device that said no. */
void piece_end(struct piece *piece, enum device_condition state, const char *reason);
void piece_refused(struct piece *piece);

void piece_submit(struct piece *piece);
/* Whether there is a point in another attempt, and begins it. */
bool piece_again(struct piece *piece);

/* Keeps what came beside the file; takes the first line off the output, and says how many bytes
 * were its; notes what went wrong on this side, and is false. */
bool piece_say(struct piece *piece, const char *bytes, size_t n);
size_t piece_head(struct piece *piece, const char *bytes, size_t n);
bool piece_trouble(struct piece *piece, const char *reason);
/* The number after a name in a line of the device. */
bool piece_number(const char *text, const char *name, int64_t most, int64_t *value);

/* ---- To a device (transfer_put.c) ---- */

fleet_output_fn piece_put_output;
fleet_input_fn piece_put_input;
void piece_put_done(struct piece *piece);

/* ---- From a device (transfer_get.c) ---- */

fleet_output_fn piece_get_output;
void piece_get_done(struct piece *piece);
/* Looks at what is here already, on the transfer's thread, then submits. */
void piece_prepare(struct piece *piece);

#endif
