/* Offers over the sessions of a collector. */
#include "model/base/time.h"
#include "model/fleet/collect_parts.h"

#include <string.h>

enum {
    LOOK_MS = 500,   /* for rows that came */
    SWEEP_MS = 2000, /* for those that are over */
    AGAIN_MS = 10000 /* a device that refused one, or that has nothing to take */
};

/* What the device said of those that it was given, in their order. */
static enum status answers_take(struct collector *c, struct tap *tap, struct error *err)
{
    struct stream *stream = tap->stream;
    char failed[120] = "";
    size_t had = tap->offers_had;
    pthread_mutex_lock(&c->hub.lock);
    for (size_t i = 0; i < stream->answers.n && had < tap->offers_n && !*failed; i++) {
        const struct stream_answer *answer = &stream->answers.at[i];
        if (strcmp(answer->name, tap->offers[had].name) != 0)
            continue;
        if (*answer->reason)
            memcpy(failed, answer->reason, sizeof failed);
        else
            had++;
    }
    stream->answers.n = 0;
    pthread_mutex_unlock(&c->hub.lock);
    tap->offers_had = had;
    if (had < tap->offers_n && !*failed)
        return ST_OK;
    /* All of them were answered, or one was refused: those after it come again. */
    enum status status = offers_settle(c->writer, c->options->access->principal, stream->device.id,
                                       tap->offers, had, *failed ? failed : NULL, err);
    if (status != ST_OK)
        return status;
    tap->offers_sent += (int64_t)had;
    atomic_fetch_add(&c->numbers->offers, (int64_t)had);
    tap->offers_n = 0;
    tap->offers_ms = collect_now_ms() + (*failed ? AGAIN_MS : 0);
    tap->offers_due = !*failed || !c->options->once;
    return ST_OK;
}

static enum status offers_give(struct collector *c, struct tap *tap, struct error *err)
{
    arena_reset(tap->arena);
    enum status status = offers_take(c->writer, tap->arena, tap->stream->device.id, time_now(),
                                     &tap->offers, &tap->offers_n, err);
    if (status != ST_OK)
        return status;
    tap->offers_had = 0;
    tap->offers_due = tap->offers_n > 0;
    for (size_t i = 0; i < tap->offers_n; i++) {
        const struct offer_out *offer = &tap->offers[i];
        stream_offer(tap->stream, offer->name, offer->seconds, offer->payload,
                     strlen(offer->payload));
    }
    c->wake = c->wake || tap->offers_n;
    return ST_OK;
}

static enum status tap_work(struct collector *c, struct tap *tap, struct error *err)
{
    struct stream *stream = tap->stream;
    if (!stream->open || stream->ending)
        return ST_OK;
    if (tap->offers_n)
        return answers_take(c, tap, err);
    pthread_mutex_lock(&c->hub.lock);
    bool ready = stream->heard;
    pthread_mutex_unlock(&c->hub.lock);
    return ready && tap->offers_due && collect_now_ms() >= tap->offers_ms ? offers_give(c, tap, err)
                                                                          : ST_OK;
}

/* Whether there is anything new, for all devices at once. */
static enum status queue_look(struct collector *c, struct error *err)
{
    int64_t highest, live, now = collect_now_ms();
    enum status status = offers_pending(c->writer, &highest, &live, err);
    if (status != ST_OK)
        return status;
    bool news = highest != c->offers_row || live > c->offers_live;
    c->offers_row = highest;
    c->offers_live = live;
    c->offers_ms = now;
    for (size_t i = 0; live && i < c->taps.n; i++) {
        struct tap *tap = c->taps.at[i];
        if (tap->offers_due || tap->offers_n)
            continue;
        /* Those that had nothing to take are asked again now and then: a campaign may go on. */
        tap->offers_due = news || (!c->options->once && now >= tap->offers_ms + AGAIN_MS);
        if (tap->offers_due)
            tap->offers_ms = now;
    }
    if (live && now >= c->swept_ms + SWEEP_MS) {
        c->swept_ms = now;
        status = offers_sweep(c->writer, time_now(), err);
    }
    return status;
}

enum status offers_work(struct collector *c, struct error *err)
{
    enum status status = ST_OK;
    if (!c->swept_ms || collect_now_ms() >= c->offers_ms + LOOK_MS)
        status = queue_look(c, err);
    if (!c->swept_ms)
        c->swept_ms = 1;
    for (size_t i = 0; i < c->taps.n && status == ST_OK; i++)
        status = tap_work(c, c->taps.at[i], err);
    return status;
}
