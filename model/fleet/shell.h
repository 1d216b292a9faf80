/*
 * A shell on a device: one job of the engine with a terminal, bytes both ways, recorded
 * (recording.h). What the device sends is hostile as ever: it goes into the recording and into an
 * emulator (tui/emulator.h), never to the operator's terminal.
 *
 * Begun, fed and ended on one thread. Nothing here waits.
 */
#ifndef ATRIUM_FLEET_SHELL_H
#define ATRIUM_FLEET_SHELL_H

#include "model/fleet/engine.h"
#include "model/fleet/recording.h"
#include "model/store/writer.h"

struct shell_options {
    const struct device *device; /* copied */
    const char *term;            /* "xterm-256color"; static */
    int rows, cols;
    const char *recording; /* path of a file that is not there yet; copied */
    /* On the thread that collects the engine's jobs: the device has ended the session, or the line
     * has. What it said before may still be there to take. */
    void (*ended)(void *context);
    void *context;
};

struct shell;

/* ST_UNUSABLE where there can be no recording: then there is no shell. */
enum status shell_begin(struct fleet_engine *engine, const struct shell_options *options,
                        struct shell **shell, struct error *err);

/* Readable when there is output to take, or everything has ended. */
int shell_fd(const struct shell *shell);

/* Up to `size` bytes of output, 0: none now. While none is taken the device has to wait. */
size_t shell_take(struct shell *shell, char *bytes, size_t size);

/* What was typed; false where so much waits that it was not taken. */
bool shell_send(struct shell *shell, const char *bytes, size_t n);
void shell_resize(struct shell *shell, int rows, int cols);

/* Ends it: the line is closed, which the device's shell notices (SIGHUP). */
void shell_leave(struct shell *shell);

/* The device and the recording have ended and all was taken. */
bool shell_over(struct shell *shell);

/* How it goes: state, phase and reason of the job; its recording. */
const struct fleet_job *shell_job(const struct shell *shell);
/* Seconds since the device was sent something that it has not answered by a single byte; 0: it
 * answered. */
int64_t shell_silence(const struct shell *shell);

/* Not before its job has ended (`ended`, or the engine is gone); waits for the recording's disk.
 * NULL is fine. */
void shell_free(struct shell *shell);

/* ---- What is kept of it ---- */

struct shell_record {
    uint32_t device;
    const char *code, *actor, *path;
    int64_t from, to; /* UTC seconds */
    enum device_condition state;
    const char *reason;
    int exit_status; /* -1: unknown */
    int64_t bytes;   /* of the recording */
    const char *sha256;
};

/* Of one whose job has ended; waits for the recording's disk where it is not over. Owned by the
 * arena. */
const struct shell_record *shell_record_of(struct shell *shell, struct arena *arena,
                                           const char *actor);

/* One line of the audit that a shell is about to be opened, and to which file it is recorded; one
 * with what came of it, and the act in device_act. Each begins and commits by itself. */
enum status shell_announce(struct writer *writer, const char *actor, const char *code,
                           const char *path, struct error *err);
enum status shell_keep(struct writer *writer, const struct shell_record *record, struct error *err);

#endif
