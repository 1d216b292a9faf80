#include "tui/screen.h"

#include "tui/grid.h"
#include "tui/intl.h"
#include "tui/memory.h"
#include "tui/terminal.h"

#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#define FRAME_BEGIN "\033[?2026h"
#define FRAME_END "\033[?2026l"

enum { ROWS_MAX = 1000, COLS_MAX = 2000 };

static struct {
    bool started, plain, repaint;
    SCREEN *curses;
    FILE *memory; /* what curses takes for the terminal */
    struct cell *shown;
    int rows, cols; /* of `shown` */
    int cursor;     /* curs_set's last value */
    char *pending;
    size_t n_pending, pending_cap;
    uint64_t frame_bytes;
} screen;

static int within(int n, int most)
{
    return n < 1 ? 1 : n > most ? most : n;
}

/* The grid and curses at the terminal's size; everything is sent anew. */
static void take_size(int rows, int cols)
{
    screen.rows = within(rows, ROWS_MAX);
    screen.cols = within(cols, COLS_MAX);
    grid_resize(screen.rows, screen.cols);
    screen.shown =
        tui_resize(screen.shown, (size_t)screen.rows * (size_t)screen.cols, sizeof *screen.shown);
    if (screen.curses)
        resize_term(screen.rows, screen.cols);
    screen.repaint = true;
}

/* Curses in memory. It would set the terminal's modes and signal handlers by itself: it gets no
 * terminal to set modes of, and its handlers are replaced by those that were there. */
static bool start_curses(const char *term)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction before[4];
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], NULL, &before[i]);
    unsetenv("LINES");
    unsetenv("COLUMNS");
    int fd = memfd_create("frame", MFD_CLOEXEC);
    screen.memory = fd < 0 ? NULL : fdopen(fd, "w");
    screen.curses = screen.memory ? newterm(term, screen.memory, stdin) : NULL;
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], &before[i], NULL);
    if (!screen.curses)
        return false;
    typeahead(-1);
    noecho();
    nonl();
    idcok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    return true;
}

static void end_curses(void)
{
    if (screen.curses)
        delscreen(screen.curses);
    if (screen.memory)
        fclose(screen.memory);
    screen.curses = NULL;
    screen.memory = NULL;
}

