/* Shells and followed logs against simulated devices and a real OpenSSH server. */
#include "model/base/time.h"
#include "model/fleet/follow.h"
#include "model/fleet/shell.h"
#include "tests/support/device_farm.h"
#include "tests/support/sshd.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { PATIENCE_MS = 20000, LIMIT_MS = 3000, KEPT = 64 << 10, AT_ONCE = 64 };

static struct test_fleet fleet;
static struct fleet_engine *engine;
static char *path;

/* ---- One shell ---- */

static struct {
    char *bytes;
    size_t n;
    size_t seen; /* those before it were waited for already */
} shown;

static struct shell *begin(const struct device *device)
{
    struct shell *shell;
    struct error err = {0};
    struct shell_options options = {
        .device = device, .term = "xterm-256color", .rows = 24, .cols = 80, .recording = path};
    remove(path);
    free(shown.bytes);
    shown.bytes = mem_strdup("");
    shown.n = shown.seen = 0;
    assert_ok(shell_begin(engine, &options, &shell, &err));
    return shell;
}

static void take(struct shell *shell, int ms)
{
    char bytes[4096];
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = shell_fd(shell), .events = POLLIN}};
    poll(fds, 2, ms);
    fleet_collect(engine);
    size_t n;
    /* A device may be faster than this. */
    for (int k = 0; k < AT_ONCE && (n = shell_take(shell, bytes, sizeof bytes)) > 0; k++) {
        shown.bytes = mem_resize(shown.bytes, shown.n + n + 1, 1);
        for (size_t i = 0; i < n; i++) /* text to be searched */
            shown.bytes[shown.n + i] = (char)(bytes[i] ? bytes[i] : '?');
        shown.n += n;
        shown.bytes[shown.n] = 0;
        if (shown.n < KEPT)
            continue;
        /* The end is enough, for those that say much. */
        memmove(shown.bytes, shown.bytes + shown.n - KEPT / 2, KEPT / 2 + 1);
        shown.n = KEPT / 2;
        shown.seen = 0;
    }
}

static int64_t now_ms(void)
{
    return time_monotonic_ns() / 1000000;
}

/* Until the text comes, after what was waited for before. */
static void await(struct shell *shell, const char *text)
{
    int64_t until = now_ms() + PATIENCE_MS;
    const char *found;
    while (!(found = strstr(shown.bytes + shown.seen, text))) {
        if (now_ms() > until || shell_over(shell))
            fail_msg("%s did not come: %s; %.200s", text, shell_job(shell)->reason,
                     shown.bytes + shown.seen);
        take(shell, 50);
    }
    shown.seen = (size_t)(found - shown.bytes) + strlen(text);
}

static void await_over(struct shell *shell)
{
    int64_t until = now_ms() + PATIENCE_MS;
    while (!shell_over(shell)) {
        if (now_ms() > until)
            fail_msg("it did not end");
        take(shell, 50);
    }
}

static void type(struct shell *shell, const char *text)
{
    assert_true(shell_send(shell, text, strlen(text)));
}

/* ---- A reader of asciicast version 2 ---- */

struct cast {
    int width, height, outputs, resizes;
    char *output; /* all of it */
    size_t n;
    char last_size[32];
};

static void cast_event(struct cast *cast, json_t *event, double *before)
{
    double at;
    const char *kind, *data;
    size_t n;
    assert_int_equal(json_unpack(event, "[F, s, s%!]", &at, &kind, &data, &n), 0);
    assert_true(at >= *before);
    *before = at;
    if (strcmp(kind, "r") == 0) {
        cast->resizes++;
        snprintf(cast->last_size, sizeof cast->last_size, "%s", data);
        return;
    }
    assert_string_equal(kind, "o"); /* never "i" */
    cast->outputs++;
    cast->output = mem_resize(cast->output, cast->n + n + 1, 1);
    memcpy(cast->output + cast->n, data, n);
    cast->n += n;
    cast->output[cast->n] = 0;
}

/* Every byte of the file is harmless, every line JSON. */
static struct cast cast_read(void)
{
    struct cast cast = {0};
    struct stat info;
    char *line = NULL;
    size_t room = 0;
    double before = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    for (int number = 0; getline(&line, &room, file) > 0; number++) {
        test_harmless(line);
        json_t *value = json_loads(line, JSON_ALLOW_NUL, NULL);
        if (!value)
            fail_msg("line %d is not JSON: %s", number + 1, line);
        int version;
        if (number == 0) {
            assert_int_equal(json_unpack(value, "{s:i, s:i, s:i}", "version", &version, "width",
                                         &cast.width, "height", &cast.height),
                             0);
            assert_int_equal(version, 2);
        } else {
            cast_event(&cast, value, &before);
        }
        json_decref(value);
    }
    free(line);
    fclose(file);
    return cast;
}

