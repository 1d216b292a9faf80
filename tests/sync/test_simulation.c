/*
 * One hub and replicas of different roles, and everything that may happen to them, by a seed: edits
 * on both sides, imports, folds, moved events, sessions that are cut or damaged at any byte or
 * where bytes come twice, programs that die, backups that are put back, clocks that jump, roles
 * that change. In the end nothing goes wrong any more, and every replica holds what its role may
 * see of the hub, no edit that was acknowledged is lost, and none was applied twice.
 *
 *     SEED=17 build/tests/sync/test_simulation      one seed, and what it did
 *     SEEDS=10000 build/tests/sync/test_simulation  many
 */
#include "model/base/random.h"
#include "model/base/text.h"
#include "model/campaign/points_outbox.h"
#include "model/event/event.h"
#include "model/event/move.h"
#include "model/people/erase.h"
#include "tests/support/sync_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { REPLICAS = 4, PEOPLE = 24, STEPS = 40, SEEDS_USUAL = 160, LANES_MOST = 16 };

static const char *const names[REPLICAS] = {"admin", "operator", "analyst", "technician"};

struct simulation {
    struct sync_world *world;
    struct dice dice;
    bool talks;
    uint64_t events; /* given references so far */
    int made;        /* things made, for names */
    char *backup;    /* of the hub's file; NULL: none */
    int restored;
    uint32_t erased[STEPS];
    size_t n_erased;
};

