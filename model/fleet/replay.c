#include "model/fleet/replay.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, TITLE_MOST = 200 };
#define FILE_MOST (((int64_t)RECORDING_MOST_MB + 1) << 20)

struct place {
    int64_t us, offset;
    uint32_t length;
};

struct replay {
    int fd;
    struct arena *arena; /* of the head's texts */
    struct replay_head head;
    VEC(struct place) places;
    json_t *event; /* that was read last: owns its bytes */
    char *line;    /* of it */
};

/* ---- Lines ---- */

struct lines {
    int fd;
    int64_t at; /* of the line's first byte */
    int64_t read;
    int number;
    VEC(char) bytes; /* what was read and not taken */
    size_t taken;    /* of it */
    struct sha256_sum *sum;
    bool ended, whole; /* whole: the line ended with a newline */
};

static bool lines_fill(struct lines *lines)
{
    if (lines->taken) {
        lines->bytes.n -= lines->taken;
        memmove(lines->bytes.at, lines->bytes.at + lines->taken, lines->bytes.n);
        lines->taken = 0;
    }
    vec_reserve(&lines->bytes, CHUNK);
    ssize_t n;
    do
        n = pread(lines->fd, lines->bytes.at + lines->bytes.n, CHUNK, lines->read);
    while (n < 0 && errno == EINTR);
    lines->ended = n <= 0;
    if (n <= 0)
        return n == 0;
    if (lines->sum)
        sha256_add(lines->sum, lines->bytes.at + lines->bytes.n, (size_t)n);
    lines->bytes.n += (size_t)n;
    lines->read += n;
    return true;
}

/* The next line without its newline. False: there is none; *why (NULL: the file ended) says what is
 * in the way. */
static bool lines_next(struct lines *lines, const char **line, size_t *n, const char **why)
{
    size_t looked = 0;
    *why = NULL;
    for (;;) {
        const char *from = lines->bytes.at ? lines->bytes.at + lines->taken : "";
        size_t have = lines->bytes.n - lines->taken;
        const char *stop = have > looked ? memchr(from + looked, '\n', have - looked) : NULL;
        size_t length = stop ? (size_t)(stop - from) : have;
        if (length > REPLAY_LINE_MOST) {
            lines->number++;
            *why = "longer than a line may be";
            return false;
        }
        if (stop || (lines->ended && have)) {
            lines->number++;
            lines->at = lines->read - (int64_t)have;
            lines->taken += length + (stop != NULL);
            lines->whole = stop != NULL;
            *line = from;
            *n = length;
            return true;
        }
        looked = have;
        if (lines->ended)
            return false;
        if (!lines_fill(lines)) {
            lines->number++;
            *why = "the file cannot be read";
            return false;
        }
    }
}

static void lines_free(struct lines *lines)
{
    vec_free(&lines->bytes);
}

/* ---- Checking ---- */

static bool size_ok(int64_t cols, int64_t rows)
{
    return cols >= 1 && cols <= REPLAY_SIDE_MOST && rows >= 1 && rows <= REPLAY_SIDE_MOST &&
           cols * rows <= REPLAY_CELLS_MOST;
}

static const char *head_read(struct arena *arena, const char *line, size_t n,
                             struct replay_head *head)
{
    json_error_t at;
    json_t *root = json_loadb(line, n, JSON_ALLOW_NUL, &at);
    json_int_t version = json_integer_value(json_object_get(root, "version"));
    json_int_t cols = json_integer_value(json_object_get(root, "width"));
    json_int_t rows = json_integer_value(json_object_get(root, "height"));
    json_t *title = json_object_get(root, "title"), *time = json_object_get(root, "timestamp");
    const char *why = NULL;
    if (!json_is_object(root))
        why = "found no header, expected {\"version\": 2, …}";
    else if (version != 2)
        why = "found another version, expected an asciicast of version 2";
    else if (!size_ok(cols, rows))
        why = "found a screen that cannot be, expected at most 1000 columns or "
              "rows, and 100,000 cells";
    if (!why)
        *head = (struct replay_head){
            .cols = (int)cols,
            .rows = (int)rows,
            .started = json_is_integer(time) ? json_integer_value(time) : 0,
            .title = device_clean(arena, json_is_string(title) ? json_string_value(title) : "",
                                  json_is_string(title) ? json_string_length(title) : 0, TITLE_MOST,
                                  false, NULL),
        };
    json_decref(root);
    return why;
}

