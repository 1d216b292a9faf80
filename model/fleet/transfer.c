/* Pieces of a transfer, one a device. A piece belongs to one thread at a time: the collecting one,
 * the engine's while its job is under way, the transfer's own while its task is. Only `moved` is
 * looked at meanwhile. */
#include "model/fleet/transfer.h"

#include "model/base/task.h"
#include "model/base/text.h"
#include "model/fleet/clean.h"
#include "model/fleet/local_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SAID_MOST = 400,
    HEAD_MOST = 256,
    IDLE_MS = 30000,
    HASHED_A_MS = 4000, /* bytes that the slowest device hashes in a millisecond */
    ATTEMPTS = 8,       /* that lost the connection, as long as each brings something */
    FRUITLESS = 2
};

struct piece {
    struct transfer_result result; /* of `job` a copy, when it is finished */
    struct transfer *transfer;
    struct fleet_job job;
    struct task task;
    const char *part; /* get: the file while it comes in */
    const char *along;
    int fd;                  /* get: of `part` while it is written */
    int64_t at;              /* next byte of the file */
    int64_t began;           /* where this attempt began */
    int64_t moved;           /* bytes that are there as far as is known; read by any thread */
    char prefix[SHA256_HEX]; /* get: hash of what is there */
    char head[HEAD_MOST];    /* first line of stdout */
    size_t head_n;
    bool headed, whole, other, sent_along;
    char said[SAID_MOST]; /* what came beside the file */
    size_t said_n;
    char trouble[LOCAL_REASON]; /* on this side; "" */
    char sha256[SHA256_HEX];
    int64_t size;
    const char *text;  /* put: its bytes; NULL: of the transfer's file */
    int64_t confirmed; /* the most that was there for certain; -1: not known */
    int fruitless, mismatches;
};

struct transfer {
    struct fleet_engine *engine;
    struct arena *arena;
    struct transfer_options options;
    struct task_pool *pool;
    struct task hash; /* put: of the file */
    struct stat source;
    int fd; /* put: of the file; -1: bytes, or get */
    int64_t size;
    char sha256[SHA256_HEX];
    char reason[LOCAL_REASON];
    struct piece *pieces;
    struct transfer_result *results;
    size_t n, left;
    bool ending;
};

/* ---- Ends ---- */

static bool is_get(const struct piece *piece)
{
    return piece->transfer->options.kind == TRANSFER_GET;
}

static int64_t idle_ms(const struct transfer *transfer)
{
    return transfer->options.idle_ms ? transfer->options.idle_ms : IDLE_MS;
}

/* While the device looks at all of the file. */
static int64_t hashing_ms(const struct transfer *transfer, int64_t size)
{
    return idle_ms(transfer) + (size > 0 ? size / HASHED_A_MS : 0);
}

static void moved_set(struct piece *piece, int64_t moved)
{
    __atomic_store_n(&piece->moved, moved, __ATOMIC_RELAXED);
}

static void piece_end(struct piece *piece, enum device_condition state, const char *reason)
{
    struct transfer *transfer = piece->transfer;
    struct transfer_result *result = &piece->result;
    struct arena *arena = arena_new();
    const char *clean =
        device_clean(arena, reason, strlen(reason), sizeof piece->job.reason - 1, false, NULL);
    result->job = piece->job;
    result->job.state = state;
    memcpy(result->job.reason, clean, strlen(clean) + 1);
    arena_free(arena);
    result->size = piece->size;
    /* What was sent may have been lost on the way: what it said it has counts. */
    result->bytes = is_get(piece) ? piece->moved : piece->began;
    if (state == DEVICE_OK) {
        result->bytes = piece->size;
        memcpy(result->sha256, piece->sha256, SHA256_HEX);
        moved_set(piece, piece->size);
    }
    result->finished = true;
    transfer->results[piece - transfer->pieces] = *result;
    transfer->left--;
}

