#include "model/fleet/log_lines.h"

#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/fleet/clean.h"

#include <stdlib.h>
#include <string.h>

struct log_ring {
    const struct zone *zone;
    struct log_line *lines; /* LOG_LINES_MOST of them; number n is at n % LOG_LINES_MOST */
    uint64_t first, end;
    size_t bytes;
    struct arena *arena; /* of what is being cleaned */
};

struct log_ring *log_ring_new(const struct zone *zone)
{
    struct log_ring *ring = mem_zero(1, sizeof *ring);
    ring->zone = zone;
    ring->lines = mem_zero(LOG_LINES_MOST, sizeof *ring->lines);
    ring->arena = arena_new();
    return ring;
}

static struct log_line *line_at(const struct log_ring *ring, uint64_t number)
{
    return &ring->lines[number % LOG_LINES_MOST];
}

static void oldest_drop(struct log_ring *ring)
{
    struct log_line *line = line_at(ring, ring->first++);
    ring->bytes -= strlen(line->text) + 1;
    free(line->text);
    line->text = NULL;
}

void log_ring_free(struct log_ring *ring)
{
    if (!ring)
        return;
    while (ring->first < ring->end)
        oldest_drop(ring);
    free(ring->lines);
    arena_free(ring->arena);
    free(ring);
}

uint64_t log_first(const struct log_ring *ring)
{
    return ring->first;
}

uint64_t log_end(const struct log_ring *ring)
{
    return ring->end;
}

const struct log_line *log_at(const struct log_ring *ring, uint64_t number)
{
    return line_at(ring, number);
}

/* ---- Lines ---- */

static bool is_time_byte(char c)
{
    return (c >= '0' && c <= '9') || strchr("-:TZ+. ,", c);
}

/* The longest beginning that is a time; a log's first word or two. */
static bool time_begins(const struct log_ring *ring, const char *text, int64_t *time)
{
    size_t n = 0;
    while (n < 35 && text[n] && is_time_byte(text[n]))
        n++;
    if (n < 16 || text[4] != '-')
        return false;
    for (; n >= 16; n--)
        if (time_parse(ring->zone, text, n, time))
            return true;
    return false;
}

/* Of a line of JSON: what stands at one of the usual names. */
static int64_t time_of(const struct log_ring *ring, const char *text)
{
    static const char *const names[] = {
        "\"time\":", "\"ts\":", "\"timestamp\":", "\"@timestamp\":"};
    int64_t time;
    if (time_begins(ring, text, &time))
        return time;
    for (size_t i = 0; *text == '{' && i < sizeof names / sizeof *names; i++) {
        const char *at = strstr(text, names[i]);
        if (!at)
            continue;
        at += strlen(names[i]);
        at += strspn(at, " \"");
        if (time_begins(ring, at, &time))
            return time;
    }
    return time_now();
}

static void line_put(struct log_ring *ring, struct log_line line)
{
    size_t size = strlen(line.text) + 1;
    while (ring->first < ring->end &&
           (ring->end - ring->first == LOG_LINES_MOST || ring->bytes + size > LOG_BYTES_MOST))
        oldest_drop(ring);
    *line_at(ring, ring->end++) = line;
    ring->bytes += size;
}

void log_note(struct log_ring *ring, uint32_t source, const char *text)
{
    arena_reset(ring->arena);
    const char *clean = device_clean(ring->arena, text, strlen(text), LOG_LINE_MOST, false, NULL);
    line_put(ring,
             (struct log_line){
                 .time = time_now(), .source = source, .note = true, .text = mem_strdup(clean)});
}

/* ---- A source ---- */

static void line_give(struct log_ring *ring, struct log_source *source, const char *bytes, size_t n,
                      int64_t past)
{
    bool cut = false;
    arena_reset(ring->arena);
    if (!past && n && bytes[n - 1] == '\r')
        n--;
    const char *clean = device_clean(ring->arena, bytes, n, LOG_LINE_MOST, false, &cut);
    source->seen[source->seen_at++ % LOG_AGAIN] = hash64_seed(bytes, n, (uint64_t)past);
    source->n_seen += source->n_seen < LOG_AGAIN;
    line_put(ring, (struct log_line){.time = time_of(ring, clean),
                                     .source = source->number,
                                     .cut = past + (cut && !past ? 1 : 0),
                                     .text = mem_strdup(clean)});
}

