#include "tests/support/sync_world.h"

#include "tests/support/fault_vfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(struct sync_world *world, enum status status, const char *what)
{
    if (status != ST_OK)
        fail_msg("%s: %s: %s", what, status_name(status), error_text(&world->err));
}
#define OK(call) check(world, (call), #call)

static int64_t world_now(void *context)
{
    return ((struct sync_world *)context)->clock;
}

static int64_t replica_now(void *context)
{
    return world_now(context) + ((struct sync_world *)context)->ahead;
}

/* ---- The hub ---- */

void sync_world_open(struct sync_world *world)
{
    OK(mall_open(world->hub_path, &world->hub, &world->err));
    OK(writer_open(world->hub, &world->writer, &world->err));
}

void sync_world_close(struct sync_world *world)
{
    writer_close(world->writer);
    mall_close(world->hub);
    world->writer = NULL;
    world->hub = NULL;
}

void sync_world_principal(struct sync_world *world, const char *name, const char *role)
{
    json_t *set = json_pack("{s:s}", "role", role);
    struct operation op = {.actor = "tests",
                           .rights = ~0u,
                           .entity = "principal",
                           .target = name,
                           .verb = OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    if (operation_apply(world->writer, &op, NULL, &world->err) != ST_OK) {
        op.verb = OPERATION_SET;
        OK(operation_apply(world->writer, &op, NULL, &world->err));
    }
    json_decref(set);
}

static struct sync_world *world_begin(void)
{
    struct sync_world *world = mem_zero(1, sizeof *world);
    sync_register();
    world->folder = temp_folder();
    world->hub_path = temp_path(world->folder, "hub.mall");
    world->clock = 1735689600;
    time_fix(world->clock);
    return world;
}

struct sync_world *sync_world_new(void)
{
    struct sync_world *world = world_begin();
    OK(mall_create(world->hub_path, &(struct mall_options){.name = "Hub"}, &world->err));
    sync_world_open(world);
    OK(writer_begin(world->writer, &world->err));
    OK(sync_hub_make(world->writer, &world->err));
    OK(writer_commit(world->writer, &world->err));
    for (size_t i = 0; i < ACCESS_COUNT; i++)
        sync_world_principal(world, roles[i].name, roles[i].name);
    return world;
}

struct sync_world *sync_world_of(const void *bytes, size_t n)
{
    struct sync_world *world = world_begin();
    file_write_all(world->hub_path, bytes, n);
    sync_world_open(world);
    return world;
}

void sync_world_free(struct sync_world *world)
{
    time_fix(0);
    sync_world_close(world);
    temp_folder_remove(world->folder);
    free(world->hub_path);
    error_clear(&world->err);
    free(world);
}

char *sync_world_path(const struct sync_world *world, const char *name)
{
    return mem_printf("%s/%s.mall", world->folder, name);
}

/* ---- A session ---- */

struct wire {
    struct session *session;
    struct sync_hub *hub;
    struct sync_replica *replica;
    bool broken;
    size_t kept_cap;
};

static size_t some(const struct session *session, size_t n)
{
    return session->dice && n > 1 ? 1 + dice_below(session->dice, n) : n;
}

static bool cut_at(const struct session *session, size_t *n)
{
    int64_t so_far = (int64_t)(session->bytes_in + session->bytes_out);
    if (session->cut < 0 || so_far + (int64_t)*n < session->cut)
        return false;
    *n = (size_t)(session->cut - so_far);
    return true;
}

static bool to_hub(struct wire *wire)
{
    size_t n;
    const unsigned char *bytes = sync_replica_out(wire->replica, &n);
    if (n == 0 || wire->broken)
        return false;
    n = some(wire->session, n);
    wire->broken = cut_at(wire->session, &n);
    if (n)
        sync_hub_feed(wire->hub, bytes, n);
    sync_replica_sent(wire->replica, n);
    wire->session->bytes_out += n;
    return true;
}

static void wire_keep(struct wire *wire, const unsigned char *bytes, size_t n)
{
    struct session *session = wire->session;
    if (!session->keep || n == 0)
        return;
    if (session->bytes_in + n > wire->kept_cap) {
        wire->kept_cap = vec_capacity(wire->kept_cap, session->bytes_in + n);
        session->wire = mem_resize(session->wire, wire->kept_cap, 1);
    }
    memcpy(session->wire + session->bytes_in, bytes, n);
}

static bool to_replica(struct wire *wire)
{
    size_t n;
    struct session *session = wire->session;
    const unsigned char *bytes = sync_hub_out(wire->hub, &n);
    if (n == 0 || wire->broken)
        return false;
    n = some(session, n);
    wire->broken = cut_at(session, &n);
    unsigned char *copy = mem_alloc(n + 1);
    memcpy(copy, bytes, n);
    int64_t at = session->damage - (int64_t)session->bytes_in;
    if (session->damage >= 0 && at >= 0 && at < (int64_t)n)
        copy[at] ^= 0x10;
    wire_keep(wire, copy, n);
    if (n)
        sync_replica_feed(wire->replica, copy, n);
    if (n && session->again >= 0 && (int64_t)session->bytes_in >= session->again) {
        sync_replica_feed(wire->replica, copy, n);
        session->again = -1;
    }
    sync_hub_sent(wire->hub, n);
    session->bytes_in += n;
    free(copy);
    return true;
}

static void turn(const struct session *session, enum sync_side side)
{
    if (session->turn)
        session->turn(session->context, side);
}

static bool is_gone(const struct session *session, enum sync_side side)
{
    return session->gone == side && fault_vfs_hit();
}

static enum status step_replica(struct wire *wire, bool *more)
{
    turn(wire->session, SIDE_REPLICA);
    return sync_replica_step(wire->replica, more, &wire->session->error);
}

static enum status step_hub(struct wire *wire, bool *more)
{
    turn(wire->session, SIDE_HUB);
    return sync_hub_step(wire->hub, more, NULL);
}

/* Each end finds out, and does what it can with what it has; a program that ended does nothing. */
static enum status ends_cut(struct wire *wire, enum status status)
{
    bool more = true, fine = true;
    size_t n;
    sync_hub_feed(wire->hub, NULL, 0);
    for (int i = 0; i < 1000 && more && !is_gone(wire->session, SIDE_HUB) && fine; i++) {
        fine = step_hub(wire, &more) == ST_OK;
        sync_hub_out(wire->hub, &n);
        sync_hub_sent(wire->hub, n);
    }
    sync_replica_feed(wire->replica, NULL, 0);
    while (status == ST_OK && !is_gone(wire->session, SIDE_REPLICA) &&
           !sync_replica_over(wire->replica)) {
        status = step_replica(wire, &more);
        sync_replica_out(wire->replica, &n);
        sync_replica_sent(wire->replica, n);
    }
    return status;
}

static enum status session_run(struct wire *wire)
{
    struct session *session = wire->session;
    bool moving = true, over = false;
    enum status status = ST_OK;
    while (moving && status == ST_OK && !wire->broken) {
        bool hub_more = false, replica_more, sent = false;
        status = step_replica(wire, &replica_more);
        wire->broken = is_gone(session, SIDE_REPLICA);
        sent = to_hub(wire);
        if (!wire->broken)
            over = step_hub(wire, &hub_more) != ST_OK || over;
        wire->broken = wire->broken || is_gone(session, SIDE_HUB);
        sent = to_replica(wire) || sent;
        moving = sent || (hub_more && !over) || replica_more;
        if (!session->stay && !wire->broken && sync_replica_level(wire->replica))
            sync_replica_leave(wire->replica);
    }
    /* A hub that gave up is gone, and the replica sees the end of what it said. */
    bool left = over && status == ST_OK && !sync_replica_over(wire->replica);
    return wire->broken || left ? ends_cut(wire, status) : status;
}

enum status sync_session(struct sync_world *world, struct session *session)
{
    struct wire wire = {.session = session};
    char *path = sync_world_path(world, session->principal);
    struct sync_hub_options of_hub = {session->principal, world_now, world};
    struct sync_replica_options of_replica = {replica_now, world, "ssh://hub"};
    turn(session, SIDE_HUB);
    enum status status = sync_hub_new(world->hub, &of_hub, &wire.hub, &session->error);
    turn(session, SIDE_REPLICA);
    if (status == ST_OK)
        status = sync_replica_new(path, &of_replica, &wire.replica, &session->error);
    if (status == ST_OK)
        status = session_run(&wire);
    if (wire.replica)
        session->counts = sync_replica_counts(wire.replica);
    sync_replica_free(wire.replica);
    turn(session, SIDE_NONE);
    sync_hub_free(wire.hub);
    free(path);
    return status;
}

struct sync_counts sync_all(struct sync_world *world, const char *principal)
{
    struct session session = {.principal = principal, .cut = -1, .damage = -1, .again = -1};
    enum status status = sync_session(world, &session);
    if (status != ST_OK)
        fail_msg("sync of %s: %s: %s", principal, status_name(status), error_text(&session.error));
    return session.counts;
}

/* ---- What a replica must hold ---- */

struct looking {
    struct sync_world *world;
    struct arena *arena;
    struct reader *hub, *replica;
    struct access access;
    const char *found;
};

typedef VEC(const char *) lines;

static int line_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void lines_compare(struct looking *l, const char *what, const lines *must, const lines *is)
{
    for (size_t i = 0; i < must->n || i < is->n; i++) {
        const char *a = i < must->n ? must->at[i] : "(nothing)";
        const char *b = i < is->n ? is->at[i] : "(nothing)";
        if (strcmp(a, b) == 0)
            continue;
        if (!l->found)
            l->found =
                arena_printf(l->arena, "%s of %s: row %zu of %zu/%zu must be %.300s, is %.300s",
                             what, l->access.principal, i, must->n, is->n, a, b);
        return;
    }
}

/* ---- Events ---- */

static enum status events_note(void *context, const struct event_block *block, struct error *err)
{
    struct {
        struct looking *l;
        lines *out;
        bool hub;
    } *c = context;
    /* References and addresses lead to people: analysts have none. */
    bool bare = c->hub && c->l->access.role == ACCESS_ANALYST;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++)
            vec_push(c->out, arena_printf(
                                 c->l->arena, "%d %u %lld %lld %u %u %u %u %u %u %d %llx %s",
                                 run->kind, run->person[i], (long long)run->time[i],
                                 (long long)(run->amount ? run->amount[i] : 0),
                                 run->tenant ? run->tenant[i] : 0, run->zone ? run->zone[i] : 0,
                                 run->device ? run->device[i] : 0,
                                 run->campaign ? run->campaign[i] : 0, run->item ? run->item[i] : 0,
                                 run->channel ? run->channel[i] : 0, run->value ? run->value[i] : 0,
                                 run->address && !bare ? (unsigned long long)run->address[i] : 0,
                                 run->ref && !bare ? run->ref[i] : ""));
    }
    return ST_OK;
}