/* Terminals that behave like xterm but whose description is often missing on a server. */
static bool like_xterm(const char *term)
{
    static const char *const names[] = {"xterm",   "screen",  "tmux", "alacritty", "foot",
                                        "kitty",   "rxvt",    "vte",  "konsole",   "gnome",
                                        "ghostty", "wezterm", "st-",  "contour"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(term, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static const char *capability(const char *name)
{
    const char *value = tigetstr(name);
    return value && value != (const char *)-1 ? value : "";
}

enum usable { TERM_UNKNOWN, TERM_WITHOUT_CURSOR, TERM_USABLE };

/* Looked up first: a newterm that fails leaves memory behind. */
static enum usable look_up(const char *term)
{
    int found = 0;
    if (setupterm(term, STDOUT_FILENO, &found) != OK)
        return TERM_UNKNOWN;
    enum usable answer = *capability("cup") ? TERM_USABLE : TERM_WITHOUT_CURSOR;
    del_curterm(cur_term);
    return answer;
}

static const char *start_term(const char *term)
{
    if (!term || !*term)
        return _("TERM is not set: say which terminal this is, for example TERM=xterm-256color");
    enum usable known = look_up(term);
    if (known == TERM_UNKNOWN && like_xterm(term)) {
        term = "xterm-256color";
        known = look_up(term);
    }
    if (known == TERM_WITHOUT_CURSOR)
        return _("this terminal cannot place the cursor (see TERM): use another one, or the "
                 "commands of `atrium --help`");
    if (known == TERM_UNKNOWN || !start_curses(term)) {
        end_curses();
        return _("this terminal's TERM is not known here: try TERM=xterm-256color, or install "
                 "ncurses-term");
    }
    return NULL;
}

const char *screen_start(const struct screen_options *options)
{
    if (screen.started)
        return _("the screen has been started already");
    const char *wrong = terminal_check(options->input, options->output);
    if (!wrong)
        wrong = start_term(options->term ? options->term : getenv("TERM"));
    if (wrong)
        return wrong;
    struct terminal_strings strings = {
        .enter_screen = capability("smcup"),
        .leave_screen = capability("rmcup"),
        .show_cursor = capability("cnorm"),
        .plain = capability("sgr0"),
        .mouse = options->mouse,
    };
    wrong = terminal_open(options->input, options->output, &strings);
    if (wrong) {
        end_curses();
        return wrong;
    }
    theme_start(&options->theme);
    screen.started = true;
    screen.cursor = -1;
    int rows, cols;
    terminal_size(&rows, &cols);
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
        end_curses();
    }
    free(screen.pending);
    free(screen.shown);
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
    screen.cursor = -1;
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
    terminal_size(&rows, &cols);
    take_size(rows, cols);
}

void screen_redraw(void)
{
    screen.repaint = true;
}

void screen_frame_begin(void)
{
    grid_clear();
}

/* Tells curses about a row: runs through it from the left, so no wide character is ever halved. */
static void push_row(int row)
{
    static cchar_t line[COLS_MAX];
    const struct cell *cells = grid_row(row);
    int n = 0;
    for (int col = 0; col < screen.cols; col++) {
        const struct cell *cell = &cells[col];
        if (cell->n == 0)
            continue;
        wchar_t runes[6] = {0};
        memcpy(runes, cell->runes, cell->n * sizeof *runes);
        short pair;
        /* What a search found stays visible in a selected row. */
        bool marked = cell->mark && cell->role != ROLE_MATCH;
        attr_t attributes = theme_attributes(marked ? cell->mark : cell->role, &pair);
        setcchar(&line[n++], runes, attributes, pair, NULL);
    }
    wmove(stdscr, row, 0);
    wclrtoeol(stdscr);
    mvwadd_wchnstr(stdscr, row, 0, line, n);
    memcpy(&screen.shown[(size_t)row * (size_t)screen.cols], cells,
           (size_t)screen.cols * sizeof *cells);
}

static void push_rows(void)
{
    size_t width = (size_t)screen.cols * sizeof *screen.shown;
    for (int row = 0; row < screen.rows; row++) {
        const struct cell *shown = &screen.shown[(size_t)row * (size_t)screen.cols];
        if (screen.repaint || memcmp(shown, grid_row(row), width) != 0)
            push_row(row);
    }
    if (screen.repaint)
        clearok(curscr, TRUE);
    screen.repaint = false;
}

static void push_cursor(void)
{
    int row = 0, col = 0, shown = grid_cursor(&row, &col);
    if (screen.cursor < 0)
        curs_set(!shown); /* what curses believes may no longer be so: makes it say it */
    if (shown != screen.cursor)
        curs_set(shown);
    screen.cursor = shown;
    if (shown)
        wmove(stdscr, row, col);
    else
        wmove(stdscr, 0, 0);
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

/* Takes what curses wrote since the last time; returns the bytes appended. */
static size_t take_frame(void)
{
    fflush(screen.memory);
    int fd = fileno(screen.memory);
    off_t length = lseek(fd, 0, SEEK_CUR);
    if (length <= 0)
        return 0;
    size_t before = screen.n_pending;
    append(FRAME_BEGIN, strlen(FRAME_BEGIN));
    char part[8192];
    for (off_t at = 0; at < length;) {
        size_t want = (size_t)(length - at) < sizeof part ? (size_t)(length - at) : sizeof part;
        ssize_t got = pread(fd, part, want, at);
        if (got <= 0)
            break;
        append(part, (size_t)got);
        at += got;
    }
    lseek(fd, 0, SEEK_SET);
    append(FRAME_END, strlen(FRAME_END));
    return screen.n_pending - before;
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
    push_rows();
    push_cursor();
    wnoutrefresh(stdscr);
    doupdate();
    size_t n = take_frame();
    if (n > 0)
        screen.frame_bytes = n;
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
