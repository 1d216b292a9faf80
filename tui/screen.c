#include "tui/screen.h"

#include "tui/grid.h"
#include "tui/intl.h"
#include "tui/memory.h"
#include "tui/paint.h"
#include "tui/terminal.h"

#include <stdlib.h>
#include <string.h>

#define FRAME_BEGIN "\033[?2026h"
#define FRAME_END "\033[?2026l"

static struct {
    bool started, plain;
    int rows, cols;
    char *pending; /* what the terminal has not taken */
    size_t n_pending, pending_cap;
    uint64_t frame_bytes;
} screen;

static int within(int n, int most)
{
    return n < 1 ? 1 : n > most ? most : n;
}

static void take_size(int rows, int cols)
{
    screen.rows = within(rows, PAINT_ROWS_MAX);
    screen.cols = within(cols, PAINT_COLS_MAX);
    grid_resize(screen.rows, screen.cols);
    if (!screen.plain)
        paint_resize(screen.rows, screen.cols);
}

const char *screen_start(const struct screen_options *options)
{
    if (screen.started)
        return _("the screen has been started already");
    const char *wrong = terminal_check(options->input, options->output);
    int rows, cols;
    terminal_size(options->output, &rows, &cols);
    if (!wrong)
        wrong = paint_start(options->term ? options->term : getenv("TERM"),
                            within(rows, PAINT_ROWS_MAX), within(cols, PAINT_COLS_MAX));
    if (wrong)
        return wrong;
    struct terminal_strings strings = {
        .enter_screen = paint_capability("smcup"),
        .leave_screen = paint_capability("rmcup"),
        .show_cursor = paint_capability("cnorm"),
        .plain = paint_capability("sgr0"),
        .mouse = options->mouse,
    };
    wrong = terminal_open(options->input, options->output, &strings);
    if (wrong) {
        paint_end();
        return wrong;
    }
    theme_start(&options->theme);
    screen.started = true;
    take_size(rows, cols);
    return NULL;
}

void screen_start_plain(int rows, int cols, const struct theme_options *theme)
{
    if (screen.started)
        return;
    screen.started = screen.plain = true;
    theme_start_plain(theme);
    take_size(rows, cols);
}

void screen_end(void)
{
    if (!screen.started)
        return;
    if (!screen.plain) {
        terminal_close(screen.pending, screen.n_pending);
        paint_end();
    }
    free(screen.pending);
    grid_free();
    memset(&screen, 0, sizeof screen);
}

void screen_restore_now(void)
{
    terminal_restore_now();
}

void screen_suspend(void)
{
    if (screen.started && !screen.plain) {
        terminal_leave(screen.pending, screen.n_pending);
        screen.n_pending = 0;
    }
}

void screen_resume(void)
{
    if (!screen.started || screen.plain)
        return;
    terminal_enter();
    paint_reentered();
    screen_resized();
}

struct area screen_area(void)
{
    return (struct area){0, 0, screen.rows, screen.cols};
}

int screen_input(void)
{
    return screen.started && !screen.plain ? terminal_input() : -1;
}

int screen_output(void)
{
    return screen.started && !screen.plain ? terminal_output() : -1;
}

void screen_resized(void)
{
    if (!screen.started || screen.plain)
        return;
    int rows, cols;
    terminal_size(terminal_output(), &rows, &cols);
    take_size(rows, cols);
}

void screen_redraw(void)
{
    if (screen.started && !screen.plain)
        paint_again();
}

void screen_frame_begin(void)
{
    grid_clear();
}

static void append(const char *bytes, size_t n)
{
    if (screen.n_pending + n > screen.pending_cap) {
        screen.pending_cap = screen.n_pending + n + 4096;
        screen.pending = tui_resize(screen.pending, screen.pending_cap, 1);
    }
    memcpy(screen.pending + screen.n_pending, bytes, n);
    screen.n_pending += n;
}

void screen_flush(void)
{
    if (!screen.n_pending)
        return;
    size_t sent = terminal_write(screen.pending, screen.n_pending);
    screen.n_pending -= sent;
    memmove(screen.pending, screen.pending + sent, screen.n_pending);
    if (terminal_gone())
        screen.n_pending = 0;
}

void screen_frame_end(void)
{
    if (!screen.started || screen.plain || screen_pending())
        return;
    const char *bytes;
    size_t n = paint(&bytes);
    if (n > 0) {
        append(FRAME_BEGIN, strlen(FRAME_BEGIN));
        append(bytes, n);
        append(FRAME_END, strlen(FRAME_END));
        screen.frame_bytes = screen.n_pending;
    }
    screen_flush();
}

bool screen_pending(void)
{
    return screen.n_pending > 0;
}

bool screen_gone(void)
{
    return screen.started && !screen.plain && terminal_gone();
}

char *screen_text(void)
{
    return grid_text();
}

bool screen_cursor(int *row, int *col)
{
    return grid_cursor(row, col);
}

static void base64(const unsigned char *from, size_t n, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = (unsigned)from[i] << 16;
        bits |= i + 1 < n ? (unsigned)from[i + 1] << 8 : 0;
        bits |= i + 2 < n ? from[i + 2] : 0;
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < n ? digits[bits & 63] : '=';
    }
    *out = '\0';
}

/* Tabs and newlines stay, other unsafe characters and ill-formed bytes are left out. */
static size_t clean_for_clipboard(const char *text, size_t n, char *out)
{
    const char *end = text + n;
    size_t length, kept = 0;
    int32_t rune;
    for (; (length = rune_next(text, end, &rune)) > 0; text += length)
        if (rune == '\n' || rune == '\t' || !rune_unsafe(rune)) {
            memcpy(out + kept, text, length);
            kept += length;
        }
    return kept;
}

void screen_copy(const char *text, size_t n)
{
    enum { CLIPBOARD_MAX = 74994 }; /* bytes of base64 that common terminals accept */
    if (!screen.started || screen.plain)
        return;
    char *clean = tui_zero(n + 1, 1);
    size_t kept = clean_for_clipboard(text, n, clean);
    if (kept <= CLIPBOARD_MAX / 4 * 3) {
        char *coded = tui_zero(kept / 3 * 4 + 8, 1);
        base64((const unsigned char *)clean, kept, coded);
        append("\033]52;c;", 7);
        append(coded, strlen(coded));
        append("\033\\", 2);
        free(coded);
        screen_flush();
    }
    free(clean);
}

uint64_t screen_bytes(void)
{
    return terminal_bytes();
}

uint64_t screen_frame_bytes(void)
{
    return screen.frame_bytes;
}
