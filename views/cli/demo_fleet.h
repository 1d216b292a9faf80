/* The demo's devices: simulated ones, as a child of the console (fixtures/devices). */
#ifndef ATRIUM_CLI_DEMO_FLEET_H
#define ATRIUM_CLI_DEMO_FLEET_H

#include "views/cli/cli.h"

struct demo_fleet;

/* Starts `n` of the mall's devices: a key for them in the folder MALL.devices, their pins and ports
 * in the mall, the mall's calendar going on from its last day to today. *fleet is NULL, with a line
 * on stderr, where they cannot be started or run already: the console opens all the same. */
enum status demo_fleet_start(struct cli *cli, uint32_t n, uint64_t seed, struct demo_fleet **fleet,
                             struct error *err);
void demo_fleet_end(struct demo_fleet *fleet); /* NULL is fine */

#endif
