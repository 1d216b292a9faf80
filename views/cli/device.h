/* What the verbs of `atrium device` share. */
#ifndef ATRIUM_CLI_DEVICE_H
#define ATRIUM_CLI_DEVICE_H

#include "model/access/access.h"
#include "model/fleet/work.h"
#include "views/cli/cli.h"

struct device_request {
    struct cli *cli;
    struct reader *reader;
    struct access access;
    const struct device *devices; /* those of --on */
    size_t n;
};

/* Ends the engine's work with Ctrl-C as a person expects: the first asks the devices to stop, the
 * second leaves. Prints progress. ST_PARTIAL is the caller's to find out. */
enum status device_work(struct device_request *request, const struct fleet_work_options *options,
                        struct fleet_engine **engine, struct fleet_work **work, struct error *err);
/* An engine with the request's options, for other work than that. */
enum status device_engine(struct device_request *request, struct fleet_engine **engine,
                          struct error *err);
void device_work_end(struct fleet_engine *engine, struct fleet_work *work);

/* Records an act: one line of the audit, and its outcome for each device. */
enum status device_act_keep(struct device_request *request, const char *act, const char *detail,
                            const struct fleet_result *results, size_t n, struct error *err);

enum status device_run(struct device_request *request, struct error *err);
enum status device_pin(struct device_request *request, struct error *err);
enum status device_logs(struct device_request *request, struct error *err);
enum status device_follow(struct device_request *request, struct error *err);
enum status device_shell(struct device_request *request, struct error *err);
enum status device_status(struct device_request *request, struct error *err);

#endif
