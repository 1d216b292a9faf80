#include "tui/input.h"

#include "tui/memory.h"
#include "tui/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    ESC = 0x1B,
    ESC_MS = 25,            /* after this a lone Esc is the key */
    PASTE_MS = 2000,        /* a paste whose end was lost */
    SEQUENCE_MAX = 64,      /* longer ones are not keys */
    STRING_MAX = 4096,      /* replies of a terminal (OSC, DCS) */
    PASTE_MAX = 1024 * 1024 /* the rest is left out */
};

static const char paste_end[] = "\033[201~";

void input_free(struct input *input)
{
    free(input->bytes);
    free(input->paste);
    memset(input, 0, sizeof *input);
}

static void put(char **at, size_t *n, size_t *cap, const char *bytes, size_t more)
{
    if (*n + more + 1 > *cap) {
        *cap = (*n + more) * 2 + 64;
        *at = tui_resize(*at, *cap, 1);
    }
    memcpy(*at + *n, bytes, more);
    *n += more;
    (*at)[*n] = '\0';
}

void input_add(struct input *input, const char *bytes, size_t n)
{
    put(&input->bytes, &input->n, &input->cap, bytes, n);
}

static void drop(struct input *input, size_t n)
{
    n = n < input->n ? n : input->n;
    input->n -= n;
    memmove(input->bytes, input->bytes + n, input->n);
}

/* CSI numbers to keys: "CSI 3 ~". */
static const uint32_t tilde_keys[] = {
    [1] = KEYS_HOME,      [2] = KEYS_INSERT, [3] = KEYS_DELETE, [4] = KEYS_END,  [5] = KEYS_PAGE_UP,
    [6] = KEYS_PAGE_DOWN, [7] = KEYS_HOME,   [8] = KEYS_END,    [11] = KEYS_F1,  [12] = KEYS_F2,
    [13] = KEYS_F3,       [14] = KEYS_F4,    [15] = KEYS_F5,    [17] = KEYS_F6,  [18] = KEYS_F7,
    [19] = KEYS_F8,       [20] = KEYS_F9,    [21] = KEYS_F10,   [23] = KEYS_F11, [24] = KEYS_F12,
};

/* Final letters of CSI and SS3. */
static uint32_t letter_key(char letter)
{
    static const struct {
        char letter;
        uint32_t key;
    } letters[] = {
        {'A', KEYS_UP},
        {'B', KEYS_DOWN},
        {'C', KEYS_RIGHT},
        {'D', KEYS_LEFT},
        {'H', KEYS_HOME},
        {'F', KEYS_END},
        {'P', KEYS_F1},
        {'Q', KEYS_F2},
        {'R', KEYS_F3},
        {'S', KEYS_F4},
        {'M', KEYS_ENTER},
        {'Z', KEYS_BACK_TAB},
        {'a', KEYS_CTRL | KEYS_UP},
        {'b', KEYS_CTRL | KEYS_DOWN},
        {'c', KEYS_CTRL | KEYS_RIGHT},
        {'d', KEYS_CTRL | KEYS_LEFT},
    };
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == letter)
            return letters[i].key;
    return 0;
}

static uint32_t control_key(unsigned char byte)
{
    switch (byte) {
    case 0:
        return KEYS_CTRL | ' ';
    case '\b':
    case 0x7F:
        return KEYS_BACKSPACE;
    case '\t':
        return KEYS_TAB;
    case '\r':
        return KEYS_ENTER;
    case ESC:
        return KEYS_ESC;
    }
    return KEYS_CTRL | (byte <= 26 ? byte - 1u + 'a' : byte + 0x40u);
}

/* xterm's modifier parameter: 1 + shift, 2 alt, 4 ctrl. Shift alone changes nothing here. */
static uint32_t modified(uint32_t key, int parameter)
{
    int bits = parameter > 1 ? parameter - 1 : 0;
    if (key == KEYS_TAB && (bits & 1))
        key = KEYS_BACK_TAB;
    return key | (bits & 2 ? KEYS_ALT : 0) | (bits & 4 ? KEYS_CTRL : 0);
}

