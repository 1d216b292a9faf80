/* The engine's steps that are about replicas: a session with the hub, and what a hub keeps. */
#include "model/base/time.h"
#include "model/sync/upkeep.h"
#include "model/sync/uplink.h"
#include "views/cli/engine.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { SYNC_EVERY_S = 30, RETRY_MOST_S = 600 };

/* What the mall file is: on a replica the hub's engine does everything else. */
static enum status known_read(struct engine *engine, bool *replica, bool *waits, struct error *err)
{
    struct arena *arena = arena_new();
    struct sync_state state;
    enum status status = sync_state_read(engine->reader, arena, time_now(), &state, err);
    *replica = status == ST_OK && state.replica;
    *waits = *replica && state.pending + state.sent > 0;
    arena_free(arena);
    return status;
}

enum status engine_on_replica(struct engine *engine, bool *replica, struct error *err)
{
    bool waits;
    return known_read(engine, replica, &waits, err);
}

static ino_t file_number(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_ino : 0;
}

/* A hub that cannot be reached is no reason to end: it is tried again, each time later. */
static void session_failed(struct engine *engine, json_t *report, const char *why)
{
    int64_t wait = SYNC_EVERY_S;
    engine->sync_failures++;
    for (int i = 1; i < engine->sync_failures && wait < RETRY_MOST_S; i++)
        wait *= 2;
    engine->sync_next = time_now() + (wait < RETRY_MOST_S ? wait : RETRY_MOST_S);
    json_object_set_new(report, "said", json_string(why));
    engine_log(engine, "sync: %s", why);
}

static enum status session_run(struct engine *engine, json_t *report, struct error *err)
{
    struct uplink_run run = {.replica = engine->mall->path, .stop = engine->stop, .wake = -1};
    enum status status = uplink_open(engine->mall->path, &run.uplink, err);
    if (status != ST_OK)
        return status;
    ino_t before = file_number(engine->mall->path);
    status = uplink_sync(&run, err);
    uplink_free(run.uplink);
    if (status == ST_OK && file_number(engine->mall->path) != before)
        return error_set(err, ST_UNUSABLE,
                         "the replica was made anew, as its hub wanted; begin the engine again");
    json_object_set_new(report, "pulled", json_integer(run.counts.pulled));
    json_object_set_new(report, "pushed", json_integer(run.counts.pushed));
    json_object_set_new(report, "conflicts", json_integer(run.counts.conflicts));
    json_object_set_new(report, "refused", json_integer(run.counts.refused));
    if (status == ST_OK) {
        engine->sync_failures = 0;
        engine->sync_next = time_now() + SYNC_EVERY_S;
        engine->busy = engine->busy || run.counts.pulled || run.counts.pushed;
    } else if (status != ST_UNUSABLE) {
        session_failed(engine, report, error_text(err));
        error_clear(err);
        status = ST_OK;
    }
    return status;
}

enum status engine_sync_run(struct engine *engine, json_t *report, struct error *err)
{
    bool replica, waits;
    enum status status = known_read(engine, &replica, &waits, err);
    int64_t now = time_now();
    if (status != ST_OK || !replica)
        return status;
    if (now >= engine->sync_next || (waits && !engine->sync_failures))
        status = session_run(engine, report, err);
    if (engine->sync_next < engine->next)
        engine->next = engine->sync_next;
    return status;
}

enum status engine_hub_run(struct engine *engine, json_t *report, struct error *err)
{
    enum { HOUR = 3600 };
    int64_t now = time_now(), hub = 0, removed = 0;
    if (engine->pruned && now >= engine->pruned && now - engine->pruned < HOUR)
        return ST_OK;
    enum status status = reader_integer(
        engine->reader, "select exists (select 1 from sync where name = 'seq')", 0, &hub, err);
    if (status == ST_OK && hub)
        status = upkeep_run(engine->writer, now, &removed, err);
    engine->pruned = now;
    json_object_set_new(report, "removed", json_integer(removed));
    return status;
}
