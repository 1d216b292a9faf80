#include "model/event/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PAGE_FIRST = 1024,
    PAGE_MOST = 64 << 10,
    RECORD_MOST = 128, /* of a record without its reference */
};

/* Bytes of records in memory, not yet written out. */
struct page {
    struct page *next;
    uint32_t size, cap;
    unsigned char at[];
};

struct extent {
    int64_t offset;
    size_t size;
};

struct stream {
    struct page *first, *last;
    VEC(struct extent) extents;
    size_t bytes, events; /* all of them; those of pages */
    size_t in_pages;
};

struct lane {
    VEC(struct stream *) blocks; /* by block */
    VEC(struct stream *) nobody; /* as spans of `months` */
    struct chunk_calendar months;
    size_t held; /* bytes of pages */
};

struct spool {
    char *folder;
    size_t memory;
    atomic_size_t held;
    atomic_int file;
    atomic_llong file_end;
    struct lane lanes[EVENT_LANES];
    VEC(struct spool_part) parts;
    VEC(struct stream **) streams; /* by part, EVENT_LANES each */
};

struct spool *spool_new(const char *beside, const struct clock *clock, size_t memory)
{
    struct spool *spool = mem_zero(1, sizeof *spool);
    const char *slash = strrchr(beside, '/');
    spool->folder = slash ? mem_strndup(beside, (size_t)(slash - beside) + 1) : mem_strdup("./");
    spool->memory = memory;
    atomic_init(&spool->file, -1);
    for (int i = 0; i < EVENT_LANES; i++)
        spool->lanes[i].months = chunk_calendar_make(clock, false);
    return spool;
}

static void pages_free(struct stream *stream)
{
    for (struct page *page = stream->first; page;) {
        struct page *next = page->next;
        free(page);
        page = next;
    }
    stream->first = stream->last = NULL;
    stream->in_pages = 0;
}

static void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    pages_free(stream);
    vec_free(&stream->extents);
    free(stream);
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    for (int i = 0; i < EVENT_LANES; i++) {
        struct lane *lane = &spool->lanes[i];
        for (size_t s = 0; s < lane->blocks.n; s++)
            stream_free(lane->blocks.at[s]);
        for (size_t s = 0; s < lane->nobody.n; s++)
            stream_free(lane->nobody.at[s]);
        vec_free(&lane->blocks);
        vec_free(&lane->nobody);
        chunk_calendar_free(&lane->months);
    }
    for (size_t i = 0; i < spool->streams.n; i++)
        free(spool->streams.at[i]);
    vec_free(&spool->streams);
    vec_free(&spool->parts);
    if (atomic_load(&spool->file) >= 0)
        close(atomic_load(&spool->file));
    free(spool->folder);
    free(spool);
}

/* ---- Writing out ---- */

