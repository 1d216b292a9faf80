/*
 * What a device showed on a terminal, as a file: asciicast version 2, one JSON line an event.
 * Output and changes of size are in it, and nothing that was typed: what a device does not echo,
 * such as a password, is nowhere. Every character that a terminal would obey is written as \uXXXX,
 * so the file itself is harmless; only what plays it makes a screen of it again.
 *
 * A thread of its own writes, so that no disk holds up devices or screens. The file is new, mode
 * 0600.
 */
#ifndef ATRIUM_FLEET_RECORDING_H
#define ATRIUM_FLEET_RECORDING_H

#include "model/base/hash.h"
#include "model/base/status.h"

#include <stdbool.h>

enum { RECORDING_MOST_MB = 256 }; /* a file does not grow further */

struct recording_options {
    const char *path, *title, *term; /* path: must not exist; its folder must */
    int rows, cols;
    int64_t started; /* UTC seconds */
    /* Called on the recording's thread: there is room again, or it ended. */
    void (*wake)(void *context);
    void *context;
};

struct recording;

enum status recording_new(const struct recording_options *options, struct recording **recording,
                          struct error *err);

/* From any thread; copied. */
void recording_output(struct recording *recording, const char *bytes, size_t n);
void recording_resize(struct recording *recording, int rows, int cols);

/* So much waits for the disk that no more should come. */
bool recording_full(struct recording *recording);
/* Why nothing is recorded any more (the disk, the size); NULL: all is. The recording's own text. */
const char *recording_problem(struct recording *recording);

struct recorded {
    int64_t bytes; /* of the file */
    char sha256[SHA256_HEX];
};

/* Nothing more comes: what waits is written and brought to the disk. `wake` tells when that is
 * done. */
void recording_finish(struct recording *recording);
bool recording_finished(struct recording *recording, struct recorded *recorded);

/* Waits for that. */
void recording_wait(struct recording *recording, struct recorded *recorded);

/* Finishes first, waiting for the disk. NULL is fine. */
void recording_free(struct recording *recording);

#endif
