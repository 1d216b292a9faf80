#include "tests/support/wireless.h"

#include "model/base/arena.h"
#include "model/sync/hub.h"
#include "model/sync/replica.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { TURNS_MOST = 200000 };

struct ends {
    struct wireless *talk;
    struct sync_hub *hub;
    struct sync_replica *replica;
    bool cut;
};

/* Of n bytes those that still go; *cut where the wire ends with them. */
static size_t let_go(long *went, long cut_at, size_t n, bool *cut)
{
    if (cut_at != NEVER && *went + (long)n >= cut_at) {
        n = (size_t)(cut_at - *went);
        *cut = true;
    }
    *went += (long)n;
    return n;
}

static void carry(struct ends *ends)
{
    struct wireless *talk = ends->talk;
    size_t n;
    const unsigned char *at = sync_replica_out(ends->replica, &n);
    if (n && !ends->cut && (n = let_go(&talk->up, talk->cut_up, n, &ends->cut))) {
        sync_hub_feed(ends->hub, at, n);
        sync_replica_sent(ends->replica, n);
    }
    at = sync_hub_out(ends->hub, &n);
    if (n && !ends->cut && (n = let_go(&talk->down, talk->cut_down, n, &ends->cut))) {
        sync_replica_feed(ends->replica, at, n);
        sync_hub_sent(ends->hub, n);
    }
}

/* What is on its way when a wire is cut is lost; each end finds out. */
static enum status cut_ends(struct ends *ends, struct error *err)
{
    bool more = true;
    enum status status = ST_OK;
    sync_hub_feed(ends->hub, NULL, 0);
    sync_replica_feed(ends->replica, NULL, 0);
    for (int i = 0; i < 100 && more && ends->talk->hub_status == ST_OK; i++)
        ends->talk->hub_status = sync_hub_step(ends->hub, &more, NULL);
    more = true;
    for (int i = 0; i < 100 && more && status == ST_OK; i++)
        status = sync_replica_step(ends->replica, &more, err);
    return status == ST_OK ? error_set(err, ST_PARTIAL, "cut") : status;
}

static enum status turns(struct ends *ends, struct error *err)
{
    enum status status = ST_OK;
    bool more, left = false;
    for (int i = 0; i < TURNS_MOST && status == ST_OK; i++) {
        if (ends->talk->hub_status == ST_OK)
            ends->talk->hub_status = sync_hub_step(ends->hub, &more, NULL);
        status = sync_replica_step(ends->replica, &more, err);
        if (status == ST_OK && !left && sync_replica_level(ends->replica)) {
            sync_replica_leave(ends->replica);
            left = true;
        }
        carry(ends);
        if (ends->cut)
            return cut_ends(ends, err);
        if (sync_replica_over(ends->replica))
            return status;
    }
    return status != ST_OK ? status : error_set(err, ST_CANCELLED, "it never ends");
}

enum status wireless_talk(struct wireless *talk, struct error *err)
{
    struct ends ends = {.talk = talk};
    struct mall *mall = NULL;
    struct sync_hub_options hub = {.principal = talk->principal};
    struct sync_replica_options replica = {.hub = "wireless"};
    talk->up = talk->down = 0;
    talk->hub_status = ST_OK;
    enum status status = mall_open(talk->hub, &mall, err);
    if (status == ST_OK)
        status = sync_hub_new(mall, &hub, &ends.hub, err);
    if (status == ST_OK)
        status = sync_replica_new(talk->replica, &replica, &ends.replica, err);
    if (status == ST_OK)
        status = turns(&ends, err);
    sync_replica_free(ends.replica);
    sync_hub_free(ends.hub);
    mall_close(mall);
    return status;
}

static const char *const rests[] = {
    "", "-wal", "-shm", ".lock", ".epoch", ".making", ".making-wal", ".making-shm", ".making.lock"};

void wireless_remove(const char *path)
{
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *name = mem_printf("%s%s", path, rests[i]);
        unlink(name);
        free(name);
    }
}

void wireless_change(const char *path, const char *actor, const char *id, const char *entity,
                     const char *target, enum operation_verb verb, json_t *set)
{
    struct mall *mall;
    struct writer *writer;
    struct error err = {0};
    struct operation op = {.id = id,
                           .actor = actor,
                           .rights = ~0u,
                           .entity = entity,
                           .target = target,
                           .verb = verb,
                           .base_version = -1,
                           .set = set};
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(operation_apply(writer, &op, NULL, &err));
    json_decref(set);
    writer_close(writer);
    mall_close(mall);
}

void wireless_copy(const char *from, const char *to)
{
    wireless_remove(to);
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *source = mem_printf("%s%s", from, rests[i]),
             *target = mem_printf("%s%s", to, rests[i]);
        if (access(source, R_OK) == 0 && strcmp(rests[i], "-shm") != 0) {
            size_t size;
            char *bytes = file_read_all(source, &size);
            file_write_all(target, bytes, size);
            free(bytes);
        }
        free(source);
        free(target);
    }
}
