#include "model/sync/hub.h"

#include "model/base/random.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/schema.h"
#include "model/store/setting.h"
#include "model/store/sqlite.h"
#include "model/sync/edit.h"
#include "model/sync/mark.h"
#include "model/sync/pull.h"
#include "model/sync/upkeep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOCK_DAYS = 30, DAY = 86400, HEARD_EVERY = 60 };

struct sync_hub {
    struct mall *mall;
    struct reader *reader;
    struct writer *writer; /* opened with the first change */
    struct access access;
    int64_t (*now)(void *context);
    void *context;
    struct frame_in in;
    struct frame_out out;
    struct pull pull;
    char replica[REPLICA_ID + 1];
    bool greeted, pulling, over;
    bool copy_wanted;      /* a first copy begins with the next batch */
    uint64_t credit, sent; /* bytes of payloads */
    bool marked;           /* as of these: see mark.h */
    int64_t marked_seq, marked_tail;
    struct position last; /* that the replica said; seq -1: it did not yet */
    int64_t noted_seq;
    int64_t noted; /* when the replica's row was written last */
    bool revoked;  /* this replica: it is told to lock itself */
};

static int64_t hub_now(const struct sync_hub *hub)
{
    return hub->now ? hub->now(hub->context) : time_now();
}

/* ---- What a hub is ---- */

enum status sync_hub_make(struct writer *writer, struct error *err)
{
    char epoch[33];
    if (writer_mall(writer)->replica)
        return error_set(err, ST_REFUSED, "'%s' is a replica: only its hub's own file can be a hub",
                         writer_mall(writer)->path);
    random_hex(epoch, 16);
    return change_log_begin(writer, epoch, err);
}

static enum status hub_writer(struct sync_hub *hub, struct error *err)
{
    return hub->writer ? ST_OK : writer_open(hub->mall, &hub->writer, err);
}