/* The last words of a device that said no. */
static void piece_refused(struct piece *piece)
{
    char text[SAID_MOST + 64];
    size_t n = piece->said_n;
    while (n && piece->said[n - 1] == '\n')
        n--;
    if (n)
        snprintf(text, sizeof text, "%.*s", (int)n, piece->said);
    else
        snprintf(text, sizeof text, "it ended with status %d", piece->job.exit_status);
    bool old = piece->job.exit_status == 2 && strstr(text, "usage:");
    piece_end(piece, DEVICE_FAILED,
              old ? "its atrium-device is of another version: atrium device install" : text);
}

/* ---- Attempts ---- */

static const char *verb_of(struct piece *piece)
{
    struct arena *arena = piece->transfer->arena;
    const struct transfer_options *options = &piece->transfer->options;
    const char *remote = options->remote ? shell_quote(arena, options->remote) : "";
    long long size = (long long)piece->size;
    switch (options->kind) {
    case TRANSFER_INSTALL:
        return arena_printf(arena, "install %lld %s", size, piece->sha256);
    case TRANSFER_CONFIG:
        return arena_printf(arena, "configure %lld %s", size, piece->sha256);
    case TRANSFER_PUT:
        return arena_printf(arena, "receive %s %lld %s resume", remote, size, piece->sha256);
    case TRANSFER_GET:
        break;
    }
    return piece->at
               ? arena_printf(arena, "send %s %lld %s", remote, (long long)piece->at, piece->prefix)
               : arena_printf(arena, "send %s", remote);
}

static void piece_submit(struct piece *piece)
{
    struct transfer *transfer = piece->transfer;
    const char *verb = verb_of(piece);
    piece->head_n = piece->said_n = 0;
    piece->headed = piece->sent_along = piece->whole = false;
    piece->along = device_verb_command(transfer->arena, verb, true);
    /* What is installed is this console's own, so its installer is, too. */
    bool install = transfer->options.kind == TRANSFER_INSTALL;
    piece->job.command = install ? piece->along : device_verb_command(transfer->arena, verb, false);
    piece->job.idle_ms = hashing_ms(transfer, piece->size);
    piece->began = piece->at;
    piece->result.attempts++;
    if (install) {
        piece->headed = true;
        piece->at = 0;
    }
    fleet_submit(transfer->engine, &piece->job);
}

static void prepare_ask(struct piece *piece);

/* Whether there is a point in another attempt, and begins it. */
static bool piece_again(struct piece *piece)
{
    if (piece->transfer->ending)
        return false;
    int64_t now = is_get(piece) ? piece->moved : piece->began;
    piece->fruitless = now > piece->confirmed ? 0 : piece->fruitless + 1;
    piece->confirmed = now > piece->confirmed ? now : piece->confirmed;
    if (piece->fruitless >= FRUITLESS || piece->result.attempts >= ATTEMPTS)
        return false;
    if (is_get(piece))
        prepare_ask(piece);
    else
        piece_submit(piece);
    return true;
}

/* ---- To a device ---- */

static bool say_more(struct piece *piece, const char *bytes, size_t n)
{
    size_t room = sizeof piece->said - piece->said_n;
    size_t take = n < room ? n : room;
    memcpy(piece->said + piece->said_n, bytes, take);
    piece->said_n += take;
    return true;
}

/* Takes the first line off the output; how many bytes were its. */
static size_t head_take(struct piece *piece, const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && !piece->headed && piece->head_n < sizeof piece->head - 1) {
        piece->headed = bytes[i] == '\n';
        piece->head[piece->head_n++] = piece->headed ? '\0' : bytes[i];
        i++;
    }
    return i;
}

static bool number_after(const char *text, const char *name, int64_t most, int64_t *value)
{
    const char *at = strstr(text, name);
    size_t n = 0;
    if (!at)
        return false;
    at += strlen(name);
    n = strspn(at, "0123456789");
    return n && n < 19 && text_to_int64(at, n, value) && *value >= 0 && *value <= most;
}

static bool trouble(struct piece *piece, const char *reason)
{
    if (!*piece->trouble)
        snprintf(piece->trouble, sizeof piece->trouble, "%s", reason);
    return false;
}