/* "CSI 97 ; 5 u": a code point with modifiers. */
static uint32_t coded_key(int code, int modifiers)
{
    if (code < 0x20 || code == 0x7F)
        return modified(control_key((unsigned char)code), modifiers);
    if (code > 0x10FFFF || rune_unsafe(code) || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    bool letter = code >= 'a' && code <= 'z';
    if (modifiers == 2 && letter)
        return (uint32_t)code - 'a' + 'A';
    return modified((uint32_t)code, modifiers);
}

struct csi {
    char private; /* '<', '?', '=' or '>'; 0: none */
    int values[4];
    int n;
    char final;
};

/* The length of a control sequence after "ESC [", 0: unfinished, -1: not one. */
static int csi_read(const char *at, size_t n, struct csi *csi)
{
    *csi = (struct csi){0};
    size_t i = 0;
    if (n > 0 && at[0] >= '<' && at[0] <= '?')
        csi->private = at[i++];
    for (; i < n && i < SEQUENCE_MAX; i++) {
        unsigned char c = (unsigned char)at[i];
        if (c >= '0' && c <= '9') {
            int *value = &csi->values[csi->n < 4 ? csi->n : 3];
            if (*value < 10000000)
                *value = *value * 10 + (c - '0');
        } else if (c == ';' || c == ':') {
            csi->n++;
        } else if (c >= 0x40 && c <= 0x7E) {
            csi->final = (char)c;
            csi->n++;
            return (int)i + 1;
        } else if (c < 0x20 || c > 0x2F) {
            return -1;
        }
    }
    return i < SEQUENCE_MAX ? 0 : -1;
}

static uint32_t mouse_key(struct input *input, const struct csi *csi)
{
    int code = csi->values[0];
    if (code & 32)
        return 0; /* movement */
    int button = code & 64 ? 4 + (code & 3) : 1 + (code & 3);
    if (button < 1 || button > 5 || csi->n < 3)
        return 0;
    input->mouse = (struct loop_mouse){.row = csi->values[2] - 1,
                                       .col = csi->values[1] - 1,
                                       .button = button,
                                       .pressed = csi->final == 'M'};
    return KEYS_MOUSE;
}

static uint32_t csi_key(struct input *input, const struct csi *csi)
{
    int first = csi->values[0], second = csi->values[1];
    if (csi->private == '<' && (csi->final == 'M' || csi->final == 'm'))
        return mouse_key(input, csi);
    if (csi->private)
        return 0;
    if (csi->final == 'u')
        return coded_key(first, second);
    if (csi->final == '~' && first == 27 && csi->n >= 3)
        return coded_key(csi->values[2], second);
    if (csi->final == '~' && first == 200) {
        input->pasting = true;
        input->n_paste = 0;
        return 0;
    }
    if (csi->final == '~' || csi->final == '^') { /* rxvt: ^ is Ctrl */
        size_t known = sizeof tilde_keys / sizeof *tilde_keys;
        uint32_t key = first > 0 && (size_t)first < known ? tilde_keys[first] : 0;
        return key ? modified(key, csi->final == '^' ? 5 : second) : 0;
    }
    if (csi->final == 'R' && csi->n == 2 && first > 1)
        return 0; /* a cursor report */
    uint32_t key = csi->final == 'M' ? 0 : letter_key(csi->final);
    return key ? modified(key, second) : 0;
}

/* Results of the readers below: bytes used, 0 when the rest is still missing. */
static size_t read_csi(struct input *input, uint32_t *key)
{
    const char *at = input->bytes;
    if (input->n > 2 && at[2] == '[') { /* the Linux console's F1 to F5 */
        if (input->n < 4)
            return 0;
        *key = at[3] >= 'A' && at[3] <= 'E' ? KEYS_F1 + (uint32_t)(at[3] - 'A') : 0;
        return 4;
    }
    struct csi csi;
    int n = csi_read(at + 2, input->n - 2, &csi);
    if (n < 0)
        return 2;
    if (n == 0)
        return 0;
    *key = csi_key(input, &csi);
    return 2 + (size_t)n;
}

static size_t read_ss3(struct input *input, uint32_t *key)
{
    size_t i = 2;
    int modifiers = 0;
    for (; i < input->n && input->bytes[i] >= '0' && input->bytes[i] <= '9' && i < 4; i++)
        modifiers = input->bytes[i] - '0';
    if (i >= input->n)
        return 0;
    uint32_t plain = letter_key(input->bytes[i]);
    *key = plain ? modified(plain, modifiers) : 0;
    return i + 1;
}

/* Strings that a terminal sends as an answer: up to BEL or ST, or until another Esc. */
static size_t read_string(struct input *input)
{
    for (size_t i = 2; i < input->n; i++) {
        if (input->bytes[i] == '\a')
            return i + 1;
        if (input->bytes[i] == ESC)
            return i + 1 >= input->n ? 0 : i + (input->bytes[i + 1] == '\\' ? 2 : 0);
    }
    return input->n > STRING_MAX ? input->n : 0;
}

static size_t read_rune(struct input *input, size_t from, uint32_t *key, bool late)
{
    unsigned char lead = (unsigned char)input->bytes[from];
    if (lead < 0x20 || lead == 0x7F) {
        *key = control_key(lead);
        return from + 1;
    }
    size_t want = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
    size_t have = 1;
    while (have < want && from + have < input->n &&
           ((unsigned char)input->bytes[from + have] & 0xC0) == 0x80)
        have++;
    if (have < want && from + have == input->n && !late)
        return 0;
    int32_t rune;
    size_t n = rune_next(input->bytes + from, input->bytes + input->n, &rune);
    *key = rune > 0 && !rune_unsafe(rune) ? (uint32_t)rune : 0;
    return from + n;
}

static size_t read_escape(struct input *input, uint32_t *key, bool late)
{
    if (input->n == 1) {
        *key = KEYS_ESC;
        return late ? 1 : 0;
    }
    char second = input->bytes[1];
    if (second == ESC) {
        *key = KEYS_ESC;
        return 1;
    }
    bool alone = late && input->n == 2; /* Alt-[ and the like */
    size_t n = 0;
    if (!alone && second == '[')
        n = read_csi(input, key);
    else if (!alone && second == 'O')
        n = read_ss3(input, key);
    else if (!alone && second && strchr("]PX^_", second))
        n = read_string(input);
    else {
        n = read_rune(input, 1, key, late);
        *key |= *key ? KEYS_ALT : 0;
    }
    return n == 0 && late ? input->n : n;
}

/* Newlines and tabs stay, other control characters go; CR and CR LF are newlines. */
static void paste_add(struct input *input, const char *bytes, size_t n)
{
    const char *end = bytes + n;
    int32_t rune;
    for (size_t length; (length = rune_next(bytes, end, &rune)) > 0; bytes += length) {
        if (input->n_paste + 4 > PASTE_MAX)
            return;
        if (rune == '\r') {
            put(&input->paste, &input->n_paste, &input->paste_cap, "\n", 1);
            if (bytes + 1 < end && bytes[1] == '\n')
                bytes++;
        } else if (rune == '\n' || rune == '\t' || !rune_unsafe(rune)) {
            put(&input->paste, &input->n_paste, &input->paste_cap, bytes, length);
        }
    }
}

/* Everything stays in `bytes` until the end is seen, so that no character is cut. */
static uint32_t read_paste(struct input *input, bool late)
{
    const char *end = memmem(input->bytes, input->n, paste_end, strlen(paste_end));
    if (!end && !late && input->n <= 2 * PASTE_MAX)
        return 0;
    size_t n = end ? (size_t)(end - input->bytes) : input->n;
    put(&input->paste, &input->n_paste, &input->paste_cap, "", 0);
    paste_add(input, input->bytes, n);
    drop(input, end ? n + strlen(paste_end) : n);
    input->pasting = false;
    return KEYS_PASTE;
}

uint32_t input_key(struct input *input, bool late)
{
    while (input->n > 0 || (input->pasting && late)) {
        if (input->pasting)
            return read_paste(input, late);
        uint32_t key = 0;
        size_t used = input->bytes[0] == ESC ? read_escape(input, &key, late)
                                             : read_rune(input, 0, &key, late);
        if (used == 0)
            return 0;
        drop(input, used);
        if (key)
            return key;
    }
    return 0;
}

int input_patience(const struct input *input)
{
    return input->pasting ? PASTE_MS : input->n > 0 ? ESC_MS : -1;
}
