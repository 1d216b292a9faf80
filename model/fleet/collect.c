/* The collector's loop: which devices, their streams, what came into the mall, what goes out. */
#include "model/fleet/collect.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/event/event.h"
#include "model/fleet/clean.h"
#include "model/fleet/collect_parts.h"
#include "model/store/lock.h"
#include "model/store/operation.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    REFRESH_MS = 3000, /* who is in the inventory */
    COMMIT_MS = 200,   /* from a commit to the next, where a little comes */
    POLL_MS = 100,
    OPEN_AT_ONCE = 64,       /* sessions that are being opened */
    BACKOFF_MS = 1000,       /* until a device that failed is tried again: doubled, */
    BACKOFF_MOST_MS = 60000, /* up to this */
    ENDING_MS = 3000,
    SESSION_MS = 1800000, /* then a session is made anew, which measures the clock again */
    LONG_MS = 86400000,
};

/* ---- Sessions ---- */

static void backoff(struct tap *tap, bool good)
{
    int64_t wait = good ? 0 : tap->backoff_ms ? tap->backoff_ms * 2 : BACKOFF_MS;
    tap->backoff_ms = wait < BACKOFF_MOST_MS ? wait : BACKOFF_MOST_MS;
    /* Not all of a floor in the same moment. */
    tap->next_ms =
        collect_now_ms() + tap->backoff_ms + (wait ? tap->stream->device.id % 97 * 5 : 0);
}

static void reason_set(struct tap *tap, const char *text)
{
    snprintf(tap->reason, sizeof tap->reason, "%s", text);
}

/* On the collector's thread: a session has ended. */
static void on_done(struct fleet_job *job)
{
    struct stream *stream = job->context;
    struct tap *tap = stream->tap;
    bool alone = job->exit_status == 127 && !stream->along && job->state == DEVICE_OK;
    bool good = job->state == DEVICE_OK && job->exit_status == 0 && !*stream->nonsense;
    stream->open = false;
    tap->offers_n = 0;
    tap->state = good ? DEVICE_OK : job->state == DEVICE_OK ? DEVICE_FAILED : job->state;
    reason_set(tap, job->reason);
    if (*stream->nonsense) {
        tap->state = DEVICE_FAILED;
        reason_set(tap, stream->nonsense);
    } else if (job->state == DEVICE_OK && job->exit_status) {
        snprintf(tap->reason, sizeof tap->reason, "exit status %d", job->exit_status);
    }
    if (stream->ending && stream->heard && !*stream->nonsense) {
        tap->state = DEVICE_OK; /* it was told to end; how it did so is all one */
        good = true;
        reason_set(tap, "");
    }
    key_seen(tap, job);
    stream->along = stream->along || alone;
    tap->tried = !alone;
    tap->done = tap->tried && (!good || stream->ending);
    stream_clear(stream);
    backoff(tap, good || alone);
}

static enum status tap_open(struct collector *c, struct tap *tap, struct error *err)
{
    int64_t offset = 0, marked = 0;
    char mark[SHA256_HEX] = "";
    enum status status = ST_OK;
    if (tap->stream->spool)
        status = collect_offset(c->writer, tap->stream->device.id, tap->stream->spool, &offset,
                                &marked, mark, err);
    if (status != ST_OK)
        return status;
    tap->stream->tap = tap;
    tap->opened_ms = collect_now_ms();
    tap->held_at = -1;
    stream_begin(tap->stream, offset, marked, mark, on_done);
    return ST_OK;
}

/* A device without a spool is only asked to listen when there is something for it. */
static bool tap_due(const struct collector *c, const struct tap *tap, int64_t now)
{
    if (tap->stream->open || !tap->wanted || now < tap->next_ms || (c->options->once && tap->done))
        return false;
    return tap->stream->spool || tap->offers_due;
}

static enum status taps_open(struct collector *c, struct error *err)
{
    enum status status = ST_OK;
    int opening = 0;
    int64_t now = collect_now_ms();
    for (size_t i = 0; i < c->taps.n; i++)
        opening += c->taps.at[i]->stream->open && !c->taps.at[i]->stream->heard;
    for (size_t i = 0; i < c->taps.n && status == ST_OK && opening < OPEN_AT_ONCE; i++) {
        struct tap *tap = c->taps.at[(c->turn + i) % c->taps.n];
        if (!tap_due(c, tap, now))
            continue;
        status = tap_open(c, tap, err);
        opening++;
    }
    return status;
}

