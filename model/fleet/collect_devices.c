/* Which devices are collected from: the inventory, looked at anew now and then. */
#include "model/base/time.h"
#include "model/fleet/collect_parts.h"

#include <stdlib.h>
#include <string.h>

int64_t collect_now_ms(void)
{
    return time_monotonic_ns() / 1000000;
}

const struct spool_kind spool_kinds[] = {
    {"pos", "receipts", IMPORT_RECEIPTS},
    {"probe", "sightings", IMPORT_SIGHTINGS},
    {"gateway", "sightings", IMPORT_SIGHTINGS},
    {"screen", NULL, IMPORT_KINDS},
    {0},
};

static const struct spool_kind *kind_of(const struct device *device)
{
    for (const struct spool_kind *kind = spool_kinds; kind->device; kind++)
        if (strcmp(kind->device, device->kind) == 0)
            return kind;
    return NULL;
}

static bool device_same(const struct device *a, const struct device *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0 && strcmp(a->user, b->user) == 0 &&
           strcmp(a->pin, b->pin) == 0 && strcmp(a->tenant, b->tenant) == 0 &&
           strcmp(a->kind, b->kind) == 0;
}

static void device_take(struct tap *tap, const struct device *device)
{
    struct stream *stream = tap->stream;
    struct arena *arena = arena_new();
    struct device *own = &stream->device;
    device_copy(arena, own, device);
    arena_free(stream->arena);
    stream->arena = arena;
    tap->kind = kind_of(own);
    stream->spool = tap->kind->spool;
}

static struct tap *tap_find(struct collector *c, uint32_t device)
{
    for (size_t i = 0; i < c->taps.n; i++)
        if (c->taps.at[i]->stream->device.id == device)
            return c->taps.at[i];
    return NULL;
}

static void tap_add(struct collector *c, const struct device *device)
{
    struct tap *tap = mem_zero(1, sizeof *tap);
    tap->collector = c;
    tap->stream = mem_zero(1, sizeof *tap->stream);
    tap->stream->hub = &c->hub;
    tap->arena = arena_new();
    tap->wanted = true;
    device_take(tap, device);
    vec_push(&c->taps, tap);
}

void tap_end(struct collector *c, struct tap *tap)
{
    if (!tap->stream->open || tap->stream->ending)
        return;
    tap->ended_ms = collect_now_ms();
    stream_end(tap->stream);
    c->wake = true;
}

/* An open session keeps what it knows of its device until it has ended. */
static void device_meet(struct collector *c, const struct device *device)
{
    struct tap *tap = tap_find(c, device->id);
    if (!tap) {
        tap_add(c, device);
        return;
    }
    tap->wanted = true;
    if (device_same(&tap->stream->device, device))
        return;
    if (tap->stream->open)
        tap_end(c, tap);
    else
        device_take(tap, device);
}

void tap_free(struct tap *tap)
{
    stream_free(tap->stream);
    arena_free(tap->arena);
    free(tap);
}

static enum status settings_look(struct collector *c, bool first, struct error *err)
{
    int64_t settings;
    enum status status = reader_integer(
        c->reader,
        "select coalesce(sum(cast(value as integer) * iif(name = 'collect', 1000000, 1)), 0)"
        " from setting where name in ('collect', 'collect_every')",
        0, &settings, err);
    c->switched = c->switched || (c->options->switched && !first && settings != c->settings);
    c->settings = settings;
    return status;
}

enum status devices_refresh(struct collector *c, struct error *err)
{
    struct arena *arena = arena_new();
    const struct device *devices;
    size_t n;
    int64_t events, rows;
    enum status status = reader_versions(c->reader, &events, &rows, err);
    bool same = c->refreshed_ms && rows == c->rows_version && c->taps.n;
    if (status == ST_OK && !same)
        status = settings_look(c, !c->refreshed_ms, err);
    c->refreshed_ms = collect_now_ms();
    if (status == ST_OK && !same) {
        c->rows_version = rows;
        status =
            device_list(c->reader, c->options->access, arena, c->options->on, &devices, &n, err);
        for (size_t i = 0; status == ST_OK && i < c->taps.n; i++)
            c->taps.at[i]->wanted = false;
        for (size_t i = 0; status == ST_OK && i < n; i++)
            if (kind_of(&devices[i]) && *devices[i].pin && !*devices[i].quarantine &&
                *devices[i].host)
                device_meet(c, &devices[i]);
    }
    arena_free(arena);
    return status;
}

/* Devices that are gone, or in quarantine by now. */
void taps_tidy(struct collector *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->taps.n; i++) {
        struct tap *tap = c->taps.at[i];
        if (!tap->wanted)
            tap_end(c, tap);
        /* Of those that were tried something is said at the end. */
        if (tap->wanted || tap->stream->open || (c->options->once && tap->tried))
            c->taps.at[kept++] = tap;
        else
            tap_free(tap);
    }
    c->taps.n = kept;
}
