/*
 * The fleet engine: one thread with an epoll loop that owns every SSH session.
 *
 * A job is one command on one device over one fresh connection: resolve, connect, version, key
 * exchange, pin, authentication, channel, command, output, end. Each phase has a time limit of its
 * own and the job one for all; a device that hangs is named with the phase it hangs in and delays
 * nobody. The host key's SHA-256 is compared with the device's pin before anything secret is sent;
 * a device without a pin, or with another key, is given no credential.
 *
 * Why it is built so (libssh's traps) is in doc/fleet.md. Jobs are handed back on the thread that
 * calls fleet_collect, as tasks are (model/base/task.h).
 */
#ifndef ATRIUM_FLEET_ENGINE_H
#define ATRIUM_FLEET_ENGINE_H

#include "model/fleet/device.h"

enum fleet_phase {
    PHASE_QUEUED,
    PHASE_RESOLVE,
    PHASE_CONNECT,
    PHASE_VERSION, /* the other side's first line */
    PHASE_KEYS,    /* key exchange */
    PHASE_PIN,
    PHASE_AUTH,
    PHASE_OPEN,    /* a channel */
    PHASE_COMMAND, /* until it was accepted */
    PHASE_FIRST,   /* until the first byte of output or the end */
    PHASE_OUTPUT,
    PHASE_END, /* exit status and close */
    PHASE_DONE,
    FLEET_PHASES
};
extern const char *const fleet_phase_names[FLEET_PHASES]; /* as in JSON */

/* The user key of all devices of a kind. */
struct fleet_identity {
    const char *kind, *file;
};

struct fleet_options {
    int window;                              /* sessions at once; 0: 256 */
    int64_t limit_ms[FLEET_PHASES];          /* of a phase; 0: the default of that phase */
    int64_t total_ms;                        /* of a job; 0: a minute */
    const char *identity;                    /* private key file; NULL: the agent */
    const struct fleet_identity *identities; /* before `identity`; copied */
    size_t n_identities;
    const char *user; /* for devices without one; NULL: "atrium" */
};

struct fleet_job;
struct fleet_engine;

/* Called on the engine's thread with output as it comes, raw: at most `most` bytes of stdout and
 * stderr together, what comes after is dropped. False ends the job as fleet_cancel does. */
typedef bool fleet_output_fn(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n);
/* Bytes for the command's stdin; 0: no more, -1: nothing now (fleet_wake when there is). */
typedef int64_t fleet_input_fn(struct fleet_job *job, char *buffer, size_t size);

/* The owner's memory until `done` was called. What the device says in `reason` is cleaned; output
 * is not: device_clean. DEVICE_OK: the command ran to its end, whatever its exit status.
 * DEVICE_UNKNOWN: it was accepted, and the connection ended before its exit status came. */
struct fleet_job {
    /* Set by the owner before fleet_submit; texts must outlive the job. */
    uint32_t device;
    const char *code, *host, *user, *pin;
    int port;
    const char *kind, *identity;  /* which user key; NULL or "": that of the options */
    const struct device_hop *hop; /* over which bastion; NULL or without a code: directly */
    const char *command;
    size_t most; /* bytes of output; 0: 1 MiB */
    bool scan;   /* only look at the host key, also of devices without a pin; gives no credential */
    fleet_output_fn *output;
    fleet_input_fn *input; /* NULL: stdin is closed at once */
    /* For long ones: no limit for the whole, but this once the command was accepted, without a byte
     * either way; output and input may change it. 0: the engine's limits. */
    int64_t idle_ms;
    void (*done)(struct fleet_job *job);
    void *context;
    /* It may go on for ever (a shell, a log that is followed): after the command was accepted only
     * the line has a limit, TCP's. Cancelling it closes the channel and asks nothing more. */
    bool lasting;
    const char *term; /* with a terminal of this kind (fleet_resize says its size); NULL: without.
                         No command then: the user's own shell */

    /* Filled in by the engine. */
    enum device_condition state;
    enum fleet_phase phase; /* that it is in, or ended in */
    char reason[200];       /* cleaned; "" where all is well */
    char offered[64];       /* fingerprint of the host key it showed: "SHA256:…" */
    int exit_status;        /* -1: unknown */
    char exit_signal[16];
    int64_t phase_ns[FLEET_PHASES]; /* how long each took */
    int64_t total_ns;
    bool cut; /* there was more output */
    /* The engine's own. */
    struct fleet_session *session;
    struct fleet_job *next;
    int cancel;     /* 1: asked for; under the engine's lock */
    int size, hold; /* atomic: columns << 16 | rows of the terminal; 1: no more output for now */
};

/* A job on a device: who it is and the way there. The texts and the way stay the device's, so it
 * must outlive the job; what is to be done there is the caller's to set. */
struct fleet_job fleet_job_of(const struct device *device);

enum status fleet_new(const struct fleet_options *options, struct fleet_engine **engine,
                      struct error *err);
/* Cancels what is queued and running, ends the thread. */
void fleet_free(struct fleet_engine *engine);

void fleet_submit(struct fleet_engine *engine, struct fleet_job *job);

/* Asks a job to end: the remote process is sent TERM, then KILL, and its end is waited for a short
 * time; the reason says "killed", "left running" or "unknown". */
void fleet_cancel(struct fleet_engine *engine, struct fleet_job *job);

/* There is more input for a job. */
void fleet_wake(struct fleet_engine *engine);

/* The size of a job's terminal: before fleet_submit that which it begins with, later a change that
 * the device is told of. From any thread. */
void fleet_resize(struct fleet_engine *engine, struct fleet_job *job, int rows, int cols);

/* `on`: output is not read any more, so that the device has to wait, until it is taken back. At
 * most 2 MB may have been on their way. From any thread, also from the output function. */
void fleet_hold(struct fleet_engine *engine, struct fleet_job *job, bool on);

/* Readable when finished jobs wait; calls done() for each of them. Returns how many. */
int fleet_fd(const struct fleet_engine *engine);
int fleet_collect(struct fleet_engine *engine);

/* Waits until none is queued or running, collecting, for commands; false after `ms`. */
bool fleet_wait(struct fleet_engine *engine, int64_t ms);

struct fleet_numbers {
    int queued, running;
    int in_phase[FLEET_PHASES];
};
void fleet_numbers(struct fleet_engine *engine, struct fleet_numbers *numbers);

#endif
