/* What a collector sees of devices beside what they report: another host key than the pin's. */
#include "model/fleet/collect_parts.h"

#include "model/base/time.h"
#include "model/fleet/status.h"

#include <string.h>

enum { AGAIN_MS = 3000 };

void key_seen(struct tap *tap, const struct fleet_job *job)
{
    if (job->state != DEVICE_QUARANTINED || !*job->offered)
        return;
    snprintf(tap->offered, sizeof tap->offered, "%s", job->offered);
    tap->key_ms = job->total_ns / 1000000;
}

static struct device_sight key_sight(const struct tap *tap)
{
    return (struct device_sight){
        .device = tap->stream->device.id,
        .state = DEVICE_QUARANTINED,
        .phase = fleet_phase_names[PHASE_PIN],
        .reason = tap->reason,
        .offered = tap->offered,
        .app = "",
        .config = "",
        .wanted = "",
        .load = -1,
        .disk = -1,
        .spool = -1,
        .time = time_now(),
        .milliseconds = tap->key_ms,
    };
}

enum status sights_keep(struct collector *c, struct error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < c->taps.n; i++)
        n += *c->taps.at[i]->offered != '\0';
    if (!n || collect_now_ms() < c->sights_ms)
        return ST_OK;
    struct arena *arena = arena_new();
    struct device_sight *sights = arena_array(arena, struct device_sight, n);
    n = 0;
    for (size_t i = 0; i < c->taps.n; i++)
        if (*c->taps.at[i]->offered)
            sights[n++] = key_sight(c->taps.at[i]);
    enum status status =
        device_sights_keep(c->writer, c->options->access->principal, sights, n, err);
    for (size_t i = 0; status == ST_OK && i < c->taps.n; i++)
        *c->taps.at[i]->offered = '\0';
    /* Where somebody holds the file it is tried once more a little later. */
    c->sights_ms = status == ST_OK ? 0 : collect_now_ms() + AGAIN_MS;
    arena_free(arena);
    return status;
}