static bool put_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct piece *piece = job->context;
    struct transfer *transfer = piece->transfer;
    if (is_stderr || piece->headed)
        return say_more(piece, bytes, n);
    size_t taken = head_take(piece, bytes, n);
    if (!piece->headed)
        return piece->head_n < sizeof piece->head - 1 ||
               trouble(piece, "it did not answer as atrium-device does");
    int64_t have;
    if (strncmp(piece->head, "have=", 5) != 0 ||
        !number_after(piece->head, "have=", piece->size, &have))
        return trouble(piece, "it did not say how much it has");
    piece->at = piece->began = have;
    moved_set(piece, have);
    job->idle_ms = idle_ms(transfer);
    return say_more(piece, bytes + taken, n - taken);
}

static int64_t source_read(const struct piece *piece, char *buffer, size_t size)
{
    int64_t left = piece->size - piece->at;
    size_t n = left < (int64_t)size ? (size_t)left : size;
    if (!piece->text)
        return pread(piece->transfer->fd, buffer, n, piece->at);
    memcpy(buffer, piece->text + piece->at, n);
    return (int64_t)n;
}

static int64_t put_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct piece *piece = job->context;
    if (!piece->headed)
        return -1; /* it says first where to begin */
    if (piece->at >= piece->size) {
        job->idle_ms = hashing_ms(piece->transfer, piece->size);
        return 0;
    }
    int64_t n = source_read(piece, buffer, size);
    if (n <= 0) {
        trouble(piece, "the file here became shorter, or cannot be read any more");
        return 0;
    }
    piece->at += n;
    moved_set(piece, piece->at);
    return n;
}

static bool source_changed(const struct transfer *transfer)
{
    struct stat now;
    return transfer->fd >= 0 &&
           (fstat(transfer->fd, &now) != 0 || !local_same(&now, &transfer->source));
}

static bool put_confirmed(const struct piece *piece)
{
    const char *at = piece->said;
    size_t n = piece->said_n;
    for (const char *stop; n; n -= (size_t)(stop - at), at = stop) {
        stop = memchr(at, '\n', n);
        stop = stop ? stop + 1 : at + n;
        if (stop - at >= 7 + 64 && memcmp(at, "sha256=", 7) == 0 &&
            memcmp(at + 7, piece->sha256, 64) == 0)
            return true;
    }
    return false;
}

static void put_done(struct piece *piece)
{
    struct fleet_job *job = &piece->job;
    bool ended = job->state == DEVICE_OK;
    if (source_changed(piece->transfer))
        trouble(piece, "the file here changed while it was read");
    /* It says the hash after all is done: nothing that follows can take that back. */
    if ((ended ? job->exit_status == 0 : job->state == DEVICE_UNKNOWN) && put_confirmed(piece)) {
        piece_end(piece, DEVICE_OK, "");
        return;
    }
    if (*piece->trouble) {
        piece_end(piece, DEVICE_FAILED, piece->trouble);
        return;
    }
    if (job->state == DEVICE_UNKNOWN && !job->cancel && piece_again(piece))
        return;
    /* What it had was of another file: it has thrown that away, and takes all of it. */
    bool other = ended && piece->began > 0 && !piece->mismatches && piece->said_n &&
                 memmem(piece->said, piece->said_n, "not what was sent", 17);
    piece->mismatches += other;
    if (other && !piece->transfer->ending)
        piece_submit(piece);
    else if (ended)
        piece_refused(piece);
    else
        piece_end(piece, job->state, job->reason);
}

/* ---- From a device ---- */

static bool get_begin(struct piece *piece)
{
    int64_t size, offset;
    const char *hash = strstr(piece->head, " sha256=");
    if (strncmp(piece->head, "size=", 5) != 0 ||
        !number_after(piece->head, "size=", INT64_MAX, &size) || !hash ||
        strspn(hash + 8, "0123456789abcdef") != 64 ||
        !number_after(piece->head, " offset=", size, &offset) ||
        (offset != 0 && offset != piece->at))
        return trouble(piece, "it did not answer as atrium-device does");
    piece->size = size;
    snprintf(piece->sha256, sizeof piece->sha256, "%.64s", hash + 8);
    piece->at = piece->began = offset;
    moved_set(piece, offset);
    __atomic_store_n(&piece->result.size, size, __ATOMIC_RELAXED);
    piece->fd = local_part_open(piece->part, offset, size, piece->trouble);
    return piece->fd >= 0;
}

