/*
 * Colours by role, not by place: a widget asks for ROLE_DIM, the theme knows what that is with 256,
 * 16 or no colours. Without colours the difference is kept by bold, dim, reverse and underline.
 */
#ifndef ATRIUM_TUI_THEME_H
#define ATRIUM_TUI_THEME_H

#include <stdbool.h>

enum role {
    ROLE_PLAIN,
    ROLE_DIM,    /* secondary */
    ROLE_STRONG, /* headline numbers */
    ROLE_ACCENT, /* the one accent: titles, keys, the open thing */
    ROLE_TITLE,  /* column titles */
    ROLE_RULE,   /* lines */
    ROLE_UP,     /* a change for the better, with a sign */
    ROLE_DOWN,   /* a change for the worse */
    ROLE_WARN,
    ROLE_ERROR,
    ROLE_SELECTED, /* the row or tile the cursor is on */
    ROLE_MARKED,   /* a marked row */
    ROLE_MATCH,    /* what a search found */
    ROLE_STATUS,   /* the status line */
    ROLE_INPUT,    /* a field being edited */
    ROLE_BAR,      /* bars and sparklines */
    ROLE_HEAT_0,   /* heat map, from none .. */
    ROLE_HEAT_1,
    ROLE_HEAT_2,
    ROLE_HEAT_3,
    ROLE_HEAT_4, /* .. to most */
    ROLE_OTHER,  /* cells of a terminal inside the screen: their own struct look decides */
    ROLE_COUNT
};

/* Colours that no role knows: those of a program in a terminal inside the screen. */
enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_ITALIC = 4, LOOK_UNDERLINE = 8, LOOK_REVERSE = 16 };
struct look {
    short fg, bg;        /* of 256; -1: the terminal's own */
    unsigned short bits; /* LOOK_… */
};

struct theme_options {
    int colors; /* 256, 16, 8 or 0; -1: what the terminal has (0 when NO_COLOR is set) */
    bool ascii; /* borders, bars and arrows of ASCII only */
};

/* Symbols that have an ASCII form. */
enum symbol {
    SYMBOL_HLINE,
    SYMBOL_VLINE,
    SYMBOL_UP,
    SYMBOL_DOWN,
    SYMBOL_FLOW /* ──▶ */,
    SYMBOL_BULLET,
    SYMBOL_ALERT,
    SYMBOL_OPEN /* → */,
    SYMBOL_MARK,
    SYMBOL_SORT_UP,
    SYMBOL_SORT_DOWN,
    SYMBOL_MORE,
    SYMBOL_BELOW,
    SYMBOL_CHECK,
    SYMBOL_NONE /* – */,
    SYMBOL_FULL_BLOCK,
    SYMBOL_CORNER_TL,
    SYMBOL_CORNER_TR,
    SYMBOL_CORNER_BL,
    SYMBOL_CORNER_BR,
    SYMBOL_COUNT
};
const char *symbol(enum symbol symbol);
bool theme_ascii(void);

/* Called by the screen after curses started, and again to switch. */
void theme_start(const struct theme_options *options);

/* Looks without curses, for frames that no terminal shows and for tests. */
void theme_start_plain(const struct theme_options *options);
int theme_colors(void); /* 256, 16, 8 or 0, as chosen */

/* The curses attributes and colour pair of a role. */
unsigned long theme_attributes(enum role role, short *pair);

/* The same of a look of its own; colours come as near as the terminal has them. */
unsigned long theme_look(const struct look *look, short *pair);

/* The colours of a role with 256 colours, -1: the terminal's own; for tests of contrast. */
void theme_colors_256(enum role role, int *foreground, int *background);

#endif
