/* Labels refreshed where something changed, against the same from nothing; the sets of lists kept
 * by hand. */
#include "model/people/label_list.h"
#include "model/people/profile.h"
#include "model/segment/label.h"
#include "tests/support/people_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { LABELS = 7 };

static void change_something(struct world *w, int64_t *last)
{
    struct world_person *p = &w->people[world_below(w, WORLD_PEOPLE)];
    switch (world_below(w, 8)) {
    case 0:
        world_events(w, 1 + world_below(w, 5), w->begin, 120);
        break;
    case 1:
        *last += WORLD_DAY * (int64_t)(1 + world_below(w, 2)); /* the present moves on */
        world_events(w, 1, *last, 1);
        break;
    case 2:
        assert_ok(event_fold(w->mall.writer, 0, &err));
        break;
    case 3:
        p->tier = (int)world_below(w, 5);
        p->member = true;
        world_person_write(w, p);
        break;
    case 4:
        p->topic = (int)world_below(w, 3) - 1;
        p->vip = !p->vip;
        world_person_write(w, p);
        break;
    case 5:
        p->district = (int)world_below(w, 5);
        world_person_write(w, p);
        break;
    case 6:
        test_run(&w->mall, world_below(w, 2)
                               ? "update tenant set category = 'tea' where code = 'T1'"
                               : "update tenant set category = 'coffee' where code = 'T1'");
        break;
    default:
        assert_ok(profile_fold(w->mall.writer, &err));
        assert_ok(label_list_fold(w->mall.writer, &err));
        break;
    }
}

static void labels_check(struct world *w, const char *const *rules)
{
    struct arena *arena = arena_new();
    for (int i = 0; i < LABELS; i++) {
        struct set *people;
        struct label_preview anew;
        char name[16];
        const struct label *label;
        snprintf(name, sizeof name, "l%d", i);
        assert_ok(label_find(w->mall.reader, arena, name, &label, &err));
        assert_false(label->stale);
        assert_string_equal(label->error, "");
        assert_ok(label_people(w->mall.reader, arena, name, &people, &err));
        assert_ok(label_preview(w->mall.reader, arena, NULL, name, rules[i], &anew, &err));
        for (int k = 0; k < WORLD_PEOPLE; k++)
            if (set_has(people, w->people[k].number) != set_has(anew.people, w->people[k].number))
                fail_msg("%s: person %u is %d", rules[i], w->people[k].number,
                         set_has(people, w->people[k].number));
        assert_int_equal(label->people, anew.count);
    }
    assert_ok(label_verify(w->mall.reader, &err));
    arena_free(arena);
}

/* Refreshing where something changed is running everything from nothing, always. */
static void test_refresh(void **state)
{
    (void)state;
    int64_t blocks = 0, whole = 0;
    struct access admin = test_access(ACCESS_ADMIN);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world *w = world_new(seed + 100);
        struct arena *arena = arena_new();
        const char *rules[LABELS];
        int64_t last = w->begin + 126 * WORLD_DAY;
        for (int i = 0; i < LABELS; i++) {
            char name[16];
            snprintf(name, sizeof name, "l%d", i);
            rules[i] = world_text(w, arena, 2);
            if (i % 3 == 2)
                rules[i] = arena_printf(arena, "label:l%d and not (%s)", i - 1, rules[i]);
            assert_ok(label_save(w->mall.writer, &admin, name, rules[i], NULL, NULL, &err));
        }
        for (int round = 0; round < 40; round++) {
            struct label_refreshed done;
            for (uint64_t k = world_below(w, 3); k > 0; k--)
                change_something(w, &last);
            assert_ok(label_refresh(w->mall.writer, w->mall.reader, NULL, false, &done, &err));
            assert_int_equal(done.labels, LABELS);
            assert_int_equal(done.failed, 0);
            blocks += done.blocks;
            whole += done.whole;
            labels_check(w, rules);
            /* Nothing changed since: nothing is looked at. */
            assert_ok(label_refresh(w->mall.writer, w->mall.reader, NULL, false, &done, &err));
            assert_int_equal(done.blocks, 0);
        }
        arena_free(arena);
        world_free(w);
    }
    assert_true(blocks * 10 < whole * 7); /* and it does look at less */
}