static void events_lines(struct looking *l, struct reader *reader, bool hub, lines *out)
{
    struct sync_world *world = l->world;
    struct {
        struct looking *l;
        lines *out;
        bool hub;
    } context = {l, out, hub};
    struct event_query all = {
        .from = INT64_MIN, .columns = (1 << 11) - 1, .nobody = true, .people = true};
    OK(event_scan(reader, &all, events_note, &context, &world->err));
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, line_compare);
}

static void rollup_lines(struct looking *l, struct reader *reader, lines *out)
{
    struct sync_world *world = l->world;
    const struct rollup_cell *cells;
    const struct rollup_hour *hours;
    size_t n;
    OK(rollup_days(reader, l->arena, -100000, 100000, &cells, &n, &world->err));
    for (size_t i = 0; i < n; i++)
        vec_push(out,
                 arena_printf(l->arena, "day %d %u %u %u %d: %lld %lld", cells[i].day,
                              cells[i].tenant, cells[i].channel, cells[i].kind, cells[i].nobody,
                              (long long)cells[i].count, (long long)cells[i].amount));
    OK(rollup_hours(reader, l->arena, -100000, 100000, &hours, &n, &world->err));
    for (size_t i = 0; i < n; i++)
        vec_push(out, arena_printf(l->arena, "hour %d %d %u %d: %lld", hours[i].day, hours[i].hour,
                                   hours[i].zone, hours[i].nobody, (long long)hours[i].sightings));
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, line_compare);
}

