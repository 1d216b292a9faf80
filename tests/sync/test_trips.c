/* How often a session goes there and back until an edit is acknowledged. What one end says without
 * hearing anything new is one way; no clock is looked at. */
#include "model/store/operation.h"
#include "model/store/reader.h"
#include "tests/support/sync_world.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct talk {
    struct sync_world *world;
    struct sync_hub *hub;
    struct sync_replica *replica;
};

static int64_t clock_of(void *context)
{
    return ((struct sync_world *)context)->clock;
}

static struct talk talk_begin(struct sync_world *world, const char *principal)
{
    struct talk talk = {.world = world};
    struct error err = {0};
    char *path = sync_world_path(world, principal);
    assert_ok(sync_hub_new(
        world->hub,
        &(struct sync_hub_options){.principal = principal, .now = clock_of, .context = world},
        &talk.hub, &err));
    assert_ok(sync_replica_new(path,
                               &(struct sync_replica_options){.now = clock_of, .context = world},
                               &talk.replica, &err));
    free(path);
    return talk;
}

static void talk_end(struct talk *talk)
{
    sync_replica_free(talk->replica);
    sync_hub_free(talk->hub);
}

/* Everything that the replica says by itself, then what the hub says to that. */
static void trip(struct talk *talk)
{
    struct error err = {0};
    const unsigned char *bytes;
    bool more = true;
    size_t n;
    while (more)
        assert_ok(sync_replica_step(talk->replica, &more, &err));
    bytes = sync_replica_out(talk->replica, &n);
    if (n)
        sync_hub_feed(talk->hub, bytes, n);
    sync_replica_sent(talk->replica, n);
    for (more = true; more;)
        assert_ok(sync_hub_step(talk->hub, &more, &err));
    bytes = sync_hub_out(talk->hub, &n);
    if (n)
        sync_replica_feed(talk->replica, bytes, n);
    sync_hub_sent(talk->hub, n);
    for (more = true; more;)
        assert_ok(sync_replica_step(talk->replica, &more, &err));
}

/* Trips until so many edits were done; ends the test where it takes more than ten. */
static int trips_until(struct talk *talk, int64_t pushed)
{
    for (int n = 1; n <= 10; n++) {
        trip(talk);
        if (sync_replica_counts(talk->replica).pushed >= pushed)
            return n;
    }
    fail_msg("%lld edits were not done in ten trips", (long long)pushed);
    return 0;
}

/* An edit as a console makes it: of the replica's own file. */
static void edit(struct sync_world *world, const char *principal, int shop)
{
    struct error err = {0};
    struct mall *mall;
    struct writer *writer;
    struct reader *reader;
    struct access access;
    char *path = sync_world_path(world, principal), code[16], name[32];
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(access_lookup(reader, "whoever", &access, &err));
    snprintf(code, sizeof code, "T%03d", shop);
    snprintf(name, sizeof name, "shop %d", shop);
    json_t *set = json_pack("{s:s}", "name", name);
    struct operation op = {.actor = access.principal,
                           .rights = access.rights,
                           .entity = "tenant",
                           .target = code,
                           .base_version = 1,
                           .set = set};
    assert_ok(operation_apply(writer, &op, NULL, &err));
    json_decref(set);
    reader_close(reader);
    writer_close(writer);
    mall_close(mall);
    free(path);
}

static struct sync_world *world_new(void)
{
    struct sync_world *world = sync_world_new();
    struct error err = {0};
    assert_ok(writer_begin(world->writer, &err));
    assert_int_equal(
        sqlite3_exec(
            writer_db(world->writer),
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40)"
            " insert into tenant (id, code, name) select i, printf('T%03d', i), 'a' from n",
            NULL, NULL, NULL),
        SQLITE_OK);
    assert_ok(writer_commit(world->writer, &err));
    sync_all(world, "admin");
    return world;
}

static void an_edit_takes_two_trips_with_the_hello(void **state)
{
    (void)state;
    struct sync_world *world = world_new();
    edit(world, "admin", 1);
    struct talk talk = talk_begin(world, "admin");
    assert_int_equal(trips_until(&talk, 1), 2);
    assert_true(sync_replica_level(talk.replica)); /* and what it changed came with the answer */
    talk_end(&talk);
    sync_world_free(world);
}

static void an_open_session_takes_one(void **state)
{
    (void)state;
    struct sync_world *world = world_new();
    struct talk talk = talk_begin(world, "admin");
    for (int i = 0; i < 4; i++)
        trip(&talk);
    assert_true(sync_replica_level(talk.replica));
    edit(world, "admin", 2);
    assert_int_equal(trips_until(&talk, 1), 1);
    edit(world, "admin", 3);
    assert_int_equal(trips_until(&talk, 2), 1);
    talk_end(&talk);
    sync_world_free(world);
}

/* Many go side by side, and behind much that the hub has to tell. */
static void many_edits_take_as_many(void **state)
{
    (void)state;
    enum { EDITS = 16 };
    struct sync_world *world = world_new();
    struct error err = {0};
    for (int i = 1; i <= EDITS; i++)
        edit(world, "admin", i);
    assert_ok(writer_begin(world->writer, &err));
    assert_int_equal(
        sqlite3_exec(writer_db(world->writer),
                     "with recursive n(i) as (select 1 union all select i + 1 from n where i <"
                     " 200000) insert into member (person, card, name) select i, 'C' || i,"
                     " hex(randomblob(60)) from n",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_ok(writer_commit(world->writer, &err));
    struct talk talk = talk_begin(world, "admin");
    assert_int_equal(trips_until(&talk, EDITS), 2);
    assert_false(sync_replica_level(talk.replica)); /* the rest is still on its way */
    talk_end(&talk);
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_takes_two_trips_with_the_hello),
        cmocka_unit_test(an_open_session_takes_one),
        cmocka_unit_test(many_edits_take_as_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
