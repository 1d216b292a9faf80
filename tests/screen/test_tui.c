/* Palette, help and line of keys as they look, and under random keys and sizes. */
#include "tests/support/vterm.h"
#include "tui/help.h"
#include "tui/intl.h"
#include "tui/keysline.h"
#include "tui/locale.h"
#include "tui/palette.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UP, DOWN, FIRST, LAST, OPEN, BACK, PALETTE, HELP, PERIOD, MARK, EXPORT, QUIT };

static const struct action actions[] = {
    {UP, "up", "list", "Up k", ACTION_HIDDEN, "one row up"},
    {DOWN, "down", "list", "Down j", ACTION_HIDDEN, "one row down"},
    {FIRST, "first", "list", "Home g", ACTION_HIDDEN, "to the first row"},
    {LAST, "last", "list", "End G", ACTION_HIDDEN, "to the last row"},
    {OPEN, "member-open", "list", "Enter l Right", ACTION_LINE, "open"},
    {MARK, "mark", "list", "Space", ACTION_LINE, "mark"},
    {EXPORT, "export", "list", "Ctrl-e", 0, "write these rows to a file (CSV, JSON)"},
    {BACK, "back", "", "Esc h", ACTION_LINE, "back"},
    {PERIOD, "period", "", "p", ACTION_LINE, "period"},
    {PALETTE, "actions", "", ":", ACTION_LINE | ACTION_HIDDEN, "actions"},
    {HELP, "keys", "", "? F1", ACTION_LINE, "keys"},
    {QUIT, "quit", "", "q", 0, "leave"},
};
static const char *const scopes[] = {"list"};
static const char *const recent[] = {"period 2017-10"};

struct app {
    struct vt *vt;
    struct loop *loop;
    struct keymap *keymap;
    struct palette *palette;
    struct help *help;
    int at;
    char said[80];
};

static void open_palette(struct app *app)
{
    struct palette_options options = {
        .keymap = app->keymap, .scopes = scopes, .n_scopes = 1, .recent = recent, .n_recent = 1};
    app->palette = palette_new(&options);
}

static void open_help(struct app *app)
{
    static const struct help_group groups[] = {{"list", "会员 Members"}, {"", "Everywhere"}};
    struct help_options options = {.keymap = app->keymap,
                                   .groups = groups,
                                   .n_groups = 2,
                                   .title = "Keys · Members",
                                   .text = "Every member of this mall. Find one by name, card or "
                                           "phone; Enter opens a page."};
    app->help = help_new(&options);
}

static void act(struct app *app, const struct action *action, const char *argument)
{
    snprintf(app->said, sizeof app->said, "%s %s", action->name, argument);
    if (action->id == UP || action->id == DOWN)
        app->at += action->id == UP ? -1 : 1;
    if (action->id == PALETTE)
        open_palette(app);
    if (action->id == HELP)
        open_help(app);
}

static void close_overlays(struct app *app)
{
    if (app->help && !help_open(app->help)) {
        help_free(app->help);
        app->help = NULL;
    }
    if (app->palette && !palette_open(app->palette)) {
        struct palette *palette = app->palette;
        app->palette = NULL;
        if (palette_action(palette))
            act(app, palette_action(palette), palette_argument(palette));
        palette_free(palette);
    }
}

static void on_key(void *context, uint32_t key)
{
    struct app *app = context;
    const char *paste = loop_paste(app->loop);
    const struct action *action = NULL;
    if (key == KEYS_PASTE)
        (void)(palette_paste(app->palette, paste) || help_paste(app->help, paste));
    else if (key == KEYS_MOUSE)
        (void)(palette_mouse(app->palette, loop_mouse(app->loop)) ||
               help_mouse(app->help, loop_mouse(app->loop)));
    else if (!palette_key(app->palette, key) && !help_key(app->help, key))
        action = keymap_find(app->keymap, key, scopes, 1);
    if (action)
        act(app, action, "");
    close_overlays(app);
}

static void on_draw(void *context)
{
    struct app *app = context;
    struct area screen = screen_area(), rest = screen;
    struct area line = area_cut_bottom(&rest, 1);
    for (int row = 0; row < rest.rows; row++) {
        draw_printf(rest, row, 2, ROLE_PLAIN, "%03d 王小明 Wang Xiaoming", row);
        if (row == app->at) {
            draw_mark(rest, row, 0, 12, ROLE_SELECTED);
            draw_cursor(rest, row, 0);
        }
    }
    draw_field(rest, 0, 30, rest.cols - 30, -1, ROLE_ACCENT, app->said);
    keysline_draw(line, app->keymap, scopes, 1);
    help_draw(app->help, screen);
    palette_draw(app->palette, screen);
}

static void start(struct app *app, int rows, int cols, int colors, bool ascii)
{
    static const struct loop_ops ops = {.key = on_key, .draw = on_draw};
    memset(app, 0, sizeof *app);
    app->vt = vt_new(rows, cols);
    app->keymap = keymap_new(actions, sizeof actions / sizeof *actions);
    struct screen_options options = {.input = vt_fd(app->vt),
                                     .output = vt_fd(app->vt),
                                     .theme = {.colors = colors, .ascii = ascii}};
    assert_null(screen_start(&options));
    app->loop = loop_new(&ops, app);
    vt_attach(app->vt, app->loop, NULL, NULL);
    vt_settle(app->vt);
}

