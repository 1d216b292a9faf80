/* Lines of logs: cut and cleaned, in bounded memory, and going on where they stopped, against a
 * plain log on many random histories. */
#include "model/base/arena.h"
#include "model/fleet/log_lines.h"
#include "model/fleet/log_pretty.h"
#include "tests/support/device_farm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

static struct zone *zone;

static int begin(void **state)
{
    struct error err = {0};
    (void)state;
    return zone_load("Asia/Shanghai", &zone, &err) != ST_OK;
}

static int end(void **state)
{
    (void)state;
    zone_free(zone);
    return 0;
}

static void add(struct log_ring *ring, struct log_source *source, const char *text)
{
    log_add(ring, source, text, strlen(text));
}

static void test_bytes_become_lines(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_new(zone);
    struct log_source source = {.number = 3};
    add(ring, &source, "one\ntw");
    assert_int_equal(log_end(ring), 1);
    add(ring, &source, "o\r\n\x1B[31mthree\tx\n\nrest");
    assert_int_equal(log_end(ring), 4);
    assert_string_equal(log_at(ring, 0)->text, "one");
    assert_string_equal(log_at(ring, 1)->text, "two");
    assert_string_equal(log_at(ring, 2)->text, "\xEF\xBF\xBD[31mthree x");
    assert_string_equal(log_at(ring, 3)->text, "");
    assert_int_equal(log_at(ring, 3)->source, 3);
    log_source_end(ring, &source);
    assert_string_equal(log_at(ring, 4)->text, "rest");
    log_source_free(&source);
    log_ring_free(ring);
}

static void test_times_are_the_line_s_own(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_new(zone);
    struct log_source source = {0};
    add(ring, &source, "2017-10-19T08:00:00Z sold\n2017-10-19 16:00:01 sold\n");
    add(ring, &source,
        "{\"level\":\"info\",\"time\":\"2017-10-19T16:00:02+08:00\",\"msg\":\"x\"}\n");
    add(ring, &source, "no time at all\n");
    assert_int_equal(log_at(ring, 0)->time, 1508400000);
    assert_int_equal(log_at(ring, 1)->time, 1508400001);
    assert_int_equal(log_at(ring, 2)->time, 1508400002);
    assert_true(llabs(log_at(ring, 3)->time - time_now()) < 5);
    log_source_free(&source);
    log_ring_free(ring);
}

static void test_a_long_line_is_cut_and_counted(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_new(zone);
    struct log_source source = {0};
    static char part[16384];
    memset(part, 'x', sizeof part);
    for (int i = 0; i < 640; i++) /* 10 MB */
        log_add(ring, &source, part, sizeof part);
    assert_true(source.part_cap <= LOG_LINE_MOST);
    add(ring, &source, "\nnext\n");
    assert_int_equal(strlen(log_at(ring, 0)->text), LOG_LINE_MOST);
    assert_int_equal(log_at(ring, 0)->cut, 640 * 16384 - LOG_LINE_MOST);
    assert_string_equal(log_at(ring, 1)->text, "next");
    log_source_free(&source);
    log_ring_free(ring);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_new(zone);
    struct log_source source = {0};
    char line[64];
    for (int i = 0; i < 50000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        add(ring, &source, line);
    }
    assert_int_equal(log_end(ring), 50000);
    assert_int_equal(log_first(ring), 50000 - LOG_LINES_MOST);
    assert_string_equal(log_at(ring, log_first(ring))->text, "line 30000");
    static char big[8001];
    memset(big, 'y', 8000);
    for (int i = 0; i < 5000; i++) {
        add(ring, &source, big);
        add(ring, &source, "\n");
    }
    assert_true((log_end(ring) - log_first(ring)) * 8001 <= LOG_BYTES_MOST);
    log_source_free(&source);
    log_ring_free(ring);
}

