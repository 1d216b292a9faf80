/*
 * Fuzzing the hub by sessions that were once right: what a replica said in a first copy, or as it
 * brought six edits, with some of it changed, left out, doubled, in another order or from another
 * frame. Numbers and checksums fit, so the hub reads all of it; the changes that it does not refuse
 * leave its file whole. The first byte says which session and how long the pieces are.
 */
#include "model/campaign/points_verify.h"
#include "model/event/verify.h"
#include "model/segment/verify.h"
#include "model/store/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sync_recorded.h"

#include <stdlib.h>

enum { STEPS_MOST = 100000 };

static int64_t now(void *context)
{
    return ((struct sync_world *)context)->clock;
}

static void check(enum status status, const struct error *err)
{
    if (status != ST_OK && (!err->message || status == ST_UNUSABLE))
        abort();
}

static int64_t seq_of(struct sync_world *world)
{
    struct reader *reader;
    struct error err = {0};
    int64_t seq;
    if (reader_open(world->hub, &reader, &err) != ST_OK ||
        reader_integer(reader, "select cast(value as integer) from sync where name = 'seq'", 0,
                       &seq, &err) != ST_OK)
        abort();
    reader_close(reader);
    return seq;
}

static void bad_report(void *context, const struct verify_result *result)
{
    (void)context;
    if (!result->good)
        fprintf(stderr, "verify: %s: %s\n", result->check, result->finding);
}

static void verify(struct sync_world *world)
{
    struct reader *reader;
    struct error err = {0};
    struct arena *arena = arena_new();
    int bad = 1;
    event_verify_register();
    points_verify_register();
    segment_verify_register();
    if (reader_open(world->hub, &reader, &err) != ST_OK ||
        verify_run(reader, arena, bad_report, NULL, &bad, &err) != ST_OK || bad)
        abort();
    reader_close(reader);
    arena_free(arena);
}

static void talk(struct sync_world *world, const struct wire_bytes *bytes,
                 const struct wire_ends *ends, bool at_once)
{
    struct sync_hub_options options = {"admin", now, world};
    struct sync_hub *hub;
    struct error err = {0};
    enum status status = sync_hub_new(world->hub, &options, &hub, &err);
    size_t at = 0, n;
    check(status, &err);
    for (size_t i = 0; i < ends->n && status == ST_OK; i++) {
        bool more = true;
        if (at_once && i + 1 < ends->n)
            continue;
        sync_hub_feed(hub, bytes->at + at, ends->at[i] - at);
        at = ends->at[i];
        for (int k = 0; more && status == ST_OK; k++) {
            if (k > STEPS_MOST)
                abort();
            status = sync_hub_step(hub, &more, &err);
            sync_hub_out(hub, &n);
            sync_hub_sent(hub, n);
        }
        check(status, &err);
    }
    sync_hub_free(hub);
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_bytes bytes;
    struct wire_ends ends;
    if (size < 1)
        return 0;
    fuzz_folder();
    struct sync_world *world = recorded_world();
    const struct recorded *session = recorded_session(data[0] % RECORDED_SESSIONS);
    recorded_say(&session->up, data + 1, size - 1, &bytes, &ends);
    recorded_put_back(session);
    sync_world_open(world);
    int64_t before = seq_of(world);
    talk(world, &bytes, &ends, data[0] & 16);
    if (seq_of(world) != before)
        verify(world);
    sync_world_close(world);
    free(bytes.at);
    free(ends.at);
    return 0;
}
