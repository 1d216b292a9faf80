/* Commands on their way to devices, and what came of them. */
#include "model/base/time.h"
#include "model/fleet/rollout_drive_parts.h"
#include "model/fleet/rollout_talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MOST = 8192, WAIT_MS = 100, IDLE_MS = 30000 };

static bool on_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct drive_job *own = job->context;
    (void)is_stderr;
    for (size_t i = 0; i < n && own->output.n < OUTPUT_MOST; i++)
        vec_push(&own->output, bytes[i]);
    return true;
}

/* On the engine's thread: the archive stays as it is while anything is under way. */
static int64_t on_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct drive_job *own = job->context;
    size_t n = own->left < size ? own->left : size;
    memcpy(buffer, own->rest, n);
    own->rest += n;
    own->left -= n;
    return (int64_t)n;
}

static void on_done(struct fleet_job *job)
{
    struct drive_job *own = job->context;
    own->finished = true;
}

static void job_free(struct drive_job *own)
{
    vec_free(&own->output);
    arena_free(own->arena);
    free(own);
}

/* It is not asked at all: as if it had said so. */
static void job_refuse(struct drive_job *own, enum device_condition state, const char *reason)
{
    own->job.state = state;
    own->job.phase = PHASE_PIN;
    snprintf(own->job.reason, sizeof own->job.reason, "%.150s", reason);
    own->finished = true;
}

static void job_send(struct rollout_driver *driver, const struct rollout_row *row,
                     enum rollout_command command)
{
    const struct device *device = driver_device(driver, row->device);
    struct drive_job *own = mem_zero(1, sizeof *own);
    own->driver = driver;
    own->arena = arena_new();
    own->device = row->device;
    own->command = command;
    own->since = time_monotonic_ns();
    vec_push(&driver->jobs, own);
    own->job.exit_status = -1;
    if (!device) {
        job_refuse(own, DEVICE_FAILED, "it is not in the inventory any more");
        return;
    }
    if (*device->quarantine) {
        job_refuse(own, DEVICE_QUARANTINED, device->quarantine);
        return;
    }
    struct device *to = arena_new_of(own->arena, struct device);
    device_copy(own->arena, to, device);
    own->job = fleet_job_of(to);
    own->job.command = rollout_talk(own->arena, driver->rollout, row, command);
    own->job.most = OUTPUT_MOST;
    own->job.output = on_output;
    own->job.done = on_done;
    own->job.context = own;
    if (rollout_talk_sends(driver->rollout, row, command)) {
        own->job.input = on_input;
        own->job.idle_ms = IDLE_MS; /* as long as it moves */
        own->rest = driver->archive + row->have;
        own->left = (size_t)(driver->rollout->size - row->have);
    }
    fleet_submit(driver->options.engine, &own->job);
}

enum status driver_jobs_send(struct rollout_driver *driver, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < driver->n && status == ST_OK; i++) {
        enum rollout_command command = driver->commands[i];
        bool sends = rollout_talk_sends(driver->rollout, &driver->rows[i], command);
        if (command == COMMAND_NONE)
            continue;
        if (sends && !driver->archive)
            status = rollout_archive_read(driver->reader, driver->rollout, &driver->archive, err);
        if (status == ST_OK)
            job_send(driver, &driver->rows[i], command);
    }
    return status;
}

void driver_jobs_hear(struct rollout_driver *driver, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < driver->jobs.n; i++) {
        struct drive_job *own = driver->jobs.at[i];
        if (!own->finished) {
            driver->jobs.at[kept++] = own;
            continue;
        }
        struct rollout_row *row = driver_row(driver, own->device);
        struct fleet_output output = {own->output.at ? own->output.at : "", own->output.n,
                                      own->job.exit_status};
        struct rollout_heard heard;
        if (row) {
            rollout_talk_read(driver->of_rows, own->command, &own->job, &output, &heard);
            rollout_hear(driver->rollout, row, &heard, now, driver->of_rows);
        }
        job_free(own);
    }
    driver->jobs.n = kept;
}

bool driver_jobs_finished(const struct rollout_driver *driver)
{
    for (size_t i = 0; i < driver->jobs.n; i++)
        if (driver->jobs.at[i]->finished)
            return true;
    return false;
}

size_t rollout_driver_contacts(const struct rollout_driver *driver,
                               struct rollout_contact *contacts, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < driver->jobs.n && n < most; i++) {
        const struct drive_job *own = driver->jobs.at[i];
        if (!own->finished)
            contacts[n++] = (struct rollout_contact){
                own->device, own->command, __atomic_load_n(&own->job.phase, __ATOMIC_RELAXED),
                own->since};
    }
    return n;
}

static size_t jobs_left(const struct rollout_driver *driver)
{
    size_t left = 0;
    for (size_t i = 0; i < driver->jobs.n; i++)
        left += !driver->jobs.at[i]->finished;
    return left;
}

void driver_jobs_end(struct rollout_driver *driver)
{
    for (size_t i = 0; i < driver->jobs.n; i++)
        if (!driver->jobs.at[i]->finished)
            fleet_cancel(driver->options.engine, &driver->jobs.at[i]->job);
    while (jobs_left(driver))
        fleet_wait(driver->options.engine, WAIT_MS);
    for (size_t i = 0; i < driver->jobs.n; i++)
        job_free(driver->jobs.at[i]);
    vec_free(&driver->jobs);
}
