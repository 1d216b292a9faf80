/* How the console begins. */
#ifndef ATRIUM_VIEWS_START_H
#define ATRIUM_VIEWS_START_H

#include "model/base/status.h"

/* Opens the console on a mall for a principal and returns when the person left it. */
enum status console_start(const char *mall_path, const char *principal, struct error *err);

/* The same with one screen, which it leaves with; `identity`: as in console_options. */
enum status console_start_at(const char *mall_path, const char *principal, const char *view,
                             const char *argument, const char *identity, struct error *err);

#endif
