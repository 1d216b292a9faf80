#include "tests/support/sync_world.h"

#include "model/event/chunk.h"
#include "model/sync/policy.h"

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

struct sync_world *sync_world_new(void)
{
    struct sync_world *world = mem_zero(1, sizeof *world);
    sync_register();
    world->folder = temp_folder();
    world->hub_path = temp_path(world->folder, "hub.mall");
    world->clock = 1735689600;
    time_fix(world->clock);
    OK(mall_create(world->hub_path, &(struct mall_options){.name = "Hub"}, &world->err));
    sync_world_open(world);
    OK(writer_begin(world->writer, &world->err));
    OK(sync_hub_make(world->writer, &world->err));
    OK(writer_commit(world->writer, &world->err));
    for (size_t i = 0; i < ACCESS_COUNT; i++)
        sync_world_principal(world, roles[i].name, roles[i].name);
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

static enum status session_run(struct wire *wire)
{
    struct session *session = wire->session;
    bool moving = true;
    enum status status = ST_OK;
    while (moving && status == ST_OK) {
        bool hub_more, replica_more, sent;
        status = sync_replica_step(wire->replica, &replica_more, &session->error);
        sent = to_hub(wire);
        sync_hub_step(wire->hub, &hub_more, NULL);
        sent = to_replica(wire) || sent;
        moving = sent || hub_more || replica_more;
        if (wire->broken) {
            sync_replica_feed(wire->replica, NULL, 0);
            sync_hub_feed(wire->hub, NULL, 0);
            while (status == ST_OK && !sync_replica_over(wire->replica)) {
                status = sync_replica_step(wire->replica, &replica_more, &session->error);
                size_t n;
                sync_replica_out(wire->replica, &n);
                sync_replica_sent(wire->replica, n);
            }
            break;
        }
        if (!session->stay && sync_replica_level(wire->replica))
            sync_replica_leave(wire->replica);
    }
    return status;
}

enum status sync_session(struct sync_world *world, struct session *session)
{
    struct wire wire = {.session = session};
    char *path = sync_world_path(world, session->principal);
    struct sync_hub_options of_hub = {session->principal, world_now, world};
    struct sync_replica_options of_replica = {world_now, world, "ssh://hub"};
    enum status status = sync_hub_new(world->hub, &of_hub, &wire.hub, &session->error);
    if (status == ST_OK)
        status = sync_replica_new(path, &of_replica, &wire.replica, &session->error);
    if (status == ST_OK)
        status = session_run(&wire);
    if (wire.replica)
        session->counts = sync_replica_counts(wire.replica);
    sync_replica_free(wire.replica);
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

/* The plain rule of one column: what the value must be. */
static const char *expected_text(struct looking *l, char rule, const char *text, int64_t person,
                                 int64_t kind, const char *attribute, int number)
{
    struct arena *arena = l->arena;
    char word[PSEUDONYM_SIZE];
    const char *shown;
    switch (rule) {
    case 'k':
        return text;
    case 'n':
        return mask_name(arena, text);
    case 'p':
        return mask_phone(arena, text);
    case 'c':
        return arena_printf(arena, "%s#%lld", mask_card(arena, text), (long long)person);
    case 'P':
        pseudonym_write(l->access.key, (uint32_t)person, word);
        return arena_strdup(arena, word);
    case 'i':
        shown = l->access.role == ACCESS_ANALYST ? ""
                : kind == 1                      ? mask_card(arena, text)
                : kind == 2                      ? mask_phone(arena, text)
                                                 : mask_address(arena, text);
        return arena_printf(arena, "%s#%lld.%d", shown, (long long)person, number);
    case 'v':
        return personal_attribute(attribute) ? mask_address(arena, text) : text;
    case 'u':
        return arena_printf(arena, "#%lld", (long long)person);
    default:
        return "";
    }
}

static const char *value_text(struct arena *arena, sqlite3_stmt *stmt, int column)
{
    static const char hex[] = "0123456789abcdef";
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return "NULL";
    if (sqlite3_column_type(stmt, column) != SQLITE_BLOB)
        return arena_strdup(arena, (const char *)sqlite3_column_text(stmt, column));
    size_t n = (size_t)sqlite3_column_bytes(stmt, column);
    const unsigned char *bytes = sqlite3_column_blob(stmt, column);
    char *text = arena_alloc(arena, 2 * n + 1);
    for (size_t i = 0; i < n; i++) {
        text[2 * i] = hex[bytes[i] >> 4];
        text[2 * i + 1] = hex[bytes[i] & 15];
    }
    text[2 * n] = 0;
    return text;
}

typedef VEC(const char *) lines;

static int line_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The key of a row for the rules: its number, or its person. */
static int64_t row_person(sqlite3_stmt *stmt, const char *table)
{
    const char *column =
        strcmp(table, "contact") == 0 || strcmp(table, "member") == 0 ? "person" : "id";
    for (int i = 0; i < sqlite3_column_count(stmt); i++)
        if (strcmp(sqlite3_column_name(stmt, i), column) == 0)
            return sqlite3_column_int64(stmt, i);
    return 0;
}

/* A table's rows as lines: what the role must have (of the hub), or what is there. */
static void table_lines(struct looking *l, struct reader *reader,
                        const struct policy_column *columns, size_t n, bool here, lines *out)
{
    const char *table = columns[0].table;
    sqlite3_stmt *stmt;
    bool row;
    int number = 0;
    int64_t last = -1;
    struct sync_world *world = l->world;
    const char *order = strcmp(table, "contact") == 0 ? "order by person, kind, value" : "";
    OK(reader_prepare(reader, arena_printf(l->arena, "select * from %s %s", table, order), &stmt,
                      &world->err));
    while (reader_step(reader, stmt, &row, &world->err) == ST_OK && row) {
        int64_t person = row_person(stmt, table);
        const char *line = "";
        bool out_of_it = false;
        number = person == last ? number + 1 : 0;
        last = person;
        for (size_t i = 0; i < n; i++) {
            char rule = columns[i].rules[l->access.role];
            const char *text = value_text(l->arena, stmt, (int)i);
            if (rule == '-')
                continue;
            if (!here && rule == 'v' && l->access.role == ACCESS_ANALYST &&
                personal_attribute((const char *)sqlite3_column_text(stmt, 1)))
                out_of_it = true;
            if (!here && rule != 'k' && strcmp(text, "NULL") != 0)
                text = expected_text(l, rule, text, person, sqlite3_column_int64(stmt, 0),
                                     (const char *)sqlite3_column_text(stmt, 1), number);
            line = arena_printf(l->arena, "%s|%s", line, text);
        }
        if (!here && strcmp(table, "setting") == 0) {
            const char *name = (const char *)sqlite3_column_text(stmt, 0);
            out_of_it = strcmp(name, "pseudonym_key") == 0 ||
                        (l->access.role != ACCESS_ADMIN && strncmp(name, "contact", 7) == 0);
        }
        if (!here && strcmp(table, "principal") == 0 && l->access.role != ACCESS_ADMIN)
            out_of_it =
                strcmp((const char *)sqlite3_column_text(stmt, 0), l->access.principal) != 0;
        if (!out_of_it)
            vec_push(out, line);
    }
    if (out->n)
        qsort(out->at, out->n, sizeof *out->at, line_compare);
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

static void tables_compare(struct looking *l)
{
    for (size_t i = 0, n; i < n_policy_columns && !l->found; i += n) {
        const struct policy_column *columns = &policy_columns[i];
        bool any = false;
        for (n = 0; i + n < n_policy_columns && strcmp(columns[n].table, columns[0].table) == 0;
             n++)
            any |= columns[n].rules[l->access.role] != '-';
        lines must = {0}, is = {0};
        if (any)
            table_lines(l, l->hub, columns, n, false, &must);
        table_lines(l, l->replica, columns, n, true, &is);
        lines_compare(l, columns[0].table, &must, &is);
        vec_free(&must);
        vec_free(&is);
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
    unsigned out_columns = c->hub ? policy_event_columns_out(c->l->access.role) : 0;
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
                                 run->address && !(out_columns >> COLUMN_ADDRESS & 1)
                                     ? (unsigned long long)run->address[i]
                                     : 0,
                                 run->ref && !(out_columns >> COLUMN_REF & 1) ? run->ref[i] : ""));
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
    if (policy_events(l->access.role))
        events_lines(l, l->hub, true, &must);
    events_lines(l, l->replica, false, &is);
    lines_compare(l, "events", &must, &is);
    must.n = is.n = 0;
    if (policy_events(l->access.role))
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
    tables_compare(&l);
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
