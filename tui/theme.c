#include "tui/theme.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

/*
 * One row a role. Colours with 256 are chosen so that each reads on black and on white alike
 * (contrast of at least 3.5 on both): the terminal's own background is kept. Where a background is
 * set, so is the foreground. With 8 and 16 colours the terminal's palette decides, so hue is all
 * that is asked for. Without colours, attributes carry the difference.
 */
struct role_look {
    short fg, bg;           /* of 256 colours; -1: the terminal's own */
    short fg_few, bg_few;   /* of 8 */
    attr_t rich, few, mono; /* attributes with 256, with 8 or 16, with none */
};

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

static const struct role_look looks[ROLE_COUNT] = {
    [ROLE_PLAIN] = {-1, -1, -1, -1, 0, 0, 0},
    [ROLE_DIM] = {243, -1, -1, -1, 0, A_DIM, A_DIM},
    [ROLE_STRONG] = {-1, -1, -1, -1, A_BOLD, A_BOLD, A_BOLD},
    [ROLE_ACCENT] = {31, -1, CYAN, -1, A_BOLD, 0, A_BOLD},
    [ROLE_TITLE] = {31, -1, CYAN, -1, 0, 0, A_UNDERLINE},
    [ROLE_RULE] = {243, -1, -1, -1, 0, A_DIM, A_DIM},
    [ROLE_UP] = {28, -1, GREEN, -1, 0, 0, 0},
    [ROLE_DOWN] = {167, -1, RED, -1, 0, 0, A_BOLD},
    [ROLE_WARN] = {130, -1, YELLOW, -1, A_BOLD, 0, A_BOLD},
    [ROLE_ERROR] = {160, -1, RED, -1, A_BOLD, A_BOLD, A_BOLD | A_UNDERLINE},
    [ROLE_SELECTED] = {231, 24, -1, -1, 0, A_REVERSE, A_REVERSE},
    [ROLE_MARKED] = {133, -1, MAGENTA, -1, A_BOLD, A_BOLD, A_BOLD},
    [ROLE_MATCH] = {16, 178, BLACK, YELLOW, 0, 0, A_UNDERLINE | A_BOLD},
    [ROLE_STATUS] = {243, -1, -1, -1, 0, A_DIM, 0},
    [ROLE_INPUT] = {-1, -1, -1, -1, A_UNDERLINE, A_UNDERLINE, A_UNDERLINE},
    [ROLE_BAR] = {67, -1, CYAN, -1, 0, 0, 0},
    [ROLE_HEAT_0] = {243, -1, -1, -1, 0, A_DIM, A_DIM},
    [ROLE_HEAT_1] = {231, 24, WHITE, BLUE, 0, 0, 0},
    [ROLE_HEAT_2] = {16, 37, BLACK, CYAN, 0, 0, 0},
    [ROLE_HEAT_3] = {16, 178, BLACK, YELLOW, 0, 0, A_BOLD},
    [ROLE_HEAT_4] = {231, 160, WHITE, RED, A_BOLD, A_BOLD, A_REVERSE},
    [ROLE_OTHER] = {-1, -1, -1, -1, 0, 0, 0},
};

static const char *const symbols[SYMBOL_COUNT][2] = {
    [SYMBOL_HLINE] = {"─", "-"},     [SYMBOL_VLINE] = {"│", "|"},
    [SYMBOL_UP] = {"▲", "+"},        [SYMBOL_DOWN] = {"▼", "-"},
    [SYMBOL_FLOW] = {"──▶", "-->"},  [SYMBOL_BULLET] = {"●", "*"},
    [SYMBOL_ALERT] = {"!", "!"},     [SYMBOL_OPEN] = {"→", ">"},
    [SYMBOL_MARK] = {"✓", "x"},      [SYMBOL_SORT_UP] = {"↑", "^"},
    [SYMBOL_SORT_DOWN] = {"↓", "v"}, [SYMBOL_MORE] = {"…", "~"},
    [SYMBOL_BELOW] = {"▾", "v"},     [SYMBOL_CHECK] = {"✓", "+"},
    [SYMBOL_NONE] = {"–", "-"},      [SYMBOL_FULL_BLOCK] = {"█", "#"},
    [SYMBOL_CORNER_TL] = {"┌", "+"}, [SYMBOL_CORNER_TR] = {"┐", "+"},
    [SYMBOL_CORNER_BL] = {"└", "+"}, [SYMBOL_CORNER_BR] = {"┘", "+"},
};