/* A principal may be revoked, and given another role, while its session is open. */
static enum status role_check(struct sync_hub *hub, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row, same = false;
    enum status status =
        reader_prepare(hub->reader, "select role from principal where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, hub->access.principal, -1, SQLITE_STATIC);
    status = reader_step(hub->reader, stmt, &row, err);
    if (status == ST_OK && row)
        same = strcmp(column_text(stmt, 0), roles[hub->access.role].name) == 0;
    sqlite3_reset(stmt);
    return status != ST_OK || same
               ? status
               : error_set(err, ST_DENIED,
                           "what this principal may see was changed: begin another session");
}

/* What is told now is more than the file had when it was marked. */
static enum status mark_keep(struct sync_hub *hub, struct error *err)
{
    int64_t seq, tail;
    enum status status = reader_integer(
        hub->reader, "select cast(value as integer) from sync where name = 'seq'", 0, &seq, err);
    if (status == ST_OK)
        status = reader_integer(hub->reader, "select max(seq) from tail", 0, &tail, err);
    if (status != ST_OK || (hub->marked && seq == hub->marked_seq && tail == hub->marked_tail))
        return status;
    status = role_check(hub, err);
    if (status == ST_OK)
        status = hub_writer(hub, err);
    if (status == ST_OK)
        status = mark_renew(hub->reader, hub->writer, err);
    hub->marked = status == ST_OK;
    hub->marked_seq = seq;
    hub->marked_tail = tail;
    return status;
}

/* ---- A session ---- */

static void say(struct sync_hub *hub, enum frame_type type, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    frame_put(&hub->out, type, text, strlen(text));
    free(text);
    json_decref(json);
}

static enum status leave(struct sync_hub *hub, enum status status, const struct error *err)
{
    if (!hub->over)
        say(hub, FRAME_BYE,
            json_pack("{s:s, s:s, s:b}", "reason", status == ST_OK ? "" : error_text(err), "status",
                      status_name(status), "revoked", hub->revoked));
    hub->over = true;
    return status;
}

static enum status principal_check(struct sync_hub *hub, const char *principal, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(hub->reader, "select 1 from principal where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, principal, -1, SQLITE_STATIC);
    status = reader_step(hub->reader, stmt, &row, err);
    sqlite3_reset(stmt);
    if (status != ST_OK)
        return status;
    if (!row) {
        struct arena *arena = arena_new();
        error_set(err, ST_DENIED,
                  "%s is not a principal of this hub, or no longer one: ask for "
                  "`atrium hub add`",
                  text_quote(arena, principal, strlen(principal)));
        arena_free(arena);
        return ST_DENIED;
    }
    return access_lookup(hub->reader, principal, &hub->access, err);
}

enum status sync_hub_new(struct mall *mall, const struct sync_hub_options *options,
                         struct sync_hub **out, struct error *err)
{
    *out = NULL;
    struct sync_hub *hub = mem_zero(1, sizeof *hub);
    hub->mall = mall;
    hub->now = options->now;
    hub->last.seq = hub->noted_seq = -1;
    hub->context = options->context;
    char epoch[33] = "";
    enum status status = reader_open(mall, &hub->reader, err);
    if (status == ST_OK)
        status = mark_text(hub->reader, "epoch", epoch, sizeof epoch, err);
    if (status == ST_OK && (!*epoch || mall->replica))
        status = error_set(err, ST_REFUSED, "'%s' is no hub: make it one with `atrium hub add`",
                           mall->path);
    if (status == ST_OK)
        status = principal_check(hub, options->principal, err);
    if (status == ST_OK)
        status = mark_check(mall, hub->reader, &hub->writer, err);
    hub->pull = (struct pull){.reader = hub->reader,
                              .access = &hub->access,
                              .frames = &hub->out,
                              .replica = hub->replica};
    if (status != ST_OK) {
        sync_hub_free(hub);
        return status;
    }
    *out = hub;
    return ST_OK;
}

void sync_hub_free(struct sync_hub *hub)
{
    if (!hub)
        return;
    pull_free(&hub->pull);
    frame_in_free(&hub->in);
    frame_out_free(&hub->out);
    writer_close(hub->writer);
    reader_close(hub->reader);
    free(hub);
}

/* ---- Hello ---- */

static int64_t lock_seconds(struct sync_hub *hub)
{
    int64_t days = LOCK_DAYS;
    reader_integer(hub->reader,
                   "select cast(value as integer) from setting where name = "
                   "'sync_lock'",
                   LOCK_DAYS, &days, NULL);
    return days * DAY;
}

/* What the replica's holder may see changes with the role: an old replica is made anew. */
static enum status way_on(struct sync_hub *hub, const json_t *hello, const char *epoch,
                          const char *policy, bool *rebuild, struct error *err)
{
    struct position at;
    const char *theirs = json_string_value(json_object_get(hello, "policy"));
    const char *was = json_string_value(json_object_get(hello, "epoch"));
    *rebuild = true;
    if (!theirs || strcmp(theirs, policy) != 0 || !was || strcmp(was, epoch) != 0 ||
        !position_read(json_object_get(hello, "position"), &at))
        return ST_OK;
    hub->pull.at = at;
    bool possible;
    enum status status =
        pull_possible(hub->reader, hub->access.principal, hub->replica, &at, &possible, err);
    *rebuild = !possible;
    return status;
}

static json_t *key_json(const struct sync_hub *hub)
{
    char hex[33];
    if (hub->access.mask != MASK_PSEUDONYM)
        return json_string("");
    snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)hub->access.key[0],
             (unsigned long long)hub->access.key[1]);
    return json_string(hex);
}

/* Which of the principal's replicas it is, and whether it may go on. */
static enum status replica_check(struct sync_hub *hub, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        hub->reader, "select revoked from replica where principal = ?1 and id = ?2", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, hub->access.principal, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, hub->replica, -1, SQLITE_STATIC);
    status = reader_step(hub->reader, stmt, &row, err);
    hub->revoked = status == ST_OK && row && sqlite3_column_int64(stmt, 0) > 0;
    sqlite3_reset(stmt);
    return hub->revoked ? error_set(err, ST_DENIED,
                                    "this replica was revoked and is locked: ask who looks after "
                                    "the hub")
                        : status;
}

static enum status replica_hear(struct sync_hub *hub, const json_t *hello, struct error *err)
{
    const char *id = json_string_value(json_object_get(hello, "replica"));
    const char *machine = json_string_value(json_object_get(hello, "machine"));
    const char *program = json_string_value(json_object_get(hello, "program"));
    if (!id || strlen(id) != REPLICA_ID || strspn(id, "0123456789abcdef") != REPLICA_ID)
        return error_set(err, ST_REFUSED, "the replica says not which one it is");
    snprintf(hub->replica, sizeof hub->replica, "%s", id);
    enum status status = replica_check(hub, err);
    if (status == ST_OK)
        status = hub_writer(hub, err);
    return status == ST_OK
               ? upkeep_meet(hub->writer, hub->access.principal, id, machine ? machine : "",
                             program ? program : "", hub_now(hub), err)
               : status;
}

