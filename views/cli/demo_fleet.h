/* The demo's devices: simulated ones and real OpenSSH servers, as two children of the console
 * (fixtures/devices). */
#ifndef ATRIUM_CLI_DEMO_FLEET_H
#define ATRIUM_CLI_DEMO_FLEET_H

#include "views/cli/cli.h"

struct demo_fleet;

/* How many there are where nobody says it. */
enum { DEMO_DEVICES_ALIVE = 80, DEMO_DEVICES_REAL = 20 };

/* Starts `n` of the mall's devices: a key for them in the folder MALL.devices, their pins and ports
 * in the mall, the mall's calendar going on from its last day to today. Every so many-th of them,
 * a third and DEMO_DEVICES_REAL at most, is a real OpenSSH server, where this user can have some;
 * else a line on stderr says why, and simulated ones stand in. *fleet is NULL, with a line
 * on stderr, where they cannot be started or run already: the console opens all the same. */
enum status demo_fleet_start(struct cli *cli, uint32_t n, uint64_t seed, struct demo_fleet **fleet,
                             struct error *err);
void demo_fleet_end(struct demo_fleet *fleet); /* NULL is fine */

#endif