/* "100x40" */
static bool size_read(const char *text, size_t n, int *cols, int *rows)
{
    const char *cross = memchr(text, 'x', n);
    int64_t a, b;
    if (!cross || !text_to_int64(text, (size_t)(cross - text), &a) ||
        !text_to_int64(cross + 1, n - (size_t)(cross + 1 - text), &b) || !size_ok(a, b))
        return false;
    *cols = (int)a;
    *rows = (int)b;
    return true;
}

/* Of [seconds, "o", text]; *kind is 0 where it is none that is played. NULL, or what is wrong. */
static const char *event_parse(json_t *root, double *seconds, char *kind,
                               struct replay_event *event)
{
    json_t *time = json_array_get(root, 0), *type = json_array_get(root, 1);
    json_t *data = json_array_get(root, 2);
    *event = (struct replay_event){0};
    if (!json_is_array(root) || !json_is_number(time) || !json_is_string(type))
        return "found no event, expected [seconds, \"o\", text]";
    *seconds = json_number_value(time);
    if (!isfinite(*seconds) || *seconds < 0 || *seconds > REPLAY_SECONDS_MOST)
        return "found a time that cannot be, expected seconds from the beginning";
    *kind = json_string_length(type) == 1 && strchr("or", *json_string_value(type))
                ? *json_string_value(type)
                : 0;
    if (!*kind)
        return NULL;
    if (!json_is_string(data))
        return "found no text, expected [seconds, \"o\", text]";
    event->bytes = json_string_value(data);
    event->n = json_string_length(data);
    event->resize = *kind == 'r';
    if (event->resize && !size_read(event->bytes, event->n, &event->cols, &event->rows))
        return "found no size, expected such as 100x40";
    return NULL;
}

static const char *event_check(struct replay *replay, const struct lines *lines, const char *line,
                               size_t n)
{
    json_error_t at;
    double seconds;
    char kind;
    struct replay_event event;
    json_t *root = json_loadb(line, n, JSON_ALLOW_NUL, &at);
    const char *why = root ? event_parse(root, &seconds, &kind, &event)
                           : (lines->whole ? "found no JSON, expected [seconds, \"o\", text]"
                                           : "it ends in the middle");
    json_decref(root);
    if (why || !kind)
        return why;
    struct place place = {
        .us = (int64_t)(seconds * 1e6), .offset = lines->at, .length = (uint32_t)n};
    if (place.us < replay->head.length_us)
        return "found a time before that of the line above";
    if (replay->places.n >= REPLAY_EVENTS_MOST)
        return "more events than are played";
    vec_push(&replay->places, place);
    replay->head.length_us = place.us;
    return NULL;
}

static enum status file_open(const char *path, const char *quoted, int *fd, int64_t *bytes,
                             struct error *err)
{
    struct stat is;
    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0)
        return error_set(err, ST_REFUSED, "%s: cannot be read: %s", quoted, strerror(errno));
    bool plain = fstat(*fd, &is) == 0 && S_ISREG(is.st_mode);
    if (plain && is.st_size <= FILE_MOST) {
        *bytes = is.st_size;
        return ST_OK;
    }
    close(*fd);
    *fd = -1;
    return plain ? error_set(err, ST_REFUSED, "%s: found %lld bytes, expected at most %d MB",
                             quoted, (long long)is.st_size, RECORDING_MOST_MB)
                 : error_set(err, ST_REFUSED, "%s: found no plain file, expected one", quoted);
}