static void events_compare(struct looking *l)
{
    lines must = {0}, is = {0};
    if (l->access.role != ACCESS_TECHNICIAN)
        events_lines(l, l->hub, true, &must);
    events_lines(l, l->replica, false, &is);
    lines_compare(l, "events", &must, &is);
    must.n = is.n = 0;
    if (l->access.role != ACCESS_TECHNICIAN)
        rollup_lines(l, l->hub, &must);
    rollup_lines(l, l->replica, &is);
    lines_compare(l, "roll-ups", &must, &is);
    vec_free(&must);
    vec_free(&is);
}

const char *sync_differ(struct sync_world *world, const char *principal, struct arena *arena)
{
    struct looking l = {.world = world, .arena = arena};
    struct mall *mall;
    char *path = sync_world_path(world, principal);
    OK(mall_open(path, &mall, &world->err));
    OK(reader_open(world->hub, &l.hub, &world->err));
    OK(reader_open(mall, &l.replica, &world->err));
    OK(access_lookup(l.hub, principal, &l.access, &world->err));
    OK(reader_begin(l.hub, &world->err));
    OK(reader_begin(l.replica, &world->err));
    l.found = view_differ(world->hub_path, path, principal, roles[l.access.role].name,
                          &world->words, arena);
    if (!l.found)
        events_compare(&l);
    reader_end(l.hub);
    reader_end(l.replica);
    reader_close(l.hub);
    reader_close(l.replica);
    mall_close(mall);
    free(path);
    return l.found;
}
