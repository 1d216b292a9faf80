/* Recordings read again and played: files of anybody's, jumps, searches, against a terminal that
 * was simply given everything. */
#include "model/fleet/recording.h"
#include "tests/support/device_farm.h"
#include "tests/support/temp.h"
#include "views/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

#define HEAD "{\"version\": 2, \"width\": 40, \"height\": 10, \"timestamp\": 1508400000}\n"

static char *folder, *path;

static int folder_begin(void **state)
{
    (void)state;
    folder = temp_folder();
    path = temp_path(folder, "a.cast");
    return 0;
}

static int folder_end(void **state)
{
    (void)state;
    free(path);
    temp_folder_remove(folder);
    return 0;
}

static enum status open_bytes(const char *bytes, size_t n, struct replay **replay,
                              struct error *err)
{
    static atomic_bool cancel;
    file_write_all(path, bytes, n);
    return replay_open(path, &cancel, replay, err);
}

/* ---- Files ---- */

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;   /* that the problem is in; 0: there is none */
        int events; /* before it; -1: it is refused */
    } files[] = {
        {HEAD "[0.5, \"o\", \"a\"]\n[1, \"o\", \"b\"]\n", 0, 2},
        {HEAD, 0, 0},
        {HEAD "\n\n[1, \"o\", \"\\u0000\"]", 0, 1},
        {HEAD "[1, \"i\", \"typed\"]\n[2, \"m\", \"\"]\n[3, \"o\", \"a\"]\n", 0, 1},
        {"", 1, -1},
        {"\n", 1, -1},
        {"hello\n", 1, -1},
        {"[]\n", 1, -1},
        {"{\"version\": 1, \"width\": 80, \"height\": 24}\n", 1, -1},
        {"{\"version\": 3, \"width\": 80, \"height\": 24}\n", 1, -1},
        {"{\"version\": 2, \"width\": 0, \"height\": 24}\n", 1, -1},
        {"{\"version\": 2, \"width\": 80, \"height\": -24}\n", 1, -1},
        {"{\"version\": 2, \"width\": 1000000, \"height\": 1000000}\n", 1, -1},
        {"{\"version\": 2, \"width\": 1000, \"height\": 1000}\n", 1, -1},
        {"{\"version\": 2, \"width\": 9223372036854775807, \"height\": 2}\n", 1, -1},
        {"{\"version\": 2, \"width\": \"80\", \"height\": 24}\n", 1, -1},
        {HEAD "[1, \"o\", \"a\"]\nnonsense\n[2, \"o\", \"b\"]\n", 3, 1},
        {HEAD "[1, \"o\", \"a\"]\n[2, \"o\", \"b", 3, 1},
        {HEAD "{}\n", 2, 0},
        {HEAD "[]\n", 2, 0},
        {HEAD "[\"1\", \"o\", \"a\"]\n", 2, 0},
        {HEAD "[1, 2, \"a\"]\n", 2, 0},
        {HEAD "[1, \"o\"]\n", 2, 0},
        {HEAD "[1, \"o\", 7]\n", 2, 0},
        {HEAD "[-1, \"o\", \"a\"]\n", 2, 0},
        {HEAD "[1e300, \"o\", \"a\"]\n", 2, 0},
        {HEAD "[5, \"o\", \"a\"]\n[4.9, \"o\", \"b\"]\n", 3, 1},
        {HEAD "[1, \"r\", \"100x40\"]\n[1, \"r\", \"0x40\"]\n", 3, 1},
        {HEAD "[1, \"r\", \"100\"]\n", 2, 0},
        {HEAD "[1, \"r\", \"1000x1000\"]\n", 2, 0},
        {HEAD "[1, \"r\", \"99999999999999999999x2\"]\n", 2, 0},
        {HEAD "[1, \"o\", \"\xff\"]\n", 2, 0},
        {HEAD "[1, \"o\", \"\\ud800\"]\n", 2, 0},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct replay *replay;
        struct error err = {0};
        char line[32];
        enum status status = open_bytes(files[i].text, strlen(files[i].text), &replay, &err);
        if (files[i].events < 0) {
            snprintf(line, sizeof line, ".cast':%d: ", files[i].line);
            if (status != ST_REFUSED || !strstr(error_text(&err), line))
                fail_msg("%s: %s", files[i].text, error_text(&err));
            test_harmless(error_text(&err));
            error_clear(&err);
            continue;
        }
        if (status != ST_OK)
            fail_msg("%s: %s", files[i].text, error_text(&err));
        const struct replay_head *head = replay_head(replay);
        assert_int_equal(head->events, files[i].events);
        snprintf(line, sizeof line, "line %d: ", files[i].line);
        if (files[i].line ? !head->problem || strncmp(head->problem, line, strlen(line)) != 0
                          : head->problem != NULL)
            fail_msg("%s: %s", files[i].text, head->problem ? head->problem : "no problem");
        replay_free(replay);
    }
}

