/*
 * The hub's end of one session: a machine without wires (doc/sync.md). It trusts nothing that it
 * is fed: frames carry no path, no SQL and no flag, and what they name is looked up.
 *
 * Memory stays below a few batches whatever the mall's size: nothing is read ahead of what the
 * replica has given credit for, and sync_hub_step does a bounded piece of work, so a caller that
 * serves several takes turns.
 */
#ifndef ATRIUM_SYNC_HUB_H
#define ATRIUM_SYNC_HUB_H

#include "model/store/mall.h"
#include "model/store/writer.h"

struct sync_hub;

/* Makes a mall a hub, in a transaction of the caller's: its changes are numbered from here on. One
 * that is a hub stays as it is. ST_REFUSED for a replica. */
enum status sync_hub_make(struct writer *writer, struct error *err);

struct sync_hub_options {
    const char *principal;         /* as the forced command names it; its role is looked up */
    int64_t (*now)(void *context); /* UTC seconds; NULL: the wall clock */
    void *context;
};

/* ST_DENIED for a principal that is unknown or revoked. The mall outlives it. */
enum status sync_hub_new(struct mall *mall, const struct sync_hub_options *options,
                         struct sync_hub **hub, struct error *err);
void sync_hub_free(struct sync_hub *hub); /* NULL is fine; what is unfinished never happened */

/* Bytes from the replica; n = 0: there will be no more. */
void sync_hub_feed(struct sync_hub *hub, const void *bytes, size_t n);
/* Of those, what was not looked at yet: whoever feeds waits where it is more than a frame. */
size_t sync_hub_held(const struct sync_hub *hub);

/* Does some work: applies an edit, reads up to a batch. *more: there is more to do without new
 * bytes. A status other than ST_OK ends the session; the reason was put in a last frame. */
enum status sync_hub_step(struct sync_hub *hub, bool *more, struct error *err);

/* What to write, as frame_next and frame_took. */
const unsigned char *sync_hub_out(const struct sync_hub *hub, size_t *n);
void sync_hub_sent(struct sync_hub *hub, size_t n);
bool sync_hub_over(const struct sync_hub *hub); /* and everything was taken */

#endif
