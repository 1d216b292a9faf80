/* What is in a mall file, counted without reading the events: `atrium status` and the Data screen.
 */
#ifndef ATRIUM_LOOP_OVERVIEW_H
#define ATRIUM_LOOP_OVERVIEW_H

#include "model/event/event.h"

struct overview {
    const char *mall, *path;
    int64_t members;  /* rows of the member table */
    int64_t subjects; /* distinct people known */
    int64_t tenants, devices, zones, groups;
    int64_t events; /* without receipt lines */
    int64_t receipt_lines;
    int64_t first, last; /* times of events; 0 when there are none */
    int64_t bytes;       /* of the file and its WAL */
    int64_t as_of;       /* the latest event; 0: none */
    int64_t pending;     /* edits not yet at the hub: 0 in a mall of its own */
    int64_t tail;        /* events not folded into columns yet */
    bool read_only;
    const char *why_read_only;
};

/* Texts are owned by the arena. */
enum status overview_read(struct reader *reader, struct arena *arena, struct overview *overview,
                          struct error *err);

#endif
