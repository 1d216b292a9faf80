/* A few events more in a chunk: what the other kinds say is taken over as it stands, and the whole
 * decodes to what encoding everything anew decodes to. */
#include "model/event/place.h"
#include "tests/support/event_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 4000, DAY = 86400 };
static const int64_t start = 1704067200; /* 2024-01-01 */

/* Purchases, with lines and points of the same people, times and references, as segments that
 * follow one another; and kinds of their own. */
struct world {
    struct zone *zone;
    struct clock clock;
    struct dice dice;
    struct arena *arena;
    struct event_list all, fresh;
    struct sorter *sorter;
};

static struct world world_new(uint64_t seed)
{
    struct world world = {.dice = {seed}, .arena = arena_new()};
    struct error err = {0};
    assert_int_equal(zone_load("UTC", &world.zone, &err), ST_OK);
    world.clock = (struct clock){.zone = world.zone};
    return world;
}

static void world_free(struct world *world)
{
    vec_free(&world->all);
    vec_free(&world->fresh);
    sorter_free(world->sorter);
    arena_free(world->arena);
    zone_free(world->zone);
}

static struct event event_of(struct world *world, uint16_t kind)
{
    return (struct event){
        .time = start + (int64_t)dice_below(&world->dice, 30 * DAY),
        .person = 1 + (uint32_t)dice_below(&world->dice, PEOPLE),
        .kind = kind,
        .zone = kind == KIND_SIGHTING ? 1 + (uint32_t)dice_below(&world->dice, 9) : 0,
        .tenant = kind == KIND_PURCHASE ? 1 + (uint32_t)dice_below(&world->dice, 50) : 0,
        .amount = kind == KIND_PURCHASE ? (int64_t)dice_below(&world->dice, 90000) : 0};
}

static void purchase_add(struct world *world, struct event_list *to)
{
    struct event purchase = event_of(world, KIND_PURCHASE);
    char *ref = arena_printf(world->arena, "R%llu",
                             (unsigned long long)dice_below(&world->dice, UINT64_MAX));
    purchase.ref = ref;
    purchase.ref_size = (uint32_t)strlen(ref);
    vec_push(to, purchase);
    struct event points = purchase, line = purchase;
    points.kind = KIND_POINTS_EARN;
    points.amount = purchase.amount / 100;
    vec_push(to, points);
    line.kind = KIND_LINE;
    for (uint64_t n = dice_below(&world->dice, 3); n-- > 0; line.item++)
        vec_push(to, line);
}

static void some_add(struct world *world, struct event_list *to, size_t n)
{
    static const uint16_t alone[] = {KIND_SIGHTING, KIND_APP_OPEN, KIND_DOOR, KIND_CUSTOM + 3};
    while (n-- > 0)
        if (dice_below(&world->dice, 2))
            purchase_add(world, to);
        else
            vec_push(to, event_of(world, alone[dice_below(&world->dice, 4)]));
}

static const struct event *sorted(struct world *world, const struct event_list *events)
{
    sorter_free(world->sorter);
    world->sorter = sorter_new(&world->clock);
    sorter_sort(world->sorter, 0, events->at, events->n);
    assert_int_equal(world->sorter->places.n, 1);
    return sorter_place(world->sorter, world->sorter->places.at);
}

static void bytes_end(struct chunk_bytes *bytes)
{
    free(bytes->head.at);
    free(bytes->data.at);
}

/* As a bulk append does it. False for damage. */
static bool beside(struct world *world, const struct chunk_bytes *old, struct chunk_bytes *out,
                   size_t *n_kept)
{
    struct chunk_head head = {0};
    struct event_list list = {0};
    struct chunk_kept kept = {.head = &head, .data = old->data.at};
    struct arena *arena = arena_new();
    bool good = chunk_head_read(&head, old->head.at, old->head.n);
    for (size_t i = 0; i < world->fresh.n; i++)
        kept.changing[world->fresh.at[i].kind] = true;
    chunk_kinds_changing(&head, kept.changing);
    good = good && chunk_events_of(&head, old->data.at, 0, kept.changing, arena, &list);
    *n_kept = head.events - list.n;
    for (size_t i = 0; i < world->fresh.n; i++)
        vec_push(&list, world->fresh.at[i]);
    if (good) {
        const struct event *events = sorted(world, &list);
        good = sorter_encode_beside(world->sorter, events, list.n, &kept, out);
    }
    vec_free(&list);
    arena_free(arena);
    chunk_head_free(&head);
    return good;
}