static void recorded_is_right(struct shell *shell)
{
    struct arena *arena = arena_new();
    const struct shell_record *record = shell_record_of(shell, arena, "liu");
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX], *bytes;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    bytes = mem_alloc((size_t)record->bytes + 1);
    assert_int_equal(fread(bytes, 1, (size_t)record->bytes + 1, file), record->bytes);
    fclose(file);
    sha256(bytes, (size_t)record->bytes, digest);
    sha256_hex(digest, hex);
    assert_string_equal(record->sha256, hex);
    free(bytes);
    arena_free(arena);
}

/* ---- Shells ---- */

static void test_a_shell_is_used_resized_and_left(void **state)
{
    (void)state;
    struct shell *shell = begin(&fleet.devices[0]);
    await(shell, ":~$ ");
    type(shell, "stty size\r");
    await(shell, "24 80, changed 0 times");
    shell_resize(shell, 50, 132);
    await(shell, ":~$ ");
    /* The change is on its way as soon as typed text is: both go in one order. */
    for (int i = 0; i < 100 && !strstr(shown.bytes + shown.seen, "50 132"); i++) {
        type(shell, "stty size\r");
        await(shell, " times");
        shown.seen -= strlen("50 132, changed 1 times");
    }
    await(shell, "50 132, changed 1 times");
    type(shell, "passwd\r");
    await(shell, "New password: ");
    type(shell, "tops3cret\r");
    await(shell, "password of 9 characters set");
    type(shell, "exit 7\r");
    await_over(shell);
    assert_int_equal(shell_job(shell)->state, DEVICE_OK);
    assert_int_equal(shell_job(shell)->exit_status, 7);
    recorded_is_right(shell);
    struct cast cast = cast_read();
    assert_int_equal(cast.width, 80);
    assert_int_equal(cast.height, 24);
    assert_int_equal(cast.resizes, 1);
    assert_string_equal(cast.last_size, "132x50");
    assert_non_null(strstr(cast.output, "password of 9 characters set"));
    assert_null(strstr(cast.output, "tops3cret"));
    assert_memory_equal(cast.output, shown.bytes, cast.n);
    free(cast.output);
    shell_free(shell);
}

static void test_hostile_bytes_are_recorded_harmlessly(void **state)
{
    (void)state;
    struct shell *shell = begin(&fleet.devices[0]);
    await(shell, ":~$ ");
    type(shell, "corpus\r");
    await(shell, "DEL" + 3);
    await(shell, ":~$ ");
    shell_leave(shell);
    await_over(shell);
    assert_int_equal(shell_job(shell)->state, DEVICE_OK);
    struct cast cast = cast_read(); /* test_harmless on every line of it */
    assert_non_null(strstr(cast.output, "\x1B]52;c;cm0gLXJmIC8K\x07"));
    free(cast.output);
    shell_free(shell);
}

/* Who does not take output makes the device wait, and Ctrl-C still gets through. */
static void test_endless_output_waits_and_is_interrupted(void **state)
{
    (void)state;
    struct shell *shell = begin(&fleet.devices[0]);
    await(shell, ":~$ ");
    type(shell, "yes\r");
    await(shell, "xxxxxxxx");
    struct pollfd none = {.fd = -1};
    int64_t until = now_ms() + PATIENCE_MS;
    while (!__atomic_load_n(&shell_job(shell)->hold, __ATOMIC_RELAXED)) { /* nothing is taken */
        assert_true(now_ms() < until);
        poll(&none, 1, 5);
    }
    clock_t spent = clock();
    poll(&none, 1, 300);
    assert_true(clock() - spent < CLOCKS_PER_SEC / 6); /* who waits does not turn round */
    /* What was taken, what is held, and what lay in windows on the way; an x a byte. */
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size < 24 << 20);
    type(shell, "\x03");
    await(shell, "^C");
    await(shell, ":~$ ");
    shell_leave(shell);
    await_over(shell);
    shell_free(shell);
}