static void a_line_without_an_end_is_bounded(void **state)
{
    (void)state;
    size_t n = strlen(HEAD), size = n + 3 * (size_t)REPLAY_LINE_MOST;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    memset(bytes, 'x', size);
    memcpy(bytes, HEAD, n);
    struct replay *replay;
    struct error err = {0};
    assert_ok(open_bytes(bytes, size, &replay, &err));
    assert_string_equal(replay_head(replay)->problem, "line 2: longer than a line may be");
    assert_int_equal(replay_head(replay)->bytes, size);
    replay_free(replay);
    assert_int_equal(open_bytes(bytes + n, size - n, &replay, &err), ST_REFUSED);
    error_clear(&err);
    free(bytes);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    static atomic_bool cancel;
    static const char *const paths[] = {"/dev/zero", "/", "/nowhere/at/all", "/dev/tty"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct replay *replay;
        struct error err = {0};
        assert_int_equal(replay_open(paths[i], &cancel, &replay, &err), ST_REFUSED);
        assert_null(replay);
        error_clear(&err);
    }
}

/* What the recorder writes is what is read, but for what was no text. */
static void what_was_recorded_is_read(void **state)
{
    (void)state;
    struct recording *recording;
    struct recorded recorded;
    struct error err = {0};
    struct replay *replay;
    static atomic_bool cancel;
    struct recording_options options = {
        .path = path, .title = "P1\x1b]0;x", .term = "xterm", .rows = 10, .cols = 40};
    unlink(path);
    assert_ok(recording_new(&options, &recording, &err));
    for (const struct farm_text *text = farm_corpus; text->name; text++)
        recording_output(recording, text->bytes, text->n);
    recording_resize(recording, 20, 50);
    recording_output(recording, "the end", 7);
    recording_wait(recording, &recorded);
    recording_free(recording);
    assert_ok(replay_open(path, &cancel, &replay, &err));
    const struct replay_head *head = replay_head(replay);
    assert_null(head->problem);
    assert_int_equal(head->bytes, recorded.bytes);
    assert_string_equal(head->sha256, recorded.sha256);
    test_harmless(head->title);
    struct replay_event event;
    assert_true(replay_read(replay, head->events - 1, &event));
    assert_int_equal(event.n, 7);
    assert_true(replay_read(replay, head->events - 2, &event));
    assert_true(event.resize && event.cols == 50 && event.rows == 20);
    assert_true(replay_read(replay, 0, &event));
    assert_memory_equal(event.bytes, farm_corpus[0].bytes, farm_corpus[0].n);
    replay_free(replay);
}

/* ---- Playing ---- */

static uint64_t seed;