static enum status head_next(struct lines *lines, struct arena *arena, const char *quoted,
                             struct replay_head *head, struct error *err)
{
    const char *line, *why;
    size_t n;
    if (!lines_next(lines, &line, &n, &why))
        why = why ? why : "found an empty file, expected a recording";
    else
        why = head_read(arena, line, n, head);
    return why ? error_set(err, ST_REFUSED, "%s:%d: %s", quoted, lines->number ? lines->number : 1,
                           why)
               : ST_OK;
}

static void events_check(struct replay *replay, struct lines *lines, const atomic_bool *cancel)
{
    const char *line, *why = NULL;
    size_t n;
    while (!why && !atomic_load(cancel) && lines_next(lines, &line, &n, &why))
        if (n)
            why = event_check(replay, lines, line, n);
    if (why)
        replay->head.problem = arena_printf(replay->arena, "line %d: %s", lines->number, why);
    /* The hash is of all of it. */
    while (!lines->ended && !atomic_load(cancel)) {
        lines->taken = lines->bytes.n;
        if (!lines_fill(lines))
            break;
    }
}

enum status replay_open(const char *path, const atomic_bool *cancel, struct replay **out,
                        struct error *err)
{
    struct replay *replay = mem_zero(1, sizeof *replay);
    struct lines lines = {.sum = sha256_begin()};
    unsigned char digest[SHA256_SIZE];
    *out = NULL;
    replay->arena = arena_new();
    const char *quoted = text_quote(replay->arena, path, strlen(path));
    int64_t bytes = 0;
    enum status status = file_open(path, quoted, &replay->fd, &bytes, err);
    lines.fd = replay->fd;
    if (status == ST_OK)
        status = head_next(&lines, replay->arena, quoted, &replay->head, err);
    if (status == ST_OK) {
        events_check(replay, &lines, cancel);
        replay->head.events = replay->places.n;
        replay->head.bytes = lines.read;
    }
    sha256_end(lines.sum, digest);
    sha256_hex(digest, replay->head.sha256);
    lines_free(&lines);
    if (status == ST_OK && atomic_load(cancel))
        status = error_set(err, ST_CANCELLED, "%s: cancelled", quoted);
    if (status == ST_OK)
        *out = replay;
    else
        replay_free(replay);
    return status;
}

enum status replay_peek(struct arena *arena, const char *path, struct replay_head *head,
                        struct error *err)
{
    struct lines lines = {0};
    int64_t bytes;
    const char *quoted = text_quote(arena, path, strlen(path));
    enum status status = file_open(path, quoted, &lines.fd, &bytes, err);
    if (status != ST_OK)
        return status;
    status = head_next(&lines, arena, quoted, head, err);
    head->bytes = bytes;
    lines_free(&lines);
    close(lines.fd);
    return status;
}

void replay_free(struct replay *replay)
{
    if (!replay)
        return;
    if (replay->fd >= 0)
        close(replay->fd);
    json_decref(replay->event);
    free(replay->line);
    vec_free(&replay->places);
    arena_free(replay->arena);
    free(replay);
}

/* ---- Playing ---- */

const struct replay_head *replay_head(const struct replay *replay)
{
    return &replay->head;
}

int64_t replay_time(const struct replay *replay, size_t i)
{
    return i < replay->places.n ? replay->places.at[i].us : replay->head.length_us;
}

size_t replay_after(const struct replay *replay, int64_t us)
{
    size_t from = 0, to = replay->places.n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (replay->places.at[middle].us <= us)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

bool replay_read(struct replay *replay, size_t i, struct replay_event *event)
{
    json_error_t at;
    double seconds;
    char kind = 0;
    *event = (struct replay_event){0};
    if (i >= replay->places.n)
        return false;
    const struct place *place = &replay->places.at[i];
    replay->line = mem_resize(replay->line, place->length + 1, 1);
    json_decref(replay->event);
    replay->event = NULL;
    if (pread(replay->fd, replay->line, place->length, place->offset) != (ssize_t)place->length)
        return false;
    replay->event = json_loadb(replay->line, place->length, JSON_ALLOW_NUL, &at);
    return replay->event && !event_parse(replay->event, &seconds, &kind, event) && kind;
}
