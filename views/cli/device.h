/* What the verbs of `atrium device` share. */
#ifndef ATRIUM_CLI_DEVICE_H
#define ATRIUM_CLI_DEVICE_H

#include "model/access/access.h"
#include "model/fleet/transfer.h"
#include "views/cli/cli.h"

#include <signal.h>

struct device_request {
    struct cli *cli;
    struct reader *reader;
    struct access access;
    const struct device *devices; /* those of --on */
    size_t n;
    bool begun;          /* the audit has the act */
    int64_t queue_until; /* config apply: those that do not answer wait until then; 0: no */
};

/* Ends the engine's work with Ctrl-C as a person expects: the first asks the devices to stop, the
 * second leaves. Prints progress. ST_PARTIAL is the caller's to find out. */
enum status device_work(struct device_request *request, const struct fleet_work_options *options,
                        struct fleet_engine **engine, struct fleet_work **work, struct error *err);
/* An engine with the request's options, for other work than that. */
enum status device_engine(struct device_request *request, struct fleet_engine **engine,
                          struct error *err);
void device_work_end(struct fleet_engine *engine, struct fleet_work *work);

/* The engine with --window, --timeout and --identity. End it with fleet_free. */
enum status device_engine(struct device_request *request, struct fleet_engine **engine,
                          struct error *err);

/* Counts Ctrl-C between begin and end. */
void device_interrupt_begin(struct sigaction *before);
int device_interrupted(void);
void device_interrupt_end(const struct sigaction *before);

/* One line of the audit before the first device hears of an act, and its outcome for each of them
 * afterwards (with the line of the audit, where it is not there yet). */
enum status device_act_begin(struct device_request *request, const char *act, const char *detail,
                             struct error *err);
enum status device_act_keep(struct device_request *request, const char *act, const char *detail,
                            const struct fleet_result *results, size_t n, struct error *err);

/* A transfer with its progress, audit, outcomes and table. */
enum status device_transfer(struct device_request *request, const char *act, const char *detail,
                            const struct transfer_options *options, struct error *err);

enum status device_run(struct device_request *request, struct error *err);
enum status device_routines(struct device_request *request, struct error *err);
enum status device_pin(struct device_request *request, struct error *err);
enum status device_logs(struct device_request *request, struct error *err);
enum status device_follow(struct device_request *request, struct error *err);
enum status device_shell(struct device_request *request, struct error *err);
enum status device_collect(struct device_request *request, struct error *err);
enum status device_status(struct device_request *request, struct error *err);
enum status device_config(struct device_request *request, struct error *err);
enum status device_ls(struct device_request *request, struct error *err);
enum status device_recording(struct device_request *request, struct error *err);
enum status device_put(struct device_request *request, struct error *err);
enum status device_get(struct device_request *request, struct error *err);
enum status device_install(struct device_request *request, struct error *err);

#endif
