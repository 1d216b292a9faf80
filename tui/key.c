#include "tui/key.h"

#include "tui/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The first name of a key is the one shown, others are read. */
static const struct {
    const char *name;
    uint32_t key;
} names[] = {
    {"Up", KEYS_UP},
    {"Down", KEYS_DOWN},
    {"Left", KEYS_LEFT},
    {"Right", KEYS_RIGHT},
    {"Home", KEYS_HOME},
    {"End", KEYS_END},
    {"PgUp", KEYS_PAGE_UP},
    {"PgDn", KEYS_PAGE_DOWN},
    {"PageUp", KEYS_PAGE_UP},
    {"PageDown", KEYS_PAGE_DOWN},
    {"Enter", KEYS_ENTER},
    {"Return", KEYS_ENTER},
    {"Esc", KEYS_ESC},
    {"Escape", KEYS_ESC},
    {"Tab", KEYS_TAB},
    {"Shift-Tab", KEYS_BACK_TAB},
    {"BackTab", KEYS_BACK_TAB},
    {"Backspace", KEYS_BACKSPACE},
    {"Delete", KEYS_DELETE},
    {"Del", KEYS_DELETE},
    {"Insert", KEYS_INSERT},
    {"Ins", KEYS_INSERT},
    {"Space", ' '},
    {"F1", KEYS_F1},
    {"F2", KEYS_F2},
    {"F3", KEYS_F3},
    {"F4", KEYS_F4},
    {"F5", KEYS_F5},
    {"F6", KEYS_F6},
    {"F7", KEYS_F7},
    {"F8", KEYS_F8},
    {"F9", KEYS_F9},
    {"F10", KEYS_F10},
    {"F11", KEYS_F11},
    {"F12", KEYS_F12},
    {"Mouse", KEYS_MOUSE},
    {"Paste", KEYS_PASTE},
};

const char *key_name(uint32_t key, char name[32])
{
    const char *modifiers = key & KEYS_CTRL  ? key & KEYS_ALT ? "Ctrl-Alt-" : "Ctrl-"
                            : key & KEYS_ALT ? "Alt-"
                                             : "";
    uint32_t plain = key & ~(uint32_t)(KEYS_CTRL | KEYS_ALT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].key == plain) {
            snprintf(name, 32, "%s%s", modifiers, names[i].name);
            return name;
        }
    char bytes[5] = {0};
    if (plain < 0x110000 && !rune_unsafe((int32_t)plain))
        rune_put(plain, bytes);
    else
        bytes[0] = '?';
    snprintf(name, 32, "%s%s", modifiers, bytes);
    return name;
}

static uint32_t plain_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i].name, name) == 0)
            return names[i].key;
    int32_t rune;
    size_t n = rune_next(name, name + strlen(name), &rune);
    return n > 0 && name[n] == '\0' && rune > ' ' && !rune_unsafe(rune) ? (uint32_t)rune : 0;
}

uint32_t key_by_name(const char *name)
{
    uint32_t modifiers = 0;
    for (;;) {
        if (strncasecmp(name, "Ctrl-", 5) == 0 && name[5]) {
            modifiers |= KEYS_CTRL;
            name += 5;
        } else if (strncasecmp(name, "Alt-", 4) == 0 && name[4]) {
            modifiers |= KEYS_ALT;
            name += 4;
        } else
            break;
    }
    uint32_t key = plain_by_name(name);
    if (key == 0)
        return 0;
    if (modifiers & KEYS_CTRL) {
        if (key >= 'A' && key <= 'Z')
            key += 'a' - 'A';
        uint32_t same = key == 'i'   ? KEYS_TAB
                        : key == 'm' ? KEYS_ENTER
                        : key == 'h' ? KEYS_BACKSPACE
                        : key == '[' ? KEYS_ESC
                                     : 0;
        if (same)
            return same | (modifiers & KEYS_ALT);
    }
    return key | modifiers;
}