static void test_what_goes_wrong_is_said(void **state)
{
    static const struct {
        const char *fault;
        enum device_condition state;
        const char *words;
    } cases[] = {{"off", DEVICE_OFFLINE, "refused"},
                 {"wrongkey", DEVICE_QUARANTINED, "not the pinned one"},
                 {"refuse", DEVICE_FAILED, "does not accept"},
                 {"noexec", DEVICE_FAILED, "does not run"},
                 {"stall:command", DEVICE_UNKNOWN, "no answer"},
                 {"drop:output", DEVICE_UNKNOWN, "the connection ended"},
                 /* What was still unread goes with a reset. */
                 {"reset:output", DEVICE_UNKNOWN, "connection"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_fault(&fleet, 1, cases[i].fault);
        struct shell *shell = begin(&fleet.devices[1]);
        await_over(shell);
        const struct fleet_job *job = shell_job(shell);
        if (job->state != cases[i].state || !strstr(job->reason, cases[i].words))
            fail_msg("%s: found %s, %s", cases[i].fault, device_condition_names[job->state],
                     job->reason);
        struct arena *arena = arena_new();
        const struct shell_record *record = shell_record_of(shell, arena, "liu");
        struct stat info;
        assert_int_equal(stat(path, &info) == 0, record->bytes > 0);
        arena_free(arena);
        shell_free(shell);
        test_fault(&fleet, 1, "ok");
    }
}

static void test_no_shell_without_a_recording(void **state)
{
    (void)state;
    struct shell *shell;
    struct error err = {0};
    struct shell_options options = {.device = &fleet.devices[0],
                                    .term = "xterm-256color",
                                    .rows = 24,
                                    .cols = 80,
                                    .recording = "/nowhere/at/all.cast"};
    assert_int_equal(shell_begin(engine, &options, &shell, &err), ST_UNUSABLE);
    assert_non_null(strstr(error_text(&err), "A shell is not opened without one"));
    error_clear(&err);
}

static void test_a_real_server(void **state)
{
    (void)state;
    if (!sshd_there())
        skip();
    struct sshd_farm real;
    struct error err = {0};
    sshd_farm_start(&real, 1, NULL);
    struct fleet_engine *simulated = engine;
    struct fleet_options options = {.identity = real.identity};
    assert_ok(fleet_new(&options, &engine, &err));
    struct shell *shell = begin(&real.devices[0]);
    type(shell, "PS1='$ '; stty size; echo \"<$TERM>\"\r");
    await(shell, "24 80");
    await(shell, "<xterm-256color>");
    shell_resize(shell, 40, 100);
    type(shell, "sleep 0.3; stty size\r");
    await(shell, "40 100");
    type(shell, "stty -echo; printf 'Pass%s: ' word; read secret; stty echo; echo \"it has "
                "${#secret} letters\"\r");
    await(shell, "Password: ");
    type(shell, "tops3cret\r");
    await(shell, "it has 9 letters");
    type(shell, "sleep 1000 # the shell's own\r");
    await(shell, "own");
    shell_leave(shell);
    await_over(shell);
    recorded_is_right(shell);
    struct cast cast = cast_read();
    assert_null(strstr(cast.output, "tops3cret"));
    free(cast.output);
    shell_free(shell);
    fleet_free(engine);
    engine = simulated;
    sshd_farm_stop(&real);
}

/* The way is the device's own, as everything else goes it. */
static void test_a_shell_behind_a_bastion(void **state)
{
    (void)state;
    if (!sshd_there())
        skip();
    enum { BASTION, BEHIND, SERVERS };
    struct sshd_farm real;
    struct error err = {0};
    sshd_farm_start(&real, SERVERS, NULL);
    struct fleet_engine *simulated = engine;
    struct fleet_options options = {.identity = real.identity};
    assert_ok(fleet_new(&options, &engine, &err));
    const struct device *b = &real.devices[BASTION];
    struct device device = real.devices[BEHIND];
    device.hop = (struct device_hop){.code = b->code,
                                     .host = b->host,
                                     .user = b->user,
                                     .pin = b->pin,
                                     .quarantine = b->quarantine,
                                     .identity = b->identity,
                                     .kind = b->kind,
                                     .port = b->port};
    size_t logins = sshd_log_count(&real, BASTION, "Accepted publickey");
    struct shell *shell = begin(&device);
    type(shell, "echo it is $((6 * 7))\r");
    await(shell, "it is 42");
    assert_int_equal(sshd_log_count(&real, BASTION, "Accepted publickey") - logins, 1);
    type(shell, "yes\r"); /* and so is Ctrl-C's */
    await(shell, "y\r\ny\r\n");
    type(shell, "\x03");
    type(shell, "echo it is $((6 * 8))\r");
    await(shell, "it is 48");
    shell_leave(shell);
    await_over(shell);
    shell_free(shell);
    fleet_free(engine);
    engine = simulated;
    sshd_farm_stop(&real);
}

/* ---- Logs ---- */

static void pump(struct follow *follow)
{
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = follow_fd(follow), .events = POLLIN}};
    poll(fds, 2, 50);
    fleet_collect(engine);
    follow_collect(follow);
    follow_tick(follow);
}

static bool has_line(const struct follow *follow, const char *text, bool note)
{
    const struct log_ring *ring = follow_lines(follow);
    for (uint64_t i = log_first(ring); i < log_end(ring); i++)
        if (log_at(ring, i)->note == note && strstr(log_at(ring, i)->text, text))
            return true;
    return false;
}

