/* Edits about people whose meaning is a verb: consents, points, and what comes of them where the
 * person is erased. Made on a replica they are made again on the hub, once, by what holds there
 * then. */
#include "model/campaign/ledger.h"
#include "model/campaign/points_outbox.h"
#include "model/people/consent.h"
#include "model/people/erase.h"
#include "tests/support/sync_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static struct sync_world *world_new(void)
{
    struct sync_world *world = sync_world_new();
    points_outbox_register();
    sync_world_people(world, 40);
    return world;
}

/* ---- Consents ---- */

static void consent_say(struct writer *writer, const struct access *access, const char *card,
                        bool given)
{
    struct consent_change change = {.card = card, .source = "at the desk"};
    change.set[CONSENT_SMS] = true;
    change.given[CONSENT_SMS] = given;
    assert_ok(consent_set(writer, access, &change, NULL, &err));
}

static const char *consent_of(struct sync_world *world)
{
    return sync_world_text(world, "select consent_sms from member where person = 5");
}

/* Somebody else changed the member meanwhile; what was withdrawn is withdrawn. */
static void a_withdrawal_never_waits(void **state)
{
    struct sync_world *world = world_new();
    struct access engine = access_engine();
    (void)state;
    sync_all(world, "manager");
    struct desk *desk = desk_open(world, "manager");
    const char *card = desk_text(desk, "select card from member where person = 5");
    json_t *set = json_pack("{s:s, s:b}", "tier", "silver", "consent_sms", 0);
    struct operation op = {.actor = "manager",
                           .rights = desk->access.rights,
                           .entity = "member",
                           .target = card,
                           .base_version = -1,
                           .set = set,
                           .reason = "asked for it"};
    assert_ok(operation_apply(desk->writer, &op, NULL, &err));
    json_decref(set);
    desk_close(desk);
    sync_world_set(world, &engine, "member", "C10005", "tier", "platinum");
    struct sync_counts counts = sync_all(world, "manager");
    assert_int_equal(counts.pushed, 1);
    assert_int_equal(counts.conflicts, 1);
    assert_string_equal(consent_of(world), "0");
    assert_string_equal(sync_world_text(world, "select tier from member where person = 5"),
                        "platinum");
    assert_string_equal(sync_world_text(world, "select source from consent where person = 5"),
                        "asked for it");
    sync_world_free(world);
}

static void an_older_consent_never_undoes_a_withdrawal(void **state)
{
    struct sync_world *world = world_new();
    struct access engine = access_engine();
    (void)state;
    sync_world_sql(world, "update member set consent_sms = 0 where person = 5");
    sync_all(world, "manager");
    struct desk *desk = desk_open(world, "manager");
    const char *card = desk_text(desk, "select card from member where person = 5");
    consent_say(desk->writer, &desk->access, card, true);
    desk_close(desk);
    /* At the hub: agreed and withdrawn since, so that it stands as the replica saw it. */
    consent_say(world->writer, &engine, "C10005", true);
    consent_say(world->writer, &engine, "C10005", false);
    assert_int_equal(sync_all(world, "manager").conflicts, 1);
    assert_string_equal(consent_of(world), "0");
    desk = desk_open(world, "manager");
    assert_non_null(strstr(desk_text(desk, "select reason from outbox"), "withdrawn since"));
    assert_string_equal(desk_text(desk, "select theirs ->> 'consent_sms' from outbox"), "0");
    const char *id = desk_text(desk, "select id from outbox");
    json_t *mine = json_pack("{s:b}", "consent_sms", 1);
    assert_int_equal(outbox_resolve(desk->writer, &desk->access, id, false, mine, &err),
                     ST_REFUSED);
    json_decref(mine);
    assert_ok(outbox_resolve(desk->writer, &desk->access, id, true, NULL, &err));
    desk_close(desk);
    assert_string_equal(consent_of(world), "0");
    /* One that knows of it holds. */
    sync_all(world, "manager");
    desk = desk_open(world, "manager");
    consent_say(desk->writer, &desk->access, card, true);
    desk_close(desk);
    assert_int_equal(sync_all(world, "manager").pushed, 1);
    assert_string_equal(consent_of(world), "1");
    /* And so does what was withdrawn and given again off line. */
    desk = desk_open(world, "manager");
    consent_say(desk->writer, &desk->access, card, false);
    consent_say(desk->writer, &desk->access, card, true);
    desk_close(desk);
    assert_int_equal(sync_all(world, "manager").pushed, 2);
    assert_string_equal(consent_of(world), "1");
    sync_all(world, "manager");
    sync_world_agrees(world, "manager");
    error_clear(&err);
    sync_world_free(world);
}

