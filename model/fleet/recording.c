#include "model/fleet/recording.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WAITING_MOST = 1 << 20, WAITING_FEW = 1 << 18, SEQUENCE_MOST = 4 };
#define FILE_MOST ((int64_t)RECORDING_MOST_MB << 20)

typedef VEC(char) bytes_t;

struct recording {
    int fd;
    pthread_t thread;
    bool joined;
    void (*wake)(void *context);
    void *context;
    int64_t began;        /* monotonic ns */
    pthread_mutex_t lock; /* of what follows, up to the next comment */
    pthread_cond_t more;
    bytes_t waiting; /* lines */
    char cut[SEQUENCE_MOST];
    size_t n_cut; /* of a character whose other bytes did not come yet */
    bool full, finish, finished;
    const char *problem;
    /* The thread's own, and everybody's once it has finished. */
    int64_t bytes;
    struct sha256_sum *sum;
    struct recorded recorded;
};

static void put(bytes_t *to, const char *bytes, size_t n)
{
    if (!n)
        return;
    vec_reserve(to, n);
    memcpy(to->at + to->n, bytes, n);
    to->n += n;
}

static void put_escaped(bytes_t *to, uint32_t rune)
{
    char text[16];
    int n = rune > 0xFFFF ? snprintf(text, sizeof text, "\\u%04x\\u%04x",
                                     (unsigned)(0xD800 + ((rune - 0x10000) >> 10)),
                                     (unsigned)(0xDC00 + ((rune - 0x10000) & 0x3FF)))
                          : snprintf(text, sizeof text, "\\u%04x", (unsigned)rune);
    put(to, text, (size_t)n);
}

static void put_rune(bytes_t *to, const char *bytes, size_t n, uint32_t rune)
{
    static const char shorts[] = "\"\"\\\\\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof shorts; i += 2)
        if (rune == (unsigned char)shorts[i]) {
            char text[2] = {'\\', shorts[i + 1]};
            put(to, text, 2);
            return;
        }
    if (device_rune_shown(rune))
        put(to, bytes, n);
    else
        put_escaped(to, rune);
}

/* How many bytes at the end begin a character that is not all there. */
static size_t begun(const char *bytes, size_t n)
{
    for (size_t back = 1; back < SEQUENCE_MOST && back <= n; back++) {
        unsigned char c = (unsigned char)bytes[n - back];
        size_t length = c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1;
        if ((c & 0xC0) != 0x80)
            return c < 0xF5 && length > back ? back : 0;
    }
    return 0;
}

static void put_text(bytes_t *to, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        uint32_t rune;
        size_t size = text_rune(bytes + at, n - at, &rune);
        bool ill = rune == 0xFFFD && size == 1;
        if (ill)
            put_escaped(to, 0xFFFD);
        else
            put_rune(to, bytes + at, size, rune);
        at += size;
    }
}

/* The lock is held. */
static void event_put(struct recording *r, char kind, const char *bytes, size_t n)
{
    char head[64];
    double at = (double)(time_monotonic_ns() - r->began) / 1e9;
    put(&r->waiting, head, (size_t)snprintf(head, sizeof head, "[%.6f, \"%c\", \"", at, kind));
    put_text(&r->waiting, bytes, n);
    put(&r->waiting, "\"]\n", 3);
    r->full = r->waiting.n > WAITING_MOST;
    pthread_cond_signal(&r->more);
}

void recording_output(struct recording *r, const char *bytes, size_t n)
{
    bytes_t whole = {0};
    pthread_mutex_lock(&r->lock);
    put(&whole, r->cut, r->n_cut);
    put(&whole, bytes, n);
    r->n_cut = begun(whole.at, whole.n);
    memcpy(r->cut, whole.at + whole.n - r->n_cut, r->n_cut);
    if (whole.n > r->n_cut && !r->problem)
        event_put(r, 'o', whole.at, whole.n - r->n_cut);
    pthread_mutex_unlock(&r->lock);
    vec_free(&whole);
}

void recording_resize(struct recording *r, int rows, int cols)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%dx%d", cols, rows);
    pthread_mutex_lock(&r->lock);
    if (!r->problem)
        event_put(r, 'r', text, (size_t)n);
    pthread_mutex_unlock(&r->lock);
}

bool recording_full(struct recording *r)
{
    pthread_mutex_lock(&r->lock);
    bool full = r->full && !r->problem;
    pthread_mutex_unlock(&r->lock);
    return full;
}

const char *recording_problem(struct recording *r)
{
    pthread_mutex_lock(&r->lock);
    const char *problem = r->problem;
    pthread_mutex_unlock(&r->lock);
    return problem;
}

/* ---- The thread ---- */