static void same_events(struct world *world, const struct chunk_bytes *bytes)
{
    struct chunk_head head = {0};
    struct event_list list = {0}, wanted = {0};
    for (size_t i = 0; i < world->all.n; i++)
        vec_push(&wanted, world->all.at[i]);
    for (size_t i = 0; i < world->fresh.n; i++)
        vec_push(&wanted, world->fresh.at[i]);
    const struct event *events = sorted(world, &wanted);
    assert_true(chunk_head_read(&head, bytes->head.at, bytes->head.n));
    assert_int_equal(head.data_size, bytes->data.n);
    assert_int_equal(head.events, wanted.n);
    assert_true(chunk_events(&head, bytes->data.at, 0, world->arena, &list));
    const char *differ = events_differ(world->arena, list.at, list.n, events, wanted.n, ~0u);
    if (differ)
        fail_msg("%s", differ);
    vec_free(&list);
    vec_free(&wanted);
    chunk_head_free(&head);
}

static void it_decodes_to_all(void **state)
{
    (void)state;
    size_t kept_some = 0, rounds = 0;
    for (uint64_t seed = 1; seed <= 60; seed++, rounds++) {
        struct world world = world_new(seed);
        struct chunk_bytes old = {0}, out = {0};
        size_t n_kept;
        some_add(&world, &world.all, 1 + dice_below(&world.dice, 3000));
        const struct event *events = sorted(&world, &world.all);
        sorter_encode(world.sorter, events, world.all.n, &old);
        for (int again = 0; again < 3; again++) {
            if (seed % 3)
                some_add(&world, &world.fresh, 1 + dice_below(&world.dice, 4));
            else
                vec_push(&world.fresh, event_of(&world, again ? KIND_REVIEW : KIND_SIGHTING));
            assert_true(beside(&world, &old, &out, &n_kept));
            kept_some += n_kept > 0;
            same_events(&world, &out);
            /* What came out is what the next ones come beside. */
            for (size_t i = 0; i < world.fresh.n; i++)
                vec_push(&world.all, world.fresh.at[i]);
            world.fresh.n = 0;
            struct chunk_bytes swap = old;
            old = out;
            out = swap;
        }
        bytes_end(&old);
        bytes_end(&out);
        world_free(&world);
    }
    assert_true(kept_some > rounds);
}

/* Kinds that follow one another change together: lines without their receipts would be nobody's. */
static void who_follows_changes_too(void **state)
{
    (void)state;
    static const uint16_t family[] = {KIND_PURCHASE, KIND_LINE, KIND_POINTS_EARN};
    struct world world = world_new(5);
    struct chunk_bytes old = {0};
    struct chunk_head head = {0};
    some_add(&world, &world.all, 3000);
    const struct event *events = sorted(&world, &world.all);
    sorter_encode(world.sorter, events, world.all.n, &old);
    assert_true(chunk_head_read(&head, old.head.at, old.head.n));
    for (size_t f = 0; f < 3; f++) {
        bool changing[KIND_MAX + 1] = {false};
        changing[family[f]] = true;
        chunk_kinds_changing(&head, changing);
        for (size_t k = 0; k < 3; k++)
            assert_true(changing[family[k]]);
        assert_false(changing[KIND_SIGHTING] || changing[KIND_APP_OPEN]);
    }
    chunk_head_free(&head);
    bytes_end(&old);
    world_free(&world);
}

/* A damaged byte of what is taken over is found, not given a new checksum. */
static void damage_is_not_blessed(void **state)
{
    (void)state;
    struct world world = world_new(9);
    struct chunk_bytes old = {0}, out = {0};
    size_t n_kept, found = 0;
    some_add(&world, &world.all, 3000);
    const struct event *events = sorted(&world, &world.all);
    sorter_encode(world.sorter, events, world.all.n, &old);
    vec_push(&world.fresh, event_of(&world, KIND_SIGHTING));
    for (size_t i = 0; i < old.data.n; i += 97, found++) {
        old.data.at[i] ^= 0x10;
        assert_false(beside(&world, &old, &out, &n_kept));
        old.data.at[i] ^= 0x10;
    }
    assert_true(found > 50);
    assert_true(beside(&world, &old, &out, &n_kept));
    same_events(&world, &out);
    bytes_end(&old);
    bytes_end(&out);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_decodes_to_all),
        cmocka_unit_test(who_follows_changes_too),
        cmocka_unit_test(damage_is_not_blessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
