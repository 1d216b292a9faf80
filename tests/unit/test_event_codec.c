/* Encodings of events: what goes in comes out, and damaged bytes are an error or harmless. */
#include "model/base/hash.h"
#include "model/event/bits.h"
#include "model/event/chunk.h"
#include "model/event/column.h"
#include "model/event/place.h"
#include "model/event/refkey.h"
#include "model/event/reflog.h"
#include "tests/support/event_history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const int64_t start_2024 = 1704067200, a_day = 86400;

/* ---- Bits and columns ---- */

static void test_bits(void **state)
{
    (void)state;
    struct dice dice = {1};
    for (unsigned width = 0; width <= 64; width++)
        for (size_t n = 0; n < 70; n += 1 + n / 8) {
            uint64_t in[70], out[70];
            struct bytes bytes = {0};
            for (size_t i = 0; i < n; i++)
                in[i] = dice_next(&dice) & bits_mask(width);
            bits_pack(&bytes, in, n, width);
            assert_int_equal(bytes.n, bits_size(n, width));
            /* A buffer of its own size, so that ASan sees a read beyond. */
            unsigned char *exact = mem_alloc(bytes.n);
            if (bytes.n)
                memcpy(exact, bytes.at, bytes.n);
            struct view view = view_of(exact, bytes.n);
            assert_true(bits_unpack(&view, out, n, width, 0));
            assert_true(n == 0 || memcmp(in, out, n * sizeof *in) == 0);
            view = view_of(exact, bytes.n ? bytes.n - 1 : 0);
            assert_true(bytes.n == 0 || !bits_unpack(&view, out, n, width, 0));
            free(exact);
            free(bytes.at);
        }
}

static void round_trip(const uint64_t *values, size_t n)
{
    struct bytes bytes = {0};
    uint64_t *out = mem_alloc(n * sizeof *out);
    column_encode(&bytes, values, n);
    struct view view = view_of(bytes.at, bytes.n);
    assert_true(column_decode(&view, out, n));
    assert_int_equal(view_left(&view), 0);
    assert_memory_equal(values, out, n * sizeof *values);
    free(out);
    free(bytes.at);
}

/* The ways in which the numbers of a column come about. */
static uint64_t shaped(struct dice *dice, int shape, size_t i, uint64_t before)
{
    switch (shape) {
    case 0:
        return 42;
    case 1:
        return dice_below(dice, 1000);
    case 2:
        return dice_below(dice, 50) ? dice_below(dice, 60) : dice_next(dice);
    case 3:
        return before + dice_below(dice, 100);
    case 4:
        return dice_below(dice, 20) ? before : dice_below(dice, 300);
    case 5:
        return dice_below(dice, 4) * UINT64_C(1000000007);
    case 6:
        return (uint64_t)(-(int64_t)dice_below(dice, 100)) * 100;
    case 7:
        return dice_next(dice);
    case 8:
        return i % 2 ? UINT64_MAX / 2 : UINT64_MAX / 2 + 1; /* the greatest and the least */
    case 9:
        return before + (dice_below(dice, 30) ? 1 : dice_next(dice));
    case 11: /* receipts of one person after another */
        return dice_below(dice, 2) ? before + 1 : dice_next(dice) >> 32;
    default:
        return i % 3 ? 0 : UINT64_MAX;
    }
}

static void test_columns(void **state)
{
    (void)state;
    struct dice dice = {2};
    static const size_t sizes[] = {1, 2, 3, 5, 17, 128, 129, 1000, 5000};
    for (int shape = 0; shape <= 11; shape++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            uint64_t *values = mem_alloc(sizes[s] * sizeof *values);
            for (size_t i = 0; i < sizes[s]; i++)
                values[i] = shaped(&dice, shape, i, i ? values[i - 1] : 7);
            round_trip(values, sizes[s]);
            free(values);
        }
}