/* Those that are silent, whose clock jumped, who have said all there was. */
static void taps_watch(struct collector *c)
{
    int64_t now = collect_now_ms();
    for (size_t i = 0; i < c->taps.n; i++) {
        struct tap *tap = c->taps.at[i];
        struct stream *stream = tap->stream;
        if (!stream->open)
            continue;
        pthread_mutex_lock(&c->hub.lock);
        bool heard = stream->heard, idle = stream->idle && !stream->ready;
        bool silent =
            heard && time_monotonic_ns() - stream->active > STREAM_SILENT_MS * INT64_C(1000000);
        bool old = stream->clock_moved || now - tap->opened_ms > SESSION_MS;
        pthread_mutex_unlock(&c->hub.lock);
        bool offers = tap->offers_due || tap->offers_n;
        bool finished = idle && !offers && (c->options->once || !stream->spool);
        if (heard && stream->spool)
            tap->backoff_ms = 0;
        if (silent || (stream->ending && now - tap->ended_ms > ENDING_MS))
            fleet_cancel(c->engine, &stream->job);
        else if (finished || (old && idle && !offers))
            tap_end(c, tap);
    }
}

/* ---- What came ---- */

/* Rolls the tail up where it has grown: questions read all of it each time. */
static enum status tail_fold(struct collector *c, int64_t rows, struct error *err)
{
    c->tail += rows;
    if (c->tail < TAIL_LEAST)
        return ST_OK;
    enum status status = event_fold(c->writer, TAIL_LEAST, err);
    if (status == ST_OK)
        status = reader_integer(c->reader, "select count(*) from tail", 0, &c->tail, err);
    /* Another program may be folding or importing: a while later again. */
    if (c->tail >= TAIL_LEAST)
        c->tail = TAIL_LEAST * 4 / 5;
    return status;
}

static void piece_done(struct collector *c, struct tap *tap, const struct collect_piece *piece)
{
    const struct feed_piece *feed = &piece->feed;
    if (piece->gone) {
        tap_end(c, tap);
        return;
    }
    int64_t bytes = (int64_t)feed->n + piece->skipped;
    tap->rows += feed->rows;
    tap->duplicates += feed->duplicates;
    tap->refused += feed->refused;
    tap->bytes += bytes;
    tap->offset = feed->offset + bytes;
    stream_safe(tap->stream, tap->offset);
    c->wake = true;
    atomic_fetch_add(&c->numbers->rows, feed->rows - feed->refused);
    atomic_fetch_add(&c->numbers->duplicates, feed->duplicates);
    atomic_fetch_add(&c->numbers->refused, feed->refused);
    atomic_fetch_add(&c->numbers->bytes, bytes);
}

/* One piece that the mall refuses as a whole: by halves, until the line is found. */
static enum status piece_split(struct collector *c, struct tap *tap, struct collect_piece *piece,
                               struct error *err)
{
    const struct feed_piece *feed = &piece->feed;
    const char *first = memchr(feed->bytes, '\n', feed->n);
    if (first && first + 1 < feed->bytes + feed->n) {
        tap->cut = feed->n / 2;
        return ST_OK;
    }
    struct arena *arena = arena_new();
    const char *message =
        device_clean(arena, error_text(err), strlen(error_text(err)), 300, false, NULL);
    message = arena_printf(arena, "1: %s", message);
    error_clear(err);
    enum status status =
        collect_refuse(c->writer, c->options->access->principal, piece, message, time_now(), err);
    if (status == ST_OK)
        piece_done(c, tap, piece);
    tap->cut = 0;
    arena_free(arena);
    return status;
}

static enum status pieces_keep(struct collector *c, struct tap **taps, struct collect_piece *pieces,
                               size_t n, struct error *err)
{
    int64_t rows = 0;
    const char *actor = c->options->access->principal;
    enum status status = collect_keep(c->writer, c->arena, actor, pieces, n, time_now(), err);
    if (status == ST_REFUSED && n == 1)
        return piece_split(c, taps[0], &pieces[0], err);
    if (status == ST_REFUSED) {
        error_clear(err);
        status = ST_OK;
        for (size_t i = 0; i < n && status == ST_OK; i++)
            status = pieces_keep(c, &taps[i], &pieces[i], 1, err);
        return status;
    }
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        taps[i]->cut = 0;
        rows += 2 * pieces[i].feed.imported;
        piece_done(c, taps[i], &pieces[i]);
    }
    if (status == ST_OK) {
        atomic_store(&c->numbers->time, time_now());
        status = tail_fold(c, rows, err);
    }
    return status;
}

