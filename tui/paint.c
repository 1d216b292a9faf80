#include "tui/paint.h"

#include "tui/grid.h"
#include "tui/intl.h"
#include "tui/memory.h"

#include <curses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

static struct {
    SCREEN *curses;
    FILE *memory;       /* what curses takes for the terminal */
    struct cell *shown; /* what the terminal shows */
    int rows, cols;
    bool again;        /* everything is painted anew */
    int cursor;        /* curs_set's last value; -1: not known */
    bool has_margins;  /* the terminal scrolls within margins, which must be the whole screen */
    bool corner_apart; /* curses must not write the last cell, see corner_start */
    char *bytes;
    size_t n, cap;
} painter;

/* ---- Curses in memory ---- */

/* Curses would set the terminal's modes and signal handlers by itself: it gets no terminal to set
 * modes of, and its handlers are replaced by those that were there. It cannot ask the memory file
 * for its size either, and sets margins at once: it is told. */
static bool start_curses(const char *term, int rows, int cols)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
    struct sigaction before[4];
    char number[16];
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], NULL, &before[i]);
    snprintf(number, sizeof number, "%d", rows);
    setenv("LINES", number, 1);
    snprintf(number, sizeof number, "%d", cols);
    setenv("COLUMNS", number, 1);
    int fd = memfd_create("frame", MFD_CLOEXEC);
    painter.memory = fd < 0 ? NULL : fdopen(fd, "w");
    painter.curses = painter.memory ? newterm(term, painter.memory, stdin) : NULL;
    unsetenv("LINES");
    unsetenv("COLUMNS");
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], &before[i], NULL);
    if (!painter.curses)
        return false;
    typeahead(-1);
    noecho();
    nonl();
    idcok(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    return true;
}

void paint_end(void)
{
    if (painter.curses)
        delscreen(painter.curses);
    if (painter.memory)
        fclose(painter.memory);
    free(painter.shown);
    free(painter.bytes);
    memset(&painter, 0, sizeof painter);
}

const char *paint_capability(const char *name)
{
    const char *value = tigetstr(name);
    return value && value != (const char *)-1 ? value : "";
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

enum usable { TERM_UNKNOWN, TERM_WITHOUT_CURSOR, TERM_USABLE };

/* Looked up first: a newterm that fails leaves memory behind. */
static enum usable look_up(const char *term)
{
    int found = 0;
    if (setupterm(term, STDOUT_FILENO, &found) != OK)
        return TERM_UNKNOWN;
    enum usable answer = *paint_capability("cup") ? TERM_USABLE : TERM_WITHOUT_CURSOR;
    del_curterm(cur_term);
    return answer;
}

const char *paint_start(const char *term, int rows, int cols)
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
    if (known == TERM_UNKNOWN || !start_curses(term, rows, cols)) {
        paint_end();
        return _("this terminal's TERM is not known here: try TERM=xterm-256color, or install "
                 "ncurses-term");
    }
    painter.has_margins = *paint_capability("csr");
    painter.corner_apart =
        tigetflag("am") > 0 && !(*paint_capability("smam") && *paint_capability("rmam"));
    painter.cursor = -1;
    return NULL;
}

void paint_resize(int rows, int cols)
{
    size_t n = (size_t)rows * (size_t)cols;
    painter.rows = rows;
    painter.cols = cols;
    painter.shown = tui_resize(painter.shown, n, sizeof *painter.shown);
    painter.again = true;
    resize_term(rows, cols);
}

void paint_again(void)
{
    painter.again = true;
}

void paint_reentered(void)
{
    painter.again = true;
    painter.cursor = -1;
}

/* ---- Telling curses ---- */

/* What a search found stays visible in a selected row. */
static attr_t look_of(const struct cell *cell, short *pair)
{
    bool marked = cell->mark && cell->role != ROLE_MATCH;
    if (cell->role == ROLE_OTHER && !marked)
        return (attr_t)theme_look(&cell->look, pair);
    return (attr_t)theme_attributes(marked ? cell->mark : cell->role, pair);
}

static int put_cell(cchar_t *line, int n, const struct cell *cell)
{
    wchar_t runes[6] = {0};
    short pair;
    memcpy(runes, cell->runes, cell->n * sizeof *runes);
    attr_t attributes = look_of(cell, &pair);
    setcchar(&line[n], runes, attributes, pair, NULL);
    return n + 1;
}

/*
 * The end of the last row. Where a terminal cannot be told not to wrap (screen, tmux), curses
 * writes the last cell one to the left and pushes it right by inserting, and does that after any
 * wide character that ends before it, too; which breaks wide characters. So curses is given spaces
 * there, and paint_corner writes these cells.
 */