static const char *write_all(struct recording *r, const char *bytes, size_t n)
{
    if (r->bytes + (int64_t)n > FILE_MOST)
        return "the recording has its greatest size";
    sha256_add(r->sum, bytes, n);
    r->bytes += (int64_t)n;
    while (n > 0) {
        ssize_t written = write(r->fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return errno == ENOSPC || errno == EDQUOT ? "no room for the recording"
                                                      : "the recording cannot be written";
        bytes += written;
        n -= (size_t)written;
    }
    return NULL;
}

static void record_end(struct recording *r)
{
    unsigned char digest[SHA256_SIZE];
    const char *problem = fsync(r->fd) == 0 ? NULL : "the recording cannot be written";
    sha256_end(r->sum, digest);
    sha256_hex(digest, r->recorded.sha256);
    r->recorded.bytes = r->bytes;
    pthread_mutex_lock(&r->lock);
    r->problem = r->problem ? r->problem : problem;
    r->finished = true;
    pthread_mutex_unlock(&r->lock);
    if (r->wake)
        r->wake(r->context);
}

static void *record(void *context)
{
    struct recording *r = context;
    bytes_t batch = {0};
    bool finish = false;
    while (!finish || batch.n) {
        pthread_mutex_lock(&r->lock);
        while (!r->waiting.n && !r->finish)
            pthread_cond_wait(&r->more, &r->lock);
        bytes_t taken = r->waiting;
        r->waiting = batch;
        r->waiting.n = 0;
        batch = taken;
        finish = r->finish;
        bool was_full = r->full;
        r->full = false;
        bool lost = r->problem != NULL;
        pthread_mutex_unlock(&r->lock);
        const char *problem = lost ? NULL : write_all(r, batch.at, batch.n);
        if (problem) {
            pthread_mutex_lock(&r->lock);
            r->problem = problem;
            pthread_mutex_unlock(&r->lock);
        }
        if ((problem || was_full) && r->wake)
            r->wake(r->context);
    }
    vec_free(&batch);
    record_end(r);
    return NULL;
}

/* ---- Beginning and end ---- */

static void header_put(struct recording *r, const struct recording_options *options)
{
    json_t *header =
        json_pack("{s:i, s:i, s:i, s:I, s:s, s:{s:s}}", "version", 2, "width", options->cols,
                  "height", options->rows, "timestamp", (json_int_t)options->started, "title",
                  options->title, "env", "TERM", options->term);
    char *text = header ? json_dumps(header, JSON_ENSURE_ASCII) : NULL;
    put(&r->waiting, text ? text : "{}", text ? strlen(text) : 2);
    put(&r->waiting, "\n", 1);
    free(text);
    json_decref(header);
}

enum status recording_new(const struct recording_options *options, struct recording **out,
                          struct error *err)
{
    *out = NULL;
    int fd = open(options->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(err, ST_UNUSABLE,
                         "%s: the recording cannot be made: %s. A shell is not opened without one",
                         options->path, strerror(errno));
    struct recording *r = mem_zero(1, sizeof *r);
    r->fd = fd;
    r->wake = options->wake;
    r->context = options->context;
    r->began = time_monotonic_ns();
    r->sum = sha256_begin();
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->more, NULL);
    header_put(r, options);
    if (pthread_create(&r->thread, NULL, record, r) != 0) {
        unsigned char digest[SHA256_SIZE];
        sha256_end(r->sum, digest);
        r->joined = true;
        recording_free(r);
        return error_set(err, ST_UNUSABLE, "the recording cannot start a thread");
    }
    *out = r;
    return ST_OK;
}

void recording_finish(struct recording *r)
{
    pthread_mutex_lock(&r->lock);
    if (!r->finish && r->n_cut && !r->problem) {
        size_t n = r->n_cut;
        r->n_cut = 0;
        event_put(r, 'o', r->cut, n);
    }
    r->finish = true;
    pthread_cond_signal(&r->more);
    pthread_mutex_unlock(&r->lock);
}

bool recording_finished(struct recording *r, struct recorded *recorded)
{
    pthread_mutex_lock(&r->lock);
    bool finished = r->finished;
    pthread_mutex_unlock(&r->lock);
    if (finished)
        *recorded = r->recorded;
    return finished;
}

void recording_wait(struct recording *r, struct recorded *recorded)
{
    if (!r->joined) {
        recording_finish(r);
        pthread_join(r->thread, NULL);
    }
    r->joined = true;
    *recorded = r->recorded;
}

void recording_free(struct recording *r)
{
    struct recorded recorded;
    if (!r)
        return;
    recording_wait(r, &recorded);
    close(r->fd);
    vec_free(&r->waiting);
    pthread_cond_destroy(&r->more);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