/* In turn, so that nobody with a backlog goes first for ever. */
static size_t pieces_gather(struct collector *c, struct tap **taps, struct collect_piece *pieces)
{
    size_t n = 0, bytes = 0;
    pthread_mutex_lock(&c->hub.lock);
    for (size_t i = 0; i < c->taps.n && n < COLLECT_PIECES && bytes < COLLECT_BYTES; i++) {
        struct tap *tap = c->taps.at[(c->turn + i) % c->taps.n];
        if (!tap->stream->open || !tap->stream->ready || tap->stream->ending)
            continue;
        bool again = false, some = piece_fill(tap, collect_now_ms(), &pieces[n], &again);
        if (again)
            stream_again(tap->stream);
        c->wake = c->wake || again;
        if (!some)
            continue;
        bytes += pieces[n].feed.n;
        taps[n++] = tap;
    }
    pthread_mutex_unlock(&c->hub.lock);
    if (n)
        c->turn = (c->turn + n) % c->taps.n;
    return n;
}

static enum status pieces_take(struct collector *c, bool *some, struct error *err)
{
    struct tap *taps[COLLECT_PIECES];
    struct collect_piece pieces[COLLECT_PIECES];
    *some = false;
    if (!c->taps.n)
        return ST_OK;
    arena_reset(c->arena);
    size_t n = pieces_gather(c, taps, pieces);
    if (!n)
        return ST_OK;
    *some = true;
    c->committed_ms = collect_now_ms();
    enum status status = pieces_keep(c, taps, pieces, n, err);
    if (status == ST_OK && c->options->committed)
        c->options->committed(c->options->context);
    return status;
}

/* ---- The loop ---- */

static void numbers_tell(struct collector *c)
{
    int live = 0;
    int64_t waiting = 0;
    pthread_mutex_lock(&c->hub.lock);
    for (size_t i = 0; i < c->taps.n; i++) {
        const struct stream *stream = c->taps.at[i]->stream;
        live += stream->open && stream->heard;
        if (stream->open && stream->spool && stream->size > stream->offset)
            waiting += stream->size - stream->offset;
    }
    pthread_mutex_unlock(&c->hub.lock);
    atomic_store(&c->numbers->live, live);
    atomic_store(&c->numbers->devices, (int)c->taps.n);
    atomic_store(&c->numbers->waiting, waiting);
}

static bool stopped(const struct collector *c)
{
    return c->options->stop && atomic_load(c->options->stop);
}

static bool finished(const struct collector *c)
{
    for (size_t i = 0; i < c->taps.n; i++) {
        const struct tap *tap = c->taps.at[i];
        if (tap->stream->open ||
            (tap->wanted && !tap->done && (tap->stream->spool || tap->offers_due)))
            return false;
    }
    return true;
}

static void news_wait(struct collector *c, int64_t ms)
{
    struct pollfd fds[2] = {{.fd = c->hub.news, .events = POLLIN},
                            {.fd = fleet_fd(c->engine), .events = POLLIN}};
    uint64_t count;
    if (c->wake)
        fleet_wake(c->engine);
    c->wake = false;
    poll(fds, 2, (int)ms);
    ssize_t n = read(c->hub.news, &count, sizeof count);
    (void)n; /* none: it was quiet */
}

/* One device's news waits a little, so that what many say at once is one commit. */
static void commit_wait(struct collector *c)
{
    int64_t left = c->committed_ms + COMMIT_MS - collect_now_ms();
    news_wait(c, POLL_MS);
    if (left > 0 && left <= COMMIT_MS && !c->hurry) {
        struct pollfd none = {.fd = -1};
        poll(&none, 1, (int)left);
    }
}

static enum status round_work(struct collector *c, struct error *err)
{
    bool some = false;
    enum status status = ST_OK;
    fleet_collect(c->engine);
    status = sights_keep(c, err);
    if (status == ST_OK && (!c->refreshed_ms || collect_now_ms() - c->refreshed_ms > REFRESH_MS))
        status = devices_refresh(c, err);
    taps_tidy(c);
    if (status == ST_OK && !c->options->no_offers)
        status = offers_work(c, err);
    if (status == ST_OK)
        status = taps_open(c, err);
    if (status == ST_OK)
        status = pieces_take(c, &some, err);
    taps_watch(c);
    /* A whole piece: there is a backlog, and it is taken as fast as it comes. */
    c->hurry = some && c->arena && atomic_load(&c->numbers->waiting) > STREAM_PIECE;
    numbers_tell(c);
    return status;
}

/* What other programs hold for a while is no reason to end. */
static enum status rounds_work(struct collector *c, struct error *err)
{
    int64_t conflicts = 0;
    enum status status = ST_OK;
    while (status == ST_OK && !stopped(c) && !c->switched) {
        status = round_work(c, err);
        if (status == ST_CONFLICT && (!c->options->once || conflicts++ < 3)) {
            error_clear(err);
            status = ST_OK;
        }
        if (status == ST_OK && c->options->once && finished(c)) {
            status = sights_keep(c, err);
            break;
        }
        if (status == ST_OK)
            commit_wait(c);
    }
    return status;
}

