/* A command that works until it is told to end: SIGTERM, SIGINT and SIGHUP ask it to, and it ends
 * where it may. One a process. */
#ifndef ATRIUM_VIEWS_CLI_STOP_H
#define ATRIUM_VIEWS_CLI_STOP_H

#include "model/base/status.h"

#include <stdatomic.h>

/* True once it was asked to end. */
extern atomic_bool stop_asked;

/* Takes the signals for good; SIGPIPE is ignored, so that what is written to nobody is an error. */
enum status stop_take(struct error *err);

/* A descriptor that can be read once a signal came, for whoever waits in poll; -1 before
 * stop_take. */
int stop_wake(void);

#endif
