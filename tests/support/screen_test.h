/*
 * What tests of screens share: a mall in a folder of its own, a console on a terminal of the test's
 * own, and golden screens at three sizes.
 *
 *     static int mall_make(void **state)
 *     {
 *         struct temp_mall t = temp_mall_new();
 *         screen_test_begin(&t, 1508400000);
 *         ... rows ...
 *         screen_test_rest(&t);
 *     }
 *     ...
 *     cmocka_unit_test_teardown(screens_in_english, screen_test_close)
 *     cmocka_run_group_tests(tests, mall_make, screen_test_end)
 */
#ifndef ATRIUM_TESTS_SCREEN_TEST_H
#define ATRIUM_TESTS_SCREEN_TEST_H

#include "tests/support/temp.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/console.h"

/* The terminal and the console on it; NULL while none is open. */
extern struct vt *vt;
extern struct console *console;

/* The mall the console is to open, and the folder it lies in. */
extern char *folder, *mall_path;

/* Modules, English, a clock that stands at `now` (0: it runs), state and configuration in the
 * mall's folder. */
void screen_test_begin(const struct temp_mall *mall, int64_t now);
/* The same where the mall is yet to be made: at mall_path, in a new folder. */
void screen_test_begin_at(const char *file, int64_t now);
/* Closes the mall, and keeps the file for the console. */
void screen_test_rest(struct temp_mall *mall);
/* Group teardown: removes the folder. */
int screen_test_end(void **state);

/* Opens the console as "liu", who owns the mall; changed(options) may change how. */
void open_console(int rows, int cols);
void open_console_with(int rows, int cols, void (*changed)(struct console_options *options));
/* As a test leaves it, or as one that failed left it: what was left open is not offered again. */
void close_console(void);
/* Test teardown: closes, and speaks English again. */
int screen_test_close(void **state);

/* Ends the test where the text is not to be seen, with what is. */
void see(const char *text);
/* What others say comes when it comes: until the text is there, for half a minute. */
void await(const char *text);

/* The sizes that screens are kept in. */
struct screen_size {
    const char *name;
    int rows, cols;
};
enum { SCREEN_SIZES = 3 };
extern const struct screen_size screen_sizes[SCREEN_SIZES];

/* What is shown now with golden/PREFIX-NAME-SIZE-LANGUAGE. */
void golden_screen(const char *prefix, const char *name, int size, const char *language);

/* How to reach a screen: a view by its name, then keys, then a text that is typed. NULL: none. */
struct screen_place {
    const char *name, *keys, *type, *view, *argument;
};

/* Compares each place at 40x12, 80x24 and 200x60 with golden/PREFIX-NAME-SIZE-LANGUAGE. */
void golden_screens(const char *prefix, const struct screen_place *places, size_t n,
                    const char *language);

#endif