static enum status hello(struct sync_hub *hub, const json_t *json, struct error *err)
{
    char epoch[33], policy[SHA256_HEX];
    bool rebuild;
    json_int_t sync = json_integer_value(json_object_get(json, "sync"));
    json_int_t schema = json_integer_value(json_object_get(json, "schema"));
    if (hub->greeted)
        return error_set(err, ST_REFUSED, "the replica said hello twice");
    if (sync != SYNC_VERSION || schema != schema_version)
        return error_set(err, ST_CONFLICT,
                         "the hub's program is %s than this console's (sync %d, schema %d; here "
                         "%lld, %lld): install the same version on both",
                         schema > schema_version || sync > SYNC_VERSION ? "older" : "newer",
                         SYNC_VERSION, schema_version, (long long)sync, (long long)schema);
    policy_hash(hub->access.role, policy);
    enum status status = replica_hear(hub, json, err);
    if (status == ST_OK)
        status = mark_text(hub->reader, "epoch", epoch, sizeof epoch, err);
    if (status == ST_OK)
        status = way_on(hub, json, epoch, policy, &rebuild, err);
    if (status != ST_OK)
        return status;
    hub->greeted = true;
    hub->copy_wanted = rebuild;
    say(hub, FRAME_WELCOME,
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:b, s:o, s:s, s:s, s:I}", "epoch",
                  epoch, "mall", hub->mall->name, "principal", hub->access.principal, "role",
                  roles[hub->access.role].name, "policy", policy, "schema", schema_version,
                  "lock_s", (json_int_t)lock_seconds(hub), "time", (json_int_t)hub_now(hub),
                  "rebuild", rebuild, "key", key_json(hub), "timezone", zone_name(hub->mall->zone),
                  "currency", hub->mall->currency, "boundary",
                  (json_int_t)hub->mall->clock.boundary));
    return ST_OK;
}

/* ---- Pulling ---- */

/* How far the replica is, for the log to be shortened by, and for `hub list`. */
static enum status heard(struct sync_hub *hub, bool ending, struct error *err)
{
    const struct position *at = &hub->last;
    int64_t now = hub_now(hub);
    bool more;
    sqlite3_stmt *stmt;
    bool lately = hub->noted && now - hub->noted < HEARD_EVERY && now >= hub->noted;
    if (at->copy || at->seq < 0 || (ending ? at->seq == hub->noted_seq : lately))
        return ST_OK;
    char *text = position_text(at);
    enum status status = hub_writer(hub, err);
    if (status == ST_OK)
        status = writer_begin(hub->writer, err);
    if (status == ST_OK)
        status = writer_prepare(
            hub->writer,
            "insert into replica (principal, id, position, seq, batch, heard) values (?1, ?5, ?2,"
            " ?3, 0, ?4) on conflict do update set position = ?2, seq = ?3, batch = 0, heard = ?4",
            &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, hub->access.principal, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, text, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 3, at->seq);
        sqlite3_bind_int64(stmt, 4, now);
        sqlite3_bind_text(stmt, 5, hub->replica, -1, SQLITE_STATIC);
        status = writer_run(hub->writer, stmt, err);
    }
    if (status == ST_OK)
        status = upkeep_step(hub->writer, now, &more, err);
    if (status == ST_OK)
        status = writer_commit(hub->writer, err);
    if (hub->writer)
        writer_rollback(hub->writer);
    free(text);
    hub->noted = now;
    hub->noted_seq = at->seq;
    return status;
}

static enum status pulled(struct sync_hub *hub, const json_t *json, struct error *err)
{
    struct position at;
    json_int_t bytes = json_integer_value(json_object_get(json, "bytes"));
    if (!hub->greeted || bytes < 0)
        return error_set(err, ST_REFUSED, "the replica pulls before it said hello");
    hub->pulling = true;
    hub->credit = (uint64_t)bytes;
    if (!position_read(json_object_get(json, "position"), &at))
        return ST_OK;
    hub->last = at;
    return heard(hub, false, err);
}

