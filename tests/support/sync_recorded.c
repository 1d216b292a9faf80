#include "tests/support/sync_recorded.h"

#include "model/base/random.h"
#include "model/campaign/ledger.h"
#include "model/event/event.h"
#include "model/people/consent.h"
#include "model/people/erase.h"
#include "model/sync/batch.h"
#include "tests/support/sync_desk.h"
#include "tests/support/wireless.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 12, TURNS_MOST = 4000, CHANGE = 6, FRAMES_MOST = 400, BYTES_MOST = 1 << 22 };

static struct sync_world *world;
static struct recorded sessions[RECORDED_SESSIONS];
static char *replica_path;

/* ---- What there is to be said ---- */

static void hub_begins(void)
{
    sync_world_people(world, PEOPLE);
    sync_world_sql(
        world,
        "insert into attribute select person, 'home address', 'at ' || card from member;"
        "insert into label (id, name) values (1, 'coffee');"
        "insert into segment (id, name, expression, author) values (1, 'all', 'gold', 'admin');"
        "insert into device (id, code, kind, host) values (1, 'D1', 'pos', 'h');"
        "insert into tenant (id, code, name) values (1, 'T1', 'Tea')");
    sync_world_purchases(world, PEOPLE, 20, true);
    sync_world_purchases(world, PEOPLE, 10, false);
}

static void hub_goes_on(void)
{
    struct access engine = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    struct error err = {0};
    sync_world_sql(world, "update member set tier = 'silver' where person < 5;"
                          "delete from attribute where person = 4;"
                          "update setting set value = '7' where name = 'small_group'");
    sync_world_purchases(world, PEOPLE, 10, false);
    assert_ok(event_fold(world->writer, 1, &err));
    sync_world_purchases(world, PEOPLE, 5, false);
    sync_world_purchases(world, PEOPLE, 20, true);
    assert_ok(member_erase(world->writer, &engine, 9, "asked for it", arena, &erasure, &err));
    arena_free(arena);
}

