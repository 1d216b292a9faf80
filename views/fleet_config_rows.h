/* Devices and their configurations as few rows. Nothing here asks or waits. */
#ifndef ATRIUM_VIEWS_FLEET_CONFIG_ROWS_H
#define ATRIUM_VIEWS_FLEET_CONFIG_ROWS_H

#include "model/base/sheet.h"
#include "model/fleet/device.h"

/* What a device answered when it was asked for its configuration. */
struct config_told {
    uint32_t device;
    bool good;
    const char *text; /* what it has, or why that is not known */
    size_t n;
};

struct config_row {
    const struct device *first;
    const char *wanted;     /* the desired text of its first device; NULL: none */
    const char *difference; /* "" none; NULL: it was not asked, or gave no answer */
    const char *reason;     /* why it gave no answer; "" */
    size_t n;
    const size_t *members; /* indices of the devices, rising */
};

struct config_rows {
    struct sheet *sheet; /* a row each */
    uint64_t *keys;
    const struct config_row *rows;
    size_t n;
};

/* Devices that are alike in kind, drift, hashes and difference are one row; those that differ
 * first, the largest rows first. `wanted` by device; `told` by number of the device, rising. Owned
 * by the arena; points into what it was given. */
struct config_rows *config_rows_make(struct arena *arena, const struct device *devices, size_t n,
                                     const char *const *wanted, const struct config_told *told,
                                     size_t n_told);

/* The difference of a row, or else its desired text. Columns: mark, line. */
struct sheet *config_row_lines(struct arena *arena, const struct config_row *row);

#endif
