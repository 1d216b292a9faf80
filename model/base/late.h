/*
 * Libraries that few commands need are loaded when they are needed: mapping libcurl and
 * libssh and the thirty libraries they stand on takes a good part of what a question about five
 * million people does (doc/measured.md).
 *
 * Who needs such a library lists its functions (`LIST(F)` calls F(name) for each), declares a
 * struct of pointers to them by LATE_MEMBER and calls through it. A function that is not listed
 * links as usual: the program then starts with the library, slower and right.
 */
#ifndef ATRIUM_BASE_LATE_H
#define ATRIUM_BASE_LATE_H

#include "model/base/status.h"

#define LATE_MEMBER(name) __typeof__(name) *name;
#define LATE_NAME(name) #name,

/* Finds the `n` functions of a library and puts their addresses into `functions`, a struct of as
 * many pointers. ST_UNUSABLE says which library or function is not there. The library stays. */
enum status late_load(const char *library, const char *const *names, size_t n, void *functions,
                      struct error *err);

#endif