static void replica_edits(void)
{
    struct mall *mall;
    struct writer *writer;
    struct reader *reader;
    struct access access;
    struct error err = {0};
    struct points_posted posted;
    char card[64] = "";
    wireless_change(replica_path, "admin", NULL, "segment", "mine", OPERATION_CREATE,
                    json_pack("{s:s}", "expression", "spent(90d)>=300"));
    wireless_change(replica_path, "admin", NULL, "segment", "all", OPERATION_SET,
                    json_pack("{s:s}", "expression", "silver"));
    wireless_change(replica_path, "admin", NULL, "device", "D1", OPERATION_SET,
                    json_pack("{s:s}", "note", "by the door"));
    wireless_change(replica_path, "admin", NULL, "label", "coffee", OPERATION_DELETE, NULL);
    assert_ok(mall_open(replica_path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(access_lookup(reader, "admin", &access, &err));
    struct points_entry entry = {
        .act = POINTS_ADJUST, .person = 2, .points = 30, .ref = "adjust 1", .reason = "by hand"};
    assert_ok(points_post(writer, &access, &entry, &posted, &err));
    snprintf(card, sizeof card, "C%d", 10003);
    struct consent_change change = {.card = card, .source = "form"};
    change.set[0] = change.given[0] = true;
    assert_ok(consent_set(writer, &access, &change, NULL, &err));
    reader_close(reader);
    writer_close(writer);
    mall_close(mall);
}

/* ---- Recording ---- */

static int64_t now(void *context)
{
    (void)context;
    return world->clock;
}

static void said_take(struct all_said *all, struct frame_in *in)
{
    struct frame frame;
    struct error err = {0};
    bool there = true;
    while (frame_get(in, &frame, &there, &err) == ST_OK && there) {
        unsigned char *bytes = mem_alloc(frame.size + 1);
        memcpy(bytes, frame.payload, frame.size);
        vec_push(all, (struct said){frame.type, bytes, frame.size});
    }
}

static void record(struct recorded *session)
{
    struct sync_hub_options of_hub = {"admin", now, NULL};
    struct sync_replica_options of_replica = {now, NULL, NULL};
    struct sync_hub *hub;
    struct sync_replica *replica;
    struct error err = {0};
    struct frame_in up = {0}, down = {0};
    bool more;
    size_t n;
    sync_world_open(world);
    assert_ok(sync_hub_new(world->hub, &of_hub, &hub, &err));
    assert_ok(sync_replica_new(replica_path, &of_replica, &replica, &err));
    for (int i = 0; i < TURNS_MOST && !sync_replica_over(replica); i++) {
        assert_ok(sync_replica_step(replica, &more, &err));
        if (sync_replica_level(replica))
            sync_replica_leave(replica);
        const unsigned char *bytes = sync_replica_out(replica, &n);
        if (n) {
            frame_feed(&up, bytes, n);
            sync_hub_feed(hub, bytes, n);
            sync_replica_sent(replica, n);
        }
        sync_hub_step(hub, &more, &err);
        bytes = sync_hub_out(hub, &n);
        if (n) {
            frame_feed(&down, bytes, n);
            sync_replica_feed(replica, bytes, n);
            sync_hub_sent(hub, n);
        }
        said_take(&session->up, &up);
        said_take(&session->down, &down);
    }
    frame_in_free(&up);
    frame_in_free(&down);
    sync_replica_free(replica);
    sync_hub_free(hub);
    sync_world_close(world);
}

static void session_make(int which)
{
    struct recorded *session = &sessions[which];
    if (which == RECORDED_LATER) {
        sync_world_open(world);
        hub_goes_on();
        sync_world_close(world);
        replica_edits();
        session->replica = file_read_all(replica_path, &session->replica_size);
    }
    session->hub = file_read_all(world->hub_path, &session->hub_size);
    record(session);
    assert_true(session->up.n > 2 && session->down.n > 4);
}

static void end(void)
{
    for (int i = 0; i < RECORDED_SESSIONS; i++) {
        struct all_said *both[] = {&sessions[i].up, &sessions[i].down};
        for (int k = 0; k < 2; k++) {
            for (size_t f = 0; f < both[k]->n; f++)
                free(both[k]->at[f].bytes);
            vec_free(both[k]);
        }
        free(sessions[i].hub);
        free(sessions[i].replica);
    }
    free(replica_path);
    sync_world_open(world);
    sync_world_free(world);
}

struct sync_world *recorded_world(void)
{
    if (world)
        return world;
    modules_start();
    random_fix(7);
    world = sync_world_new();
    replica_path = sync_world_path(world, "admin");
    hub_begins();
    sync_world_close(world);
    for (int i = 0; i < RECORDED_SESSIONS; i++)
        session_make(i);
    random_fix(0);
    atexit(end);
    return world;
}

const struct recorded *recorded_session(int which)
{
    recorded_world();
    return &sessions[which];
}

void recorded_put_back(const struct recorded *session)
{
    wireless_remove(world->hub_path);
    wireless_remove(replica_path);
    file_write_all(world->hub_path, session->hub, session->hub_size);
    if (session->replica)
        file_write_all(replica_path, session->replica, session->replica_size);
}

/* ---- Saying it again ---- */

struct saying {
    VEC(struct said) all;
    bool hashes; /* those of batches are made right */
    size_t raw_at[8];
    unsigned char raw_what[8];
    size_t n_raw;
};

static void bytes_change(struct said *said, size_t cut, size_t gone, const void *bytes, size_t n)
{
    cut = cut < said->n ? cut : said->n;
    gone = gone < said->n - cut ? gone : said->n - cut;
    size_t rest = said->n - cut - gone;
    unsigned char *now_bytes = mem_alloc(cut + n + rest + 1);
    memcpy(now_bytes, said->bytes, cut);
    if (n)
        memcpy(now_bytes + cut, bytes, n);
    memcpy(now_bytes + cut + n, said->bytes + cut + gone, rest);
    free(said->bytes);
    said->bytes = now_bytes;
    said->n = cut + n + rest;
}

static json_t *odd_value(unsigned which)
{
    static const char *const texts[] = {"null",
                                        "true",
                                        "-1",
                                        "0",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "1e308",
                                        "\"\"",
                                        "\"x\"",
                                        "[]",
                                        "{}",
                                        "\"C10001\"",
                                        "\"'; drop table member; --\"",
                                        "\"../../../etc/passwd\"",
                                        "\"\\u001b[31m\\r\"",
                                        "[[[[[[1]]]]]]",
                                        "{\"fields\":{\"id\":1},\"verb\":\"set\",\"reason\":\"\"}",
                                        "4294967297",
                                        "\"admin\"",
                                        "\"delete\""};
    if (which % 32 >= sizeof texts / sizeof *texts) {
        char *text = mem_alloc(5001);
        memset(text, 'a' + (int)(which % 26), 5000);
        text[5000] = 0;
        json_t *json = json_string(text);
        free(text);
        return json;
    }
    return json_loads(texts[which % 32], JSON_DECODE_ANY, NULL);
}

/* The nth value of an object or what is in it becomes another, or goes. */
static bool value_change(json_t *json, unsigned *nth, unsigned which)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(json, next, key, value)
    {
        if (json_is_object(value) && value_change(value, nth, which))
            return true;
        if ((*nth)--)
            continue;
        if (which == 255)
            json_object_del(json, key);
        else
            json_object_set_new(json, key, odd_value(which));
        return true;
    }
    return false;
}

static void json_change(struct said *said, unsigned nth, unsigned which)
{
    json_t *json = json_loadb((const char *)said->bytes, said->n, 0, NULL);
    if (json_is_object(json)) {
        value_change(json, &nth, which);
        char *text = json_dumps(json, JSON_COMPACT);
        bytes_change(said, 0, said->n, text, strlen(text));
        free(text);
    }
    json_decref(json);
}

static void frame_insert(struct saying *s, size_t at, const struct said *from)
{
    struct said copy = {from->type, mem_alloc(from->n + 1), from->n};
    memcpy(copy.bytes, from->bytes, from->n);
    if (s->all.n >= FRAMES_MOST) {
        free(copy.bytes);
        return;
    }
    vec_reserve(&s->all, 1);
    memmove(s->all.at + at + 1, s->all.at + at, (s->all.n - at) * sizeof *s->all.at);
    s->all.at[at] = copy;
    s->all.n++;
}

static void frame_drop(struct saying *s, size_t at)
{
    free(s->all.at[at].bytes);
    memmove(s->all.at + at, s->all.at + at + 1, (s->all.n - at - 1) * sizeof *s->all.at);
    s->all.n--;
}

static void change(struct saying *s, const uint8_t *how)
{
    size_t at = how[0] % s->all.n, where = (size_t)how[2] | (size_t)how[3] << 8;
    struct said *said = &s->all.at[at], *other = &s->all.at[how[4] % s->all.n], swap;
    where = said->n ? where % (said->n + 1) : 0;
    switch (how[1] % 13) {
    case 0:
        if (where < said->n)
            said->bytes[where] = how[4];
        break;
    case 1:
        if (where < said->n)
            said->bytes[where] ^= (unsigned char)(1u << how[4] % 8);
        break;
    case 2:
        bytes_change(said, where, 0, how + 4, 2);
        break;
    case 3:
        bytes_change(said, where, how[4], NULL, 0);
        break;
    case 4:
        said->n = where;
        break;
    case 5:
        if (s->all.n > 1)
            frame_drop(s, at);
        break;
    case 6:
        frame_insert(s, how[4] % (s->all.n + 1), said);
        break;
    case 7:
        swap = *said;
        *said = *other;
        *other = swap;
        break;
    case 8:
        said->type = 1 + how[4] % (FRAME_TYPES - 1);
        break;
    case 9:
        if (said != other && said->n + other->n < BYTES_MOST)
            bytes_change(said, where, how[5], other->bytes, other->n);
        break;
    case 10:
    case 11:
        json_change(said, how[2], how[4]);
        break;
    default:
        s->hashes = s->hashes && how[4] < 200;
        if (s->n_raw < 8) {
            s->raw_at[s->n_raw] = at;
            s->raw_what[s->n_raw++] = how[4];
        }
    }
}

/* A batch says the hash of what it has now, as the hub that made it would. */
static void hashes_mend(struct saying *s)
{
    unsigned char both[2 * SHA256_SIZE] = {0};
    for (size_t i = 0; i < s->all.n; i++) {
        struct said *said = &s->all.at[i];
        if (said->type == FRAME_BEGIN)
            memset(both, 0, sizeof both);
        if (said->type == FRAME_ROWS || said->type == FRAME_GONE || said->type == FRAME_EVENTS) {
            sha256(said->bytes, said->n, both + SHA256_SIZE);
            sha256(both, sizeof both, both);
        }
        json_t *json = said->type == FRAME_END
                           ? json_loadb((const char *)said->bytes, said->n, 0, NULL)
                           : NULL;
        if (json_is_object(json)) {
            char hex[SHA256_HEX];
            sha256_hex(both, hex);
            json_object_set_new(json, "sha256", json_string(hex));
            char *text = json_dumps(json, JSON_COMPACT);
            bytes_change(said, 0, said->n, text, strlen(text));
            free(text);
        }
        json_decref(json);
    }
}

/* Frames that are wrong as frames: number, length, checksum, flags, cut. */
static void raw_change(struct wire_bytes *bytes, size_t from, size_t to, unsigned what)
{
    unsigned char *at = bytes->at + from;
    size_t n = to - from;
    switch (what % 5) {
    case 0:
        at[6] = (unsigned char)(at[6] + 1 + what / 5);
        break;
    case 1:
        at[5] ^= (unsigned char)(1u << (what / 5 % 8));
        break;
    case 2:
        at[n - 1] ^= 0x40;
        return;
    case 3:
        at[what / 5 % 4] ^= 0x20;
        break;
    default:
        at[4] = (unsigned char)what;
    }
    uint32_t crc = frame_crc(0, at, n - FRAME_TAIL);
    for (int i = 0; i < 4; i++)
        at[n - FRAME_TAIL + (size_t)i] = (unsigned char)(crc >> (8 * i));
}

void recorded_say(const struct all_said *said, const uint8_t *data, size_t size,
                  struct wire_bytes *bytes, struct wire_ends *ends)
{
    struct saying s = {.hashes = true};
    struct frame_out out = {0};
    size_t n;
    for (size_t i = 0; i < said->n; i++)
        frame_insert(&s, i, &said->at[i]);
    for (; size >= CHANGE; data += CHANGE, size -= CHANGE)
        change(&s, data);
    if (s.hashes)
        hashes_mend(&s);
    *bytes = (struct wire_bytes){0};
    *ends = (struct wire_ends){0};
    for (size_t i = 0; i < s.all.n; i++) {
        frame_put(&out, s.all.at[i].type, s.all.at[i].bytes, s.all.at[i].n);
        const unsigned char *at = frame_next(&out, &n);
        size_t before = bytes->n;
        vec_reserve(bytes, n);
        memcpy(bytes->at + before, at, n);
        bytes->n += n;
        frame_took(&out, n);
        for (size_t k = 0; k < s.n_raw; k++)
            if (s.raw_at[k] == i)
                raw_change(bytes, before, bytes->n, s.raw_what[k]);
        vec_push(ends, bytes->n);
        free(s.all.at[i].bytes);
    }
    vec_free(&s.all);
    frame_out_free(&out);
}