static unsigned chance(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

enum { EVENTS = 300 };

/* A story with everything in it, as a file and as it was told. */
static struct told {
    char *bytes;
    size_t n;
    int cols, rows; /* of a change of size; 0: bytes */
    double at;
} told[EVENTS];

static void story_write(void)
{
    static const char *const parts[] = {
        "hello ",
        "needle",
        "\r\n",
        "\x1b[2J",
        "\x1b[H",
        "\x1b[31m",
        "\x1b[?1049h",
        "\x1b[?1049l",
        "中文 ",
        "\x1b[5;7H",
        "\x1b]0;t\a",
        "\x1b[1;3r",
        "a line\r\n",
        "\x1b[K",
        "\x1b"
        "c",
        "e\xcc\x81",
        "\b\b",
        "\t",
    };
    FILE *file = fopen(path, "w");
    double at = 0;
    assert_non_null(file);
    fputs(HEAD, file);
    for (int i = 0; i < EVENTS; i++) {
        struct told *event = &told[i];
        at += chance(4) ? chance(500) / 1000.0 : 0;
        free(event->bytes);
        *event = (struct told){.at = at};
        if (chance(25) == 0) {
            event->cols = 10 + (int)chance(60);
            event->rows = 4 + (int)chance(20);
            fprintf(file, "[%.6f, \"r\", \"%dx%d\"]\n", at, event->cols, event->rows);
            continue;
        }
        FILE *out = open_memstream(&event->bytes, &event->n);
        for (unsigned k = 1 + chance(6); k; k--)
            fputs(parts[chance(sizeof parts / sizeof *parts)], out);
        fclose(out);
        json_t *text = json_stringn(event->bytes, event->n);
        char *json = json_dumps(text, JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
        fprintf(file, "[%.6f, \"o\", %s]\n", at, json);
        free(json);
        json_decref(text);
    }
    fclose(file);
}

static void nothing_sent(void *context, const char *bytes, size_t n)
{
    (void)context;
    (void)bytes;
    (void)n;
}

/* What a terminal shows that was given the first `n` events. */
static char *plain_screen(size_t n)
{
    struct emulator *screen = emulator_new(10, 40, nothing_sent, NULL);
    for (size_t i = 0; i < n; i++)
        if (told[i].bytes)
            emulator_take(screen, told[i].bytes, told[i].n);
        else
            emulator_resize(screen, told[i].rows, told[i].cols);
    char *text = emulator_text(screen);
    emulator_free(screen);
    return text;
}

static size_t told_until(double seconds)
{
    size_t n = 0;
    while (n < EVENTS && (int64_t)(told[n].at * 1e6 + 0.5) <= (int64_t)(seconds * 1e6 + 0.5))
        n++;
    return n;
}

static struct player *story_open(void)
{
    struct replay *replay;
    struct error err = {0};
    static atomic_bool cancel;
    assert_ok(replay_open(path, &cancel, &replay, &err));
    assert_null(replay_head(replay)->problem);
    return player_new(replay);
}

static void shows_first(struct player *player, size_t n)
{
    char *expected = plain_screen(n), *found = emulator_text(player_screen(player));
    assert_int_equal(player_at(player), n);
    assert_string_equal(found, expected);
    free(expected);
    free(found);
}

/* In slices as short as can be. */
static void work(struct player *player)
{
    while (player_work(player, 0))
        continue;
    assert_false(player_busy(player));
}

static void jumps_show_what_was_there(void **state)
{
    (void)state;
    for (seed = 1; seed < 12; seed++) {
        uint64_t kept = seed;
        story_write();
        struct player *player = story_open();
        size_t at = 0;
        for (int i = 0; i < 60; i++) {
            if (chance(3)) {
                double seconds =
                    (double)chance((unsigned)(told[EVENTS - 1].at * 1000) + 500) / 1000;
                player_seek(player, (int64_t)(seconds * 1e6 + 0.5));
                at = told_until(seconds < told[EVENTS - 1].at ? seconds : told[EVENTS - 1].at);
            } else {
                int by = chance(2) ? 1 : -1;
                player_step(player, by);
                at = by > 0 ? at + (at < EVENTS) : at - (at > 0);
            }
            if (chance(4)) /* else the next one overtakes it */
                work(player);
            else
                player_work(player, 0);
            if (!player_busy(player))
                shows_first(player, at);
        }
        player_free(player);
        seed = kept;
    }
}

static bool screen_has(size_t n, const char *what)
{
    char *text = plain_screen(n);
    bool found = strstr(text, what) != NULL;
    free(text);
    return found;
}

/* Each event of the story is less than a screen, so that looking after each of them is enough. */
static void a_search_finds_each_time_it_is_shown(void **state)
{
    (void)state;
    char *error = NULL;
    size_t wrong;
    struct pattern *pattern = table_pattern_new("needle", &error, &wrong);
    for (seed = 20; seed < 26; seed++) {
        uint64_t kept = seed;
        bool shown[EVENTS + 1];
        story_write();
        for (size_t i = 0; i <= EVENTS; i++)
            shown[i] = screen_has(i, "needle");
        struct player *player = story_open();
        size_t at = 0, times = 0;
        for (;;) {
            size_t next = at + 1;
            while (next <= EVENTS && !(shown[next] && !shown[next - 1]))
                next++;
            player_find(player, pattern, 1);
            assert_int_equal(player_found(player), FOUND_SEARCHING);
            work(player);
            if (next > EVENTS)
                break;
            assert_int_equal(player_found(player), FOUND_HERE);
            shows_first(player, next);
            at = next;
            times++;
        }
        assert_int_equal(player_found(player), FOUND_NOTHING);
        shows_first(player, at);
        assert_true(times > 2);
        for (;;) {
            size_t before = at - 1;
            while (before > 0 && !(shown[before] && !shown[before - 1]))
                before--;
            player_find(player, pattern, -1);
            work(player);
            if (!before)
                break;
            shows_first(player, before);
            at = before;
        }
        assert_int_equal(player_found(player), FOUND_NOTHING);
        shows_first(player, at);
        player_free(player);
        seed = kept;
    }
    table_pattern_free(pattern);
}

static void a_file_write(const char *text)
{
    file_write_all(path, text, strlen(text));
}

static void what_scrolls_by_at_once_is_found(void **state)
{
    (void)state;
    char *error = NULL;
    size_t wrong;
    struct pattern *pattern = table_pattern_new("row 50\\b", &error, &wrong);
    FILE *file = fopen(path, "w");
    fputs(HEAD "[1, \"o\", \"before\"]\n[2, \"o\", \"", file);
    for (int i = 0; i < 200; i++)
        fprintf(file, "row %d\\r\\n", i);
    fputs("\"]\n[3, \"o\", \"after\"]\n", file);
    fclose(file);
    struct player *player = story_open();
    player_find(player, pattern, 1);
    work(player);
    assert_int_equal(player_found(player), FOUND_HERE);
    assert_int_equal(player_at(player), 2);
    player_free(player);
    table_pattern_free(pattern);
}

enum { MS = 1000000 };

static void its_clock_goes_as_fast_as_it_is_told(void **state)
{
    (void)state;
    a_file_write(HEAD "[1, \"o\", \"a\"]\n[2, \"o\", \"b\"]\n[60, \"o\", \"c\"]\n");
    struct player *player = story_open();
    int64_t now = 5 * INT64_C(1000) * MS;
    player_play(player, true, now);
    player_tick(player, now += 1500 * (int64_t)MS);
    work(player);
    assert_int_equal(player_at(player), 1);
    assert_int_equal(player_time(player), 1500000);
    player_faster(player, 1);
    player_tick(player, now += 250 * (int64_t)MS);
    work(player);
    assert_int_equal(player_at(player), 2);
    player_hurry(player, true); /* of 58 s one is left */
    player_tick(player, now += MS);
    assert_int_equal(player_time(player), 59000000);
    player_tick(player, now += 499 * (int64_t)MS);
    work(player);
    assert_int_equal(player_at(player), 2);
    player_tick(player, now += 5000 * (int64_t)MS);
    work(player);
    assert_int_equal(player_at(player), 3);
    assert_false(player_plays(player));
    assert_int_equal(player_time(player), 60000000);
    player_play(player, true, now); /* once more from its beginning */
    work(player);
    assert_int_equal(player_at(player), 0);
    for (int i = 0; i < 20; i++)
        player_faster(player, -1);
    assert_true(player_speed(player) == 0.25);
    for (int i = 0; i < 20; i++)
        player_faster(player, 1);
    assert_true(player_speed(player) == 32);
    player_free(player);
}

static void a_file_that_changes_is_told(void **state)
{
    (void)state;
    a_file_write(HEAD "[1, \"o\", \"a\"]\n[2, \"o\", \"b\"]\n");
    struct player *player = story_open();
    assert_int_equal(truncate(path, 90), 0);
    player_seek(player, 2000000);
    work(player);
    assert_true(player_lost(player));
    player_free(player);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(a_line_without_an_end_is_bounded),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(what_was_recorded_is_read),
        cmocka_unit_test(jumps_show_what_was_there),
        cmocka_unit_test(a_search_finds_each_time_it_is_shown),
        cmocka_unit_test(what_scrolls_by_at_once_is_found),
        cmocka_unit_test(its_clock_goes_as_fast_as_it_is_told),
        cmocka_unit_test(a_file_that_changes_is_told),
    };
    int failed = cmocka_run_group_tests(tests, folder_begin, folder_end);
    for (int i = 0; i < EVENTS; i++)
        free(told[i].bytes);
    return failed;
}
