#include "tests/support/sync_desk.h"

#include "model/event/event.h"
#include "model/store/column.h"
#include "model/store/schema.h"
#include "model/sync/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

/* ---- A replica ---- */

struct desk *desk_open(struct sync_world *world, const char *principal)
{
    struct desk *desk = mem_zero(1, sizeof *desk);
    char *path = sync_world_path(world, principal);
    desk->arena = arena_new();
    assert_ok(mall_open(path, &desk->mall, &err));
    assert_ok(writer_open(desk->mall, &desk->writer, &err));
    assert_ok(reader_open(desk->mall, &desk->reader, &err));
    assert_ok(access_lookup(desk->reader, "whoever", &desk->access, &err));
    free(path);
    return desk;
}

void desk_close(struct desk *desk)
{
    reader_close(desk->reader);
    writer_close(desk->writer);
    mall_close(desk->mall);
    arena_free(desk->arena);
    free(desk);
}

/* ---- Looks ---- */

static const char *one_text(struct reader *reader, const char *sql)
{
    static char kept[64][4096];
    static size_t next;
    char *text = kept[next++ % 64];
    sqlite3_stmt *stmt;
    bool row;
    *text = 0;
    assert_ok(reader_prepare(reader, sql, &stmt, &err));
    assert_ok(reader_step(reader, stmt, &row, &err));
    if (row)
        snprintf(text, sizeof kept[0], "%s", column_text(stmt, 0));
    sqlite3_reset(stmt);
    return text;
}

const char *desk_text(struct desk *desk, const char *sql)
{
    return one_text(desk->reader, sql);
}

const char *sync_world_text(struct sync_world *world, const char *format, ...)
{
    struct reader *reader;
    char sql[2000];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    assert_ok(reader_open(world->hub, &reader, &err));
    const char *text = one_text(reader, sql);
    reader_close(reader);
    return text;
}

/* ---- The hub ---- */

void sync_world_sql(struct sync_world *world, const char *sql)
{
    char *message = NULL;
    assert_ok(writer_begin(world->writer, &err));
    if (sqlite3_exec(writer_db(world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    assert_ok(writer_commit(world->writer, &err));
}

void sync_world_set(struct sync_world *world, const struct access *access, const char *entity,
                    const char *target, const char *field, const char *value)
{
    json_t *set = json_pack("{s:s}", field, value);
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = entity,
                           .target = target,
                           .base_version = -1,
                           .set = set};
    assert_ok(operation_apply(world->writer, &op, NULL, &err));
    json_decref(set);
}

struct access sync_world_access(struct sync_world *world, const char *principal)
{
    struct access access;
    struct reader *reader;
    assert_ok(reader_open(world->hub, &reader, &err));
    assert_ok(access_lookup(reader, principal, &access, &err));
    reader_close(reader);
    return access;
}

void sync_world_people(struct sync_world *world, int n)
{
    char sql[900];
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)"
             " insert into member (person, card, name, phone, tier, consent_sms) select i, 'C' ||"
             " (10000 + i), '王' || i, '1380000' || (1000 + i), 'gold', 1 from n;"
             "insert into contact select 1, card, person from member union all"
             " select 2, phone, person from member;"
             "update counter set value = %d where name = 'person'",
             n, n);
    sync_world_sql(world, sql);
}

void sync_world_purchases(struct sync_world *world, int people, int n, bool bulk)
{
    struct event events[40];
    static int given;
    char refs[40][16];
    assert_true(n <= 40);
    for (int i = 0; i < n; i++)
        events[i] = (struct event){.time = 1704067200 + i * 86400,
                                   .kind = KIND_PURCHASE,
                                   .person = (uint32_t)(i % people + 1),
                                   .amount = 5 * i,
                                   .ref = refs[i],
                                   .ref_size = (uint32_t)snprintf(refs[i], 16, "R%d", ++given)};
    if (bulk) {
        struct event_bulk *append;
        assert_ok(event_bulk_begin(world->writer, NULL, &append, &err));
        assert_ok(event_bulk_add(append, 0, events, (size_t)n, &err));
        assert_ok(event_bulk_commit(append, NULL, NULL, NULL, &err));
        return;
    }
    assert_ok(writer_begin(world->writer, &err));
    assert_ok(event_append(world->writer, events, (size_t)n, NULL, NULL, &err));
    assert_ok(writer_commit(world->writer, &err));
}

void sync_world_agrees(struct sync_world *world, const char *principal)
{
    struct arena *arena = arena_new();
    const char *found = sync_differ(world, principal, arena);
    if (found)
        fail_msg("%s: %s", principal, found);
    arena_free(arena);
}

/* ---- Somebody else's program ---- */

static void put(struct frame_out *out, enum frame_type type, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    frame_put(out, type, text, strlen(text));
    free(text);
    json_decref(json);
}

json_t *sync_forge(struct sync_world *world, const char *principal, json_t *edit)
{
    struct sync_hub_options options = {.principal = principal};
    struct frame_out out = {0};
    struct frame_in in = {0};
    struct frame frame;
    struct sync_hub *hub;
    json_t *answer = NULL;
    bool more = true, there = true;
    size_t n;
    assert_ok(sync_hub_new(world->hub, &options, &hub, &err));
    put(&out, FRAME_HELLO,
        json_pack("{s:i, s:i, s:s, s:s, s:s, s:n, s:s}", "sync", SYNC_VERSION, "schema",
                  schema_version, "replica", "00000000000000000000000000000000", "epoch", "",
                  "policy", "", "position", "program", "forged"));
    put(&out, FRAME_EDIT, edit);
    const unsigned char *bytes = frame_next(&out, &n);
    sync_hub_feed(hub, bytes, n);
    while (more)
        sync_hub_step(hub, &more, NULL);
    bytes = sync_hub_out(hub, &n);
    frame_feed(&in, bytes, n);
    while (frame_get(&in, &frame, &there, &err) == ST_OK && there)
        if (frame.type == FRAME_ANSWER)
            answer = json_loadb((const char *)frame.payload, frame.size, 0, NULL);
    frame_in_free(&in);
    frame_out_free(&out);
    sync_hub_free(hub);
    return answer;
}

void file_copy(const char *from, const char *to)
{
    static const char *const rests[] = {"-wal", "-shm"};
    size_t n;
    char *bytes = file_read_all(from, &n);
    file_write_all(to, bytes, n);
    free(bytes);
    for (int i = 0; i < 2; i++) {
        char *rest = mem_printf("%s%s", to, rests[i]);
        unlink(rest);
        free(rest);
    }
}
