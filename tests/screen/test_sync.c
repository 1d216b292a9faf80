/* The screens of a replica at three sizes and in two languages: sync, outbox, one edit, people and
 * roles; and what a person does about a conflict. */
#include "model/store/operation.h"
#include "model/sync/hub.h"
#include "tests/support/screen_test.h"
#include "tests/support/wireless.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { NOW = 1508400000 };

static struct error err;
static char *hub;

static void hub_make(void)
{
    struct mall *mall;
    struct writer *writer;
    assert_ok(mall_create(hub, &(struct mall_options){.name = "Chaoyang Joy City"}, &err));
    assert_ok(mall_open(hub, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    assert_ok(sync_hub_make(writer, &err));
    assert_ok(writer_commit(writer, &err));
    writer_close(writer);
    mall_close(mall);
    wireless_change(hub, "root", "h1", "principal", "liu", OPERATION_CREATE,
                    json_pack("{s:s, s:s}", "role", "admin", "key",
                              "SHA256:NWz74sngfJqvdgN1Rj+BqYxGKY/x189q+CLmxP1NZ6o"));
    wireless_change(hub, "root", "h2", "principal", "kim", OPERATION_CREATE,
                    json_pack("{s:s}", "role", "technician"));
    wireless_change(
        hub, "root", "h3", "segment", "coffee", OPERATION_CREATE,
        json_pack("{s:s, s:s}", "expression", "spent(90d)>=300", "note", "who drinks it"));
}

static void sessions_write(void)
{
    char *path = mem_printf("%s.hub", mall_path);
    static const char text[] =
        "{\"hub\": \"ssh://atrium@hub.joycity.example\", \"pin\": "
        "\"SHA256:NWz74sngfJqvdgN1Rj+BqYxGKY/x189q+CLmxP1NZ6o\", \"sessions\": ["
        "{\"began\": 1508399900, \"seconds\": 2, \"pulled\": 14, \"pushed\": 1, \"conflicts\": 1,"
        " \"refused\": 0, \"bytes_in\": 20481, \"bytes_out\": 911, \"as_of\": 1508399902, "
        "\"said\": "
        "\"\"}, {\"began\": 1508390000, \"seconds\": 15, \"pulled\": 0, \"pushed\": 0, "
        "\"conflicts\": 0, \"refused\": 0, \"bytes_in\": 0, \"bytes_out\": 0, \"as_of\": 0, "
        "\"said\": \"the hub cannot be reached: \\u001b[31mNo route to host\"}]}";
    file_write_all(path, text, strlen(text));
    chmod(path, 0600);
    free(path);
}

static void level(void)
{
    struct wireless talk = {hub, mall_path, "liu", NEVER, NEVER, 0, 0, ST_OK};
    assert_ok(wireless_talk(&talk, &err));
}

/* One edit came back as a conflict, one is behind it, two are to be sent. */
static int mall_make(void **state)
{
    (void)state;
    screen_test_begin_at("replica.mall", NOW);
    hub = temp_path(folder, "hub.mall");
    hub_make();
    level();
    wireless_change(
        hub, "kim", "h4", "segment", "coffee", OPERATION_SET,
        json_pack("{s:s, s:s}", "expression", "spent(90d)>=500", "note", "咖啡 lovers of 朝阳"));
    wireless_change(
        mall_path, "liu", "e1-0f5a77c1", "segment", "coffee", OPERATION_SET,
        json_pack("{s:s, s:s}", "expression", "spent(90d)>=400", "note", "who drinks it daily"));
    level();
    wireless_change(mall_path, "liu", "e2-9b1cd270", "segment", "coffee", OPERATION_SET,
                    json_pack("{s:s}", "note", "later"));
    wireless_change(mall_path, "liu", "e3-55aa0b1e", "segment", "tea", OPERATION_CREATE,
                    json_pack("{s:s}", "expression", "spent(90d)>=1"));
    sessions_write();
    return 0;
}

static int mall_end(void **state)
{
    free(hub);
    return screen_test_end(state);
}

static const struct screen_place places[] = {
    {"sync", "R", ""},           {"outbox", "U", ""},
    {"conflict", "U Enter", ""}, {"turned", "U Enter v", ""},
    {"drop", "U End d", ""},     {.name = "people", .view = "people-roles", .argument = ""},
    {"loop", "1", ""},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("sync", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("sync", places, sizeof places / sizeof *places, "zh_CN");
}

/* Theirs for one field, mine for the other; then everybody has that. */
static void test_merge(void **state)
{
    (void)state;
    open_console(24, 100);
    vt_keys(vt, "U");
    see("conflict");
    vt_keys(vt, "Enter");
    see("the hub's version is by kim");
    see("who drinks it daily");
    vt_keys(vt, "v");
    vt_keys(vt, "m");
    see("it goes with the next session");
    close_console();
    level();
    level();
    open_console(24, 100);
    vt_keys(vt, "U");
    see("Nothing waits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(test_merge, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_end);
}
