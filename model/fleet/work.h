/*
 * One command on many devices: what each of them said and how it ended. For commands and screens;
 * the engine does the work.
 */
#ifndef ATRIUM_FLEET_WORK_H
#define ATRIUM_FLEET_WORK_H

#include "model/fleet/engine.h"
#include "model/fleet/fold.h"

/* What every verb of the script on a device begins with (doc/device.md). */
#define DEVICE_TOOL "PATH=$PATH:$HOME/atrium/bin; atrium-device "

struct fleet_result {
    const struct device *device;
    struct fleet_job job;       /* its outcome: state, phase, reason, exit_status, times */
    struct fleet_output output; /* stdout and stderr in their order; valid until fleet_work_free */
    bool finished;
};

struct fleet_work;

/* The script itself (atrium-device.sh). */
extern const char device_script[];

struct fleet_work_options {
    const char *command; /* for a shell; NULL with scan and with verb */
    const char *verb;    /* of the script: "status"; sent along where the device does not have it */
    bool scan;           /* only look at the host keys */
    bool guarded;        /* in a process group of its own that ends with the time or a cancel */
    int64_t timeout_s;   /* of the command on the device, with guarded; 0: 60 */
    size_t most;         /* bytes of output of each; 0: 1 MiB */
    /* May be NULL; called on the thread that collects, as each ends. */
    void (*each)(const struct fleet_result *result, void *context);
    void *context;
};

/* Submits a job for each device. The devices must outlive the work. */
struct fleet_work *fleet_work_begin(struct fleet_engine *engine, const struct device *devices,
                                    size_t n, const struct fleet_work_options *options);

/* Ends what still runs: guarded commands by their process group over a second connection; the
 * result then says "killed" or "left". */
void fleet_work_cancel(struct fleet_work *work);

size_t fleet_work_left(const struct fleet_work *work);

/* The phase that the i-th device is in just now; from any thread. */
enum fleet_phase fleet_work_phase(const struct fleet_work *work, size_t i);
const struct fleet_result *fleet_work_results(const struct fleet_work *work, size_t *n);

/* When nothing is left. NULL is fine. */
void fleet_work_free(struct fleet_work *work);

/* The command that runs a verb of the script: as it lies on the device, or `along`: with the whole
 * script, for devices that answer 127, as they have none. Owned by the arena. */
const char *device_verb_command(struct arena *arena, const char *verb, bool along);

/* `text` in single quotes for a POSIX shell. Owned by the arena. */
char *shell_quote(struct arena *arena, const char *text);

#endif