/* What the encodings are for: a column that has a shape is stored small. */
static void test_columns_are_small(void **state)
{
    (void)state;
    static const struct {
        int shape;
        size_t bytes;
    } expected[] = {{0, 3},    {1, 6400}, {2, 5600}, {3, 4600},
                    {4, 2500}, {5, 1400}, {6, 4500}, {11, 11300}};
    struct dice dice = {3};
    for (size_t s = 0; s < sizeof expected / sizeof *expected; s++) {
        uint64_t values[5000];
        struct bytes bytes = {0};
        for (size_t i = 0; i < 5000; i++)
            values[i] = shaped(&dice, expected[s].shape, i, i ? values[i - 1] : 7);
        column_encode(&bytes, values, 5000);
        assert_in_range(bytes.n, 1, expected[s].bytes);
        free(bytes.at);
    }
}

static void test_column_damage(void **state)
{
    (void)state;
    struct dice dice = {4};
    uint64_t values[300], out[300];
    for (int shape = 0; shape <= 11; shape++) {
        struct bytes bytes = {0};
        for (size_t i = 0; i < 300; i++)
            values[i] = shaped(&dice, shape, i, i ? values[i - 1] : 7);
        column_encode(&bytes, values, 300);
        for (size_t at = 0; at < bytes.n; at++)
            for (int bit = 0; bit < 8; bit++) {
                unsigned char *copy = mem_alloc(bytes.n);
                memcpy(copy, bytes.at, bytes.n);
                copy[at] ^= (unsigned char)(1 << bit);
                struct view view = view_of(copy, bytes.n);
                column_decode(&view, out, 300); /* may succeed: the checksum is elsewhere */
                view = view_of(copy, at);
                column_decode(&view, out, 300);
                free(copy);
            }
        free(bytes.at);
    }
}

/* ---- References ---- */

static void refs_round_trip(const struct ref *refs, size_t n)
{
    struct bytes bytes = {0}, text = {0};
    size_t *starts = mem_alloc(n * sizeof *starts);
    refs_encode(&bytes, refs, n);
    struct view view = view_of(bytes.at, bytes.n);
    assert_true(refs_decode(&view, &text, starts, n));
    assert_int_equal(view_left(&view), 0);
    for (size_t i = 0; i < n; i++) {
        const char *ref = (const char *)text.at + starts[i];
        assert_int_equal(strlen(ref), refs[i].size);
        assert_memory_equal(ref, refs[i].at, refs[i].size);
    }
    free(starts);
    free(text.at);
    free(bytes.at);
}

static const char *const odd_refs[] = {
    "",
    "0",
    "00",
    "R1",
    "R01",
    "R001",
    "1-2-3",
    "1-2-3-4",
    "a1b2c3d4",
    "\x01",
    "R-",
    "-1",
    "R1-0",
    "999999999999999999",
    "9999999999999999999",
    "123456789012345678901234567890",
    "2024-10-17/000123",
    "\xe5\xa4\xa9",
    "\xff\xfe",
    "R00012345678",
    "R00012345678-1",
    "R00012345678-01",
    "R00012345678-4095",
    "R00012345678-4096",
    "ABCDE1",
    "ABCDEF1",
    "x\x02y",
};
enum { ODD_REFS = sizeof odd_refs / sizeof *odd_refs };

static void test_refs(void **state)
{
    (void)state;
    struct dice dice = {5};
    struct ref refs[2000];
    struct arena *arena = arena_new();
    for (size_t i = 0; i < ODD_REFS; i++)
        refs[i] = (struct ref){odd_refs[i], (uint32_t)strlen(odd_refs[i])};
    refs_round_trip(refs, ODD_REFS);
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < 2000; i++) {
            unsigned long long number = dice_next(&dice);
            const char *ref = round == 0   ? arena_printf(arena, "R%011llu", number % 1000000)
                              : round == 1 ? arena_printf(arena, "%020llx", number)
                              : round == 2 ? odd_refs[number % ODD_REFS]
                              : round == 3 ? arena_printf(arena, "S%llu/%llu", number % 300, number)
                              : round == 4
                                  ? arena_printf(arena, "%c%llu", (int)(33 + i % 200), number % 50)
                                  : (i % 3 ? "" : "x");
            refs[i] = (struct ref){ref, (uint32_t)strlen(ref)};
        }
        refs_round_trip(refs, 2000);
    }
    arena_free(arena);
}