/* What is under way is told to end, and a little is waited for it. */
static void taps_close(struct collector *c)
{
    int64_t until = collect_now_ms() + ENDING_MS / 2;
    bool open = true;
    for (size_t i = 0; i < c->taps.n; i++)
        tap_end(c, c->taps.at[i]);
    while (open && collect_now_ms() < until) {
        news_wait(c, POLL_MS);
        fleet_collect(c->engine);
        open = false;
        for (size_t i = 0; i < c->taps.n; i++)
            open = open || c->taps.at[i]->stream->open;
    }
}

static void result_fill(struct collector *c, struct arena *arena, struct collect_result *result)
{
    struct collect_device *devices = arena_array(arena, struct collect_device, c->taps.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < c->taps.n; i++) {
        const struct tap *tap = c->taps.at[i];
        if (!tap->tried)
            continue;
        devices[n++] = (struct collect_device){
            .code = arena_strdup(arena, tap->stream->device.code),
            .spool = tap->stream->spool ? tap->stream->spool : "",
            .state = tap->state,
            .reason = arena_strdup(arena, tap->reason),
            .rows = tap->rows,
            .duplicates = tap->duplicates,
            .refused = tap->refused,
            .bytes = tap->bytes,
            .offset = tap->offset,
            .offers = tap->offers_sent,
        };
    }
    *result = (struct collect_result){devices, n};
}

static enum status begin_tell(struct collector *c, struct error *err)
{
    enum status status = writer_begin(c->writer, err);
    if (status != ST_OK)
        return status;
    json_t *about = json_pack("{s:s, s:I}", "on", c->options->on ? c->options->on : "", "devices",
                              (json_int_t)c->taps.n);
    status =
        audit_append(c->writer, c->options->access->principal, "collect", "device", "", about, err);
    json_decref(about);
    if (status == ST_OK)
        return writer_commit(c->writer, err);
    writer_rollback(c->writer);
    return status;
}

static enum status collector_open(struct collector *c, struct file_lock *lock, struct error *err)
{
    const struct collect_options *options = c->options;
    enum status status = access_require(options->access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
                                        "collect from devices", err);
    if (status == ST_OK)
        status = lock_open(lock, options->mall->path, err);
    if (status == ST_OK)
        status = lock_take(lock, LOCK_COLLECT, 0, err);
    if (status == ST_OK)
        status = reader_open(options->mall, &c->reader, err);
    if (status == ST_OK)
        status = writer_open(options->mall, &c->writer, err);
    if (status == ST_OK)
        status = reader_integer(c->reader, "select count(*) from tail", 0, &c->tail, err);
    if (status == ST_OK)
        status = devices_refresh(c, err);
    struct fleet_options fleet = {.window = INT16_MAX,
                                  .total_ms = LONG_MS,
                                  .identity = options->identity,
                                  .identities = options->identities,
                                  .n_identities = options->n_identities};
    for (int i = 0; options->limit_ms && i < PHASE_FIRST; i++)
        fleet.limit_ms[i] = options->limit_ms;
    fleet.limit_ms[PHASE_FIRST] = options->limit_ms ? options->limit_ms : FIRST_MS;
    if (status == ST_OK)
        status = fleet_new(&fleet, &c->engine, err);
    c->hub.engine = c->engine;
    return status == ST_OK ? begin_tell(c, err) : status;
}

static void collector_release(struct collector *c)
{
    if (c->engine) {
        taps_close(c);
        fleet_free(c->engine); /* hands back all that it still has */
    }
}

enum status collect_run(const struct collect_options *options, struct arena *arena,
                        struct collect_result *result, struct error *err)
{
    struct collect_numbers unseen = {0};
    struct file_lock lock = {.fd = -1};
    struct collector c = {.options = options,
                          .numbers = options->numbers ? options->numbers : &unseen,
                          .arena = arena_new(),
                          .hub.news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    pthread_mutex_init(&c.hub.lock, NULL);
    *result = (struct collect_result){0};
    enum status status =
        c.hub.news < 0 ? error_set(err, ST_UNUSABLE, "no descriptors: %s", strerror(errno)) : ST_OK;
    if (status == ST_OK)
        status = collector_open(&c, &lock, err);
    if (status == ST_OK)
        status = rounds_work(&c, err);
    collector_release(&c);
    result_fill(&c, arena, result);
    for (size_t i = 0; i < c.taps.n; i++)
        tap_free(c.taps.at[i]);
    vec_free(&c.taps);
    if (c.writer)
        writer_close(c.writer);
    reader_close(c.reader);
    lock_close(&lock);
    if (c.hub.news >= 0)
        close(c.hub.news);
    pthread_mutex_destroy(&c.hub.lock);
    arena_free(c.arena);
    atomic_store(&c.numbers->live, 0);
    return status;
}