static struct {
    int colors;
    bool ascii;
    short pairs[257][257]; /* of looks, by colour + 1; 0: none yet */
    int n_pairs;
} theme;

const char *symbol(enum symbol symbol)
{
    return symbols[symbol][theme.ascii];
}

bool theme_ascii(void)
{
    return theme.ascii;
}

int theme_colors(void)
{
    return theme.colors;
}

/* Not more than the terminal has, in the steps that the table knows. */
static int colors_chosen(int wanted, int terminal)
{
    const char *none = getenv("NO_COLOR");
    if (wanted < 0)
        wanted = none && *none ? 0 : terminal;
    int n = wanted < terminal ? wanted : terminal;
    return n >= 256 ? 256 : n >= 16 ? 16 : n >= 8 ? 8 : 0;
}

void theme_start(const struct theme_options *options)
{
    theme.ascii = options->ascii;
    theme.colors = has_colors() ? colors_chosen(options->colors, tigetnum("colors")) : 0;
    if (theme.colors == 0)
        return;
    memset(theme.pairs, 0, sizeof theme.pairs);
    theme.n_pairs = ROLE_COUNT;
    start_color();
    use_default_colors();
    for (short role = 1; role < ROLE_COUNT; role++) {
        const struct role_look *look = &looks[role];
        bool rich = theme.colors == 256;
        init_pair(role, rich ? look->fg : look->fg_few, rich ? look->bg : look->bg_few);
    }
}

void theme_start_plain(const struct theme_options *options)
{
    theme.ascii = options->ascii;
    theme.colors = 0;
}

unsigned long theme_attributes(enum role role, short *pair)
{
    const struct role_look *look = &looks[role];
    *pair = theme.colors ? (short)role : 0;
    return theme.colors == 256 ? look->rich : theme.colors ? look->few : look->mono;
}

/* One of 256 colours as one of 8: each of red, green and blue is there or not. */
static short color_few(short color)
{
    if (color < 16)
        return color < 8 ? color : (short)(color - 8);
    if (color >= 232)
        return color >= 244 ? WHITE : BLACK;
    int cube = color - 16, red = cube / 36, green = cube / 6 % 6, blue = cube % 6;
    return (short)((red >= 3) | (green >= 3) << 1 | (blue >= 3) << 2);
}

unsigned long theme_look(const struct look *look, short *pair)
{
    static const struct {
        unsigned bit;
        attr_t attribute;
    } bits[] = {{LOOK_BOLD, A_BOLD},
                {LOOK_DIM, A_DIM},
                {LOOK_ITALIC, A_ITALIC},
                {LOOK_UNDERLINE, A_UNDERLINE},
                {LOOK_REVERSE, A_REVERSE}};
    attr_t attributes = 0;
    bool few = theme.colors < 256;
    short fg = look->fg, bg = look->bg;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        attributes |= look->bits & bits[i].bit ? bits[i].attribute : 0;
    *pair = 0;
    if (!theme.colors || (fg < 0 && bg < 0))
        return attributes;
    if (few && fg >= 0)
        fg = color_few(fg);
    if (few && bg >= 0)
        bg = color_few(bg);
    short *known = &theme.pairs[fg + 1][bg + 1];
    int most = COLOR_PAIRS < 32767 ? COLOR_PAIRS : 32767;
    if (!*known && theme.n_pairs < most && init_pair((short)theme.n_pairs, fg, bg) == OK)
        *known = (short)theme.n_pairs++;
    *pair = *known;
    return attributes;
}

void theme_colors_256(enum role role, int *foreground, int *background)
{
    *foreground = looks[role].fg;
    *background = looks[role].bg;
}