static void test_every_hostile_text_is_clean(void **state)
{
    (void)state;
    struct log_ring *ring = log_ring_new(zone);
    struct log_source source = {0};
    for (const struct farm_text *text = farm_corpus; text->name; text++) {
        log_add(ring, &source, text->bytes, text->n);
        add(ring, &source, "\n");
        log_note(ring, 0, text->bytes);
    }
    for (uint64_t i = log_first(ring); i < log_end(ring); i++)
        test_harmless(log_at(ring, i)->text);
    log_source_free(&source);
    log_ring_free(ring);
}

/* ---- Going on ---- */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

/* What a device has: all it ever wrote, and where its present file begins. */
struct plain {
    int written, begins;
};

static void say(struct log_ring *ring, struct log_source *source, int number)
{
    char line[64];
    snprintf(line, sizeof line, "%d %s\n", number, number % 3 ? "sold" : "heard a phone");
    size_t n = strlen(line), cut = below((uint32_t)n);
    log_add(ring, source, line, cut); /* in two pieces, as lines come */
    log_add(ring, source, line + cut, n - cut);
}

/* Its line is lost, the device goes on writing, perhaps into a fresh file, and the last LOG_AGAIN
 * lines come again. */
static void lose(struct log_ring *ring, struct log_source *source, struct plain *device)
{
    if (below(2))
        log_add(ring, source, "half of a li", 12);
    log_lost(source);
    int more = (int)below(250);
    if (below(4) == 0)
        device->begins = device->written + (int)below((uint32_t)more + 1);
    device->written += more;
    int from = device->written - LOG_AGAIN;
    if (from < device->begins)
        from = device->begins;
    log_again(source);
    for (int i = from; i < device->written; i++)
        say(ring, source, i);
    log_again_end(ring, source);
}

/* Every line at most once and in order; none is missing but where a note says so. */
static void test_a_log_goes_on_where_it_stopped(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct log_ring *ring = log_ring_new(zone);
        struct log_source source = {0};
        struct plain device = {0};
        seed = (uint64_t)round;
        for (int step = 0; step < 12; step++) {
            for (int n = (int)below(120); n-- > 0;)
                say(ring, &source, device.written++);
            lose(ring, &source, &device);
        }
        say(ring, &source, device.written++);
        int next = 0;
        bool noted = true; /* what was never seen is not missed */
        for (uint64_t i = log_first(ring); i < log_end(ring); i++) {
            const struct log_line *line = log_at(ring, i);
            int number = (int)strtol(line->text, NULL, 10);
            noted = noted || line->note;
            if (line->note)
                continue;
            if (number < next || (number > next && !noted))
                fail_msg("round %d: found line %d, expected %d", round, number, next);
            noted = false;
            next = number + 1;
        }
        assert_int_equal(next, device.written);
        log_source_free(&source);
        log_ring_free(ring);
    }
}

/* ---- JSON ---- */

static void test_json_as_a_person_reads_it(void **state)
{
    static const char *const cases[][2] = {
        {"{\"time\":\"12:00\",\"level\":\"error\",\"msg\":\"no paper\",\"tray\":2}",
         "12:00 error no paper  tray=2"},
        {"{\"a\":[1,{\"b\":null}],\"c\":\"x y\"}", "a=[1,{\"b\":null}] c=x y"},
        {"{\"msg\":\"\\u001b]0;owned\\u0007\"}", "\xEF\xBF\xBD]0;owned\xEF\xBF\xBD"},
        {"{\"\\u202e\":\"\\u009b2J\"}", "\xEF\xBF\xBD=\xEF\xBF\xBD"
                                        "2J"},
        {"{\"cut\":", NULL},
        {"[1]", NULL},
        {"sold 12.00", NULL},
    };
    (void)state;
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = log_pretty(arena, cases[i][0]);
        if (!cases[i][1])
            assert_null(found);
        else
            assert_string_equal(found, cases[i][1]);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_become_lines),
        cmocka_unit_test(test_times_are_the_line_s_own),
        cmocka_unit_test(test_a_long_line_is_cut_and_counted),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_every_hostile_text_is_clean),
        cmocka_unit_test(test_a_log_goes_on_where_it_stopped),
        cmocka_unit_test(test_json_as_a_person_reads_it),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