static void await_line(struct follow *follow, const char *text, bool note)
{
    int64_t until = now_ms() + PATIENCE_MS;
    while (!has_line(follow, text, note)) {
        if (now_ms() > until)
            fail_msg("the line %s did not come", text);
        pump(follow);
    }
}

static struct follow *follow_some(size_t from, size_t n)
{
    struct error err = {0};
    static struct zone *zone;
    if (!zone)
        assert_ok(zone_load("Asia/Shanghai", &zone, &err));
    struct follow_options options = {.lines = 10, .follow = true, .zone = zone};
    return follow_begin(engine, &fleet.devices[from], n, &options);
}

static void log_put(size_t device, const char *text)
{
    farm_file_put(fleet.farm, fleet.devices[device].code, "log/app.log", text, strlen(text), true);
}

static int count_lines(const struct follow *follow, const char *text)
{
    const struct log_ring *ring = follow_lines(follow);
    int n = 0;
    for (uint64_t i = log_first(ring); i < log_end(ring); i++)
        n += strcmp(log_at(ring, i)->text, text) == 0;
    return n;
}

static void test_logs_are_merged_and_go_on_after_a_lost_line(void **state)
{
    (void)state;
    log_put(2, "two one\n");
    log_put(3, "three one\n");
    struct follow *follow = follow_some(2, 2);
    await_line(follow, "two one", false);
    await_line(follow, "three one", false);
    log_put(2, "two one\ntwo two\n");
    await_line(follow, "two two", false);
    test_fault(&fleet, 2, "drop:output");
    log_put(2, "two one\ntwo two\ntwo three\n");
    await_line(follow, "the line is lost", true);
    test_fault(&fleet, 2, "ok");
    log_put(2, "two one\ntwo two\ntwo three\ntwo four\n");
    await_line(follow, "it is back", true);
    await_line(follow, "two four", false);
    /* The last line before the loss may have come or not; none comes twice. */
    assert_int_equal(count_lines(follow, "two one"), 1);
    assert_int_equal(count_lines(follow, "two two"), 1);
    assert_int_equal(count_lines(follow, "two three"), 1);
    log_put(2, "a fresh file\n");
    await_line(follow, "a fresh file", false);
    follow_leave(follow);
    assert_true(fleet_wait(engine, PATIENCE_MS));
}

static void test_hostile_logs_are_clean_and_bounded(void **state)
{
    (void)state;
    test_fault(&fleet, 4, "garble");
    test_fault(&fleet, 5, "longline");
    test_fault(&fleet, 6, "endless");
    struct follow *follow = follow_some(4, 3);
    await_line(follow, "http://evil.example", false);
    int64_t until = now_ms() + 1500;
    while (now_ms() < until)
        pump(follow);
    const struct log_ring *ring = follow_lines(follow);
    for (uint64_t i = log_first(ring); i < log_end(ring); i++) {
        test_harmless(log_at(ring, i)->text);
        assert_true(strlen(log_at(ring, i)->text) <= LOG_LINE_MOST);
    }
    follow_leave(follow);
    assert_true(fleet_wait(engine, PATIENCE_MS));
    for (size_t i = 4; i < 7; i++)
        test_fault(&fleet, i, "ok");
}

static void test_those_who_refuse_are_not_called_again(void **state)
{
    (void)state;
    test_fault(&fleet, 7, "wrongkey");
    struct follow *follow = follow_some(7, 1);
    await_line(follow, "not the pinned one", true);
    assert_int_equal(follow_state(follow, 0), FOLLOW_ENDED);
    assert_non_null(follow_problem(follow, 0));
    follow_leave(follow);
    assert_true(fleet_wait(engine, PATIENCE_MS));
}

static int setup(void **state)
{
    (void)state;
    test_fleet_start(&fleet, 8);
    path = temp_path(fleet.folder, "shell.cast");
    engine = test_engine(fleet.identity, LIMIT_MS, LIMIT_MS);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fleet_free(engine);
    free(path);
    free(shown.bytes);
    test_fleet_stop(&fleet);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_shell_is_used_resized_and_left),
        cmocka_unit_test(test_hostile_bytes_are_recorded_harmlessly),
        cmocka_unit_test(test_endless_output_waits_and_is_interrupted),
        cmocka_unit_test(test_what_goes_wrong_is_said),
        cmocka_unit_test(test_no_shell_without_a_recording),
        cmocka_unit_test(test_a_real_server),
        cmocka_unit_test(test_a_shell_behind_a_bastion),
        cmocka_unit_test(test_logs_are_merged_and_go_on_after_a_lost_line),
        cmocka_unit_test(test_hostile_logs_are_clean_and_bounded),
        cmocka_unit_test(test_those_who_refuse_are_not_called_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