static void test_ref_keys_differ(void **state)
{
    (void)state;
    for (size_t a = 0; a < ODD_REFS; a++)
        for (size_t b = 0; b < ODD_REFS; b++) {
            struct ref_key left = ref_key_of(5, odd_refs[a], strlen(odd_refs[a]));
            struct ref_key right = ref_key_of(5, odd_refs[b], strlen(odd_refs[b]));
            assert_int_equal(left.form == right.form && left.key == right.key, a == b);
            assert_true(left.key >= 0);
        }
    struct ref_key earn = ref_key_of(KIND_POINTS_EARN, "R1", 2);
    struct ref_key spent = ref_key_of(KIND_PURCHASE, "R1", 2);
    assert_true(earn.form != spent.form);
    assert_true(ref_key_exact(&earn));
    struct ref_key hash = ref_key_of(KIND_MAX, "no number", 9);
    assert_false(ref_key_exact(&hash));
}

static void test_ref_log(void **state)
{
    (void)state;
    struct dice dice = {6};
    struct ref_log logs[2] = {0}, *both[2] = {&logs[0], &logs[1]};
    enum { N = 30000 };
    for (size_t i = 0; i < N; i++) {
        char ref[32];
        int size =
            snprintf(ref, sizeof ref, i % 3 ? "R%d" : "r/%d/x", (int)dice_below(&dice, 9000));
        struct ref_entry entry = {.key = ref_key_of((uint16_t)(1 + i % 200), ref, (size_t)size),
                                  .arrival = (uint64_t)(i % 2) << 56 | i};
        ref_log_add(&logs[i % 2], &entry);
        if (i % 7000 == 0)
            ref_log_seal(&logs[i % 2]);
    }
    ref_log_seal(&logs[0]);
    ref_log_seal(&logs[1]);
    struct ref_merge *merge = ref_merge_new(both, 2);
    struct ref_entry before = {0};
    const struct ref_entry *entry;
    uint64_t sum = 0;
    size_t n = 0;
    for (; (entry = ref_merge_next(merge)); n++) {
        assert_true(n == 0 || ref_entry_compare(&before, entry) < 0);
        sum += entry->arrival & 0xffffff;
        before = *entry;
    }
    assert_int_equal(n, N);
    assert_int_equal(sum, (uint64_t)N * (N - 1) / 2);
    ref_merge_free(merge);
    ref_log_free(&logs[0]);
    ref_log_free(&logs[1]);
}

/* ---- Columns that others tell ---- */

enum { TOLD = 3000 };

/* By enum column_form: 20 shops each in its zone, one of them moved; the base's value with a few
 * that differ; one and a half or two points for each hundred, rounded down. */
static void told_column(struct dice *dice, enum column_form form, uint64_t *from, uint64_t *values)
{
    for (size_t i = 0; i < TOLD; i++) {
        bool odd = dice_below(dice, 50) == 0;
        from[i] = form == FORM_SHARE ? dice_below(dice, 200000) : dice_below(dice, 20);
        if (form == FORM_MAPPED)
            values[i] = from[i] == 7 && i > TOLD / 2 ? 3 : from[i] * 37 % 101;
        else if (form == FORM_SAME)
            values[i] = odd ? dice_next(dice) : from[i];
        else
            values[i] = odd ? dice_below(dice, 99) : from[i] * (i % 30 < 20 ? 150 : 200) / 10000;
    }
}

static bool told_encode(struct bytes *out, enum column_form form, const uint64_t *from,
                        const uint64_t *values, size_t n)
{
    return form == FORM_MAPPED ? mapped_encode(out, from, values, n)
           : form == FORM_SAME ? same_encode(out, from, values, n)
                               : share_encode(out, from, values, n);
}

