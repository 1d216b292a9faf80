/*
 * How far a replica got: what it keeps with its rows and gives back to its hub. Everything numbered
 * before it is there. JSON on the wire and in the file.
 */
#ifndef ATRIUM_SYNC_POSITION_H
#define ATRIUM_SYNC_POSITION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    POSITION_EVENTS = 63, /* after all places of a number come its events */
    POSITION_DONE = 64,   /* all of a number */
    /* Of a first copy, after the places: */
    COPY_CHUNK = 70,
    COPY_PERSON,
    COPY_RECENT,
    COPY_DAY,
    COPY_HOUR,
    COPY_DONE,
};

struct position {
    bool copy;            /* a first copy, as of `seq` and `batch` */
    int64_t seq;          /* the number; of a first copy that of its beginning */
    int64_t batch;        /* of a first copy: what events are copied as of */
    int place;            /* in it, up to this place */
    int64_t key;          /* and of that up to this key; of events the batch */
    int32_t block, month; /* and of that up to this place of events; INT32_MAX: all */
    int64_t tail;         /* rows of the tail up to here */
};

json_t *position_json(const struct position *position); /* a new reference */
bool position_read(const json_t *json, struct position *position);
char *position_text(const struct position *position); /* to be freed */
bool position_parse(const char *text, struct position *position);

#endif