static void line_end(struct log_ring *ring, struct log_source *source)
{
    if (!source->again) {
        line_give(ring, source, source->part ? source->part : "", source->n_part, source->past);
    } else {
        if (!source->kept)
            source->kept = mem_zero(LOG_AGAIN, sizeof *source->kept);
        char *bytes = mem_alloc(source->n_part + 1); /* a device's line may have zeros in it */
        if (source->n_part)
            memcpy(bytes, source->part, source->n_part);
        source->kept[source->n_kept++] = (struct log_kept){bytes, source->n_part, source->past};
    }
    source->n_part = 0;
    source->past = 0;
    if (source->n_kept == LOG_AGAIN)
        log_again_end(ring, source);
}

static void part_add(struct log_source *source, const char *bytes, size_t n)
{
    size_t room = LOG_LINE_MOST - source->n_part, take = n < room ? n : room;
    if (source->n_part + take > source->part_cap) {
        source->part_cap = source->n_part + take < 256 ? 256 : LOG_LINE_MOST;
        source->part = mem_resize(source->part, source->part_cap, 1);
    }
    /* A tab is no more than a gap here. */
    for (size_t i = 0; i < take; i++)
        source->part[source->n_part + i] = (char)(bytes[i] == '\t' ? ' ' : bytes[i]);
    source->n_part += take;
    source->past += (int64_t)(n - take);
}

void log_add(struct log_ring *ring, struct log_source *source, const char *bytes, size_t n)
{
    while (n) {
        const char *newline = memchr(bytes, '\n', n);
        size_t length = newline ? (size_t)(newline - bytes) : n;
        part_add(source, bytes, length);
        if (newline)
            line_end(ring, source);
        bytes += length + (newline != NULL);
        n -= length + (newline != NULL);
    }
}

void log_lost(struct log_source *source)
{
    source->n_part = 0;
    source->past = 0;
    for (size_t i = 0; i < source->n_kept; i++)
        free(source->kept[i].bytes);
    source->n_kept = 0;
    source->again = false;
}

void log_again(struct log_source *source)
{
    source->again = source->n_seen > 0;
}

static uint64_t kept_hash(const struct log_kept *kept)
{
    size_t n = kept->n;
    if (!kept->past && n && kept->bytes[n - 1] == '\r')
        n--;
    return hash64_seed(kept->bytes, n, (uint64_t)kept->past);
}

/* Both are pieces of one log: where they overlap, they agree up to the beginning of one of them. */
static bool agrees(const struct log_source *source, const uint64_t *hashes, size_t end)
{
    for (size_t back = 1; back <= end && back <= source->n_seen; back++)
        if (hashes[end - back] != source->seen[(source->seen_at - back) % LOG_AGAIN])
            return false;
    return true;
}

void log_again_end(struct log_ring *ring, struct log_source *source)
{
    if (!source->again)
        return;
    uint64_t hashes[LOG_AGAIN];
    size_t n = source->n_kept, from = n;
    for (size_t i = 0; i < n; i++)
        hashes[i] = kept_hash(&source->kept[i]);
    while (from > 0 && !agrees(source, hashes, from))
        from--;
    source->again = false;
    if (!from)
        log_note(ring, source->number, _("lines may be missing here"));
    for (size_t i = 0; i < n; i++) {
        struct log_kept *kept = &source->kept[i];
        if (i >= from)
            line_give(ring, source, kept->bytes, kept->n, kept->past);
        free(kept->bytes);
    }
    source->n_kept = 0;
}

void log_source_end(struct log_ring *ring, struct log_source *source)
{
    if (source->n_part || source->past)
        line_end(ring, source);
}

void log_source_free(struct log_source *source)
{
    log_lost(source);
    free(source->kept);
    free(source->part);
    source->kept = NULL;
    source->part = NULL;
}
