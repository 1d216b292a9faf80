/* The parts of a collector. Inside the module; all of it on the collecting thread. */
#ifndef ATRIUM_FLEET_COLLECT_PARTS_H
#define ATRIUM_FLEET_COLLECT_PARTS_H

#include "model/fleet/collect.h"
#include "model/fleet/collect_keep.h"
#include "model/fleet/offer.h"
#include "model/fleet/stream.h"
#include "model/store/reader.h"

enum {
    COLLECT_PIECES = 64,        /* in one transaction, */
    COLLECT_BYTES = 256 * 1024, /* and so many bytes: some 2,000 rows, some 50 ms */
    TAIL_LEAST = 5000,          /* new events that are folded */
    FIRST_MS = 20000            /* until a device says its first word */
};

/* Which spool a kind of device has; NULL: it only listens. */
struct spool_kind {
    const char *device, *spool;
    enum import_kind kind;
};
extern const struct spool_kind spool_kinds[]; /* ends with a row without a device */

/* A device and what is known of it since the collector began. */
struct tap {
    struct collector *collector;
    struct stream *stream;
    const struct spool_kind *kind;
    struct arena *arena; /* of the offers under way */
    bool wanted, tried, done;
    int64_t next_ms, backoff_ms, opened_ms, ended_ms;
    int64_t held_at, held_ms; /* where the last receipt begins that may go on; since when */
    bool held_again;          /* the device was asked again since */
    size_t cut; /* of a piece at most, while a row that cannot be kept is looked for */
    enum device_condition state;
    char reason[200];
    char offered[64]; /* another host key than its pin, that is not kept yet; "": none */
    int64_t key_ms;   /* how long that took */
    int64_t rows, duplicates, refused, bytes, offset;

    bool offers_due; /* something may wait for it */
    const struct offer_out *offers;
    size_t offers_n, offers_had; /* under way; of those that it has */
    int64_t offers_ms, offers_sent;
};

struct collector {
    const struct collect_options *options;
    struct collect_numbers *numbers;
    struct stream_hub hub;
    struct fleet_engine *engine;
    struct reader *reader;
    struct writer *writer;
    struct arena *arena; /* of a transaction */
    VEC(struct tap *) taps;
    size_t turn;
    int64_t refreshed_ms, committed_ms, rows_version, tail;
    int64_t settings; /* what they say, as one number */
    bool wake, hurry, switched;

    int64_t sights_ms; /* what was seen is not kept before */

    int64_t offers_row, offers_live, offers_ms, swept_ms;
};

int64_t collect_now_ms(void); /* monotonic */

/* Looks at the inventory: devices that came, went or changed. */
enum status devices_refresh(struct collector *c, struct error *err);

/* Ends and frees those that are gone, or in quarantine by now. */
void taps_tidy(struct collector *c);

/* Tells an open session to end. */
void tap_end(struct collector *c, struct tap *tap);
void tap_free(struct tap *tap); /* whose session has ended */

/* What of a stream's piece is taken now: whole receipts. The last one in a spool may go on: it is
 * asked for once more a moment later (*again). False: nothing now. Under the hub's lock. */
bool piece_fill(struct tap *tap, int64_t now_ms, struct collect_piece *piece, bool *again);

/* A session has ended: notes another host key than the pin's. */
void key_seen(struct tap *tap, const struct fleet_job *job);
/* Keeps what was seen: a device that showed another key goes into quarantine. In a transaction of
 * its own. */
enum status sights_keep(struct collector *c, struct error *err);

/* Answers of devices to offers, and what goes out next. */
enum status offers_work(struct collector *c, struct error *err);

#endif
