/* Every screen of the console on a small demo mall, at three sizes and in two languages, compared
 * with golden screens; and what must hold whatever is pressed. */
#include "fixtures/mall/make.h"
#include "tests/support/screen_test.h"
#include "tests/support/whole.h"
#include "views/actions.h"
#include "views/dashboard.h"
#include "views/screens.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- One small mall for all tests ---- */

static int mall_make(void **state)
{
    (void)state;
    struct error err = {0};
    screen_test_begin_at("demo.mall", 0);
    struct demo_options options = {.recipe = demo_recipe_default(1500, 120, 7)};
    struct demo_summary summary;
    assert_ok(demo_make(mall_path, &options, &summary, &err));
    setenv("ATRIUM_NOW", "1793462400", 1); /* 2026-10-31 16:00 UTC: midnight after its last day */
    return 0;
}

/* One that keeps where a person stopped, as those do that people use. */
static void remembering(struct console_options *options)
{
    options->forgetful = false;
}

/* ---- Golden screens ---- */

/* How to reach a screen from the start, by actions, so that rebinding keys changes no test. */
static const struct screen_place places[] = {
    {"loop", ""},
    {"perceive", "2"},
    {"convert", "3"},
    {"activate", "4"},
    {"community", "5"},
    {"members", "6"},
    {"member", "6 Enter"},
    {"shops", "7"},
    {"shop", "7 Enter"},
    {"data", "8"},
    {"sql", "9"},
    {"chart", "2 Tab Tab Tab Tab Tab t"},
    {"behind", "3 Enter"},
    {"info", "4 i"},
    {"help", "?"},
    {"palette", ":"},
    {"period", "p"},
    {"funnel", "F"},
    {"retention", "T"},
    {"rfm", "M"},
    {"lifecycle", "L"},
    {"segments", "S"},
    {"segment", "S a t i e r > = g o Tab Space a n d Space b o u g h t ( 3 0 d )"},
    {"segment-error", "S a t i e r > = g o l d Space a n d Space s p n t ( 3 0 d )"},
    {"labels", "B"},
    {"label", "B a l a b e l : s t r Tab"},
    {"portrait", "M P"},
    {"portrait-member", "6 Enter P"},
    {"affinity", "A"},
    {"value", "V"},
    {"clusters", "K"},
    {"value-people", "V Enter"},
    {"segments-apart", "S v Enter"},
    {"retention-by", "T b Down Down Enter"},
    {"retention-group", "T b Down Down Enter Down Enter"},
    {"funnel-by", "F b Down Down Down Down Down Down Enter"},
    {"funnel-edit", "F e"},
    {"funnel-rules", "F e PgDn"},
    {"funnel-times", "F t Down Down"},
    {"funnel-drop", "F Down Down Down d"},
    {"funnel-why", "F Down Down Down d w"},
    {"who", "6 W"},
    {"join", "6 Enter J"},
    {"erase", "6 Enter X a s k e d Enter"},
    {"campaigns", "C"},
    {"campaign", "C Enter"},
    {"campaign-act", "C Enter a Enter"},
    {"campaign-form", "C n"},
    {"campaign-review", "C Enter e PgDn PgDn PgDn PgDn PgDn PgDn PgDn PgDn"},
    {"calendar", "D"},
    {"occasions", "D Tab"},
};

static void screens_in_english(void **state)
{
    (void)state;
    golden_screens("console", places, sizeof places / sizeof *places, "en");
}

static void screens_in_chinese(void **state)
{
    (void)state;
    locale_set_language("zh_CN");
    assert_string_not_equal(_("shops"), "shops"); /* or ATRIUM_LOCALE is wrong */
    golden_screens("console", places, sizeof places / sizeof *places, "zh_CN");
}

/* ---- What must hold ---- */

static void cursor_moves_are_small_and_idle_is_silent(void **state)
{
    (void)state;
    static const char *const lists[] = {"6", "7"};
    for (size_t i = 0; i < 2; i++) {
        open_console(24, 80);
        vt_keys(vt, lists[i]);
        vt_keys(vt, "Down");
        for (int move = 0; move < 10; move++) {
            vt_mark(vt);
            vt_keys(vt, "Down");
            assert_in_range(vt_bytes(vt), 1, 120);
        }
        vt_mark(vt);
        for (int round = 0; round < 20; round++)
            vt_settle(vt);
        assert_int_equal(vt_bytes(vt), 0);
        close_console();
    }
}