static void say(struct simulation *s, const char *format, ...)
{
    va_list args;
    if (!s->talks)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

#define GOOD(call)                                                                                 \
    do {                                                                                           \
        enum status good_status = (call);                                                          \
        if (good_status != ST_OK)                                                                  \
            fail_msg("%s: %s: %s", #call, status_name(good_status), error_text(&s->world->err));   \
    } while (0)

static uint64_t below(struct simulation *s, uint64_t n)
{
    return dice_below(&s->dice, n);
}

/* ---- What happens on the hub ---- */

static void hub_sql(struct simulation *s, const char *sql)
{
    char *message = NULL;
    GOOD(writer_begin(s->world->writer, &s->world->err));
    if (sqlite3_exec(writer_db(s->world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    GOOD(writer_commit(s->world->writer, &s->world->err));
}

static void hub_begins(struct simulation *s)
{
    char sql[1024];
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)"
             " insert into member (person, card, name, phone, tier) select i, 'C' || (10000 + i),"
             " '王' || i, '1380000' || (1000 + i), 'gold' from n;"
             "insert into contact select 1, card, person from member union all"
             " select 2, phone, person from member;"
             "insert into attribute select person, 'e_mail', 'm' || person || '@example.org' from"
             " member; insert into attribute select person, 'colour', 'red' from member;"
             "update counter set value = %d where name = 'person';"
             "insert into device (id, code, kind) values (1, 'D1', 'pos'), (2, 'D2', 'probe');"
             "insert into tenant (id, code) values (1, 'T1'), (2, 'T2');"
             "insert into label (id, name) values (1, 'coffee'), (2, 'tea');"
             "insert into segment (id, name, expression) values (1, 'all', 'gold')",
             PEOPLE, PEOPLE);
    hub_sql(s, sql);
}

static void hub_rows(struct simulation *s)
{
    char sql[256];
    unsigned person = 1 + (unsigned)below(s, PEOPLE), what = (unsigned)below(s, 6);
    const char *const forms[] = {
        "update member set name = '李' || %u, version = version + 1 where person = %u",
        "insert or replace into attribute values (%2$u, 'size', %1$u)",
        "delete from attribute where name = 'size' and person %% 3 = %1$u %% 3 and %2$u",
        "insert or ignore into label_member values (1 + %1$u %% 2, %2$u)",
        "delete from label_member where label = 1 + %1$u %% 2 and person <= %2$u",
        "insert or replace into relation values (%2$u, %1$u %% 20 + 30, 'friend', null)",
    };
    snprintf(sql, sizeof sql, forms[what], (unsigned)below(s, 1000), person);
    say(s, "hub: %s", sql);
    hub_sql(s, sql);
}

static size_t events_make(struct simulation *s, struct event *events, size_t n, char (*refs)[32])
{
    static const uint16_t some_kinds[] = {KIND_SIGHTING, KIND_PURCHASE, KIND_POINTS_EARN,
                                          KIND_REGISTER};
    for (size_t i = 0; i < n; i++) {
        int size = 0;
        if (below(s, 3))
            size = snprintf(refs[i], 32, "R%llu", (unsigned long long)++s->events);
        events[i] = (struct event){.time = 1704067200 + (int64_t)below(s, 80 * 86400),
                                   .kind = some_kinds[below(s, 4)],
                                   .person = (uint32_t)below(s, PEOPLE + 1),
                                   .tenant = (uint32_t)below(s, 3),
                                   .amount = (int64_t)below(s, 1000),
                                   .ref = refs[i],
                                   .ref_size = (uint32_t)size};
    }
    return n;
}

static void hub_events(struct simulation *s)
{
    struct event events[40];
    char refs[40][32];
    struct error *err = &s->world->err;
    size_t n = events_make(s, events, 1 + below(s, 40), refs);
    if (below(s, 2)) {
        struct event_bulk *bulk;
        say(s, "hub: imports %zu events", n);
        GOOD(event_bulk_begin(s->world->writer,
                              &(struct event_bulk_options){.threads = 1, .memory = 1 << 20}, &bulk,
                              err));
        GOOD(event_bulk_add(bulk, 0, events, n, err));
        GOOD(event_bulk_commit(bulk, NULL, NULL, NULL, err));
        return;
    }
    say(s, "hub: appends %zu events", n);
    GOOD(writer_begin(s->world->writer, err));
    GOOD(event_append(s->world->writer, events, n, NULL, NULL, err));
    GOOD(writer_commit(s->world->writer, err));
}

static void hub_moves(struct simulation *s)
{
    struct event_move move = {.from = 1 + (uint32_t)below(s, PEOPLE),
                              .to = 1 + (uint32_t)below(s, PEOPLE),
                              .arena = arena_new()};
    if (move.from != move.to) {
        say(s, "hub: moves events of %u to %u", move.from, move.to);
        GOOD(event_move(s->world->writer, &move, &s->world->err));
    }
    vec_free(&move.moved);
    arena_free(move.arena);
}

/* Once at most: what a person was known by is nowhere any more in the end. */
static void hub_erases(struct simulation *s)
{
    struct access engine = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    struct error err = {0};
    uint32_t person = 1 + (uint32_t)below(s, PEOPLE);
    enum status status =
        member_erase(s->world->writer, &engine, person, "asked for it", arena, &erasure, &err);
    say(s, "hub: erases %u: %s", person, status == ST_OK ? "ok" : error_text(&err));
    if (status == ST_OK)
        s->erased[s->n_erased++] = person;
    error_clear(&err);
    arena_free(arena);
}

static void hub_fold(struct simulation *s)
{
    say(s, "hub: folds");
    GOOD(event_fold(s->world->writer, 1, &s->world->err));
}

/* ---- Edits, by whoever ---- */

struct edit {
    const char *entity, *target, *field;
    char value[32];
};

static struct edit edit_of(struct simulation *s, const struct access *access)
{
    struct edit edit = {0};
    char *value = edit.value;
    int number = (int)below(s, 1000);
    switch (below(s, 3)) {
    case 0:
        edit = (struct edit){"device", below(s, 2) ? "D1" : "D2", "note", ""};
        break;
    case 1:
        edit = (struct edit){"segment", "all", "note", ""};
        break;
    default:
        edit = (struct edit){"label", below(s, 2) ? "coffee" : "tea", "note", ""};
        break;
    }
    (void)access;
    snprintf(value, sizeof edit.value, "n%d", number);
    return edit;
}

static void edit_make(struct simulation *s, struct writer *writer, const struct access *access,
                      const char *who)
{
    struct edit edit = edit_of(s, access);
    struct error err = {0};
    bool make = below(s, 4) == 0;
    char name[32];
    json_t *set = json_pack("{s:s}", edit.field, edit.value);
    int64_t version = -1;
    json_t *now = NULL;
    if (make && strcmp(edit.entity, "device") != 0) {
        snprintf(name, sizeof name, "made %d", ++s->made);
        edit.target = name;
        if (strcmp(edit.entity, "segment") == 0)
            json_object_set_new(set, "expression", json_string("gold"));
    } else {
        make = false;
        if (operation_read(writer, edit.entity, edit.target, &now, &version, &err) != ST_OK)
            version = -1;
        json_decref(now);
        if (below(s, 4) == 0)
            version = -1;
    }
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = edit.entity,
                           .target = edit.target,
                           .verb = make ? OPERATION_CREATE : OPERATION_SET,
                           .base_version = version,
                           .set = set};
    enum status status = operation_apply(writer, &op, NULL, &err);
    say(s, "%s: edits %s %s %s = %s against %lld: %s", who, edit.entity, edit.target, edit.field,
        edit.value, (long long)version, status == ST_OK ? "ok" : error_text(&err));
    if (status != ST_OK && status != ST_DENIED && status != ST_CONFLICT && status != ST_REFUSED)
        fail_msg("%s: %s", who, error_text(&err));
    error_clear(&err);
    json_decref(set);
}

static void hub_edits(struct simulation *s)
{
    struct access admin = access_engine();
    edit_make(s, s->world->writer, &admin, "hub");
}

struct opened {
    struct mall *mall;
    struct writer *writer;
    struct reader *reader;
    struct access access;
};

static bool replica_open(struct simulation *s, const char *name, struct opened *o)
{
    char *path = sync_world_path(s->world, name);
    struct error err = {0};
    bool there = access(path, F_OK) == 0;
    *o = (struct opened){0};
    if (there) {
        GOOD(mall_open(path, &o->mall, &s->world->err));
        GOOD(writer_open(o->mall, &o->writer, &s->world->err));
        GOOD(reader_open(o->mall, &o->reader, &s->world->err));
        there = access_lookup(o->reader, "whoever", &o->access, &err) == ST_OK;
    }
    error_clear(&err);
    free(path);
    return there;
}

static void replica_close(struct opened *o)
{
    reader_close(o->reader);
    writer_close(o->writer);
    mall_close(o->mall);
}

/* The reference is the id, and so how often it was applied can be counted. */
static void points_make(struct simulation *s, struct opened *o, const char *who)
{
    char ref[32];
    struct points_posted posted;
    struct error err = {0};
    snprintf(ref, sizeof ref, "adjust %d", ++s->made);
    struct points_entry entry = {.act = POINTS_ADJUST,
                                 .person = 1 + (uint32_t)below(s, PEOPLE),
                                 .points = 1 + (int64_t)below(s, 50),
                                 .ref = ref,
                                 .reason = "by hand"};
    enum status status = points_post(o->writer, &o->access, &entry, &posted, &err);
    say(s, "%s: gives %u points: %s", who, entry.person, status == ST_OK ? "ok" : error_text(&err));
    if (status == ST_UNUSABLE)
        fail_msg("%s: %s", who, error_text(&err));
    error_clear(&err);
}

static void replica_edits(struct simulation *s)
{
    const char *name = names[below(s, REPLICAS)];
    struct opened o;
    bool points = below(s, 4) == 0;
    if (replica_open(s, name, &o) && points)
        points_make(s, &o, name);
    else if (o.writer && o.access.rights)
        edit_make(s, o.writer, &o.access, name);
    replica_close(&o);
}

/* Conflicts are dealt with in one of the ways there are. */
static void replica_decides(struct simulation *s, const char *name)
{
    struct opened o;
    struct arena *arena = arena_new();
    const struct outbox_entry *entries = NULL;
    size_t n = 0;
    struct error err = {0};
    if (replica_open(s, name, &o))
        GOOD(outbox_read(o.reader, &o.access, arena, false, &entries, &n, &s->world->err));
    for (size_t i = 0; i < n; i++) {
        enum status status = ST_OK;
        bool take = below(s, 2);
        if (entries[i].state == OUTBOX_CONFLICT)
            status =
                outbox_resolve(o.writer, &o.access, entries[i].id, take, entries[i].mine, &err);
        else if (entries[i].state == OUTBOX_REFUSED ||
                 (entries[i].state == OUTBOX_PENDING && below(s, 8) == 0))
            status = outbox_drop(o.writer, &o.access, entries[i].id, &err);
        else
            continue;
        say(s, "%s: decides about %s: %s %s", name, entries[i].target, take ? "theirs" : "mine",
            status == ST_OK ? "" : error_text(&err));
        if (status != ST_OK)
            fail_msg("deciding: %s", error_text(&err));
    }
    replica_close(&o);
    arena_free(arena);
}

/* ---- Sessions ---- */

static void session(struct simulation *s, bool badly)
{
    struct session one = {.principal = names[below(s, REPLICAS)],
                          .dice = &s->dice,
                          .cut = -1,
                          .damage = -1,
                          .again = -1};
    uint64_t bytes = below(s, 2) ? 1500 : 40000;
    switch (badly ? below(s, 4) : 9) {
    case 0:
    case 1:
        one.cut = (int64_t)below(s, bytes);
        break;
    case 2:
        one.damage = (int64_t)below(s, bytes);
        break;
    case 3:
        one.again = (int64_t)below(s, bytes);
        break;
    default:
        break;
    }
    enum status status = sync_session(s->world, &one);
    say(s, "%s: session of %zu and %zu bytes, cut %lld, damage %lld: %s %s", one.principal,
        one.bytes_in, one.bytes_out, (long long)one.cut, (long long)one.damage, status_name(status),
        error_text(&one.error));
    if (status != ST_OK && !badly)
        fail_msg("session of %s: %s", one.principal, error_text(&one.error));
    if (status == ST_UNUSABLE)
        fail_msg("session of %s: %s", one.principal, error_text(&one.error));
    error_clear(&one.error);
}

/* ---- Backups, clocks, roles ---- */

static void file_copy(const char *from, const char *to)
{
    size_t n;
    char *bytes = file_read_all(from, &n);
    file_write_all(to, bytes, n);
    free(bytes);
}

static void hub_backup(struct simulation *s)
{
    sync_world_close(s->world);
    if (!s->backup) {
        s->backup = sync_world_path(s->world, "backup");
        file_copy(s->world->hub_path, s->backup);
        say(s, "hub: is backed up");
    } else {
        file_copy(s->backup, s->world->hub_path);
        free(s->backup);
        s->backup = NULL;
        s->restored++;
        s->n_erased = 0; /* the backup may have them again */
        say(s, "hub: the backup is put back");
    }
    sync_world_open(s->world);
}

static void clock_jumps(struct simulation *s)
{
    s->world->clock += (int64_t)below(s, 86400 * 4) - 86400;
    time_fix(s->world->clock);
}

static void role_changes(struct simulation *s)
{
    const char *name = names[below(s, REPLICAS)], *role = names[below(s, REPLICAS)];
    say(s, "hub: %s is %s from now on", name, role);
    sync_world_principal(s->world, name, role);
}

/* ---- A seed ---- */

static void step(struct simulation *s)
{
    switch (below(s, 24)) {
    case 0:
    case 1:
    case 2:
        hub_rows(s);
        break;
    case 3:
    case 4:
    case 5:
        hub_events(s);
        break;
    case 6:
        hub_fold(s);
        break;
    case 7:
        if (below(s, 3))
            hub_moves(s);
        else
            hub_erases(s);
        break;
    case 8:
    case 9:
        hub_edits(s);
        break;
    case 10:
    case 11:
    case 12:
    case 13:
        replica_edits(s);
        break;
    case 14:
        replica_decides(s, names[below(s, REPLICAS)]);
        break;
    case 15:
        clock_jumps(s);
        break;
    case 16:
        if (below(s, 3) == 0)
            role_changes(s);
        break;
    case 17:
        if (below(s, 2) == 0)
            hub_backup(s);
        break;
    default:
        session(s, below(s, 2));
    }
}

/* An edit that the hub acknowledged is in its own record, once by the nature of its table; and
 * what a replica calls done the hub knows. */
static void edits_kept(struct simulation *s, const char *name)
{
    struct opened o;
    struct arena *arena = arena_new();
    const struct outbox_entry *entries;
    size_t n;
    if (!replica_open(s, name, &o))
        fail_msg("%s has no replica", name);
    GOOD(outbox_read(o.reader, &o.access, arena, true, &entries, &n, &s->world->err));
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *stmt;
        if (entries[i].state == OUTBOX_PENDING || entries[i].state == OUTBOX_WAITING)
            fail_msg("%s: the edit of %s still waits", name, entries[i].target);
        if (entries[i].state != OUTBOX_DONE || strcmp(entries[i].verb, "operation") != 0)
            continue;
        GOOD(writer_prepare(s->world->writer, "select count(*) from audit where operation = ?1",
                            &stmt, &s->world->err));
        sqlite3_bind_text(stmt, 1, entries[i].id, -1, SQLITE_STATIC);
        sqlite3_step(stmt);
        int64_t times = sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
        if (times != 1)
            fail_msg("%s: the acknowledged edit %s of %s was applied %lld times", name,
                     entries[i].id, entries[i].target, (long long)times);
    }
    replica_close(&o);
    arena_free(arena);
}

static void erased_gone(struct simulation *s, const char *name)
{
    char *path = sync_world_path(s->world, name), text[32];
    size_t n;
    char *bytes = file_read_all(path, &n);
    for (size_t i = 0; i < s->n_erased; i++) {
        snprintf(text, sizeof text, "C%u", 10000 + s->erased[i]);
        if (memmem(bytes, n, text, strlen(text)))
            fail_msg("the card of %u, who was erased, is in the file of %s", s->erased[i], name);
        snprintf(text, sizeof text, "1380000%u", 1000 + s->erased[i]);
        if (memmem(bytes, n, text, strlen(text)))
            fail_msg("the phone of %u, who was erased, is in the file of %s", s->erased[i], name);
    }
    free(bytes);
    free(path);
}

static void everything_settles(struct simulation *s)
{
    for (int round = 0; round < 4; round++)
        for (int i = 0; i < REPLICAS; i++) {
            sync_all(s->world, names[i]);
            replica_decides(s, names[i]);
        }
    for (int i = 0; i < REPLICAS; i++) {
        struct opened o;
        struct arena *arena = arena_new();
        const struct outbox_entry *entries;
        size_t n, left = 1;
        for (int again = 0; again < 20 && left; again++) {
            left = 0;
            sync_all(s->world, names[i]);
            if (!replica_open(s, names[i], &o))
                fail_msg("no replica of %s", names[i]);
            GOOD(outbox_read(o.reader, &o.access, arena, false, &entries, &n, &s->world->err));
            for (size_t e = 0; e < n; e++) {
                left++;
                if (entries[e].state == OUTBOX_CONFLICT)
                    GOOD(outbox_resolve(o.writer, &o.access, entries[e].id, true, NULL,
                                        &s->world->err));
                else if (entries[e].state == OUTBOX_REFUSED)
                    GOOD(outbox_drop(o.writer, &o.access, entries[e].id, &s->world->err));
            }
            replica_close(&o);
        }
        if (left)
            fail_msg("the outbox of %s does not empty", names[i]);
        arena_free(arena);
    }
    for (int i = 0; i < REPLICAS; i++)
        sync_all(s->world, names[i]);
}

static void seed_run(uint64_t seed, bool talks)
{
    random_fix(seed * 1000003 + 1);
    struct simulation s = {.world = sync_world_new(), .dice = {seed * 7919 + 1}, .talks = talks};
    points_outbox_register();
    hub_begins(&s);
    for (int i = 0; i < STEPS; i++)
        step(&s);
    say(&s, "everything settles");
    everything_settles(&s);
    for (int i = 0; i < REPLICAS; i++) {
        struct arena *arena = arena_new();
        const char *differ = sync_differ(s.world, names[i], arena);
        if (differ)
            fail_msg("%s", differ);
        arena_free(arena);
        edits_kept(&s, names[i]);
        erased_gone(&s, names[i]);
    }
    free(s.backup);
    sync_world_free(s.world);
    random_fix(0);
}

static uint64_t going_on;
static uint64_t lane, lanes = 1; /* of several programs this one runs every so-many-th seed */

static void seeds_run(void **state)
{
    const char *seed = getenv("SEED"), *seeds = getenv("SEEDS");
    int64_t one = 0, n = SEEDS_USUAL;
    (void)state;
    if (seed && text_to_int64(seed, strlen(seed), &one)) {
        seed_run((uint64_t)one, true);
        return;
    }
    if (seeds)
        text_to_int64(seeds, strlen(seeds), &n);
    for (going_on = 1 + lane; going_on <= (uint64_t)n; going_on += lanes)
        seed_run(going_on, false);
    going_on = 0;
}

static int lane_run(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds_run)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (going_on)
        fprintf(stderr, "the seed that failed: SEED=%llu %s\n", (unsigned long long)going_on,
                "build/tests/sync/test_simulation");
    return failed;
}

/* A program for each processor; files of small malls belong into memory. */
int main(void)
{
    pid_t programs[LANES_MOST];
    int failed = 0, status;
    long n = getenv("SEED") ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    lanes = n < 1 ? 1 : n > LANES_MOST ? LANES_MOST : (uint64_t)n;
    if (lanes == 1)
        return lane_run();
    for (lane = 0; lane < lanes; lane++) {
        programs[lane] = fork();
        if (programs[lane] == 0)
            return lane_run();
        failed |= programs[lane] < 0;
    }
    for (uint64_t i = 0; i < lanes; i++)
        failed |= programs[i] > 0 && (waitpid(programs[i], &status, 0) < 0 || status != 0);
    return failed;
}
