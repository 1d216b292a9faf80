#include "tui/emulator.h"

#include "tui/grid.h"
#include "tui/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

enum { LEAST_ROWS = 2, LEAST_COLS = 8, MOST = 1000, PAST_LINES = 5000, PAST_CELLS = 1000000 };

/* A cell of a line that has left at the top. */
struct kept {
    uint32_t runes[2];
    short fg, bg;
    unsigned char bits, width;
};

struct line {
    struct kept *cells;
    int n;
};

struct emulator {
    VTerm *terminal;
    VTermScreen *screen;
    int rows, cols;
    bool cursor, alternate;
    enum { PLAIN, ESCAPE, CONTROL, STRING, STRING_ESCAPE } at; /* in what comes */
    bool glyph; /* the last byte was a character of one cell */
    int mouse;
    struct line *past; /* a ring */
    int past_first, past_n, past_cells;
    void (*send)(void *context, const char *bytes, size_t n);
    void *context;
};

/* ---- Looks ---- */

/* The nearest of 256: grey where it is one, else of the cube. */
static short color_of(int red, int green, int blue)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int parts[] = {red, green, blue}, at[3];
    if (abs(red - green) < 8 && abs(green - blue) < 8 && red > 4 && red < 244)
        return (short)(232 + (red - 4) * 24 / 240);
    for (int i = 0; i < 3; i++) {
        at[i] = 0;
        for (int level = 1; level < 6; level++)
            if (abs(parts[i] - levels[level]) < abs(parts[i] - levels[at[i]]))
                at[i] = level;
    }
    return (short)(16 + 36 * at[0] + 6 * at[1] + at[2]);
}

static short color_read(const VTermColor *color, bool own)
{
    if (own)
        return -1;
    return VTERM_COLOR_IS_INDEXED(color)
               ? color->indexed.idx
               : color_of(color->rgb.red, color->rgb.green, color->rgb.blue);
}

static struct kept cell_read(const VTermScreenCell *cell)
{
    struct kept kept = {.fg = color_read(&cell->fg, VTERM_COLOR_IS_DEFAULT_FG(&cell->fg)),
                        .bg = color_read(&cell->bg, VTERM_COLOR_IS_DEFAULT_BG(&cell->bg)),
                        .width = cell->width == 2 ? 2 : 1};
    kept.runes[0] = cell->chars[0] == UINT32_MAX ? 0 : cell->chars[0];
    kept.runes[1] = kept.runes[0] ? cell->chars[1] : 0;
    kept.bits = (unsigned char)((cell->attrs.bold ? LOOK_BOLD : 0) |
                                (cell->attrs.italic ? LOOK_ITALIC : 0) |
                                (cell->attrs.underline ? LOOK_UNDERLINE : 0) |
                                (cell->attrs.reverse ? LOOK_REVERSE : 0));
    return kept;
}

/* ---- What the model tells ---- */

static void on_send(const char *bytes, size_t n, void *user)
{
    struct emulator *e = user;
    e->send(e->context, bytes, n);
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    struct emulator *e = user;
    if (property == VTERM_PROP_CURSORVISIBLE)
        e->cursor = value->boolean;
    else if (property == VTERM_PROP_ALTSCREEN)
        e->alternate = value->boolean;
    else if (property == VTERM_PROP_MOUSE)
        e->mouse = value->number;
    return 1;
}

static struct line *past_at(const struct emulator *e, int i)
{
    return &e->past[(e->past_first + i) % PAST_LINES];
}

static void past_drop(struct emulator *e)
{
    struct line *line = past_at(e, 0);
    e->past_cells -= line->n;
    free(line->cells);
    line->cells = NULL;
    line->n = 0;
    e->past_first = (e->past_first + 1) % PAST_LINES;
    e->past_n--;
}

static int on_line_left(int cols, const VTermScreenCell *cells, void *user)
{
    struct emulator *e = user;
    int n = cols;
    while (n > 0 && !cells[n - 1].chars[0] && VTERM_COLOR_IS_DEFAULT_BG(&cells[n - 1].bg))
        n--;
    while (e->past_n == PAST_LINES || (e->past_n && e->past_cells + n > PAST_CELLS))
        past_drop(e);
    struct line *line = past_at(e, e->past_n++);
    line->cells = n ? tui_resize(NULL, (size_t)n, sizeof *line->cells) : NULL;
    line->n = n;
    for (int i = 0; i < n; i++)
        line->cells[i] = cell_read(&cells[i]);
    e->past_cells += n;
    return 1;
}

/* ---- Life ---- */

static int within(int n, int least)
{
    return n < least ? least : n > MOST ? MOST : n;
}