static bool told_decode(struct view *in, enum column_form form, const uint64_t *from,
                        uint64_t *values, size_t n)
{
    if (form == FORM_MAPPED)
        return mapped_decode(in, from, values, n) && view_left(in) == 0;
    memcpy(values, from, n * sizeof *values);
    return (form == FORM_SAME ? same_decode(in, values, n) : share_decode(in, values, n)) &&
           view_left(in) == 0;
}

static void test_told(void **state)
{
    (void)state;
    static const size_t most[FORM_COUNT] = {
        [FORM_MAPPED] = 60, [FORM_SAME] = 650, [FORM_SHARE] = 900};
    struct dice dice = {12};
    uint64_t from[TOLD], values[TOLD], out[TOLD];
    for (enum column_form form = FORM_MAPPED; form < FORM_COUNT; form++) {
        struct bytes bytes = {0};
        told_column(&dice, form, from, values);
        assert_true(told_encode(&bytes, form, from, values, TOLD));
        assert_in_range(bytes.n, 1, most[form]);
        struct view in = view_of(bytes.at, bytes.n);
        assert_true(told_decode(&in, form, from, out, TOLD));
        assert_memory_equal(out, values, sizeof values);
        /* What follows from nothing is left to the other encodings, and nothing is written. */
        bytes.n = 0;
        for (size_t i = 0; i < TOLD; i++)
            values[i] = dice_next(&dice);
        assert_false(told_encode(&bytes, form, from, values, TOLD));
        assert_int_equal(bytes.n, 0);
        free(bytes.at);
    }
}

/* Sides of what a share can be: nothing, one row, values past which there would be no sum. */
static void test_told_edges(void **state)
{
    (void)state;
    static const uint64_t sides[] = {
        0, 1, 9999, 10000, 10001, UINT64_C(1) << 40, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX};
    struct dice dice = {13};
    uint64_t from[256], values[256], out[256];
    for (int turn = 0; turn < 300; turn++)
        for (enum column_form form = FORM_MAPPED; form < FORM_COUNT; form++) {
            size_t n = 1 + dice_below(&dice, 256);
            uint64_t share = dice_below(&dice, 30000);
            for (size_t i = 0; i < n; i++) {
                bool side = dice_below(&dice, 8) == 0;
                from[i] = side ? sides[dice_below(&dice, 9)] : dice_below(&dice, 60000);
                values[i] = form == FORM_SHARE ? (from[i] * share + 5000) / 10000 : from[i] / 7;
                if (dice_below(&dice, 12) == 0)
                    values[i] = sides[dice_below(&dice, 9)];
            }
            struct bytes bytes = {0};
            if (told_encode(&bytes, form, from, values, n)) {
                struct view in = view_of(bytes.at, bytes.n);
                assert_true(told_decode(&in, form, from, out, n));
                assert_memory_equal(out, values, n * sizeof *values);
            }
            free(bytes.at);
        }
}

/* Damaged, or told by a column that is not the one it was encoded with. */
static void test_told_damage(void **state)
{
    (void)state;
    struct dice dice = {14};
    uint64_t from[TOLD], values[TOLD], out[TOLD];
    for (enum column_form form = FORM_MAPPED; form < FORM_COUNT; form++) {
        struct bytes bytes = {0};
        told_column(&dice, form, from, values);
        assert_true(told_encode(&bytes, form, from, values, TOLD));
        for (size_t at = 0; at < bytes.n; at++)
            for (int bit = 0; bit < 8; bit++) {
                unsigned char *copy = mem_alloc(bytes.n);
                memcpy(copy, bytes.at, bytes.n);
                copy[at] ^= (unsigned char)(1 << bit);
                struct view in = view_of(copy, bytes.n);
                told_decode(&in, form, from, out, TOLD);
                in = view_of(copy, at);
                assert_false(told_decode(&in, form, from, out, TOLD));
                free(copy);
            }
        for (size_t i = 0; i < TOLD; i++)
            from[i] = dice_next(&dice);
        struct view in = view_of(bytes.at, bytes.n);
        told_decode(&in, form, from, out, TOLD);
        free(bytes.at);
    }
}