static int corner_start(void)
{
    const struct cell *cells = grid_row(painter.rows - 1);
    int cols = painter.cols, start = cols - 1;
    if (!painter.corner_apart)
        return cols;
    if (cells[start].n == 0)
        return start - 1;
    return start > 0 && cells[start - 1].n == 0 ? start - 2 : start;
}

/* The whole row from the left, so that no wide character is ever halved. */
static void push_row(int row)
{
    static cchar_t line[PAINT_COLS_MAX];
    const struct cell *cells = grid_row(row);
    int n = 0, cols = row == painter.rows - 1 ? corner_start() : painter.cols;
    for (int col = 0; col < cols; col++)
        if (cells[col].n > 0)
            n = put_cell(line, n, &cells[col]);
    wmove(stdscr, row, 0);
    wclrtoeol(stdscr);
    if (n > 0)
        mvwadd_wchnstr(stdscr, row, 0, line, n);
    memcpy(&painter.shown[(size_t)row * (size_t)painter.cols], cells,
           (size_t)painter.cols * sizeof *cells);
}

/* Rows that differ; returns how many, and whether the last one was among them. */
static int push_rows(bool *last)
{
    size_t width = (size_t)painter.cols * sizeof *painter.shown;
    int n = 0;
    *last = false;
    for (int row = 0; row < painter.rows; row++) {
        const struct cell *shown = &painter.shown[(size_t)row * (size_t)painter.cols];
        if (!painter.again && memcmp(shown, grid_row(row), width) == 0)
            continue;
        push_row(row);
        *last = row == painter.rows - 1;
        n++;
    }
    return n;
}

static void push_cursor(void)
{
    int row = 0, col = 0, shown = grid_cursor(&row, &col);
    if (painter.cursor < 0)
        curs_set(!shown); /* what curses believes may no longer be so: makes it say it */
    if (shown != painter.cursor)
        curs_set(shown);
    painter.cursor = shown;
    wmove(stdscr, shown ? row : 0, shown ? col : 0);
}

/* ---- Bytes ---- */

static void put_bytes(const char *bytes, size_t n)
{
    if (painter.n + n > painter.cap) {
        painter.cap = (painter.n + n) * 2 + 256;
        painter.bytes = tui_resize(painter.bytes, painter.cap, 1);
    }
    memcpy(painter.bytes + painter.n, bytes, n);
    painter.n += n;
}

static int put_byte(int byte)
{
    char c = (char)byte;
    put_bytes(&c, 1);
    return byte;
}

static void take_memory(void)
{
    char part[8192];
    fflush(painter.memory);
    int fd = fileno(painter.memory);
    off_t length = lseek(fd, 0, SEEK_CUR);
    for (off_t at = 0; at < length;) {
        size_t want = (size_t)(length - at) < sizeof part ? (size_t)(length - at) : sizeof part;
        ssize_t got = pread(fd, part, want, at);
        if (got <= 0)
            break;
        put_bytes(part, (size_t)got);
        at += got;
    }
    lseek(fd, 0, SEEK_SET);
}

static bool blank_before(const struct cell *cells, int cols)
{
    for (int col = 0; col < cols; col++)
        if (cells[col].n != 1 || cells[col].runes[0] != L' ' || cells[col].role || cells[col].mark)
            return false;
    return true;
}

/* These terminals wrap only when one more character comes, and the cursor is moved first. Those
 * that wrap at once go without the corner. */
static void paint_corner(bool last_row_changed)
{
    const struct cell *cells = grid_row(painter.rows - 1);
    int start = corner_start();
    if (start == painter.cols || tigetflag("xenl") <= 0)
        return;
    /* A row that curses takes for empty may be cleared with the rows above it. */
    if (!last_row_changed && !blank_before(cells, start))
        return;
    tputs(tparm(cursor_address, painter.rows - 1, start), 1, put_byte);
    for (int col = start; col < painter.cols; col++) {
        short pair;
        attr_t attributes = look_of(&cells[col], &pair);
        vid_puts(attributes, pair, NULL, put_byte);
        for (int i = 0; i < cells[col].n; i++) {
            char bytes[4];
            put_bytes(bytes, rune_put((uint32_t)cells[col].runes[i], bytes));
        }
    }
    vid_puts(A_NORMAL, 0, NULL, put_byte);
    tputs(tparm(cursor_address, getcury(stdscr), getcurx(stdscr)), 1, put_byte);
}

size_t paint(const char **bytes)
{
    static const char no_margins[] = "\033[r";
    bool last, again = painter.again;
    painter.n = 0;
    int pushed = push_rows(&last);
    if (again) {
        clearok(curscr, TRUE);
        if (painter.has_margins)
            put_bytes(no_margins, strlen(no_margins));
    }
    painter.again = false;
    push_cursor();
    wnoutrefresh(stdscr);
    doupdate();
    take_memory();
    if (pushed > 0)
        paint_corner(last);
    *bytes = painter.bytes;
    return painter.n;
}