static void end(struct app *app)
{
    loop_free(app->loop);
    screen_end();
    palette_free(app->palette);
    help_free(app->help);
    keymap_free(app->keymap);
    vt_free(app->vt);
}

static int end_screen(void **state)
{
    (void)state;
    screen_end();
    return 0;
}

static const struct {
    int rows, cols, colors;
    bool ascii;
    const char *name;
} shapes[] = {{12, 40, 256, false, "40x12"},
              {24, 80, 256, false, "80x24"},
              {24, 80, 16, false, "80x24-16"},
              {24, 80, 0, true, "80x24-ascii"},
              {60, 200, 256, false, "200x60"}};

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct app app;
        char name[64];
        start(&app, shapes[i].rows, shapes[i].cols, shapes[i].colors, shapes[i].ascii);
        snprintf(name, sizeof name, "tui-keysline-%s", shapes[i].name);
        vt_golden(app.vt, name);
        vt_keys(app.vt, ": m a");
        snprintf(name, sizeof name, "tui-palette-%s", shapes[i].name);
        vt_golden(app.vt, name);
        vt_keys(app.vt, "Esc ?");
        snprintf(name, sizeof name, "tui-help-%s", shapes[i].name);
        vt_golden(app.vt, name);
        end(&app);
    }
}

static void test_palette_runs_what_it_says(void **state)
{
    (void)state;
    struct app app;
    start(&app, 24, 80, 256, false);
    vt_keys(app.vt, ":");
    assert_true(vt_shows(app.vt, "period 2017-10"));
    vt_keys(app.vt, "Enter");
    assert_true(vt_shows(app.vt, "Wang Xiaoming    period 2017-10"));
    vt_keys(app.vt, ": e x p Tab");
    vt_paste(app.vt, "/tmp/a b.csv\n");
    vt_keys(app.vt, "Enter");
    assert_true(vt_shows(app.vt, "export /tmp/a b.csv"));
    vt_keys(app.vt, ": z z");
    assert_true(vt_shows(app.vt, "no action of that name"));
    vt_keys(app.vt, "Esc j j");
    assert_int_equal(app.at, 2);
    end(&app);
}

static void test_help_searches_and_scrolls(void **state)
{
    (void)state;
    struct app app;
    start(&app, 12, 40, 256, false);
    vt_keys(app.vt, "?");
    assert_false(vt_shows(app.vt, "leave"));
    vt_keys(app.vt, "G");
    assert_true(vt_shows(app.vt, "leave"));
    vt_keys(app.vt, "g / F I L E");
    assert_true(vt_shows(app.vt, "write these rows"));
    assert_false(vt_shows(app.vt, "period"));
    vt_keys(app.vt, "z");
    assert_true(vt_shows(app.vt, "nothing found"));
    vt_keys(app.vt, "Esc q");
    assert_null(app.help);
    end(&app);
}

/* Random keys, clicks, pastes and sizes: the terminal always shows what was drawn. */
static void test_random_keys_and_sizes(void **state)
{
    (void)state;
    static const uint32_t keys[] = {'j',
                                    'k',
                                    ':',
                                    '?',
                                    '/',
                                    'm',
                                    'a',
                                    'o',
                                    ' ',
                                    0x4E2D,
                                    KEYS_UP,
                                    KEYS_DOWN,
                                    KEYS_ENTER,
                                    KEYS_TAB,
                                    KEYS_BACKSPACE,
                                    KEYS_HOME,
                                    KEYS_END,
                                    KEYS_PAGE_UP,
                                    KEYS_PAGE_DOWN,
                                    KEYS_CTRL | 'w',
                                    KEYS_LEFT};
    struct app app;
    srandom(17);
    start(&app, 24, 80, 256, false);
    for (int i = 0; i < 1500; i++) {
        long what = random() % 100;
        if (what < 4)
            vt_resize(app.vt, 1 + (int)(random() % 40), 1 + (int)(random() % 120));
        else if (what < 7)
            vt_click(app.vt, (int)(random() % 24), (int)(random() % 80), 1 + (int)(random() % 5));
        else if (what < 9)
            vt_paste(app.vt, "粘贴 of\ttext\x1b[2J");
        else if (what < 11)
            vt_press(app.vt, KEYS_ESC);
        else
            vt_press(app.vt, keys[(size_t)random() % (sizeof keys / sizeof *keys)]);
        char *drawn = screen_text();
        assert_string_equal(vt_text(app.vt), drawn);
        free(drawn);
    }
    end(&app);
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    locale_set_language("en");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_golden, end_screen),
        cmocka_unit_test_teardown(test_palette_runs_what_it_says, end_screen),
        cmocka_unit_test_teardown(test_help_searches_and_scrolls, end_screen),
        cmocka_unit_test_teardown(test_random_keys_and_sizes, end_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
