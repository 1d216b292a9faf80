/* A file to a device: it says how much it has, gets the rest, and says the hash when all is done.
 */
#include "model/fleet/transfer_parts.h"

#include <string.h>
#include <unistd.h>

bool piece_put_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct piece *piece = job->context;
    if (is_stderr || piece->headed)
        return piece_say(piece, bytes, n);
    size_t taken = piece_head(piece, bytes, n);
    if (!piece->headed)
        return piece->head_n < sizeof piece->head - 1 ||
               piece_trouble(piece, "it did not answer as atrium-device does");
    int64_t have;
    if (strncmp(piece->head, "have=", 5) != 0 ||
        !piece_number(piece->head, "have=", piece->size, &have))
        return piece_trouble(piece, "it did not say how much it has");
    piece->at = piece->began = have;
    piece_moved(piece, have);
    job->idle_ms = piece_idle_ms(piece);
    return piece_say(piece, bytes + taken, n - taken);
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

int64_t piece_put_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct piece *piece = job->context;
    if (!piece->headed)
        return -1; /* it says first where to begin */
    if (piece->at >= piece->size) {
        job->idle_ms = piece_hashing_ms(piece);
        return 0;
    }
    int64_t n = source_read(piece, buffer, size);
    if (n <= 0) {
        piece_trouble(piece, "the file here became shorter, or cannot be read any more");
        return 0;
    }
    piece->at += n;
    piece_moved(piece, piece->at);
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

void piece_put_done(struct piece *piece)
{
    struct fleet_job *job = &piece->job;
    bool ended = job->state == DEVICE_OK;
    if (source_changed(piece->transfer))
        piece_trouble(piece, "the file here changed while it was read");
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