static void a_dropped_line_is_offered_again(void **state)
{
    (void)state;
    open_console_with(24, 80, remembering);
    vt_keys(vt, "7 Enter");
    close_console(); /* as after SIGHUP: nothing was closed by hand */
    open_console_with(24, 80, remembering);
    assert_true(vt_shows(vt, "you stopped at 'Shop'"));
    vt_keys(vt, ".");
    assert_string_equal(console_top(console)->ops->name, "shop");
    close_console();
}

/* ---- The funnel: made, kept, asked again; its people kept ---- */

static void a_funnel_is_edited_and_kept(void **state)
{
    (void)state;
    open_console(30, 110);
    vt_keys(vt, "F e");
    vt_type(vt, "quick");
    vt_keys(vt, "Tab Tab Down Down End");
    vt_type(vt, " and amonut>3");
    see("step 3: 1:17: found 'amonut'"); /* while it is typed, pointing at the word */
    vt_keys(vt, "Ctrl-w Ctrl-w Ctrl-w Ctrl-w Ctrl-s");
    see("changed; u undoes it");
    see("Funnel quick");
    vt_keys(vt, "F a");
    vt_keys(vt, "Ctrl-u");
    vt_type(vt, "7d: purchase -> purchase ; dialect=mixpanel");
    vt_keys(vt, "Enter");
    see("mixpanel");
    see("7 d window");
    vt_keys(vt, "S");
    vt_type(vt, "again");
    vt_keys(vt, "Enter");
    see("changed; u undoes it");
    vt_keys(vt, "F f");
    see("again");
    vt_type(vt, "again");
    vt_keys(vt, "Enter");
    see("mixpanel");
    vt_keys(vt, "H z o n e Enter");
    vt_keys(vt, "m");
    see("totals");
    vt_keys(vt, "X y");
    see("changed; u undoes it");
    close_console();
}

/* A list becomes a segment in one key; asked as one it has as many people, and undo takes it back.
 */
static void a_list_becomes_a_segment(void **state)
{
    (void)state;
    open_console(30, 140);
    vt_keys(vt, "F Down Down Down d s");
    vt_keys(vt, "Ctrl-u");
    vt_type(vt, "dropped");
    vt_keys(vt, "Enter");
    see("212 people are the segment 'dropped' now");
    vt_keys(vt, "Esc o");
    vt_type(vt, "dropped");
    vt_keys(vt, "Enter");
    see("only segment:dropped");
    see("212");
    vt_keys(vt, "Esc F Down Down Down d w");
    see("came to step 3 of 4");
    vt_keys(vt, "u");
    see("undone");
    close_console();
}

/* People joined by mistake are two again with one key. */
static void a_join_is_undone(void **state)
{
    (void)state;
    open_console(30, 140);
    vt_keys(vt, "6 Enter J");
    vt_type(vt, "M00000002");
    vt_keys(vt, "Enter");
    vt_type(vt, "said so at the desk");
    vt_keys(vt, "Enter");
    see("joined: link 1");
    vt_keys(vt, "u");
    see("undone");
    vt_keys(vt, "u");
    see("nothing was changed here that could be undone");
    close_console();
}

/* ---- Whatever is pressed ---- */

/* A stream of numbers from a seed, the same on every machine. */
static unsigned any(uint64_t *seed, unsigned below)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33) % below;
}

static void press_any(uint64_t *seed)
{
    static const char *const keys[] = {
        "Up",     "Down",   "Left",   "Right", "Enter",  "Esc",    "Tab",    "BackTab",   "PgUp",
        "PgDn",   "Home",   "End",    "Space", "1",      "2",      "3",      "4",         "5",
        "6",      "7",      "8",      "9",     "i",      "t",      "s",      "/",         "a",
        "n",      "!",      "?",      ":",     "p",      "c",      "[",      "]",         "Ctrl-r",
        "x",      "v",      "o",      "y",     "u",      "r",      ".",      "Backspace", "Down",
        "Enter",  "Enter",  "Down",   "Esc",   "Ctrl-e", "Ctrl-l", "Delete", "<",         ">",
        "Ctrl-w", "Ctrl-a", "Ctrl-k", "F1",    "-",      "+",      "=",      "|",         "F",
        "d",      "w",      "b",      "e",     "f",      "H",      "m",      "S",         "Ctrl-s",
    };
    vt_keys(vt, keys[any(seed, sizeof keys / sizeof *keys)]);
}