/* A principal that is revoked is not served any further; one whose role changed begins again. */
static enum status still_admitted(struct sync_hub *hub, struct error *err)
{
    enum access_role role = hub->access.role;
    char principal[sizeof hub->access.principal];
    snprintf(principal, sizeof principal, "%s", hub->access.principal);
    enum status status = principal_check(hub, principal, err);
    if (status == ST_OK && hub->access.role != role)
        status = error_set(err, ST_CONFLICT, "the role of %s changed: the next session goes by it",
                           principal);
    return status == ST_OK ? replica_check(hub, err) : status;
}

static enum status batch_next(struct sync_hub *hub, bool *more, struct error *err)
{
    enum status status = still_admitted(hub, err);
    if (status == ST_OK)
        status = mark_keep(hub, err);
    if (status != ST_OK)
        return status;
    hub->pull.now = hub_now(hub);
    hub->pull.out.bytes = 0;
    if (hub->copy_wanted) {
        hub->copy_wanted = false;
        status = hub_writer(hub, err);
        if (status == ST_OK)
            status = pull_copy_begin(&hub->pull, hub->writer, err);
        *more = true;
    } else {
        status = pull_batch(&hub->pull, more, err);
    }
    if (status == ST_OK) /* it may have seen what was written meanwhile */
        status = mark_keep(hub, err);
    hub->sent += hub->pull.out.bytes;
    *more = *more && hub->sent < hub->credit;
    return status;
}

/* ---- Frames ---- */

static enum status edited(struct sync_hub *hub, const json_t *json, struct error *err)
{
    json_t *answer = NULL;
    if (!hub->greeted)
        return error_set(err, ST_REFUSED, "the replica edits before it said hello");
    enum status status = still_admitted(hub, err);
    if (status == ST_OK)
        status = hub_writer(hub, err);
    if (status == ST_OK)
        status = role_check(hub, err);
    if (status == ST_OK)
        status = edit_apply(hub->writer, &hub->access, json, &answer, err);
    if (status == ST_OK)
        status = mark_keep(hub, err);
    if (status == ST_OK)
        say(hub, FRAME_ANSWER, answer);
    else
        json_decref(answer);
    return status;
}

static enum status frame_take(struct sync_hub *hub, const struct frame *frame, struct error *err)
{
    json_t *json = json_loadb((const char *)frame->payload, frame->size, 0, NULL);
    enum status status;
    if (!json_is_object(json))
        status = error_set(err, ST_REFUSED, "the replica sent a frame '%s' that is no JSON object",
                           frame_names[frame->type]);
    else if (frame->type == FRAME_HELLO)
        status = hello(hub, json, err);
    else if (frame->type == FRAME_PULL)
        status = pulled(hub, json, err);
    else if (frame->type == FRAME_EDIT)
        status = edited(hub, json, err);
    else if (frame->type == FRAME_BYE) {
        status = heard(hub, true, err);
        if (status == ST_OK)
            status = leave(hub, ST_OK, err);
    } else
        status = error_set(err, ST_REFUSED, "the replica sent a frame '%s', which only a hub sends",
                           frame_names[frame->type]);
    json_decref(json);
    return status;
}

void sync_hub_feed(struct sync_hub *hub, const void *bytes, size_t n)
{
    if (!hub->over)
        frame_feed(&hub->in, bytes, n);
}

size_t sync_hub_held(const struct sync_hub *hub)
{
    return frame_held(&hub->in);
}

enum status sync_hub_step(struct sync_hub *hub, bool *more, struct error *err)
{
    struct frame frame;
    struct error own = {0};
    bool there;
    *more = false;
    if (hub->over)
        return ST_OK;
    enum status status = frame_get(&hub->in, &frame, &there, &own);
    if (status == ST_OK && there) {
        status = frame_take(hub, &frame, &own);
        *more = !hub->over;
    } else if (status == ST_OK && hub->in.ended) {
        hub->over = true;
    } else if (status == ST_OK && hub->pulling && hub->sent < hub->credit) {
        status = batch_next(hub, more, &own);
    }
    if (status != ST_OK) {
        leave(hub, status, &own);
        *more = false;
    }
    if (err && status != ST_OK) {
        error_clear(err);
        *err = own;
    } else {
        error_clear(&own);
    }
    return status;
}

const unsigned char *sync_hub_out(const struct sync_hub *hub, size_t *n)
{
    return frame_next(&hub->out, n);
}

void sync_hub_sent(struct sync_hub *hub, size_t n)
{
    frame_took(&hub->out, n);
}

bool sync_hub_over(const struct sync_hub *hub)
{
    size_t n;
    sync_hub_out(hub, &n);
    return hub->over && n == 0;
}
