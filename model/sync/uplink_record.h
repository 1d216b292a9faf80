/* Inside model/sync: what a session leaves in FILE.hub. */
#ifndef ATRIUM_SYNC_UPLINK_RECORD_H
#define ATRIUM_SYNC_UPLINK_RECORD_H

#include "model/sync/uplink.h"

const char *uplink_identity(const struct uplink *uplink);

/* Puts a session in front of the others and writes the file; what others wrote to it stays. */
void uplink_record(struct uplink *uplink, int64_t began, const struct sync_counts *counts,
                   const char *said);

#endif
