/*
 * Input: bytes of a terminal to keys. A decoder of its own rather than curses': it never waits
 * inside, so a sequence cut in two by the line, a paste and a lone Esc are the loop's to time, and
 * it reads from any descriptor.
 *
 * Understood: UTF-8; control characters; CSI and SS3 keys with xterm's modifiers, in the forms of
 * xterm, rxvt, the Linux console and `CSI u`; SGR mouse reports; bracketed paste. Replies and
 * sequences that are none of these are swallowed whole. Ill-formed bytes are left out.
 */
#ifndef ATRIUM_TUI_INPUT_H
#define ATRIUM_TUI_INPUT_H

#include "tui/key.h"

#include <stddef.h>

struct input {
    char *bytes;         /* read; those from `from` on are not yet decoded */
    size_t from, n, cap; /* n: how many of them */
    bool pasting;
    char *paste; /* of the last KEYS_PASTE, cleaned */
    size_t n_paste, paste_cap;
    struct loop_mouse mouse; /* of the last KEYS_MOUSE */
};

void input_free(struct input *input);
void input_add(struct input *input, const char *bytes, size_t n);

/* The next key; 0 when the bytes so far do not make one. With `late` nothing more is on its way: a
 * lone Esc is the key Esc, a cut sequence is dropped, an unfinished paste ends. */
uint32_t input_key(struct input *input, bool late);

/* How long to wait for the rest before calling with `late`, in ms; -1: nothing is unfinished. */
int input_patience(const struct input *input);

#endif
