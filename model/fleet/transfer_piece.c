/* What putting and getting share: attempts, ends, and reading what a device says. */
#include "model/fleet/transfer_parts.h"

#include "model/base/text.h"
#include "model/fleet/clean.h"

#include <stdio.h>
#include <string.h>

enum {
    IDLE_MS = 30000,
    HASHED_A_MS = 4000, /* bytes that the slowest device hashes in a millisecond */
    ATTEMPTS = 8,       /* that lost the connection, as long as each brings something */
    FRUITLESS = 2
};

/* ---- Ends ---- */

bool piece_gets(const struct piece *piece)
{
    return piece->transfer->options.kind == TRANSFER_GET;
}

int64_t piece_idle_ms(const struct piece *piece)
{
    int64_t idle_ms = piece->transfer->options.idle_ms;
    return idle_ms ? idle_ms : IDLE_MS;
}

int64_t piece_hashing_ms(const struct piece *piece)
{
    return piece_idle_ms(piece) + (piece->size > 0 ? piece->size / HASHED_A_MS : 0);
}

void piece_moved(struct piece *piece, int64_t moved)
{
    __atomic_store_n(&piece->moved, moved, __ATOMIC_RELAXED);
}

void piece_end(struct piece *piece, enum device_condition state, const char *reason)
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
    result->bytes = piece_gets(piece) ? piece->moved : piece->began;
    if (state == DEVICE_OK) {
        result->bytes = piece->size;
        memcpy(result->sha256, piece->sha256, SHA256_HEX);
        piece_moved(piece, piece->size);
    }
    result->finished = true;
    transfer->results[piece - transfer->pieces] = *result;
    transfer->left--;
}

/* What it said in one line: "config.new: no kind is set; the application refuses it". */
static void said_in_line(const struct piece *piece, char *text, size_t size)
{
    size_t at = 0, n = piece->said_n;
    while (n && piece->said[n - 1] == '\n')
        n--;
    for (size_t i = 0; i < n && at + 2 < size; i++) {
        bool ends = piece->said[i] == '\n';
        text[at++] = ends ? ';' : piece->said[i];
        if (ends)
            text[at++] = ' ';
    }
    text[at] = '\0';
}

void piece_refused(struct piece *piece)
{
    char text[SAID_MOST + 64];
    said_in_line(piece, text, sizeof text);
    if (!*text)
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

void piece_submit(struct piece *piece)
{
    struct transfer *transfer = piece->transfer;
    const char *verb = verb_of(piece);
    piece->head_n = piece->said_n = 0;
    piece->headed = piece->sent_along = piece->whole = false;
    piece->along = device_verb_command(transfer->arena, verb, true);
    /* What is installed is this console's own, so its installer is, too. */
    bool install = transfer->options.kind == TRANSFER_INSTALL;
    piece->job.command = install ? piece->along : device_verb_command(transfer->arena, verb, false);
    piece->job.idle_ms = piece_hashing_ms(piece);
    piece->began = piece->at;
    piece->result.attempts++;
    if (install) {
        piece->headed = true;
        piece->at = 0;
    }
    fleet_submit(transfer->engine, &piece->job);
}

bool piece_again(struct piece *piece)
{
    if (piece->transfer->ending)
        return false;
    int64_t now = piece_gets(piece) ? piece->moved : piece->began;
    piece->fruitless = now > piece->confirmed ? 0 : piece->fruitless + 1;
    piece->confirmed = now > piece->confirmed ? now : piece->confirmed;
    if (piece->fruitless >= FRUITLESS || piece->result.attempts >= ATTEMPTS)
        return false;
    if (piece_gets(piece))
        piece_prepare(piece);
    else
        piece_submit(piece);
    return true;
}

/* ---- What a device says ---- */

bool piece_say(struct piece *piece, const char *bytes, size_t n)
{
    size_t room = sizeof piece->said - piece->said_n;
    size_t take = n < room ? n : room;
    memcpy(piece->said + piece->said_n, bytes, take);
    piece->said_n += take;
    return true;
}

size_t piece_head(struct piece *piece, const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && !piece->headed && piece->head_n < sizeof piece->head - 1) {
        piece->headed = bytes[i] == '\n';
        piece->head[piece->head_n++] = piece->headed ? '\0' : bytes[i];
        i++;
    }
    return i;
}

bool piece_number(const char *text, const char *name, int64_t most, int64_t *value)
{
    const char *at = strstr(text, name);
    size_t n = 0;
    if (!at)
        return false;
    at += strlen(name);
    n = strspn(at, "0123456789");
    return n && n < 19 && text_to_int64(at, n, value) && *value >= 0 && *value <= most;
}

bool piece_trouble(struct piece *piece, const char *reason)
{
    if (!*piece->trouble)
        snprintf(piece->trouble, sizeof piece->trouble, "%s", reason);
    return false;
}
