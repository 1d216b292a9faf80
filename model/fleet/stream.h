/*
 * A stream: one session to a device over which a spool comes in as it grows and offers go out
 * (`spool NAME OFFSET MOST --follow` of doc/device.md). Inside the module.
 *
 * The device sends one piece and waits until it is told that the piece is safe, so that a backlog
 * of any size holds one piece in memory and delays nobody. What it sends is hostile: a word that
 * is not of the protocol ends the stream.
 */
#ifndef ATRIUM_FLEET_STREAM_H
#define ATRIUM_FLEET_STREAM_H

#include "model/base/vec.h"
#include "model/fleet/work.h"

#include <pthread.h>

enum {
    STREAM_PIECE = 65536, /* bytes at a time */
    STREAM_MARK = 256,    /* bytes before an offset that are known by their hash */
    STREAM_SILENT_MS = 60000,
    STREAM_CLOCK_MS = 2000 /* a clock that is off by less is taken for right */
};

/* What all streams of a collector share. */
struct stream_hub {
    struct fleet_engine *engine;
    pthread_mutex_t lock; /* of what is marked so below */
    int news;             /* eventfd: something came */
};

struct stream_answer {
    char name[101];
    char reason[120]; /* cleaned; "": it has it */
};

typedef VEC(char) stream_bytes;

struct tap;

struct stream {
    struct stream_hub *hub;
    struct device device; /* texts are owned by the arena */
    struct tap *tap;
    struct arena *arena;
    const char *spool;     /* NULL: only offers */
    struct arena *session; /* of the command */
    struct fleet_job job;
    bool along;        /* it has no script: that is sent along */
    bool open, ending; /* a job is under way; it was told to end */

    /* Under the hub's lock. */
    stream_bytes line;   /* of stdout, until it is whole */
    stream_bytes words;  /* of stderr */
    stream_bytes bytes;  /* of the piece */
    stream_bytes answer; /* for its stdin */
    VEC(struct stream_answer) answers;
    int64_t offset;  /* of the piece */
    int64_t size;    /* of the spool, as it last said */
    size_t wanted;   /* bytes of the piece still to come */
    int64_t skipped; /* bytes of a line that was too long to be sent; 0: an ordinary piece */
    bool ready;      /* a whole piece waits to be taken */
    bool reset;      /* it is another spool than before: the offset starts at 0 */
    bool idle;       /* all there was has come */
    bool heard;      /* a first word came: the clock was measured */
    bool clock_moved;
    int64_t clock_ms;   /* how far its clock is ahead; 0: right */
    int64_t clock_high; /* at most so far */
    int64_t active;     /* monotonic ns of its last word */
    char nonsense[160]; /* why it was ended; "" */
};

/* Begins a session that starts at an offset; `mark`: the SHA-256 of the `marked` bytes before it,
 * "" where nothing is known of them. */
void stream_begin(struct stream *stream, int64_t offset, int64_t marked, const char *mark,
                  void (*done)(struct fleet_job *job));

/* The piece up to this offset is safe. The engine is to be woken (fleet_wake). */
void stream_safe(struct stream *stream, int64_t offset);

/* The same piece again, with what came to it meanwhile. Under the hub's lock; to be woken. */
void stream_again(struct stream *stream);

/* Gives an offer; its outcome comes in `answers`. To be woken. */
void stream_offer(struct stream *stream, const char *name, int64_t seconds, const char *text,
                  size_t n);

/* Tells it to end. To be woken. */
void stream_end(struct stream *stream);

/* What is left of the last session is forgotten. */
void stream_clear(struct stream *stream);
void stream_free(struct stream *stream); /* of a stream that is not open; NULL is fine */

#endif
