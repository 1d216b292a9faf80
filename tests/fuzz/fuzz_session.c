/*
 * Fuzzing sessions: any frames at any state of either end are taken or refused with a reason. The
 * first byte says which end is fuzzed and as what role; then come frames: a byte for the type, one
 * for what is odd about it, two for its size, payload. Type 0 is what would be right at this place
 * (a hello, a welcome, the end of a batch), or nothing is ever reached behind it. Odd are frames
 * that come twice, that are numbered wrongly, packed, or cut.
 */
#include "model/event/bytes.h"
#include "model/sync/batch.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sync_world.h"

#include <stdlib.h>
#include <string.h>

enum { ODD_AGAIN = 1, ODD_NUMBER = 2, ODD_CUT = 4, ODD_RAW = 8, FRAMES_MOST = 40 };

static struct sync_world *world;
static char *replica_bytes, *replica_path;
static size_t replica_size;

static void end(void)
{
    free(replica_bytes);
    free(replica_path);
    sync_world_free(world);
}

static void begin(void)
{
    struct error err = {0};
    fuzz_folder();
    world = sync_world_new();
    if (writer_begin(world->writer, &err) != ST_OK ||
        sqlite3_exec(
            writer_db(world->writer),
            "insert into member (person, card, name) values (1, 'C1', 'a'), (2, 'C2', 'b');"
            "insert into contact values (1, 'C1', 1), (1, 'C2', 2);"
            "insert into segment (id, name, expression) values (1, 'all', 'gold');"
            "insert into device (id, code) values (1, 'D1');"
            "update counter set value = 2 where name = 'person'",
            NULL, NULL, NULL) != SQLITE_OK ||
        writer_commit(world->writer, &err) != ST_OK)
        abort();
    sync_all(world, "admin");
    replica_path = sync_world_path(world, "admin");
    replica_bytes = file_read_all(replica_path, &replica_size);
    atexit(end);
}

/* ---- Frames out of bytes ---- */

struct script {
    struct view in;
    struct frame_out out;
    struct batch_out batch;
    bool in_batch;
    VEC(unsigned char) last; /* the frame before, as it went */
    int frames;
};

static void u32_put(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static void seal(unsigned char *bytes, size_t n)
{
    u32_put(bytes + n - FRAME_TAIL, frame_crc(0, bytes, n - FRAME_TAIL));
}

static void text_put(struct script *s, enum frame_type type, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    frame_put(&s->out, type, text, strlen(text));
    free(text);
    json_decref(json);
}

static json_t *position(void)
{
    return json_pack("{s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "copy", 0, "seq", 1000000, "batch",
                     0, "place", 64, "key", 0, "block", 0, "month", 0, "tail", 0);
}

/* What would be right. */
static void right_put(struct script *s, bool hub, enum access_role role, const char *epoch)
{
    char policy[SHA256_HEX];
    policy_hash(role, policy);
    if (hub && s->frames == 1)
        text_put(s, FRAME_HELLO,
                 json_pack("{s:i, s:i, s:s, s:s, s:s, s:s, s:n, s:s}", "sync", SYNC_VERSION,
                           "schema", 1, "replica", "abababababababababababababababab", "machine",
                           "m", "epoch", "", "policy", policy, "position", "program", "x"));
    else if (hub)
        text_put(s, FRAME_PULL, json_pack("{s:i}", "bytes", 1 << 20));
    else if (s->frames == 1)
        text_put(s, FRAME_WELCOME,
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:b, s:s, s:s, s:s, s:i}",
                           "epoch", epoch, "mall", "Hub", "principal", "admin", "role", "admin",
                           "policy", policy, "schema", 1, "lock_s", 864000, "time", 1, "rebuild", 0,
                           "key", "", "timezone", "UTC", "currency", "CNY", "boundary", 0));
    else {
        json_t *json = s->in_batch ? json_pack("{s:o, s:i, s:b, s:i}", "position", position(),
                                               "time", 1, "more", 0, "person", 2)
                                   : json_object();
        if (s->in_batch)
            batch_end(&s->batch, json);
        else
            batch_begin(&s->batch, &s->out, json);
        json_decref(json);
        s->in_batch = !s->in_batch;
    }
}

/* Within a batch as the hub would put it, so that its hash is right. */
static void item_put(struct script *s, enum frame_type type, const unsigned char *at, size_t n)
{
    if (s->in_batch && (type == FRAME_ROWS || type == FRAME_GONE) && n) {
        bytes_put(batch_place(&s->batch, type, at[0] % CHANGE_PLACES), at + 1, n - 1);
        batch_flush(&s->batch);
    } else if (s->in_batch && type == FRAME_EVENTS) {
        struct bytes payload = {0};
        bytes_put(&payload, at, n);
        batch_events(&s->batch, &payload);
        batch_flush(&s->batch);
        free(payload.at);
    } else {
        frame_put(&s->out, type, n ? (const void *)at : "", n);
    }
}

