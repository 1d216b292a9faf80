/* Versions of the application for the demo's devices, so that a roll-out can be tried. */
#ifndef ATRIUM_CLI_DEMO_PACKAGES_H
#define ATRIUM_CLI_DEMO_PACKAGES_H

#include "views/cli/cli.h"

/* Writes FILE.packages beside the mall file with a version that is well and one that is not, and
 * lets a person alone roll out to as many devices as the demo has: nobody else is there to approve.
 * What is there already stays as it is. */
enum status demo_packages_make(struct cli *cli, size_t devices, struct error *err);

#endif