struct emulator *emulator_new(int rows, int cols,
                              void (*send)(void *context, const char *bytes, size_t n),
                              void *context)
{
    static const VTermScreenCallbacks callbacks = {
        .settermprop = on_property,
        .sb_pushline = on_line_left,
    };
    struct emulator *e = tui_resize(NULL, 1, sizeof *e);
    *e = (struct emulator){.rows = within(rows, LEAST_ROWS),
                           .cols = within(cols, LEAST_COLS),
                           .cursor = true,
                           .send = send,
                           .context = context};
    e->past = tui_resize(NULL, PAST_LINES, sizeof *e->past);
    memset(e->past, 0, PAST_LINES * sizeof *e->past);
    e->terminal = vterm_new(e->rows, e->cols);
    vterm_set_utf8(e->terminal, 1);
    vterm_output_set_callback(e->terminal, on_send, e);
    e->screen = vterm_obtain_screen(e->terminal);
    vterm_screen_set_callbacks(e->screen, &callbacks, e);
    vterm_screen_enable_altscreen(e->screen, 1);
    vterm_screen_set_damage_merge(e->screen, VTERM_DAMAGE_SCREEN);
    vterm_screen_reset(e->screen, 1);
    return e;
}

void emulator_free(struct emulator *e)
{
    if (!e)
        return;
    while (e->past_n)
        past_drop(e);
    vterm_free(e->terminal);
    free(e->past);
    free(e);
}

/*
 * libvterm 0.1.4 may leave the cursor and the margins outside a screen that became smaller, and
 * writes there. So margins are taken back, as xterm does, and the cursor is put where it can be.
 */
static void cursor_bound(struct emulator *e)
{
    char text[64];
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(e->terminal), &at);
    at.row = at.row < 0 ? 0 : at.row >= e->rows ? e->rows - 1 : at.row;
    at.col = at.col < 0 ? 0 : at.col >= e->cols ? e->cols - 1 : at.col;
    int n = snprintf(text, sizeof text, "\x1B\\\x1B[?69l\x1B[r\x1B[%d;%dH", at.row + 1, at.col + 1);
    vterm_input_write(e->terminal, text, (size_t)n);
}

void emulator_resize(struct emulator *e, int rows, int cols)
{
    rows = within(rows, LEAST_ROWS);
    cols = within(cols, LEAST_COLS);
    if (rows == e->rows && cols == e->cols)
        return;
    e->rows = rows;
    e->cols = cols;
    vterm_set_size(e->terminal, rows, cols);
    cursor_bound(e);
}

/* The byte after ESC, which was held back until here. */
static void escape_take(struct emulator *e, char byte)
{
    static const char clamp[] = "\x1B[9999h"; /* a mode there is not: any CSI ends within bounds */
    static const char cancel = '\x18';
    char pair[2] = {'\x1B', byte};
    e->at = byte == '\x1B' ? ESCAPE : byte == '[' ? CONTROL : PLAIN;
    e->glyph = e->glyph && byte == '[';
    if (byte && strchr("P]X^_", byte)) {
        e->at = STRING;
        vterm_input_write(e->terminal, &cancel, 1); /* a sequence that was open ends with it */
    } else if (byte != '\x1B') {
        vterm_input_write(e->terminal, pair, sizeof pair);
    }
    /* ESC 8 brings back a cursor that was saved on a larger screen: see cursor_bound. */
    if (byte == '8')
        vterm_input_write(e->terminal, clamp, sizeof clamp - 1);
}

/* Within CSI. Its last letter b repeats the character before it; where that has no width, or there
 * is none, libvterm 0.1.4 repeats it for ever. So it is taken only right behind one of one cell,
 * which is how programs use it. */
static void control_take(struct emulator *e, char byte)
{
    static const char cancel = '\x18';
    bool end = byte >= 0x40 && byte <= 0x7E;
    if (byte == '\x1B') {
        e->glyph = false;
        e->at = ESCAPE;
        return;
    }
    vterm_input_write(e->terminal, byte == 'b' && !e->glyph ? &cancel : &byte, 1);
    if (end || byte == '\x18' || byte == '\x1A')
        e->at = PLAIN;
    e->glyph = e->glyph && !end && byte >= 0x20;
}

/* Within a string of DCS, OSC, SOS, PM or APC: titles, clipboards, questions about settings.
 * Nothing here wants them, and libvterm 0.1.4 answers a DCS with a wrong pointer: they are left
 * out. */
