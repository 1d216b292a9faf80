/* What the files of driving share: the driver itself. Inside the module. */
#ifndef ATRIUM_FLEET_ROLLOUT_DRIVE_PARTS_H
#define ATRIUM_FLEET_ROLLOUT_DRIVE_PARTS_H

#include "model/base/vec.h"
#include "model/fleet/rollout_drive.h"

/* One command on its way. */
struct drive_job {
    struct fleet_job job;
    struct rollout_driver *driver;
    struct arena *arena; /* of its texts */
    uint32_t device;
    enum rollout_command command;
    VEC(char) output;
    const char *rest; /* of the archive */
    size_t left;
    int64_t since; /* monotonic ns */
    bool finished;
};

struct rollout_driver {
    struct writer *writer;
    struct reader *reader;
    struct access access;
    struct rollout_drive_options options;
    char code[32], name[192];
    struct arena *of_rollout, *of_rows, *of_devices;
    const struct rollout *rollout;
    struct rollout_row *rows;
    bool *settled; /* as the file has it */
    enum rollout_command *commands;
    size_t n;
    const struct device *devices; /* by id */
    size_t n_devices;
    int64_t devices_read;
    char *archive; /* NULL: not needed yet */
    VEC(struct drive_job *) jobs;
    struct rollout_plan plan;
    int64_t version; /* of the mall's rows, as of the last turn */
    int64_t renew;
    bool loaded, halting, dead, held;
};

/* Of the inventory, and of the roll-out; NULL: there is none. */
const struct device *driver_device(const struct rollout_driver *driver, uint32_t id);
struct rollout_row *driver_row(struct rollout_driver *driver, uint32_t device);

/* ---- Inside a turn's transaction (rollout_drive_write.c) ---- */

/* The rows that changed, what the pages of their devices show, and for each that was settled an act
 * of its device. */
enum status driver_rows_write(struct rollout_driver *driver, int64_t now, bool *wrote,
                              struct error *err);
/* Who drives until when (0: nobody), and how far it is. */
enum status driver_lease_write(struct rollout_driver *driver, int64_t until, struct error *err);

/* ---- Commands on their way (rollout_drive_jobs.c) ---- */

/* Gives the commands that were decided. */
enum status driver_jobs_send(struct rollout_driver *driver, struct error *err);
/* Takes in what came of those that have ended. */
void driver_jobs_hear(struct rollout_driver *driver, int64_t now);
bool driver_jobs_finished(const struct rollout_driver *driver); /* any */
/* Ends and frees all of them. */
void driver_jobs_end(struct rollout_driver *driver);

#endif
