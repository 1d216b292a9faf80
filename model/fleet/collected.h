/* What came from a device, for whoever looks after it: no people. */
#ifndef ATRIUM_FLEET_COLLECTED_H
#define ATRIUM_FLEET_COLLECTED_H

#include "model/access/access.h"

struct device_collected {
    /* Of one mall day, by the time of what it reported; amounts in fen, refunds taken off. */
    int64_t receipts, amount, card_receipts, card_amount; /* card_…: with a member's card */
    int64_t sightings, random;                            /* random: of made-up addresses */
    int64_t duplicates, refused, clocked; /* of what came that day; clocked: time set right */
    /* Of its spool. */
    int64_t offset, waiting, resets, time; /* waiting: bytes that had not come when it last said */
};

/* Zeros where nothing came. ST_DENIED without RIGHT_DEVICES. */
enum status device_collected_read(struct reader *reader, const struct access *access,
                                  uint32_t device, int32_t day, struct device_collected *collected,
                                  struct error *err);

#endif