static void string_take(struct emulator *e, char byte)
{
    if (e->at == STRING_ESCAPE && byte != '\\')
        escape_take(e, byte);
    else if (e->at == STRING_ESCAPE || byte == '\a' || byte == '\x18' || byte == '\x1A')
        e->at = PLAIN;
    else if (byte == '\x1B')
        e->at = STRING_ESCAPE;
}

void emulator_take(struct emulator *e, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t plain = 0;
        while (e->at == PLAIN && i + plain < n && bytes[i + plain] != '\x1B')
            plain++;
        if (plain) {
            vterm_input_write(e->terminal, bytes + i, plain);
            i += plain - 1;
            e->glyph = bytes[i] >= 0x20 && bytes[i] <= 0x7E;
        } else if (e->at == PLAIN) {
            e->at = ESCAPE;
        } else if (e->at == ESCAPE) {
            escape_take(e, bytes[i]);
        } else if (e->at == CONTROL) {
            control_take(e, bytes[i]);
        } else {
            string_take(e, bytes[i]);
        }
    }
}

/* ---- Keys ---- */

static const struct {
    uint32_t key;
    VTermKey vterm;
} keys[] = {
    {KEYS_UP, VTERM_KEY_UP},
    {KEYS_DOWN, VTERM_KEY_DOWN},
    {KEYS_LEFT, VTERM_KEY_LEFT},
    {KEYS_RIGHT, VTERM_KEY_RIGHT},
    {KEYS_HOME, VTERM_KEY_HOME},
    {KEYS_END, VTERM_KEY_END},
    {KEYS_PAGE_UP, VTERM_KEY_PAGEUP},
    {KEYS_PAGE_DOWN, VTERM_KEY_PAGEDOWN},
    {KEYS_ENTER, VTERM_KEY_ENTER},
    {KEYS_TAB, VTERM_KEY_TAB},
    {KEYS_DELETE, VTERM_KEY_DEL},
    {KEYS_INSERT, VTERM_KEY_INS},
    {KEYS_F1, VTERM_KEY_FUNCTION(1)},
    {KEYS_F2, VTERM_KEY_FUNCTION(2)},
    {KEYS_F3, VTERM_KEY_FUNCTION(3)},
    {KEYS_F4, VTERM_KEY_FUNCTION(4)},
    {KEYS_F5, VTERM_KEY_FUNCTION(5)},
    {KEYS_F6, VTERM_KEY_FUNCTION(6)},
    {KEYS_F7, VTERM_KEY_FUNCTION(7)},
    {KEYS_F8, VTERM_KEY_FUNCTION(8)},
    {KEYS_F9, VTERM_KEY_FUNCTION(9)},
    {KEYS_F10, VTERM_KEY_FUNCTION(10)},
    {KEYS_F11, VTERM_KEY_FUNCTION(11)},
    {KEYS_F12, VTERM_KEY_FUNCTION(12)},
};

/* Keys that are a byte or a character, with Esc before them for Alt. */
static void character_send(struct emulator *e, uint32_t rune, uint32_t with)
{
    char bytes[8];
    size_t n = 0;
    if (with & KEYS_ALT)
        bytes[n++] = '\x1B';
    if (with & KEYS_CTRL)
        bytes[n++] = (char)(rune == ' ' ? 0 : rune & 0x1F);
    else
        n += rune_put(rune, bytes + n);
    e->send(e->context, bytes, n);
}

void emulator_key(struct emulator *e, uint32_t key)
{
    static const struct {
        uint32_t key, rune;
    } characters[] = {{KEYS_ESC, 0x1B}, {KEYS_BACKSPACE, 0x7F}};
    uint32_t with = key & (KEYS_CTRL | KEYS_ALT), plain = key & ~(KEYS_CTRL | KEYS_ALT);
    VTermModifier modifiers = (VTermModifier)((with & KEYS_CTRL ? VTERM_MOD_CTRL : 0) |
                                              (with & KEYS_ALT ? VTERM_MOD_ALT : 0));
    if (plain < KEYS_BASE) {
        character_send(e, plain, with);
        return;
    }
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++)
        if (characters[i].key == plain)
            character_send(e, characters[i].rune, with & KEYS_ALT);
    if (plain == KEYS_BACK_TAB)
        vterm_keyboard_key(e->terminal, VTERM_KEY_TAB, VTERM_MOD_SHIFT);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].key == plain)
            vterm_keyboard_key(e->terminal, keys[i].vterm, modifiers);
}

/* Newlines of a paste are what Enter sends. */
void emulator_paste(struct emulator *e, const char *text)
{
    size_t n = strlen(text);
    char *bytes = tui_resize(NULL, n + 1, 1);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(text[i] == '\n' ? '\r' : text[i]);
    vterm_keyboard_start_paste(e->terminal);
    e->send(e->context, bytes, n);
    vterm_keyboard_end_paste(e->terminal);
    free(bytes);
}