/* The file has no name, so that it is gone with the program. */
static int file_make(const struct spool *spool)
{
    int fd = open(spool->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    char *name = mem_printf("%satrium-spool-XXXXXX", spool->folder);
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    free(name);
    return fd;
}

static enum status file_of(struct spool *spool, int *fd, struct error *err)
{
    *fd = atomic_load(&spool->file);
    if (*fd >= 0)
        return ST_OK;
    int made = file_make(spool), none = -1;
    if (made < 0)
        return error_set(err, ST_UNUSABLE,
                         "cannot make a temporary file in '%s' for what does not fit in memory: %s",
                         spool->folder, strerror(errno));
    if (!atomic_compare_exchange_strong(&spool->file, &none, made)) {
        close(made);
        made = none;
    }
    *fd = made;
    return ST_OK;
}

static enum status write_all(int fd, const unsigned char *at, size_t n, int64_t offset,
                             struct error *err)
{
    while (n > 0) {
        ssize_t put = pwrite(fd, at, n, offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return error_set(err, ST_UNUSABLE,
                             "writing the temporary file of a bulk append: %s: free some space "
                             "beside the mall file and try again",
                             strerror(errno));
        at += put;
        n -= (size_t)put;
        offset += put;
    }
    return ST_OK;
}

static enum status stream_spill(struct spool *spool, int fd, struct stream *stream,
                                struct error *err)
{
    if (stream->in_pages == 0)
        return ST_OK;
    int64_t offset = atomic_fetch_add(&spool->file_end, (long long)stream->in_pages), at = offset;
    enum status status = ST_OK;
    for (struct page *page = stream->first; page && status == ST_OK; page = page->next) {
        status = write_all(fd, page->at, page->size, at, err);
        at += page->size;
    }
    vec_push(&stream->extents, (struct extent){.offset = offset, .size = stream->in_pages});
    pages_free(stream);
    return status;
}

static enum status lane_spill(struct spool *spool, struct lane *lane, struct error *err)
{
    int fd;
    enum status status = file_of(spool, &fd, err);
    for (size_t i = 0; i < lane->nobody.n && status == ST_OK; i++)
        status = stream_spill(spool, fd, lane->nobody.at[i], err);
    for (size_t i = 0; i < lane->blocks.n && status == ST_OK; i++)
        if (lane->blocks.at[i])
            status = stream_spill(spool, fd, lane->blocks.at[i], err);
    atomic_fetch_sub(&spool->held, lane->held);
    lane->held = 0;
    return status;
}

/* ---- Records ---- */

/* Which fields a record has. A time is five bytes after 1970 and until the year 36000, else eight.
 */
enum field {
    HAS_TENANT = 1 << 0,
    HAS_ZONE = 1 << 1,
    HAS_CHANNEL = 1 << 2,
    HAS_DEVICE = 1 << 3,
    HAS_AMOUNT = 1 << 4,
    HAS_CAMPAIGN = 1 << 5,
    HAS_ITEM = 1 << 6,
    HAS_VALUE = 1 << 7,
    HAS_ADDRESS = 1 << 8,
    HAS_REF = 1 << 9,
    HAS_LONG_TIME = 1 << 10,
};

static unsigned char *put_varint(unsigned char *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at++ = (unsigned char)value;
    return at;
}

static unsigned char *put_number(unsigned char *at, unsigned *fields, unsigned field,
                                 uint64_t value)
{
    if (value == 0)
        return at;
    *fields |= field;
    return put_varint(at, value);
}

static unsigned char *record_put(unsigned char *at, const struct event *event, uint64_t arrival)
{
    unsigned char *start = at;
    unsigned fields = 0;
    uint16_t person = event->person & (EVENT_BLOCK - 1);
    uint64_t time = (uint64_t)event->time;
    at[2] = (unsigned char)event->kind;
    memcpy(at + 3, &person, 2);
    memcpy(at + 5, &time, 8);
    fields |= time >> 40 ? HAS_LONG_TIME : 0;
    at += time >> 40 ? 13 : 10;
    at = put_number(at, &fields, HAS_TENANT, event->tenant);
    at = put_number(at, &fields, HAS_ZONE, event->zone);
    at = put_number(at, &fields, HAS_CHANNEL, event->channel);
    at = put_number(at, &fields, HAS_DEVICE, event->device);
    at = put_number(at, &fields, HAS_AMOUNT, zigzag(event->amount));
    at = put_number(at, &fields, HAS_CAMPAIGN, event->campaign);
    at = put_number(at, &fields, HAS_ITEM, event->item);
    at = put_number(at, &fields, HAS_VALUE, zigzag(event->value));
    at = put_number(at, &fields, HAS_ADDRESS, event->address);
    if (event->ref_size) {
        fields |= HAS_REF;
        at = put_varint(at, arrival);
        at = put_varint(at, event->ref_size);
        memcpy(at, event->ref, event->ref_size);
        at += event->ref_size;
    }
    start[0] = (unsigned char)fields;
    start[1] = (unsigned char)(fields >> 8);
    return at;
}

/* These bytes never left the program (or only for an unlinked file), so they are not checked. */
static uint64_t get_varint(const unsigned char **at)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

static uint64_t get_number(const unsigned char **at, unsigned fields, unsigned field)
{
    return fields & field ? get_varint(at) : 0;
}

static const unsigned char *record_get(const unsigned char *at, uint32_t first_person,
                                       struct event *event, uint64_t *arrival)
{
    unsigned fields = at[0] | (unsigned)at[1] << 8;
    uint16_t person;
    uint64_t time = 0;
    memset(event, 0, sizeof *event);
    event->kind = at[2];
    memcpy(&person, at + 3, 2);
    event->person = first_person + person;
    memcpy(&time, at + 5, fields & HAS_LONG_TIME ? 8 : 5);
    event->time = (int64_t)time;
    at += fields & HAS_LONG_TIME ? 13 : 10;
    event->tenant = (uint32_t)get_number(&at, fields, HAS_TENANT);
    event->zone = (uint32_t)get_number(&at, fields, HAS_ZONE);
    event->channel = (uint16_t)get_number(&at, fields, HAS_CHANNEL);
    event->device = (uint32_t)get_number(&at, fields, HAS_DEVICE);
    event->amount = zigzag_back(get_number(&at, fields, HAS_AMOUNT));
    event->campaign = (uint32_t)get_number(&at, fields, HAS_CAMPAIGN);
    event->item = (uint32_t)get_number(&at, fields, HAS_ITEM);
    event->value = (int32_t)zigzag_back(get_number(&at, fields, HAS_VALUE));
    event->address = get_number(&at, fields, HAS_ADDRESS);
    if (fields & HAS_REF) {
        *arrival = get_varint(&at);
        event->ref_size = (uint32_t)get_varint(&at);
        event->ref = (const char *)at;
        at += event->ref_size;
    }
    return at;
}

/* ---- Adding ---- */

static struct stream **lane_slot(struct lane *lane, const struct event *event)
{
    if (event->person != 0) {
        size_t block = event->person >> EVENT_BLOCK_BITS;
        while (lane->blocks.n <= block)
            vec_push(&lane->blocks, NULL);
        return &lane->blocks.at[block];
    }
    size_t before = lane->months.spans.n, at = chunk_calendar_find(&lane->months, event->time);
    if (lane->months.spans.n > before) {
        vec_push(&lane->nobody, NULL);
        memmove(lane->nobody.at + at + 1, lane->nobody.at + at,
                (lane->nobody.n - 1 - at) * sizeof *lane->nobody.at);
        lane->nobody.at[at] = NULL;
    }
    return &lane->nobody.at[at];
}

static void page_add(struct spool *spool, struct lane *lane, struct stream *stream, size_t need)
{
    uint32_t cap = stream->last ? stream->last->cap * 2 : PAGE_FIRST;
    cap = cap > PAGE_MOST ? PAGE_MOST : cap;
    cap = cap < need ? (uint32_t)need : cap;
    struct page *page = mem_alloc(sizeof *page + cap);
    page->next = NULL;
    page->size = 0;
    page->cap = cap;
    if (stream->last)
        stream->last->next = page;
    else
        stream->first = page;
    stream->last = page;
    lane->held += cap;
    atomic_fetch_add_explicit(&spool->held, cap, memory_order_relaxed);
}

enum status spool_add(struct spool *spool, int number, const struct event *events, size_t n,
                      uint64_t arrival, struct error *err)
{
    struct lane *lane = &spool->lanes[number];
    for (size_t i = 0; i < n; i++) {
        struct stream **slot = lane_slot(lane, &events[i]);
        if (!*slot)
            *slot = mem_zero(1, sizeof **slot);
        struct stream *stream = *slot;
        size_t need = RECORD_MOST + events[i].ref_size;
        if (!stream->last || stream->last->cap - stream->last->size < need)
            page_add(spool, lane, stream, need);
        struct page *page = stream->last;
        unsigned char *at = page->at + page->size;
        size_t size = (size_t)(record_put(at, &events[i], arrival + i) - at);
        page->size += (uint32_t)size;
        stream->in_pages += size;
        stream->bytes += size;
        stream->events++;
    }
    /* The lane that finds memory full writes itself out when it holds a fair part of it. */
    if (atomic_load_explicit(&spool->held, memory_order_relaxed) > spool->memory &&
        lane->held > spool->memory / (2 * EVENT_LANES))
        return lane_spill(spool, lane, err);
    return ST_OK;
}

/* ---- Reading ---- */

static void part_put(struct spool *spool, int lane, int32_t block, int32_t month,
                     struct stream *stream)
{
    if (!stream)
        return;
    size_t low = 0, high = spool->parts.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct spool_part *part = &spool->parts.at[middle];
        if (part->block < block || (part->block == block && part->month < month))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == spool->parts.n || spool->parts.at[low].block != block ||
        spool->parts.at[low].month != month) {
        vec_push(&spool->parts, (struct spool_part){0});
        vec_push(&spool->streams, NULL);
        size_t after = spool->parts.n - 1 - low;
        memmove(spool->parts.at + low + 1, spool->parts.at + low, after * sizeof *spool->parts.at);
        memmove(spool->streams.at + low + 1, spool->streams.at + low,
                after * sizeof *spool->streams.at);
        spool->parts.at[low] = (struct spool_part){.block = block, .month = month};
        spool->streams.at[low] = mem_zero(EVENT_LANES, sizeof(struct stream *));
    }
    spool->streams.at[low][lane] = stream;
    spool->parts.at[low].events += stream->events;
}

size_t spool_parts(struct spool *spool, const struct spool_part **parts)
{
    for (int i = 0; i < EVENT_LANES; i++) {
        struct lane *lane = &spool->lanes[i];
        for (size_t s = 0; s < lane->nobody.n; s++)
            part_put(spool, i, EVENT_NOBODY, lane->months.spans.at[s].number, lane->nobody.at[s]);
        for (size_t s = 0; s < lane->blocks.n; s++)
            part_put(spool, i, (int32_t)s, 0, lane->blocks.at[s]);
    }
    *parts = spool->parts.at;
    return spool->parts.n;
}

static enum status read_all(int fd, unsigned char *at, size_t n, int64_t offset, struct error *err)
{
    while (n > 0) {
        ssize_t got = pread(fd, at, n, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set(err, ST_UNUSABLE, "reading the temporary file of a bulk append: %s",
                             got < 0 ? strerror(errno) : "it is shorter than what was written");
        at += got;
        n -= (size_t)got;
        offset += got;
    }
    return ST_OK;
}

static enum status stream_bytes(struct spool *spool, const struct stream *stream, unsigned char *at,
                                struct error *err)
{
    for (size_t i = 0; i < stream->extents.n; i++) {
        const struct extent *extent = &stream->extents.at[i];
        enum status status =
            read_all(atomic_load(&spool->file), at, extent->size, extent->offset, err);
        if (status != ST_OK)
            return status;
        at += extent->size;
    }
    for (const struct page *page = stream->first; page; page = page->next) {
        memcpy(at, page->at, page->size);
        at += page->size;
    }
    return ST_OK;
}

static bool dropped(const struct spool_drops *drops, int lane, uint64_t arrival)
{
    return drops && arrival / 64 < drops->words[lane] &&
           (drops->bits[lane][arrival / 64] >> (arrival % 64) & 1);
}

enum status spool_load(struct spool *spool, size_t part, struct bytes *bytes, struct error *err)
{
    struct stream **streams = spool->streams.at[part];
    size_t size = 0;
    for (int lane = 0; lane < EVENT_LANES; lane++)
        size += streams[lane] ? streams[lane]->bytes : 0;
    bytes->n = 0;
    unsigned char *at = bytes_room(bytes, size + 8); /* a time is read eight bytes wide */
    enum status status = ST_OK;
    for (int lane = 0; lane < EVENT_LANES && status == ST_OK; lane++) {
        if (!streams[lane])
            continue;
        status = stream_bytes(spool, streams[lane], at, err);
        at += streams[lane]->bytes;
    }
    bytes->n = size;
    return status;
}

/* One record after another. */
struct records {
    struct stream **streams;
    uint32_t first_person;
    int lane; /* of the event just read */
    const unsigned char *at, *lane_end;
};

static struct records records_of(const struct spool *spool, size_t part, const struct bytes *bytes)
{
    return (struct records){.streams = spool->streams.at[part],
                            .first_person = block_first_person(spool->parts.at[part].block),
                            .lane = -1,
                            .at = bytes->at,
                            .lane_end = bytes->at};
}

static bool records_next(struct records *records, struct event *event, uint64_t *arrival)
{
    while (records->at == records->lane_end) {
        if (++records->lane == EVENT_LANES)
            return false;
        const struct stream *stream = records->streams[records->lane];
        records->lane_end += stream ? stream->bytes : 0;
    }
    *arrival = 0;
    records->at = record_get(records->at, records->first_person, event, arrival);
    return true;
}

void spool_events(const struct spool *spool, size_t part, const struct bytes *bytes,
                  const struct spool_drops *drops, int64_t from, int64_t to,
                  struct event_list *events, struct arrival_list *arrivals)
{
    struct records records = records_of(spool, part, bytes);
    uint64_t arrival;
    for (;;) {
        vec_reserve(events, 1);
        struct event *event = &events->at[events->n];
        if (!records_next(&records, event, &arrival))
            return;
        if (event->time < from || event->time >= to ||
            (event->ref_size && dropped(drops, records.lane, arrival)))
            continue;
        events->n++;
        if (arrivals)
            vec_push(arrivals, (uint64_t)records.lane << 56 | arrival);
    }
}

size_t *spool_spans(const struct spool *spool, size_t part, const struct bytes *bytes,
                    struct chunk_calendar *calendar)
{
    struct event event;
    uint64_t arrival;
    struct records records = records_of(spool, part, bytes);
    while (records_next(&records, &event, &arrival))
        chunk_calendar_find(calendar, event.time);
    size_t *counts = mem_zero(calendar->spans.n + 1, sizeof *counts);
    records = records_of(spool, part, bytes);
    while (records_next(&records, &event, &arrival))
        counts[chunk_calendar_find(calendar, event.time)]++;
    return counts;
}
