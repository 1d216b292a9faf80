/*
 * Lines of logs in bounded memory: bytes become cleaned lines, the oldest make room for the newest,
 * and a log that is read anew after its line was lost goes on where it stopped.
 */
#ifndef ATRIUM_FLEET_LOG_LINES_H
#define ATRIUM_FLEET_LOG_LINES_H

#include "model/base/time.h"

#include <stddef.h>

enum {
    LOG_LINES_MOST = 20000,
    LOG_BYTES_MOST = 16 << 20, /* of all lines together */
    LOG_LINE_MOST = 8192,      /* bytes of one; the rest is cut off and counted */
    LOG_AGAIN = 200            /* lines that are asked for again after a lost line */
};

struct log_line {
    int64_t time;    /* UTC seconds: that it begins with, else when it came */
    uint32_t source; /* whose */
    bool note;       /* of atrium, about the line to the device */
    int64_t cut;     /* bytes left out at its end */
    char *text;      /* cleaned (device_clean), one line */
};

struct log_ring;

/* The zone is that of times without one; it must outlive the ring. */
struct log_ring *log_ring_new(const struct zone *zone);
void log_ring_free(struct log_ring *ring);

/* Lines have rising numbers from 0 on: those from log_first up to, not including, log_end are
 * there. */
uint64_t log_first(const struct log_ring *ring);
uint64_t log_end(const struct log_ring *ring);
const struct log_line *log_at(const struct log_ring *ring, uint64_t number);

/* A remark of atrium's; `text` is cleaned. */
void log_note(struct log_ring *ring, uint32_t source, const char *text);

/* ---- One source's bytes ---- */

struct log_source {
    uint32_t number;
    char *part; /* of a line that has not ended */
    size_t n_part, part_cap;
    int64_t past;             /* bytes of it beyond LOG_LINE_MOST */
    uint64_t seen[LOG_AGAIN]; /* hashes of the last lines, a ring */
    size_t n_seen, seen_at;
    bool again; /* what comes is read again: kept back until it is known where it goes on */
    struct log_kept {
        char *bytes;
        size_t n;
        int64_t past;
    } * kept;
    size_t n_kept;
};

/* More of its log. */
void log_add(struct log_ring *ring, struct log_source *source, const char *bytes, size_t n);

/* Its line was lost: a line that had not ended is forgotten, as it comes again whole. */
void log_lost(struct log_source *source);

/* The last LOG_AGAIN lines are on their way again. */
void log_again(struct log_source *source);

/* All of them are there, or time is up: what is new goes on. Where nothing of what was seen before
 * came again a note says that lines may be missing. Nothing where it was not reading again. */
void log_again_end(struct log_ring *ring, struct log_source *source);

/* At the end of a log that is not followed: a line without its end is one too. */
void log_source_end(struct log_ring *ring, struct log_source *source);

void log_source_free(struct log_source *source);

#endif
