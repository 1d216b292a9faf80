/* The HTTP contact against a real server that answers in every way. */
#include "model/campaign/http.h"
#include "tests/support/contact_server.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

enum { MOST = 200 };

/* Sends n messages with keys of their own; the outcomes are in `out`. */
static void send_some(int port, const char *token, struct arena *arena, struct outgoing *out,
                      size_t n, int timeout)
{
    void *state;
    char *url = arena_printf(arena, "http://127.0.0.1:%d/messages", port);
    struct http_options options = {.url = url, .token = token, .timeout_s = timeout};
    assert_ok(http_open(&options, &state, &err));
    for (size_t i = 0; i < n; i++)
        out[i] = (struct outgoing){
            .key = arena_printf(arena, "%s-%zu", token, i),
            .body = arena_printf(arena,
                                 "{\"campaign\":\"c\",\"contact\":\"sms\",\"to\":\"%zu\",\"text\":"
                                 "\"你好\"}",
                                 i)};
    assert_ok(contact_http.send(state, out, n, NULL, arena, &err));
    contact_http.close(state);
}

static void test_ways(void **state)
{
    static const struct {
        const char *way;
        enum outcome outcome;
        int64_t after;
        const char *note;
    } ways[] = {
        {"good", OUTCOME_SENT, 0, "200 'accepted'"},
        {"error", OUTCOME_UNKNOWN, 0, "500 'no'"},
        {"busy", OUTCOME_LATER, 1, "503"},
        {"slow-down", OUTCOME_LATER, 2, "429 '{}'"},
        {"conflict", OUTCOME_LATER, 0, "409 '{}'"},
        {"refuse", OUTCOME_REFUSED, 0, "400 'no such \\x1b[31mnumber'"},
        {"denied", OUTCOME_CLOSED, 0, "401 '{}'"},
        {"moved", OUTCOME_CLOSED, 0, "302"},
        {"close", OUTCOME_UNKNOWN, 0, NULL},
        {"done-garbage", OUTCOME_UNKNOWN, 0, NULL},
        {"done-html", OUTCOME_UNKNOWN, 0, "200 '<html>please log in</html>'"},
        {"huge", OUTCOME_UNKNOWN, 0, "'the answer is longer than 64 kB'"},
        {"stall", OUTCOME_UNKNOWN, 0, NULL},
    };
    char *folder = temp_folder(), *log = temp_path(folder, "log");
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct arena *arena = arena_new();
        struct outgoing out[3];
        struct contact_server server = contact_server_start(log, ways[i].way);
        send_some(server.port, ways[i].way, arena, out, 3, 1);
        contact_server_stop(&server);
        if (out[0].outcome != ways[i].outcome)
            fail_msg("%s: found outcome %d (%s)", ways[i].way, (int)out[0].outcome, out[0].note);
        assert_int_equal(out[0].after, ways[i].after);
        assert_non_null(out[0].note);
        if (ways[i].note)
            assert_string_equal(out[0].note, ways[i].note);
        arena_free(arena);
    }
    free(log);
    temp_folder_remove(folder);
}

static void test_many(void **state)
{
    struct arena *arena = arena_new();
    struct outgoing *out = arena_array(arena, struct outgoing, MOST);
    char *folder = temp_folder(), *log = temp_path(folder, "log");
    struct contact_server server = contact_server_start(log, "good");
    size_t size, lines = 0;
    (void)state;
    send_some(server.port, "many", arena, out, MOST, 10);
    contact_server_stop(&server);
    for (size_t i = 0; i < MOST; i++)
        assert_int_equal(out[i].outcome, OUTCOME_SENT);
    char *text = file_read_all(log, &size);
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    assert_int_equal(lines, MOST);
    assert_non_null(strstr(text, "Bearer_many"));
    free(text);
    free(log);
    temp_folder_remove(folder);
    arena_free(arena);
}

/* Nobody there: surely nothing was taken. An address that is none is refused at once. */
static void test_nobody(void **state)
{
    static const char *const wrong[] = {"",    "ftp://a/",   "http://",
                                        "sms", "https:// a", "file:///x"};
    struct arena *arena = arena_new();
    struct outgoing out[2];
    void *http;
    (void)state;
    send_some(1, "nobody", arena, out, 2, 1);
    assert_int_equal(out[0].outcome, OUTCOME_LATER);
    assert_non_null(out[0].note);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct http_options options = {.url = wrong[i]};
        assert_int_equal(http_open(&options, &http, &err), ST_REFUSED);
        assert_non_null(strstr(error_text(&err), "http://"));
    }
    error_clear(&err);
    arena_free(arena);
}

/* What was not begun when the engine is told to stop did not leave, and says nothing. */
static void test_stop(void **state)
{
    struct arena *arena = arena_new();
    struct outgoing out = {.key = "k", .body = "{}"};
    struct http_options options = {.url = "http://127.0.0.1:1/"};
    atomic_bool stop = true;
    void *http;
    (void)state;
    assert_ok(http_open(&options, &http, &err));
    assert_ok(contact_http.send(http, &out, 1, &stop, arena, &err));
    assert_int_equal(out.outcome, OUTCOME_LATER);
    assert_null(out.note);
    contact_http.close(http);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ways), cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_nobody), cmocka_unit_test(test_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
