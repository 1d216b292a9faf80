/* One session of a replica with its hub. */
#include "model/base/arena.h"
#include "model/base/time.h"
#include "model/sync/pump.h"
#include "model/sync/uplink_record.h"

#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 2000,        /* looks so often for edits of other programs */
    WORK_IDLE_MS = 60000,  /* a hub that owes an answer and says nothing is given up */
    STAY_IDLE_MS = 120000, /* so that a line that died unnoticed is found out */
};

struct session {
    struct uplink_run *run;
    struct sync_replica *replica;
    struct pump_options options;
    bool left;
};

static int64_t idle_of(const struct uplink_run *run)
{
    return run->idle_ms ? run->idle_ms : WORK_IDLE_MS;
}

static void session_round(void *context)
{
    struct session *session = context;
    struct uplink_run *run = session->run;
    bool level = sync_replica_level(session->replica);
    run->counts = sync_replica_counts(session->replica);
    run->level = run->level || level;
    session->options.idle_ms = level && run->stay ? STAY_IDLE_MS : idle_of(run);
    if (run->report)
        run->report(run->context, &run->counts, level);
    if (level && !run->stay && !session->left) {
        sync_replica_leave(session->replica);
        session->left = true;
    }
}

static enum status wire_open(struct uplink_run *run, struct wire **wire, struct error *err)
{
    const char *hub = uplink_hub(run->uplink), *via = uplink_via(run->uplink);
    if (via)
        return wire_of_command(via, wire, err);
    if (!hub)
        return error_set(err, ST_USAGE,
                         "where the hub of this replica is, is not known; name it: atrium -m FILE "
                         "sync --hub ssh://USER@HOST, or --via COMMAND");
    char *copy = mem_strdup(hub);
    struct wire_ssh ssh = {0};
    enum status status = wire_url_read(copy, &ssh, err);
    ssh.identity = uplink_identity(run->uplink);
    ssh.pin = uplink_pinned(run->uplink);
    ssh.stop = run->stop;
    ssh.wait_ms = run->idle_ms;
    if (status == ST_OK)
        status = wire_of_ssh(&ssh, run->offered, &run->unknown, wire, err);
    if (status == ST_OK && !ssh.pin) { /* known_hosts vouched for it */
        uplink_pin(run->uplink, run->offered);
        uplink_save(run->uplink, NULL); /* else it vouches again */
    }
    free(copy);
    return status;
}

static enum status session_pump(struct session *session, struct error *err)
{
    struct uplink_run *run = session->run;
    struct pump_end end = pump_end_of_replica(session->replica);
    struct wire *wire;
    enum status status = wire_open(run, &wire, err);
    if (status != ST_OK)
        return status;
    session->options = (struct pump_options){
        .stop = run->stop,
        .wake = run->wake,
        .tick_ms = run->stay ? TICK_MS : 0,
        .idle_ms = idle_of(run),
        .round = session_round,
        .context = session,
    };
    status = pump_run(wire, &end, &session->options, err);
    run->counts = sync_replica_counts(session->replica);
    wire->ops->close(wire);
    bool stopped = run->stop && atomic_load(run->stop);
    if (status != ST_CANCELLED || stopped)
        return status;
    if (run->level && run->stay) { /* nothing was said since all was said */
        error_clear(err);
        return ST_OK;
    }
    return error_set(err, ST_PARTIAL, "the hub does not answer; tried for %lld s",
                     (long long)(idle_of(run) / 1000));
}

enum status uplink_sync(struct uplink_run *run, struct error *err)
{
    struct session session = {.run = run};
    int64_t began = time_now();
    const char *hub = uplink_hub(run->uplink), *via = uplink_via(run->uplink);
    struct sync_replica_options options = {.hub = hub ? hub : via};
    run->counts = (struct sync_counts){.share = 1};
    run->level = run->unknown = false;
    *run->offered = 0;
    enum status status = sync_replica_new(run->replica, &options, &session.replica, err);
    if (status != ST_OK)
        return status;
    status = session_pump(&session, err);
    sync_replica_free(session.replica);
    uplink_record(run->uplink, began, &run->counts, status == ST_OK ? "" : error_text(err));
    return status;
}