/* Lists fit any version, and hide nobody else's change from the edit that comes after them. */
static void what_fits_any_version_hides_no_change(void **state)
{
    struct sync_world *world = world_new();
    struct access engine = access_engine();
    (void)state;
    sync_world_sql(world, "insert into label (id, name) values (1, 'coffee')");
    sync_all(world, "manager");
    struct desk *desk = desk_open(world, "manager");
    json_t *cards = json_pack("{s:[s]}", "add", desk_text(desk, "select card from member limit 1"));
    struct operation op = {.actor = "manager",
                           .rights = desk->access.rights,
                           .entity = "label",
                           .target = "coffee",
                           .base_version = -1,
                           .set = cards};
    assert_ok(operation_apply(desk->writer, &op, NULL, &err));
    json_t *note = json_pack("{s:s}", "note", "mine");
    op.set = note;
    assert_ok(operation_apply(desk->writer, &op, NULL, &err));
    json_decref(cards);
    json_decref(note);
    desk_close(desk);
    sync_world_set(world, &engine, "label", "coffee", "note", "theirs");
    struct sync_counts counts = sync_all(world, "manager");
    assert_int_equal(counts.pushed, 1);
    assert_int_equal(counts.conflicts, 1);
    assert_string_equal(sync_world_text(world, "select note from label"), "theirs");
    sync_world_free(world);
}

/* ---- Points ---- */

static int64_t points_of(struct sync_world *world, uint32_t person)
{
    struct points_account account;
    struct reader *reader;
    struct arena *arena = arena_new();
    assert_ok(reader_open(world->hub, &reader, &err));
    assert_ok(reader_begin(reader, &err));
    assert_ok(points_account(reader, arena, person, INT64_MAX, &account, &err));
    reader_end(reader);
    reader_close(reader);
    arena_free(arena);
    return account.sums.balance;
}

static void points_are_posted_once(void **state)
{
    struct sync_world *world = world_new();
    struct points_posted posted;
    (void)state;
    sync_all(world, "manager");
    struct desk *desk = desk_open(world, "manager");
    for (int i = 0; i < 3; i++) {
        struct points_entry entry = {
            .act = POINTS_ADJUST, .person = 5, .points = 100 + i, .reason = "kind"};
        assert_ok(points_post(desk->writer, &desk->access, &entry, &posted, &err));
    }
    desk_close(desk);
    char *path = sync_world_path(world, "manager"), *kept = sync_world_path(world, "kept");
    file_copy(path, kept);
    for (int64_t cut = 150; cut < 4000; cut += 11) {
        struct session session = {.principal = "manager", .cut = cut, .damage = -1, .again = -1};
        file_copy(kept, path);
        enum status status = sync_session(world, &session);
        error_clear(&session.error);
        if (status == ST_OK)
            break;
    }
    assert_int_equal(points_of(world, 5), 303);
    file_copy(kept, path);
    assert_int_equal(sync_all(world, "manager").pushed, 3);
    assert_int_equal(points_of(world, 5), 303);
    assert_string_equal(sync_world_text(world, "select count(*) from audit where act ="
                                               " 'points adjust'"),
                        "3");
    free(path);
    free(kept);
    sync_world_free(world);
}