static bool get_write(struct piece *piece, const char *bytes, size_t n)
{
    if ((int64_t)n > piece->size - piece->at)
        return trouble(piece, "it sent more than it said");
    while (n) {
        ssize_t written = pwrite(piece->fd, bytes, n, piece->at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return trouble(piece, errno == ENOSPC ? "no room here: the disk is full"
                                                  : "its file here cannot be written");
        bytes += written;
        n -= (size_t)written;
        piece->at += written;
    }
    moved_set(piece, piece->at);
    return true;
}

static bool get_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct piece *piece = job->context;
    if (is_stderr)
        return say_more(piece, bytes, n);
    if (!piece->headed) {
        size_t taken = head_take(piece, bytes, n);
        if (!piece->headed)
            return piece->head_n < sizeof piece->head - 1 ||
                   trouble(piece, "it did not answer as atrium-device does");
        if (!get_begin(piece))
            return false;
        job->idle_ms = idle_ms(piece->transfer);
        bytes += taken;
        n -= taken;
    }
    return !*piece->trouble && get_write(piece, bytes, n);
}

/* On the transfer's own thread: what is there already, and its hash. */
static enum status prepare_run(struct task *task, void *state)
{
    struct piece *piece = (struct piece *)((char *)task - offsetof(struct piece, task));
    struct stat is;
    char reason[LOCAL_REASON];
    (void)state;
    piece->at = 0;
    int fd = open(piece->part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return ST_OK;
    if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_size > 0 &&
        local_hash(fd, is.st_size, &task->cancel, piece->prefix, reason))
        piece->at = is.st_size;
    close(fd);
    return ST_OK;
}

static void prepare_done(struct task *task)
{
    struct piece *piece = (struct piece *)((char *)task - offsetof(struct piece, task));
    if (piece->transfer->ending) {
        piece_end(piece, DEVICE_CANCELLED, "cancelled before it was asked for");
        return;
    }
    moved_set(piece, piece->at);
    piece_submit(piece);
}

static void prepare_ask(struct piece *piece)
{
    piece->task = (struct task){.run = prepare_run, .done = prepare_done, .title = ""};
    task_submit(piece->transfer->pool, &piece->task);
}

static enum status finish_run(struct task *task, void *state)
{
    struct piece *piece = (struct piece *)((char *)task - offsetof(struct piece, task));
    (void)state;
    piece->whole = local_part_finish(piece->part, piece->result.local, piece->size, piece->sha256,
                                     &task->cancel, &piece->other, piece->trouble);
    return ST_OK;
}

static void finish_done(struct task *task)
{
    struct piece *piece = (struct piece *)((char *)task - offsetof(struct piece, task));
    if (piece->whole) {
        piece_end(piece, DEVICE_OK, "");
    } else if (piece->transfer->ending) {
        piece_end(piece, DEVICE_CANCELLED, "cancelled; what came is kept");
    } else if (piece->other && !piece->mismatches++ && !piece->transfer->ending) {
        /* It may have been written to just then: once more, from the beginning. */
        *piece->trouble = '\0';
        prepare_ask(piece);
    } else {
        moved_set(piece, piece->other ? 0 : piece->moved);
        piece_end(piece, DEVICE_FAILED, piece->trouble);
    }
}