/* Events that a refresh first meets in a chunk, never having seen them in the tail. */
static void test_chunks_are_seen(void **state)
{
    (void)state;
    struct access admin = test_access(ACCESS_ADMIN);
    struct temp_mall t = temp_mall_new();
    const struct test_member members[] = {
        {.person = 1, .card = "M1", .name = "", .phone = "", .tier = "", .gender = ""},
        {.person = 2, .card = "M2", .name = "", .phone = "", .tier = "", .gender = ""}};
    const struct test_event first[] = {
        {.time = test_time(2026, 3, 20, 12, 0), .person = 1, .kind = "purchase", .amount = 100}};
    const struct test_event later[] = {
        {.time = test_time(2026, 3, 18, 12, 0), .person = 2, .kind = "purchase", .amount = 100}};
    struct label_refreshed done;
    struct set *people;
    struct arena *arena = arena_new();
    test_members_add(&t, members, 2);
    test_events_add(&t, first, 1);
    assert_ok(event_fold(t.writer, 0, &err));
    assert_ok(label_save(t.writer, &admin, "lately", "bought(10d)", NULL, NULL, &err));
    assert_ok(label_refresh(t.writer, t.reader, NULL, false, &done, &err));
    assert_ok(label_people(t.reader, arena, "lately", &people, &err));
    assert_int_equal(set_count(people), 1);
    test_events_add(&t, later, 1);
    assert_ok(event_fold(t.writer, 0, &err));
    assert_ok(label_refresh(t.writer, t.reader, NULL, false, &done, &err));
    assert_int_equal(done.run, 1);
    assert_ok(label_people(t.reader, arena, "lately", &people, &err));
    assert_int_equal(set_count(people), 2);
    arena_free(arena);
    temp_mall_free(&t);
}

/* ---- Lists kept by hand ---- */

static void list_check(struct world *w)
{
    struct arena *arena = arena_new();
    struct set *set = set_new(arena, EVENT_BLOCK * 2);
    int64_t n;
    assert_ok(reader_begin(w->mall.reader, &err));
    assert_ok(label_list_read(w->mall.reader, 1, set, &err));
    assert_ok(label_list_verify(w->mall.reader, &n, &err));
    reader_end(w->mall.reader);
    for (int i = 0; i < WORLD_PEOPLE; i++)
        assert_int_equal(set_has(set, w->people[i].number), w->people[i].vip);
    arena_free(arena);
}

/* The sets beside the rows, after changes that were folded, not folded, taken back. */
static void test_lists(void **state)
{
    (void)state;
    struct world *w = world_new(5);
    int64_t n;
    for (int round = 0; round < 200; round++) {
        struct world_person *p = &w->people[world_below(w, WORLD_PEOPLE)];
        switch (world_below(w, 5)) {
        case 0:
            assert_ok(label_list_fold(w->mall.writer, &err));
            break;
        case 1:
            assert_ok(writer_begin(w->mall.writer, &err));
            sqlite3_exec(writer_db(w->mall.writer), "delete from label_member", NULL, NULL, NULL);
            writer_rollback(w->mall.writer);
            break;
        case 2:
            test_run(&w->mall, "delete from label_member");
            for (int i = 0; i < WORLD_PEOPLE; i++)
                w->people[i].vip = false;
            break;
        default:
            p->vip = !p->vip;
            world_person_write(w, p);
            break;
        }
        list_check(w);
    }
    /* A set that is not what the rows say is found, and one that is missing. */
    w->people[3].vip = true;
    world_person_write(w, &w->people[3]);
    assert_ok(label_list_fold(w->mall.writer, &err));
    list_check(w);
    test_run(&w->mall, "delete from label_list");
    assert_int_equal(label_list_verify(w->mall.reader, &n, &err), ST_UNUSABLE);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_chunks_are_seen),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