/* Who was joined into somebody meanwhile is found; who was erased is nobody, and stays so. */
static void edits_about_who_was_erased_bring_nobody_back(void **state)
{
    struct sync_world *world = world_new();
    struct access engine = access_engine();
    struct points_posted posted;
    struct erasure erasure;
    struct arena *arena = arena_new();
    (void)state;
    sync_world_sql(world, "insert into label (id, name) values (1, 'coffee');"
                          "delete from member where person = 6;"
                          "delete from contact where person = 6 and kind = 1");
    sync_all(world, "admin");
    sync_all(world, "manager");
    static const char *const who[] = {"admin", "manager"};
    for (int i = 0; i < 2; i++) {
        struct desk *desk = desk_open(world, who[i]);
        const char *card = desk_text(desk, "select card from member where person = 5");
        const char *other = desk_text(desk, "select card from member where person = 7");
        json_t *phone = json_pack("{s:s}", "phone", i ? "13612340001" : "13612340000");
        struct operation op = {.actor = who[i],
                               .rights = desk->access.rights,
                               .entity = "member",
                               .target = card,
                               .base_version = -1,
                               .set = phone};
        assert_ok(operation_apply(desk->writer, &op, NULL, &err));
        json_decref(phone);
        consent_say(desk->writer, &desk->access, card, i);
        for (uint32_t person = 5; person <= 6; person++) {
            struct points_entry entry = {
                .act = POINTS_ADJUST, .person = person, .points = 100, .reason = "kind"};
            assert_ok(points_post(desk->writer, &desk->access, &entry, &posted, &err));
        }
        json_t *cards = json_pack("{s:[s, s]}", "add", card, other);
        op = (struct operation){.actor = who[i],
                                .rights = desk->access.rights,
                                .entity = "label",
                                .target = "coffee",
                                .base_version = -1,
                                .set = cards};
        assert_ok(operation_apply(desk->writer, &op, NULL, &err));
        json_decref(cards);
        desk_close(desk);
    }
    for (uint32_t person = 5; person <= 6; person++)
        assert_ok(
            member_erase(world->writer, &engine, person, "asked for it", arena, &erasure, &err));
    for (int i = 0; i < 2; i++) {
        sync_all(world, who[i]);
        sync_all(world, who[i]);
        sync_world_agrees(world, who[i]);
        char *path = sync_world_path(world, who[i]);
        size_t n;
        char *bytes = file_read_all(path, &n);
        assert_null(memmem(bytes, n, i ? "13612340001" : "13612340000", 11));
        free(bytes);
        free(path);
        /* The label's other member is not lost with the one who is. */
        assert_string_equal(sync_world_text(world, "select group_concat(person) from label_member"),
                            "7");
    }
    assert_string_equal(
        sync_world_text(world, "select (select count(*) from member where person in (5, 6)) ||"
                               " (select count(*) from contact where person in (5, 6)) ||"
                               " (select count(*) from tail where person in (5, 6)) ||"
                               " (select count(*) from contact where value like '136123400%%') ||"
                               " (select count(*) from consent where person in (5, 6))"),
        "00000");
    arena_free(arena);
    sync_world_free(world);
}

/* The same where the replica was gone for so long that it takes a new copy. */
static void nor_does_a_new_copy_bring_them_along(void **state)
{
    struct sync_world *world = world_new();
    struct access engine = access_engine();
    struct erasure erasure;
    struct arena *arena = arena_new();
    (void)state;
    sync_world_sql(world, "insert into label (id, name) values (1, 'coffee')");
    sync_all(world, "admin");
    struct desk *desk = desk_open(world, "admin");
    json_t *phone = json_pack("{s:s}", "phone", "13612340000");
    json_t *cards = json_pack("{s:[s, s]}", "add", "C10005", "C10007");
    struct operation op = {.actor = "admin",
                           .rights = desk->access.rights,
                           .entity = "member",
                           .target = "C10005",
                           .base_version = -1,
                           .set = phone};
    assert_ok(operation_apply(desk->writer, &op, NULL, &err));
    op.entity = "label";
    op.target = "coffee";
    op.set = cards;
    assert_ok(operation_apply(desk->writer, &op, NULL, &err));
    json_decref(phone);
    json_decref(cards);
    desk_close(desk);
    assert_ok(member_erase(world->writer, &engine, 5, "asked for it", arena, &erasure, &err));
    /* What the log says of it is gone. */
    sync_world_sql(world, "insert or replace into sync select 'floor', value from sync where name ="
                          " 'seq'; update replica set seq = 0, heard = 1; insert into label (id,"
                          " name) values (2, 'tea'); update sync set value = value + 1 where name ="
                          " 'floor'");
    sync_all(world, "admin");
    sync_all(world, "admin");
    sync_world_agrees(world, "admin");
    desk = desk_open(world, "admin");
    assert_string_equal(
        desk_text(desk, "select count(*) from outbox where instr(detail || target || before,"
                        " 'C10005') or instr(detail, '13612340000')"),
        "0");
    desk_close(desk);
    assert_string_equal(sync_world_text(world, "select group_concat(person) from label_member"),
                        "7");
    arena_free(arena);
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_withdrawal_never_waits),
        cmocka_unit_test(an_older_consent_never_undoes_a_withdrawal),
        cmocka_unit_test(what_fits_any_version_hides_no_change),
        cmocka_unit_test(points_are_posted_once),
        cmocka_unit_test(edits_about_who_was_erased_bring_nobody_back),
        cmocka_unit_test(nor_does_a_new_copy_bring_them_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