/* Words that open things, ask things, and mean nothing. */
static void write_any(uint64_t *seed)
{
    static const char *const texts[] = {
        "select count(*) from member",
        "member 王",
        "period 2025",
        "coffee",
        "王小明",
        "(a|b",
        "2026-02-31",
        "select * from v_event where amount > 100 order by time desc limit 9",
        "select sel",
        "\xff\xfe\x80",
        "\033[31mred\033[0m",
        "%s%n%d",
        "'; drop table member; --",
        "999999999999999999999",
        "export /nowhere/x.csv",
        "import",
        "compare year",
        "sql select 1",
        "éé\xcc\x81\xe2\x80\x8f",
        "👨‍👩‍👧 family",
    };
    const char *text = texts[any(seed, sizeof texts / sizeof *texts)];
    if (any(seed, 2))
        vt_paste(vt, text);
    else
        vt_type(vt, text);
    if (any(seed, 2))
        vt_keys(vt, "Enter");
}

static void stir(uint64_t *seed)
{
    unsigned what = any(seed, 100);
    if (what < 3)
        vt_resize(vt, 1 + (int)any(seed, 70), 1 + (int)any(seed, 220));
    else if (what < 12)
        vt_click(vt, (int)any(seed, 40), (int)any(seed, 120), 1 + (int)any(seed, 5));
    else if (what < 18)
        write_any(seed);
    else
        press_any(seed);
}

static void stir_console(uint64_t seed, int steps)
{
    char here[PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0); /* what is exported is not to lie about */
    open_console_with(24, 80, remembering);
    for (int step = 0; step < steps; step++) {
        stir(&seed);
        if (console->leaving) {
            close_console();
            open_console_with(24, 80, remembering);
        }
        if (step % 10)
            continue;
        char *drawn = screen_text();
        assert_string_equal(vt_text(vt), drawn);
        free(drawn);
    }
    /* There is a way back to the start, whatever is open. */
    for (int back = 0; back < 200 && (console->depth > 1 || console->dialog); back++)
        vt_keys(vt, "Esc");
    vt_keys(vt, "Esc Esc Esc 1");
    assert_string_equal(console_top(console)->ops->name, "loop");
    assert_int_equal(console->depth, 1);
    close_console();
    assert_int_equal(chdir(here), 0);
}

static long setting(const char *name, long otherwise)
{
    const char *value = getenv(name);
    return value && *value ? strtol(value, NULL, 10) : otherwise;
}

/* Fixed streams of keys, clicks, pastes and sizes: no crash, no leak (under the sanitizers), what
 * the terminal shows is what was drawn, there is always a way back, and the mall stays whole.
 * RANDOM_SEED=N tries another stream, RANDOM_STEPS=N a longer one. */
static void random_keys_do_no_harm(void **state)
{
    (void)state;
    static const long seeds[] = {20261031, 7, 1234567, 42};
    int steps = (int)setting("RANDOM_STEPS", 500);
    long only = setting("RANDOM_SEED", -1);
    for (size_t i = 0; i < (only < 0 ? sizeof seeds / sizeof *seeds : 1); i++)
        stir_console((uint64_t)(only < 0 ? seeds[i] : only), steps);
    assert_file_whole(mall_path);
}

/* ---- Count equals list ---- */

/* Opens what is behind a value and says whether the list is as long as the value says. */
static void value_check(const char *view, const struct panel_value *value)
{
    char found[80], none[80];
    snprintf(found, sizeof found, " of %s ", value->text);
    snprintf(none, sizeof none, "0 %s", strcmp(value->screen, "members") == 0 ? "members" : "rows");
    const char *label = value->label, *text = value->text;
    console_open(console, value->screen, value->argument);
    vt_settle(vt);
    bool equal = vt_shows(vt, strcmp(text, "0") == 0 ? none : found);
    if (!equal)
        fail_msg("%s: %s says %s, the list of %s shows\n%s", view, label, text,
                 console_top(console)->argument, vt_text(vt));
    console_back(console);
    vt_settle(vt);
}

static bool opens_a_counted_list(const struct panel_value *value)
{
    return value->metric >= 0 && value->screen && value->text &&
           metrics[value->metric].unit == METRIC_UNIT_COUNT &&
           metrics[value->metric].sum == SUM_COUNT &&
           (strcmp(value->screen, "members") == 0 || strcmp(value->screen, "behind") == 0);
}