static void get_done(struct piece *piece)
{
    struct fleet_job *job = &piece->job;
    bool ended = job->state == DEVICE_OK;
    if (piece->fd >= 0)
        close(piece->fd);
    piece->fd = -1;
    /* All bytes and their hash are proof enough, however the connection ended. */
    if (piece->headed && !*piece->trouble && piece->size >= 0 && piece->at == piece->size &&
        (!ended || job->exit_status == 0)) {
        piece->task = (struct task){.run = finish_run, .done = finish_done, .title = ""};
        task_submit(piece->transfer->pool, &piece->task);
    } else if (*piece->trouble) {
        piece_end(piece, DEVICE_FAILED, piece->trouble);
    } else if (job->state == DEVICE_UNKNOWN && !job->cancel && piece_again(piece)) {
        return;
    } else if (ended && job->exit_status == 0) {
        piece_end(piece, DEVICE_FAILED, "it became shorter while it was read");
    } else if (ended) {
        piece_refused(piece);
    } else {
        /* Nothing on the device was changed, whatever became of the connection. */
        piece_end(piece, job->state == DEVICE_UNKNOWN ? DEVICE_FAILED : job->state, job->reason);
    }
}

/* ---- All of it ---- */

/* A shell says 127 of a command that it does not find. */
static bool script_send_along(struct piece *piece)
{
    if (piece->sent_along || piece->job.state != DEVICE_OK || piece->job.exit_status != 127 ||
        piece->transfer->ending || piece->transfer->options.kind == TRANSFER_INSTALL)
        return false;
    piece->sent_along = true;
    piece->head_n = piece->said_n = 0;
    piece->headed = false;
    piece->job.command = piece->along;
    fleet_submit(piece->transfer->engine, &piece->job);
    return true;
}

static void on_done(struct fleet_job *job)
{
    struct piece *piece = job->context;
    if (script_send_along(piece))
        return;
    if (is_get(piece))
        get_done(piece);
    else
        put_done(piece);
}

static enum status hash_run(struct task *task, void *state)
{
    struct transfer *transfer = (struct transfer *)((char *)task - offsetof(struct transfer, hash));
    struct stat after;
    (void)state;
    if (local_hash(transfer->fd, transfer->size, &task->cancel, transfer->sha256,
                   transfer->reason) &&
        (fstat(transfer->fd, &after) != 0 || !local_same(&transfer->source, &after)))
        snprintf(transfer->reason, sizeof transfer->reason,
                 "the file here changed while it was read");
    return ST_OK;
}

static void pieces_put(struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->n; i++) {
        struct piece *piece = &transfer->pieces[i];
        if (piece->result.finished)
            continue;
        if (!piece->text)
            memcpy(piece->sha256, transfer->sha256, SHA256_HEX);
        if (transfer->ending)
            piece_end(piece, DEVICE_CANCELLED, "cancelled before it was sent");
        else if (*transfer->reason)
            piece_end(piece, DEVICE_FAILED, transfer->reason);
        else
            piece_submit(piece);
    }
}

static void hash_done(struct task *task)
{
    pieces_put((struct transfer *)((char *)task - offsetof(struct transfer, hash)));
}

/* A text is at hand: its hash is made at once. */
static void piece_text(struct piece *piece, const void *bytes, size_t n)
{
    unsigned char digest[SHA256_SIZE];
    piece->text = bytes;
    piece->size = (int64_t)n;
    sha256(bytes, n, digest);
    sha256_hex(digest, piece->sha256);
}

static void piece_source(struct piece *piece, size_t i)
{
    const struct transfer_options *options = &piece->transfer->options;
    if (options->kind == TRANSFER_INSTALL)
        piece_text(piece, device_script, strlen(device_script));
    else if (options->kind == TRANSFER_CONFIG)
        piece_text(piece, options->texts[i].bytes, options->texts[i].n);
    else
        piece->size = options->kind == TRANSFER_PUT ? piece->transfer->size : -1;
}

static void piece_target(struct piece *piece, const char *code)
{
    struct transfer *transfer = piece->transfer;
    const char *local = transfer->options.local;
    bool folder = transfer->options.folder;
    piece->result.local = folder ? arena_printf(transfer->arena, "%s/%s", local, code) : local;
    piece->part = arena_printf(transfer->arena, "%s.part", piece->result.local);
    if (folder && (strchr(code, '/') || *code == '.' || !*code))
        piece_end(piece, DEVICE_FAILED, "its code cannot be the name of a file");
}

