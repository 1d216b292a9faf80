#include "model/fleet/transfer.h"

#include "model/base/text.h"
#include "model/fleet/transfer_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    if (piece_gets(piece))
        piece_get_done(piece);
    else
        piece_put_done(piece);
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
    bool get = piece_gets(piece);
    piece->result = (struct transfer_result){.device = device, .size = piece->size, .local = ""};
    piece->job = fleet_job_of(device);
    piece->job.most = get ? SIZE_MAX : SAID_MOST + HEAD_MOST;
    piece->job.output = get ? piece_get_output : piece_put_output;
    piece->job.input = get ? NULL : piece_put_input;
    piece->job.done = on_done;
    piece->job.context = piece;
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
        if (piece_gets(&transfer->pieces[i]) && !transfer->pieces[i].result.finished)
            piece_prepare(&transfer->pieces[i]);
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
