/*
 * Files to and from devices: one file to many of them, or one of each of them to here.
 *
 * A transfer is a job of the engine for each device, its stdin or output the file (verbs `receive`
 * and `send` of the script). Nothing is kept in memory: bytes go from file to connection and back.
 * A file that is put is read once for its SHA-256, whatever the number of devices; a device gives
 * a file its name only after size and hash agree, and so does this side. What came so far stays
 * beside the name as `.part`, and the next attempt goes on from there: this run makes some, and
 * another run goes on where it ended. Hashes of local files and their last steps (fsync, rename)
 * are done on a thread of the transfer's own, so that neither engine nor screen waits for a disk.
 */
#ifndef ATRIUM_FLEET_TRANSFER_H
#define ATRIUM_FLEET_TRANSFER_H

#include "model/base/hash.h"
#include "model/fleet/work.h"

enum transfer_kind {
    TRANSFER_PUT,
    TRANSFER_GET,
    TRANSFER_INSTALL, /* the script itself */
    TRANSFER_CONFIG,  /* configurations: checked by the application, then in force */
};

struct transfer_text {
    const void *bytes;
    size_t n;
};

struct transfer_options {
    enum transfer_kind kind;
    const char
        *local; /* put: a file; get: a file, or with `folder` one that gets a file a device */
    bool folder;
    const struct transfer_text *texts; /* configurations, one for each device; they outlive it */
    const char *remote;                /* put, get: as transfer_remote wants it */
    int64_t idle_ms;                   /* without a byte either way; 0: 30 s */
};

struct transfer_result {
    const struct device *device;
    struct fleet_job job;    /* its outcome: state, phase, reason, times; as of the last attempt */
    int64_t bytes;           /* that are where they belong, verified at the end */
    int64_t size;            /* of the file; -1: not known yet */
    char sha256[SHA256_HEX]; /* of the file where it is whole on both sides, else "" */
    const char *local;       /* get: its file here */
    int attempts;
    bool finished;
};

struct transfer;

/* The most a name may have: what is on its way has a longer one beside it. */
enum { TRANSFER_NAME = 200 };

/* Checks a path on devices: relative ones lie in the device's folder, absolute ones where they
 * say; no `..`, `.`, empty part or control character, no longer name than TRANSFER_NAME. Gives it
 * as the script wants it; ST_USAGE. Owned by the arena. */
enum status transfer_remote(struct arena *arena, const char *path, const char **remote,
                            struct error *err);

/* Begins; ST_USAGE for a path that cannot be, ST_REFUSED for a local file that cannot be read. The
 * devices must outlive it. Texts are copied. */
enum status transfer_begin(struct fleet_engine *engine, const struct device *devices, size_t n,
                           const struct transfer_options *options, struct transfer **transfer,
                           struct error *err);

/* Readable when transfer_step has something to do; both on the thread that calls fleet_collect. */
int transfer_fd(const struct transfer *transfer);
void transfer_step(struct transfer *transfer);

/* Devices that are not finished. */
size_t transfer_left(const struct transfer *transfer);
/* What became of each; texts are cleaned and valid until transfer_free. */
const struct transfer_result *transfer_results(const struct transfer *transfer, size_t *n);
/* Bytes moved and to be moved, of all devices of which the size is known. */
void transfer_progress(const struct transfer *transfer, int64_t *moved, int64_t *total);
/* The i-th's, at present; from any thread. */
int64_t transfer_moved(const struct transfer *transfer, size_t i);

/* Ends what still runs; what came stays as `.part`. */
void transfer_cancel(struct transfer *transfer);
/* Its jobs must have ended: after the engine, or when nothing is left. NULL is fine. */
void transfer_free(struct transfer *transfer);

/* Results as device_acts_keep wants them. Owned by the arena. */
const struct fleet_result *transfer_outcomes(struct arena *arena,
                                             const struct transfer_result *results, size_t n);

#endif