/* The bytes of the next frame; false at the end. */
static bool frame_next_put(struct script *s, bool hub, enum access_role role, const char *epoch)
{
    if (view_left(&s->in) < 4 || s->frames >= FRAMES_MOST)
        return false;
    const unsigned char *head = view_take(&s->in, 4);
    size_t n = (size_t)head[2] | (size_t)head[3] << 8, before = s->out.bytes.n;
    n = n < view_left(&s->in) ? n : view_left(&s->in);
    const unsigned char *payload = view_take(&s->in, n);
    unsigned odd = head[1];
    s->frames++;
    int type = head[0] % (FRAME_TYPES + 1);
    enum frame_type known = type == FRAME_TYPES ? FRAME_BYE : (enum frame_type)type;
    if (type == 0)
        right_put(s, hub, role, epoch);
    else if (odd & ODD_RAW)
        frame_put(&s->out, known, payload, n);
    else
        item_put(s, known, payload, n);
    size_t size = s->out.bytes.n - before;
    unsigned char *at = s->out.bytes.at + before;
    if (size >= FRAME_HEAD + FRAME_TAIL && (odd & ODD_NUMBER || type == FRAME_TYPES)) {
        at[6] = (unsigned char)(at[6] + (odd & ODD_NUMBER ? odd >> 4 : 0));
        at[4] = type == FRAME_TYPES ? FRAME_TYPES : at[4];
        seal(at, size);
    }
    if (odd & ODD_AGAIN && s->last.n) {
        vec_reserve(&s->out.bytes, s->last.n);
        memcpy(s->out.bytes.at + s->out.bytes.n, s->last.at, s->last.n);
        s->out.bytes.n += s->last.n;
    }
    s->last.n = 0;
    vec_reserve(&s->last, size + 1);
    memcpy(s->last.at, s->out.bytes.at + before, size);
    s->last.n = size;
    if (odd & ODD_CUT && s->out.bytes.n)
        s->out.bytes.n--;
    return true;
}

/* ---- The ends ---- */

static int64_t now(void *context)
{
    (void)context;
    return world->clock;
}

static void check(enum status status, const struct error *err)
{
    if (status == ST_OK)
        return;
    if (!err->message || status == ST_UNUSABLE)
        abort();
}

static void hub_run(struct script *s, enum access_role role)
{
    struct sync_hub *hub;
    struct sync_hub_options options = {roles[role].name, now, NULL};
    struct error err = {0};
    enum status status = sync_hub_new(world->hub, &options, &hub, &err);
    check(status, &err);
    bool more = true, going = status == ST_OK;
    while (going) {
        size_t n;
        going = frame_next_put(s, true, role, "");
        const unsigned char *bytes = frame_next(&s->out, &n);
        sync_hub_feed(hub, bytes, n);
        frame_took(&s->out, n);
        for (more = true; more && status == ST_OK;) {
            status = sync_hub_step(hub, &more, &err);
            sync_hub_out(hub, &n);
            sync_hub_sent(hub, n);
        }
        check(status, &err);
        going = going && status == ST_OK;
    }
    sync_hub_free(hub);
    error_clear(&err);
}

static void replica_run(struct script *s)
{
    struct sync_replica *replica;
    struct sync_replica_options options = {now, NULL, NULL};
    struct error err = {0};
    char epoch[33] = "";
    struct reader *reader;
    sqlite3_stmt *stmt;
    bool row, more, going;
    for (int i = 0; i < 2; i++) {
        char *log = mem_printf("%s%s", replica_path, i ? "-shm" : "-wal");
        remove(log);
        free(log);
    }
    file_write_all(replica_path, replica_bytes, replica_size);
    struct mall *mall;
    if (mall_open(replica_path, &mall, &err) != ST_OK ||
        reader_open(mall, &reader, &err) != ST_OK ||
        reader_prepare(reader, "select value from sync where name = 'epoch'", &stmt, &err) !=
            ST_OK ||
        reader_step(reader, stmt, &row, &err) != ST_OK || !row)
        abort();
    strncpy(epoch, (const char *)sqlite3_column_text(stmt, 0), 32);
    sqlite3_reset(stmt);
    reader_close(reader);
    mall_close(mall);
    enum status status = sync_replica_new(replica_path, &options, &replica, &err);
    check(status, &err);
    going = status == ST_OK;
    while (going) {
        size_t n;
        going = frame_next_put(s, false, ACCESS_ADMIN, epoch);
        const unsigned char *bytes = frame_next(&s->out, &n);
        sync_replica_feed(replica, bytes, n);
        frame_took(&s->out, n);
        for (more = true; more && status == ST_OK;) {
            status = sync_replica_step(replica, &more, &err);
            sync_replica_out(replica, &n);
            sync_replica_sent(replica, n);
        }
        check(status, &err);
        going = going && status == ST_OK;
    }
    sync_replica_free(replica);
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    if (!world)
        begin();
    struct script s = {.in = view_of(data + 1, size - 1)};
    s.batch.frames = &s.out;
    if (data[0] & 1)
        hub_run(&s, (enum access_role)(data[0] / 2 % ACCESS_COUNT));
    else
        replica_run(&s);
    batch_out_free(&s.batch);
    frame_out_free(&s.out);
    vec_free(&s.last);
    return 0;
}
