/*
 * How devices were over time: one sample an hour and device, kept for seven days (table
 * device_sample). It is written where a look is kept (status.h), so it has as many looks as
 * somebody took; hours in which nobody asked have no sample.
 */
#ifndef ATRIUM_FLEET_HISTORY_H
#define ATRIUM_FLEET_HISTORY_H

#include "model/fleet/status.h"

enum { SAMPLE_HOURS = 7 * 24 };

struct device_sample {
    int64_t hour;        /* hours since 1970 */
    int asked, answered; /* times; 0: nobody asked, or it never answered */
    int load, disk;      /* the highest, in hundredths and percent; -1: unknown */
    int64_t clock_ms;    /* the farthest off */
};

/* Adds a look to the sample of its hour, and drops the device's samples that are older than seven
 * days. Inside a transaction. */
enum status device_sample_keep(struct writer *writer, const struct device_sight *sight,
                               struct error *err);

/* The `n` hours that end with `last`, oldest first: hours without a sample have zeros, load and
 * disk -1. ST_DENIED without RIGHT_DEVICES. */
enum status device_samples_read(struct reader *reader, const struct access *access, uint32_t device,
                                int64_t last, struct device_sample *samples, size_t n,
                                struct error *err);

#endif
