/* A file from a device: its bytes go into a part beside the name, which is looked at before the
 * name is given. */
#include "model/fleet/transfer_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool get_begin(struct piece *piece)
{
    int64_t size, offset;
    const char *hash = strstr(piece->head, " sha256=");
    if (strncmp(piece->head, "size=", 5) != 0 ||
        !piece_number(piece->head, "size=", INT64_MAX, &size) || !hash ||
        strspn(hash + 8, "0123456789abcdef") != 64 ||
        !piece_number(piece->head, " offset=", size, &offset) ||
        (offset != 0 && offset != piece->at))
        return piece_trouble(piece, "it did not answer as atrium-device does");
    piece->size = size;
    snprintf(piece->sha256, sizeof piece->sha256, "%.64s", hash + 8);
    piece->at = piece->began = offset;
    piece_moved(piece, offset);
    __atomic_store_n(&piece->result.size, size, __ATOMIC_RELAXED);
    piece->fd = local_part_open(piece->part, offset, size, piece->trouble);
    return piece->fd >= 0;
}

static bool get_write(struct piece *piece, const char *bytes, size_t n)
{
    if ((int64_t)n > piece->size - piece->at)
        return piece_trouble(piece, "it sent more than it said");
    while (n) {
        ssize_t written = pwrite(piece->fd, bytes, n, piece->at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return piece_trouble(piece, errno == ENOSPC ? "no room here: the disk is full"
                                                        : "its file here cannot be written");
        bytes += written;
        n -= (size_t)written;
        piece->at += written;
    }
    piece_moved(piece, piece->at);
    return true;
}

bool piece_get_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct piece *piece = job->context;
    if (is_stderr)
        return piece_say(piece, bytes, n);
    if (!piece->headed) {
        size_t taken = piece_head(piece, bytes, n);
        if (!piece->headed)
            return piece->head_n < sizeof piece->head - 1 ||
                   piece_trouble(piece, "it did not answer as atrium-device does");
        if (!get_begin(piece))
            return false;
        job->idle_ms = piece_idle_ms(piece);
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
    piece_moved(piece, piece->at);
    piece_submit(piece);
}

void piece_prepare(struct piece *piece)
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
        piece_prepare(piece);
    } else {
        piece_moved(piece, piece->other ? 0 : piece->moved);
        piece_end(piece, DEVICE_FAILED, piece->trouble);
    }
}

void piece_get_done(struct piece *piece)
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