/* ---- Chunks ---- */

struct sample {
    struct zone *zone;
    struct clock clock;
    struct history history;
    struct sorter *sorter;
    const struct event *sorted;
    struct chunk_bytes bytes;
};

/* One chunk of n random events of the first block in one month. */
static struct sample sample_make(size_t n, uint64_t seed)
{
    struct sample sample = {.history = history_new()};
    struct error err = {0};
    struct dice dice = {seed};
    assert_int_equal(zone_load("UTC", &sample.zone, &err), ST_OK);
    sample.clock = (struct clock){.zone = sample.zone};
    struct history_shape shape = {3000, start_2024, start_2024 + 31 * a_day, 0, 60, 0};
    history_add(&sample.history, &dice, &shape, n);
    sample.sorter = sorter_new(&sample.clock);
    sorter_sort(sample.sorter, 0, sample.history.at, n);
    assert_int_equal(sample.sorter->places.n, 1);
    sample.sorted = sorter_place(sample.sorter, sample.sorter->places.at);
    sorter_encode(sample.sorter, sample.sorted, n, &sample.bytes);
    return sample;
}

static void sample_free(struct sample *sample)
{
    free(sample->bytes.head.at);
    free(sample->bytes.data.at);
    sorter_free(sample->sorter);
    history_free(&sample->history);
    zone_free(sample->zone);
}

/* NULL where the bytes decode to the sample's events; "error" where they do not decode. */
static const char *sample_differs(const struct sample *sample, const struct bytes *head,
                                  const struct bytes *data)
{
    struct chunk_head parsed = {0};
    struct arena *arena = arena_new();
    struct event_list events = {0};
    const char *difference = "error";
    if (chunk_head_read(&parsed, head->at, head->n) && parsed.data_size == data->n &&
        chunk_events(&parsed, data->at, 0, arena, &events)) {
        difference = events.n == sample->history.n ? NULL : "number";
        for (size_t i = 0; i < events.n && !difference; i++)
            if (events_differ(arena, &events.at[i], 1, &sample->sorted[i], 1, ~0u))
                difference = "event";
    }
    vec_free(&events);
    arena_free(arena);
    chunk_head_free(&parsed);
    return difference;
}

static void test_chunk(void **state)
{
    (void)state;
    for (size_t n = 1; n < 30000; n = n * 5 + 1) {
        struct sample sample = sample_make(n, n);
        const char *difference = sample_differs(&sample, &sample.bytes.head, &sample.bytes.data);
        assert_true(difference == NULL);
        sample_free(&sample);
    }
}

/* How many events of a kind stand in linked and in plain segments. */
static void linked_count(const struct chunk_bytes *bytes, uint16_t kind, size_t count[2])
{
    struct chunk_head parsed = {0};
    count[0] = count[1] = 0;
    assert_true(chunk_head_read(&parsed, bytes->head.at, bytes->head.n));
    for (size_t i = 0; i < parsed.n; i++)
        if (parsed.segments[i].kind == kind)
            count[parsed.segments[i].base != NULL] += parsed.segments[i].n;
    chunk_head_free(&parsed);
}

/* Points stand with their purchases, but for those of people who have others as well. */
static void test_chunk_links(void **state)
{
    (void)state;
    struct sample sample = sample_make(20000, 5);
    size_t points[2], purchases[2];
    linked_count(&sample.bytes, KIND_POINTS_EARN, points);
    linked_count(&sample.bytes, KIND_PURCHASE, purchases);
    assert_in_range(points[1], 3000, 6000);
    assert_in_range(points[0], 20, points[1] / 8);
    assert_int_equal(purchases[1], 0);
    sample_free(&sample);
}