static void piece_begin(struct transfer *transfer, size_t i, const struct device *device)
{
    struct piece *piece = &transfer->pieces[i];
    piece->transfer = transfer;
    piece->fd = -1;
    piece->confirmed = -1;
    piece_source(piece, i);
    bool get = is_get(piece);
    piece->result = (struct transfer_result){.device = device, .size = piece->size, .local = ""};
    piece->job = (struct fleet_job){.device = device->id,
                                    .code = device->code,
                                    .host = device->host,
                                    .user = device->user,
                                    .pin = device->pin,
                                    .port = device->port,
                                    .kind = device->kind,
                                    .identity = device->identity,
                                    .hop = &device->hop,
                                    .most = get ? SIZE_MAX : SAID_MOST + HEAD_MOST,
                                    .output = get ? get_output : put_output,
                                    .input = get ? NULL : put_input,
                                    .done = on_done,
                                    .context = piece,
                                    .exit_status = -1};
    transfer->results[i] = piece->result;
    if (*device->quarantine)
        piece_end(piece, DEVICE_QUARANTINED, device->quarantine);
    else if (get)
        piece_target(piece, device->code);
}

enum status transfer_remote(struct arena *arena, const char *path, const char **remote,
                            struct error *err)
{
    const char *quoted = text_quote(arena, path, strlen(path)), *wrong = NULL;
    for (const char *at = path + (*path == '/'); !wrong; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0)
            wrong = "an empty part";
        else if (at[0] == '.' && (n == 1 || (n == 2 && at[1] == '.')))
            wrong = "a part of dots";
        else if (n > TRANSFER_NAME)
            wrong = "a name that is too long";
        at += n;
        if (!*at)
            break;
    }
    for (const char *at = path; !wrong && *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            wrong = "a control character";
    if (wrong || *path == '-')
        return error_set(err, ST_USAGE,
                         "%s: found %s, expected a path in the device's folder, such as "
                         "media/menu.png, or one from / on",
                         quoted, wrong ? wrong : "a dash at its beginning");
    *remote = strchr(path, '/') ? arena_strdup(arena, path) : arena_printf(arena, "./%s", path);
    return ST_OK;
}