static void every_count_equals_its_list(void **state)
{
    (void)state;
    static const char *const keys[] = {"1", "2", "3", "4", "5"};
    int checked = 0;
    open_console(40, 160);
    for (size_t i = 0; i < 5; i++) {
        vt_keys(vt, keys[i]);
        const char *view = console_top(console)->ops->name;
        struct dashboard *dashboard = console_top(console)->state;
        for (size_t p = 0; p < dashboard->panels.n; p++)
            for (size_t v = 0; v < dashboard->panels.at[p].n_values; v++) {
                /* A chart has hundreds of points of one kind: some of each. */
                if (dashboard->panels.at[p].n_values > 12 && v % 7)
                    continue;
                if (!opens_a_counted_list(&dashboard->panels.at[p].values[v]))
                    continue;
                value_check(view, &dashboard->panels.at[p].values[v]);
                checked++;
            }
    }
    assert_in_range(checked, 100, 1000);
}

/* The list on the screen is as long as a count says. */
static void shows_people(int64_t n, const char *of)
{
    char found[80];
    snprintf(found, sizeof found, "1 of %lld people", (long long)n);
    if (!vt_shows(vt, n ? found : "0 people"))
        fail_msg("%s says %lld, the list shows\n%s", of, (long long)n, vt_text(vt));
}

static void pairs_bands_and_clusters_equal_their_lists(void **state)
{
    (void)state;
    open_console(40, 160);
    vt_keys(vt, "A");
    for (int row = 0; row < 6; row++) {
        char *line = mem_strdup(vt_row(vt, 4 + row));
        char a[40], b[40];
        double lift, low;
        int both;
        assert_int_equal(
            sscanf(line + strspn(line, " ▌"), "%39s %39s %lf %lf %d", a, b, &lift, &low, &both), 5);
        free(line);
        vt_keys(vt, "Enter");
        shows_people(both, a);
        vt_keys(vt, "Esc Down");
    }
    vt_keys(vt, "Esc V");
    struct dashboard *dashboard = console_top(console)->state;
    const struct panel *bands = &dashboard->panels.at[3];
    for (size_t i = 0; i < bands->n_values; i++) {
        if (!bands->values[i].screen)
            continue;
        char *text = mem_strdup(bands->values[i].text);
        console_open(console, bands->values[i].screen, bands->values[i].argument);
        vt_settle(vt);
        char found[80];
        snprintf(found, sizeof found, " of %s people", text);
        assert_true(vt_shows(vt, found));
        free(text);
        vt_keys(vt, "Esc");
    }
    vt_keys(vt, "Esc K");
    for (int cluster = 0; cluster < 3; cluster++) {
        int number, n;
        assert_int_equal(sscanf(vt_row(vt, 3 + cluster), " %d %*[^0-9]%d", &number, &n), 2);
        assert_int_equal(number, cluster + 1);
        vt_keys(vt, "Enter");
        shows_people(n, "a cluster");
        vt_keys(vt, "Esc Down");
    }
    vt_keys(vt, "w");
    vt_type(vt, "s");
    vt_keys(vt, "Enter");
    assert_true(vt_shows(vt, "kept as labels clusters-1 to clusters-7"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_count_equals_its_list, screen_test_close),
        cmocka_unit_test_teardown(screens_in_english, screen_test_close),
        cmocka_unit_test_teardown(screens_in_chinese, screen_test_close),
        cmocka_unit_test_teardown(pairs_bands_and_clusters_equal_their_lists, screen_test_close),
        cmocka_unit_test_teardown(a_funnel_is_edited_and_kept, screen_test_close),
        cmocka_unit_test_teardown(a_list_becomes_a_segment, screen_test_close),
        cmocka_unit_test_teardown(a_join_is_undone, screen_test_close),
        cmocka_unit_test_teardown(cursor_moves_are_small_and_idle_is_silent, screen_test_close),
        cmocka_unit_test_teardown(a_dropped_line_is_offered_again, screen_test_close),
        cmocka_unit_test_teardown(random_keys_do_no_harm, screen_test_close),
    };
    cmocka_set_test_filter(getenv("TEST_FILTER"));
    return cmocka_run_group_tests(tests, mall_make, screen_test_end);
}
