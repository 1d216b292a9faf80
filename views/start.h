/* How the console begins. */
#ifndef ATRIUM_VIEWS_START_H
#define ATRIUM_VIEWS_START_H

#include "model/base/status.h"

/* Opens the console on a mall for a principal and returns when the person left it. */
enum status console_start(const char *mall_path, const char *principal, struct error *err);

#endif