bool emulator_mouse(struct emulator *e, const struct loop_mouse *mouse)
{
    if (e->mouse == VTERM_PROP_MOUSE_NONE)
        return false;
    vterm_mouse_move(e->terminal, mouse->row, mouse->col, VTERM_MOD_NONE);
    vterm_mouse_button(e->terminal, mouse->button, mouse->pressed, VTERM_MOD_NONE);
    return true;
}

/* ---- Drawing ---- */

int emulator_past(const struct emulator *e)
{
    return e->alternate ? 0 : e->past_n;
}

/* The characters of a cell pass what all drawn text passes; where that changes their width, the
 * cell stays as wide as the program believes. */
static void cell_draw(const struct kept *cell, int row, int col, struct area area)
{
    struct look look = {cell->fg, cell->bg, cell->bits};
    struct glyph glyph = {.runes = {L' '}, .n = 1, .cells = 1};
    char bytes[8];
    size_t n = 0;
    for (int i = 0; i < 2 && cell->runes[i]; i++)
        n += rune_put(cell->runes[i] <= 0x10FFFF ? cell->runes[i] : 0xFFFD, bytes + n);
    const char *at = bytes;
    if (n && (!glyph_next(&at, bytes + n, &glyph) || glyph.cells > cell->width))
        glyph = (struct glyph){.runes = {0xFFFD}, .n = 1, .cells = 1};
    if (col + glyph.cells > area.cols)
        return;
    grid_put_look(area.row + row, area.col + col, &look, &glyph);
    if (cell->width == 2 && glyph.cells == 1 && col + 1 < area.cols) {
        const struct glyph space = {.runes = {L' '}, .n = 1, .cells = 1};
        grid_put_look(area.row + row, area.col + col + 1, &look, &space);
    }
}

static void present_draw(struct emulator *e, int row, int on, int from, struct area area)
{
    for (int col = 0; col < e->cols && col - from < area.cols;) {
        VTermScreenCell cell;
        if (!vterm_screen_get_cell(e->screen, (VTermPos){row, col}, &cell))
            break;
        struct kept kept = cell_read(&cell);
        if (col >= from && (kept.runes[0] || kept.bg >= 0 || kept.bits & LOOK_REVERSE))
            cell_draw(&kept, on, col - from, area);
        col += kept.width;
    }
}

static void past_draw(const struct line *line, int on, int from, struct area area)
{
    for (int col = 0; col < line->n && col - from < area.cols; col += line->cells[col].width)
        if (col >= from)
            cell_draw(&line->cells[col], on, col - from, area);
}

void emulator_draw_part(struct emulator *e, struct area area, int back, int row, int col)
{
    int past = emulator_past(e), cursor_row, cursor_col;
    back = back > past ? past : back;
    for (int on = 0; on < area.rows && on + row < e->rows; on++) {
        int line = past - back + on + row;
        if (line < past)
            past_draw(past_at(e, line), on, col, area);
        else
            present_draw(e, line - past, on, col, area);
    }
    emulator_cursor(e, &cursor_row, &cursor_col);
    cursor_row -= row;
    cursor_col -= col;
    if (!back && e->cursor && cursor_row >= 0 && cursor_col >= 0 && cursor_row < area.rows &&
        cursor_col < area.cols)
        draw_cursor(area, cursor_row, cursor_col);
}

void emulator_draw(struct emulator *e, struct area area, int back)
{
    emulator_draw_part(e, area, back, 0, 0);
}

int emulator_rows(const struct emulator *e)
{
    return e->rows;
}

int emulator_cols(const struct emulator *e)
{
    return e->cols;
}

void emulator_cursor(const struct emulator *e, int *row, int *col)
{
    VTermPos at;
    vterm_state_get_cursorpos(vterm_obtain_state(e->terminal), &at);
    *row = at.row;
    *col = at.col;
}

char *emulator_text(struct emulator *e)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    for (int row = 0; row < e->rows; row++) {
        int blanks = 0;
        for (int col = 0; col < e->cols;) {
            VTermScreenCell cell;
            char bytes[4];
            vterm_screen_get_cell(e->screen, (VTermPos){row, col}, &cell);
            struct kept kept = cell_read(&cell);
            col += kept.width;
            if (!kept.runes[0] || kept.runes[0] == ' ') {
                blanks++;
                continue;
            }
            for (; blanks; blanks--)
                fputc(' ', out);
            fwrite(bytes, 1, rune_put(kept.runes[0], bytes), out);
        }
        fputc('\n', out);
    }
    fclose(out);
    return text;
}
