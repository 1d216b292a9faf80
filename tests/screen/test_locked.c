/* A replica that is locked, at three sizes and in two languages: what is shown, what can be done,
 * and that nothing of it comes through; and a replica that was made anew under another role. */
#include "model/store/operation.h"
#include "model/sync/hub.h"
#include "tests/support/screen_test.h"
#include "tests/support/wireless.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1508400000, LATER = NOW + 40 * 86400 };

static struct error err;
static char *hub;

/* For all threads. */
static void now_is(int64_t now)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)now);
    setenv("ATRIUM_NOW", text, 1);
}

static void change(const char *path, const char *actor, const char *entity, const char *target,
                   enum operation_verb verb, json_t *set)
{
    static int number;
    char id[32];
    snprintf(id, sizeof id, "edit-%d", ++number);
    wireless_change(path, actor, id, entity, target, verb, set);
}

static void level(void)
{
    struct wireless talk = {hub, mall_path, "liu", NEVER, NEVER, 0, 0, ST_OK};
    assert_ok(wireless_talk(&talk, &err));
}

static void hub_make(void)
{
    struct mall *mall;
    struct writer *writer;
    char *message = NULL;
    assert_ok(mall_create(hub, &(struct mall_options){.name = "Chaoyang Joy City"}, &err));
    assert_ok(mall_open(hub, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(writer_begin(writer, &err));
    assert_ok(sync_hub_make(writer, &err));
    if (sqlite3_exec(writer_db(writer),
                     "insert into member (person, card, name, phone) values (1, 'C77001', 'Canary"
                     " Wang', '13800001234'); insert into contact values (1, 'C77001', 1), (2,"
                     " '13800001234', 1); update counter set value = 1 where name = 'person'",
                     NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s", message);
    assert_ok(writer_commit(writer, &err));
    writer_close(writer);
    mall_close(mall);
    change(hub, "root", "principal", "liu", OPERATION_CREATE, json_pack("{s:s}", "role", "admin"));
    change(hub, "root", "principal", "kim", OPERATION_CREATE,
           json_pack("{s:s}", "role", "technician"));
    change(hub, "root", "segment", "coffee", OPERATION_CREATE,
           json_pack("{s:s}", "expression", "spent(90d)>=300"));
}

/* One edit came back as a conflict, one is to be sent; then forty days without the hub. */
static int mall_make(void **state)
{
    (void)state;
    screen_test_begin_at("replica.mall", NOW);
    hub = temp_path(folder, "hub.mall");
    hub_make();
    level();
    change(hub, "kim", "segment", "coffee", OPERATION_SET,
           json_pack("{s:s}", "expression", "spent(90d)>=500"));
    change(mall_path, "liu", "segment", "coffee", OPERATION_SET,
           json_pack("{s:s}", "expression", "spent(90d)>=400"));
    level();
    change(mall_path, "liu", "segment", "tea", OPERATION_CREATE,
           json_pack("{s:s}", "expression", "spent(90d)>=1"));
    now_is(LATER);
    return 0;
}

static int mall_end(void **state)
{
    free(hub);
    return screen_test_end(state);
}

static const struct screen_place places[] = {
    {"locked", "1", ""},  {"sync", "R", ""},   {"outbox", "U", ""}, {"conflict", "U Enter", ""},
    {"members", "2", ""}, {"keys", "1 ?", ""}, {"menu", "1 x", ""},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("locked", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    golden_screens("locked", places, sizeof places / sizeof *places, "zh_CN");
}

/* Every key, on every screen: nobody's name comes through, and nothing is changed. */
static void nothing_comes_through(void **state)
{
    static const char *const screens[] = {"1", "2", "3", "4", "5", "6", "M", "S",
                                          "B", "C", "Y", "N", "E", "O", "Z"};
    static const char *const keys[] = {"Enter", "a", "e", "d", "u", "n", "Space", "Tab", "/", "p"};
    (void)state;
    open_console(24, 80);
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        vt_keys(vt, screens[i]);
        see("This replica is locked");
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            vt_keys(vt, keys[k]);
            if (vt_shows(vt, "Canary") || vt_shows(vt, "C77001"))
                fail_msg("%s %s shows a member", screens[i], keys[k]);
            vt_keys(vt, "Esc");
        }
    }
    vt_keys(vt, "1");
    vt_keys(vt, "u");
    see("this replica is locked");
}

/* What can be done from there: what waits, how the session goes, and back; a session opens it. */
static void it_opens_with_the_next_session(void **state)
{
    (void)state;
    open_console(24, 80);
    see("This replica is locked");
    vt_keys(vt, "o");
    see("to be sent");
    vt_keys(vt, "Esc");
    see("This replica is locked");
    vt_keys(vt, "s");
    see("locked until it has heard of its hub");
    vt_keys(vt, "Esc");
    see("This replica is locked");
    close_console();
    level();
    open_console(24, 80);
    assert_false(vt_shows(vt, "locked"));
    vt_keys(vt, "U");
    see("conflict");
    assert_false(vt_shows(vt, "tea")); /* it went with the session */
    close_console();
    now_is(LATER + 40 * 86400);
    open_console(24, 80);
    see("This replica is locked");
}

/* Another role meanwhile: the screen of last time is not that role's any more, and what waited is
 * still there. */
static void a_replica_made_anew_opens_again(void **state)
{
    (void)state;
    now_is(LATER + 41 * 86400);
    level();
    open_console(24, 80);
    vt_keys(vt, "2");
    see("Loop");
    close_console();
    change(mall_path, "liu", "device", "D1", OPERATION_CREATE, json_pack("{s:s}", "kind", "pos"));
    change(hub, "root", "principal", "liu", OPERATION_SET,
           json_pack("{s:s}", "role", "technician"));
    level();
    level();
    open_console(24, 80);
    assert_false(vt_shows(vt, "Canary"));
    see("technician");
    vt_keys(vt, ".");
    assert_false(vt_shows(vt, "C77001"));
    vt_keys(vt, "U");
    see("coffee"); /* the conflict of the other role, to be dealt with */
    vt_keys(vt, "N");
    see("D1");
}

static const struct screen_place again[] = {{"anew", "1", ""}, {"anew-outbox", "U", ""}};

static void made_anew_in_english(void **state)
{
    (void)state;
    golden_screens("locked", again, sizeof again / sizeof *again, "en");
}

static void made_anew_in_chinese(void **state)
{
    (void)state;
    golden_screens("locked", again, sizeof again / sizeof *again, "zh_CN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(nothing_comes_through, screen_test_close),
        cmocka_unit_test_teardown(it_opens_with_the_next_session, screen_test_close),
        cmocka_unit_test_teardown(a_replica_made_anew_opens_again, screen_test_close),
        cmocka_unit_test_teardown(made_anew_in_english, screen_test_close),
        cmocka_unit_test_teardown(made_anew_in_chinese, screen_test_close),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_end);
}