static enum status source_open(struct transfer *transfer, struct error *err)
{
    const struct transfer_options *options = &transfer->options;
    const char *quoted = text_quote(transfer->arena, options->local, strlen(options->local));
    transfer->fd = open(options->local, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (transfer->fd < 0)
        return error_set(err, ST_REFUSED, "%s: cannot be read: %s", quoted, strerror(errno));
    if (fstat(transfer->fd, &transfer->source) != 0 || !S_ISREG(transfer->source.st_mode))
        return error_set(err, ST_REFUSED, "%s: found no plain file, expected one", quoted);
    transfer->size = transfer->source.st_size;
    return ST_OK;
}

static enum status target_ready(struct transfer *transfer, struct error *err)
{
    const struct transfer_options *options = &transfer->options;
    const char *quoted = text_quote(transfer->arena, options->local, strlen(options->local));
    struct stat is;
    bool there = stat(options->local, &is) == 0;
    if (options->folder && there && !S_ISDIR(is.st_mode))
        return error_set(err, ST_REFUSED,
                         "%s: found a file, expected a folder for one file a "
                         "device",
                         quoted);
    if (options->folder && !there && mkdir(options->local, 0777) != 0)
        return error_set(err, ST_REFUSED, "%s: cannot be made: %s", quoted, strerror(errno));
    if (!options->folder && there && !S_ISREG(is.st_mode))
        return error_set(err, ST_REFUSED, "%s: found no plain file, expected one or none", quoted);
    return ST_OK;
}

static enum status options_take(struct transfer *transfer, const struct transfer_options *options,
                                struct error *err)
{
    enum status status = ST_OK;
    transfer->options = *options;
    transfer->fd = -1;
    if (options->local)
        transfer->options.local = arena_strdup(transfer->arena, options->local);
    if (options->kind == TRANSFER_PUT || options->kind == TRANSFER_GET)
        status = transfer_remote(transfer->arena, options->remote, &transfer->options.remote, err);
    else
        transfer->options.remote = NULL;
    if (status == ST_OK && options->kind == TRANSFER_GET)
        status = target_ready(transfer, err);
    else if (status == ST_OK && options->kind == TRANSFER_PUT)
        status = source_open(transfer, err);
    return status;
}

enum status transfer_begin(struct fleet_engine *engine, const struct device *devices, size_t n,
                           const struct transfer_options *options, struct transfer **out,
                           struct error *err)
{
    struct transfer *transfer = mem_zero(1, sizeof *transfer);
    *out = NULL;
    transfer->engine = engine;
    transfer->arena = arena_new();
    enum status status = options_take(transfer, options, err);
    if (status != ST_OK) {
        transfer_free(transfer);
        return status;
    }
    transfer->n = transfer->left = n;
    transfer->pool = task_pool_new(1, NULL, NULL);
    transfer->pieces = mem_zero(n ? n : 1, sizeof *transfer->pieces);
    transfer->results = mem_zero(n ? n : 1, sizeof *transfer->results);
    for (size_t i = 0; i < n; i++) {
        piece_begin(transfer, i, &devices[i]);
        if (is_get(&transfer->pieces[i]) && !transfer->pieces[i].result.finished)
            prepare_ask(&transfer->pieces[i]);
    }
    if (options->kind == TRANSFER_PUT) {
        transfer->hash = (struct task){.run = hash_run, .done = hash_done, .title = ""};
        task_submit(transfer->pool, &transfer->hash);
    } else if (options->kind != TRANSFER_GET) {
        pieces_put(transfer);
    }
    *out = transfer;
    return ST_OK;
}

int transfer_fd(const struct transfer *transfer)
{
    return task_pool_fd(transfer->pool);
}

void transfer_step(struct transfer *transfer)
{
    task_collect(transfer->pool);
}

size_t transfer_left(const struct transfer *transfer)
{
    return transfer->left;
}

const struct transfer_result *transfer_results(const struct transfer *transfer, size_t *n)
{
    *n = transfer->n;
    return transfer->results;
}

int64_t transfer_moved(const struct transfer *transfer, size_t i)
{
    return __atomic_load_n(&transfer->pieces[i].moved, __ATOMIC_RELAXED);
}

void transfer_progress(const struct transfer *transfer, int64_t *moved, int64_t *total)
{
    *moved = *total = 0;
    for (size_t i = 0; i < transfer->n; i++) {
        int64_t size = __atomic_load_n(&transfer->pieces[i].result.size, __ATOMIC_RELAXED);
        *moved += transfer_moved(transfer, i);
        *total += size > 0 ? size : 0;
    }
}

void transfer_cancel(struct transfer *transfer)
{
    transfer->ending = true;
    task_cancel_all(transfer->pool);
    for (size_t i = 0; i < transfer->n; i++)
        if (!transfer->pieces[i].result.finished)
            fleet_cancel(transfer->engine, &transfer->pieces[i].job);
}

void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    transfer->ending = true;
    if (transfer->pool)
        task_pool_free(transfer->pool);
    for (size_t i = 0; transfer->pieces && i < transfer->n; i++)
        if (transfer->pieces[i].fd >= 0)
            close(transfer->pieces[i].fd);
    if (transfer->fd >= 0)
        close(transfer->fd);
    free(transfer->pieces);
    free(transfer->results);
    arena_free(transfer->arena);
    free(transfer);
}

const struct fleet_result *transfer_outcomes(struct arena *arena,
                                             const struct transfer_result *results, size_t n)
{
    struct fleet_result *outcomes = arena_array(arena, struct fleet_result, n + 1);
    for (size_t i = 0; i < n; i++)
        outcomes[i] = (struct fleet_result){
            .device = results[i].device, .job = results[i].job, .finished = results[i].finished};
    return outcomes;
}
