/*
 * Keys: one number for every key a terminal can send, and their names.
 */
#ifndef ATRIUM_TUI_KEY_H
#define ATRIUM_TUI_KEY_H

#include <stdbool.h>
#include <stdint.h>

/* A key as one number: a code point, or one of enum key, with modifiers. */
enum key {
    KEYS_BASE = 0x200000,
    KEYS_UP,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_HOME,
    KEYS_END,
    KEYS_PAGE_UP,
    KEYS_PAGE_DOWN,
    KEYS_ENTER,
    KEYS_ESC,
    KEYS_TAB,
    KEYS_BACK_TAB,
    KEYS_BACKSPACE,
    KEYS_DELETE,
    KEYS_INSERT,
    KEYS_F1,
    KEYS_F2,
    KEYS_F3,
    KEYS_F4,
    KEYS_F5,
    KEYS_F6,
    KEYS_F7,
    KEYS_F8,
    KEYS_F9,
    KEYS_F10,
    KEYS_F11,
    KEYS_F12,
    KEYS_MOUSE, /* see loop_mouse */
    KEYS_PASTE, /* bracketed paste; see loop_paste */
    KEYS_END_OF_KEYS,
    KEYS_CTRL = 0x400000, /* or-ed with a letter in lower case: KEYS_CTRL | 'r' */
    KEYS_ALT = 0x800000,
};

/* "q", "Ctrl-r", "PgDn", "Enter", "Space", "中"; and back (0 when not a key's name). Names of
 * modifiers and keys may be in any case; a key that terminals cannot tell from another is that
 * other one (Ctrl-i is Tab, Ctrl-m Enter, Ctrl-h Backspace, Ctrl-[ Esc). */
const char *key_name(uint32_t key, char name[32]);
uint32_t key_by_name(const char *name);

struct loop_mouse {
    int row, col, button; /* 1 left, 2 middle, 3 right, 4 wheel up, 5 wheel down */
    bool pressed, double_click;
};

#endif
