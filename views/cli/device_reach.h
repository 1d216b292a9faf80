/* How many devices a command reaches, and that whoever gave it knows. */
#ifndef ATRIUM_CLI_DEVICE_REACH_H
#define ATRIUM_CLI_DEVICE_REACH_H

#include "views/cli/device.h"

enum { REACH_FREE = 10 }; /* so many devices may be changed without saying how many they are */

/* The option for a command's table. */
#define DEVICE_REACH_OPTION                                                                        \
    {                                                                                              \
        "yes", "N", 0, "reaches more than 10 devices: so many, as it says without this"            \
    }

/* `deed`: "applies the configuration". `must`: more than REACH_FREE devices need --yes N; else it
 * is only looked at where it is given. ST_USAGE with the reach ("14 devices: 12 pos, 2 screen")
 * where N is missing or another number: then nothing was done. */
enum status device_reach_agree(struct device_request *request, const char *deed, bool must,
                               struct error *err);

#endif