/* Every bit of a chunk flipped, every length cut: an error or the same events, never a crash. */
static void test_chunk_damage(void **state)
{
    (void)state;
    struct sample sample = sample_make(250, 9);
    struct bytes *parts[2] = {&sample.bytes.head, &sample.bytes.data};
    for (int part = 0; part < 2; part++)
        for (size_t at = 0; at < parts[part]->n; at++) {
            for (int bit = 0; bit < 8; bit++) {
                parts[part]->at[at] ^= (unsigned char)(1 << bit);
                const char *found = sample_differs(&sample, parts[0], parts[1]);
                assert_true(!found || strcmp(found, "error") == 0);
                parts[part]->at[at] ^= (unsigned char)(1 << bit);
            }
            size_t whole = parts[part]->n;
            parts[part]->n = at;
            assert_string_equal(sample_differs(&sample, parts[0], parts[1]), "error");
            parts[part]->n = whole;
        }
    sample_free(&sample);
}

/* The same, with checksums made right again: what decodes must still not run out of bounds. */
static void test_chunk_forged(void **state)
{
    (void)state;
    struct sample sample = sample_make(250, 10);
    struct bytes *head = &sample.bytes.head;
    for (size_t at = 0; at + 4 < head->n; at++)
        for (int value = 0; value < 256; value += 5) {
            struct bytes forged = {0};
            bytes_put(&forged, head->at, head->n - 4);
            forged.at[at] = (unsigned char)value;
            bytes_put_u32(&forged, (uint32_t)hash64(forged.at, forged.n));
            struct chunk_head parsed = {0};
            struct arena *arena = arena_new();
            struct event_list events = {0};
            if (chunk_head_read(&parsed, forged.at, forged.n) &&
                parsed.data_size == sample.bytes.data.n && parsed.events < 100000)
                chunk_events(&parsed, sample.bytes.data.at, 0, arena, &events);
            vec_free(&events);
            arena_free(arena);
            chunk_head_free(&parsed);
            free(forged.at);
        }
    sample_free(&sample);
}

/* And so with the columns, each with the checksum of what was done to it. */
static void test_chunk_forged_columns(void **state)
{
    (void)state;
    struct sample sample = sample_make(400, 11);
    struct bytes *data = &sample.bytes.data;
    struct chunk_head parsed = {0};
    for (size_t at = 0; at < data->n; at++)
        for (int value = 1; value < 256; value += 127) {
            unsigned char *forged = mem_alloc(data->n), before = data->at[at];
            memcpy(forged, data->at, data->n);
            forged[at] = (unsigned char)(before + value);
            assert_true(chunk_head_read(&parsed, sample.bytes.head.at, sample.bytes.head.n));
            for (size_t s = 0; s < parsed.n; s++)
                for (int c = 0; c < COLUMN_COUNT; c++) {
                    struct chunk_part *part = &parsed.segments[s].parts[c];
                    if (part->size > CHUNK_INLINE)
                        part->checksum = (uint32_t)hash64(forged + part->offset, part->size);
                }
            struct arena *arena = arena_new();
            struct event_list events = {0};
            if (chunk_events(&parsed, forged, 0, arena, &events))
                assert_int_equal(events.n, parsed.events);
            vec_free(&events);
            arena_free(arena);
            free(forged);
        }
    chunk_head_free(&parsed);
    sample_free(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_columns_are_small),
        cmocka_unit_test(test_column_damage),
        cmocka_unit_test(test_refs),
        cmocka_unit_test(test_ref_keys_differ),
        cmocka_unit_test(test_ref_log),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_told_edges),
        cmocka_unit_test(test_told_damage),
        cmocka_unit_test(test_chunk),
        cmocka_unit_test(test_chunk_links),
        cmocka_unit_test(test_chunk_damage),
        cmocka_unit_test(test_chunk_forged),
        cmocka_unit_test(test_chunk_forged_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
